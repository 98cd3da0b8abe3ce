"""The evidence register of a case: every record that the journal names, read back and checked, old ones included.

A record is *current* when it is the newest one of a run that the case declares. Older ones stay in the register:
a counterexample does not go away because a later run did not look for it.
Not here: what the records are worth (support.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assurance.case import Case, DocumentItem
from assurance.loading import LoadedCase
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import PREFIX, is_digest, of_bytes
from evidence.errors import AssuranceError
from evidence.limits import Limit, limits_of
from evidence.records import DocumentRecord, Guarantee, RunRecord, read_record, record_bytes
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor

E_ORPHAN = code(
    "E107", Severity.WARNING, "record that no declared run made", "declare its run again, or leave it as history"
)


E_UNJOURNALED = code(
    "E109",
    Severity.ERROR,
    "record that the journal does not name",
    "restore the journal, or run the declared runs again so that it names the record; its counterexamples count",
)


@dataclass(frozen=True)
class RunItem:
    """A record of a certification run, with where it came from."""

    digest: str
    record: RunRecord
    run: str
    requirement: str
    criterion: str
    outcome: str
    current: bool
    order: int
    """Position in the journal: smaller is older."""

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of(self.record)


@dataclass(frozen=True)
class DocumentEntry:
    """A document of the case as a record. `item` is its declaration."""

    digest: str
    record: DocumentRecord
    item: DocumentItem
    fresh: bool

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of(self.record)


@dataclass(frozen=True)
class Register:
    """All evidence of a case, in the order in which it came about."""

    runs: tuple[RunItem, ...]
    documents: tuple[DocumentEntry, ...]
    findings: tuple[Finding, ...] = field(default=())

    def of_requirement(self, requirement: str) -> tuple[RunItem, ...]:
        return tuple(item for item in self.runs if item.requirement == requirement)

    def documents_about(self, name: str) -> tuple[DocumentEntry, ...]:
        return tuple(item for item in self.documents if name in item.record.about)


def collect(loaded: LoadedCase, store: Store) -> Register:
    """Read all evidence. Records that are missing, altered or malformed, themselves or in what belongs to them,
    become findings, never evidence.

    Raises StoreError when the journal itself cannot be read.
    """
    findings: list[Finding] = []
    entries = store.journal()
    declared = {run.id: run.requirement for run in loaded.case.answering}
    newest = {entry.run: number for number, entry in enumerate(entries)}
    runs = []
    for number, entry in enumerate(entries):
        try:
            record = read_record(store.get(entry.record), f"record {entry.record}")
            for digest in record.artefacts.values():
                store.get(digest)  # a proof whose certificate is gone or altered cannot be checked again
        except AssuranceError as error:
            findings += error.findings
            continue
        if isinstance(record, DocumentRecord):
            continue
        current = newest[entry.run] == number and declared.get(entry.run) == entry.requirement
        if declared.get(entry.run) != entry.requirement:
            message = f"record {entry.record} of run {entry.run!r} for {entry.requirement!r}: {entry.outcome}"
            findings.append(E_ORPHAN.finding(message, Place(element=entry.run)))
        runs.append(_item(entry, record, current, number))
    for digest, record in _unjournaled(store, {entry.record for entry in entries}):
        findings.append(E_UNJOURNALED.finding(f"record {digest}: {record.kind}, {record.title}", Place(element=digest)))
        runs.append(RunItem(digest, record, "", "", "", "unknown", False, -1))
    return Register(tuple(runs), tuple(_documents(loaded)), tuple(findings))


def _unjournaled(store: Store, known: set[str]) -> list[tuple[str, RunRecord]]:
    """Records that answered a request and that no journal entry names: the journal lost them, or a run was killed."""
    found: dict[str, RunRecord] = {}
    for path in sorted((store.root / "requests").glob("*.json")):
        key = PREFIX + path.stem
        digest = store.answer(key) if is_digest(key) else None
        if digest is None or digest in known or digest not in store:
            continue
        try:
            record = read_record(store.get(digest), f"record {digest}")
        except AssuranceError:
            continue  # unreadable and unnamed: nothing rests on it
        if not isinstance(record, DocumentRecord):
            found[digest] = record
    return sorted(found.items())


def _item(entry: Entry, record: RunRecord, current: bool, order: int) -> RunItem:
    return RunItem(entry.record, record, entry.run, entry.requirement, entry.criterion, entry.outcome, current, order)


def _documents(loaded: LoadedCase) -> list[DocumentEntry]:
    fresh = {item.id: item.fresh for item in loaded.files}
    return [document_entry(loaded.case, item, fresh[item.id]) for item in loaded.case.documents]


def document_entry(case: Case, item: DocumentItem, fresh: bool) -> DocumentEntry:
    """The record of a declared document."""
    record = DocumentRecord(
        title=item.title,
        artefact=item.examined,
        guarantee=Guarantee(
            kind=GuaranteeKind.DOCUMENTARY,
            arithmetic=Arithmetic.NOT_APPLICABLE,
            predictor=Predictor.BASE,
            complete=False,
        ),
        assumptions=(),
        provenance=None,
        document=item.digest,
        document_id=item.id,
        evidence_kind=item.evidence,
        author=case.person(item.author).name,
        reviewer=case.person(item.reviewer).name if item.reviewer else None,
        independent=item.independent and item.reviewer is not None and item.reviewer != item.author,
        date=item.date,
        about=item.about,
    )
    return DocumentEntry(of_bytes(record_bytes(record)), record, item, fresh)


def sidecar_of(store: Store, item: RunItem) -> dict[str, Any]:
    """Date, duration and command of the run that made a record, where the store still knows them."""
    for path in sorted((store.root / "requests").glob("*.json")):
        key = PREFIX + path.stem
        if not is_digest(key):
            continue
        if store.answer(key) == item.digest:
            return store.sidecar(key)
    return {}
