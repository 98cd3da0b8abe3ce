"""Workbooks and CSV: no text becomes a formula, the same tables are the same bytes, what is too long is said."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import pytest

from assurance.sheets import MAX_TEXT, Sheet, csv_text, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\u200b=1",
    "\ufeff=1",
    "\uff1d1",
    "=cmd|' /C calc'!A0",
]
HARMLESS = ["a=b", "1-2", "x@y", "R1", "", "'quoted"]


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def texts(data: bytes) -> list[str]:
    tree = ElementTree.fromstring(parts(data)["xl/sharedStrings.xml"])
    return ["".join(node.text or "" for node in item.iter(f"{MAIN}t")) for item in tree]


def book(*rows: tuple[str | int | None, ...], note: str = "") -> bytes:
    return workbook([Sheet("One", "title", ("a", "b"), rows, (10, 10))], "a book", note)


@pytest.mark.parametrize("text", [*DANGEROUS, *HARMLESS, "http://example.org", "00123", "1e5", "TRUE"])
def test_every_text_stays_text(text: str) -> None:
    made = parts(book((text, "x")))
    sheet = made["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in sheet and b"hyperlink" not in sheet
    cells = [cell for cell in ElementTree.fromstring(sheet).iter(f"{MAIN}c") if (cell.get("r") or "").endswith("3")]
    assert all(cell.get("t") == "s" for cell in cells if cell.find(f"{MAIN}v") is not None)


@pytest.mark.parametrize("text", DANGEROUS[:8])
def test_dangerous_texts_are_marked_so_that_editing_does_not_wake_them(text: str) -> None:
    assert b'quotePrefix="1"' in parts(book((text, "x")))["xl/styles.xml"]


def test_numbers_are_numbers() -> None:
    sheet = ElementTree.fromstring(parts(book((12, None)))["xl/worksheets/sheet1.xml"])
    (cell,) = [cell for cell in sheet.iter(f"{MAIN}c") if cell.get("r") == "A3"]
    assert cell.get("t") in (None, "n") and cell.findtext(f"{MAIN}v") == "12"


def test_the_same_tables_are_the_same_bytes() -> None:
    assert book(("x", "=y"), note="DRAFT") == book(("x", "=y"), note="DRAFT")


def test_the_note_stands_in_header_and_properties() -> None:
    made = parts(book(("x", "y"), note="DRAFT & unknown"))
    assert b"DRAFT &amp;&amp; unknown" in made["xl/worksheets/sheet1.xml"]
    assert b"DRAFT &amp; unknown" in made["docProps/core.xml"]


def test_control_characters_and_long_texts() -> None:
    found = texts(book(("a\x00b\x1fc\ud800", "y" * 40_000)))
    assert "a\ufffdb\ufffdc\ufffd" in found
    (long,) = [text for text in found if text.startswith("yyy")]
    assert len(long) == MAX_TEXT and long.endswith("[cut: the JSON output holds all]")


def test_sheet_names_are_made_to_fit() -> None:
    names = ["a/b:c", "A/B:C", "x" * 60, "x" * 60, "''", "History?"]
    made = workbook([Sheet(name, "t", ("a",), [("1",)], (5,)) for name in names], "book")
    listed = re.findall(r'<sheet name="([^"]*)"', parts(made)["xl/workbook.xml"].decode())
    assert len({name.lower() for name in listed}) == len(names)
    assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in listed)


@pytest.mark.parametrize("text", DANGEROUS)
def test_csv_gets_an_apostrophe(text: str) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_text([], [(text,)]).split("\n", 1)[1])))
    assert row[0].startswith("'")


@pytest.mark.parametrize("text", [*HARMLESS, 'say "x"', "a,b", "two\nlines"])
def test_csv_keeps_other_texts(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["h"], [(text,)]))))
    assert rows == [["h"], [text]]


def test_csv_numbers_and_empty_cells() -> None:
    assert csv_text(["a", "b"], [(-1, None)]) == '"a","b"\n"-1",""\n'
