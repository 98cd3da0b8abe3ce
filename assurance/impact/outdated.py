"""Which evidence of the old state became stale, and which runs `assurance run` would carry out in the new state.

Both follow from requests: a record is outdated where the request that it answered differs from what its run asks now. Which runs are
to be repeated was decided when the state was taken (runs.py), with the store at hand; here it only gets its reasons.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.impact.changes import current_records, documents
from assurance.impact.facts import Baseline, EvidenceFact, RunFact
from assurance.impact.report import Changed, Part, Rerun, Stale, StaleState, ToNote
from assurance.impact.runs import ENGINE_VERSION, LIBRARY, outdated
from evidence.digest import is_digest, short

_SHOWN, _LONGEST = 3, 70


def stale(old: Baseline, new: Baseline) -> Iterator[Stale]:
    """Records and documents that counted in the old state and are not what the new state asks for."""
    asked_then = {run.id: run for run in old.runs}
    asked_now = {run.id: run for run in new.runs}
    now, held = current_records(new), {(item.source, item.digest): item for item in new.evidence}
    for source, record in current_records(old).items():
        still = held.get((source, record.digest))
        found = _record(record, asked_then.get(source), asked_now.get(source), now.get(source), still)
        if found is not None:
            yield found
    later = documents(new)
    for source, document in documents(old).items():
        found = _document(document, later.get(source))
        if found is not None:
            yield found


def _record(
    record: EvidenceFact,
    then: RunFact | None,
    run: RunFact | None,
    now: EvidenceFact | None,
    held: EvidenceFact | None,
) -> Stale | None:
    """`now`: the newest record of its run; `held`: the record itself in the new state."""
    replaced = now.digest if now is not None and now.digest != record.digest else None
    if run is None:
        return _stale(record, StaleState.NO_LONGER_COUNTS, None, (), "its run is not declared any more")
    known = outdated(record.made_with, then.asked) if then is not None else {}
    found = outdated(record.made_with, run.asked)
    why = tuple(Part(part=name, before=a, after=b) for name, (a, b) in found.items() if known.get(name) != (a, b))
    if not why and held is not None and record.usable and not held.usable:
        return _stale(record, StaleState.NO_LONGER_COUNTS, None, (), "a file that it is about is not what was declared")
    if not why and replaced is None and (held is None or not held.current):
        reason = "the new state does not hold it" if held is None else "the journal names it for something else"
        return _stale(record, StaleState.NO_LONGER_COUNTS, None, (), reason)
    if not why and replaced is not None:
        return _stale(record, StaleState.REPLACED, replaced, (), "its run was repeated and gave another record")
    if not why:
        return None
    tools = [part for part in why if part.part == ENGINE_VERSION or part.part.startswith(LIBRARY)]
    reason = f"its run asks something else: {_listed(why)}"
    if replaced is not None:
        return _stale(record, StaleState.REPLACED, replaced, why, reason)
    if held is not None and held.usable and (len(tools) == len(why) or _same_statement(why)):
        return _stale(record, StaleState.TO_BE_REPEATED, None, why, reason)
    return _stale(record, StaleState.NO_LONGER_COUNTS, None, why, reason)


def _same_statement(why: tuple[Part, ...]) -> bool:
    """Only how it was examined differs (engine, parameters, seed, device), not what is stated."""
    how = ("engine", ENGINE_VERSION, "seed", "device")
    return all(part.part in how or part.part.startswith(("parameter ", LIBRARY)) for part in why)


def _document(document: EvidenceFact, now: EvidenceFact | None) -> Stale | None:
    if now is None:
        return _stale(document, StaleState.NO_LONGER_COUNTS, None, (), "the document is not declared any more")
    if document.usable and not now.usable:
        return _stale(document, StaleState.NO_LONGER_COUNTS, None, (), "its file is not what was declared")
    if now.digest != document.digest:
        return _stale(document, StaleState.REPLACED, now.digest, (), "file or declaration is another one")
    names = [name for name in document.subjects if document.subjects[name] != now.subjects.get(name)]
    if not names:
        return None
    why = tuple(Part(part=name, before=document.subjects[name], after=now.subjects.get(name)) for name in names)
    return _stale(document, StaleState.LOOK_AGAIN, None, why, f"what it is about has changed: {', '.join(names)}")


def _stale(item: EvidenceFact, state: StaleState, replaced_by: str | None, why: tuple[Part, ...], reason: str) -> Stale:
    return Stale(
        digest=item.digest,
        kind=item.kind,
        source=item.source,
        requirement=item.requirement,
        state=state,
        replaced_by=replaced_by,
        why=why,
        reason=reason,
    )


def _listed(why: tuple[Part, ...]) -> str:
    shown = ", ".join(f"{part.part} ({brief(part.before)}, now {brief(part.after)})" for part in why[:_SHOWN])
    return f"{shown} and {len(why) - _SHOWN} more" if len(why) > _SHOWN else shown


def brief(text: str | None) -> str:
    """A value for a table: digests shortened, long texts cut."""
    if text is None:
        return "absent"
    text = short(text) if is_digest(text) else " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def contrast(before: str, after: str) -> tuple[str, str]:
    """Two different values for a table, each cut to where they begin to differ."""
    shown = brief(before), brief(after)
    if shown[0] != shown[1] and max(len(before), len(after)) <= _LONGEST:
        return shown
    if is_digest(before) or is_digest(after):
        return shown
    one, other = (" ".join(text.split()) for text in (before, after))
    if one == other:
        return "(other white space)", brief(after)
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(at - _LONGEST // 3, 0)
    return tuple(f"{'...' if start else ''}{brief(text[start:])}" for text in (one, other))  # type: ignore[return-value]


def reruns(old: Baseline, new: Baseline, changed: tuple[Changed, ...]) -> Iterator[Rerun]:
    """The runs without an answer in the new state, with what the last record of each differs in."""
    then = {run.id: run for run in old.runs}
    records = current_records(new)
    keys = {item.key for item in changed}
    rests_on = {item.id: [key for key in item.rests_on if key in keys] for item in new.requirements}
    tools = [item.key for item in changed if item.kind == "tool"]
    for run in new.runs:
        if run.answer is not None:
            continue
        record = records.get(run.id)
        found = outdated(record.made_with, run.asked) if record is not None else {}
        why = tuple(Part(part=name, before=a, after=b) for name, (a, b) in found.items())
        if record is None:
            reason = "no record of it yet"
        elif why:
            reason = f"its record answers another request: {_listed(why)}"
        else:
            reason = "the store does not have the answer to this request, or not all that belongs to it"
        own = [key for key in rests_on.get(run.requirement, ()) if not _of_another_run(key, run.id)]
        uses = any(part.part == ENGINE_VERSION or part.part.startswith(LIBRARY) for part in why)
        before = then.get(run.id)
        yield Rerun(
            run=run.id,
            kind=run.kind,
            requirement=run.requirement,
            why=why,
            reason=reason,
            hindrance=run.hindrance,
            answered_before=before is not None and before.answer is not None,
            because=(*own, *(tools if uses else ())),
        )


def to_note(new: Baseline) -> Iterator[ToNote]:
    """The runs that the store answers although the journal does not name the answer for what is asked now."""
    for run in new.runs:
        if run.answer is not None and not run.noted:
            yield ToNote(run=run.id, requirement=run.requirement, record=run.answer)


def _of_another_run(key: str, run: str) -> bool:
    kind, _, id = key.rpartition(" ")
    return (
        kind == "record"
        or (kind in ("run", "external verdict") and id != run)
        or kind in ("meaning review", "deviation")
    )
