"""`assurance gaps`: coverage of the selected standards, and what is missing."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from assurance.case import StandardChoice
from assurance.cli.common import CASE, json_option, print_json, print_table, say, store_of
from assurance.coverage import Coverage, ObjectiveStatus
from assurance.loading import C_FILE, C_STALE, LoadedCase, load
from assurance.snapshot import take
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

O_NOT_SELECTED = code(
    "O218",
    Severity.ERROR,
    "standard that the case does not select",
    "add it to the case's standards, or name one of them",
)
O_POLICY = code(
    "O219", Severity.ERROR, "unknown status in --fail-on", "use the status words of objectives, separated by commas"
)


@click.command()
@CASE
@click.option("--standard", help="Only this standard.")
@click.option("--level", help="Look at another level than the case declares (with --standard).")
@click.option(
    "--fail-on", default="", help="Statuses of required objectives that give exit code 1, e.g. contradicted,open."
)
@json_option
def gaps(case: Path, standard: str | None, level: str | None, fail_on: str, as_json: bool) -> None:
    """Show which objectives the evidence supports, which it does not, why, and what to do next.

    All status words are proposals: acceptance is by a named person. Exit code 1 when evidence is stale or
    --fail-on applies.
    """
    policy = _policy(fail_on)
    loaded = load(case)
    snapshot = take(_selected(loaded, standard, level), store_of(loaded))
    chosen = snapshot.coverage
    stale = [item for item in loaded.findings if item.code in (C_STALE.id, C_FILE.id)]
    for finding in stale:
        say(str(finding))
    if as_json:
        print_json({"standards": [item.as_json() for item in chosen]})
    else:
        for item in chosen:
            _print(item)
    failing = sum(row.status in policy and row.required is not False for item in chosen for row in item.rows)
    if failing:
        say(f"{failing} objectives have a status that --fail-on names")
    raise click.exceptions.Exit(1 if stale or failing else 0)


def _policy(fail_on: str) -> set[ObjectiveStatus]:
    words = [word.strip() for word in fail_on.split(",") if word.strip()]
    known = {status.value: status for status in ObjectiveStatus}
    for word in words:
        if word not in known:
            raise InputError.of(O_POLICY, f"{word!r} is no status", expected=", ".join(known))
    return {known[word] for word in words}


def _selected(loaded: LoadedCase, standard: str | None, level: str | None) -> LoadedCase:
    """The case with only the wanted standard, at the wanted level."""
    if standard is None:
        if level is not None:
            raise click.UsageError("--level needs --standard")
        return loaded
    choices = [item for item in loaded.case.standards if item.id == standard]
    if not choices:
        listed = ", ".join(item.id for item in loaded.case.standards)
        raise InputError.of(O_NOT_SELECTED, f"{standard!r}", Place(str(loaded.file)), expected=f"one of: {listed}")
    choice = StandardChoice(id=standard, level=level) if level else choices[0]
    return dataclasses.replace(loaded, case=loaded.case.model_copy(update={"standards": (choice,)}))


def _print(item: Coverage) -> None:
    catalogue = item.catalogue
    level = f", level {item.level}" if item.level else ""
    rows = []
    for row in item.rows:
        if row.status is ObjectiveStatus.NOT_APPLICABLE and sys.stdout.isatty():
            continue
        count = f"{row.n} of {row.of}" if catalogue.scored else ""
        why = "; ".join(f"{reason.code} {reason.message}" for reason in row.reasons[:2])
        rows.append([row.entry.id, row.entry.title, row.status.value, count, why, row.next or ""])
    title = f"{catalogue.title} ({catalogue.edition}){level}"
    print_table(title, ["objective", "title", "proposed status", "n of N", "why", "next"], rows)
    if catalogue.watermark:
        click.echo(catalogue.watermark)
    if catalogue.scored:
        click.echo(", ".join(f"{count} {word}" for word, count in item.totals().items() if count))
