"""Orphans both ways, each with its code; what serves is no orphan."""

from __future__ import annotations

import dataclasses

from case_toys import Kit, bounds, document
from gap_toys import about, codes, report

from assurance.gaps.orphans import orphans
from assurance.gsn.model import Argument


def test_what_serves_is_no_orphan(proved: Kit) -> None:
    found = codes(report(proved).orphans)
    assert not found & {"T110", "T111", "T112", "T113", "T117", "T118", "T119"}


def test_declared_runs_without_a_record(toy: Kit) -> None:
    toy.prove("R1")
    assert [text.split()[1] for text in about(report(toy).orphans, "T112")] == ["run-2", "run-3"]


def test_a_record_that_establishes_nothing(toy: Kit) -> None:
    toy.prove("R2", "R3")
    toy.keep("R1", bounds(toy.statement("R1"), "UUUU"), outcome="not-met")
    assert len(about(report(toy).orphans, "T111")) == 1


def test_a_record_with_counterexamples_is_used_against_the_claim(toy: Kit) -> None:
    toy.prove("R2", "R3")
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    assert not codes(report(toy).orphans) & {"T110", "T111"}


def test_a_record_that_no_objective_takes_and_no_goal_cites(proved: Kit) -> None:
    snapshot = proved.take()
    assert not about(orphans(snapshot), "T110")
    bare = dataclasses.replace(snapshot.built, argument=Argument("empty", "an argument without evidence"))
    alone = dataclasses.replace(snapshot, coverage=(), built=bare)
    assert [text.split()[4] for text in about(orphans(alone), "T110")] == ["run-1", "run-2", "run-3"]


def test_documents(toy: Kit) -> None:
    toy.case["documents"] = [
        document(toy.folder, "unused"),
        document(toy.folder, "leg", about=["requirements"]),
        document(toy.folder, "wrong", evidence="quality-audit", objectives=["do-178c:A-1.6"]),
        document(toy.folder, "right", objectives=["do-178c:A-1.6"]),
    ]
    found = report(toy).orphans
    assert [text.split()[1] for text in about(found, "T113")] == ["unused"]
    assert [text.split()[1] for text in about(found, "T114")] == ["leg"]
    assert about(found, "T119") == ["document wrong: do-178c:A-1.6"]


def test_a_document_offered_where_the_level_asks_for_nothing_is_not_refused(toy: Kit) -> None:
    toy.case["hazards"][0]["failure_condition"] = "minor"
    toy.case["standards"] = [{"id": "do-178c", "level": "D"}]
    toy.case["documents"] = [document(toy.folder, "early", objectives=["do-178c:A-1.6"])]
    assert not about(report(toy).orphans, "T119")


def test_goals_without_objective_are_named_once_at_the_top(toy: Kit) -> None:
    goals = [text.split()[1] for text in about(report(toy).orphans, "T115")]
    assert goals == ["G1:"]


def test_objectives_without_goal_are_counted_per_standard(proved: Kit) -> None:
    (text,) = about(report(proved).orphans, "T116")
    assert text.startswith("do-178c: ") and "A-1.1" in text and "A-4.1" not in text.split("more")[0]


def test_requirements_without_hazard(toy: Kit) -> None:
    toy.case["requirements"].append(
        {
            "id": "R4",
            "title": "Derived",
            "text": "It shall be quick.",
            "derived": "asked for by the target computer",
            "author": "ann",
        }
    )
    toy.case["requirements"].append(
        {"id": "R5", "title": "Below", "text": "It shall be very quick.", "parents": ["R4"], "author": "ann"}
    )
    assert [text.split()[1] for text in about(report(toy).orphans, "T117")] == ["R4", "R5"]
    toy.case["requirements"][3]["hazards"] = ["H1"]
    assert not about(report(toy).orphans, "T117")


def test_safety_requirements_that_nothing_refines(toy: Kit) -> None:
    toy.case["safety_requirements"].append({"id": "SR2", "text": "Nor any other harm.", "hazards": ["H1"]})
    assert about(report(toy).orphans, "T118") == ["no requirement refines SR2"]


def test_orphans_that_other_checks_find_are_taken_over_once(toy: Kit) -> None:
    toy.case["hazards"].append({"id": "H2", "title": "Unanswered", "failure_condition": "minor"})
    found = report(toy).orphans
    assert len(about(found, "T101")) == 1
