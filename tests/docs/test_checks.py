"""Every finding code has one row in docs/checks.md, and every row a code. UPDATE_GOLDENS=1 rewrites the table."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from pathlib import Path

import assurance
import evidence
from evidence.diagnostics import FAMILIES, registered

PAGE = Path(__file__).resolve().parents[2] / "docs" / "checks.md"
HEAD = """# Checks

Every finding that the tool can make, with its code. Codes are never reused. Severities: an *error* makes `check`
exit with 1 (or is a refusal with exit code 2), a *warning* is a gap that somebody has to close or accept, a *note*
is for information.
"""


def _import_everything() -> None:
    for package in (evidence, assurance):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _page() -> str:
    lines = [HEAD]
    for letter, title in FAMILIES.items():
        rows = [item for item in registered() if item.id[0] == letter]
        if not rows:
            continue
        lines.append(f"\n## {letter}: {title}\n\n| code | severity | what | remedy | clause |\n|---|---|---|---|---|\n")
        lines += [
            f"| {item.id} | {item.severity.value} | {item.title} | {item.remedy} | {item.clause or ''} |\n"
            for item in rows
        ]
    return "".join(lines)


def test_every_code_has_a_row() -> None:
    _import_everything()
    if os.environ.get("UPDATE_GOLDENS"):
        PAGE.write_text(_page(), "utf-8")
    written = PAGE.read_text("utf-8")
    codes = {item.id for item in registered()}
    rows = set(re.findall(r"^\| ([A-Z]\d{3}) \|", written, re.MULTILINE))
    assert rows == codes
    assert written == _page(), "run the tests with UPDATE_GOLDENS=1 to rewrite docs/checks.md"


def test_every_code_says_how_to_mend() -> None:
    _import_everything()
    for item in registered():
        assert len(item.remedy) > 5, item.id
        assert len(item.title) > 5, item.id
