"""CSV as people export it: comma, semicolon or tabulator, quoted after RFC 4180, first row the names of the columns.

Strict and bounded: a row with another number of cells, a quote that does not close, a column twice, anything but UTF-8
is refused with its line. Not here: which columns a form has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evidence.engineering.source import E_LARGE, E_OTHER, E_SYNTAX, Source

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 2_000_000
MAX_CELL = 100_000


@dataclass(frozen=True)
class Row:
    """One row: cells by the name of their column, blanks at the ends cut, and the line where it begins."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """Columns as they are written, and the rows below them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(source: Source, text: str | None = None, first_line: int = 1) -> Table:
    """A table from a source, or from text that was read from it. Raises InputError E160, E161, E163, E164."""
    content = source.text() if text is None else text
    head = next((line for line in io.StringIO(content) if line.strip()), "")
    if not head:
        return Table((), ())
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=_delimiter(head), strict=True)
    rows = list(_rows(source, reader, first_line))
    if not rows:
        return Table((), ())
    columns = tuple(cell.strip() for cell in rows[0][1])
    line = rows[0][0]
    if len(columns) > MAX_COLUMNS:
        raise source.refuse(E_LARGE, f"more than {MAX_COLUMNS} columns", line)
    # a spreadsheet writes columns that once held something: without name and content they are none
    used = [
        i for i, name in enumerate(columns) if name or any(i < len(cells) and cells[i].strip() for _, cells in rows)
    ]
    folded = [name.casefold() for name in columns]
    for name in (columns[i] for i in used):
        if not name:
            raise source.refuse(E_OTHER, "a column without a name", line)
        if folded.count(name.casefold()) > 1:
            raise source.refuse(E_OTHER, f"the column {name[:60]!r} stands twice", line)
    made = []
    for line, cells in rows[1:]:
        if len(cells) != len(columns):
            message = f"{len(cells)} cells in a row of {len(columns)} columns"
            raise source.refuse(E_SYNTAX, message, line, expected=f"{len(columns)} cells")
        made.append(Row(line, {columns[i]: cells[i].strip() for i in used}))
    return Table(tuple(columns[i] for i in used), tuple(made))


def named(table: Table, names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Which column holds each field: the first of the field's names that the table has, whatever its case."""
    written = {" ".join(name.casefold().replace("_", " ").replace("-", " ").split()): name for name in table.columns}
    found = {}
    for field, known in names.items():
        column = next((written[name] for name in known if name in written), None)
        if column is not None:
            found[field] = column
    return found


def _delimiter(head: str) -> str:
    """The separator that the row of names uses: the most frequent of the three outside of quotes."""
    outside = "".join(part for number, part in enumerate(head.split('"')) if number % 2 == 0)
    return max(",;\t", key=outside.count)


def _rows(source: Source, reader: Iterator[list[str]], first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line where each begins; blank lines are left out."""
    begins, count, total = first_line, 0, 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                count += 1
                total += len(cells)
                if count > MAX_ROWS or total > MAX_CELLS:
                    raise source.refuse(E_LARGE, f"more than {MAX_ROWS} rows or {MAX_CELLS} cells", begins)
                if any(len(cell) > MAX_CELL for cell in cells):
                    raise source.refuse(E_LARGE, f"a cell of more than {MAX_CELL} characters", begins)
                yield begins, cells
            begins = first_line + reader.line_num  # type: ignore[attr-defined]
    except csv.Error as error:
        raise source.refuse(E_SYNTAX, f"not a table: {error}", begins) from None
