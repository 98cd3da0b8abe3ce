"""Skeletons of documents: what a document for one objective has to hold, ready to be filled in and declared.

A skeleton is no evidence and says so; its questions come from templates/documents/skeletons.yaml, its head from case
and catalogue. Everything that only people can say stands in angle brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from assurance import resources
from assurance.case import Case
from assurance.case_fields import Text
from assurance.catalogue import Catalogue, Credit, Entry
from assurance.catalogue_vocabulary import PAPER_KINDS, EvidenceKind, Scope
from assurance.gaps.actions import agreement_stanza, documents_for, needs_agreement, report_format
from assurance.objectives import Coverage, Row
from assurance.snapshot import Snapshot
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError
from evidence.specification import Frozen
from evidence.strict_yaml import read_yaml, validate
from evidence.verdict import Artefact

O_TEMPLATE = code(
    "O279",
    Severity.ERROR,
    "no skeleton for this",
    "write STANDARD:OBJECTIVE as the gap list shows it, or STANDARD:OBJECTIVE:KIND for another kind of evidence",
)
MOST_ITEMS = 20


class Section(Frozen):
    """A heading and the questions that the section answers."""

    title: Text
    asks: Text


class Skeleton(Frozen):
    """What a kind of document holds."""

    title: Text
    holds: Text
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]


class Skeletons(Frozen):
    """The data file."""

    schema_: Literal["assurance-skeletons/1"] = Field(alias="schema")
    kinds: dict[EvidenceKind, Skeleton]
    agreement: Skeleton


@cache
def skeletons() -> Skeletons:
    """The skeletons on board. Raises InputError C10x when the data file is damaged."""
    file = resources.folder("templates") / "documents" / "skeletons.yaml"
    return validate(read_yaml(file, "skeletons.yaml"), Skeletons)


def skeleton(snapshot: Snapshot, wanted: str) -> str:
    """The skeleton for `standard:objective` or `standard:objective:kind` as Markdown. Raises InputError O279."""
    standard, _, rest = wanted.partition(":")
    objective, _, kind = rest.partition(":")
    covered = next((item for item in snapshot.coverage if item.catalogue.id == standard), None)
    row = next((item for item in covered.rows if item.entry.id == objective), None) if covered else None
    if covered is None or row is None:
        selected = ", ".join(item.catalogue.id for item in snapshot.coverage)
        what = f"{standard} has no objective {objective!r}" if covered else f"the case does not select {standard!r}"
        raise InputError.of(O_TEMPLATE, what, Place(element=wanted), expected=f"an objective of: {selected}")
    if not kind and (needs_agreement(row) or not row.entry.credit):
        return _page(snapshot, covered, row, skeletons().agreement, None)
    credit = _credit(row.entry, kind, wanted)
    return _page(snapshot, covered, row, skeletons().kinds[credit.evidence], credit)


def _credit(entry: Entry, kind: str, wanted: str) -> Credit:
    """The strongest credit row that a document can serve, or the one of the kind that is asked for."""
    served = documents_for(entry)
    rows = [item for item in served if kind in ("", item.evidence.value)]
    if not rows:
        listed = ", ".join(dict.fromkeys(item.evidence.value for item in served))
        expected = f"one of: {listed}" if listed else "a run, see its next action: no document serves it"
        message = f"no document of kind {kind!r} serves {entry.id}" if kind else f"no document serves {entry.id}"
        raise InputError.of(O_TEMPLATE, message, Place(element=wanted), expected=expected)
    return rows[0]


def _page(snapshot: Snapshot, covered: Coverage, row: Row, shape: Skeleton, credit: Credit | None) -> str:
    return "\n".join(_lines(snapshot.loaded.case, covered, row, shape, credit)) + "\n"


def _lines(case: Case, covered: Coverage, row: Row, shape: Skeleton, credit: Credit | None) -> Iterator[str]:
    entry, catalogue = row.entry, covered.catalogue
    key = f"{catalogue.id}:{entry.id}"
    yield f"# {shape.title}: {entry.title}"
    yield ""
    yield "> Skeleton, no evidence. Answer the questions, replace what stands in angle brackets, remove this paragraph,"
    yield "> then declare the file with its digest (last section)."
    if catalogue.watermark:
        yield f"> {' '.join(catalogue.watermark.split())}"
    yield ""
    yield shape.holds
    form = report_format(credit) if credit else None
    if form:
        yield ""
        yield f"What counts here is the report of the tool itself ({form}, see docs/engineering-evidence.md): nobody's"
        yield "word earns this credit. Declare the report; what this skeleton asks for goes with it."
    yield ""
    yield "| | |"
    yield "|---|---|"
    level = f", level {covered.level}" if covered.level else ""
    yield f"| serves | {key}, {entry.ref} of {catalogue.edition}{level} |"
    yield f"| data items | {_data_items(catalogue, entry)} |"
    yield f"| items in scope | {_scope(case, row)} |"
    yield "| author | <name, role> |"
    independence = " (asked for at this level: not the author)" if row.selected.independence else ""
    yield f"| reviewer{independence} | <name, role, date> |"
    yield "| issue and date | <issue, yyyy-mm-dd> |"
    for number, section in enumerate(shape.sections, 1):
        yield f"\n## {number} {section.title}\n"
        yield f"<{section.asks}>"
    number = len(shape.sections) + 1
    yield f"\n## {number} What this document does not show\n"
    if credit is not None:
        yield f"<Confirm or extend: {_flat(credit.remains)}>"
    else:
        yield "<What of the objective stays open.>"
    yield f"\n## {number + 1} Lines for the case file\n"
    yield "```yaml"
    yield from _declaration(case, row, key, credit)
    if credit is None:
        yield agreement_stanza(catalogue.id, entry.id).yaml
    yield "```"
    if credit is not None:
        others = sorted({item.evidence.value for item in documents_for(entry)} - {credit.evidence.value})
        yield f"\nCredit of this kind here: {credit.level.value}." + (
            f" Other kinds that the objective takes: {', '.join(others)} (`--template {key}:KIND`)." if others else ""
        )


def _declaration(case: Case, row: Row, key: str, credit: Credit | None) -> Iterator[str]:
    kind = credit.evidence if credit else EvidenceKind.PLAN
    yield "documents:"
    yield f"  - id: <DOC-{row.entry.id}>"
    yield "    title: <title>"
    form = report_format(credit) if credit else None
    yield f"    path: <documents/name.{'xml' if form else 'md'}, below the case file>"
    yield "    digest: <the word sha256 and a colon and the 64 digits that sha256sum prints>"
    yield f"    evidence: {kind.value}"
    if form:
        yield f"    format: {form}"
    yield "    author: <person id>"
    yield "    reviewer: <person id>"
    yield f"    independent: <true if the reviewer had no part in it{' (asked for here)' if row.selected.independence else ''}>"
    yield '    date: "<yyyy-mm-dd>"'
    ids = _ids(case, row)
    yield f'    about: ["<of {_first(ids)}: those that it speaks of>"]' if ids else "    about: [case]"
    yield f'    objectives: ["{key}"]'
    if credit is not None and kind not in PAPER_KINDS and credit.artefact is not Artefact.DOCUMENT:
        yield f"    examined: {credit.artefact.value}"


def _data_items(catalogue: Catalogue, entry: Entry) -> str:
    known = {item.id: item for item in catalogue.data_items}
    return "; ".join(f"{known[name].name} ({known[name].ref})" for name in entry.data_items if name in known) or "none"


def _ids(case: Case, row: Row) -> list[str] | None:
    """The declared items in an entry's scope; None where its scope is none that items are declared for."""
    return {
        Scope.REQUIREMENT: [item.id for item in case.requirements],
        Scope.DERIVED_REQUIREMENT: [item.id for item in case.requirements if item.derived],
        Scope.MODEL: [item.id for item in case.models],
        Scope.DATA_SET: [item.id for item in (*case.data_sets, *case.tables)],
        Scope.RUN: [item.id for item in case.runs],
    }.get(row.entry.scope)


def _scope(case: Case, row: Row) -> str:
    entry, ids = row.entry, _ids(case, row)
    if ids is None:
        return f"{entry.scope.value.replace('-', ' ')} ({row.of})"
    return _first(ids) or f"none: the case declares no {entry.scope.value}"


def _first(ids: list[str]) -> str:
    more = f" and {len(ids) - MOST_ITEMS} more" if len(ids) > MOST_ITEMS else ""
    return ", ".join(ids[:MOST_ITEMS]) + more


def _flat(text: str) -> str:
    return " ".join(text.split())
