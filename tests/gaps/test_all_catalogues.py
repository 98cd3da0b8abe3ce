"""Every catalogue on board, all in one case: each row has its action, its skeleton, and its place in every format."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from case_toys import Kit, kit
from gap_toys import report
from test_sheets import parts

from assurance.catalogue import available, load
from assurance.gaps import GapReport
from assurance.gaps.skeletons import skeleton
from assurance.gaps.writers.json_form import gaps_json
from assurance.gaps.writers.sarif import gaps_sarif
from assurance.gaps.writers.tables import gaps_csv, gaps_xlsx
from assurance.gaps.writers.xml_junit import gaps_junit
from assurance.matrices import render_matrices, render_matrices_xlsx
from assurance.snapshot import Snapshot


def choice(id: str) -> dict[str, str]:
    """The standard at the level that the toy's hazard demands, or at its first."""
    levels = load(id).marked_levels()
    if not levels:
        return {"id": id}
    return {"id": id, "level": "B" if "B" in levels else levels[0]}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, GapReport]:
    toy: Kit = kit(tmp_path_factory.mktemp("all"))
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"] = [choice(id) for id in available()]
    return toy.take(), report(toy)


def test_all_are_reported(everything: tuple[Snapshot, GapReport]) -> None:
    found = everything[1]
    assert [standard.id for standard in found.standards] == list(available())
    assert all(item.action for item in found.rows() if item.row.is_gap)


def test_unscored_ones_have_no_gap_unless_something_is_asked_for(everything: tuple[Snapshot, GapReport]) -> None:
    for standard in everything[1].standards:
        for item in standard.rows:
            assert not item.is_gap or item.row.required, item.key


def test_every_objective_has_a_skeleton(everything: tuple[Snapshot, GapReport]) -> None:
    for item in everything[1].rows():
        assert skeleton(everything[0], item.key).startswith("# "), item.key


def test_every_watermark_is_in_every_format(everything: tuple[Snapshot, GapReport]) -> None:
    snapshot, found = everything
    csv, page = gaps_csv(found), render_matrices(snapshot)
    book = parts(gaps_xlsx(found))["xl/sharedStrings.xml"].decode()
    matrices = parts(render_matrices_xlsx(snapshot))["xl/sharedStrings.xml"].decode()
    marks = gaps_sarif(found)["runs"][0]["properties"]["watermarks"]
    suites = {suite.attrib["name"].split()[0]: suite for suite in ElementTree.fromstring(gaps_junit(found))}
    listed = {item["standard"]: item["watermark"] for item in gaps_json(found)["standards"]}
    seen = 0
    for standard in found.standards:
        if not standard.watermark:
            continue
        seen += 1
        words = " ".join(standard.watermark.split())[:40]
        for text in (csv, page, book, matrices):
            assert words.replace("'", "") in text.replace("&#39;", "").replace("'", ""), standard.id
        assert standard.watermark in marks and listed[standard.id] == standard.watermark
        properties = {item.attrib["name"]: item.attrib["value"] for item in suites[standard.id].iter("property")}
        assert properties["watermark"] == standard.watermark
    assert seen


def test_stages_look_at_data_items_that_exist(everything: tuple[Snapshot, GapReport]) -> None:
    for standard in everything[1].standards:
        assert len(standard.stages) == len(standard.covered.catalogue.stages_of_involvement)
        for state in standard.stages:
            assert len(state.items) == len(state.stage.looks_at), (standard.id, state.stage.id)
