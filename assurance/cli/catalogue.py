"""`assurance catalogue`: the standards on board, each with its watermark and with how well it is known.

Shows catalogues as they are delivered; an organisation's sign-off belongs to a case and is seen in its dossier.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from assurance.catalogue import Catalogue, Entry, available, load
from assurance.cli.common import json_option, print_json, print_table
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

O_UNKNOWN_ENTRY = code(
    "O108", Severity.ERROR, "entry that the catalogue does not have", "`assurance catalogue show ID` lists the entries"
)


@click.group()
def catalogue() -> None:
    """The standards on board: what they ask for, and how well each entry is known."""


@catalogue.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the catalogues."""
    found = [load(id) for id in available()]
    if as_json:
        print_json(
            {
                "standards": [
                    {
                        "id": item.id,
                        "title": item.title,
                        "edition": item.edition,
                        "status": item.status.value,
                        "entries": len(item.entries),
                        "confidence": item.confidence.file.value,
                        "scored": item.scored,
                        "watermark": item.watermark,
                    }
                    for item in found
                ]
            }
        )
        return
    rows = [
        [
            item.id,
            item.title,
            item.edition,
            item.status.value,
            str(len(item.entries)),
            item.confidence.file.value,
            "yes" if item.watermark else "",
        ]
        for item in found
    ]
    columns = ["id", "title", "edition", "status", "entries", "confidence", "watermark"]
    print_table("Catalogues", columns, rows)


@catalogue.command()
@click.argument("id")
@click.option("--entry", "entry_id", metavar="ENTRY", help="One entry in full: credit, activities, means, next step.")
@json_option
def show(id: str, entry_id: str | None, as_json: bool) -> None:
    """Show one catalogue: every entry with its marks per level and how well they are known."""
    item = load(id)
    if entry_id is not None:
        _show_entry(item, entry_id, as_json)
        return
    if as_json:
        print_json(item.as_json())
        return
    if item.watermark:
        click.echo(item.watermark)
    levels = list(item.marked_levels()) if _marks_known(item) else []
    rows = [[entry.id, entry.title, *_marks(entry, levels), entry.confidence.identity.value] for entry in item.entries]
    print_table(f"{item.title} ({item.edition})", ["id", "title (own words)", *levels, "confidence"], rows)
    known = [f"known: {statement}" for statement in item.confidence.statements]
    for line in (*_applicability(item), *known, *item.notes):
        click.echo(f"* {line}")


def _marks_known(item: Catalogue) -> bool:
    return any(mark is not None for entry in item.entries for mark in entry.levels.values())


def _marks(entry: Entry, levels: list[str]) -> list[str]:
    return [mark.value if (mark := entry.levels.get(level)) is not None else "unknown" for level in levels]


def _applicability(item: Catalogue) -> Iterator[str]:
    """What the catalogue can say of its levels: totals, that there are none, or that no mark is known."""
    if not item.levels:
        yield f"no levels: each entry is {item.select(None)[0].applicability.value}"
    elif not _marks_known(item):
        yield f"applicability unknown at every level ({', '.join(item.marked_levels())}): no mark is on board"
    for level, totals in item.totals().items():
        if totals.total is not None:
            independence = f", {totals.independence} with independence" if totals.independence is not None else ""
            yield f"level {level}: {totals.total} asked for{independence}"


def _show_entry(item: Catalogue, entry_id: str, as_json: bool) -> None:
    """One entry in full. Raises InputError (O108) when there is none of that identifier."""
    entry = item.entry(entry_id)
    if entry is None:
        raise InputError.of(O_UNKNOWN_ENTRY, f"{item.id} has no entry {entry_id!r}", Place(element=item.id))
    if as_json:
        print_json(next(row for row in item.as_json()["objectives"] if row["id"] == entry_id))
        return
    if item.watermark:
        click.echo(item.watermark)
    click.echo(f"{item.id}:{entry.id}  {entry.title}")
    for name, text in _facts(item, entry):
        click.echo(f"  {name}: {text}")


def _facts(item: Catalogue, entry: Entry) -> Iterator[tuple[str, str]]:
    names = {data.id: data.name for data in item.data_items}
    yield "reference", f"{entry.ref}, {item.edition}"
    levels = list(item.marked_levels())
    if levels:
        yield "levels", ", ".join(f"{at} {mark}" for at, mark in zip(levels, _marks(entry, levels), strict=True))
    yield "about", f"{entry.artefact.value}; shown for each {entry.scope.value}"
    for activity in entry.activities:
        yield "activity", f"{activity.title} ({activity.ref})"
    if entry.data_items:
        yield "data items", ", ".join(names[id] for id in entry.data_items)
    for means in entry.means:
        yield "means of compliance", means
    if entry.accepted_means is False:
        yield "means of compliance", "none is accepted for learned weights"
    if entry.note:
        yield "note", entry.note
    for row in entry.credit:
        role = f", model as {row.model_role.value}" if row.model_role else ""
        basis = f", under {row.supplement}" if row.supplement else ""
        yield row.level.value, f"{row.evidence.value} about {row.artefact.value}{role}{basis}. {row.remains}"
    for refused in entry.no_credit:
        yield "no credit", f"{refused.evidence.value}. {refused.why}"
    yield f"next ({entry.next_action.kind.value})", entry.next_action.text
    yield "known", f"{entry.confidence.identity.value}; {entry.confidence.source}"
