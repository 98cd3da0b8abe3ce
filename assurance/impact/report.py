"""What a comparison says: the shape of `assurance diff --json` (docs/schemas/diff.schema.json).

`because` lists keys of changed items ("threat model TM"), or, where the derived argument itself differs, what of it does. Statuses are
proposals of the tool in both states. Not here: how any of it is found (compare.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from assurance.impact.facts import SignOffKind
from evidence.digest import Digest
from evidence.specification import Frozen


class Effect(StrEnum):
    """How something derived is affected."""

    STATUS = "status"
    """Its status is another one."""
    BENEATH = "beneath"
    """Its status is the same, but what it rests on is not: somebody has to look at it again."""
    REASONS = "reasons"
    """Of an objective: status and all that counts for it are the same; only the reasons that are given read otherwise."""
    ADDED = "added"
    REMOVED = "removed"


class StaleState(StrEnum):
    """What became of an item of evidence."""

    NO_LONGER_COUNTS = "no longer counts"
    REPLACED = "replaced"
    """The new state holds another record of the same run, or another version of the document."""
    TO_BE_REPEATED = "to be repeated"
    """It still counts, but a repeated `assurance run` would make it again: a library or parameter is another one."""
    LOOK_AGAIN = "look again"
    """A document that still counts; what it is about has changed since."""


class Part(Frozen):
    """One field that differs."""

    part: str
    before: str | None
    after: str | None


class Changed(Frozen):
    """Something that people, or repeated runs, changed."""

    kind: str
    id: str
    title: str
    change: Literal["added", "removed", "changed"]
    parts: tuple[Part, ...]
    """What differs; all fields of what was added or removed."""
    caution: str | None = None
    """What this must not be taken for."""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.id}"


class Stale(Frozen):
    """Evidence of the old state that does not answer what the new state asks."""

    digest: Digest
    kind: str
    source: str
    requirement: str
    state: StaleState
    replaced_by: Digest | None
    why: tuple[Part, ...]
    reason: str
    """In one sentence."""


class Affected(Frozen):
    """A requirement, a goal or a problem report whose status, or whose foundation, is another one."""

    id: str
    type: str
    text: str
    effect: Effect
    before: str | None
    after: str | None
    because: tuple[str, ...]
    caution: str | None = None
    """What the change of status must not be taken for."""
    same_as: str | None = None
    """Of a requirement that is new or gone: the one of the other state that asks for the same under another id."""


class AffectedObjective(Frozen):
    """An objective whose status, or whose foundation, is another one."""

    standard: str
    id: str
    title: str
    level: str | None
    required: bool | None
    effect: Effect
    before: str | None
    after: str | None
    n: tuple[int | None, int | None]
    of: tuple[int | None, int | None]
    because: tuple[str, ...]


class AffectedSignOff(Frozen):
    """A named person's word that lapsed, came to stand, or stands on changed ground."""

    kind: SignOffKind
    id: str
    about: str
    by: str
    role: str
    date: str
    effect: Effect
    before: str | None
    after: str | None
    expected: Digest | None
    """What it would have to be tied to now; None where it is gone."""
    because: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.kind} {self.id}"


class Rerun(Frozen):
    """A run that `assurance run` would carry out in the new state."""

    run: str
    kind: Literal["run", "import"]
    requirement: str
    why: tuple[Part, ...]
    reason: str
    hindrance: str | None
    answered_before: bool
    """The old state had the answer to its own request: this repetition comes from what changed."""
    because: tuple[str, ...]


class ToNote(Frozen):
    """A run whose answer the store holds although the journal does not name it for what is asked now.

    `assurance run` notes it and computes nothing; until then it counts for nothing, or is held against another criterion.
    """

    run: str
    requirement: str
    record: Digest


class KeptEvidence(Frozen):
    """Evidence of both states, and why it may be kept."""

    digest: Digest
    kind: str
    source: str
    requirement: str
    reason: str


class Kept(Frozen):
    """What the change reaches neither directly nor further down."""

    evidence: tuple[KeptEvidence, ...]
    requirements: tuple[str, ...]
    goals: int
    objectives: int
    words: tuple[str, ...]
    """Words of named persons that stand as they stood, by key."""


class Impact(Frozen):
    """All differences of two states and what they break."""

    changed: tuple[Changed, ...]
    stale: tuple[Stale, ...]
    requirements: tuple[Affected, ...]
    goals: tuple[Affected, ...]
    objectives: tuple[AffectedObjective, ...]
    problems: tuple[Affected, ...]
    acceptances: tuple[AffectedSignOff, ...]
    rerun: tuple[Rerun, ...]
    note: tuple[ToNote, ...]
    kept: Kept
    digest_only: int
    """Objectives that nothing here affects, but whose acceptance digest is another one: an acceptance made now differs."""

    @property
    def empty(self) -> bool:
        """Nothing changed and nothing has to be done."""
        return not any(getattr(self, name) for name in type(self).model_fields if name not in ("digest_only", "kept"))
