"""Challenges and dispositions: a doubt leaves nothing green until a named person disposed of it, and never silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds, document, kit

from assurance.challenges import DoubtState, threat_digest
from assurance.gsn.relations import RelationType
from assurance.snapshot import Snapshot
from assurance.status import Status, worst
from evidence.digest import of_bytes
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """Everything is proved, and the exclusion of the threat model is answered."""
    made = kit(tmp_path)
    made.prove("R1", "R2", "R3")
    made.case["documents"] = [document(made.folder, "DOC", about=["requirements"])]
    made.dispose("TM.1", "answered", evidence=["DOC"])
    return made


def challenge(**against: str) -> dict[str, Any]:
    doubt = "The data of the sensor were mixed up in the recording."
    return {"id": "CH1", "against": against, "doubt": doubt, "raised_by": "rev", "date": "2026-03-02"}


def codes(snapshot: Snapshot) -> set[str]:
    return {item.code for item in snapshot.findings}


# --- declared challenges -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("against", [{"requirement": "R1"}, {"run": "run-1"}, {"element": "G4-R1"}])
def test_a_challenge_leaves_doubt_up_to_the_top(toy: Kit, against: dict[str, str]) -> None:
    before = toy.take()
    assert before.standings["R1"].status is Status.SUPPORTED and before.built.status["G1"] is Status.PARTIAL
    after = toy.write(challenges=[challenge(**against)]).take()
    for id in ("G3-R1", "S1", "G1"):
        assert after.built.status[id] is Status.IN_DOUBT, id
    assert after.built.status["G3-R2"] is before.built.status["G3-R2"], "nothing else is touched"
    (made,) = [item for item in after.built.challenges if item.doubt and item.doubt.id == "CH1"]
    rests = {"G1", "S1", "G3-R1"} | ({"S3-R1", "G4-R1"} if "requirement" not in against else set())
    assert rests <= set(made.affected) and not any("R2" in id for id in made.affected)
    assert [item.target for item in after.built.argument.relations if item.source == "CG-CH1"] == list(made.targets)
    (finding,) = [item for item in after.findings if item.code == "S131"]
    assert finding.expected == f"of: {made.doubt.digest}" and finding.place.line, "where, and what to write"  # type: ignore[union-attr]
    if "element" not in against:
        assert after.standings["R1"].status is Status.IN_DOUBT
        assert "S124" in {item.code for item in after.standings["R1"].reasons}


def test_a_challenged_document_leaves_what_rests_on_it_in_doubt(toy: Kit) -> None:
    assert toy.take().built.status["G2"] is Status.SUPPORTED
    after = toy.write(challenges=[challenge(document="DOC")]).take()
    assert after.built.status["G2"] is Status.IN_DOUBT
    assert after.built.argument["CG-CH1"].undeveloped


@pytest.mark.parametrize(
    ("decision", "goal", "standing"),
    [
        ("answered", Status.SUPPORTED, Status.SUPPORTED),
        ("accepted", Status.PARTIAL, Status.PARTIAL),
        ("upheld", Status.CONTRADICTED, Status.CONTRADICTED),
    ],
)
def test_what_a_disposition_leaves(toy: Kit, decision: str, goal: Status, standing: Status) -> None:
    toy.write(challenges=[challenge(run="run-1")])
    toy.dispose("CH1", decision, **({"evidence": ["DOC"]} if decision == "answered" else {}))
    after = toy.take()
    assert after.built.status["G4-R1"] is goal and after.standings["R1"].status is standing
    argument = after.built.argument
    assert argument["CG-CH1"].defeated is (decision == "answered")
    (solution,) = argument.children("G4-R1")
    assert solution.defeated is (decision == "upheld"), "only a person's word gives something up"
    assert "Rev Reviewer" in argument["J-CG-CH1"].text
    assert [item.id for item in argument.challengers("CG-CH1")] == (["CE-CG-CH1-DOC"] if decision == "answered" else [])
    assert not [item for item in after.built.findings if item.severity == "error" and item.code != "S134"]


def test_an_answer_that_nobody_reviewed_leaves_residual_doubt(toy: Kit) -> None:
    toy.case["documents"].append(document(toy.folder, "WEAK", independent=False))
    toy.write(challenges=[challenge(requirement="R1")])
    toy.dispose("CH1", "answered", evidence=["WEAK", "DOC"])
    after = toy.take()
    assert after.standings["R1"].status is Status.PARTIAL and after.built.status["G3-R1"] is not Status.SUPPORTED


def changed_doubt(toy: Kit) -> None:
    toy.case["challenges"][0]["doubt"] += " Twice."


def changed_record(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPU"))


def changed_answer(toy: Kit) -> None:
    (toy.folder / "DOC.md").write_text("changed", "utf-8")


def changed_author(toy: Kit) -> None:
    toy.case["dispositions"][-1]["by"] = "ann"


def untied(toy: Kit) -> None:
    del toy.case["dispositions"][-1]["of"]


@pytest.mark.parametrize("change", [changed_doubt, changed_record, changed_answer, changed_author, untied])
def test_a_disposition_lapses(toy: Kit, change: Any) -> None:
    toy.write(challenges=[challenge(run="run-1")])
    toy.dispose("CH1", "answered", evidence=["DOC"])
    assert toy.doubts()["CH1"].state is DoubtState.ANSWERED
    change(toy)
    after = toy.take()
    assert toy.doubts()["CH1"].state is DoubtState.STANDS
    assert after.standings["R1"].status is Status.IN_DOUBT and "S132" in codes(after)


def test_the_newest_disposition_that_counts_decides(toy: Kit) -> None:
    toy.write(challenges=[challenge(requirement="R1")])
    toy.dispose("CH1", "accepted")
    toy.dispose("CH1", "upheld")
    assert toy.doubts()["CH1"].state is DoubtState.UPHELD
    toy.dispose("CH1", "answered", evidence=["DOC"], of="sha256:" + "0" * 64)
    assert toy.doubts()["CH1"].state is DoubtState.UPHELD, "one that lapsed does not hide an earlier one"


def test_a_challenge_aimed_at_nothing_is_not_lost(toy: Kit) -> None:
    after = toy.write(challenges=[challenge(element="G99")]).take()
    assert "S133" in codes(after) and after.built.status["G1"] is Status.IN_DOUBT


@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("challenges", [challenge(requirement="R9")], "C110"),
        ("challenges", [challenge(run="run-9")], "C110"),
        ("challenges", [challenge(document="D9")], "C110"),
        ("challenges", [challenge(requirement="R1") | {"raised_by": "eve"}], "C110"),
        ("challenges", [challenge(requirement="R1") | {"evidence": ["D9"]}], "C110"),
        ("challenges", [challenge(requirement="R1") | {"id": "TM.1"}], "C111"),
        ("challenges", [challenge(requirement="R1"), challenge(requirement="R2")], "C111"),
        ("challenges", [challenge()], "C106"),
        ("challenges", [challenge(requirement="R1", run="run-1")], "C106"),
        ("dispositions", [{"challenge": "CH9"}], "C110"),
        ("dispositions", [{"challenge": "TM.2"}], "C110"),
        ("dispositions", [{"challenge": "TM.1", "by": "eve"}], "C110"),
        ("dispositions", [{"challenge": "TM.1", "decision": "answered"}], "C106"),
        ("dispositions", [{"challenge": "TM.1", "rationale": "so"}], "C106"),
    ],
)
def test_bad_declarations_are_refused(toy: Kit, part: str, value: list[dict[str, Any]], code: str) -> None:
    base = {"decision": "accepted", "by": "rev", "date": "2026-03-03", "rationale": "Looked at by the safety board."}
    if part == "dispositions":
        value = [base | item for item in value]
    with pytest.raises(InputError) as caught:
        toy.write(**{part: value}).load()
    assert code in {item.code for item in caught.value.findings}


# --- exclusions --------------------------------------------------------------------------------------------------------


def test_an_exclusion_is_a_challenge_until_somebody_answers_for_it(toy: Kit) -> None:
    toy.write(dispositions=[])
    before = toy.take()
    assert "stickers on the sensor" in before.built.argument["CG-TM.1"].text
    assert [item.id for item in before.built.argument.challengers("G3-R1")] == ["CG-TM.1"]
    assert before.built.status["G9"] is Status.UNDEVELOPED and before.built.status["G1"] is Status.IN_DOUBT
    assert before.standings["R1"].status is Status.SUPPORTED, "what was examined is not touched"
    toy.dispose("TM.1", "accepted")
    after = toy.take()
    assert "CG-TM.1" not in after.built.argument
    assert after.built.status["G10-TM.1"] is Status.PARTIAL and after.built.status["G1"] is Status.PARTIAL
    (owner,) = after.built.argument.children("G10-TM.1")
    assert "Rev Reviewer, verifier" in owner.text


def test_a_treated_exclusion_can_be_supported(toy: Kit) -> None:
    after = toy.take()
    assert after.built.status["G10-TM.1"] is Status.SUPPORTED and after.built.status["G9"] is Status.SUPPORTED
    assert [item.id for item in after.built.argument.children("G10-TM.1")] == ["Sn10-TM.1-DOC", "Sn10-TM.1-disposition"]


def test_an_upheld_exclusion_contradicts(toy: Kit) -> None:
    toy.dispose("TM.1", "upheld")
    after = toy.take()
    assert after.built.status["G3-R1"] is Status.CONTRADICTED and after.built.argument["G3-R1"].defeated
    assert "S134" in codes(after)


def test_a_new_exclusion_is_accepted_by_nobody(toy: Kit) -> None:
    """A blanket acceptance holds for the threat model that was looked at."""
    threat = toy.load().case.threat_models[0]
    blanket = {
        "id": "D", "about": "TM", "rationale": "known and watched by the crew", "accepted_by": "rev",
        "date": "2026-03-01",
    }  # fmt: skip
    toy.write(dispositions=[], deviations=[blanket])
    assert toy.doubts()["TM.1"].state is DoubtState.STANDS and "C130" in codes(toy.take()), "it names no digest"
    toy.write(deviations=[blanket | {"of": threat_digest(threat)}])
    assert toy.doubts()["TM.1"].state is DoubtState.ACCEPTED and "C130" not in codes(toy.take())
    toy.case["threat_models"][0]["exclusions"].append("rain on the sensor")
    assert {item.state for item in toy.doubts().values()} == {DoubtState.STANDS}
    assert toy.take().built.status["G1"] is Status.IN_DOUBT and "C130" in codes(toy.take())


# --- counter-evidence --------------------------------------------------------------------------------------------------


def test_counterexamples_challenge_the_claim_and_name_what_they_affect(toy: Kit) -> None:
    digest = toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    after = toy.take()
    (against,) = after.built.argument.challengers("G4-R1")
    assert after.built.argument[against.id].evidence == (digest,)  # type: ignore[union-attr]
    assert after.built.status["G4-R1"] is Status.IN_DOUBT
    (finding,) = [item for item in after.findings if item.code == "S130"]
    assert all(id in finding.message for id in ("G1", "S1", "G3-R1", "S3-R1", "G4-R1")) and "R2" not in finding.message
    assert not any(item.defeated for item in after.built.argument), "defeat is never automatic"
    relations = [item for item in after.built.argument.relations if item.type is RelationType.CHALLENGES]
    assert not any(item.defeated for item in relations)


def test_a_record_that_only_refutes_supports_nothing(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    after = toy.take()
    assert not after.built.argument.children("G4-R1") and len(after.built.argument.challengers("G4-R1")) == 1
    assert after.built.status["G4-R1"] is Status.CONTRADICTED


def test_a_deviation_disposes_of_counterexamples(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    claim = toy.load().claims["R1"]
    toy.case["deviations"] = [
        {
            "id": "D", "about": "R1", "rationale": "known and watched by the crew", "accepted_by": "rev",
            "date": "2026-03-01", "of": claim.identity, "regions_at_most": 1,
        }
    ]  # fmt: skip
    after = toy.take()
    assert after.built.status["G4-R1"] is Status.PARTIAL and "S130" not in codes(after)
    assert len(after.built.argument.challengers("G4-R1")) == 1, "the counterexample stays in sight"


def test_the_worse_of_two_statuses() -> None:
    order = [
        Status.CONTRADICTED,
        Status.STALE,
        Status.IN_DOUBT,
        Status.UNDEVELOPED,
        Status.PARTIAL,
        Status.SUPPORTED,
    ]
    for i, one in enumerate(order):
        for j, other in enumerate(order):
            assert worst(one, other) is order[min(i, j)]


def test_a_failing_test_challenges_the_requirement_it_is_about(toy: Kit) -> None:
    text = '<testsuite name="s" tests="1" failures="1"><testcase name="t"><failure/></testcase></testsuite>'
    made = document(toy.folder, "T", evidence="performance-test", examined="executable-on-target", about=["R1"])
    (toy.folder / "T.xml").write_text(text, "utf-8")
    toy.case["documents"].append(made | {"path": "T.xml", "digest": of_bytes(text.encode()), "format": "junit"})
    after = toy.take()
    assert after.standings["R1"].status is Status.IN_DOUBT and after.built.status["G4-R1"] is Status.IN_DOUBT
    (against,) = after.built.argument.challengers("G4-R1")
    assert "reports a failure" in against.text
    assert any("R1" in item.message for item in after.findings if item.code == "S130")
    assert after.built.status["G4-R2"] is Status.SUPPORTED
