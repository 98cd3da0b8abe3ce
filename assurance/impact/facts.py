"""What a baseline keeps of a case: the facts that a later comparison needs, without any of the files.

Everything is text, digests and identifiers; what is long is kept as its beginning and its digest. `parts` are the fields of
something, flattened to dotted names. A state of a case and a named baseline have the same form: the only difference is the
name. Not here: how facts are derived (state.py), how they are compared (compare.py).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evidence.digest import Digest
from evidence.specification import Frozen

FORMAT = "assurance-baseline/1"
CASE_FILE = "case file"
"""Stands for the digest of the case file where that counts as evidence: any edit changes the digest, few change what it shows."""


LAPSED = " (what was recorded has lapsed)"
"""Ends the state of a problem report where it applies."""


class CaseFact(Frozen):
    """Which case it is."""

    id: str
    title: str
    issue: str
    digest: Digest
    """Of the case file."""


class Item(Frozen):
    """Something that people change: a model, a threat model, one half of a requirement, a catalogue entry, a tool."""

    kind: str
    id: str
    title: str = ""
    parts: dict[str, str]

    @property
    def key(self) -> str:
        return f"{self.kind} {self.id}"


class EvidenceFact(Frozen):
    """A record of a run or a document, and what may still be said with it."""

    digest: Digest
    kind: str
    """The family of the record, or 'document'."""
    source: str
    """The run or document that it came from; empty for a record that the journal does not name."""
    requirement: str = ""
    current: bool
    """It is the newest answer of its run, or a declared document."""
    usable: bool
    """No file that it is about differs from what was declared."""
    says: str
    made_with: dict[str, str] = Field(default_factory=dict)
    """Of the newest record of a run: the request that it answered, statement and tools included."""
    subjects: dict[str, Digest] = Field(default_factory=dict)
    """Of a document: what it is about, as it was then."""
    whole: bool = False
    """Of a document: it is about the case as a whole, which is not among its subjects."""


class RunFact(Frozen):
    """A declared run: what would be asked now, and which record answers that already."""

    id: str
    kind: Literal["run", "import"]
    requirement: str
    asked: dict[str, str]
    request: Digest | None = None
    """The key under which a store looks for the answer."""
    answer: Digest | None
    noted: bool = True
    """The journal names the answer for this run, its requirement and its criterion. If not, the answer counts for nothing yet."""
    hindrance: str | None = None
    """Why it cannot be carried out as things are."""


class JournalFact(Frozen):
    """An entry of the journal, which only ever grows: an entry that is gone is history that is gone."""

    run: str
    requirement: str
    criterion: str
    record: str
    outcome: str


class RequirementFact(Frozen):
    """Where a requirement stands."""

    id: str
    status: str
    reasons: tuple[str, ...]
    established: int
    refuted: int
    total: int
    best: Digest | None
    criterion: Digest | None
    """Of the claim, model aside."""
    meaning: Digest
    """Of sentence and formal property together; of the sentence where there is no formal property."""
    identity: Digest | None
    """Of model and criterion together."""
    evidence: tuple[Digest, ...]
    rests_on: tuple[str, ...]
    """Keys of the items that it is made of."""


class GoalFact(Frozen):
    """A goal or strategy of the argument with what stands directly beneath it."""

    id: str
    type: str
    text: str
    status: str
    pattern: str = ""
    requirement: str | None = None
    """The requirement that it claims."""
    about: tuple[str, ...] = ()
    """Requirements that it was instantiated for."""
    beside: dict[str, str] = Field(default_factory=dict)
    """Contexts, assumptions, justifications, solutions and references: identifier -> text."""
    evidence: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    strength: Digest | None = None
    """Of a top goal: weakest guarantee, arithmetic, error probability and limits of all that is beneath."""


class ObjectiveFact(Frozen):
    """An objective of a selected standard with its proposed status."""

    standard: str
    id: str
    title: str
    level: str | None
    required: bool | None
    status: str
    n: int
    of: int
    evidence: tuple[str, ...]
    goals: tuple[str, ...]
    reasons: tuple[str, ...]
    more: dict[str, str] = Field(default_factory=dict)
    """What else the row says (means of compliance, independence, tools, problem reports)."""
    scope: dict[str, Digest] = Field(default_factory=dict)
    """Where the case file itself counts as evidence: the items that it shows."""
    digest: Digest
    """What an acceptance of the status is tied to."""

    @property
    def key(self) -> str:
        return f"{self.standard}:{self.id}"


SignOffKind = Literal[
    "acceptance", "deviation", "disposition", "meaning review", "agreement", "not applicable", "sign-off"
]


class SignOffFact(Frozen):
    """A word that somebody gave: acceptance of an objective, deviation, disposition of a doubt, meaning review, agreement with an
    authority, approval that an objective does not apply, sign-off of a catalogue."""

    kind: SignOffKind
    id: str
    """The objective, deviation, doubt, requirement, agreement or standard."""
    about: str
    by: str
    role: str
    date: str
    of: Digest | None
    """What it is tied to; None when it is tied to nothing."""
    stands: bool
    beneath: Digest
    """What it is about, as it is now."""
    rests_on: tuple[str, ...] = ()
    """Keys of the items by which it can lapse."""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.id}"


class ProblemFact(Frozen):
    """A problem report, and what has become of it."""

    id: str
    text: str
    state: str
    """closed, open, or open and blocking; with a note where what people recorded about it has lapsed."""
    closed: bool
    requirements: tuple[str, ...]
    evidence: tuple[str, ...]
    facts: dict[str, str]
    """What opened it and what people recorded about it."""


class Baseline(Frozen):
    """A case at one moment."""

    format: Literal["assurance-baseline/1"] = "assurance-baseline/1"
    name: str | None = None
    tool: str
    """Version of the tool that derived it."""
    rules: dict[str, Digest]
    """Files of catalogues and patterns that it was derived with; of a review package, those of its builder."""
    case: CaseFact
    items: tuple[Item, ...]
    evidence: tuple[EvidenceFact, ...]
    journal: tuple[JournalFact, ...]
    """All entries, oldest first."""
    runs: tuple[RunFact, ...]
    requirements: tuple[RequirementFact, ...]
    goals: tuple[GoalFact, ...]
    objectives: tuple[ObjectiveFact, ...]
    problems: tuple[ProblemFact, ...]
    sign_offs: tuple[SignOffFact, ...]
