"""Why a record does not support a claim: each mismatch alone, with its own code; and the boundaries of the criterion."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds, kit, quantity, ranges, smooth, smoothing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.claims import Claim
from assurance.support import Assessment, Level, Yardstick, assess
from evidence.records import RunRecord
from evidence.specification import Boxes, L2Ball, LinfBall, NeverChosen, Port, Range, SensorError, Statement, Within
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor

TOTAL = {"R1": 4, "R2": 2, "R3": 4}


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


@pytest.fixture
def claim_r1(toy: Kit) -> Claim:
    return toy.load().claims["R1"]


def change(statement: Statement, **changes: Any) -> Statement:
    """A statement with other fields; a dotted name reaches into the regions."""
    for name in [key for key in changes if key.startswith("regions_")]:
        value = {name.removeprefix("regions_"): changes.pop(name)}
        changes["regions"] = changes.get("regions", statement.regions).model_copy(update=value)
    return Statement.model_validate(statement.model_copy(update=changes).model_dump(mode="json"))


def codes(found: Assessment) -> list[str]:
    return [item.code for item in found.reasons]


def weaken(record: RunRecord, **guarantee: Any) -> RunRecord:
    return record.model_copy(update={"guarantee": record.guarantee.model_copy(update=guarantee)})


# --- the list -------------------------------------------------------------------------------------------------------


def test_a_fitting_record_supports(toy: Kit) -> None:
    for id, total in TOTAL.items():
        claim = toy.load().claims[id]
        found = assess(claim, bounds(claim.statement, "P" * total), total)
        assert (found.level, found.reasons, found.established, found.met) == (Level.FULL, (), total, True)


def test_each_mismatch_has_its_own_code(toy: Kit) -> None:
    """A claim of Linf stability of the base network, offered evidence that is wrong in one way each time."""
    claim = toy.load().claims["R1"]
    s = claim.statement

    def offer(statement: Statement = s, letters: str = "PPPP", **guarantee: Any) -> tuple[str, ...]:
        found = assess(claim, weaken(bounds(statement, letters), **guarantee), 4)
        assert found.level is Level.NONE and found.established == 0 and not found.met
        return tuple(codes(found))

    answers = {
        "L2 evidence": offer(change(s, regions_perturbation=L2Ball(eps=quantity("0.1 m")))),
        "a smaller radius": offer(change(s, regions_perturbation=LinfBall(eps=quantity("0.0999 m")))),
        "another model": offer(change(s, model="sha256:" + "9" * 64)),
        "a statistical record": offer(kind=GuaranteeKind.STATISTICAL, error_probability=0.001, simultaneous=True),
        "an unchecked bound": offer(letters="CCCC"),
        "smoothed evidence": offer(change(s, predictor=Predictor.SMOOTHED), predictor=Predictor.SMOOTHED),
        "other data": offer(change(s, regions_data="sha256:" + "9" * 64)),
        "fewer inputs": offer(change(s, regions_inputs=(0, 1, 2)), "PPP"),
        "another condition": offer(change(s, condition=NeverChosen(outputs=("down",)))),
        "another decision rule": offer(change(s, decision="argmin")),
        "other units": offer(change(s, inputs=(Port(name="x", unit="ft"), Port(name="y", unit="ft")))),
        "other output names": offer(change(s, outputs=("up", "down", "hold"))),
        "another arithmetic": offer(arithmetic=Arithmetic.FLOAT32_ONE),
        "an empirical record": offer(kind=GuaranteeKind.EMPIRICAL),
        "a documentary record": offer(kind=GuaranteeKind.DOCUMENTARY),
        "one sensor only": offer(change(s, regions_perturbation=SensorError(tolerances={"x": quantity("0.1 m")}))),
    }
    firsts = {name: found[0] for name, found in answers.items()}
    assert firsts == {
        "L2 evidence": "S102",
        "a smaller radius": "S103",
        "another model": "S101",
        "a statistical record": "S106",
        "an unchecked bound": "S107",
        "smoothed evidence": "S108",
        "other data": "S104",
        "fewer inputs": "S104",
        "another condition": "S105",
        "another decision rule": "S105",
        "other units": "S116",
        "other output names": "S116",
        "another arithmetic": "S109",
        "an empirical record": "S106",
        "a documentary record": "S106",
        "one sensor only": "S102",
    }
    for name, found in answers.items():
        assert set(found) <= {firsts[name], "S111"}, (name, found)


def test_a_missing_or_dependent_review_is_a_reason_of_its_own(toy: Kit) -> None:
    del toy.requirement("R1")["meaning_review"]
    claim = toy.load().claims["R1"]
    found = assess(claim, bounds(claim.statement, "PPPP"), 4)
    assert found.level is Level.NONE and codes(found) == ["S110"] and found.met
    for review in ({"by": "rev", "independent": False}, {"by": "ann", "independent": False}):
        toy.requirement("R1")["meaning_review"] = {"date": "2026-02-01"} | review
        claim = toy.load().claims["R1"]
        found = assess(claim, bounds(claim.statement, "PPPP"), 4)
        assert found.level is Level.PARTIAL and codes(found) == ["S118"]


def test_a_real_proof_never_supports_a_claim_about_float32(toy: Kit) -> None:
    """The float trap: what holds over the reals can fail in every float32 execution."""
    del toy.requirement("R1")["property"]["arithmetic"]
    claim = toy.load().claims["R1"]
    assert claim.statement.arithmetic is Arithmetic.FLOAT32
    for named in (claim.statement, change(claim.statement, arithmetic=Arithmetic.REAL)):
        found = assess(claim, bounds(named, "PPPP"), 4)
        assert found.level is Level.NONE and "S109" in codes(found) and found.established == 0
    one = assess(claim, weaken(bounds(claim.statement, "PPPP"), arithmetic=Arithmetic.FLOAT32_ONE), 4)
    assert one.level is Level.NONE and "S109" in codes(one), "one implementation is not every execution"


def test_smoothed_evidence_and_its_own_mismatches(toy: Kit) -> None:
    toy.case = smooth(toy.case)
    claim = toy.load().claims["R1"]
    s = claim.statement

    def offer(record: RunRecord) -> tuple[Level, list[str]]:
        found = assess(claim, record, 4)
        return found.level, codes(found)

    assert offer(smoothing(s, [0.5] * 4)) == (Level.FULL, [])
    assert offer(smoothing(s, [0.5] * 4, error_probability=0.02))[0] is Level.NONE
    assert offer(smoothing(s, [0.5] * 4, error_probability=0.02))[1][0] == "S113"
    assert offer(smoothing(s, [0.5] * 4, simultaneous=False))[1][0] == "S113"
    assert offer(smoothing(s, [0.5] * 4, simultaneous=None))[1][0] == "S113"
    assert offer(smoothing(s, [0.5] * 4, error_probability=0.01)) == (Level.FULL, [])
    below = math.nextafter(0.5, 0)
    assert offer(smoothing(s, [0.5, 0.5, 0.5, below])) == (Level.FULL, []), "three of four are asked for"
    assert offer(smoothing(s, [0.5, 0.5, below, below])) == (Level.PARTIAL, ["S111"])
    assert offer(smoothing(s, [0.5] * 4, wrong=2)) == (Level.PARTIAL, ["S111"])
    assert offer(smoothing(s, [0.5, 0.5, 0.0, 0.0])) == (Level.PARTIAL, ["S111"])
    assert offer(smoothing(s, [0.0] * 4)) == (Level.NONE, ["S111"])
    smaller = change(s, regions_perturbation=L2Ball(eps=quantity("0.4 m")))
    assert offer(smoothing(smaller, [0.9] * 4)) == (Level.NONE, ["S103"])
    other_noise = smoothing(s, [0.9] * 4).model_copy(update={"sigma": 1.0})
    assert offer(other_noise) == (Level.NONE, ["S108"]), "another noise is another classifier"
    base = bounds(change(s, predictor=Predictor.BASE), "PPPP")
    assert "S108" in offer(base)[1] and offer(base)[0] is Level.NONE


def test_a_ball_that_contains_the_claimed_one_supports(toy: Kit) -> None:
    claim = toy.load().claims["R1"]
    for outer in (
        LinfBall(eps=quantity("0.2 m")),
        SensorError(tolerances={"x": quantity("0.1 m"), "y": quantity("0.3 m")}),
        L2Ball(eps=quantity("0.1415 m")),
    ):
        found = assess(claim, bounds(change(claim.statement, regions_perturbation=outer), "PPPP"), 4)
        assert found.level is Level.FULL, outer
    too_small = change(claim.statement, regions_perturbation=L2Ball(eps=quantity("0.1414 m")))
    assert codes(assess(claim, bounds(too_small, "PPPP"), 4)) == ["S102"]


def test_a_counterexample_in_a_larger_ball_need_not_lie_in_the_claimed_one(toy: Kit) -> None:
    claim = toy.load().claims["R1"]
    wider = change(claim.statement, regions_perturbation=LinfBall(eps=quantity("0.2 m")))
    found = assess(claim, bounds(wider, "PPPR"), 4)
    assert (found.established, found.refuted, found.level) == (3, 0, Level.FULL)
    same = assess(claim, bounds(claim.statement, "PPPR"), 4)
    assert (same.established, same.refuted) == (3, 1) and "S112" in codes(same)


def test_a_perturbation_in_another_unit_is_a_reason_and_no_crash(toy: Kit) -> None:
    claim = toy.load().claims["R1"]
    for odd in (
        LinfBall(eps=quantity("0.1 ft")),
        SensorError(tolerances={"z": quantity("0.1 m")}),
        LinfBall(eps=quantity("-1 m")),
    ):
        found = assess(claim, bounds(change(claim.statement, regions_perturbation=odd), "PPPP"), 4)
        assert found.level is Level.NONE and codes(found) == ["S116"]


def test_a_yardstick_says_of_each_record_what_it_says_of_it_alone(toy: Kit) -> None:
    """What was worked out for one record is used again only where the next one shares the statement itself."""
    toy.requirement("R1")["property"]["regions"]["inputs"] = [3, 1]
    claim = toy.load().claims["R1"]
    whole = change(claim.statement, regions_inputs="all")
    again = change(claim.statement, regions_inputs="all")
    other = change(whole, model="sha256:" + "9" * 64)
    wider = change(whole, regions_perturbation=LinfBall(eps=quantity("0.2 m")))
    records = [
        bounds(whole, "UPUP"),
        bounds(whole, "PP"),  # its data end before the claim's input 3
        bounds(whole, "PRUU"),
        weaken(bounds(whole, "UPUP"), predictor=Predictor.SMOOTHED),
        bounds(again, "UPUR"),
        bounds(other, "UPUP"),
        bounds(wider, "UPUR"),
    ]
    alone = [assess(claim, record, 2) for record in records]
    assert len({(found.level, found.reasons, found.refuted_at) for found in alone}) == 7
    for changed in (frozenset[str](), frozenset({other.model})):
        yardstick = Yardstick(claim, 2, changed)
        for first in range(len(records)):
            for second in range(len(records)):
                for number in (first, second):
                    assert yardstick.assess(records[number]) == assess(claim, records[number], 2, changed)


# --- regions of claim and record ------------------------------------------------------------------------------------------------


def test_listed_inputs_are_found_by_their_number(toy: Kit) -> None:
    toy.requirement("R1")["property"]["regions"]["inputs"] = [3, 1]
    toy.requirement("R1")["property"]["at_least"] = 1.0
    claim = toy.load().claims["R1"]
    s = claim.statement
    whole = change(s, regions_inputs="all")
    assert assess(claim, bounds(whole, "UPUP"), 2).level is Level.FULL
    assert assess(claim, bounds(whole, "PUPP"), 2).level is Level.PARTIAL
    assert assess(claim, bounds(whole, "PUPU"), 2).level is Level.NONE
    assert assess(claim, bounds(change(s, regions_inputs=(0, 1, 2, 3)), "UPUP"), 2).level is Level.FULL
    assert assess(claim, bounds(change(s, regions_inputs=(1, 2, 3)), "PUP"), 2).level is Level.FULL
    assert codes(assess(claim, bounds(change(s, regions_inputs=(1, 2)), "PP"), 2)) == ["S104"]
    assert codes(assess(claim, bounds(whole, "PP"), 2)) == ["S104"], "the record's data end before input 3"


def test_a_record_with_fewer_regions_than_its_data_is_refused(toy: Kit) -> None:
    for id in ("R1", "R3"):
        claim = toy.load().claims[id]
        for letters in ("P", "PPP", "PPPPP"):
            found = assess(claim, bounds(claim.statement, letters), 4)
            assert found.level is Level.NONE and codes(found) == ["S104"]


def test_boxes_are_joined_by_name_and_range(toy: Kit) -> None:
    claim = toy.load().claims["R2"]
    boxes = claim.statement.regions
    assert isinstance(boxes, Boxes)
    west, east = boxes.boxes
    swapped = change(claim.statement, regions_boxes=(east, west))
    assert assess(claim, bounds(swapped, "PU"), 2).established == 1
    assert assess(claim, ranges(swapped, "PP"), 2).level is Level.FULL
    more = change(claim.statement, regions_boxes=(west, west.model_copy(update={"id": "third"}), east))
    assert assess(claim, bounds(more, "PUP"), 2).level is Level.FULL
    assert assess(claim, bounds(more, "PRP"), 2).refuted == 0, "a counterexample in a box that the claim does not state"
    for other in (
        (west,),
        (west, east.model_copy(update={"id": "far"})),
        (west, east.model_copy(update={"ranges": west.ranges})),
    ):
        found = assess(claim, bounds(change(claim.statement, regions_boxes=other), "P" * len(other)), 2)
        assert found.level is Level.NONE and codes(found) == ["S104"]


def test_regions_of_another_kind_or_table_do_not_fit(toy: Kit) -> None:
    claims = toy.load().claims
    cells = claims["R3"]
    other = change(cells.statement, regions_table="sha256:" + "9" * 64)
    assert codes(assess(cells, bounds(other, "PPPP"), 4)) == ["S104"]
    for mine, theirs in (("R1", "R2"), ("R2", "R3"), ("R3", "R1")):
        found = assess(claims[mine], bounds(claims[theirs].statement, "P" * TOTAL[theirs]), TOTAL[mine])
        assert found.level is Level.NONE and {"S104", "S105"} & set(codes(found))


def test_a_changed_file_makes_every_record_about_it_stale(toy: Kit) -> None:
    claims = toy.load().claims
    model = claims["R1"].statement.model
    for id, claim in claims.items():
        found = assess(claim, bounds(claim.statement, "P" * TOTAL[id]), TOTAL[id], [model])
        assert found.level is Level.NONE and codes(found)[0] == "S114" and found.established == 0
    for id, field in (("R1", "data"), ("R3", "table")):
        digest = getattr(claims[id].statement.regions, field)
        assert codes(assess(claims[id], bounds(claims[id].statement, "PPPP"), 4, [digest]))[0] == "S114"
        assert assess(claims["R2"], bounds(claims["R2"].statement, "PP"), 2, [digest]).level is Level.FULL


# --- the criterion -----------------------------------------------------------------------------------------------------------------


def judge(claim: Claim, letters: str) -> Assessment:
    return assess(claim, bounds(claim.statement, letters), len(letters))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.integers(1, 100), letters=st.text("PCRU", min_size=1, max_size=30))
def test_levels_follow_from_counts_exactly(claim_r1: Claim, share: int, letters: str) -> None:
    claim = dataclasses.replace(claim_r1, criterion=dataclasses.replace(claim_r1.criterion, at_least=share / 100))
    found = judge(claim, letters)
    total, proved, refuted = len(letters), letters.count("P"), letters.count("R")
    needed = max(1, math.ceil(Fraction(share, 100) * total))
    assert (found.needed, found.refuted, found.total) == (needed, refuted, total)
    if total - refuted < needed:
        assert found.level is Level.CONTRADICTS
    elif proved >= needed:
        assert found.level is Level.FULL and found.met
    else:
        assert found.level is (Level.PARTIAL if proved else Level.NONE) and not found.met
    assert ("S112" in codes(found)) == bool(refuted)
    if found.level is Level.FULL and not refuted:
        assert not codes(found)


@pytest.mark.parametrize(
    ("share", "total", "needed"),
    [
        (0.1, 10, 1),
        (0.7, 10, 7),
        (0.29, 100, 29),
        (0.57, 100, 57),
        (0.9, 10, 9),
        (1.0, 7, 7),
        (0.001, 10, 1),
        (0.34, 3, 2),
    ],
)
def test_thresholds_are_decimal_not_binary(toy: Kit, share: float, total: int, needed: int) -> None:
    """0.29 of 100 is 29, although 0.29 * 100 is a little more in binary."""
    toy.requirement("R1")["property"]["at_least"] = share
    claim = toy.load().claims["R1"]
    at, below = "P" * needed + "U" * (total - needed), "P" * (needed - 1) + "U" * (total - needed + 1)
    assert judge(claim, at).level is Level.FULL
    assert judge(claim, below).level in (Level.PARTIAL, Level.NONE) and "S111" in codes(judge(claim, below))


def test_candidates_never_count_beside_proofs(toy: Kit) -> None:
    claim = toy.load().claims["R1"]
    found = judge(claim, "PPCC")
    assert (found.level, found.established) == (Level.PARTIAL, 2) and {"S107", "S111"} <= set(codes(found))
    assert judge(claim, "PPPC").level is Level.FULL, "three of four are asked for, and proved"


def test_other_statements_of_the_same_family_do_not_fit(toy: Kit) -> None:
    claim = toy.load().claims["R2"]
    for condition in (
        NeverChosen(outputs=("up",)),
        NeverChosen(outputs=("up", "down")),
        Within(ranges={"up": Range(lower=0, upper=1, unit="1")}),
    ):
        found = assess(claim, bounds(change(claim.statement, condition=condition), "PP"), 2)
        assert found.level is Level.NONE and codes(found) == ["S105"]
