"""Does another tool's verdict agree with the replay and with the records of a store? Disagreement keeps both.

Statements are the same here when network, regions and condition are; arithmetic and names may differ, and the finding
says of which arithmetic the stored record speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import short
from evidence.errors import AssuranceError
from evidence.records import (
    BoundsRecord,
    DocumentRecord,
    ExternalVerdictRecord,
    OutputRangeRecord,
    RunRecord,
    SmoothingRecord,
    read_record,
)
from evidence.store import Store
from evidence.verdict import Verdict

E_NEAR_MISS = code(
    "E143",
    Severity.ERROR,
    "another tool's counterexample does not replay",
    "it is a near miss and refutes nothing: ask the tool for a witness without tolerance, with all digits",
)
E_CONTRADICTS = code(
    "E144",
    Severity.ERROR,
    "another tool's verdict contradicts a stored record",
    "one of the two is wrong: replay the counterexample, re-check the proof, and compare network and property file",
)
E_NO_WITNESS = code(
    "E145",
    Severity.WARNING,
    "another tool claims a violation without a counterexample",
    "have the tool write its counterexample; without one nothing is refuted",
)


def inconsistencies(record: ExternalVerdictRecord, others: Iterable[tuple[str, RunRecord]]) -> tuple[Finding, ...]:
    """What speaks against the tool's verdict: its own witness, and other records by digest about the same question."""
    found = []
    if record.witness == "near miss":
        found.append(E_NEAR_MISS.finding(f"{record.tool} says {record.said!r}", Place(element=short(record.result))))
    if record.claimed == "violated" and record.witness == "none":
        found.append(E_NO_WITNESS.finding(f"{record.tool} says {record.said!r}", Place(element=short(record.result))))
    for digest, other in others:
        if isinstance(other, SmoothingRecord) or not _same_question(record, other):
            continue
        if contradict(record, other):
            message = (
                f"{record.tool} says {record.said!r} ({record.witness if record.counterexamples else 'not checked'}); "
                f"record {short(digest)} is {other.verdict.value}, {other.guarantee.arithmetic.value} arithmetic"
            )
            found.append(E_CONTRADICTS.finding(message, Place(element=digest)))
    return tuple(found)


def contradict(record: ExternalVerdictRecord, other: BoundsRecord | OutputRangeRecord | ExternalVerdictRecord) -> bool:
    """True when both cannot be right: a claimed proof and a counterexample, or a claimed violation and a proof."""
    if record.claimed == "holds":
        return other.verdict is Verdict.REFUTED
    if record.claimed != "violated":
        return False
    if record.counterexamples:
        region = record.counterexamples[0].region
        if region < other.count and other.regions[region] == "P":
            return True
    claims_proof = isinstance(other, ExternalVerdictRecord) and other.claimed == "holds"
    return other.verdict is Verdict.PROVED or claims_proof


def _same_question(record: ExternalVerdictRecord, other: RunRecord) -> bool:
    asked, given = record.statement, other.statement
    return (given.model, given.regions, given.condition) == (asked.model, asked.regions, asked.condition)


def stored(store: Store) -> Iterator[tuple[str, RunRecord]]:
    """The records that journal or index of a store name. Raises StoreError E104 when one of them cannot be read."""
    named = {entry.record for entry in store.journal()}
    named |= {record for _, record, _ in store.answers()}
    for digest in sorted(named):
        try:
            other = read_record(store.get(digest), f"record {digest}")
        except AssuranceError:
            continue  # unreadable ones are reported by the register
        if not isinstance(other, DocumentRecord):
            yield digest, other
