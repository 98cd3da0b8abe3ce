"""A record that a cross-check contradicts: an error of the evidence, and nothing above it is green."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, bounds, kit

from assurance.dossier.trace import build_trace
from assurance.dossier.view_evidence import evidence_view
from assurance.status import Status
from assurance.support import Level, assess
from evidence.records import BoundsRecord, CrossCheck

AGREEING = CrossCheck(by="MILP, toy", examined=4, agreed=3, undecided=1)
CONTRARY = CrossCheck(
    by="MILP, toy", examined=4, agreed=2, disagreed=(3,), undecided=1, note="region 3: its margin is -0.5"
)


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    made.prove("R1", "R2", "R3")
    return made


def crossed(toy: Kit, check: CrossCheck, letters: str = "PPPP") -> BoundsRecord:
    return bounds(toy.statement("R1"), letters, cross_checks=(check,))


def test_a_contradicted_record_establishes_nothing(toy: Kit) -> None:
    claim = toy.load().claims["R1"]
    fine, contrary = (assess(claim, crossed(toy, check), 4) for check in (AGREEING, CONTRARY))
    assert (fine.level, fine.established, fine.reasons) == (Level.FULL, 4, ())
    assert (contrary.level, contrary.established, contrary.met) == (Level.NONE, 0, False)
    assert "S122" in {item.code for item in contrary.reasons}


def test_counterexamples_of_a_contradicted_record_stand(toy: Kit) -> None:
    found = assess(toy.load().claims["R1"], crossed(toy, CONTRARY, "PPRP"), 4)
    assert found.refuted == 1 and found.established == 0


def test_agreement_changes_nothing(toy: Kit) -> None:
    toy.keep("R1", crossed(toy, AGREEING))
    snapshot = toy.take()
    assert snapshot.standings["R1"].status is Status.SUPPORTED
    assert "E116" not in {item.code for item in snapshot.findings}


def test_disagreement_is_an_error_and_leaves_the_goal_in_doubt(toy: Kit) -> None:
    digest = toy.keep("R1", crossed(toy, CONTRARY), outcome="not-met")
    snapshot = toy.take()
    standing = snapshot.standings["R1"]
    assert standing.status is Status.IN_DOUBT and "S122" in {item.code for item in standing.reasons}
    (finding,) = [item for item in snapshot.findings if item.code == "E116"]
    assert finding.severity.value == "error" and finding.place.element == digest
    for goal in ("G1", "S1", "G4-R1"):
        assert snapshot.built.status[goal] is not Status.SUPPORTED


def test_a_later_record_does_not_hide_the_disagreement(toy: Kit) -> None:
    toy.keep("R1", crossed(toy, CONTRARY), outcome="not-met")
    toy.prove("R1")
    snapshot = toy.take()
    assert snapshot.standings["R1"].status is Status.IN_DOUBT
    assert "S122" in {item.code for item in snapshot.standings["R1"].reasons}
    assert "E116" in {item.code for item in snapshot.findings}


def test_a_deviation_never_makes_it_green(toy: Kit) -> None:
    toy.keep("R1", crossed(toy, CONTRARY), outcome="not-met")
    toy.case["deviations"] = [
        {
            "id": "D",
            "about": "R1",
            "rationale": "known and watched by the crew",
            "accepted_by": "rev",
            "date": "2026-03-01",
        }
    ]
    toy.write()
    assert toy.take().standings["R1"].status is Status.UNDEVELOPED
    toy.prove("R1")
    standing = toy.take().standings["R1"]
    assert standing.status is Status.PARTIAL and {"S122", "S117"} <= {item.code for item in standing.reasons}


def test_the_dossier_shows_both_results(toy: Kit) -> None:
    toy.keep("R1", crossed(toy, CONTRARY), outcome="not-met")
    snapshot = toy.take()
    view = evidence_view(snapshot, toy.store, build_trace(snapshot))
    rows = [row for record in view.records for row in record.rechecks if row.what.startswith("cross-check")]
    assert [row.agreed for row in rows] == ["2 of 4"]
    assert "DISAGREES on 1 region" in rows[0].note and "-0.5" in rows[0].note


def test_the_dossier_says_how_many_of_how_many_were_asked(toy: Kit) -> None:
    toy.keep("R1", crossed(toy, CrossCheck(by="MILP, toy", examined=2, agreed=1, undecided=1, note="2 were drawn")))
    snapshot = toy.take()
    view = evidence_view(snapshot, toy.store, build_trace(snapshot))
    rows = [row for record in view.records for row in record.rechecks if row.what.startswith("cross-check")]
    assert [row.agreed for row in rows] == ["1 of 2"]
    assert rows[0].note == "asked about 2 of 4 regions; undecided: 1; 2 were drawn"
