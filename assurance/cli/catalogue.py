"""`assurance catalogue`: the standards on board."""

from __future__ import annotations

import click

from assurance.catalogue import available, load
from assurance.cli.common import json_option, print_json, print_table


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
                    }
                    for item in found
                ]
            }
        )
        return
    rows = [[item.id, item.title, item.edition, item.status.value, str(len(item.entries))] for item in found]
    print_table("Catalogues", ["id", "title", "edition", "status", "entries"], rows)


@catalogue.command()
@click.argument("id")
@json_option
def show(id: str, as_json: bool) -> None:
    """Show one catalogue: every entry with its marks per level and how well they are known."""
    item = load(id)
    if as_json:
        print_json(item.as_json())
        return
    levels = list(item.marked_levels())
    rows = []
    for entry in item.entries:
        marks = [mark.value if (mark := entry.levels.get(level)) is not None else "unknown" for level in levels]
        rows.append([entry.id, entry.title, *marks, entry.confidence.identity.value])
    print_table(f"{item.title} ({item.edition})", ["id", "title (own words)", *levels, "confidence"], rows)
    for level, totals in item.totals().items():
        if totals.total is not None:
            independence = f", {totals.independence} with independence" if totals.independence is not None else ""
            click.echo(f"level {level}: {totals.total} asked for{independence}")
    if item.watermark:
        click.echo(item.watermark)
