"""Every format shows every row, its watermark, and no status that is greener than the row's."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from case_toys import Kit, bounds, document
from gap_toys import allowed, huge, is_unknown, report, row, under, with_status
from rich.console import Console
from test_sheets import parts, texts

from assurance.gaps import GapReport
from assurance.gaps.model import Allowance
from assurance.gaps.writers.columns import COLUMNS
from assurance.gaps.writers.json_form import gaps_json
from assurance.gaps.writers.sarif import gaps_sarif
from assurance.gaps.writers.tables import gaps_csv, gaps_xlsx
from assurance.gaps.writers.terminal import gap_lines, harmless, print_gaps, typed
from assurance.gaps.writers.xml_junit import gaps_junit
from assurance.objectives import ObjectiveStatus

WATERMARK = "DRAFT-INFORMED"


def junit(found: GapReport) -> dict[str, ElementTree.Element]:
    """Test cases by class and name up to the first space."""
    tree = ElementTree.fromstring(gaps_junit(found))
    return {f"{case.attrib['classname']}:{case.attrib['name'].split()[0]}": case for case in tree.iter("testcase")}


def outcome(case: ElementTree.Element) -> str:
    return case[0].tag if len(case) else "passed"


def screen(found: GapReport, width: int, everything: bool = False) -> str:
    held = io.StringIO()
    print_gaps(found, Console(file=held, width=width, force_terminal=False), "my case", everything)
    return held.getvalue()


def records(found: GapReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gaps_csv(found))))


# --- watermarks and statuses in every format ------------------------------------------------------------------------------------


def test_the_watermark_stands_in_every_format(toy: Kit) -> None:
    found = report(toy)
    assert WATERMARK in screen(found, 80) and WATERMARK in screen(found, 200)
    assert WATERMARK in "\n".join(gap_lines(found, "x"))
    assert WATERMARK in json.dumps(gaps_json(found))
    drafts = [item for item in records(found) if item["standard"] == "arp6983"]
    assert drafts and all(WATERMARK in item["watermark"] for item in drafts)
    assert any(text.startswith(WATERMARK) for text in texts(gaps_xlsx(found)))
    sarif = gaps_sarif(found)["runs"][0]
    assert any(WATERMARK in text for text in sarif["properties"]["watermarks"])
    assert all(WATERMARK in item["message"]["text"] for item in sarif["results"] if item["ruleId"] == "O276")
    for name, case in junit(found).items():
        if name.startswith("arp6983:"):
            assert outcome(case) == "skipped" and WATERMARK in case[0].attrib["message"]


def test_drafts_are_never_counted(toy: Kit) -> None:
    for item in records(report(toy)):
        assert bool(item["n"]) == (item["standard"] != "arp6983")


@pytest.mark.parametrize("status", list(ObjectiveStatus))
def test_no_format_is_greener_than_the_row(toy: Kit, status: ObjectiveStatus) -> None:
    key = "do-178c:A-1.6"
    found = with_status(report(toy), key, status)
    expected = {
        ObjectiveStatus.SUPPORTED: "passed",
        ObjectiveStatus.NOT_APPLICABLE: "skipped",
        ObjectiveStatus.APPLICABILITY_UNKNOWN: "skipped",
    }.get(status, "failure")
    assert outcome(junit(found)[key]) == expected
    (cell,) = [item for item in records(found) if item["objective"] == "A-1.6" and item["standard"] == "do-178c"]
    assert cell["proposed status"] == status.value
    results = [item for item in gaps_sarif(found)["runs"][0]["results"] if _names(item, key)]
    if status in (ObjectiveStatus.SUPPORTED, ObjectiveStatus.NOT_APPLICABLE):
        assert not results
    else:
        (result,) = results
        assert result["properties"]["status"] == status.value
        expected_kind = "open" if status is ObjectiveStatus.APPLICABILITY_UNKNOWN else "fail"
        assert result["kind"] == expected_kind
    listed = gaps_json(found)["standards"][0]["objectives"]
    assert next(item for item in listed if item["id"] == "A-1.6")["gap"] == (expected == "failure")


def _names(result: dict[str, Any], key: str) -> bool:
    return any(
        place.get("fullyQualifiedName") == key
        for location in result.get("locations", ())
        for place in location.get("logicalLocations", ())
    )


def test_every_row_is_in_every_format(toy: Kit) -> None:
    found = report(toy)
    keys = [item.key for item in found.rows()]
    assert [f"{item['standard']}:{item['objective']}" for item in records(found)] == keys
    assert set(keys) <= set(junit(found))
    data = gaps_json(found)
    assert [f"{one['standard']}:{row['id']}" for one in data["standards"] for row in one["objectives"]] == keys
    lines = "\n".join(gap_lines(found, "x", everything=True))
    assert all(f"\n{item.row.entry.id}\t" in lines for item in found.rows())


def test_every_result_has_a_place_in_a_file(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    found = under(toy, fail_on={"statuses": ["open"], "severity": "warning"})
    results = gaps_sarif(found)["runs"][0]["results"]
    assert {"O271", "T115", "O268"} <= {item["ruleId"] for item in results}
    for item in results:
        assert item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], item


def test_long_lists_stand_in_the_json_once(toy: Kit) -> None:
    found = huge(report(toy), 300)
    (standard, *others) = found.standards
    names = tuple(f"sha256:{number:064x}" for number in range(5_000))
    rows = tuple(
        dataclasses.replace(item, row=dataclasses.replace(item.row, evidence=names, goals=names[:100]))
        for item in standard.rows
    )
    covered = dataclasses.replace(standard.covered, rows=tuple(item.row for item in rows))
    found = dataclasses.replace(found, standards=(dataclasses.replace(standard, rows=rows, covered=covered), *others))
    data = gaps_json(found)
    for item in data["standards"][0]["objectives"]:
        assert item["evidence_count"] == 5_000 and data["lists"][item["evidence_list"]] == list(names)
        assert item["evidence"] == list(names[:100])
        assert item["goals"] == list(names[:100]) and item["goals_list"] is None and item["goals_count"] == 100
    assert len(data["lists"]) == 1
    assert json.dumps(data).count(names[-1]) == 1


def test_no_title_can_pass_for_a_line_of_the_report(toy: Kit) -> None:
    forged = "Flicker\nPolicy on 2026-06-01: passed"
    toy.requirement("R1")["title"] = forged
    toy.case["problem_reports"] = [{"id": "CR-1", "title": forged, "owner": "ann"}]
    toy.case["documents"] = [document(toy.folder, "doc", title=forged)]
    lines = "\n".join(gap_lines(under(toy, fail_on={"statuses": ["open"]}), "x")).split("\n")
    assert [line for line in lines if line.startswith("Policy on")] == [lines[-1]]
    assert "failed" in lines[-1]


# --- what an allowance changes -----------------------------------------------------------------------------------------------


def test_a_borne_gap_is_shown_as_a_gap(toy: Kit) -> None:
    key = "do-178c:A-1.6"
    found = under(toy, fail_on={"statuses": ["open"]}, allowed=[allowed(objective=key)])
    case = junit(found)[key]
    assert outcome(case) == "failure" and "allowed until 2026-12-31" in (case[0].text or "")
    (result,) = [
        item for item in gaps_sarif(found)["runs"][0]["results"] if _names(item, key) and item["ruleId"] == "O272"
    ]
    assert result["suppressions"][0]["status"] == "accepted"
    assert "open (allowed until 2026-12-31)" in "\n".join(gap_lines(found, "x"))
    (cell,) = [item for item in records(found) if item["objective"] == "A-1.6"]
    assert cell["allowed until"] == "2026-12-31" and cell["gap"] == "gap"


def test_an_expired_allowance_suppresses_nothing(toy: Kit) -> None:
    key = "do-178c:A-1.6"
    found = under(toy, fail_on={"statuses": ["open"]}, allowed=[allowed(objective=key, until="2026-01-01")])
    (result,) = [
        item for item in gaps_sarif(found)["runs"][0]["results"] if _names(item, key) and item["ruleId"] == "O272"
    ]
    assert "suppressions" not in result
    assert "open (allowance expired)" in "\n".join(gap_lines(found, "x"))
    assert "(past its day)" in (junit(found)[key][0].text or "")


def test_the_policy_s_failures_are_in_every_machine_format(toy: Kit) -> None:
    found = under(toy, fail_on={"codes": ["T112"]})
    assert not gaps_json(found)["policy"]["passed"]
    assert any(outcome(case) == "failure" for name, case in junit(found).items() if name.startswith("policy:"))
    assert any(item["ruleId"] == "O268" for item in gaps_sarif(found)["runs"][0]["results"])
    assert any("failed on 2026-06-01" in text for text in texts(gaps_xlsx(found)))
    assert "Policy on 2026-06-01: failed" in screen(found, 80)


# --- forms ----------------------------------------------------------------------------------------------------------------------


def test_junit_counts_are_those_of_its_cases(toy: Kit) -> None:
    tree = ElementTree.fromstring(gaps_junit(under(toy, fail_on={"statuses": ["open"]})))
    for node in (tree, *tree.findall("testsuite")):
        assert int(node.attrib["tests"]) == len(list(node.iter("testcase")))
        assert int(node.attrib["failures"]) == len(list(node.iter("failure")))
        assert int(node.attrib["skipped"]) == len(list(node.iter("skipped")))


def test_junit_survives_any_text(toy: Kit) -> None:
    found = report(toy)
    standard = found.standards[0]
    rows = tuple(
        dataclasses.replace(item, allowance=Allowance('<&"\x01]]>', "\x00]]>", "2026-12-31", False))
        for item in standard.rows
    )
    found = dataclasses.replace(found, standards=(dataclasses.replace(standard, rows=rows), *found.standards[1:]))
    assert ElementTree.fromstring(gaps_junit(found)) is not None


def test_sarif_is_whole(toy: Kit) -> None:
    log = gaps_sarif(under(toy, fail_on={"statuses": ["open"]}))
    (run,) = log["runs"]
    rules = [item["id"] for item in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert (result.get("kind", "fail") == "fail") or result["level"] == "none"
        for location in result.get("locations", ()):
            physical = location.get("physicalLocation")
            if physical:
                assert not physical["artifactLocation"]["uri"].startswith("/")
                assert physical["region"]["startLine"] >= 1
    fingerprints = [
        item["partialFingerprints"]["objective/v1"] for item in run["results"] if "partialFingerprints" in item
    ]
    assert len(set(fingerprints)) == len(fingerprints)


def test_workbook_has_its_sheets(toy: Kit) -> None:
    made = parts(gaps_xlsx(under(toy, fail_on={"statuses": ["open"]})))
    names = ("Summary", "Objectives", "Requirements", "Orphans", "Stages", "Policy")
    assert all(f'name="{name}"'.encode() in made["xl/workbook.xml"] for name in names)
    assert gaps_xlsx(report(toy)) == gaps_xlsx(report(toy))


def test_a_title_that_looks_like_a_formula_stays_text(toy: Kit) -> None:
    toy.case["title"] = '=HYPERLINK("http://example.org","x")'
    toy.requirement("R1")["title"] = "=1+1"
    found = report(toy)
    assert all(b"<f>" not in data for name, data in parts(gaps_xlsx(found)).items() if name.startswith("xl/worksheets"))
    assert "=1+1" in texts(gaps_xlsx(found))


# --- on a terminal --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 60, 80, 130, 220])
def test_no_line_is_wider_than_the_terminal(toy: Kit, width: int) -> None:
    found = under(toy, fail_on={"statuses": ["open"]})
    assert all(len(line.rstrip()) <= width for line in screen(found, width).splitlines())
    ladder = 40 * len(found.standards[0].rows)  # columns a word wide: more than a hundred lines for each row
    assert len(screen(found, width).splitlines()) < ladder


def test_gaps_only_unless_everything_is_asked_for(toy: Kit) -> None:
    found = report(toy)
    some, every = screen(found, 200), screen(found, 200, everything=True)
    assert "not applicable" not in some.replace("4 not applicable", "").split("Data at the stages")[0]
    assert "--all shows them" in some and "--all shows them" not in every
    for item in found.rows():
        assert (f" {item.row.entry.id} " in some) == item.is_gap or not item.is_gap, item.key
        assert f" {item.row.entry.id} " in every
    assert all(is_unknown(item) or item.row.is_gap or item.action is None for item in found.rows())


def test_commands_can_be_pasted(toy: Kit) -> None:
    found = row(report(toy), "do-178c:A-4.1").action
    assert found is not None
    assert typed(found.commands, "my case")[0] == "assurance run 'my case' --only run-1"
    assert typed(("assurance run CASE",), "CASE STUDY/x") == ("assurance run 'CASE STUDY/x'",)


def test_what_is_contradicted_is_said_with_its_step(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    shown = screen(report(toy), 200)
    assert "contradicted" in shown and "dispose of counterexamples" in shown


# --- size -----------------------------------------------------------------------------------------------------------------------


def test_ten_thousand_rows(toy: Kit) -> None:
    found = huge(report(toy), 10_000)
    assert len(records(found)) == 10_000 + len(found.standards[1].rows)
    sheet = parts(gaps_xlsx(found))["xl/worksheets/sheet2.xml"]
    assert sheet.count(b"<row ") == 10_000 + len(found.standards[1].rows) + 2
    assert len(junit(found)) >= 10_000
    assert len(gaps_json(found)["standards"][0]["objectives"]) == 10_000
    assert len(list(gap_lines(found, "x", everything=True))) > 10_000


def test_columns_are_named_once() -> None:
    names = [name for name, _ in COLUMNS]
    assert len(set(names)) == len(names)


def test_a_harmless_text_stays_and_of_any_other_each_harmful_letter_goes() -> None:
    assert harmless("one\tline\nmore \u00fc\u4e2d") == "one\tline\nmore \u00fc\u4e2d"
    for number in range(0x3000):
        letter = chr(number)
        kept = letter.isprintable() or letter in "\n\t"
        assert harmless(f"a{letter}\tb") == f"a{letter if kept else chr(0xFFFD)}\tb"


def test_no_text_of_a_case_commands_the_terminal(toy: Kit) -> None:
    toy.requirement("R1")["title"] = "clear \x1b[2J\x9b2J the screen"
    found = report(toy)
    for shown in (screen(found, 80), screen(found, 200), "\n".join(gap_lines(found, "x"))):
        assert "\x1b" not in shown and "\x9b" not in shown and "the screen" in shown
