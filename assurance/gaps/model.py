"""What a gap report holds: rows with their next action, orphans, stages of involvement, the judgement of a policy.

Values only. They are filled by report.py and written out by `writers/`; nothing is computed here. Commands name the
case as `CASE`, as the handbook does: a report is handed on, and holds no path of the machine that made it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from assurance.catalogue import Stage, Table
from assurance.objectives import Coverage, Row
from assurance.objectives.later import Later
from assurance.support import Reason
from evidence.diagnostics import Finding, Place

CASE = "CASE"
"""How commands name the case."""


class ActionKind(StrEnum):
    """What somebody has to do next."""

    DISPOSE = "dispose of counterexamples"
    REPEAT = "bring up to date"
    RUN = "run"
    DOCUMENT = "document"
    AGREE = "agree with the authority"
    ACCEPT = "accept by name"


class Stanza(NamedTuple):
    """Lines to add to the case file. What stands in angle brackets is for the user to fill in."""

    purpose: str
    text: str
    tied: Later | None = None
    """Of an acceptance: its digest, which the lines end with."""

    @property
    def yaml(self) -> str:
        """The lines."""
        return self.text if self.tied is None else self.text + self.tied()


class Action(NamedTuple):
    """The next useful action for one objective."""

    kind: ActionKind
    text: str
    steps: tuple[str, ...] = ()
    """What stands in the way, requirement by requirement, where runs are concerned."""
    commands: tuple[str, ...] = ()
    stanzas: tuple[Stanza, ...] = ()
    template: str | None = None
    """`STANDARD:OBJECTIVE` for `assurance gaps CASE --template`, where a document would serve."""


class Allowance(NamedTuple):
    """A gap that somebody answers for until a day. It changes no status."""

    owner: str
    reason: str
    until: str
    expired: bool


@dataclass(frozen=True, slots=True)
class GapRow:
    """One objective of a selected standard, with what to do next and whether the policy bears it."""

    key: str
    """`STANDARD:OBJECTIVE`."""
    row: Row
    table: Table
    action: Action | None
    allowance: Allowance | None = None

    @property
    def is_gap(self) -> bool:
        """A gap by itself: asked for, not supported, and not one of several methods that nobody chose among yet."""
        return self.row.is_gap and not self.undecided

    @property
    def undecided(self) -> bool:
        """A method of a table without a recorded combination: the open choice is the gap, not this row."""
        return self.row.undecided


class GapChoice(NamedTuple):
    """A table of alternative methods among which the case has not chosen: one gap, however many methods it lists."""

    key: str
    """`STANDARD:TABLE`."""
    table: Table
    rows: tuple[GapRow, ...]
    stanza: Stanza
    allowance: Allowance | None = None


class ItemState(StrEnum):
    """Whether a data item is there. That it is there says nothing of what it is worth."""

    THERE = "there"
    IN_PART = "in part"
    """The case shows something of it by records or by itself; nothing is declared to be the item."""
    OFFERED = "offered"
    """A document serves an objective with several data items and does not say which of them it is."""
    STALE = "stale"
    MISSING = "missing"
    NOT_ASKED = "not asked for"


class StageItem(NamedTuple):
    """One data item that a stage of involvement looks at."""

    id: str
    name: str
    state: ItemState
    evidence: tuple[str, ...]
    """Ids of documents and runs, or `case file`."""
    why: str


@dataclass(frozen=True, slots=True)
class StageState:
    """What an authority's review at this stage would find. Stages are practice, not part of the standard."""

    stage: Stage
    items: tuple[StageItem, ...]
    gaps: int
    """Objectives of the stage's tables that are gaps, and open choices of methods."""
    asked: int

    def count(self, state: ItemState) -> int:
        return sum(item.state is state for item in self.items)

    @property
    def wanted(self) -> int:
        """How many of its data items are asked for at this level."""
        return len(self.items) - self.count(ItemState.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class StandardGaps:
    """One selected standard."""

    covered: Coverage
    rows: tuple[GapRow, ...]
    stages: tuple[StageState, ...]
    place: Place
    """Where the case file selects it."""
    choices: tuple[GapChoice, ...] = ()

    @property
    def id(self) -> str:
        return self.covered.catalogue.id

    @property
    def gaps(self) -> int:
        """Gaps by themselves, and open choices of methods."""
        return sum(row.is_gap for row in self.rows) + len(self.choices)

    @property
    def heading(self) -> str:
        level = f", level {self.covered.level}" if self.covered.level else ""
        return f"{self.covered.catalogue.title} ({self.covered.catalogue.edition}){level}"

    @property
    def watermark(self) -> str:
        return self.covered.catalogue.watermark or ""


class RequirementGap(NamedTuple):
    """A requirement that is not supported, with what to do next about it."""

    requirement: str
    title: str
    status: str
    established: int
    total: int
    reasons: tuple[Reason, ...]
    text: str
    commands: tuple[str, ...]
    stanzas: tuple[Stanza, ...]


class ProblemGap(NamedTuple):
    """A problem report that is not closed. `blocks`: significant, or not classified, and nothing mitigates it."""

    id: str
    text: str
    classification: str | None
    mitigation: str | None
    blocks: bool
    stanzas: tuple[Stanza, ...]


class Judgement(NamedTuple):
    """What a policy says of a report on a day."""

    policy: str | None
    """File of the policy; None when only `--fail-on` was given."""
    today: str
    failures: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    """On the policy itself: allowances that expired or match nothing. Those of error level fail as well."""

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class GapReport:
    """Everything that `assurance gaps` shows."""

    case: str
    title: str
    standards: tuple[StandardGaps, ...]
    requirements: tuple[RequirementGap, ...]
    problems: tuple[ProblemGap, ...]
    orphans: tuple[Finding, ...]
    stale: tuple[Finding, ...] = ()
    """Files that changed or are missing: they fail whatever a policy says."""
    judgement: Judgement | None = None

    def rows(self) -> tuple[GapRow, ...]:
        return tuple(row for standard in self.standards for row in standard.rows)
