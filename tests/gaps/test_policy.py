"""Policies: what fails, what is borne until when, and what is wrong with a policy."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds
from gap_toys import TODAY, allowed, codes, policy_file, report, row, under

from assurance.gaps import Rule, gap_report, judged, merged, read_policy, rule_of
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Severity
from evidence.errors import InputError
from evidence.strict_yaml import parse_yaml

FAIL_OPEN = {"statuses": ["open"]}
BEARS_NOTHING: dict[str, Any] = {"fail_on": {"statuses": ["contradicted"]}}


def elements(toy: Kit, **parts: Any) -> set[str]:
    judgement = under(toy, **parts).judgement
    assert judgement is not None
    return {item.place.element or "" for item in judgement.failures}


def test_statuses_fail(toy: Kit) -> None:
    open_ones = {item.key for item in report(toy).rows() if item.row.status is ObjectiveStatus.OPEN}
    assert open_ones and elements(toy, fail_on=FAIL_OPEN) == open_ones


def test_a_policy_that_nothing_breaks_passes(toy: Kit) -> None:
    judgement = under(toy, **BEARS_NOTHING).judgement
    assert judgement is not None and judgement.passed and not judgement.findings


def test_a_standard_can_have_a_rule_of_its_own(toy: Kit) -> None:
    rule = {"do-178c": {"statuses": ["contradicted"]}}
    assert elements(toy, fail_on=FAIL_OPEN, standards=rule) == set()


def test_codes_of_reasons_and_findings_fail(toy: Kit) -> None:
    assert "do-178c:A-4.6" in elements(toy, fail_on={"codes": ["O206"]})
    found = elements(toy, fail_on={"codes": ["T112"]})
    assert found == {"run-1", "run-2", "run-3"}


def test_severity_fails_on_reasons_and_findings(toy: Kit) -> None:
    warned = elements(toy, fail_on={"severity": "warning"})
    assert {"run-1", "do-178c:A-1.1"} <= warned
    assert "do-178c:A-1.1" not in elements(toy, fail_on={"severity": "error"})


def test_what_is_not_asked_for_never_fails(toy: Kit) -> None:
    toy.case["hazards"][0]["failure_condition"] = "minor"
    toy.case["standards"] = [{"id": "do-178c", "level": "D"}]
    assert "do-178c:A-1.5" not in elements(toy, fail_on={"statuses": ["open", "not applicable"], "codes": ["O211"]})


def test_unknown_applicability_can_fail(toy: Kit) -> None:
    found = elements(toy, fail_on={"statuses": ["applicability unknown"]})
    assert found and all(name.startswith("arp6983:") for name in found)


def test_an_allowance_bears_a_gap_until_its_day(toy: Kit) -> None:
    entry = allowed(objective="do-178c:A-1.6", until=TODAY.isoformat())
    found = under(toy, fail_on=FAIL_OPEN, allowed=[entry])
    assert found.judgement is not None
    assert "do-178c:A-1.6" not in {item.place.element for item in found.judgement.failures}
    item = row(found, "do-178c:A-1.6")
    assert item.allowance is not None and not item.allowance.expired
    assert item.row.status is ObjectiveStatus.OPEN and item.is_gap  # borne, not closed


def test_an_expired_allowance_is_a_failure_and_bears_nothing(toy: Kit) -> None:
    entry = allowed(objective="do-178c:A-1.6", until="2026-05-31")
    judgement = under(toy, fail_on=FAIL_OPEN, allowed=[entry]).judgement
    assert judgement is not None
    assert [item.code for item in judgement.failures if "A-1.6" in (item.place.element or "")] == ["O268", "O269"]


def test_an_expired_allowance_fails_even_where_nothing_else_does(toy: Kit) -> None:
    entry = allowed(objective="do-178c:A-1.6", until="2026-05-31")
    judgement = under(toy, **BEARS_NOTHING, allowed=[entry]).judgement
    assert judgement is not None and not judgement.passed
    assert codes(judgement.failures) == {"O269"}


def test_an_allowance_that_nothing_needs_is_a_warning(toy: Kit) -> None:
    entries = [
        allowed(objective="do-178c:A-7.9"),  # not asked for at level B
        allowed(finding="T118"),
        allowed(objective="iso-26262-6:6-T1.1a"),  # not selected
    ]
    judgement = under(toy, **BEARS_NOTHING, allowed=entries).judgement
    assert judgement is not None and judgement.passed
    assert [item.code for item in judgement.findings] == ["O270"] * 3
    assert all(item.severity is Severity.WARNING and item.place.line for item in judgement.findings)


def test_an_allowance_for_open_gaps_does_not_bear_a_contradiction(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    rule = {"statuses": ["contradicted"]}
    found = under(toy, fail_on=rule, allowed=[allowed(objective="do-178c:A-4.1")])
    assert found.judgement is not None
    assert "do-178c:A-4.1" in {item.place.element for item in found.judgement.failures}
    assert "contradicted" in found.judgement.findings[0].message
    named = allowed(objective="do-178c:A-4.1", statuses=["contradicted"])
    assert row(under(toy, fail_on=rule, allowed=[named]), "do-178c:A-4.1").allowance is not None


def test_findings_can_be_allowed_for_one_element(toy: Kit) -> None:
    entry = allowed(finding="T112", element="run-2")
    assert elements(toy, fail_on={"codes": ["T112"]}, allowed=[entry]) == {"run-1", "run-3"}
    assert elements(toy, fail_on={"codes": ["T112"]}, allowed=[allowed(finding="T112")]) == set()


def test_a_significant_problem_report_fails_and_cannot_be_allowed(toy: Kit) -> None:
    toy.prove("R1", "R3")
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    rule: dict[str, Any] = {"fail_on": {"codes": ["T118"]}}
    found = under(toy, **rule)
    (problem,) = found.problems
    assert problem.blocks and found.judgement is not None
    assert [item.place.element for item in found.judgement.failures] == [problem.id]
    assert codes(found.judgement.failures) == {"O271"}
    record = parse_yaml(problem.stanzas[0].yaml, "stanza").value["problem_reports"][0]
    record |= {"classification": "significant", "safety_effect": "none at all", "owner": "ann"}
    record["mitigation"] = "a monitor takes the other way out"
    toy.case["problem_reports"] = [record]
    judgement = under(toy, **rule).judgement
    assert judgement is not None and judgement.passed
    record["classification"], record["mitigation"] = "process", None
    judgement = under(toy, **rule).judgement
    assert judgement is not None and judgement.passed


def test_the_command_line_alone_judges_no_problem_reports(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    snapshot = toy.take()
    alone = merged(None, rule_of("stale"))
    assert alone is not None
    found = judged(snapshot, gap_report(snapshot), alone, TODAY, everything=True)
    assert found.judgement is not None and found.judgement.passed


def test_allowances_of_standards_out_of_sight_are_not_idle(toy: Kit) -> None:
    file = policy_file(toy.folder, **BEARS_NOTHING, allowed=[allowed(objective="iso-26262-6:6-T1.1a")])
    snapshot = toy.take()
    found = judged(snapshot, gap_report(snapshot), read_policy(file), TODAY, everything=False)
    assert found.judgement is not None and not found.judgement.findings


def test_the_day_of_the_expiry_is_the_last_one(toy: Kit) -> None:
    snapshot = toy.take()
    file = policy_file(toy.folder, fail_on=FAIL_OPEN, allowed=[allowed(objective="do-178c:A-1.6", until="2026-06-01")])
    for day, expired in ((date(2026, 6, 1), False), (date(2026, 6, 2), True)):
        found = judged(snapshot, gap_report(snapshot), read_policy(file), day, everything=True)
        allowance = row(found, "do-178c:A-1.6").allowance
        assert allowance is not None and allowance.expired is expired


# --- policies that are wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, "O265"),
        ({"fail_on": {"statuses": []}}, "O265"),
        ({"fail_on": FAIL_OPEN, "standards": {"do-178c": {}}}, "O265"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-178c:A-1.6", statuses=["supported"])]}, "C106"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(finding="S112")]}, "O282"),
        ({"fail_on": FAIL_OPEN, "standards": {"do-999": {"statuses": ["open"]}}}, "O266"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-178c:A-99.1")]}, "O266"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="A-1.6")]}, "O266"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-999:A-1.6")]}, "O266"),
        ({"fail_on": {"codes": ["T999"]}}, "O267"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(finding="T999")]}, "O267"),
        ({"fail_on": {"statuses": ["green"]}}, "C106"),
        ({"fail_on": {"severity": "note"}}, "C106"),
        ({"fail_on": FAIL_OPEN, "extra": 1}, "C107"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-178c:A-1.6", until="31.12.2026")]}, "C106"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-178c:A-1.6", reason="later")]}, "C106"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed()]}, "C106"),
        ({"fail_on": FAIL_OPEN, "allowed": [allowed(objective="do-178c:A-1.6", finding="T112")]}, "C106"),
        ({"fail_on": FAIL_OPEN, "allowed": [{"objective": "do-178c:A-1.6"}]}, "C108"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(tmp_path: Path, parts: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_policy(policy_file(tmp_path, **parts))
    assert code in {item.code for item in caught.value.findings}
    assert all(item.place.file and item.place.line for item in caught.value.findings)


@pytest.mark.parametrize("text", ["{", "a: &x 1\nb: *x\n", "[1, 2]", "", "schema: other\n"])
def test_a_corrupted_policy_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError):
        read_policy(file)


def test_a_missing_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_policy(tmp_path / "none.yaml")
    assert caught.value.finding.code == "C101"


def test_words_of_the_command_line() -> None:
    rule = rule_of("contradicted, stale,error,T112")
    assert rule.statuses == (ObjectiveStatus.CONTRADICTED, ObjectiveStatus.STALE)
    assert rule.codes == ("T112",) and rule.severity is Severity.ERROR
    assert rule_of("error,warning").severity is Severity.WARNING
    for word, code in (("green", "O219"), ("T999", "O267"), ("", "O265"), (" , ,", "O265")):
        with pytest.raises(InputError) as caught:
            rule_of(word)
        assert caught.value.finding.code == code


def test_the_command_line_adds_to_every_rule(tmp_path: Path) -> None:
    policy = read_policy(
        policy_file(tmp_path, fail_on={"statuses": ["stale"]}, standards={"do-178c": {"codes": ["O206"]}})
    )
    both = merged(policy, rule_of("open"))
    assert both is not None
    assert ObjectiveStatus.OPEN in both.rule("do-178c").statuses and "O206" in both.rule("do-178c").codes
    assert both.rule("arp6983").statuses == (ObjectiveStatus.STALE, ObjectiveStatus.OPEN)
    assert merged(None, Rule()) is None


def test_an_open_choice_of_methods_fails_once_and_is_borne_by_its_table(toy: Kit) -> None:
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"] = [{"id": "iso-26262-6", "level": "B"}]
    failing = elements(toy, fail_on=FAIL_OPEN)
    assert "iso-26262-6:T1" in failing and "iso-26262-6:6-T1.1a" not in failing
    borne = elements(toy, fail_on=FAIL_OPEN, allowed=[allowed(objective="iso-26262-6:T1")])
    assert failing - borne == {"iso-26262-6:T1"}


def test_the_sample_of_the_handbook_is_a_good_policy(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "gaps.md").read_text("utf-8")
    file = tmp_path / "policy.yaml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0], "utf-8")
    assert len(read_policy(file).file.allowed) == 3


def test_a_standard_that_no_rule_covers_is_said(toy: Kit) -> None:
    judgement = under(toy, standards={"do-178c": {"statuses": ["contradicted"]}}).judgement
    assert judgement is not None and judgement.passed
    assert [(item.code, item.place.element) for item in judgement.findings] == [("O281", "arp6983")]


def test_unknown_applicability_can_be_borne(toy: Kit) -> None:
    rule = {"statuses": ["applicability unknown"]}
    (first, *_) = sorted(elements(toy, fail_on=rule))
    entry = allowed(objective=first, statuses=["applicability unknown"])
    assert first not in elements(toy, fail_on=rule, allowed=[entry])
