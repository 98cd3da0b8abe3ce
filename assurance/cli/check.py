"""`assurance check`: findings on case file, evidence and argument."""

from __future__ import annotations

from pathlib import Path

import click

from assurance.cli.common import CASE, json_option, print_findings, store_of
from assurance.loading import load
from assurance.preflight import doubtful, examine
from assurance.snapshot import take
from evidence.diagnostics import has_errors
from evidence.errors import AssuranceError


@click.command()
@CASE
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "sarif", "junit"]), default="text", show_default=True
)
@json_option
def check(case: Path, style: str, as_json: bool) -> None:
    """Check the case file, its evidence and its argument.

    Exit code 1 when a finding is of error level, 2 when the case cannot be used at all.
    """
    style = "json" if as_json else style
    try:
        loaded = load(case)
        findings = [*examine(loaded), *doubtful(loaded), *take(loaded, store_of(loaded)).findings]
    except AssuranceError as error:
        if style == "text":
            raise
        print_findings(list(error.findings), style, str(case))
        raise click.exceptions.Exit(error.exit_code) from None
    print_findings(findings, style, loaded.case.id)
    raise click.exceptions.Exit(1 if has_errors(findings) else 0)
