"""Snapshot -> the page of the matrices: one self-contained HTML file beside the dossier.

`trace_view` puts everything that is shown into texts and links, and the template prints it. Links lead to the anchors of
the dossier. Long tables are cut, and say so: the workbook holds all. Without script the page is complete; the script only
filters rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from assurance.dossier import html
from assurance.dossier.parts import Link, anchor, first, goal_link, objective_link, record_link, requirement_link
from assurance.matrices.chains import WHOLE, BackChain, Chain, Evidence, EvidenceSort, Links, links
from assurance.matrices.heat import COLUMNS, UNDECIDED, HeatMap, HeatRow, column_of, heat_map
from assurance.resources import folder
from assurance.snapshot import Snapshot
from assurance.words import counted, verdict_words
from evidence.digest import short

MOST_ROWS = 4_000
"""Rows of one direction on the page."""
MOST_LINKS = 12
"""Links in one cell."""
MOST_EVIDENCE = 12
"""Rows with evidence for one objective."""


@dataclass(frozen=True)
class LinkCell:
    """Links of one cell, and how many are left out."""

    links: tuple[Link, ...]
    more: str = ""


@dataclass(frozen=True)
class TraceRow:
    """One row of either direction. `hole`: what is missing in the chain; empty where nothing is."""

    requirements: LinkCell
    title: str
    status: str
    """Of the requirement, or proposed for the objective."""
    run: Link | None
    run_note: str
    evidence: Link | None
    evidence_note: str
    goals: LinkCell
    against: LinkCell
    """Goals that the evidence speaks against."""
    objectives: LinkCell
    opposes: LinkCell
    """Objectives with an open problem report that the evidence opens."""
    standard: str
    hole: str


@dataclass(frozen=True)
class Direction:
    """A matrix read in one direction."""

    rows: tuple[TraceRow, ...]
    note: str


@dataclass(frozen=True)
class Square:
    """One objective in the heat map."""

    link: Link
    status: str
    title: str


@dataclass(frozen=True)
class HeatLine:
    """One table of a standard."""

    table: str
    entries: str
    asked: str
    cells: tuple[tuple[str, int, str], ...]
    """Text, step of the shade, and the column that it stands in."""
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class HeatView:
    """The map of one standard."""

    link: Link
    anchor: str
    title: str
    level: str
    watermark: str
    scored: bool
    columns: tuple[str, ...]
    lines: tuple[HeatLine, ...]


@dataclass(frozen=True)
class TraceView:
    """The whole page."""

    title: str
    issue: str
    organisation: str
    dossier: str
    watermarks: tuple[tuple[str, str], ...]
    """Standard and watermark."""
    maps: tuple[HeatView, ...]
    forward: Direction
    backward: Direction
    counts: tuple[str, ...] = field(default=())


def matrices_html(snapshot: Snapshot, dossier: str) -> str:
    """The page as text. The same snapshot gives the same text."""
    templates = folder("templates")
    style = html.stylesheet() + "\n" + (templates / "css" / "traceability.css").read_text(encoding="utf-8")
    script = (templates / "js" / "pages" / "traceability.js").read_text(encoding="utf-8")
    return html.page("traceability.html.j2", style, script, view=trace_view(snapshot, dossier))


def trace_view(snapshot: Snapshot, dossier: str) -> TraceView:
    """Everything that the page shows."""
    case, found = snapshot.loaded.case, links(snapshot)
    writer = _Writer(snapshot, found)
    forward = list(found.forward())
    backward = list(found.backward(MOST_EVIDENCE))
    return TraceView(
        title=case.title,
        issue=case.issue,
        organisation=case.organisation,
        dossier=dossier,
        watermarks=tuple(
            (item.catalogue.id, item.catalogue.watermark) for item in snapshot.coverage if item.catalogue.watermark
        ),
        maps=tuple(_heat(heat_map(item)) for item in snapshot.coverage),
        forward=Direction(tuple(writer.forward(forward[:MOST_ROWS])), _cut(len(forward))),
        backward=Direction(tuple(writer.backward(backward[:MOST_ROWS])), _cut(len(backward))),
        counts=tuple(_counts(found)),
    )


def _cut(rows: int) -> str:
    left = rows - MOST_ROWS
    return f"{counted(left, 'further row')} left out here; the workbook holds all." if left > 0 else ""


def _counts(found: Links) -> Iterator[str]:
    records = [item for item in found.evidence.values() if item.sort is EvidenceSort.RECORD]
    documents = [item for item in found.evidence.values() if item.sort is EvidenceSort.DOCUMENT]
    yield counted(len(found.requirements), "requirement")
    yield counted(sum(map(len, found.runs_of.values())), "run")
    yield f"{counted(len(records), 'record')}, {sum(item.current for item in records)} of them current"
    yield counted(len(documents), "document")
    yield counted(len(found.goals), "goal")
    yield counted(len(found.objectives), "entry").replace("entrys", "entries")


class _Writer:
    """Texts and links of rows."""

    def __init__(self, snapshot: Snapshot, found: Links) -> None:
        self._snapshot, self._found = snapshot, found
        self._titles = {item.id: item.title for item in snapshot.loaded.case.requirements}
        self._verdicts = {item.digest: verdict_words(item.record) for item in snapshot.register.runs}
        self._declared = {run.id for run in snapshot.loaded.case.answering}

    def forward(self, chains: list[Chain]) -> Iterator[TraceRow]:
        for chain in chains:
            known = chain.requirement
            standing = self._snapshot.standings.get(known or "")
            yield TraceRow(
                requirements=self._requirements((known,) if known else ()),
                title=self._titles.get(known or "", "about no single requirement"),
                status=standing.status.value if standing else "",
                run=self._run(chain.run),
                run_note="" if chain.run is None or chain.run in self._declared else "not declared any more",
                evidence=self._evidence(chain.evidence),
                evidence_note=self._note(chain.evidence),
                goals=self._goals(chain.goals),
                against=self._goals(chain.against),
                objectives=self._objectives(chain.objectives),
                opposes=self._objectives(chain.opposes),
                standard="",
                hole=_forward_hole(chain),
            )

    def backward(self, chains: list[BackChain]) -> Iterator[TraceRow]:
        seen: dict[tuple[str, str], int] = {}
        for chain in chains:
            key, row = chain.objective.key, chain.objective.row
            seen[key] = seen.get(key, 0) + 1
            left = len(row.evidence) - MOST_EVIDENCE if seen[key] == MOST_EVIDENCE and not chain.problem else 0
            note = self._note(chain.evidence)
            if chain.problem:
                note = f"{note}; against it: open problem report {chain.problem}".removeprefix("; ")
            if left > 0:
                note = f"{note}; and {left} more for this objective, see the workbook".removeprefix("; ")
            yield TraceRow(
                requirements=self._requirements(chain.requirements),
                title=row.entry.title,
                status=row.status.value,
                run=self._run(chain.run),
                run_note="",
                evidence=self._evidence(chain.evidence),
                evidence_note=note,
                goals=self._goals(chain.goals),
                against=LinkCell(()),
                objectives=LinkCell((objective_link(*key, key[1]),)),
                opposes=LinkCell(()),
                standard=key[0],
                hole="no evidence" if row.is_gap and not row.undecided and chain.evidence is None else "",
            )

    def _requirements(self, names: tuple[str, ...]) -> LinkCell:
        made = [requirement_link(name) if name in self._titles else Link(_plain(name)) for name in names]
        return _cell(made)

    def _run(self, name: str | None) -> Link | None:
        return None if name is None else Link(name, "provenance")

    def _evidence(self, item: Evidence | None) -> Link | None:
        if item is None:
            return None
        if item.sort is EvidenceSort.CASE_FILE:
            return Link("case file", "identity")
        if item.sort is EvidenceSort.REVIEW:
            return Link(f"meaning review of {item.name}", anchor("review", item.name))
        name = f"{item.name} {short(item.id)}" if item.sort is EvidenceSort.DOCUMENT else short(item.id)
        return record_link(item.id, f"{item.sort.value} {name}")

    def _note(self, item: Evidence | None) -> str:
        if item is None:
            return ""
        words = [self._verdicts[item.id]] if item.id in self._verdicts else []
        if not item.current:
            words.append("its file has changed" if item.sort is EvidenceSort.DOCUMENT else "history")
        return ", ".join(words)

    def _goals(self, names: tuple[str, ...]) -> LinkCell:
        return _cell([goal_link(name, name in self._found.goals) for name in names])

    def _objectives(self, keys: tuple[tuple[str, str], ...]) -> LinkCell:
        return _cell([objective_link(*key) for key in keys])


def _plain(name: str) -> str:
    return "the case as a whole" if name == WHOLE else name


def _cell(made: list[Link]) -> LinkCell:
    shown, more = first(made, MOST_LINKS)
    return LinkCell(shown, f"and {more} more" if more else "")


def _forward_hole(chain: Chain) -> str:
    """What is missing in a chain. Documents may serve the argument or an objective alone; records are for both."""
    if chain.evidence is None:
        return "no record" if chain.run else "no run"
    if chain.evidence.sort is not EvidenceSort.RECORD:
        return "" if chain.objectives or chain.goals or not chain.evidence.current else "serves nothing"
    if not chain.evidence.current or chain.against:
        return ""  # history: what is missing is said where the present evidence stands; what refutes serves by that
    if not chain.goals:
        return "no goal"
    return "" if chain.objectives else "no objective"


def _heat(found: HeatMap) -> HeatView:
    catalogue = found.catalogue
    shown = tuple(
        name for number, name in enumerate(COLUMNS) if any(row.cells and row.cells[number].count for row in found.rows)
    )
    return HeatView(
        link=Link(catalogue.id, anchor("std", catalogue.id)),
        anchor=anchor("heat", catalogue.id),
        title=f"{catalogue.title} ({catalogue.edition})",
        level=f"level {found.level}" if found.level else "no level",
        watermark=catalogue.watermark or "",
        scored=catalogue.scored,
        columns=shown,
        lines=tuple(_line(catalogue.id, row, shown) for row in found.rows),
    )


def _line(standard: str, row: HeatRow, shown: tuple[str, ...]) -> HeatLine:
    cells = tuple(
        (str(cell.count) if cell.count else "", cell.step, name)
        for name, cell in zip(COLUMNS, row.cells, strict=False)
        if name in shown
    )
    return HeatLine(
        table=f"{row.table.ref}: {row.table.title}",
        entries=str(len(row.rows)),
        asked="" if row.asked is None else str(row.asked),
        cells=cells,
        squares=tuple(
            Square(
                objective_link(standard, one.entry.id, one.entry.id),
                one.status.value,
                f"{one.entry.title}: {_word(column_of(one))}",
            )
            for one in row.rows
        ),
    )


def _word(column: str) -> str:
    return "no combination of methods is recorded" if column == UNDECIDED else column
