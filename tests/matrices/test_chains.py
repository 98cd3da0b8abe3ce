"""Chains are what case, argument and coverage say: both directions hold the same links, holes are shown as holes."""

from __future__ import annotations

from case_toys import Kit, bounds, document

from assurance.matrices import render_matrices
from assurance.matrices.chains import Chain, EvidenceSort, Links, links
from assurance.snapshot import Snapshot

Pair = tuple[str, tuple[str, str]]


def chains(found: Links, requirement: str) -> list[Chain]:
    return [chain for chain in found.forward() if chain.requirement == requirement]


def test_a_proved_requirement_has_a_whole_chain(toy: Kit) -> None:
    toy.prove("R1")
    found = links(toy.take())
    (chain,) = [item for item in chains(found, "R1") if item.evidence and item.evidence.sort is EvidenceSort.RECORD]
    assert chain.run == "run-1" and chain.evidence is not None and chain.evidence.current
    assert "G4-R1" in chain.goals and not chain.against
    assert ("do-178c", "A-4.1") in chain.objectives


def test_runs_without_a_record_and_requirements_without_a_run_are_holes(toy: Kit) -> None:
    toy.case["runs"] = toy.case["runs"][:2]
    found = links(toy.take())
    (waiting,) = [item for item in chains(found, "R1") if item.evidence is None]
    assert waiting.run == "run-1" and waiting.objectives == ()
    (nothing,) = [item for item in chains(found, "R3") if item.evidence is None]
    assert nothing.run is None and nothing.objectives == ()


def test_a_review_does_not_hide_that_no_run_examines_a_requirement(toy: Kit) -> None:
    toy.case["runs"] = []
    toy.case["documents"] = [document(toy.folder, "review", about=["R1"], objectives=["do-178c:A-3.2"])]
    found = chains(links(toy.take()), "R1")
    assert any(item.evidence is None and item.run is None for item in found)
    assert any(item.evidence is not None and item.evidence.name == "review" for item in found)


def test_an_old_record_stays_and_a_counterexample_speaks_against_its_goal(toy: Kit) -> None:
    refuted = toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    toy.prove("R2")
    found = chains(links(toy.take()), "R2")
    (old,) = [item for item in found if item.evidence and item.evidence.id == refuted]
    assert old.evidence is not None and not old.evidence.current
    assert old.against == ("G4-R2",) and "G4-R2" not in old.goals


def test_evidence_about_the_case_as_a_whole_stands_under_no_requirement(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "audit", evidence="quality-audit", objectives=["do-178c:A-9.1"])]
    found = [item for item in links(toy.take()).forward() if item.requirement is None]
    assert [item.evidence.name for item in found if item.evidence] == ["audit", "case file"]


def test_goals_of_one_requirement_are_not_shown_for_another(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "test", evidence="performance-test", about=["R1", "R2", "R3"])]
    for name in ("R1", "R2"):
        del toy.requirement(name)["property"]
        del toy.requirement(name)["meaning_review"]
    toy.case["runs"] = toy.case["runs"][2:]
    found = links(toy.take())
    (first,) = [item for item in chains(found, "R1") if item.evidence and item.evidence.name == "test"]
    assert "G4-R1" in first.goals and "G4-R2" not in first.goals


def test_both_directions_say_the_same(sample: tuple[Snapshot, str]) -> None:
    found = links(sample[0])
    forward = {(item.evidence.id, key) for item in found.forward() if item.evidence for key in item.objectives}
    back = [item for item in found.backward() if item.evidence]
    backward = {(item.evidence.id, item.objective.key) for item in back if item.evidence and not item.problem}
    assert forward == backward
    rows = {
        (digest, (covered.catalogue.id, row.entry.id))
        for covered in sample[0].coverage
        for row in covered.rows
        for digest in row.evidence
        if digest in found.evidence
    }
    assert backward == rows
    against = {(item.evidence.id, key) for item in found.forward() if item.evidence for key in item.opposes}
    assert against == {(item.evidence.id, item.objective.key) for item in back if item.evidence and item.problem}


def test_what_contradicts_an_objective_stands_with_it(toy: Kit) -> None:
    """A contradicted objective must not stand in the matrix with its favourable evidence alone."""
    toy.prove("R1", "R3")
    digest = toy.keep("R2", bounds(toy.statement("R2"), "RR"), outcome="refuted")
    snapshot = toy.take()
    found = links(snapshot)
    mine = [item for item in found.backward() if item.objective.key == ("do-178c", "A-4.1")]
    (against,) = [item for item in mine if item.problem]
    assert against.evidence is not None and against.evidence.id == digest and against.problem == "PR-R2-refuted"
    assert against.requirements == ("R2",) and against.goals == found.against[digest]
    (chain,) = [item for item in chains(found, "R2") if item.evidence and item.evidence.id == digest]
    assert ("do-178c", "A-4.1") in chain.opposes and not chain.objectives
    page = render_matrices(snapshot)
    assert "open problem report PR-R2-refuted" in page and "REFUTED" in page


def test_every_objective_and_every_requirement_has_a_row(sample: tuple[Snapshot, str]) -> None:
    found = links(sample[0])
    assert {item.objective.key for item in found.backward()} == set(found.objectives)
    assert {item.requirement for item in found.forward()} - {None} == set(found.requirements)
    assert {item.evidence.id for item in found.forward() if item.evidence} == set(found.evidence)


def test_no_link_is_invented(sample: tuple[Snapshot, str]) -> None:
    """Every goal of a chain is one that a solution with this evidence supports, or challenges."""
    snapshot = sample[0]
    argument = snapshot.built.argument
    for chain in links(snapshot).forward():
        if chain.evidence is None:
            continue
        for goal in chain.goals:
            below = argument.children(goal)
            assert any(chain.evidence.id in getattr(item, "evidence", ()) for item in below), (chain, goal)


def test_a_bounded_look_back_keeps_every_objective(sample: tuple[Snapshot, str]) -> None:
    found = links(sample[0])
    few = list(found.backward(1))
    assert {item.objective.key for item in few} == set(found.objectives)
    assert len([item for item in few if not item.problem]) == len(found.objectives)
