"""The sign-off overlay: an organisation verified entries of a catalogue against its own licensed copy.

A sign-off file names who, when, which edition and which entries, with corrections where the catalogue differs from
the copy. Corrections reach titles, references, notes and marks; credit, scope and means cannot be named in the file,
so no correction gives evidence more than the catalogue does, and the corrected catalogue has to pass all checks that
the catalogue passed. What nobody verified says so wherever it is shown.
Not here: what a standard asks for (catalogue.py), whether the file is unchanged (loading.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from assurance.case_compliance import EntryId, StandardChoice
from assurance.case_fields import IsoDate, Text
from assurance.catalogue import Catalogue, Entry, mistakes
from assurance.catalogue import Text as EntryText
from assurance.catalogue_vocabulary import Grade, Mark, Status
from evidence.diagnostics import Finding, Severity, code
from evidence.errors import InputError
from evidence.specification import Frozen
from evidence.strict_yaml import Document, Path_, read_yaml, validate

O_OTHER_EDITION = code(
    "O238",
    Severity.ERROR,
    "sign-off of another standard or edition",
    "verify the entries against the edition of the catalogue; until then the sign-off is not used",
)
O_CORRECTION = code(
    "O239",
    Severity.ERROR,
    "correction that cannot be applied",
    "correct titles, references, notes and marks of existing entries, with marks of the catalogue's own scheme",
)


class Correction(Frozen):
    """What differs from the catalogue in the organisation's copy."""

    title: EntryText | None = None
    ref: EntryText | None = None
    note: EntryText | None = None
    levels: dict[str, Mark] = Field(default_factory=dict)


class VerifiedEntry(Frozen):
    """An entry that was compared with the copy."""

    id: EntryId
    corrections: Correction | None = None


class SignOffDocument(Frozen):
    """The file."""

    schema_: Literal["assurance-sign-off/1"] = Field(alias="schema")
    standard: Text
    edition: Text
    """The edition of the copy, written as the catalogue writes its own."""
    organisation: Text
    by: Text
    role: Text
    date: IsoDate
    entries: tuple[VerifiedEntry, ...] = Field(min_length=1)


@dataclass(frozen=True)
class SignOff:
    """Who verified what."""

    by: str
    role: str
    organisation: str
    date: str
    digest: str
    verified: frozenset[str]
    corrected: dict[str, tuple[str, ...]]
    """By entry: which of its fields were corrected."""

    def as_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "role": self.role,
            "organisation": self.organisation,
            "date": self.date,
            "digest": self.digest,
            "verified": len(self.verified),
            "corrected": {id: list(fields) for id, fields in sorted(self.corrected.items())},
        }


def overlay(
    catalogue: Catalogue, choice: StandardChoice, file: Path | None
) -> tuple[Catalogue, SignOff | None, tuple[Finding, ...]]:
    """The catalogue as the sign-off corrects it. `file` is None when it is missing or changed: then none is used.

    A file that cannot be read or applied gives findings (C1xx, O238, O239) and leaves the catalogue as it is.
    """
    if choice.sign_off is None or file is None:
        return catalogue, None, ()
    try:
        document = read_yaml(file)
        signed = validate(document, SignOffDocument)
    except InputError as error:
        return catalogue, None, error.findings
    if (signed.standard, signed.edition) != (catalogue.id, catalogue.edition):
        finding = O_OTHER_EDITION.finding(
            f"{signed.standard}, {signed.edition}",
            document.place(("edition" if signed.standard == catalogue.id else "standard",)),
            expected=f"{catalogue.id}, {catalogue.edition}",
        )
        return catalogue, None, (finding,)
    return _apply(catalogue, choice.sign_off.digest, signed, document)


def _apply(
    catalogue: Catalogue, digest: str, signed: SignOffDocument, document: Document
) -> tuple[Catalogue, SignOff | None, tuple[Finding, ...]]:
    known = {entry.id: entry for entry in catalogue.entries}
    findings, seen = [], set()
    for number, item in enumerate(signed.entries):
        place = document.place(("entries", number, "id"), item.id)
        if item.id not in known or item.id in seen:
            what = "stands twice" if item.id in seen else f"is no entry of {catalogue.id}"
            findings.append(O_CORRECTION.finding(f"{item.id!r} {what}", place))
        elif item.corrections:
            for level in sorted(set(item.corrections.levels) - set(catalogue.marked_levels())):
                findings.append(O_CORRECTION.finding(f"{catalogue.id} has no marks at level {level!r}", place))
        seen.add(item.id)
    if findings:
        return catalogue, None, tuple(findings)
    source = f"verified by {signed.by}, {signed.organisation}, {signed.date}"
    changed = {item.id: _verified(known[item.id], item.corrections, source) for item in signed.entries}
    entries = tuple(changed.get(entry.id, entry) for entry in catalogue.entries)
    corrected = catalogue.model_copy(update={"entries": entries, "scored": _scored(catalogue, entries)})
    wrong = tuple(dict.fromkeys(_misfits(corrected, signed, document)))
    if wrong:
        return catalogue, None, wrong
    fields = {item.id: tuple(sorted(item.corrections.model_fields_set)) for item in signed.entries if item.corrections}
    made = SignOff(signed.by, signed.role, signed.organisation, signed.date, digest, frozenset(changed), fields)
    return corrected, made, ()


def _misfits(corrected: Catalogue, signed: SignOffDocument, document: Document) -> Iterator[Finding]:
    """What the corrected catalogue contradicts itself in, at the entry of the file that brought it in."""
    numbers = {item.id: number for number, item in enumerate(signed.entries)}
    for _, where, message in mistakes(corrected):
        entry = corrected.entries[where[1]].id if where[0] == "entries" and isinstance(where[1], int) else None
        path: Path_ = ("entries", numbers[entry], "corrections") if entry in numbers else ()
        yield O_CORRECTION.finding(f"{entry or corrected.id}: {message}", document.place(path, entry or corrected.id))


def _verified(entry: Entry, corrections: Correction | None, source: str) -> Entry:
    """The entry with its corrections; what was compared with the copy is as well known as anything can be."""
    given = corrections or Correction()
    levels = {**entry.levels, **given.levels}
    grades = {level: Grade.HIGH if mark is not None else None for level, mark in levels.items()}
    known = {level: grade for level, grade in grades.items() if grade is not None}
    graded: Grade | dict[str, Grade] | None = known or None
    if len(known) == len(levels) and known:
        graded = Grade.HIGH
    confidence = entry.confidence.model_copy(update={"identity": Grade.HIGH, "marks": graded, "source": source})
    texts = {name: text for name in ("title", "ref", "note") if (text := getattr(given, name)) is not None}
    return entry.model_copy(update={**texts, "levels": levels, "confidence": confidence})


def _scored(catalogue: Catalogue, entries: Iterable[Entry]) -> bool:
    """A published standard that was left unscored for want of marks is scored once every mark is known.

    A watermark says that the list is short or not the document's own: no sign-off of its entries makes it the whole.
    """
    if catalogue.scored or catalogue.watermark is not None:
        return catalogue.scored
    if catalogue.status is not Status.PUBLISHED or not catalogue.levels:
        return False
    return all(mark is not None for entry in entries for mark in entry.levels.values())
