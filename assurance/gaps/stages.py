"""Data available at each stage of involvement: which of the data items that a review looks at are there, and fresh.

*There* takes a fresh document that is declared to be the item (`about`), or documents for every objective that lists
it. It says nothing of their content, and nothing of whether an authority would be content. A document that serves an
objective with several data items and does not say which of them it is, is only *offered*. No stage is invented: standards
without stages of involvement have one milestone, the release, at which a safety case needs every data item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assurance.case_compliance_checks import declared_names
from assurance.catalogue import Catalogue, DataItem, Stage
from assurance.gaps.model import ItemState, StageItem, StageState
from assurance.objectives import Coverage, Row
from assurance.register import DocumentEntry
from assurance.snapshot import Snapshot

MOST_NAMED = 6
RELEASE = "release"
"""Id of the milestone of standards without stages of involvement."""


def sources(snapshot: Snapshot) -> dict[str, str]:
    """By digest, what everything that can count for objectives is called: runs, the case file, documents."""
    called = {item.digest: f"run {item.run}" for item in snapshot.register.runs if item.run}
    called[snapshot.loaded.digest] = "case file"
    return called | {item.digest: item.item.id for item in snapshot.register.documents}


def stages(snapshot: Snapshot, covered: Coverage, called: Mapping[str, str]) -> tuple[StageState, ...]:
    """The state of every stage of a catalogue in its order, or of the release; empty where it lists no data items.

    `called`: what evidence is called (`sources`), which is the same for every catalogue."""
    found = covered.catalogue.stages_of_involvement or _release(covered.catalogue)
    index = _Index(snapshot, covered, called) if found else None
    return tuple(_stage(covered, stage, index) for stage in found if index)


def _release(catalogue: Catalogue) -> tuple[Stage, ...]:
    if not catalogue.data_items:
        return ()
    items, tables = (tuple(one.id for one in every) for every in (catalogue.data_items, catalogue.tables))
    grade = catalogue.confidence.file
    return (Stage(id=RELEASE, name="Safety case", when="at release", looks_at=items, tables=tables, confidence=grade),)


class _Index:
    """What of the evidence speaks of each data item of one catalogue."""

    def __init__(self, snapshot: Snapshot, covered: Coverage, called: Mapping[str, str]) -> None:
        self.names = {item.id: item for item in covered.catalogue.data_items}
        self.asked: dict[str, list[Row]] = {}
        """By data item: the rows that list it and may be asked for."""
        self.listed = {name for row in covered.rows for name in row.entry.data_items}
        """Items that any entry lists; the others are asked for by the standard as such."""
        for row in covered.rows:
            if row.required is not False:
                for item in row.entry.data_items:
                    self.asked.setdefault(item, []).append(row)
        self.declared: dict[str, list[DocumentEntry]] = {}
        """Documents that say that they are the item."""
        self.serving: dict[str, dict[str, list[DocumentEntry]]] = {}
        """By data item and objective: documents for an objective that lists this item alone."""
        self.offered: dict[str, dict[str, tuple[DocumentEntry, str]]] = {}
        """Documents for an objective that lists the item among others."""
        self._documents(snapshot, covered)
        self._called = called

    def _documents(self, snapshot: Snapshot, covered: Coverage) -> None:
        declared = declared_names(snapshot.loaded.case)  # a name that the case gives to something means that
        entries = {f"{covered.catalogue.id}:{row.entry.id}": row.entry for row in covered.rows}
        for document in snapshot.register.documents:
            about = [name for name in document.record.about if name in self.names and name not in declared]
            for name in about:
                self.declared.setdefault(name, []).append(document)
            for objective in document.item.objectives:
                items = entries[objective].data_items if objective in entries else ()
                if len(items) == 1:
                    self.serving.setdefault(items[0], {}).setdefault(objective, []).append(document)
                for name in items if len(items) > 1 and not about else ():
                    self.offered.setdefault(name, {}).setdefault(document.item.id, (document, objective))

    def sources(self, item: str) -> list[str]:
        """What counts for the objectives that list an item: documents, runs, the case file."""
        lists = {id(row.evidence): row.evidence for row in self.asked.get(item, ())}  # rows share their lists
        found = (digest for names in lists.values() for digest in names)
        return list(dict.fromkeys(self._called[digest] for digest in found if digest in self._called))


def _stage(covered: Coverage, stage: Stage, index: _Index) -> StageState:
    rows = [row for row in covered.rows if row.entry.table in stage.tables]
    choices = {row.entry.table for row in rows if row.undecided}  # however many methods they list: one gap each
    return StageState(
        stage=stage,
        items=tuple(_item(index, index.names[name]) for name in stage.looks_at if name in index.names),
        gaps=sum(row.is_gap and not row.undecided for row in rows) + len(choices),
        asked=sum(row.required is True for row in rows),
    )


def _item(index: _Index, item: DataItem) -> StageItem:
    def state(which: ItemState, evidence: Iterable[str], why: str) -> StageItem:
        return StageItem(item.id, item.name, which, _ids(evidence), why)

    rows = index.asked.get(item.id, [])
    if not rows and item.id in index.listed:
        return state(ItemState.NOT_ASKED, (), "no objective at this level lists it")
    serving = index.serving.get(item.id, {})
    mine = [*index.declared.get(item.id, []), *(one for every in serving.values() for one in every)]
    mine += [document for document, _ in index.offered.get(item.id, {}).values()]
    changed = [document.item.id for document in mine if not document.fresh]
    if changed:
        return state(ItemState.STALE, changed, "a file has changed")
    declared = index.declared.get(item.id, [])
    if declared or (rows and len(serving) == len(rows)):
        shown = declared or mine
        newest = max(document.item.date for document in shown)
        return state(ItemState.THERE, (document.item.id for document in shown), f"of {newest}")
    served = sum(bool(row.evidence) for row in rows)
    if served and (serving or item.id not in index.offered):
        why = f"there is evidence for {served} of {len(rows)} objectives that list it"
        return state(ItemState.IN_PART, index.sources(item.id), why)
    offered = index.offered.get(item.id, {})
    if offered:
        objective = next(objective for _, objective in offered.values())
        why = f"offered for {objective}, which lists several data items: nothing says that it is this one"
        return state(ItemState.OFFERED, offered, why)
    return state(ItemState.MISSING, (), item.meaning)


def _ids(names: Iterable[str]) -> tuple[str, ...]:
    """The first few; how many are left out is the last."""
    every = list(dict.fromkeys(names))
    if len(every) <= MOST_NAMED:
        return tuple(every)
    return (*every[:MOST_NAMED], f"and {len(every) - MOST_NAMED} more")
