"""Shared by all tests: where the given data lie, and one thread for torch so that runs repeat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def shared() -> Path:
    """The folder of given benchmark data; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the benchmark data beside the checkout (../shared/data) are absent")
    return SHARED
