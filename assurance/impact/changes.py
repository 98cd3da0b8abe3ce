"""What changed between two states: items field by field, and the records that answer the runs.

A version of a library is compared only where both states know it. Not here: what the changes break (outdated.py, affected.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from assurance.impact.facts import Baseline, EvidenceFact, Item, JournalFact
from assurance.impact.report import Changed, Part

_TOOL, _CATALOGUE, _ENTRY = "tool", "catalogue", "catalogue entry"


def changes(old: Baseline, new: Baseline) -> Iterator[Changed]:
    """All changes, items in the order of the case file, then records."""
    both = {item.id for item in old.items if item.kind == _CATALOGUE} & {
        item.id for item in new.items if item.kind == _CATALOGUE
    }
    for before, after in _pairs(old, new):
        one = after or before
        if one is None or (one.kind == _ENTRY and one.id.partition(":")[0] not in both):
            continue  # a standard that was added or removed as a whole is one change
        found = _item(before, after)
        if found is not None:
            yield found
    yield from _order(old, new)
    yield from _files(old, new, both)
    records = list(_records(old, new))
    yield from records
    told = {item.id for item in records} | ({run.id for run in new.runs} - {run.id for run in old.runs})
    yield from _journal(old, new, told)


def _order(old: Baseline, new: Baseline) -> Iterator[Changed]:
    """Kinds of items that stand in another order, those that both states have: the order of a list can mean something."""
    before, after = ({item.key: item for item in state.items} for state in (old, new))
    for kind in dict.fromkeys(item.kind for item in before.values()):
        first = [item.id for key, item in before.items() if item.kind == kind and key in after]
        last = [item.id for key, item in after.items() if item.kind == kind and key in before]
        if first != last:
            part = Part(part="order", before=", ".join(first), after=", ".join(last))
            yield Changed(kind="order", id=kind, change="changed", parts=(part,), title="")


def _journal(old: Baseline, new: Baseline, told: set[str]) -> Iterator[Changed]:
    """Entries of the journal that one state holds and the other does not. `told`: runs that are new, or whose newest record is told already."""
    then, now = ({_entry(item): item for item in state.journal} for state in (old, new))
    counts = Counter(map(_entry, old.journal)), Counter(map(_entry, new.journal))
    newest = {item.run: _entry(item) for item in new.journal}
    for key in counts[0] - counts[1]:
        yield _entry_changed(then[key], "removed", _GONE)
    for key in counts[1] - counts[0]:
        if not (now[key].run in told and newest[now[key].run] == key):
            yield _entry_changed(now[key], "added", None)
    kept = [list(filter((counts[0] & counts[1]).__contains__, map(_entry, state.journal))) for state in (old, new)]
    if kept[0] != kept[1] and counts[0] == counts[1]:
        part = Part(part="order", before="as it was written", after="another")
        yield Changed(kind="order", id="journal entry", change="changed", parts=(part,), title="", caution=_GONE)


_GONE = (
    "a journal only ever grows: the new state is an earlier one or another branch, or history was taken out of it, with "
    "counterexamples and failed tries that it may have held"
)


def _entry(item: JournalFact) -> tuple[str, ...]:
    return item.run, item.requirement, item.criterion, item.record, item.outcome


def _entry_changed(item: JournalFact, change: Literal["added", "removed"], caution: str | None) -> Changed:
    facts = {
        "requirement": item.requirement,
        "record": item.record,
        "outcome": item.outcome,
        "criterion": item.criterion,
    }
    parts = differing(facts, {}) if change == "removed" else differing({}, facts)
    return Changed(kind="journal entry", id=item.run, title="", change=change, parts=parts, caution=caution)


def _files(old: Baseline, new: Baseline, catalogues: set[str]) -> Iterator[Changed]:
    """Catalogue files that differ although their contents, as read here, do not: comments, or a package of other rules."""
    told = {
        one.id.partition(":")[0]
        for before, after in _pairs(old, new)
        if (one := after or before) is not None and one.kind in (_CATALOGUE, _ENTRY) and before != after
    }
    for id in sorted(catalogues - told):
        name = f"standards/{id}/catalogue.yaml"
        digests = (old.rules.get(name), new.rules.get(name))
        if digests[0] != digests[1]:
            parts = (Part(part="file", before=digests[0], after=digests[1]),)
            yield Changed(
                kind=_CATALOGUE, id=id, change="changed", parts=parts, title="contents as read here are the same"
            )


def _pairs(old: Baseline, new: Baseline) -> Iterator[tuple[Item | None, Item | None]]:
    before, after = ({item.key: item for item in state.items} for state in (old, new))
    for key in dict.fromkeys([*before, *after]):
        yield before.get(key), after.get(key)


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Part, ...]:
    """The fields that differ, in order."""
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    return tuple(Part(part=name, before=before.get(name), after=after.get(name)) for name in names)


def _item(before: Item | None, after: Item | None) -> Changed | None:
    one = after or before
    assert one is not None
    parts = differing(before.parts if before else {}, after.parts if after else {})
    if before is None or after is None:
        return None if one.kind == _TOOL else _changed(one, "removed" if after is None else "added", parts)
    return _changed(one, "changed", parts) if parts else None


def _changed(item: Item, change: Literal["added", "removed", "changed"], parts: tuple[Part, ...]) -> Changed:
    return Changed(kind=item.kind, id=item.id, title=item.title, change=change, parts=parts)


def current_records(state: Baseline) -> dict[str, EvidenceFact]:
    """The newest record of each declared run."""
    return {item.source: item for item in state.evidence if item.current and item.kind != "document"}


def documents(state: Baseline) -> dict[str, EvidenceFact]:
    """The declared documents by identifier."""
    return {item.source: item for item in state.evidence if item.kind == "document"}


def _records(old: Baseline, new: Baseline) -> Iterator[Changed]:
    before, after = current_records(old), current_records(new)
    declared = {run.id for run in old.runs} & {run.id for run in new.runs}
    for run in dict.fromkeys([*before, *after]):
        first, last = before.get(run), after.get(run)
        if run not in declared or (first and last and first.digest == last.digest):
            continue  # a run that was added or removed is a change by itself
        one = last or first
        assert one is not None
        facts = [
            {"record": item.digest, "result": item.says} | item.made_with if item else {} for item in (first, last)
        ]
        parts = (
            differing(*facts) if first and last else differing(*({k: f[k] for k in _BRIEF if k in f} for f in facts))
        )
        change: Literal["added", "removed", "changed"] = "changed" if first and last else "added" if last else "removed"
        yield Changed(kind="record", id=run, title=one.requirement, change=change, parts=parts)


_BRIEF = ("record", "result")
