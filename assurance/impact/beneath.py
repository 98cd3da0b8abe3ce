"""What lies beneath the standing of a requirement and beneath what people said, as keys of items.

These keys explain why something is affected; that it is affected is found by comparing facts, never by following keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assurance.case import BallsOf, BoxesOf, CellsOf, FormalProperty
from assurance.challenges import Doubt
from assurance.impact.items import numbered
from assurance.snapshot import Snapshot
from assurance.status import RESULT_KINDS
from evidence.digest import canonical_json, of_bytes


def digest_of(value: Any) -> str:
    """Digest of a JSON value."""
    return of_bytes(canonical_json(value))


class Beneath:
    """Lookups in one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.loaded, self.case = snapshot, snapshot.loaded, snapshot.loaded.case
        self.dispositions = numbered(item.challenge for item in self.case.dispositions)
        self.decisions: dict[str, list[str]] = {}
        """By doubt, the keys of dispositions; by what it is about, those of deviations."""
        for id, given in zip(self.dispositions, self.case.dispositions, strict=True):
            self.decisions.setdefault(given.challenge, []).append(f"disposition {id}")
        for deviation in self.case.deviations:
            self.decisions.setdefault(deviation.about, []).append(f"deviation {deviation.id}")
        self.doubts = {item.id: item for item in snapshot.built.doubts}
        self.rows = {f"{item.catalogue.id}:{row.entry.id}": row for item in snapshot.coverage for row in item.rows}
        """Coverage by 'standard:objective'."""
        self.resting = self._resting()
        """By requirement, the keys of the items that its standing follows from."""

    def meaning(self, requirement: str) -> str:
        """Digest of sentence and formal property; of the sentence where there is no formal property."""
        claim = self.loaded.claims.get(requirement)
        return claim.meaning if claim is not None else digest_of(self.case.requirement(requirement).text)

    def _resting(self) -> dict[str, list[str]]:
        case = self.case
        halves = ("requirement text", "formal property", "criterion", "meaning review")
        found = {item.id: [f"{kind} {item.id}" for kind in halves] for item in case.requirements}
        for requirement in case.requirements:
            if requirement.property is not None:
                found[requirement.id] += _named(requirement.property)
        for verdict in case.external_verdicts:
            found[verdict.requirement] += [f"external verdict {verdict.id}", f"property file {verdict.property_file}"]
        for run in case.answering:
            found[run.requirement] += [f"run {run.id}", f"record {run.id}"]
        for deviation in case.deviations:
            if deviation.about in found:
                found[deviation.about].append(f"deviation {deviation.id}")
        for doubt in self.doubts.values():
            for id in () if doubt.is_exclusion else doubt.requirements:
                found[id] += self.decided(doubt)
        for document in case.documents:
            for id in document.about if document.evidence in RESULT_KINDS else ():
                if id in found:
                    found[id].append(f"document {document.id}")
        return {id: list(dict.fromkeys(keys)) for id, keys in found.items()}

    def decided(self, doubt: Doubt) -> list[str]:
        """Keys of a doubt, of what it is aimed at, and of what was decided about it."""
        kind, name = doubt.aimed_at
        keys = [f"challenge {doubt.id}", f"{kind} {name}", *([f"record {name}"] if kind == "run" else [])]
        keys += [f"document {item.item.id}" for item in (*doubt.backing, *doubt.answers)]
        keys += self.decisions.get(doubt.id, ())
        return keys + (self.decisions.get(name, []) if doubt.is_exclusion else [])


def _named(formal: FormalProperty) -> Iterator[str]:
    """What a formal property refers to."""
    yield f"model {formal.model}"
    if isinstance(formal.regions, BallsOf):
        yield from (f"data set {formal.regions.data_set}", f"threat model {formal.regions.threat_model}")
    elif isinstance(formal.regions, CellsOf):
        yield f"table {formal.regions.table}"
    elif not isinstance(formal.regions, BoxesOf):
        yield f"property file {formal.regions.property_file}"
