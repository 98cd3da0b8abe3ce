"""Fixtures of the impact tests: a toy case with finished runs, made once; every test changes a copy."""

from __future__ import annotations

import copy
import functools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for beside in ("impact", "case"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / beside))

from case_toys import Kit  # noqa: E402
from impact_toys import Pair, Whole, git, make, state  # noqa: E402

import evidence.provenance  # noqa: E402
from assurance.impact import Baseline  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def quick_versions() -> Iterator[None]:
    """Installed versions are looked up once: every request asks for a handful of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence.provenance, "version", functools.cache(evidence.provenance.version))
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """The toy case after its three runs. Not to be changed."""
    pytest.importorskip("onnxruntime")
    return make(tmp_path_factory.mktemp("finished") / "case")


@pytest.fixture(scope="session")
def before(finished: Kit) -> Baseline:
    """The state of the finished case."""
    return state(finished)


@pytest.fixture(scope="session")
def whole(finished: Kit) -> Whole:
    """The finished case as the brute force sees it."""
    return Whole(finished)


@pytest.fixture
def pair(finished: Kit, before: Baseline, tmp_path: Path) -> Pair:
    """The finished case, and an equal copy of it to be changed."""
    folder = Path(shutil.copytree(finished.folder, tmp_path / "new"))
    return Pair(finished, Kit(folder, copy.deepcopy(finished.case)), before)


@pytest.fixture
def repository(pair: Pair, tmp_path: Path) -> Path:
    """A repository whose first commit holds the finished case without its evidence."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    top = tmp_path / "repository"
    (top / "cases").mkdir(parents=True)
    shutil.move(pair.new.folder, top / "cases" / "toy")
    pair.new.folder = top / "cases" / "toy"
    (top / ".gitignore").write_text("evidence/\n", "utf-8")
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    return top
