"""Requirement lists in CSV: one requirement in a row, with id, text and, where they stand, its parents.

Columns are found by their names, in any order and case; others are ignored and named. Not here: ReqIF (reqif.py), whether
the list says the same as the case (assurance/engineering_checks.py).
"""

from __future__ import annotations

import re

from evidence.engineering.source import E_LARGE, E_OTHER, E_VALUE, Source
from evidence.engineering.table import named, read_table
from evidence.records.engineering import ListedRequirement, RequirementList

COLUMNS = {
    "id": ("id", "identifier", "requirement id", "req id", "reqid", "object identifier", "key"),
    "text": ("text", "requirement text", "requirement", "description", "object text", "statement"),
    "parents": ("parents", "parent", "parent id", "derived from", "satisfies", "traces to", "refines"),
}
"""Names under which a column is known, the first that the table has counts."""
MAX_REQUIREMENTS = 50_000
MAX_TEXT = 20_000
_SEPARATORS = re.compile(r"[,;\s]+")


def read_requirements_csv(source: Source) -> RequirementList:
    """A requirement list. Raises InputError E160-E165 with the line."""
    table = read_table(source)
    columns = named(table, COLUMNS)
    if table.columns and not {"id", "text"} <= columns.keys():
        raise source.refuse(
            E_OTHER, f"columns {', '.join(table.columns)[:200]}", 1, expected="a column 'id' and a column 'text'"
        )
    found: dict[str, ListedRequirement] = {}
    without = 0
    for row in table.rows:
        id, text = row.cells[columns["id"]], row.cells[columns["text"]]
        if not id:
            raise source.refuse(E_VALUE, "a requirement without id", row.line)
        if not text:
            without += 1
            continue
        parents = row.cells[columns["parents"]] if "parents" in columns else ""
        add_requirement(source, found, id, text, [part for part in _SEPARATORS.split(parents) if part], row.line)
    used = set(columns.values())
    return RequirementList(
        requirements=tuple(found.values()),
        without_text=without,
        ignored=tuple(name[:400] for name in table.columns if name not in used)[:50],
    )


def add_requirement(
    source: Source, found: dict[str, ListedRequirement], id: str, text: str, parents: list[str], line: int
) -> None:
    """Note one requirement. Raises InputError E163 or E165: ids that stand twice, are too long or too many."""
    if id in found:
        raise source.refuse(E_VALUE, f"requirement {id[:80]!r} stands twice, first in line {found[id].line}", line)
    if len(found) >= MAX_REQUIREMENTS:
        raise source.refuse(E_LARGE, f"more than {MAX_REQUIREMENTS} requirements", line)
    if len(id) > 400 or len(text) > MAX_TEXT or len(parents) > 200 or any(len(item) > 400 for item in parents):
        raise source.refuse(E_LARGE, f"requirement {id[:80]!r}: id, text or parents are too long", line)
    found[id] = ListedRequirement(id=id, text=text, parents=tuple(dict.fromkeys(parents)), line=line)
