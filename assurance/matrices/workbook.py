"""The matrices as an XLSX workbook: both directions, every link in a row of its own, the heat map.

The workbook holds all that the page leaves out, up to what a sheet can hold. See sheets.py for what keeps it safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from assurance.matrices.chains import Evidence, Links, links
from assurance.matrices.heat import COLUMNS, HeatMap, heat_map
from assurance.sheets import Cell, Sheet, workbook
from assurance.snapshot import Snapshot
from assurance.words import verdict_words

_FILLS = (
    ("contradicted", "F4B6B0"),
    ("stale", "F9D9A8"),
    ("open", "FCEBCF"),
    ("partial", "FFF7CC"),
    ("supported", "DDEEDD"),
)
MOST_NAMED = 60
MOST_PAIRS = 200_000
"""Rows of the sheet with links, and of the direction from objectives: more are no help to a person, and take minutes."""


def matrices_xlsx(snapshot: Snapshot) -> bytes:
    """The workbook of a snapshot."""
    found = links(snapshot)
    marks = list(dict.fromkeys(item.catalogue.watermark for item in snapshot.coverage if item.catalogue.watermark))
    title = " ".join((f"{snapshot.loaded.case.title}. All statuses are proposals.", *marks))
    maps = [heat_map(item) for item in snapshot.coverage]
    sheets = (
        _forward(snapshot, found, title),
        _backward(snapshot, found, title),
        Sheet("Links", title, ("from", "what it is", "to", "what that is"), _some(_pairs(found)), (40, 16, 40, 18)),
        _heat(maps, title),
    )
    return workbook(sheets, f"Traceability of {snapshot.loaded.case.title}", " ".join(marks))


def _forward(snapshot: Snapshot, found: Links, title: str) -> Sheet:
    verdicts = {item.digest: verdict_words(item.record) for item in snapshot.register.runs}
    rows: list[tuple[Cell, ...]] = []
    for chain in found.forward():
        standing = snapshot.standings.get(chain.requirement or "")
        item = chain.evidence
        rows.append(
            (
                chain.requirement or "",
                standing.status.value if standing else "",
                chain.run or "",
                _evidence(item),
                verdicts.get(item.id, "") if item else "",
                ("current" if item.current else "not current") if item else "",
                _named(chain.goals),
                _named(chain.against),
                _named([":".join(key) for key in chain.objectives]),
                _named([":".join(key) for key in chain.opposes]),
            )
        )
    heads = (
        "requirement", "status", "run", "evidence", "verdict", "state", "goals", "against goals", "objectives",
        "against objectives",
    )  # fmt: skip
    return Sheet("From requirements", title, heads, rows, (14, 14, 20, 44, 12, 12, 24, 24, 40, 40), _FILLS)


def _backward(snapshot: Snapshot, found: Links, title: str) -> Sheet:
    watermarks = {item.catalogue.id: item.catalogue.watermark or "" for item in snapshot.coverage}
    titles = {item.id: item.title for item in snapshot.loaded.case.requirements}
    rows = _some(
        (
            chain.objective.key[0],
            watermarks[chain.objective.key[0]],
            chain.objective.key[1],
            chain.objective.row.entry.title,
            chain.objective.row.status.value,
            _named(chain.goals),
            _evidence(chain.evidence),
            chain.problem,
            chain.run or "",
            _named([f"{name} {titles.get(name, '')}".strip() for name in chain.requirements]),
        )
        for chain in found.backward()
    )
    heads = (
        "standard", "watermark", "objective", "title", "proposed status", "goals", "evidence", "against it: open report",
        "run", "requirements",
    )  # fmt: skip
    return Sheet("From objectives", title, heads, rows, (14, 24, 12, 40, 14, 24, 44, 24, 20, 30), _FILLS)


def _pairs(found: Links) -> Iterator[tuple[Cell, ...]]:
    """Each link once: what a program, or a filter in a spreadsheet, wants to have."""
    for name, runs in found.runs_of.items():
        yield from ((name, "requirement", run, "run") for run in runs)
    for item in found.evidence.values():
        if item.run:
            yield item.run, "run", item.id, item.sort.value
        else:
            yield from ((about, "requirement", item.id, item.sort.value) for about in item.about)
    for goal, requirement in found.claim_of_goal.items():
        yield requirement, "requirement", goal, "goal"
    for name, goals in found.goals_of_evidence.items():
        yield from ((name, found.evidence[name].sort.value, goal, "goal") for goal in goals)
    for name, goals in found.against.items():
        yield from ((name, found.evidence[name].sort.value, goal, "goal, against it") for goal in goals)
    for name, keys in found.objectives_of_evidence.items():
        sort = found.evidence[name].sort.value if name in found.evidence else "evidence"
        yield from ((name, sort, ":".join(key), "objective") for key in keys)
    for name, keys in found.opposed.items():
        yield from ((name, found.evidence[name].sort.value, ":".join(key), "objective, against it") for key in keys)
    for goal, keys in found.objectives_of_goal.items():
        yield from ((goal, "goal", ":".join(key), "objective") for key in keys)


def _some(rows: Iterator[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """The first rows, and how many are left out."""
    shown = list(islice(rows, MOST_PAIRS))
    left = sum(1 for _ in rows)
    if left:
        shown.append((f"{left} more rows left out: `assurance gaps --json` holds all", *[""] * (len(shown[0]) - 1)))
    return shown


def _heat(maps: list[HeatMap], title: str) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        (
            item.catalogue.id,
            item.level or "",
            item.catalogue.watermark or "",
            f"{row.table.ref}: {row.table.title}",
            len(row.rows),
            row.asked,
            *((cell.count for cell in row.cells) if row.cells else (None,) * len(COLUMNS)),
        )
        for item in maps
        for row in item.rows
    ]
    heads = ("standard", "level", "watermark", "table", "entries", "asked for", *COLUMNS)
    return Sheet("Heat map", title, heads, rows, (14, 7, 30, 44, *(11,) * (2 + len(COLUMNS))))


def _evidence(item: Evidence | None) -> str:
    return "" if item is None else f"{item.sort.value} {item.name} {item.id}"


def _named(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMED
    return "\n".join((*names[:MOST_NAMED], *((f"and {more} more, see Links",) if more > 0 else ())))
