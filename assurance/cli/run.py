"""`assurance run`: carry out the certification runs of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from assurance.cli.common import CASE, json_option, print_json, print_table, progress_bars, say, store_of
from assurance.execution import Executed, execute
from assurance.loading import load
from assurance.words import result_words, verdict_words
from evidence.digest import short


@click.command()
@CASE
@click.option("--only", multiple=True, metavar="RUN", help="Only this run (may be repeated).")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Runs at the same time.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["refuted", "not-met"]),
    multiple=True,
    help="Exit code 1 when a run found counterexamples (refuted), or does not establish what is asked for (not-met).",
)
@json_option
def run(
    case: Path,
    only: tuple[str, ...],
    workers: int,
    device: Literal["auto", "cpu", "cuda"],
    fail_on: tuple[str, ...],
    as_json: bool,
) -> None:
    """Carry out the certification runs. What the store answers already is skipped: run again to resume.

    Exit code 0 when the runs did their work, whatever they found, unless --fail-on says otherwise; 2 when a run could
    not be carried out.
    """
    loaded = load(case)
    with progress_bars() as bars:
        done = execute(loaded, store_of(loaded), only, workers, device, bars)
    report(done, as_json)
    if any(item.crash for item in done):
        raise click.exceptions.Exit(3)
    if any(item.failures for item in done):
        raise click.exceptions.Exit(2)
    raise click.exceptions.Exit(1 if any(item.outcome in fail_on for item in done) else 0)


def report(done: list[Executed], as_json: bool) -> None:
    """Say what every run found, refutations loudly."""
    if as_json:
        print_json({"runs": [_json(item) for item in done]})
    else:
        rows = [
            [
                item.run.id,
                item.run.requirement,
                verdict_words(item.record) if item.record else "failed",
                result_words(item.record) if item.record else item.outcome,
                ("new" if item.fresh else "kept") if item.record else "",
                short(item.digest) if item.digest else "",
            ]
            for item in done
        ]
        print_table("Runs", ["run", "requirement", "verdict", "result", "record is", "record"], rows)
    for item in done:
        for failure in item.failures:
            say(str(failure))
        if item.crash:
            say(item.crash)
        elif item.outcome == "refuted":
            say(f"REFUTED: run {item.run.id} found counterexamples against requirement {item.run.requirement}")
        elif item.outcome == "not-met":
            say(f"NOT MET: run {item.run.id} does not establish what requirement {item.run.requirement} asks for")


def _json(item: Executed) -> dict[str, object]:
    return {
        "run": item.run.id,
        "requirement": item.run.requirement,
        "verdict": verdict_words(item.record) if item.record else None,
        "outcome": item.outcome,
        "record": item.digest,
        "fresh": item.fresh,
        "result": result_words(item.record) if item.record else None,
        "failures": [failure.as_json() for failure in item.failures],
    }
