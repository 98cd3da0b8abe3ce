"""The evidence register of a case: every record that the journal names, read back and checked, old ones included.

A record is *current* when it is the newest one of a run that the case declares. Older ones stay in the register:
a counterexample does not go away because a later run did not look for it.
Not here: what the records are worth (support.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from assurance.case import Case, DocumentItem
from assurance.engineering_checks import Reading, read_document
from assurance.loading import LoadedCase
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_bytes
from evidence.errors import AssuranceError
from evidence.limits import Limit, limits_of
from evidence.records import (
    DocumentRecord,
    Guarantee,
    RecordReader,
    RunRecord,
    Shows,
    SmoothingRecord,
    read_record,
    record_bytes,
)
from evidence.records.engineering import measured
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor

Item = TypeVar("Item")

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
    """False when the file is missing, has changed, or is not what its declared format promises."""
    shows: Shows = Shows.STATES
    """What its content shows, where a format is declared (docs/engineering-evidence.md)."""

    @property
    def counts(self) -> bool:
        """Whether it can support anything: unchanged, readable, nothing failed, something examined."""
        return self.fresh and self.shows.supports

    @property
    def whole(self) -> bool:
        """Whether it can ever be all that something needs; where False, its credit ends at partial."""
        return self.counts and self.shows.whole

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        return limits_of(self.record)


@dataclass(frozen=True)
class Register:
    """All evidence of a case, in the order in which it came about."""

    runs: tuple[RunItem, ...]
    documents: tuple[DocumentEntry, ...]
    findings: tuple[Finding, ...] = field(default=())
    """What is wrong with the records themselves: missing, altered, malformed."""
    content_findings: tuple[Finding, ...] = field(default=())
    """What the contents of documents say: failures, gaps, disagreement with the case. They are shown, and travel."""

    def of_requirement(self, requirement: str) -> tuple[RunItem, ...]:
        """Records that runs for this requirement made."""
        return self._of_requirement.get(requirement, ())

    def speaking_of(self, requirement: str, model: str) -> tuple[RunItem, ...]:
        """Records for a requirement, and those for others that can speak against it: about its model (by digest), with
        counterexamples or a cross-check that disagrees. Oldest first."""
        own = self.of_requirement(requirement)
        others = [item for item in self._accusing.get(model, ()) if item.requirement != requirement]
        return tuple(sorted((*own, *others), key=lambda item: item.order)) if others else own

    def statistical(self, model: str) -> tuple[RunItem, ...]:
        """Records of sampling about a model (by digest)."""
        return self._statistical.get(model, ())

    @cached_property
    def _of_requirement(self) -> dict[str, tuple[RunItem, ...]]:
        return _grouped((item.requirement, item) for item in self.runs)

    @cached_property
    def _accusing(self) -> dict[str, tuple[RunItem, ...]]:
        return _grouped(
            (item.record.statement.model, item)
            for item in self.runs
            if getattr(item.record, "counterexamples", ()) or getattr(item.record, "disputed", ())
        )

    @cached_property
    def _statistical(self) -> dict[str, tuple[RunItem, ...]]:
        return _grouped(
            (item.record.statement.model, item) for item in self.runs if isinstance(item.record, SmoothingRecord)
        )

    def documents_about(self, name: str) -> tuple[DocumentEntry, ...]:
        """Documents about something that may support it, and those that would if they had not changed.

        What failed or examined nothing is left out: see `failed_about`.
        """
        return tuple(item for item in self._about.get(name, ()) if item.counts or not item.fresh)

    def failed_about(self, name: str) -> tuple[DocumentEntry, ...]:
        """Unchanged documents about something that report a failure."""
        return tuple(item for item in self._about.get(name, ()) if item.fresh and item.shows is Shows.FAILS)

    @cached_property
    def _about(self) -> dict[str, tuple[DocumentEntry, ...]]:
        return _grouped((name, item) for item in self.documents for name in dict.fromkeys(item.record.about))


def _grouped(pairs: Iterable[tuple[str, Item]]) -> dict[str, tuple[Item, ...]]:
    found: dict[str, list[Item]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return {key: tuple(items) for key, items in found.items()}


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
    whole: dict[str, bool] = {}  # what belongs to records and is there, and whether it could be a record itself
    read = RecordReader()
    for number, entry in enumerate(entries):
        try:
            record = read(store.get(entry.record), f"record {entry.record}")
            for digest in record.artefacts.values():
                if digest not in whole:  # a proof whose certificate is gone or altered cannot be checked again
                    whole[digest] = store.get(digest).startswith(b"{")
        except AssuranceError as error:
            findings += error.findings
            continue
        if isinstance(record, DocumentRecord):
            continue
        own = declared.get(entry.run) == entry.requirement
        if not own:
            message = f"record {entry.record} of run {entry.run!r} for {entry.requirement!r}: {entry.outcome}"
            findings.append(E_ORPHAN.finding(message, Place(element=entry.run)))
        runs.append(_item(entry, record, own and newest[entry.run] == number, number))
    # a record is not hidden by another one that calls it its own
    known = {entry.record for entry in entries} | {digest for digest, perhaps in whole.items() if not perhaps}
    for digest, record in _unjournaled(store, known):
        findings.append(E_UNJOURNALED.finding(f"record {digest}: {record.kind}, {record.title}", Place(element=digest)))
        runs.append(RunItem(digest, record, "", "", "", "unknown", False, -1))
    documents, found = _documents(loaded)
    return Register(tuple(runs), documents, tuple(findings), tuple(found))


def _unjournaled(store: Store, known: set[str]) -> list[tuple[str, RunRecord]]:
    """Records that answered a request and that no journal entry names: the journal lost them, or a run was killed."""
    unknown = {digest for digest in store.digests(known) if store.begins(digest, b"{")}
    if not unknown:  # as in most stores: then the index, a file for each request, need not be read
        return []
    found: dict[str, RunRecord] = {}
    for _, digest, _ in store.answers():
        if digest not in unknown:
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


def _documents(loaded: LoadedCase) -> tuple[tuple[DocumentEntry, ...], list[Finding]]:
    """All declared documents, read where a format is declared, and what is to be said about their contents."""
    files = {item.id: item for item in loaded.files}
    entries: list[DocumentEntry] = []
    findings: list[Finding] = []
    for item in loaded.case.documents:
        reading = read_document(loaded, item, files[item.id])
        entries.append(document_entry(loaded.case, item, files[item.id].fresh, reading))
        findings += reading.findings
    return tuple(entries), findings


def document_entry(case: Case, item: DocumentItem, fresh: bool, reading: Reading | None = None) -> DocumentEntry:
    """The record of a declared document, with what was read from it."""
    reading = reading or Reading()
    record = DocumentRecord(
        title=item.title,
        artefact=item.examined,
        guarantee=Guarantee(
            # a test report that was read is what a runner observed, not only what somebody says of it
            kind=GuaranteeKind.EMPIRICAL if measured(reading.content) else GuaranteeKind.DOCUMENTARY,
            arithmetic=Arithmetic.NOT_APPLICABLE,
            predictor=_predictor(case, item.about),
            complete=False,
        ),
        assumptions=(),
        provenance=None,
        document=item.digest,
        document_id=item.id,
        evidence_kind=item.evidence,
        author=case.person(item.author).name,
        reviewer=case.person(item.reviewer).name if item.reviewer else None,
        independent=item.independent and item.reviewer not in (None, item.author) and reading.independent,
        date=item.date,
        about=item.about,
        content=reading.content,
    )
    return DocumentEntry(of_bytes(record_bytes(record)), record, item, fresh and reading.usable, reading.shows)


def _predictor(case: Case, about: tuple[str, ...]) -> Predictor:
    """Of which predictor a document can speak: the smoothed one only where everything it is about is smoothed."""
    formal = {item.id: item.property.model for item in case.requirements if item.property}
    named = {formal.get(name, name) for name in about}
    models = [item for item in case.models if item.id in named] or case.models
    return Predictor.SMOOTHED if all(item.predictor is Predictor.SMOOTHED for item in models) else Predictor.BASE


def sidecars(store: Store) -> dict[str, dict[str, Any]]:
    """By record, the date, duration and command of the run that made it, where the store still knows them."""
    found: dict[str, dict[str, Any]] = {}
    for _, digest, sidecar in store.answers():
        found.setdefault(digest, sidecar)
    return found
