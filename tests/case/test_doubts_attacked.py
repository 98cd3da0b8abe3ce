"""Ways to make a doubt go away without an answer: each of them leaves it standing, and nothing greener than before."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds, document, kit

from assurance.challenges import DoubtState, doubted_evidence, threat_digest
from assurance.dossier.view_requirements import met_by_requirement
from assurance.dossier.view_summary import _alarms, _open
from assurance.dossier.view_threats import threats_view
from assurance.doubts import above
from assurance.gsn.elements import Solution
from assurance.gsn.rules import check
from assurance.snapshot import Snapshot
from assurance.status import Status, worst
from evidence.diagnostics import Severity
from evidence.digest import of_bytes
from evidence.errors import InputError

EXCLUSION = "TM.1"


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """Everything proved, three legs shown by documents, the exclusion answered; `pia` wrote nothing."""
    made = kit(tmp_path)
    made.prove("R1", "R2", "R3")
    made.case["people"].append({"id": "pia", "name": "Pia Person", "role": "safety manager"})
    made.case["documents"] = [
        document(made.folder, "REQ", about=["requirements"]),
        document(made.folder, "CAS"),
        document(made.folder, "NET", about=["net"]),
        document(made.folder, "TWO", about=["R2"]),
    ]
    dispose(made, EXCLUSION, "answered", evidence=["CAS"])
    return made


def challenge(id: str = "CH1", **against: str) -> dict[str, Any]:
    doubt = "What it says may be wrong altogether."
    return {"id": id, "against": against, "doubt": doubt, "raised_by": "rev", "date": "2026-03-02"}


def dispose(toy: Kit, id: str, decision: str, **changes: Any) -> None:
    toy.dispose(id, decision, **({"by": "pia"} | changes))


def state(toy: Kit, id: str = "CH1") -> DoubtState:
    return toy.doubts()[id].state


def codes(snapshot: Snapshot) -> set[str]:
    return {item.code for item in snapshot.findings}


def solution_of(snapshot: Snapshot, goal: str) -> str:
    return next(item.id for item in snapshot.built.argument.children(goal) if isinstance(item, Solution))


# --- who decides, when, and by what --------------------------------------------------------------------------------------


@pytest.mark.parametrize("element", ["G3-R1", "G4-R1", "S3-R1", "solution"])
def test_nobody_disposes_of_a_doubt_about_his_claim_by_another_name(toy: Kit, element: str) -> None:
    name = solution_of(toy.take(), "G4-R1") if element == "solution" else element
    toy.write(challenges=[challenge(element=name)])
    dispose(toy, "CH1", "answered", evidence=["CAS"], by="ann")
    assert state(toy) is DoubtState.STANDS
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    assert state(toy) is DoubtState.ANSWERED


def test_nobody_disposes_of_a_doubt_about_his_document_or_run(toy: Kit) -> None:
    toy.case["runs"][0]["operator"] = "pia"
    toy.write(challenges=[challenge(document="CAS"), challenge("CH2", run="run-1"), challenge("CH3", element="G2")])
    dispose(toy, "CH1", "accepted", by="ann")
    dispose(toy, "CH2", "accepted", by="pia")
    assert state(toy, "CH1") is DoubtState.STANDS and state(toy, "CH2") is DoubtState.STANDS
    dispose(toy, "CH1", "upheld", by="ann")
    assert state(toy, "CH1") is DoubtState.UPHELD, "one's own mistake can be admitted"


def test_the_author_of_a_requirement_accepts_no_exclusion_wholesale(toy: Kit) -> None:
    threat = toy.load().case.threat_models[0]
    blanket = {"id": "D", "about": "TM", "rationale": "known and watched by the crew", "date": "2026-03-01"}
    toy.write(dispositions=[], deviations=[blanket | {"accepted_by": "ann", "of": threat_digest(threat)}])
    assert state(toy, EXCLUSION) is DoubtState.STANDS and "C130" in codes(toy.take())
    toy.write(deviations=[blanket | {"accepted_by": "pia", "of": threat_digest(threat)}])
    assert state(toy, EXCLUSION) is DoubtState.ACCEPTED and "C130" not in codes(toy.take())


def test_a_blanket_acceptance_that_lapsed_is_stale_in_the_argument(toy: Kit) -> None:
    blanket = {"id": "D", "about": "TM", "rationale": "known and watched by the crew", "date": "2026-03-01"}
    toy.case["pattern_data"] = {"residual-risk": {"list_complete": []}}
    after = toy.write(patterns=["residual-risk"], deviations=[blanket | {"accepted_by": "pia"}]).take()
    assert after.built.status["residual-risk.G3-D"] is Status.STALE


def test_a_decision_before_the_doubt_is_none(toy: Kit) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    dispose(toy, "CH1", "answered", evidence=["CAS"], date="2026-03-01")
    assert state(toy) is DoubtState.STANDS


def test_the_newest_is_newest_by_date_not_by_place(toy: Kit) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    dispose(toy, "CH1", "upheld", date="2026-03-05")
    dispose(toy, "CH1", "answered", evidence=["CAS"], date="2026-03-03")
    assert state(toy) is DoubtState.UPHELD


@pytest.mark.parametrize("newer", ["accepted", "upheld"])
def test_a_newer_decision_that_does_not_count_leaves_nothing_more_favourable(toy: Kit, newer: str) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    assert state(toy) is DoubtState.ANSWERED
    dispose(toy, "CH1", newer, of=None)
    assert state(toy) is DoubtState.STANDS and "S132" in codes(toy.take())


# --- documents that answer -----------------------------------------------------------------------------------------------


def failing(toy: Kit) -> None:
    """The document is a test report now, and reports a failure."""
    text = (
        '<testsuite name="t" tests="1" failures="1"><testcase classname="a" name="b"><failure/></testcase></testsuite>'
    )
    (toy.folder / "t.xml").write_text(text, "utf-8")
    more = {"evidence": "performance-test", "format": "junit", "path": "t.xml", "about": ["net"]}
    more |= {"examined": "model-description"}
    toy.case["documents"][1] |= more | {"digest": of_bytes(text.encode())}


def challenged(toy: Kit) -> None:
    toy.case["challenges"].append(challenge("CH2", document="CAS"))


def challenged_as_element(toy: Kit) -> None:
    holder = next(
        item.id
        for item in toy.take().built.argument
        if isinstance(item, Solution) and item.provenance and "Document CAS" in item.text
    )
    toy.case["challenges"].append(challenge("CH2", element=holder))


def copied(toy: Kit) -> None:
    """The challenged file is declared again under another id, and that answers."""
    toy.case["documents"].append(toy.case["documents"][1] | {"id": "COPY"})
    toy.case["challenges"].append(challenge("CH2", document="COPY"))


@pytest.mark.parametrize("harm", [failing, challenged, challenged_as_element, copied])
def test_documents_that_answer_nothing(toy: Kit, harm: Callable[[Kit], None]) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    assert state(toy) is DoubtState.ANSWERED
    harm(toy)
    after = toy.take()
    assert state(toy) is DoubtState.STANDS
    assert after.standings["R1"].status is Status.IN_DOUBT and after.built.status["G3-R1"] is Status.IN_DOUBT


def test_documents_do_not_answer_for_each_other(toy: Kit) -> None:
    toy.write(challenges=[challenge(document="CAS"), challenge("CH2", document="NET")])
    dispose(toy, "CH1", "answered", evidence=["NET"])
    dispose(toy, "CH2", "answered", evidence=["CAS"])
    assert {state(toy, "CH1"), state(toy, "CH2")} == {DoubtState.STANDS}
    dispose(toy, "CH2", "answered", evidence=["REQ"])
    assert {state(toy, "CH1"), state(toy, "CH2")} == {DoubtState.ANSWERED}, "one sound answer carries the other"
    found = toy.take()
    assert not doubted_evidence(item for item in found.built.doubts if item.aimed_at[0] == "document")


def test_a_document_does_not_answer_for_itself(toy: Kit) -> None:
    toy.write(challenges=[challenge(document="CAS")])
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    assert state(toy) is DoubtState.STANDS and doubted_evidence(toy.doubts().values())


@pytest.mark.parametrize("why", ["other requirement", "accepted doubt", "not independent"])
def test_answers_that_count_in_part(toy: Kit, why: str) -> None:
    toy.case["documents"].append(document(toy.folder, "WEAK", independent=False))
    answer = {"other requirement": "TWO", "accepted doubt": "NET", "not independent": "WEAK"}[why]
    toy.write(challenges=[challenge(requirement="R1")])
    if why == "accepted doubt":
        toy.case["challenges"].append(challenge("CH2", document="NET"))
        dispose(toy, "CH2", "accepted")
    dispose(toy, "CH1", "answered", evidence=[answer])
    doubt = toy.doubts()["CH1"]
    assert doubt.state is DoubtState.ANSWERED and answer in doubt.weakness
    assert toy.take().standings["R1"].status is Status.PARTIAL


@pytest.mark.parametrize("name", ["CAS", "CAS2"])
def test_a_challenged_document_earns_no_objective_meanwhile(toy: Kit, name: str) -> None:
    """Neither under its own name nor under that of a copy."""
    toy.case["documents"][1] |= {"about": ["R1", "R2", "R3"], "objectives": ["do-178c:A-3.1"]}
    if name == "CAS2":
        toy.case["documents"].append(toy.case["documents"][1] | {"id": "CAS2", "objectives": []})

    def shown(snapshot: Snapshot) -> bool:
        row = next(row for row in snapshot.coverage[0].rows if row.entry.id == "A-3.1")
        files = {item.digest: item.item.digest for item in snapshot.register.documents}
        return toy.case["documents"][1]["digest"] in {files.get(digest) for digest in row.evidence}

    assert shown(toy.take())
    toy.write(challenges=[challenge(document=name)])
    assert not shown(toy.take())
    dispose(toy, "CH1", "answered", evidence=["NET"])
    assert shown(toy.take())


# --- aims ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("element", ["G3-R1", "G4-R1", "solution"])
def test_doubt_about_the_claim_by_any_name_reaches_requirement_and_every_goal(toy: Kit, element: str) -> None:
    toy.write(patterns=["ml-constituent", "amlas"])
    before = toy.take()
    name = solution_of(before, "G4-R1") if element == "solution" else element
    after = toy.write(challenges=[challenge(element=name)]).take()
    assert before.standings["R1"].status is Status.SUPPORTED and after.standings["R1"].status is Status.IN_DOUBT
    for goal in ("G1", "G3-R1", "amlas.G1", "amlas.VERIFY.G2-R1", "amlas.VERIFY.L1-R1.G2-R1"):
        assert after.built.status[goal] is Status.IN_DOUBT, goal
    assert "S124" in {item.code for item in after.standings["R1"].reasons}


def test_two_runs_with_one_record(toy: Kit) -> None:
    """A doubt about a record is a doubt about it under the name of any run."""
    toy.case["runs"].append({"id": "run-8", "requirement": "R1", "engine": "bounds"})
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"), run="run-8")
    after = toy.write(challenges=[challenge(run="run-8")]).take()
    assert after.standings["R1"].status is Status.IN_DOUBT and after.built.status["G4-R1"] is Status.IN_DOUBT


def test_a_run_without_record_can_be_doubted(toy: Kit) -> None:
    toy.case["runs"].append({"id": "run-8", "requirement": "R1", "engine": "bounds"})
    after = toy.write(challenges=[challenge(run="run-8")]).take()
    assert after.standings["R1"].status is Status.IN_DOUBT and after.built.status["G3-R1"] is Status.IN_DOUBT


@pytest.mark.parametrize("name", ["CG-CH1", "CE-CG-CH1-CAS", "J-CG-CH1", "G99"])
@pytest.mark.parametrize("first", [True, False])
def test_elements_of_challenges_are_no_aims(toy: Kit, name: str, first: bool) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    two = [*toy.case["challenges"], challenge("CH2", element=name)]
    after = toy.write(challenges=two[::-1] if first else two).take()
    assert "S133" in codes(after) and after.built.status["G1"] is Status.IN_DOUBT
    (held,) = [item for item in after.built.doubts if item.id == "CH2"]
    assert toy.doubts()["CH2"].digest == held.digest, "the same before and after challenges were added"


def test_an_element_that_rests_on_something_else_is_another_aim(toy: Kit) -> None:
    toy.write(challenges=[challenge(element="G2")])
    dispose(toy, "CH1", "answered", evidence=["CAS"])
    assert state(toy) is DoubtState.ANSWERED
    toy.case["documents"].append(document(toy.folder, "MORE", about=["requirements"]))
    assert state(toy) is DoubtState.STANDS


def test_counterexamples_weigh_on_patterns_that_state_no_claim(toy: Kit) -> None:
    quiet = toy.write(patterns=["residual-risk"]).take()
    assert quiet.built.status["residual-risk.G1"] is Status.PARTIAL
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    assert toy.take().built.status["residual-risk.G1"] is Status.CONTRADICTED


def test_every_element_can_be_doubted_and_nothing_that_rests_on_it_stays_green(toy: Kit) -> None:
    toy.write(patterns=["ml-constituent", "amlas", "residual-risk", "tool-confidence"])
    before = toy.take()
    names = [item.id for item in before.built.argument]
    for name in random.Random(7).sample(names, 12):
        after = toy.write(challenges=[challenge(element=name)]).take()
        (made,) = [item for item in after.built.challenges if item.doubt and item.doubt.id == "CH1"]
        assert name in made.targets
        for id in {*made.targets, *above(after.built.argument, made.targets)} & after.built.status.keys():
            assert after.built.status[id] in (Status.IN_DOUBT, Status.CONTRADICTED, Status.STALE), (name, id)
        for id, word in before.built.status.items():
            assert worst(word, after.built.status[id]) is after.built.status[id], (name, id)
        assert not [item for item in check(after.built.argument) if item.severity is Severity.ERROR]


# --- identifiers -----------------------------------------------------------------------------------------------------------


def test_challenges_whose_elements_would_have_the_same_name(toy: Kit) -> None:
    toy.case["documents"] += [document(toy.folder, "A-B"), document(toy.folder, "B")]
    one, two = challenge("C", requirement="R1"), challenge("C-A", requirement="R2")
    after = toy.write(challenges=[one | {"evidence": ["A-B"]}, two | {"evidence": ["B"]}]).take()
    argument = after.built.argument
    assert not argument.duplicates
    texts = [[item.text for item in argument.children(id)] for id in ("CG-C", "CG-C-A")]
    assert "A-B" in texts[0][0] and "document B," in texts[1][0].replace("Document", "document")


def test_a_challenge_may_have_the_name_of_a_requirement(toy: Kit) -> None:
    """Findings on either are found at their own place."""
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    after = toy.write(challenges=[challenge("R1", requirement="R2")]).take()
    lines = {item.code: item.place.line for item in after.findings if item.code in ("S130", "S131")}
    text = (toy.folder / "case.yaml").read_text("utf-8").splitlines()
    assert lines["S130"] and lines["S131"] and lines["S130"] < text.index("challenges:") < lines["S131"]


def test_texts_that_no_element_can_hold(toy: Kit) -> None:
    toy.write(challenges=[challenge(requirement="R1") | {"doubt": "it may be wrong " * 2000}])
    with pytest.raises(InputError) as caught:
        toy.take()
    assert caught.value.finding.code == "G143"


# --- what is shown ---------------------------------------------------------------------------------------------------------


def test_the_summary_says_what_was_given_up_and_by_whom(toy: Kit) -> None:
    dispose(toy, EXCLUSION, "upheld", date="2026-04-01")
    after = toy.take()
    assert any(EXCLUSION in item.text and item.word == "contradicted" for item in _alarms(after))
    assert met_by_requirement(after)["R1"] == "contradicted"


def test_an_acceptance_that_does_not_count_is_not_shown_as_one(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    lapsed = {
        "id": "D", "about": "R1", "rationale": "known and watched by the crew", "accepted_by": "pia",
        "date": "2026-03-01", "of": "sha256:" + "0" * 64,
    }  # fmt: skip
    (alarm,) = [item for item in _alarms(toy.write(deviations=[lapsed]).take()) if item.word == "REFUTED"]
    assert "not disposed of" in alarm.text
    covers = lapsed | {"of": toy.load().claims["R1"].identity}
    (alarm,) = [item for item in _alarms(toy.write(deviations=[covers]).take()) if item.word == "REFUTED"]
    assert "accepted as deviation D" in alarm.text


def test_doubts_are_no_open_goals(toy: Kit) -> None:
    def undeveloped(snapshot: Snapshot) -> str:
        return next(item.value for item in _open(snapshot) if "nothing develops" in item.name)

    before = undeveloped(toy.take())
    assert undeveloped(toy.write(challenges=[challenge(requirement="R1")]).take()) == before


def test_exclusions_say_what_became_of_them(toy: Kit) -> None:
    (row,) = threats_view(toy.take()).threats[0].exclusions
    assert row.state == "answered by" and "Pia Person" in row.decision
    assert [item.text for item in row.goals] == ["G10-TM.1"]
    toy.case["dispositions"][0]["of"] = "sha256:" + "0" * 64
    (row,) = threats_view(toy.take()).threats[0].exclusions
    assert row.state == "nobody has disposed of it" and "does not count" in row.decision
    assert [item.text for item in row.goals] == ["CG-TM.1"]
