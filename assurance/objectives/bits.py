"""What evidence is when it is held against items in scope: one thing at a time, and by groups that nothing tells apart.

A `Bit` is one item of evidence held against one item in scope; its `Signature` is all that credit depends on. Items
whose bits have the same signatures are alike for every objective, so that they are judged together.
Not here: which evidence a case has for which items (held.py), what a signature earns (credit.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from assurance.catalogue_vocabulary import EvidenceKind, ModelRole
from assurance.objectives.later import Later
from assurance.register import DocumentEntry
from evidence.records.engineering import Criterion
from evidence.verdict import Artefact, GuaranteeKind


class Signature(NamedTuple):
    """Everything about one item of evidence that its credit depends on."""

    kind: EvidenceKind
    artefact: Artefact
    guarantee: GuaranteeKind
    independent: bool = False
    """Verified by somebody who is recorded and did not make the item."""
    whole: bool = True
    """False when the underlying requirement is not fully supported, or the document leaves something open."""
    fresh: bool = True
    """False for a document whose file has changed: it earns nothing and makes the objective stale."""
    fails: bool = False
    """True for a document that reports a failure or examined nothing: it earns nothing."""
    challenged: str = ""
    """Id of a document that a challenge is aimed at which stands or was upheld: it earns nothing meanwhile."""
    general: bool = False
    """True for a document about the case as a whole that names neither the item nor the entry."""
    measures: tuple[tuple[Criterion, bool], ...] = ()
    """Of a coverage report: what it counted, and whether all of it was reached."""
    role: ModelRole | None = None
    from_case: bool = False
    """True for what the case file shows by itself."""
    tools: tuple[str, ...] = ()
    """Tools whose output nothing re-checked, so that the evidence rests on them."""


class Bit(NamedTuple):
    """One item of evidence for one item in scope."""

    evidence: str
    """Digest of the record, document or case file."""
    signature: Signature
    goals: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()
    """Who made the evidence, or what it examined."""


class Alike(NamedTuple):
    """Items in scope that no objective can tell apart: same signatures, same makers, same role."""

    signatures: tuple[Signature, ...]
    items: list[int]
    """Positions of the items, in order."""


@dataclass(frozen=True)
class Pool:
    """The items in one scope with their evidence, documents that have to name the objective aside."""

    items: tuple[str, ...]
    bits: tuple[tuple[Bit, ...], ...]
    """By position of the item."""
    alike: tuple[Alike, ...]
    makers: frozenset[str]
    """Everybody who is known to have made an item."""

    @cached_property
    def position(self) -> dict[str, int]:
        """By item: its position."""
        return {item: position for position, item in enumerate(self.items)}

    @cached_property
    def group(self) -> dict[int, int]:
        """By position of the item: which of `alike` it belongs to."""
        return {position: number for number, alike in enumerate(self.alike) for position in alike.items}


class Gathered(NamedTuple):
    """Evidence that counts, in the order of the items, with the goals that rest on it and its authors."""

    evidence: tuple[str, ...]
    goals: tuple[str, ...]
    people: frozenset[str]
    digest: Later
    """Of the evidence, whatever its order. The case file itself is left out: what of it lies beneath is declared."""


class Naming(NamedTuple):
    """Documents that name an objective themselves: about the whole case, and about single items by position."""

    everywhere: tuple[DocumentEntry, ...]
    at: dict[int, tuple[DocumentEntry, ...]]
