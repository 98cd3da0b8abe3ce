"""A small case that builds in seconds: the automotive example with few inputs, built once for all tests here."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assurance.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "digit_reader"


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def assurance(*arguments: object) -> Answer:
    """Run the command line in this process, as a user would."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(item) for item in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def cli() -> Callable[..., Answer]:
    """The command line as a function."""
    return assurance


def small(text: str) -> str:
    """The example's case file with 12 listed inputs, few samples, and reviews that outlive these edits."""
    text = re.sub(r"\n      of: sha256:[0-9a-f]+", "", text)
    listed = "inputs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], threat_model"
    text = text.replace("data_set: test-set, threat_model", f"data_set: test-set, {listed}")
    text = text.replace("n_estimation: 20000", "n_estimation: 2000")
    return text.replace("method: crown, radius: true, radius_limit: 0.2", "method: crown, attack_restarts: 1")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case folder after `assurance build`. Tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("case") / "digits"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("build", "evidence", "*.py", "__pycache__"))
    case = folder / "case.yaml"
    case.write_text(small(case.read_text("utf-8")), "utf-8")
    answer = assurance("build", folder, "--format", "json")
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture
def case(built: Path, tmp_path: Path) -> Path:
    """A copy of the built case that a test may change."""
    return Path(shutil.copytree(built, tmp_path / "case"))
