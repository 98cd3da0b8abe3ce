"""The page: every link has its anchor in the dossier, it works without script, and no text becomes markup."""

from __future__ import annotations

import re

from case_toys import Kit, document
from dossier_page import Page, read_page

from assurance.catalogue import load
from assurance.catalogue_vocabulary import EvidenceKind, Mark
from assurance.dossier.parts import anchor
from assurance.matrices import render_matrices
from assurance.matrices.page import MOST_LINKS, trace_view
from assurance.snapshot import Snapshot

ASKED = (Mark.REQUIRED, Mark.REQUIRED_WITH_INDEPENDENCE)


def rows(page: Page, section: str) -> list[str]:
    return [row.words for row in page.by_id[section].all("tr")[1:]]


def test_every_link_leads_somewhere(sample: tuple[Snapshot, str], text: str) -> None:
    dossier, here = set(read_page(sample[1]).ids), read_page(text)
    targets = re.findall(r'href="([^"]*)"', text)
    assert len(targets) > 300
    for target in targets:
        file, _, name = target.partition("#")
        assert (file == "dossier.html" and (not name or name in dossier)) or (not file and name in here.ids), target


def test_both_matrices_and_the_map_are_there_without_script(sample: tuple[Snapshot, str], text: str) -> None:
    page = read_page(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))
    view = trace_view(sample[0], "dossier.html")
    assert len(rows(page, "forward")) == len(view.forward.rows)
    assert len(rows(page, "backward")) == len(view.backward.rows)
    squares = [item for item in page.by_id["maps"].all("td", "squares") for item in item.all("a")]
    assert len(squares) == sum(len(covered.rows) for covered in sample[0].coverage)


def test_watermarks_stand_at_the_top_and_at_their_standard(sample: tuple[Snapshot, str], text: str) -> None:
    for covered in sample[0].coverage:
        if covered.catalogue.watermark:
            words = " ".join(covered.catalogue.watermark.split())
            assert words in read_page(text).by_id[anchor("heat", covered.catalogue.id)].words
            assert text.index("DRAFT-INFORMED") < text.index('id="maps"')


def test_drafts_have_no_numbers(text: str) -> None:
    section = read_page(text).by_id[anchor("heat", "arp6983")]
    assert not section.all("td", "n")


def test_statuses_are_those_of_the_coverage(sample: tuple[Snapshot, str]) -> None:
    for item in trace_view(sample[0], "dossier.html").backward.rows:
        covered = next(one for one in sample[0].coverage if one.catalogue.id == item.standard)
        entry = item.objectives.links[0].text
        assert item.status == next(row.status.value for row in covered.rows if row.entry.id == entry)


def test_holes_are_named(toy: Kit) -> None:
    toy.prove("R1")
    toy.case["runs"] = toy.case["runs"][:2]
    view = trace_view(toy.take(), "dossier.html")
    holes = {item.requirements.links[0].text: item.hole for item in view.forward.rows if item.hole}
    assert holes == {"R2": "no record", "R3": "no run"}
    asked = {row.entry.id for row in toy.take().coverage[0].rows if row.is_gap and not row.evidence}
    shown = {item.objectives.links[0].text for item in view.backward.rows if item.hole and item.standard == "do-178c"}
    assert shown == asked


def test_no_text_becomes_markup(toy: Kit) -> None:
    toy.case["title"] = "<script>alert(1)</script>"
    toy.requirement("R1")["title"] = '"><img src=x onerror=alert(1)>'
    text = render_matrices(toy.take())
    assert "<img" not in text and text.count("<script>") == 1
    assert "&lt;script&gt;" in text


def test_the_policy_permits_own_style_and_script_only(text: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None and "default-src &#39;none&#39;" in policy.group(1)
    assert (
        " style=" not in text and "onclick" not in text and "http" not in text.split("<main>")[1].split("<script>")[0]
    )


def test_the_same_snapshot_gives_the_same_page(sample: tuple[Snapshot, str], text: str) -> None:
    assert render_matrices(sample[0]) == text


def test_long_cells_are_cut_and_say_so(toy: Kit) -> None:
    entries = [
        f"do-178c:{entry.id}"
        for entry in load("do-178c").entries
        if any(row.evidence is EvidenceKind.REVIEW_RECORD for row in entry.credit) and entry.levels["B"] in ASKED
    ]
    assert len(entries) > MOST_LINKS
    toy.case["documents"] = [document(toy.folder, "all", about=["case"], objectives=entries)]
    (row,) = [
        item
        for item in trace_view(toy.take(), "dossier.html").forward.rows
        if item.evidence and "document all" in item.evidence.text
    ]
    assert len(row.objectives.links) == MOST_LINKS and row.objectives.more.startswith("and ")
