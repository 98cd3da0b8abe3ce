"""Tool data: each operational requirement of docs/checker-qualification.md is traced to tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "checker-qualification.md"


def test_each_requirement_names_tests_that_exist() -> None:
    defined = set()
    for path in HERE.glob("test_*.py"):
        defined |= set(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE))
    rows = re.findall(r"^\| (R\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _, _ in rows] == [f"R{i}" for i in range(1, len(rows) + 1)] and len(rows) >= 15
    for number, _, tests in rows:
        named = re.findall(r"`(\w+)`", tests)
        assert named, number
        assert set(named) <= defined, (number, set(named) - defined)


def test_the_page_names_the_version_of_the_checker() -> None:
    from evidence.checker import CHECKER

    assert f"`{CHECKER}`" in PAGE.read_text("utf-8")
