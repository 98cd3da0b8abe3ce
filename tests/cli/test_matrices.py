"""`assurance build` writes the matrices beside the dossier."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]


def test_build_writes_the_matrices(cli: Cli, case: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    answer = cli("build", case, "--format", "html,xlsx", "--out", target, "--json")
    assert answer.code == 0, answer.err
    assert set(answer.json()["files"]) == {"HTML dossier", "traceability", "traceability workbook"}
    page = (target / "traceability.html").read_text("utf-8")
    assert 'href="dossier.html#req-D1"' in page and 'id="req-D1"' in (target / "dossier.html").read_text("utf-8")
    assert (target / "traceability.xlsx").read_bytes()[:2] == b"PK"


def test_an_unknown_format_is_refused(cli: Cli, case: Path) -> None:
    answer = cli("build", case, "--format", "xls")
    assert answer.code == 2 and "C124" in answer.err
