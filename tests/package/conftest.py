"""Fixtures of the package tests: a toy case, built once; tests that forge take a fresh copy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from package_toys import Members, Toy, make_toy

from assurance.package import archive


@pytest.fixture(scope="session")
def shared_toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A case with its package `toy.zip` beside it. Not to be changed."""
    toy = make_toy(tmp_path_factory.mktemp("toy"))
    (toy.folder.parent / "dossier.html").write_text("<p>dossier</p>", "utf-8")
    toy.build(dossier=(toy.folder.parent / "dossier.html",))
    return toy


@pytest.fixture
def package(shared_toy: Toy) -> bytes:
    """The bytes of the good package."""
    return (shared_toy.folder.parent / "toy.zip").read_bytes()


@pytest.fixture
def members(package: bytes) -> Members:
    """The members of the good package, free to be changed."""
    read = archive.read(package)
    assert not read.findings
    return dict(read.members)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A case of one's own."""
    return make_toy(tmp_path)
