"""Which problem reports and which words of named persons are affected: acceptances, deviations, dispositions, meaning reviews.

A report that vanished although nobody closed it gets a caution. A word is listed when it came to count or does not count any more, and
when it still counts although what it is about has changed, because it is tied to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.impact.facts import ProblemFact, SignOffFact
from assurance.impact.grounds import MEANING, Grounds, distinct, effect
from assurance.impact.report import Affected, AffectedObjective, AffectedSignOff

STANDS, DOES_NOT_COUNT = "stands", "does not count"


def affected_problems(grounds: Grounds, requirements: tuple[Affected, ...]) -> Iterator[Affected]:
    """All problem reports that were opened, closed, changed, or that vanished."""
    reasons = {item.id: item.because for item in requirements}
    then = {item.id: item for item in grounds.old.problems}
    now = {item.id: item for item in grounds.new.problems}
    heirs = {frozenset(item.evidence): item.id for item in now.values() if item.id not in then and item.evidence}
    for id in dict.fromkeys([*then, *now]):
        before, after = then.get(id), now.get(id)
        one = after or before
        if one is None or before == after:
            continue
        reports = [report for report in (before, after) if report is not None]
        because = list(grounds.known([f"problem report {id}"]))
        because += grounds.behind(distinct(name for report in reports for name in report.evidence))
        because += [key for report in reports for name in report.requirements for key in reasons.get(name, ())]
        state = before.state if before else None, after.state if after else None
        yield Affected(
            id=id,
            type="problem report",
            text=one.text,
            effect=effect(*state),
            before=state[0],
            after=state[1],
            because=distinct(because) or grounds.only() or ("evidence",),
            caution=_vanished(before, after, heirs.get(frozenset(one.evidence))),
        )


def _vanished(before: ProblemFact | None, after: ProblemFact | None, heir: str | None) -> str | None:
    if before is None or after is not None or before.closed:
        return None
    if heir is not None:
        return f"nobody closed it: its evidence opens {heir} now, and what was recorded about it does not count there"
    return "nobody closed it: what opened it is not held against the case any more"


def affected_words(grounds: Grounds, objectives: tuple[AffectedObjective, ...]) -> Iterator[AffectedSignOff]:
    """All words of named persons that somebody has to look at again."""
    then = {item.key: item for item in grounds.old.sign_offs}
    now = {item.key: item for item in grounds.new.sign_offs}
    rows = {f"{item.standard}:{item.id}": item.because for item in objectives}
    for key in dict.fromkeys([*then, *now]):
        before, after = then.get(key), now.get(key)
        said = word(before), word(after)
        one = before if STANDS in said and said[1] != STANDS else after or before  # whose word it was that lapsed
        assert one is not None
        moved = one.about in rows or (before is not None and after is not None and _tied(before) != _tied(after))
        if said[0] == said[1] and not (moved and STANDS in said):
            continue
        because = [*rows.get(one.about, ())]
        because += grounds.rests_on(one.about, MEANING if one.kind == "meaning review" else None)
        because += grounds.known(name for fact in (before, after) if fact for name in fact.rests_on)
        yield AffectedSignOff(
            kind=one.kind,
            id=one.id,
            about=one.about,
            by=one.by,
            role=one.role,
            date=one.date,
            effect=effect(*said),
            before=said[0],
            after=said[1],
            expected=after.beneath if after is not None and after.kind in _TIED_TO_IT else None,
            because=distinct(because) or tuple(grounds.edited) or ("something else in the case file",),
        )


_TIED_TO_IT = ("acceptance", "disposition", "meaning review")
"""Kinds of words that name the digest of what they are about. A deviation names that of the claim, which `assurance check` prints."""


def _tied(item: SignOffFact) -> tuple[str, str, str, str | None, str]:
    return item.by, item.role, item.date, item.of, item.beneath


def word(item: SignOffFact | None) -> str | None:
    """Whether a word counts; None when there is none."""
    if item is None:
        return None
    return STANDS if item.stands else DOES_NOT_COUNT
