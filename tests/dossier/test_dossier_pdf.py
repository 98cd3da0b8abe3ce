"""The PDF: every link leads somewhere, trace links as in the HTML, same bytes twice, clear refusal without Pango."""

from __future__ import annotations

import builtins
import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from dossier_page import Page

from assurance.dossier import pdf, render_pdf
from assurance.dossier.parts import anchor
from assurance.dossier.view import DossierView
from assurance.dossier.view_argument import ArgumentView
from assurance.dossier.view_evidence import EvidenceView
from assurance.snapshot import Snapshot
from evidence.errors import MissingLibraryError
from evidence.store import Store

pikepdf = pytest.importorskip("pikepdf")


class Links:
    """Destinations of a PDF with their page numbers, and the destinations that each page links to."""

    def __init__(self, path: Path) -> None:
        with pikepdf.open(path) as document:
            pages = {page.obj.objgen: number for number, page in enumerate(document.pages)}
            tree = pikepdf.NameTree(document.Root.Names.Dests)
            self.places = {str(name): pages[_page(value).objgen] for name, value in tree.items()}
            self.by_page: list[set[str]] = []
            self.other: list[str] = []
            self.boxes = [[float(value) for value in page.mediabox] for page in document.pages]
            for page in document.pages:
                found = set()
                for annotation in page.obj.get("/Annots", []):
                    if annotation.Subtype != "/Link":
                        continue
                    target = annotation.get("/Dest") or annotation.A.get("/D")
                    if target is None:
                        self.other.append(str(annotation.A))
                    else:
                        found.add(str(target))
                self.by_page.append(found)

    def leads(self, source: str, target: str, span: int) -> bool:
        """Whether a link to `target` stands on the pages of what `source` names (`span`: how many at most)."""
        start = self.places[source]
        return any(target in self.by_page[n] for n in range(start, min(start + span, len(self.by_page))))


def _page(value: Any) -> Any:
    held = value.D if isinstance(value, pikepdf.Dictionary) else value
    return held[0]


@pytest.fixture(scope="module")
def links(document: Path) -> Links:
    return Links(document)


def test_every_link_leads_to_a_place_in_the_document(links: Links) -> None:
    wanted = set().union(*links.by_page)
    assert len(wanted) > 100
    assert sorted(wanted - set(links.places)) == []
    assert links.other == []


def test_every_link_of_the_html_is_in_the_pdf(links: Links, page: Page) -> None:
    assert {link[1:] for link in page.root.links} <= set().union(*links.by_page)


def test_trace_links_run_both_ways(links: Links, snapshot: Snapshot) -> None:
    checked = 0
    for item in snapshot.register.runs:
        record, requirement = anchor("rec", item.digest), anchor("req", item.requirement)
        if item.requirement not in snapshot.standings or not snapshot.standings[item.requirement].assessments:
            continue
        assert links.leads(record, requirement, 2) and links.leads(requirement, record, 2)
        goal = anchor("el", f"G4-{item.requirement}")
        assert links.leads(goal, requirement, 1) and links.leads(requirement, goal, 2)
        checked += 1
    assert checked >= 8
    for covered in snapshot.coverage:
        for row in covered.rows:
            objective = anchor("obj", f"{covered.catalogue.id}:{row.entry.id}")
            for digest in row.evidence:
                if digest != snapshot.loaded.digest:
                    assert links.leads(objective, anchor("rec", digest), 2)
                    assert links.leads(anchor("rec", digest), objective, 2)


def test_diagram_elements_are_links_and_places(links: Links, view: DossierView) -> None:
    for sheet in view.argument.pages:
        number = links.places[sheet.anchor]
        wide, high = links.boxes[number][2], links.boxes[number][3]
        assert wide > high
        assert {spot.href[1:] for spot in sheet.spots if spot.href} <= links.by_page[number]


def test_contents_name_each_chapter(links: Links) -> None:
    contents = next(found for found in links.by_page if {"summary", "glossary"} <= found)
    for chapter in ("system", "requirements", "threats", "argument", "evidence", "objectives", "gaps", "risks"):
        assert chapter in contents


def _short(view: DossierView) -> DossierView:
    """A few chapters with a diagram, plots and marks: enough to see whether bytes repeat."""
    return dataclasses.replace(
        view,
        objectives=(),
        requirements=view.requirements[:1],
        gaps=dataclasses.replace(view.gaps, actions=()),
        argument=ArgumentView(view.argument.pages[:1], (), ()),
        evidence=EvidenceView(view.evidence.records[:1], (), ()),
    )


def test_same_bytes_twice(weasyprint: None, view: DossierView) -> None:
    short = _short(view)
    made = pdf.render(short)
    assert made == pdf.render(short)
    assert made.startswith(b"%PDF")


def test_metadata_holds_the_dossiers_own_date(document: Path, view: DossierView) -> None:
    with pikepdf.open(document) as opened:
        assert view.head.date.replace("-", "") in str(opened.docinfo["/CreationDate"])
        assert view.head.title in str(opened.docinfo["/Title"])


def test_only_the_shipped_font_is_used(document: Path) -> None:
    with pikepdf.open(document) as opened:
        fonts = {
            str(font.BaseFont)
            for number in range(len(opened.pages))
            for font in dict(opened.pages[number].obj.Resources.get("/Font", {})).values()
        }
    assert fonts and all("Assurance-Sans" in name for name in fonts), fonts


def test_absent_library_is_a_coded_error(case: tuple[Snapshot, Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingLibraryError) as caught:
        render_pdf(*case)
    assert caught.value.finding.code == "E150" and "pip install" in str(caught.value.finding.remedy)


def test_absent_pango_is_a_coded_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_pango(name: str, *rest: Any, **named: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_pango)
    with pytest.raises(MissingLibraryError) as caught:
        pdf.require_weasyprint()
    assert "libpango" in caught.value.finding.message and "apt-get install" in str(caught.value.finding.remedy)


def test_nothing_is_fetched(weasyprint: None) -> None:
    fetch = pdf._fetcher(pdf.require_weasyprint())
    for url in ("file:///etc/hostname", "http://127.0.0.1:9/x"):
        with pytest.raises(Exception, match=r"protocol|data URIs"):
            fetch(url)
