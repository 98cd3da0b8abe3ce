"""Which requirements and which goals of the argument are affected.

A requirement: its standing or its claim differs, or the state of its evidence. A goal: its own text and status, what stands beside
it, the requirement that it claims, the meaning of the requirements that it is about, the state of its evidence, or a goal below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assurance.impact.facts import GoalFact, RequirementFact
from assurance.impact.grounds import MEANING, Because, Grounds, distinct, effect
from assurance.impact.report import Affected
from assurance.words import counted

_DOUBTS = frozenset({"challenge", "disposition", "deviation", "threat model"})
"""Kinds of items whose id stands in the identifiers of the goals that they lead to."""


def affected_requirements(grounds: Grounds) -> Iterator[Affected]:
    """All requirements that are affected."""
    then = {item.id: item for item in grounds.old.requirements}
    now = {item.id: item for item in grounds.new.requirements}
    twins = _twins(then, now)
    titles = {item.key: item.title for state in (grounds.old, grounds.new) for item in state.items}
    for id in dict.fromkeys([*then, *now]):
        before, after = then.get(id), now.get(id)
        names = [*(before.evidence if before else ()), *(after.evidence if after else ())]
        if before is not None and after is not None and _bare(before) == _bare(after) and not grounds.differs(names):
            continue
        status = before.status if before else None, after.status if after else None
        twin = twins.get(id)
        yield Affected(
            id=id,
            type="requirement",
            text=titles.get(f"requirement text {id}", ""),
            effect=effect(*status),
            before=status[0],
            after=status[1],
            because=distinct([*grounds.rests_on(id), *grounds.tools(names)])
            or grounds.only()
            or _fields(before, after),
            caution=_lost_refutation(before, after, twin),
            same_as=twin.id if twin is not None else None,
        )


def _twins(then: Mapping[str, RequirementFact], now: Mapping[str, RequirementFact]) -> dict[str, RequirementFact]:
    """For requirements that are gone or new, the new or gone one that asks for just the same: another id is another requirement."""
    gone = {item.meaning: item for id, item in then.items() if id not in now}
    come = {item.meaning: item for id, item in now.items() if id not in then}
    pairs = [(gone[meaning], come[meaning]) for meaning in gone.keys() & come.keys()]
    return {one.id: other for pair in pairs for one, other in (pair, pair[::-1])}


def _bare(item: RequirementFact) -> RequirementFact:
    """All but the names of the items that it is made of: a renamed threat model means the same."""
    return item.model_copy(update={"rests_on": ()})


def _fields(before: RequirementFact | None, after: RequirementFact | None) -> Because:
    """For want of a changed item: which fields differ."""
    if before is None or after is None:
        return ("the case",)
    return tuple(f"its {name}" for name in type(before).model_fields if getattr(before, name) != getattr(after, name))


def _lost_refutation(
    before: RequirementFact | None, after: RequirementFact | None, twin: RequirementFact | None
) -> str | None:
    """Counterexamples that count no more because something else is asked are not refuted themselves: the reader is told."""
    after = after or twin
    if before is None or before.refuted <= (after.refuted if after is not None else 0):
        return None
    if after is None:
        return f"it had {counted(before.refuted, 'region')} with counterexamples, and nobody asks for it any more"
    lost = f"{before.refuted - after.refuted} of {before.refuted} regions with counterexamples are not held against it any more"
    if before.criterion != after.criterion:
        return f"{lost}: what is asked has changed"
    if before.identity != after.identity:
        return f"{lost}: they were found in another model"
    return f"{lost}: the evidence has changed"


def affected_goals(grounds: Grounds, requirements: tuple[Affected, ...]) -> Iterator[Affected]:
    """All goals and strategies that are affected."""
    goals = _Goals(grounds, {item.id: item.because for item in requirements})
    for id in dict.fromkeys([*goals.then, *goals.now]):
        because = goals.because(id, frozenset())
        before, after = goals.then.get(id), goals.now.get(id)
        one = after or before
        if because is None or one is None:
            continue
        status = before.status if before else None, after.status if after else None
        yield Affected(
            id=id,
            type=one.type,
            text=one.text,
            effect=effect(*status),
            before=status[0],
            after=status[1],
            because=because,
        )


class _Goals:
    """The goals of two arguments, each looked at once."""

    def __init__(self, grounds: Grounds, requirements: dict[str, Because]) -> None:
        self.grounds, self.requirements = grounds, requirements
        self.then = {item.id: item for item in grounds.old.goals}
        self.now = {item.id: item for item in grounds.new.goals}
        meanings = [{item.id: item.meaning for item in state.requirements} for state in (grounds.old, grounds.new)]
        self.reworded = {
            id for id in meanings[0].keys() | meanings[1].keys() if meanings[0].get(id) != meanings[1].get(id)
        }
        self.doubts = [(f"-{item.id}", [key]) for key, item in grounds.notable.items() if item.kind in _DOUBTS]
        for word in (*grounds.old.sign_offs, *grounds.new.sign_offs):
            if word.kind in _DOUBTS:
                self.doubts.append((f"-{word.id}", list(grounds.known(word.rests_on))))
        self._done: dict[str, Because | None] = {}

    def because(self, id: str, path: frozenset[str]) -> Because | None:
        """Why a goal is affected, or None when it is not."""
        if id in self._done:
            return self._done[id]
        if id in path:
            return None  # circular support; the rules report the circle
        before, after = self.then.get(id), self.now.get(id)
        affected, because = self._own(before, after)
        for child in distinct(name for goal in (before, after) if goal for name in goal.children):
            below = self.because(child, path | {id})
            affected = affected or below is not None
            because += below or ()
        self._done[id] = (distinct(because) or self.grounds.only() or _differing(before, after)) if affected else None
        return self._done[id]

    def _own(self, before: GoalFact | None, after: GoalFact | None) -> tuple[bool, list[str]]:
        """Whether something of the goal itself differs, and the changed items that explain it."""
        goals = [goal for goal in (before, after) if goal is not None]
        names = distinct(name for goal in goals for name in goal.evidence)
        affected, because = False, list[str]()
        for requirement in distinct(goal.requirement for goal in goals if goal.requirement):
            if requirement in self.requirements:
                affected = True
                because += self.requirements[requirement]
        for requirement in distinct(name for goal in goals for name in goal.about):
            if requirement in self.reworded:
                affected = True
                because += self.grounds.rests_on(requirement, MEANING)
        if self.grounds.differs(names):
            affected = True
            because += [*self.grounds.behind(names), *self.grounds.tools(names)]
        if before != after:
            affected = True
            because += self._explained(goals)
        return affected, because

    def _explained(self, goals: list[GoalFact]) -> Iterator[str]:
        """Changed items that can be why a goal reads otherwise, or is new or gone."""
        moved = frozenset[str]() if len(goals) < 2 else frozenset(goals[0].evidence) ^ frozenset(goals[1].evidence)
        for goal in goals:
            yield from self.grounds.known([f"pattern {goal.pattern}", f"pattern file {goal.pattern}"])
            for name in goal.about:  # a goal about the meaning of a sentence does not depend on runs
                results = (
                    goal.requirement or name not in self.reworded or any(map(self.grounds.is_record, goal.evidence))
                )
                yield from self.grounds.rests_on(name, None if results else MEANING | {"meaning review"})
            yield from self.grounds.behind(goal.evidence, moved)
            yield from (key for id, keys in self.doubts if keys and id in goal.id for key in keys)


def _differing(before: GoalFact | None, after: GoalFact | None) -> Because:
    """For want of a changed item: what of the argument differs."""
    if before is None or after is None:
        return ("new in the argument",) if before is None else ("gone from the argument",)
    own = [f"text of {after.id}"] if before.text != after.text else []
    beside = dict.fromkeys([*before.beside, *after.beside])
    own += [f"text of {name}" for name in beside if before.beside.get(name) != after.beside.get(name)]
    return tuple(own) or ("argument",)
