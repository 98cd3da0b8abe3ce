"""Tables -> XLSX workbooks and CSV text that are safe to open: no cell becomes a formula, a link or a number by itself.

Texts come from case files and catalogues, that is from strangers, and spreadsheet programs run what begins with
`=`, `+`, `-` or `@`. In XLSX every text is written as text, and marked so that editing a cell does not wake it; in CSV,
where nothing can be marked, an apostrophe goes before it. The same tables give the same bytes.
What the tables say is decided by their users; this module writes no file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assurance.xml_text import clean

Cell = str | int | None
MAX_TEXT = 32_000
"""Characters in a cell; the format holds 32,767."""
MAX_ROWS = 1_000_000
"""Rows in a sheet; the format holds 1,048,576."""
_CUT = " [cut: the JSON output holds all]"
_WAKES = re.compile(r"^[\s\x00-\x1f\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|^[\t\r\n]")
"""How a text begins that a spreadsheet program may take for a formula; full-width signs count in some of them."""
_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True)
class Sheet:
    """One sheet: a line above the table, heads, rows. `widths` count characters; `fills` colour cells by their text."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    widths: tuple[int, ...]
    fills: tuple[tuple[str, str], ...] = ()
    """Text of a whole cell, and the colour behind it (RRGGBB). The text always says the same as the colour."""


def workbook(sheets: Iterable[Sheet], title: str, note: str = "") -> bytes:
    """An XLSX file. `note` stands in the header of every printed page and in the properties: for watermarks."""
    import xlsxwriter

    held = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(held, options) as book:
        # a fixed date: the same tables are the same bytes
        properties = {"title": clean(title)[:255], "comments": clean(note)[:1000], "created": datetime(1980, 1, 1)}
        book.set_properties(properties)
        styles = _Styles(book)
        names: set[str] = set()
        for sheet in sheets:
            _write(book, sheet, styles, note, _free_name(sheet.name, names))
    return held.getvalue()


class _Styles:
    """Formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[bool, str], Any] = {}
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "quote_prefix": True})

    def cell(self, quoted: bool, fill: str) -> Any:
        key = (quoted, fill)
        if key not in self._made:
            look: dict[str, Any] = {"text_wrap": True, "valign": "top"}
            if quoted:
                look["quote_prefix"] = True
            if fill:
                look |= {"bg_color": f"#{fill}", "border": 1}
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _write(book: Any, sheet: Sheet, styles: _Styles, note: str, name: str) -> None:
    page = book.add_worksheet(name)
    fills = dict(sheet.fills)
    page.write_string(0, 0, _text(sheet.title), styles.title)
    for column, head in enumerate(sheet.heads):
        page.write_string(1, column, _text(head), styles.head)
        page.set_column(column, column, sheet.widths[column] if column < len(sheet.widths) else 20)
    rows = sheet.rows[:MAX_ROWS]
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            fill = fills.get(str(value), "")
            if isinstance(value, int):
                page.write_number(number, column, value, styles.cell(False, fill))
            else:
                text = _text(value)
                page.write_string(number, column, text, styles.cell(bool(_WAKES.match(text)), fill))
    if len(sheet.rows) > len(rows):
        page.write_string(len(rows) + 2, 0, f"{len(sheet.rows) - len(rows)} more rows do not fit into a sheet")
    page.freeze_panes(2, 1)
    if sheet.heads:
        page.autofilter(1, 0, max(1, len(rows) + 1), len(sheet.heads) - 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0, 1)
    if note:
        page.set_header("&L" + _text(note)[:200].replace("&", "&&"))


def _text(value: str) -> str:
    text = clean(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(_CUT)] + _CUT


def _free_name(wanted: str, taken: set[str]) -> str:
    """A name that a sheet may have: 31 characters, none of them special, each once whatever its case."""
    base = _NAME.sub(" ", wanted).strip(" '")[:28] or "Sheet"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base} {number}"[:31]
    taken.add(name.lower())
    return name


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table as CSV (RFC 4180, every cell quoted). A text that could wake gets an apostrophe in front."""
    held = io.StringIO()
    writer = csv.writer(held, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_plain(value) for value in row])
    return held.getvalue()


def _plain(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = clean(value).replace("\r\n", "\n")
    return "'" + text if _WAKES.match(text) else text
