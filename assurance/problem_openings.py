"""What opens a problem report: counterexamples, undecided regions where the criterion is not met, time-outs, cross-checks
that disagree, and documents that report a failure.

A claim that changes, or leaves the case, closes nothing: counterexamples stay with their requirement, and so do
undecided results whose criterion was given up before it was met. Not here: what people do about it (problems.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assurance.case_compliance import OPENED_BY_EVIDENCE
from assurance.loading import LoadedCase
from assurance.register import Register, RunItem
from assurance.status import Standing
from assurance.support import (
    S_CONDITION,
    S_DATA,
    S_MODEL,
    S_NORM,
    S_PORTS,
    S_PREDICTOR,
    S_SMALLER,
    S_STALE,
    Assessment,
)
from assurance.words import counted
from evidence.digest import canonical_json, of_bytes, short
from evidence.records import BoundsRecord, ExternalVerdictRecord, Shows


@dataclass(frozen=True)
class Opening:
    """Something in the evidence that opens a report. Other sources hand theirs to `problem_reports` as well."""

    subject: str
    """Of what the report is about: a requirement, document or record, for its id."""
    kind: str
    """refuted, unknown, time-out, disputed, failed."""
    text: str
    requirements: tuple[str, ...]
    evidence: tuple[str, ...]
    """Digests of the records and documents that open it."""
    facts: Mapping[str, Any]
    """All that was found: when any of it changes, what people recorded lapses."""

    @property
    def id(self) -> str:
        """Stable: the same subject and kind have the same id, whatever was found this time."""
        subject = (
            self.subject if len(self.subject) <= 48 else f"{self.subject[:36]}-{short(of_bytes(self.subject.encode()))}"
        )
        return f"{OPENED_BY_EVIDENCE}{subject}-{self.kind}"

    @property
    def digest(self) -> str:
        """What a record of the report has to name in `of`."""
        return of_bytes(
            canonical_json(
                {"subject": self.subject, "kind": self.kind, "evidence": sorted(self.evidence), **self.facts}
            )
        )


def openings(loaded: LoadedCase, register: Register, standings: Mapping[str, Standing]) -> Iterator[Opening]:
    """All that opens a report, requirement by requirement in the case's order; then what is about none of them, and
    documents."""
    disputed: dict[str, list[RunItem]] = {}
    refuting: dict[str, list[RunItem]] = {}
    for item in register.runs:
        subject = item.requirement or f"{_NOBODYS}{short(item.digest)}"
        if isinstance(item.record, BoundsRecord) and item.record.cross_checks and item.record.disputed:
            disputed.setdefault(subject, []).append(item)
        if getattr(item.record, "counterexamples", ()):
            refuting.setdefault(subject, []).append(item)
    given_up = _given_up(loaded, register)
    for name in dict.fromkeys((*standings, *refuting, *disputed, *given_up)):
        standing = standings.get(name)
        yield from _refuted(name, standing, refuting.get(name, []))
        yield from _undecided(name, standing, given_up.get(name, []))
        if name in disputed:
            yield _disputed(name, disputed[name])
    known = {item.id for item in loaded.case.requirements}
    for document in register.documents:
        if document.fresh and document.shows is Shows.FAILS:
            about = tuple(name for name in document.record.about if name in known)
            text = f"{document.item.id} reports a failure: {document.item.title}"
            yield Opening(document.item.id, "failed", text, about, (document.digest,), {})


def _given_up(loaded: LoadedCase, register: Register) -> dict[str, list[RunItem]]:
    """By requirement, the newest record of each earlier state of its claim that was examined and never met, on the
    model examined last. What another tool says meets no criterion, and is no failed try either."""
    tries: dict[tuple[str, str], list[RunItem]] = {}
    for item in register.runs:
        if item.requirement and not isinstance(item.record, ExternalVerdictRecord):
            tries.setdefault((item.requirement, item.criterion), []).append(item)
    found: dict[str, list[RunItem]] = {}
    for (requirement, criterion), items in tries.items():
        claim, last = loaded.claims.get(requirement), items[-1]
        model = last.record.statement.model
        if claim is not None and (claim.criterion_digest, claim.statement.model) == (criterion, model):
            continue  # the standing speaks of it
        of_last = [item for item in items if item.record.statement.model == model]
        if not any(item.outcome == "met" or getattr(item.record, "counterexamples", ()) for item in of_last):
            found.setdefault(requirement, []).append(last)
    return found


_NOBODYS = "record-"
"""How the subject begins of what a record found that the journal does not name."""


def _named(subject: str, standing: Standing | None) -> str:
    left = standing is None and not subject.startswith(_NOBODYS)
    return f"{subject}, no requirement of the case any more" if left else subject


def _about(requirement: str, standing: Standing | None) -> tuple[str, ...]:
    return (requirement,) if standing else ()


def _refuted(name: str, standing: Standing | None, records: list[RunItem]) -> Iterator[Opening]:
    """Counterexamples against the claim as it stands, and those in records that were made for it as it was."""
    found = [(item, result) for item, result in standing.assessments if result.refuted_at] if standing else []
    present = dict.fromkeys(item.digest for item, _ in found)
    earlier = dict.fromkeys(item.digest for item in records if item.digest not in present)
    if not present and not earlier:
        return
    texts, facts = [], dict[str, Any]()
    if standing and present:
        regions = sorted(frozenset[int]().union(*(result.refuted_at for _, result in found)))
        texts.append(f"counterexamples in {counted(len(regions), 'region')} of {standing.total}")
        facts |= {"regions": regions, "of": standing.total}
    if earlier:
        texts.append(
            f"counterexamples to an earlier state of claim, model or data in {counted(len(earlier), 'record')}"
        )
        facts |= {"earlier": sorted(earlier)}
    text = f"{_named(name, standing)}: {'; '.join(texts)}"
    yield Opening(name, "refuted", text, _about(name, standing), (*present, *earlier), facts)


_OTHER = {
    item.id for item in (S_MODEL, S_NORM, S_SMALLER, S_DATA, S_CONDITION, S_PREDICTOR, S_STALE, S_PORTS)
}  # fmt: skip
"""Reasons for which a record says nothing about the claim: then its open regions are no problem of the claim's."""


def _undecided(name: str, standing: Standing | None, given_up: list[RunItem]) -> Iterator[Opening]:
    """Regions that nothing decides, where the criterion is not met; and what was left so when the claim changed."""
    texts: dict[str, dict[str, None]] = {}
    records: dict[str, list[str]] = {}
    facts: dict[str, dict[str, Any]] = {}
    best = standing.best if standing else None
    if standing and best:
        result = next(found for item, found in standing.assessments if item is best)
        missing = result.total - result.established - result.refuted
        if not result.met and missing > 0 and not any(item.code in _OTHER for item in result.reasons):
            kind, why = _why_undecided(best)
            text = f"{counted(missing, 'region')} of {result.total} not decided ({why}), and {_needed(result)}"
            texts[kind], records[kind] = {text: None}, [best.digest]
            facts[kind] = {"established": result.established, "missing": missing, "of": result.total}
    for item in given_up:
        kind, why = _why_undecided(item)
        texts.setdefault(kind, {})[f"an earlier state of claim, model or data was left undecided ({why})"] = None
        records.setdefault(kind, []).append(item.digest)
    for kind, said in texts.items():
        text = f"{_named(name, standing)}: {'; '.join(said)}"
        yield Opening(name, kind, text, _about(name, standing), tuple(records[kind]), facts.get(kind, {}))


def _needed(result: Assessment) -> str:
    return f"established are {result.established} of the {result.needed} that the criterion asks for"


def _why_undecided(item: RunItem) -> tuple[str, str]:
    record = item.record
    if isinstance(record, ExternalVerdictRecord):
        return ("time-out" if record.claimed == "timeout" else "unknown"), f"{record.tool} says {record.said!r:.60}"
    why = record.reason if isinstance(record, BoundsRecord) else ""
    return ("time-out" if "time limit" in why else "unknown"), why or "the method gives no answer"


def _disputed(name: str, items: list[RunItem]) -> Opening:
    records = {item.digest: item.record for item in items}
    regions = {digest: list(record.disputed) for digest, record in records.items() if isinstance(record, BoundsRecord)}
    total = sum(map(len, regions.values()))
    about = tuple(dict.fromkeys(item.requirement for item in items if item.requirement))
    text = f"{name}: a cross-check disagrees in {counted(total, 'region')}"
    return Opening(name, "disputed", text, about, tuple(records), {"regions": regions})
