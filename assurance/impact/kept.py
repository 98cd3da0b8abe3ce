"""What a change does not reach, and why it may be kept: the other half of a change impact analysis.

Something is kept when it stands in both states and is not among what is affected. Not here: whether it was right before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assurance.impact.changes import current_records, documents
from assurance.impact.facts import Baseline
from assurance.impact.report import Affected, AffectedObjective, AffectedSignOff, Kept, KeptEvidence, Stale
from assurance.impact.words import STANDS, word


def kept(
    old: Baseline,
    new: Baseline,
    stale: Iterable[Stale],
    requirements: Iterable[Affected],
    goals: Iterable[Affected],
    objectives: Iterable[AffectedObjective],
    words: Iterable[AffectedSignOff],
) -> Kept:
    """What of the old state stands in the new one as it stood."""
    then = {item.key for item in old.sign_offs if word(item) == STANDS}
    now = {item.key for item in new.sign_offs if word(item) == STANDS}
    touched = {item.key for item in words}
    return Kept(
        evidence=tuple(_evidence(old, new, {(item.source, item.digest) for item in stale})),
        requirements=_both(
            (item.id for item in old.requirements), (item.id for item in new.requirements), requirements
        ),
        goals=len(_both((item.id for item in old.goals), (item.id for item in new.goals), goals)),
        objectives=len(
            ({item.key for item in old.objectives} & {item.key for item in new.objectives})
            - {f"{item.standard}:{item.id}" for item in objectives}
        ),
        words=tuple(item.key for item in old.sign_offs if item.key in then & now - touched),
    )


def _both(old: Iterable[str], new: Iterable[str], affected: Iterable[Affected]) -> tuple[str, ...]:
    left = set(new) - {item.id for item in affected}
    return tuple(id for id in old if id in left)


def _evidence(old: Baseline, new: Baseline, stale: set[tuple[str, str]]) -> Iterator[KeptEvidence]:
    answers = {run.id: run.answer for run in new.runs}
    records, papers = current_records(new), documents(new)
    for source, item in (*current_records(old).items(), *documents(old).items()):
        now = (papers if item.kind == "document" else records).get(source)
        if now is None or now.digest != item.digest or not now.usable or (source, item.digest) in stale:
            continue
        if item.kind != "document":
            reason = "it answers what its run asks: same statement, engine, parameters, seed and device"
            if answers.get(source) != item.digest:
                reason = "its run asks what it asked before; it has to be repeated for another reason"
        elif item.whole:
            reason = (
                "file and declaration are the same; whether it still fits the case as a whole is for its author to say"
            )
        else:
            reason = "file, declaration and what it is about are the same"
        yield KeptEvidence(
            digest=item.digest, kind=item.kind, source=source, requirement=item.requirement, reason=reason
        )
