"""Containment of perturbation sets by sampling, and the taxonomy that never leaves an entry out."""

from __future__ import annotations

import random
from typing import Any

import pytest
from core_toys import quantity
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evidence.errors import InputError
from evidence.specification import L2Ball, LinfBall, Port, SensorError
from evidence.threat import TAXONOMY, Addressed, ThreatModel, contains, describe, taxonomy_coverage

PORTS = tuple(Port(name=name, unit="m") for name in "xyz")
Set = LinfBall | L2Ball | SensorError


def inside(perturbation: Set, move: list[float], slack: float) -> bool:
    """Membership, written out apart from the code under test."""
    if isinstance(perturbation, LinfBall):
        return all(abs(d) <= perturbation.eps.value * (1 + slack) for d in move)
    if isinstance(perturbation, L2Ball):
        return sum(d * d for d in move) <= (perturbation.eps.value * (1 + slack)) ** 2
    limits = [perturbation.tolerances[p.name].value if p.name in perturbation.tolerances else 0.0 for p in PORTS]
    return all(abs(d) <= limit * (1 + slack) for d, limit in zip(move, limits, strict=True))


def extreme(perturbation: Set, rng: random.Random) -> list[float]:
    """A point on the rim of the set."""
    if isinstance(perturbation, L2Ball):
        if rng.random() < 0.5:
            axis = rng.randrange(3)
            return [perturbation.eps.value if i == axis else 0.0 for i in range(3)]
        direction = [rng.gauss(0, 1) for _ in range(3)]
        length = sum(d * d for d in direction) ** 0.5
        return [perturbation.eps.value * d / length for d in direction]
    if isinstance(perturbation, LinfBall):
        return [rng.choice((-1, 1)) * perturbation.eps.value for _ in range(3)]
    limits = [perturbation.tolerances[p.name].value if p.name in perturbation.tolerances else 0.0 for p in PORTS]
    return [rng.choice((-1, 1)) * limit for limit in limits]


_SIZES = st.sampled_from(["0 m", "0.1 m", "0.2 m", "0.25 m", "0.3 m", "0.5 m", "1 m", "3 m"])
_SETS: st.SearchStrategy[Set] = st.one_of(
    st.builds(LinfBall, eps=_SIZES),
    st.builds(L2Ball, eps=_SIZES),
    st.builds(SensorError, tolerances=st.dictionaries(st.sampled_from("xyz"), _SIZES, min_size=1)),
)


@settings(max_examples=400, deadline=None)
@given(_SETS, _SETS, st.integers(0, 1000))
def test_containment_agrees_with_points_on_the_rim(outer: Set, inner: Set, seed: int) -> None:
    """Sampled for every pair of kinds: contained means every rim point is; not contained means some rim point is not."""
    rng = random.Random(seed)
    points = [extreme(inner, rng) for _ in range(40)]
    if contains(outer, inner, PORTS):
        assert all(inside(outer, point, 1e-9) for point in points)
    elif isinstance(inner, L2Ball) and not isinstance(outer, L2Ball):
        axes = [[inner.eps.value if i == axis else 0.0 for i in range(3)] for axis in range(3)]
        assert not all(inside(outer, point, -1e-9) for point in axes)
    else:
        assert not all(inside(outer, point, -1e-9) for point in points)


@settings(max_examples=100, deadline=None)
@given(_SETS)
def test_every_set_but_one_contains_itself(some: Set) -> None:
    assert contains(some, some, PORTS)


def test_exact_boundaries() -> None:
    def linf(eps: str) -> LinfBall:
        return LinfBall(eps=quantity(eps))

    def l2(eps: str) -> L2Ball:
        return L2Ball(eps=quantity(eps))

    assert contains(linf("0.1 m"), l2("0.1 m"), PORTS) and not contains(linf("0.1 m"), l2("0.1000001 m"), PORTS)
    assert not contains(l2("0.1 m"), linf("0.1 m"), PORTS), "a cube of that half-width sticks out of the ball"
    assert contains(l2("1.7320508075689 m"), linf("0.9999999 m"), PORTS)
    assert not contains(l2("1.7320508 m"), linf("1 m"), PORTS)
    some = SensorError(tolerances={"x": quantity("0.1 m")})
    assert contains(linf("0.1 m"), some, PORTS) and not contains(some, linf("0.1 m"), PORTS)
    assert contains(l2("0.1000000001 m"), some, PORTS)
    assert not contains(l2("1e-300 m"), linf("1e-200 m"), PORTS), "squares that vanish must not count as contained"


def test_other_units_and_names_are_errors() -> None:
    for bad in (
        LinfBall(eps=quantity("1 ft")),
        L2Ball(eps=quantity("1 ft")),
        SensorError(tolerances={"w": quantity("1 m")}),
        LinfBall(eps=quantity("-1 m")),
    ):
        for pair in ((bad, LinfBall(eps=quantity("1 m"))), (LinfBall(eps=quantity("1 m")), bad)):
            with pytest.raises(InputError) as caught:
                contains(pair[0], pair[1], PORTS)
            assert caught.value.finding.code in ("N102", "N103", "N104")


# --- the taxonomy ------------------------------------------------------------------------------------------------------

_ASKED = {
    "untargeted", "targeted", "white-box", "black-box", "evasion-l0", "evasion-l2", "evasion-linf", "evasion-patch",
    "evasion-geometric", "evasion-photometric", "evasion-physical", "evasion-sensors", "poisoning", "backdoor",
    "extraction", "membership",
}  # fmt: skip


def test_the_taxonomy_has_every_entry_that_was_asked_for() -> None:
    assert {attack.id for attack in TAXONOMY} == _ASKED and len(TAXONOMY) == len(_ASKED)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.builds(Addressed, name=st.sampled_from(["R1", "R2", "R3"]), perturbation=_SETS), max_size=4))
def test_each_entry_appears_and_says_whether_it_is_covered(evidence: list[Addressed]) -> None:
    rows = taxonomy_coverage(evidence)
    assert [row.attack for row in rows] == list(TAXONOMY)
    for row in rows:
        assert bool(row.covered_by) == row.note.startswith("covered only") != row.note.startswith("not covered")
    never = _ASKED - {
        "untargeted",
        "targeted",
        "white-box",
        "black-box",
        "evasion-l2",
        "evasion-linf",
        "evasion-sensors",
    }
    assert all(not row.covered_by for row in rows if row.attack.id in never)


def covered(*sets: Set) -> set[str]:
    rows = taxonomy_coverage(Addressed(f"R{i}", item) for i, item in enumerate(sets))
    return {row.attack.id for row in rows if row.covered_by and row.attack.axis == "vector"}


def test_a_ball_covers_its_own_norm_only() -> None:
    assert covered() == set()
    assert covered(LinfBall(eps=quantity("1 m"))) == {"evasion-linf"}
    assert covered(L2Ball(eps=quantity("1 m"))) == {"evasion-l2"}
    assert covered(SensorError(tolerances={"x": quantity("1 m")})) == {"evasion-linf"}
    assert covered(SensorError(tolerances={"x": quantity("1 m"), "y": quantity("1 m")})) == {
        "evasion-linf",
        "evasion-sensors",
    }
    assert covered(SensorError(tolerances={"x": quantity("1 m"), "y": quantity("0 m")})) == {"evasion-linf"}, (
        "one sensor alone is disturbed"
    )


def test_a_set_without_change_covers_nothing() -> None:
    for still in (
        LinfBall(eps=quantity("0 m")),
        L2Ball(eps=quantity("0 m")),
        SensorError(tolerances={"x": quantity("0 m")}),
    ):
        assert not any(row.covered_by for row in taxonomy_coverage([Addressed("R1", still)]))


def test_the_words_carry_numbers_units_and_norm() -> None:
    assert "0.123456789 m" in describe(LinfBall(eps=quantity("0.123456789 m"))) and "Linf" in describe(
        LinfBall(eps=quantity("1 m"))
    )
    assert "L2" in describe(L2Ball(eps=quantity("1 m")))
    words = describe(SensorError(tolerances={"y": quantity("2 m"), "x": quantity("1 m")}))
    assert words.index("x by at most 1 m") < words.index("y by at most 2 m")


# --- threat models -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"exclusions": ()},
        {"exclusions": ("",)},
        {"exclusions": ("          ",)},
        {"rationale": "                    "},
        {"rationale": "short"},
        {"id": ""},
        {"id": "x" * 65},
        {"id": "a b"},
        {"goal": "any"},
        {"perturbation": {"kind": "l0", "eps": "1 m"}},
        {"perturbation": {"kind": "linf", "eps": 1}},
        {"perturbation": None},
    ],
)
def test_a_threat_model_says_why_and_what_it_leaves_out(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "id": "TM",
        "title": "noise",
        "perturbation": LinfBall(eps=quantity("1 m")),
        "rationale": "the data sheet of the sensor",
        "exclusions": ("stickers",),
    }
    ThreatModel(**good)
    with pytest.raises(ValidationError):
        ThreatModel(**(good | change))
