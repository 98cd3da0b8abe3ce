"""Problem reports: opened by evidence with stable ids, joined with what people recorded while that still fits."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from case_toys import Kit, bounds, kit, smooth, smoothing
from objectives_toys import RATIONALE, aviation, findings, offer, refuting, row, standard

from assurance.objectives.concerns import result_kinds, results_accepted
from assurance.problem_openings import Opening
from assurance.problems import ProblemReport, open_by_requirement, problem_reports
from assurance.register import RunItem
from evidence.digest import of_bytes
from evidence.records import CrossCheck, record_bytes

CODES = ("O240", "O241", "O242", "O243", "O244", "O245", "O247")


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = aviation(kit(tmp_path), "B")
    made.case["people"].append({"id": "zoe", "name": "Zoe", "role": "safety manager"})
    return made


def reports(toy: Kit) -> dict[str, ProblemReport]:
    return {item.id: item for item in toy.take().problems}


def refute(toy: Kit, letters: str = "PPPR") -> None:
    toy.keep("R1", refuting(toy, "R1", letters), outcome="refuted")


def recorded(toy: Kit, id: str, **changes: Any) -> dict[str, Any]:
    """Record the report as it stands, with changes; fields set to None are left out."""
    made = {
        "id": id,
        "of": reports(toy)[id].digest if id in reports(toy) else None,
        "classification": "significant",
        "safety_effect": "may contribute to H1",
        "owner": "zoe",
        "mitigation": "the tables take over while an intruder is close",
    } | changes
    toy.case["problem_reports"] = [{key: value for key, value in made.items() if value is not None}]
    return made


def test_nothing_opens_a_report_where_all_is_proved(toy: Kit) -> None:
    assert reports(toy) == {}, "what was never examined is a gap, not a problem"
    toy.prove("R1", "R2", "R3")
    assert reports(toy) == {} and not findings(toy, *CODES)


def test_counterexamples_open_a_report_that_keeps_its_id(toy: Kit) -> None:
    refute(toy, "PPPR")
    first = reports(toy)["PR-R1-refuted"]
    assert first.requirements == ("R1",) and len(first.evidence) == 1 and "1 region of 4" in first.text
    assert first.significant and first.classification is None and first.blocks
    refute(toy, "PPPR")
    assert reports(toy)["PR-R1-refuted"] == first, "the same result again is the same report"
    refute(toy, "RPPR")
    second = reports(toy)["PR-R1-refuted"]
    assert second.digest != first.digest and "2 regions of 4" in second.text and len(second.evidence) == 2


def test_a_later_run_that_does_not_look_does_not_close_it(toy: Kit) -> None:
    refute(toy)
    toy.prove("R1")
    assert reports(toy)["PR-R1-refuted"].blocks


@pytest.mark.parametrize(
    ("letters", "why", "kind"),
    [
        ("PPUU", "", "unknown"),
        ("PPCC", "", "unknown"),
        ("UUUU", "the time limit was reached", "time-out"),
        ("PUUU", "the limit of 9 parts was reached", "unknown"),
        ("PPPU", "", None),  # the criterion asks for three of four
    ],
)
def test_undecided_regions_open_one_where_the_criterion_is_not_met(
    toy: Kit, letters: str, why: str, kind: str | None
) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), letters, reason=why), outcome="not-met")
    assert set(reports(toy)) == ({f"PR-R1-{kind}"} if kind else set())
    if kind:
        found = reports(toy)[f"PR-R1-{kind}"]
        assert f"{4 - letters.count('P')} region" in found.text and f"{letters.count('P')} of the 3" in found.text


def test_abstentions_that_miss_the_criterion_open_one(toy: Kit) -> None:
    toy.case = smooth(toy.case)
    toy.keep("R1", smoothing(toy.statement("R1"), [0.5, 0.0, 0.0, 0.5]), outcome="not-met")
    assert set(reports(toy)) == {"PR-R1-unknown"}


def other_model(statement: Any) -> Any:
    return statement.model_copy(update={"model": "sha256:" + "1" * 64})


def test_another_model_that_left_regions_open_is_an_earlier_state_until_the_criterion_is_met(toy: Kit) -> None:
    toy.keep("R1", bounds(other_model(toy.statement("R1")), "UUUU"), outcome="not-met")
    found = reports(toy)["PR-R1-unknown"]
    assert "earlier state" in found.text and "of 4 not decided" not in found.text
    toy.prove("R1")
    assert reports(toy) == {}, "the same criterion is met on the model that the case has"


def test_what_another_model_met_opens_none(toy: Kit) -> None:
    toy.keep("R1", bounds(other_model(toy.statement("R1")), "PPPP"))
    assert reports(toy) == {}


def weaken(toy: Kit) -> None:
    """Ask for another threshold, of fewer inputs: counterexamples at the others are none of its own any more."""
    toy.requirement("R1")["property"]["regions"]["inputs"] = [0, 1]


def test_a_claim_that_changes_closes_no_report(toy: Kit) -> None:
    refute(toy, "PPPR")
    recorded(toy, "PR-R1-refuted")
    before = reports(toy)["PR-R1-refuted"]
    weaken(toy)
    found = reports(toy)["PR-R1-refuted"]
    assert found.blocks and found.lapsed and found.evidence == before.evidence and found.requirements == ("R1",)
    assert "earlier state" in found.text and "1 record" in found.text
    toy.keep("R1", bounds(toy.statement("R1"), "PP"))
    assert reports(toy)["PR-R1-refuted"].blocks, "a proof of the weaker claim closes nothing by itself"
    closed = {"state": "closed", "closed_by": "zoe", "closed_on": "2026-07-01", "evidence": ["run-1"]}
    recorded(toy, "PR-R1-refuted", **closed)
    assert reports(toy)["PR-R1-refuted"].closed and not findings(toy, *CODES)
    toy.requirement("R1")["property"]["regions"]["inputs"] = [0]
    assert reports(toy)["PR-R1-refuted"].digest == found.digest, "the next change of the claim asks nobody again"


def test_an_earlier_and_a_present_state_are_one_report(toy: Kit) -> None:
    refute(toy, "PPPR")
    weaken(toy)
    toy.keep("R1", refuting(toy, "R1", "RP"), outcome="refuted")
    found = reports(toy)["PR-R1-refuted"]
    assert len(found.evidence) == 2 and "1 region of 2" in found.text and "earlier state" in found.text


def test_a_deviation_is_about_the_claim_as_it_stands(toy: Kit) -> None:
    refute(toy, "PPPR")
    weaken(toy)
    toy.keep("R1", refuting(toy, "R1", "RP"), outcome="refuted")
    claim = toy.load().claims["R1"]
    toy.case["deviations"] = [
        {"id": "DEV", "about": "R1", "rationale": RATIONALE, "accepted_by": "zoe", "date": "2026-03-01"}
        | {"of": claim.identity, "regions_at_most": 2}
    ]
    assert toy.take().standings["R1"].disposed and reports(toy)["PR-R1-refuted"].blocks


def test_a_requirement_that_leaves_the_case_takes_no_report_along(toy: Kit) -> None:
    refute(toy, "PPPR")
    toy.case["requirements"] = toy.case["requirements"][1:]
    toy.case["runs"] = toy.case["runs"][1:]
    found = reports(toy)["PR-R1-refuted"]
    assert found.blocks and found.requirements == () and "no requirement of the case any more" in found.text
    assert open_by_requirement([found]) == {"case": ("PR-R1-refuted",)}


def test_a_criterion_that_was_given_up_unmet_stays_until_it_is_met(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "UUUU", reason="the time limit was reached"), outcome="not-met")
    before = dict(toy.requirement("R1")["property"]["regions"])
    weaken(toy)
    toy.keep("R1", bounds(toy.statement("R1"), "PP"))
    found = reports(toy)["PR-R1-time-out"]
    assert found.blocks and "left undecided" in found.text and found.requirements == ("R1",)
    toy.requirement("R1")["property"]["regions"] = before
    toy.prove("R1")
    weaken(toy)
    assert reports(toy) == {}, "the criterion was met after all"


def test_a_lost_journal_closes_no_report(toy: Kit) -> None:
    digest = toy.store.put(record_bytes(bounds(other_model(toy.statement("R1")), "RPPP")))
    item = RunItem(digest, bounds(other_model(toy.statement("R1")), "RPPP"), "", "", "", "unknown", False, -1)
    snapshot = toy.take()
    register = dataclasses.replace(snapshot.register, runs=(*snapshot.register.runs, item))
    made, _ = problem_reports(snapshot.loaded, register, snapshot.standings)
    assert [one.kind for one in made] == ["refuted"] and made[0].id.startswith("PR-record-") and made[0].blocks


# --- lists of problem reports -----------------------------------------------------------------------------------------


def a_list(toy: Kit, *items: dict[str, Any], id: str = "LIST") -> None:
    """Declare a list of problem reports."""
    toy.case["documents"] = [item for item in toy.case.get("documents", []) if item["id"] != id]
    made = offer(toy, id, evidence="problem-report", format="problem-reports", about=["case"])
    text = yaml.safe_dump({"schema": "assurance-problem-reports/1", "problem_reports": list(items)})
    (toy.folder / made["path"]).write_text(text)
    made["digest"] = of_bytes(text.encode())


OPEN = {"id": "CR-7", "title": "Display flickers", "state": "open"}
SHUT = OPEN | {"state": "closed", "disposition": "mended in issue 2"}


def test_reports_of_a_list_are_reports_of_the_case(toy: Kit) -> None:
    a_list(
        toy,
        OPEN | {"about": ["run-2", "net"]},
        SHUT | {"id": "CR-8"},
        OPEN | {"id": "CR-9", "classification": "process"},
    )
    found = reports(toy)
    assert found["CR-7"].blocks and found["CR-7"].kind == "listed" and "R2" in found["CR-7"].requirements
    assert found["CR-8"].closed and not found["CR-9"].blocks and found["CR-9"].classification == "process"
    assert [item.code for item in findings(toy, *CODES)] == ["O240"]
    a_list(toy, OPEN | {"classification": "significant"})
    assert reports(toy)["CR-7"].blocks and [item.code for item in findings(toy, *CODES)] == ["O241"]


def test_the_case_mitigates_what_a_list_holds(toy: Kit) -> None:
    a_list(toy, OPEN | {"id": "PR-12", "classification": "life-cycle data"})
    assert reports(toy)["PR-12"].classification == "life-cycle-data"
    a_list(toy, OPEN | {"id": "PR-12", "about": ["R3"]})
    toy.case["problem_reports"] = [
        {"id": "PR-12", "owner": "zoe", "classification": "significant", "mitigation": "the tables take over meanwhile"}
    ]
    found = reports(toy)["PR-12"]
    assert found.text == "Display flickers" and found.requirements == ("R3",) and not found.blocks
    assert not findings(toy, *CODES)


def test_the_less_favourable_of_case_and_list_counts(toy: Kit) -> None:
    offer(toy, "FIX", evidence="problem-report")
    closed = {"id": "CR-7", "title": "Flicker", "owner": "zoe", "classification": "functional", "state": "closed"}
    closed |= {"closed_by": "zoe", "closed_on": "2026-07-01", "evidence": ["FIX"]}
    toy.case["problem_reports"] = [closed]
    assert reports(toy)["CR-7"].closed
    a_list(toy, SHUT)
    assert reports(toy)["CR-7"].closed and not findings(toy, *CODES)
    a_list(toy, OPEN | {"classification": "significant"})
    found = reports(toy)["CR-7"]
    assert not found.closed and found.classification == "significant" and found.blocks
    assert {item.code for item in findings(toy, *CODES)} == {"O247", "O241"}
    toy.case["problem_reports"] = [closed | {"state": "open"}]
    a_list(toy, SHUT)
    assert not reports(toy)["CR-7"].closed, "what the case holds open no list closes"


def test_a_list_closes_nothing_that_evidence_opened(toy: Kit) -> None:
    refute(toy)
    a_list(toy, SHUT | {"id": "PR-R1-refuted", "classification": "functional"})
    assert reports(toy)["PR-R1-refuted"].blocks and reports(toy)["PR-R1-refuted"].kind == "refuted"
    offer(toy, "FIX", evidence="problem-report")
    recorded(toy, "PR-R1-refuted", state="closed", closed_by="zoe", closed_on="2026-07-01", evidence=["FIX"])
    assert reports(toy)["PR-R1-refuted"].closed
    a_list(toy, OPEN | {"id": "PR-R1-refuted"})
    recorded(toy, "PR-R1-refuted", state="closed", closed_by="zoe", closed_on="2026-07-01", evidence=["FIX"])
    assert not reports(toy)["PR-R1-refuted"].closed


def test_disputes_and_failures_open_reports(toy: Kit) -> None:
    check = CrossCheck(by="other 1", examined=4, agreed=3, disagreed=(2,), undecided=0)
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP", cross_checks=(check,)))
    found = reports(toy)["PR-R1-disputed"]
    assert found.blocks and "disagrees in 1 region" in found.text and found.requirements == ("R1",)


def test_other_sources_hand_in_their_openings(toy: Kit) -> None:
    snapshot = toy.take()
    failed = Opening("suite", "failed", "2 tests failed", ("R2",), ("sha256:" + "2" * 64,), {"tests": ["a", "b"]})
    made, found = problem_reports(snapshot.loaded, snapshot.register, snapshot.standings, [failed])
    assert [item.id for item in made] == ["PR-suite-failed"] and [item.code for item in found] == ["O240"]
    assert open_by_requirement(made) == {"R2": ("PR-suite-failed",)}


def test_unclassified_counts_as_significant_and_says_what_to_record(toy: Kit) -> None:
    refute(toy)
    (found,) = findings(toy, *CODES)
    assert found.code == "O240" and found.expected == f"of: {reports(toy)['PR-R1-refuted'].digest}"
    assert found.place.field == "requirements[0]"


def test_classes_and_mitigation(toy: Kit) -> None:
    refute(toy)
    for classification in ("significant", "functional", "process", "life-cycle-data"):
        recorded(toy, "PR-R1-refuted", classification=classification, mitigation=None)
        found = reports(toy)["PR-R1-refuted"]
        assert found.classification == classification and found.owner == "Zoe" and not found.lapsed
        assert found.blocks == (classification == "significant")
        assert [item.code for item in findings(toy, *CODES)] == (["O241"] if found.blocks else [])
        recorded(toy, "PR-R1-refuted", classification=classification)
        assert not reports(toy)["PR-R1-refuted"].blocks and not findings(toy, *CODES)


def test_a_record_lapses_when_more_turns_up(toy: Kit) -> None:
    refute(toy, "PPPR")
    recorded(toy, "PR-R1-refuted")
    assert not reports(toy)["PR-R1-refuted"].blocks
    refute(toy, "RPPR")
    found = reports(toy)["PR-R1-refuted"]
    assert found.lapsed and found.blocks and found.classification is None
    (finding,) = findings(toy, *CODES)
    assert finding.code == "O244" and finding.expected == f"of: {found.digest}"
    assert finding.place.field == "problem_reports[0].of"


def test_without_its_digest_a_record_counts_for_nothing(toy: Kit) -> None:
    refute(toy)
    recorded(toy, "PR-R1-refuted", of=None)
    assert reports(toy)["PR-R1-refuted"].blocks and [item.code for item in findings(toy, *CODES)] == ["O244"]


def test_closing_needs_somebody_a_date_and_evidence_that_stands(toy: Kit) -> None:
    refute(toy)
    offer(toy, "FIX", evidence="problem-report")
    closed = {"state": "closed", "closed_by": "zoe", "closed_on": "2026-07-01", "evidence": ["FIX"]}
    recorded(toy, "PR-R1-refuted", **closed)
    assert reports(toy)["PR-R1-refuted"].closed and not findings(toy, *CODES)
    for lacking in ("closed_by", "closed_on", "evidence"):
        recorded(toy, "PR-R1-refuted", **(closed | {lacking: None}))
        assert not reports(toy)["PR-R1-refuted"].closed
        assert [item.code for item in findings(toy, *CODES)] == ["O242"], lacking
    recorded(toy, "PR-R1-refuted", **closed)
    (toy.folder / "FIX.md").write_text("changed")
    assert not reports(toy)["PR-R1-refuted"].closed
    assert [item.code for item in findings(toy, *CODES)] == ["O242"]
    recorded(toy, "PR-R1-refuted", **(closed | {"evidence": ["run-2"]}))
    assert not reports(toy)["PR-R1-refuted"].closed, "a run that has not answered shows nothing"
    toy.prove("R2")
    assert reports(toy)["PR-R1-refuted"].closed


def test_what_opened_a_report_does_not_close_it(toy: Kit) -> None:
    refute(toy)
    closed = {"state": "closed", "closed_by": "zoe", "closed_on": "2026-07-01"}
    recorded(toy, "PR-R1-refuted", **closed, evidence=["run-1"])
    assert not reports(toy)["PR-R1-refuted"].closed, "the run that found the counterexamples"
    assert [item.code for item in findings(toy, *CODES)] == ["O242"]
    toy.keep("R2", bounds(toy.statement("R2"), "UU"), outcome="not-met")
    recorded(toy, "PR-R1-refuted", **closed, evidence=["run-2"])
    assert not reports(toy)["PR-R1-refuted"].closed, "a run that does not meet its own criterion"
    toy.prove("R1")
    recorded(toy, "PR-R1-refuted", **closed, evidence=["run-1"])
    assert reports(toy)["PR-R1-refuted"].closed


def test_an_author_does_not_close_his_own_where_independence_is_required(toy: Kit) -> None:
    refute(toy)
    offer(toy, "FIX", evidence="problem-report")
    closed = {"state": "closed", "closed_by": "ann", "closed_on": "2026-07-01", "evidence": ["FIX"]}
    recorded(toy, "PR-R1-refuted", **closed)
    assert not reports(toy)["PR-R1-refuted"].closed
    assert [item.code for item in findings(toy, *CODES)] == ["O243"]
    aviation(toy, "C")
    recorded(toy, "PR-R1-refuted", **closed)
    assert reports(toy)["PR-R1-refuted"].closed and not findings(toy, *CODES)


def test_whoever_ran_one_of_the_runs_that_opened_a_report_does_not_close_it(toy: Kit) -> None:
    """Two runs made the same record: the operator of either has a part in it."""
    toy.case["runs"] = [
        {"id": "run-1", "requirement": "R1", "engine": "bounds", "operator": "zoe"},
        {"id": "run-4", "requirement": "R1", "engine": "bounds", "operator": "rev"},
        *toy.case["runs"][1:],
    ]
    for run in ("run-1", "run-4"):
        toy.keep("R1", refuting(toy, "R1", "PPPR"), run, outcome="refuted")
    offer(toy, "FIX", evidence="problem-report")
    recorded(toy, "PR-R1-refuted", state="closed", closed_by="zoe", closed_on="2026-07-01", evidence=["FIX"])
    assert not reports(toy)["PR-R1-refuted"].closed
    assert [item.code for item in findings(toy, *CODES)] == ["O243"]


def test_closing_changes_no_status(toy: Kit) -> None:
    refute(toy, "RRRR")
    before = row(toy, "A-4.1")
    assert before.problems == ("PR-R1-refuted",)
    offer(toy, "FIX", evidence="problem-report")
    recorded(toy, "PR-R1-refuted", state="closed", closed_by="zoe", closed_on="2026-07-01", evidence=["FIX"])
    after = row(toy, "A-4.1")
    assert after.status is before.status and after.status.value == "contradicted"
    assert after.problems == () and after.digest != before.digest


def test_open_reports_stand_at_the_objectives_they_concern(toy: Kit) -> None:
    refute(toy)
    snapshot = toy.take()
    stability = result_kinds(snapshot.loaded.case.requirement("R1"))
    for item in standard(snapshot).rows:
        handles = any(credit.evidence.value == "problem-report" for credit in item.entry.credit)
        expected = ("PR-R1-refuted",) if handles or results_accepted(item.entry) & stability else ()
        assert item.problems == expected, item.entry.id
    assert row(toy, "A-4.1").problems and row(toy, "A-8.3").problems and not row(toy, "A-9.2").problems


def test_a_deviation_is_the_disposition_of_its_counterexamples(toy: Kit) -> None:
    refute(toy)
    claim = toy.load().claims["R1"]
    toy.case["deviations"] = [
        {
            "id": "DEV",
            "about": "R1",
            "rationale": RATIONALE,
            "accepted_by": "zoe",
            "date": "2026-03-01",
            "of": claim.identity,
            "regions_at_most": 1,
        }
    ]
    found = reports(toy)["PR-R1-refuted"]
    assert found.disposition == "accepted as deviation DEV" and not found.blocks and not found.closed
    assert [item.code for item in findings(toy, *CODES)] == ["O240"], "it stays to be classified"
    refute(toy, "RPPR")
    assert reports(toy)["PR-R1-refuted"].blocks, "the deviation covers one region only"


def test_reports_of_the_organisation_itself(toy: Kit) -> None:
    toy.case["problem_reports"] = [
        {"id": "CR-7", "title": "Display flickers", "owner": "zoe", "about": ["R2"]},
        {"id": "PR-R3-refuted", "owner": "zoe"},
    ]
    assert set(reports(toy)) == {"CR-7"}
    found = reports(toy)["CR-7"]
    assert found.kind == "recorded" and found.digest is None and found.blocks and found.requirements == ("R2",)
    assert {item.code for item in findings(toy, *CODES)} == {"O240", "O245"}


def test_long_names_still_give_identifiers_that_can_be_recorded(toy: Kit) -> None:
    name = "R" + "x" * 63
    assert len(Opening(name, "time-out", "", (), (), {}).id) <= 64
    assert Opening(name, "refuted", "", (), (), {}).id != Opening(name[:-1] + "y", "refuted", "", (), (), {}).id


JUNIT = '<testsuite name="target" tests="2" failures="{failures}"><testcase name="one"/><testcase name="two">{body}</testcase></testsuite>'


def test_failed_tests_open_a_report_and_support_nothing(toy: Kit) -> None:
    def run(body: str) -> None:
        made = offer(
            toy, "TESTS", evidence="performance-test", examined="executable-on-target", format="junit", about=["case"],
            objectives=["do-178c:A-6.1"],
        )  # fmt: skip
        text = JUNIT.format(failures=int(bool(body)), body=body)
        (toy.folder / made["path"]).write_text(text)
        made["digest"] = of_bytes(text.encode())

    run("")
    passed = row(toy, "A-6.1")
    assert reports(toy) == {} and passed.evidence and passed.status.value == "partial"
    run('<failure message="wrong advisory"/>')
    failed = row(toy, "A-6.1")
    assert set(reports(toy)) == {"PR-TESTS-failed"} and reports(toy)["PR-TESTS-failed"].blocks
    assert not failed.evidence and failed.status.value == "open"
    assert "O246" in {item.code for item in failed.reasons}
    closed = {"state": "closed", "closed_by": "zoe", "closed_on": "2026-07-01", "evidence": ["TESTS"]}
    recorded(toy, "PR-TESTS-failed", **closed)
    assert not reports(toy)["PR-TESTS-failed"].closed, "the report of the failure closes nothing"
    toy.case["problem_reports"] = []
    first = reports(toy)["PR-TESTS-failed"].digest
    run('<failure message="another"/>')
    assert reports(toy)["PR-TESTS-failed"].digest != first, "other failures are another state of the report"
