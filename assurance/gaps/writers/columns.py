"""The flat form of a gap report: the columns that terminal, CSV and XLSX share."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gaps.model import GapReport, GapRow, ItemState, StageState, StandardGaps
from assurance.sheets import Cell

MOST_EVIDENCE = 20

COLUMNS: tuple[tuple[str, int], ...] = (
    ("standard", 14), ("edition", 22), ("level", 7), ("watermark", 22), ("table", 18), ("objective", 12),
    ("reference", 20), ("title", 40), ("asked for", 10), ("independence", 12), ("independence shown", 12), ("means", 30),
    ("agreement", 14), ("tools", 24), ("problem reports", 20), ("proposed status", 14), ("n", 6),
    ("of", 6), ("gap", 12), ("reasons", 60), ("action", 18), ("next", 60), ("steps", 50), ("commands", 50),
    ("allowed until", 12), ("allowed by", 20), ("evidence", 30), ("goals", 20),
)  # fmt: skip
"""Heads with their widths in a sheet."""


def flat(report: GapReport, everything: bool = True) -> Iterator[tuple[Cell, ...]]:
    """Every row of a report, or only its gaps."""
    for standard in report.standards:
        for row in standard.rows:
            if everything or row.row.is_gap:
                yield _flat(standard, row)


def _flat(standard: StandardGaps, item: GapRow) -> tuple[Cell, ...]:
    catalogue, row, action = standard.covered.catalogue, item.row, item.action
    counted = catalogue.scored
    return (
        catalogue.id,
        catalogue.edition,
        standard.covered.level or "",
        standard.watermark,
        f"{item.table.ref}: {item.table.title}",
        row.entry.id,
        row.entry.ref,
        row.entry.title,
        asked_words(row.required),
        asked_words(row.selected.independence),
        "" if row.independence_shown is None else asked_words(row.independence_shown),
        row.means.text if row.means else "",
        " ".join(filter(None, (row.means.agreement, row.means.reference))) if row.means else "",
        "\n".join(f"{need.tool}: {need.level}{'' if need.shown else ', not shown'}" for need in row.qualification),
        _names(row.problems),
        row.status.value,
        row.n if counted else None,
        row.of if counted else None,
        "gap" if item.is_gap else "open choice" if item.undecided else "",
        "\n".join(f"{reason.code} {reason.message}" for reason in row.reasons),
        action.kind.value if action else "",
        action.text if action else "",
        "\n".join(action.steps) if action else "",
        "\n".join(action.commands) if action else "",
        item.allowance.until if item.allowance else "",
        item.allowance.owner if item.allowance else "",
        _names(row.evidence),
        _names(row.goals),
    )


def asked_words(asked: bool | None) -> str:
    return "unknown" if asked is None else "yes" if asked else "no"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_EVIDENCE
    return "\n".join((*names[:MOST_EVIDENCE], *((f"and {more} more",) if more > 0 else ())))


def count_words(item: GapRow, scored: bool) -> str:
    """`n of N`; empty where nothing is counted."""
    return f"{item.row.n} of {item.row.of}" if scored else ""


def totals_words(standard: StandardGaps) -> str:
    """How many rows have each status, in one line; a draft is never counted."""
    covered = standard.covered
    if not covered.catalogue.scored:
        return f"{len(covered.rows)} items listed, not scored"
    totals = covered.totals()
    asked = totals.pop("asked for")
    return f"{asked} asked for; " + ", ".join(f"{count} {word}" for word, count in totals.items() if count)


def stage_words(state: StageState) -> str:
    """One line on a stage: what is there, what is not, and how its tables stand."""
    there = f"{state.count(ItemState.THERE)} of {state.wanted} data items there"
    others = [
        f"{state.count(word)} {word.value}"
        for word in (ItemState.IN_PART, ItemState.OFFERED, ItemState.STALE, ItemState.MISSING)
        if state.count(word)
    ]
    return f"{', '.join((there, *others))}; {state.gaps} gaps in its tables ({state.asked} objectives asked for)"
