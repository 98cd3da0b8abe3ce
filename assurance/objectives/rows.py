"""What coverage consists of: one row for each objective of a standard, and the shapes in which rows are printed.

Data and their JSON only; how a status comes about stands in `status.py`, how rows come about in `assembly.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from assurance.catalogue import Catalogue, Entry, Selected
from assurance.objectives.later import Later
from assurance.objectives.sign_off import SignOff
from assurance.support import Reason
from evidence.diagnostics import Finding


class ObjectiveStatus(StrEnum):
    """The vocabulary for objectives. All are proposals."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    OPEN = "open"
    CONTRADICTED = "contradicted"
    STALE = "stale"
    NOT_APPLICABLE = "not applicable"
    APPLICABILITY_UNKNOWN = "applicability unknown"


class Choice(StrEnum):
    """Where a row of a table of alternative methods stands in the combination that the case records."""

    NONE_RECORDED = "none recorded"
    CHOSEN = "chosen"
    LEFT_OUT = "left out"
    """With its reason, or without one where the standard asks for none."""
    LEFT_OUT_WITHOUT_REASON = "left out without a reason"
    """Highly recommended, not chosen, and nobody says why: it stays asked for."""


@dataclass(frozen=True)
class AcceptanceState:
    """An acceptance as declared, and whether it still fits what it accepted."""

    by: str
    role: str
    date: str
    lapsed: bool
    counts: bool = True
    """False when it has lapsed, or when independence is required and the accepter is an author of what lies beneath."""


@dataclass(frozen=True)
class MeansState:
    """By which means an objective is shown, and whether an authority agreed to it."""

    text: str
    alternative: bool
    rationale: str | None
    agreement: str
    """agreed, submitted, refused, or not agreed."""
    reference: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "means": self.text,
            "alternative": self.alternative,
            "rationale": self.rationale,
            "agreement": self.agreement,
            "reference": self.reference,
        }


@dataclass(frozen=True)
class ToolNeed:
    """The confidence that one tool needs for the credit that is claimed from what it produced."""

    tool: str
    level: str
    """TQL-1 to TQL-5, or TCL1 to TCL3."""
    because: str
    """From which criteria or classes the level follows."""
    shown: bool
    """Qualification data for at least this level are declared and unchanged, or the level asks for none."""
    documents: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "tool": self.tool,
            "level": self.level,
            "because": self.because,
            "shown": self.shown,
            "documents": list(self.documents),
        }


@dataclass(frozen=True)
class Row:
    """One objective in a coverage table."""

    entry: Entry
    selected: Selected
    status: ObjectiveStatus
    n: int
    of: int
    evidence: tuple[str, ...]
    goals: tuple[str, ...]
    reasons: tuple[Reason, ...]
    next: str | None
    tied: Later
    acceptance: AcceptanceState | None
    means: MeansState | None = None
    independence_shown: bool | None = None
    """None where independence is not asked for."""
    qualification: tuple[ToolNeed, ...] = ()
    problems: tuple[str, ...] = ()
    """Open problem reports about what the objective is shown of."""
    choice: Choice | None = None
    """None outside tables of alternatives."""

    @property
    def digest(self) -> str:
        """What an acceptance of the row is tied to (acceptance.py)."""
        return self.tied()

    @property
    def required(self) -> bool | None:
        """Whether the level, or the chosen combination of methods, asks for it; None: not known."""
        if self.choice is Choice.CHOSEN:
            return True
        if self.choice is Choice.LEFT_OUT:
            return False
        return self.selected.asked_for

    @property
    def is_gap(self) -> bool:
        """True for what is asked for and not supported. See `undecided` for rows of tables without a choice."""
        return self.status not in (
            ObjectiveStatus.SUPPORTED,
            ObjectiveStatus.NOT_APPLICABLE,
            ObjectiveStatus.APPLICABILITY_UNKNOWN,
        )

    @property
    def undecided(self) -> bool:
        """An alternative that nobody chose or left out: the open choice is the gap, not this row."""
        return self.choice is Choice.NONE_RECORDED and self.status in (ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL)


@dataclass(frozen=True)
class OpenChoice:
    """A table of alternative methods for which the case records no combination."""

    table: str
    ref: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Coverage:
    """Coverage of one standard at one level."""

    catalogue: Catalogue
    """As an organisation's sign-off corrects it, where there is one."""
    level: str | None
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    sign_off: SignOff | None = None

    @property
    def open_choices(self) -> tuple[OpenChoice, ...]:
        """Tables of alternatives without a recorded combination, where something is still open."""
        found = []
        for table in self.catalogue.tables:
            rows = tuple(row for row in self.rows if row.entry.table == table.id and row.undecided)
            if rows:
                found.append(OpenChoice(table.id, table.ref, table.title, rows))
        return tuple(found)

    def totals(self) -> dict[str, int]:
        """How many rows have each status; 'asked for' counts those that the level or a chosen combination asks for.

        A table of alternatives without a recorded combination is one open choice: its rows are not counted as
        partial or open but as 'methods not chosen yet', and the tables as 'open choices'.
        """
        single = Counter(row.status.value for row in self.rows if not row.undecided)
        totals = {status.value: single.get(status.value, 0) for status in ObjectiveStatus}
        undecided = sum(row.undecided for row in self.rows)
        if undecided:
            totals["methods not chosen yet"] = undecided
            totals["open choices"] = len(self.open_choices)
        totals["asked for"] = sum(row.required is True for row in self.rows)
        return totals

    def as_json(self) -> dict[str, Any]:
        """The shape of `assurance gaps --json` for one standard."""
        return {
            "standard": self.catalogue.id,
            "edition": self.catalogue.edition,
            "level": self.level,
            "watermark": self.catalogue.watermark,
            "scored": self.catalogue.scored,
            "sign_off": self.sign_off.as_json() if self.sign_off else None,
            "totals": self.totals() if self.catalogue.scored else {"listed": len(self.rows)},
            "objectives": [self._row_json(row) for row in self.rows],
        }

    def _row_json(self, row: Row) -> dict[str, Any]:
        accepted, scored = row.acceptance, self.catalogue.scored
        return {
            "id": row.entry.id,
            "title": row.entry.title,
            "status": row.status.value,
            "required": row.required,
            "independence": row.selected.independence,
            "independence_shown": row.independence_shown,
            "n": row.n if scored else None,
            "of": row.of if scored else None,
            "evidence": list(row.evidence),
            "goals": list(row.goals),
            "reasons": [{"code": item.code, "message": item.message} for item in row.reasons],
            "next": row.next,
            "means": row.means.as_json() if row.means else None,
            "qualification": [item.as_json() for item in row.qualification],
            "problems": list(row.problems),
            "choice": row.choice.value if row.choice else None,
            "verified": self.sign_off is not None and row.entry.id in self.sign_off.verified,
            "digest": row.digest,
            "acceptance": None
            if accepted is None
            else {
                "by": accepted.by,
                "role": accepted.role,
                "date": accepted.date,
                "lapsed": accepted.lapsed,
                "counts": accepted.counts,
            },
        }


Key = TypeVar("Key")


def holders(lists: Iterable[tuple[Key, tuple[str, ...]]]) -> dict[str, tuple[Key, ...]]:
    """By name, the keys whose list holds it, in the order given.

    Rows share their lists, and so do names that stand in the same ones: it takes as long as the different lists are.
    """
    by_list: dict[int, tuple[tuple[str, ...], list[int]]] = {}
    keys: list[Key] = []
    for key, names in lists:
        by_list.setdefault(id(names), (names, []))[1].append(len(keys))
        keys.append(key)
    holding: dict[str, list[int]] = {}
    for number, (names, _) in by_list.items():
        for name in dict.fromkeys(names):
            holding.setdefault(name, []).append(number)
    known: dict[tuple[int, ...], tuple[Key, ...]] = {}
    for which in {tuple(numbers) for numbers in holding.values()}:
        places = sorted(place for number in which for place in by_list[number][1])
        known[which] = tuple(keys[place] for place in places)
    return {name: known[tuple(numbers)] for name, numbers in holding.items()}


def shared(covered: Iterable[Coverage]) -> dict[str, tuple[str, ...]]:
    """Evidence that serves objectives of more than one standard: digest -> 'standard:objective', in order.

    Whoever adds up evidence over standards counts each of these once.
    """
    rows = (((item.catalogue.id, row.entry.id), row.evidence) for item in covered for row in item.rows)
    found: dict[str, tuple[str, ...]] = {}
    written: dict[tuple[tuple[str, str], ...], tuple[str, ...]] = {}
    for digest, served in sorted(holders(rows).items()):
        if served not in written:
            several = len({standard for standard, _ in served}) > 1
            written[served] = tuple(":".join(name) for name in served) if several else ()
        if names := written[served]:
            found[digest] = names
    return found


def evidence_used(covered: Iterable[Coverage]) -> int:
    """How many items of evidence serve any objective, each counted once however many standards it serves."""
    return len({digest for item in covered for row in item.rows for digest in row.evidence})


def coverage_json(covered: Iterable[Coverage]) -> dict[str, Any]:
    """The document that `assurance gaps --json`, the build folder and the package share."""
    items = tuple(covered)
    return {
        "standards": [item.as_json() for item in items],
        "shared": [{"evidence": digest, "objectives": list(names)} for digest, names in shared(items).items()],
    }
