"""Heat map of the coverage: for each table of each standard how many objectives stand where.

Numbers first: the shade only repeats them, in five steps, so that the map reads the same in black and white. Catalogues
that are not scored have no numbers at all; of methods without a recorded combination only the open choice is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.catalogue import Catalogue
from assurance.catalogue import Table as StandardTable
from assurance.objectives import Coverage, ObjectiveStatus, Row

STEPS = 5
UNDECIDED = "not chosen"
"""Methods of tables without a recorded combination."""
COLUMNS = (
    ObjectiveStatus.SUPPORTED.value,
    ObjectiveStatus.PARTIAL.value,
    ObjectiveStatus.OPEN.value,
    UNDECIDED,
    ObjectiveStatus.CONTRADICTED.value,
    ObjectiveStatus.STALE.value,
    ObjectiveStatus.NOT_APPLICABLE.value,
    ObjectiveStatus.APPLICABILITY_UNKNOWN.value,
)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """How many rows of a table have a status. `step`: 0 for none, up to `STEPS` for all of the table's rows."""

    count: int
    step: int


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One table of a standard."""

    table: StandardTable
    rows: tuple[Row, ...]
    cells: tuple[HeatCell, ...]
    """In the order of `COLUMNS`; empty for a catalogue that is not scored."""
    asked: int | None

    def count(self, column: str) -> int:
        return self.cells[COLUMNS.index(column)].count


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One standard."""

    catalogue: Catalogue
    level: str | None
    rows: tuple[HeatRow, ...]


def heat_map(covered: Coverage) -> HeatMap:
    """The map of one standard, one row for each of its tables that has entries."""
    groups: dict[str, list[Row]] = {}
    for row in covered.rows:
        groups.setdefault(row.entry.table, []).append(row)
    scored = covered.catalogue.scored
    rows = tuple(_row(table, groups[table.id], scored) for table in covered.catalogue.tables if table.id in groups)
    return HeatMap(covered.catalogue, covered.level, rows)


def column_of(row: Row) -> str:
    """The column that a row is counted in."""
    return UNDECIDED if row.undecided else row.status.value


def _row(table: StandardTable, rows: list[Row], scored: bool) -> HeatRow:
    if not scored:
        return HeatRow(table, tuple(rows), (), None)
    counts = dict.fromkeys(COLUMNS, 0)
    for row in rows:
        counts[column_of(row)] += 1
    cells = tuple(HeatCell(count, _step(count, len(rows))) for count in counts.values())
    return HeatRow(table, tuple(rows), cells, sum(row.required is True for row in rows))


def _step(count: int, of: int) -> int:
    """Rounded up, so that one of many is seen, but all only for all."""
    if not count:
        return 0
    return STEPS if count == of else min(STEPS - 1, -(-count * STEPS // of))
