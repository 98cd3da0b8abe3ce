"""Matrices of the toy case of tests/case and of the sample case of tests/dossier."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in ("case", "dossier", "gaps"):
    sys.path.insert(0, str(HERE.parent / folder))

import dossier_sample  # noqa: E402
from case_toys import Kit, kit  # noqa: E402

from assurance.dossier import render_html  # noqa: E402
from assurance.matrices import render_matrices  # noqa: E402
from assurance.snapshot import Snapshot  # noqa: E402


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """The toy case without evidence."""
    return kit(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, str]:
    """A case in which every standing occurs, and its dossier."""
    snapshot, store = dossier_sample.make(tmp_path_factory.mktemp("matrices") / "case")
    return snapshot, render_html(snapshot, store)


@pytest.fixture(scope="session")
def text(sample: tuple[Snapshot, str]) -> str:
    """The page of the sample's matrices."""
    return render_matrices(sample[0])
