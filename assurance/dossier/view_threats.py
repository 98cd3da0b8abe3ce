"""View of the threat models and of the attack taxonomy: what is covered, by what, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from assurance.challenges import Doubt, DoubtState, resting_on
from assurance.dossier.parts import Fact, Link, anchor, goal_link, requirement_link
from assurance.dossier.view_risks import decided
from assurance.snapshot import Snapshot
from evidence.threat import ThreatModel, describe


@dataclass(frozen=True)
class ExclusionRow:
    """An exclusion with what was decided about it (`state`, in words before `decision`) and where it is argued."""

    text: str
    state: str
    decision: str
    goals: tuple[Link, ...]


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
    goals = _goals(snapshot)
    return ThreatsView(
        threats=tuple(_threat(snapshot, item, goals) for item in snapshot.loaded.case.threat_models),
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
        covered=f"{covered} of {len(vectors)} kinds of attack vector {'is' if covered == 1 else 'are'}",
    )


def _requirement_anchor(id: str, known: set[str]) -> str | None:
    return requirement_link(id).anchor if id in known else None


def _threat(snapshot: Snapshot, threat: ThreatModel, goals: dict[str, list[str]]) -> ThreatView:
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
            _exclusion(doubt, goals)
            for doubt in snapshot.built.doubts
            if doubt.is_exclusion and doubt.aimed_at[1] == threat.id
        ),
        used_by=tuple(requirement_link(id) for id in resting_on(snapshot.loaded.case, threat.id)),
    )


def _exclusion(doubt: Doubt, goals: dict[str, list[str]]) -> ExclusionRow:
    links = tuple(goal_link(id) for id in goals.get(doubt.id, ()))
    open_ = doubt.state is DoubtState.STANDS
    return ExclusionRow(
        doubt.text, "nobody has disposed of it" if open_ else f"{doubt.state.value} by", decided(doubt), links
    )


def _goals(snapshot: Snapshot) -> dict[str, list[str]]:
    """By exclusion where it stands in the argument: the challenge that it makes, or the goals about its disposition."""
    built = snapshot.built
    made = {item.doubt.id: [item.element] for item in built.challenges if item.doubt is not None}
    held: dict[str, list[str]] = {}
    for item in built.argument:
        if (
            item.provenance
            and item.id in built.status
            and (name := dict(item.provenance.binding).get("residual_risks"))
        ):
            held.setdefault(name, []).append(item.id)
    return held | made
