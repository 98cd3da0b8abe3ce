"""One sample case for all tests of the dossier, rendered once in each format."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import dossier_sample
from dossier_page import Page, read_page

from assurance.dossier import html, pdf
from assurance.dossier.view import DossierView, build_view
from assurance.snapshot import Snapshot
from evidence.errors import MissingLibraryError
from evidence.store import Store

Case = tuple[Snapshot, Store]


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return dossier_sample.make(tmp_path_factory.mktemp("dossier") / "case")


@pytest.fixture(scope="session")
def snapshot(case: Case) -> Snapshot:
    return case[0]


@pytest.fixture(scope="session")
def view(case: Case) -> DossierView:
    return build_view(*case)


@pytest.fixture(scope="session")
def text(view: DossierView) -> str:
    return html.render(view)


@pytest.fixture(scope="session")
def page(text: str) -> Page:
    return read_page(text)


@pytest.fixture(scope="session")
def weasyprint() -> None:
    """Skips where PDF cannot be made here."""
    try:
        pdf.require_weasyprint()
    except MissingLibraryError as error:
        pytest.skip(error.finding.message)


@pytest.fixture(scope="session")
def document(weasyprint: None, view: DossierView, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's PDF."""
    path = tmp_path_factory.mktemp("pdf") / "dossier.pdf"
    path.write_bytes(pdf.render(view))
    return path
