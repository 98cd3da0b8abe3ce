"""Every catalogue on board, all in one case: each row has its action, its skeleton, and its place in every format."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

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
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.strict_yaml import parse_yaml

ASIL_B = {"severity": "S2", "exposure": "E4", "controllability": "C2"}


HAZARD = {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}, "sil": "SIL1"}
"""What determines the levels that `choice` takes."""


def choice(id: str) -> dict[str, str]:
    """The standard at the level that the toy's hazard demands, or at its first."""
    levels = load(id).marked_levels()
    if not levels:
        return {"id": id}
    return {"id": id, "level": "B" if "B" in levels else levels[0]}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, GapReport]:
    toy: Kit = kit(tmp_path_factory.mktemp("all"))
    toy.case["hazards"][0] |= {"hara": ASIL_B, "harm": "non-serious", "sil": "SIL1"}
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


def test_an_objective_has_a_skeleton_exactly_where_a_document_can_serve_it(
    everything: tuple[Snapshot, GapReport],
) -> None:
    """And only such skeletons are named in next actions."""
    without = set()
    for item in everything[1].rows():
        try:
            assert skeleton(everything[0], item.key).startswith("# "), item.key
        except InputError as error:
            without.add(item.key)
            assert error.finding.code == "O279" and "run" in (error.finding.expected or "")
            assert item.action is None or item.action.template is None
    assert without and len(without) < 10


JUNIT = '<testsuite name="s" tests="1"><testcase name="{id}"/></testsuite>'
COBERTURA = (
    '<coverage line-rate="1" branch-rate="1" lines-covered="1" lines-valid="1" branches-covered="2" branches-valid="2">'
    '<packages><package name="p"><classes><class name="{id}" filename="f.c"><lines>'
    '<line number="1" hits="1" branch="true" condition-coverage="100% (2/2)"/>'
    "</lines></class></classes></package></packages></coverage>"
)


def test_filled_in_skeletons_are_accepted_and_serve(tmp_path: Path) -> None:
    """Every skeleton of every catalogue, answered and declared as its own last lines say, serves its objective."""
    toy = kit(tmp_path)
    toy.case["hazards"][0] |= {"hara": ASIL_B, "harm": "non-serious", "sil": "SIL1"}
    toy.requirement("R1").pop("parents", None)
    toy.requirement("R1")["derived"] = "it follows from the choice of the network"
    toy.case["standards"] = [choice(id) for id in available()]
    before, offered, documents = toy.take(), {}, []
    scopes = {"requirement": ["R1", "R2", "R3"], "derived-requirement": ["R1"], "model": ["net"]}
    scopes |= {"data-set": ["points", "grid"], "run": ["run-1", "run-2", "run-3"]}
    for covered in before.coverage:
        for row in covered.rows:
            key = f"{covered.catalogue.id}:{row.entry.id}"
            try:
                text = skeleton(before, key)
            except InputError:
                continue
            if text.startswith("# Proposal"):
                continue
            (given,) = parse_yaml(text.split("```yaml\n")[1].split("```")[0], key).value["documents"]
            id, form = f"D{len(documents)}", given.get("format")
            report = {"junit": JUNIT, "cobertura": COBERTURA}.get(str(form))
            body = report.format(id=id) if report else text.replace("<", "").replace(">", "")
            made = given | {"id": id, "title": id, "path": id, "digest": of_bytes(body.encode()), "author": "ann"}
            made |= {"reviewer": "rev", "independent": True, "date": "2026-01-01"}
            made["about"] = scopes.get(row.entry.scope.value, ["case"])
            (tmp_path / id).write_text(body)
            documents.append(made)
            offered[key] = id
    toy.case["documents"] = documents
    after = toy.take()
    digests = {item.item.id: item.digest for item in after.register.documents}
    earned = {
        f"{covered.catalogue.id}:{row.entry.id}": digests[offered[f"{covered.catalogue.id}:{row.entry.id}"]]
        in row.evidence
        for covered in after.coverage
        for row in covered.rows
        if f"{covered.catalogue.id}:{row.entry.id}" in offered and row.of
    }
    assert len(earned) > 700
    assert not [key for key, counts in earned.items() if not counts]


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
        catalogue = standard.covered.catalogue
        assert len(standard.stages) == (len(catalogue.stages_of_involvement) or int(bool(catalogue.data_items)))
        for state in standard.stages:
            assert len(state.items) == len(state.stage.looks_at), (standard.id, state.stage.id)
