"""Confidence in the tool: what records show of it, and claim points that ask for it on every link to a record."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, bounds, kit

from assurance.gsn.elements import Goal, Solution
from assurance.snapshot import Snapshot
from assurance.status import Status
from evidence.diagnostics import Severity
from evidence.records import CrossCheck, Recheck


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path).write(patterns=["ml-constituent", "tool-confidence"])


def goals(snapshot: Snapshot) -> dict[str, Status]:
    start = "tool-confidence."
    return {id.removeprefix(start): word for id, word in snapshot.built.status.items() if id.startswith(start)}


def check(agreed: int, *disagreed: int, examined: int = 4) -> CrossCheck:
    undecided = examined - agreed - len(disagreed)
    return CrossCheck(by="milp", examined=examined, agreed=agreed, disagreed=disagreed, undecided=undecided)


def test_without_records_nothing_speaks_for_the_tool(toy: Kit) -> None:
    found = goals(toy.take())
    assert set(found.values()) == {Status.UNDEVELOPED}


def test_what_records_show_is_shown_and_no_more(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    found = goals(toy.take())
    assert found["G9"] is Status.SUPPORTED and found["G2"] is Status.PARTIAL, "nobody vouches for the checker"
    assert found["G3"] is Status.UNDEVELOPED, "no other method was asked"
    assert found["G5"] is Status.UNDEVELOPED, "that every counterexample was replayed says nothing where there is none"
    assert found["G1"] is Status.PARTIAL


def test_a_bound_that_was_not_confirmed_lowers_it(toy: Kit) -> None:
    statement = toy.statement("R1")
    toy.keep("R1", bounds(statement, "PPPP", rechecks=(Recheck(by="checker", what="bounds", agreed=4, of=4),)))
    assert goals(toy.take())["G9"] is Status.SUPPORTED
    toy.keep("R2", bounds(toy.statement("R2"), "CC"))
    assert goals(toy.take())["G9"] is Status.SUPPORTED, "an unchecked bound does not count as shown"


def test_other_methods(toy: Kit) -> None:
    statement = toy.statement("R1")
    toy.keep("R1", bounds(statement, "PPPP", cross_checks=(check(4),)))
    assert goals(toy.take())["G3"] is Status.SUPPORTED
    toy.keep("R1", bounds(statement, "PPPP", cross_checks=(check(3),)))
    assert goals(toy.take())["G3"] is Status.PARTIAL, "one region stayed open"
    toy.keep("R1", bounds(statement, "PPPP", cross_checks=(check(3, 2),)))
    assert goals(toy.take())["G3"] is Status.IN_DOUBT
    toy.keep("R1", bounds(statement, "PPPP", cross_checks=(check(4),)))
    toy.prove("R2")
    assert goals(toy.take())["G3"] is Status.PARTIAL, "nobody asked about R2"


def test_replayed_counterexamples(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    assert goals(toy.take())["G5"] is Status.SUPPORTED


def test_every_link_to_a_record_has_a_claim_point(toy: Kit) -> None:
    toy.prove("R1", "R2")
    snapshot = toy.take()
    argument = snapshot.built.argument
    records = {item.digest for item in snapshot.register.runs}
    marked = {(link.source, link.target) for point in argument.claim_points for link in point.relations}
    expected = {
        (goal.id, item.id)
        for goal in argument
        if isinstance(goal, Goal) and not goal.id.startswith("tool-confidence.")
        for item in argument.children(goal.id)
        if isinstance(item, Solution) and records & set(item.evidence)
    }
    assert expected and expected <= marked
    assert {point.goal for point in argument.claim_points} == {"tool-confidence.G1"}
    assert not [item for item in snapshot.built.findings if item.severity is Severity.ERROR]


def test_without_the_pattern_there_is_nothing_to_refer_to(toy: Kit) -> None:
    toy.prove("R1")
    assert not toy.write(patterns=["ml-constituent"]).take().built.argument.claim_points
