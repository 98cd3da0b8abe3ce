"""Gap reports of the toy case of tests/case."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
sys.path.insert(0, str(Path(__file__).parent))

from case_toys import Kit, kit


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """The toy case without evidence."""
    return kit(tmp_path)


@pytest.fixture
def proved(toy: Kit) -> Kit:
    """The toy case with a proof for every requirement."""
    toy.prove("R1", "R2", "R3")
    return toy
