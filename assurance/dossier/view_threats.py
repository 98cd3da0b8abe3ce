"""View of the threat models and of the attack taxonomy: what is covered, by what, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from assurance.case import BallsOf, Case
from assurance.dossier.parts import Fact, Link, anchor, goal_link, requirement_link
from assurance.snapshot import Snapshot
from evidence.threat import ThreatModel, describe


@dataclass(frozen=True)
class ExclusionRow:
    text: str
    goal: Link | None
    status: str


@dataclass(frozen=True)
class ThreatView:
    """One threat model; its limits stand beside what it covers."""

    id: str
    anchor: str
    title: str
    facts: tuple[Fact, ...]
    exclusions: tuple[ExclusionRow, ...]
    used_by: tuple[Link, ...]


@dataclass(frozen=True)
class AttackRow:
    axis: str
    title: str
    meaning: str
    covered: bool
    covered_by: tuple[Link, ...]
    note: str


@dataclass(frozen=True)
class ThreatsView:
    threats: tuple[ThreatView, ...]
    attacks: tuple[AttackRow, ...]
    covered: str


_GOALS = {"untargeted": "any wrong output", "targeted": "one particular wrong output"}
_KNOWLEDGE = {"white-box": "weights and structure known", "black-box": "only answers to queries known"}


def threats_view(snapshot: Snapshot) -> ThreatsView:
    """The chapter on threats, from the case file and the standing of its requirements."""
    vectors = [item for item in snapshot.attacks if item.attack.axis == "vector"]
    covered = sum(bool(item.covered_by) for item in vectors)
    known = {item.id for item in snapshot.loaded.case.requirements}
    return ThreatsView(
        threats=tuple(_threat(snapshot, item) for item in snapshot.loaded.case.threat_models),
        attacks=tuple(
            AttackRow(
                item.attack.axis,
                item.attack.title,
                item.attack.meaning,
                bool(item.covered_by),
                # each name is a requirement's identifier and its status in brackets
                tuple(Link(name, _requirement_anchor(name.split(" ")[0], known)) for name in item.covered_by),
                item.note,
            )
            for item in snapshot.attacks
        ),
        covered=f"{covered} of {len(vectors)} kinds of attack vector",
    )


def _requirement_anchor(id: str, known: set[str]) -> str | None:
    return requirement_link(id).anchor if id in known else None


def _threat(snapshot: Snapshot, threat: ThreatModel) -> ThreatView:
    case: Case = snapshot.loaded.case
    used = [
        item.id
        for item in case.requirements
        if item.property
        and isinstance(item.property.regions, BallsOf)
        and item.property.regions.threat_model == threat.id
    ]
    return ThreatView(
        id=threat.id,
        anchor=anchor("threat", threat.id),
        title=threat.title,
        facts=(
            Fact("Perturbation set", describe(threat.perturbation)),
            Fact("Adversary's aim", _GOALS[threat.goal]),
            Fact("Adversary's knowledge", _KNOWLEDGE[threat.knowledge]),
            Fact("Rationale", threat.rationale),
        ),
        exclusions=tuple(
            _exclusion(snapshot, threat, number, text) for number, text in enumerate(threat.exclusions, 1)
        ),
        used_by=tuple(requirement_link(id) for id in used),
    )


def _exclusion(snapshot: Snapshot, threat: ThreatModel, number: int, text: str) -> ExclusionRow:
    """An exclusion with the goal that carries it in the argument, which its provenance names."""
    built, wanted = snapshot.built, f"{threat.id}-{number}"
    for item in built.argument:
        bound = dict(item.provenance.binding) if item.provenance else {}
        if bound.get("exclusions") == wanted and item.id in built.status:
            return ExclusionRow(text, goal_link(item.id), built.status[item.id].value)
    return ExclusionRow(text, None, "")
