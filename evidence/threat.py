"""Threat models and the attack taxonomy: against what a statement protects, and against what it does not.

A threat model always lists exclusions. `taxonomy_coverage` answers, for each kind of attack that a reviewer
will ask about, whether some evidence addresses it, which, and otherwise that nothing does.
Not here: whether the evidence is strong enough for a claim (assurance/support.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from evidence.regions import tolerances
from evidence.specification import Frozen, L2Ball, LinfBall, Perturbation, Port, SensorError

Goal = Literal["untargeted", "targeted"]
Knowledge = Literal["white-box", "black-box"]
_Text = Annotated[str, StringConstraints(min_length=5, strip_whitespace=True)]


class ThreatModel(Frozen):
    """What may disturb the inputs, by whom, why that much, and what is left out."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
    title: str
    goal: Goal = "untargeted"
    knowledge: Knowledge = "white-box"
    perturbation: Perturbation
    rationale: Annotated[str, StringConstraints(min_length=10, strip_whitespace=True)]
    exclusions: tuple[_Text, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Attack:
    """One entry of the taxonomy."""

    axis: Literal["goal", "knowledge", "vector"]
    id: str
    title: str
    meaning: str


TAXONOMY: tuple[Attack, ...] = (
    Attack("goal", "untargeted", "Untargeted", "any wrong output will do"),
    Attack("goal", "targeted", "Targeted", "one particular wrong output is sought"),
    Attack("knowledge", "white-box", "White box", "weights and structure are known to the adversary"),
    Attack("knowledge", "black-box", "Black box", "only answers to queries are known to the adversary"),
    Attack("vector", "evasion-l0", "Evasion, few inputs (L0)", "a bounded number of inputs changes by any amount"),
    Attack("vector", "evasion-l2", "Evasion, Euclidean (L2)", "the change of the input vector has bounded length"),
    Attack("vector", "evasion-linf", "Evasion, per input (Linf)", "every input changes by a bounded amount"),
    Attack("vector", "evasion-patch", "Evasion, patch", "a contiguous part of an image is replaced"),
    Attack("vector", "evasion-geometric", "Evasion, geometric", "rotation, translation, scale, perspective"),
    Attack("vector", "evasion-photometric", "Evasion, photometric", "brightness, contrast, colour, weather, blur"),
    Attack("vector", "evasion-physical", "Evasion, physical", "objects placed in the scene: stickers, projections"),
    Attack("vector", "evasion-sensors", "Evasion, several sensors", "coordinated change of more than one sensor"),
    Attack("vector", "poisoning", "Poisoning", "training data are altered"),
    Attack("vector", "backdoor", "Backdoor", "a hidden trigger is learned or planted"),
    Attack("vector", "extraction", "Model extraction", "the model is copied through queries"),
    Attack("vector", "membership", "Membership inference", "it is found out what was in the training data"),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether one entry of the taxonomy is addressed, by which records or documents, and with which limit."""

    attack: Attack
    covered_by: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """What one item of evidence holds for, as far as the taxonomy asks: its name and its perturbation set."""

    name: str
    perturbation: LinfBall | L2Ball | SensorError
    keeps_label: bool = True
    """False: some outputs are excluded or bounded, others are not; then no word about *any* wrong output."""
    stands: bool = True
    """False: examined, but contradicted, in doubt, stale or not established; it covers nothing."""
    extent: str = ""
    """Where it holds: at how many listed inputs, for which predictor, with which probability."""


_NOT_COVERED = "not covered: no evidence in this case addresses it"


def taxonomy_coverage(evidence: Iterable[Addressed]) -> tuple[Coverage, ...]:
    """One row for each entry of the taxonomy.

    A statement about every point of a set holds whatever the adversary wants or knows, so it covers both goals
    and both degrees of knowledge - inside that set only. A ball of one norm is counted for that norm alone.
    """
    items = sorted(evidence, key=lambda item: item.name)
    rows = []
    for attack in TAXONOMY:
        fitting = [item for item in items if _addresses(item, attack)]
        names = tuple(item.name for item in fitting if item.stands)
        if names:
            note = "covered only: " + "; ".join(_where(item) for item in fitting if item.stands)
        elif fitting:
            note = (
                f"not covered: examined by {', '.join(item.name for item in fitting)}, which does not count as covered"
            )
        else:
            note = _NOT_COVERED
        rows.append(Coverage(attack, names, note))
    return tuple(rows)


def _where(item: Addressed) -> str:
    """Where an item covers an attack, in words: where it holds, and inside which perturbation set."""
    return ", ".join(part for part in (item.extent, f"inside {describe(item.perturbation)}") if part)


def _addresses(item: Addressed, attack: Attack) -> bool:
    moving = _moving(item.perturbation)
    if not moving:
        return False  # a set without any change withstands no attack
    if attack.axis != "vector":
        return item.keeps_label or attack.id != "untargeted"
    if attack.id == "evasion-linf":
        return isinstance(item.perturbation, LinfBall | SensorError)
    if attack.id == "evasion-l2":
        return isinstance(item.perturbation, L2Ball)
    return attack.id == "evasion-sensors" and isinstance(item.perturbation, SensorError) and moving > 1


def _moving(perturbation: LinfBall | L2Ball | SensorError) -> int:
    """How many stated sizes are above zero."""
    if isinstance(perturbation, SensorError):
        return sum(size.value > 0 for size in perturbation.tolerances.values())
    return int(perturbation.eps.value > 0)


def describe(perturbation: LinfBall | L2Ball | SensorError) -> str:
    """The perturbation set in words, with numbers and units from the data."""
    if isinstance(perturbation, LinfBall):
        return f"changes of each input by at most {perturbation.eps} (Linf)"
    if isinstance(perturbation, L2Ball):
        return f"changes of Euclidean length up to {perturbation.eps} (L2)"
    parts = " and ".join(f"of {name} by at most {amount}" for name, amount in sorted(perturbation.tolerances.items()))
    return f"simultaneous errors {parts}"


def contains(
    outer: LinfBall | L2Ball | SensorError, inner: LinfBall | L2Ball | SensorError, inputs: tuple[Port, ...]
) -> bool:
    """True when every perturbation in `inner` is also in `outer` (units must agree, else InputError N103).

    A Linf ball or a tolerance box contains the L2 ball of its smallest half-width; an L2 ball of radius r
    contains a box when the box's half-diagonal is at most r.
    """
    wide, narrow = tolerances(outer, inputs), tolerances(inner, inputs)
    if isinstance(outer, L2Ball):
        if isinstance(inner, L2Ball):
            return bool(inner.eps.value <= outer.eps.value)
        # rounded-up half-widths make this comparison err on the side of "not contained"
        return math.hypot(*narrow.tolist()) * (1 + 1e-12) <= outer.eps.value
    return bool((narrow <= wide).all())
