"""`assurance baseline`: named, immutable baselines of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from assurance.cli.common import CASE, json_option, print_json, print_table, say, store_of
from assurance.execution import chosen_device
from assurance.impact import baselines, state_of
from assurance.loading import load, require_fresh
from assurance.snapshot import take
from evidence.digest import short


@click.command()
@CASE
@click.option("--name", help="Keep the present state under this name; without it, list what is there.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@json_option
def baseline(case: Path, name: str | None, device: Literal["auto", "cpu", "cuda"], as_json: bool) -> None:
    """Keep the state of a case under a name, for `assurance diff`, or list the baselines of a case.

    A baseline holds digests of all inputs, records, catalogues, patterns and tools, and all statuses, so that later states are
    compared with it without the old files. It never changes: a name that stands for another content is refused, exit code 2, and so
    is a case whose files are not as declared. Listing gives exit code 1 when a baseline was altered.
    """
    loaded = load(case)
    store = store_of(loaded)
    if name is not None:
        require_fresh(loaded)
        state = state_of(take(loaded, store), store, chosen_device(device))
        label, fresh = baselines.write(state, name, store)
        if as_json:
            print_json({"name": label.name, "digest": label.digest, "created": label.created, "fresh": fresh})
        else:
            click.echo(f"{label.name}: {label.digest}" + ("" if fresh else " (as it was: nothing has changed)"))
            if fresh:
                say(
                    "Write the digest down where others keep it: a name can be given again by whoever can write the folder."
                )
        return
    found, wrong = baselines.listed(store)
    if as_json:
        rows = [
            {
                "name": label.name,
                "digest": label.digest,
                "created": label.created,
                "issue": state.case.issue,
                "case_file": state.case.digest,
                "tool": state.tool,
            }
            for label, state in found
        ]
        print_json({"baselines": rows, "findings": [item.as_json() for item in wrong]})
    else:
        table = [
            [label.name, label.created, state.case.issue, state.tool, short(state.case.digest), label.digest]
            for label, state in found
        ]
        print_table("Baselines", ["name", "created", "issue", "tool", "case file", "digest"], table)
        for item in wrong:
            say(str(item))
    raise click.exceptions.Exit(1 if wrong else 0)
