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
            because=distinct(because) or ("evidence",),
            caution=_vanished(before, after),
        )


def _vanished(before: ProblemFact | None, after: ProblemFact | None) -> str | None:
    if before is None or after is not None or before.closed:
        return None
    return "nobody closed it: what opened it is not held against the case any more"


def affected_words(grounds: Grounds, objectives: tuple[AffectedObjective, ...]) -> Iterator[AffectedSignOff]:
    """All words of named persons that somebody has to look at again."""
    then = {item.key: item for item in grounds.old.sign_offs}
    now = {item.key: item for item in grounds.new.sign_offs}
    rows = {f"{item.standard}:{item.id}": item.because for item in objectives}
    for key in dict.fromkeys([*then, *now]):
        before, after = then.get(key), now.get(key)
        one = after or before
        assert one is not None
        said = _word(before), _word(after)
        moved = one.about in rows or (before is not None and after is not None and _tied(before) != _tied(after))
        if said[0] == said[1] and not (moved and STANDS in said):
            continue
        because = [*rows.get(one.about, ())]
        because += grounds.rests_on(one.about, MEANING if one.kind == "meaning review" else None)
        names = (
            f"threat model {one.about}",
            f"{one.kind} {one.id}",
            f"{one.kind} {one.about}",
            f"challenge {one.about}",
        )
        because += grounds.known(names)
        because += (item for item in grounds.notable if item.startswith("threat model ") and _excludes(item, one))
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
            # what a deviation is tied to is the claim's identity, which `assurance check` prints
            expected=after.beneath if after is not None and after.kind != "deviation" else None,
            because=distinct(because) or ("something else in the case file",),
        )


def _excludes(key: str, word: SignOffFact) -> bool:
    """Whether a disposition is about an exclusion of this threat model: its id, a dot and a number."""
    return word.kind == "disposition" and word.about.rpartition(".")[0] == key.removeprefix("threat model ")


def _tied(item: SignOffFact) -> tuple[str, str, str | None, str]:
    return item.by, item.date, item.of, item.beneath


def _word(item: SignOffFact | None) -> str | None:
    if item is None:
        return None
    return STANDS if item.stands else DOES_NOT_COUNT
