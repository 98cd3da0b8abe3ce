"""`assurance gsn`: arguments on their own, in the native form, gsn2x or SACM; the form is found by content.

Reading and judging, drawing and writing are in `assurance.gsn`; nothing here knows a rule or a format.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assurance.cli.common import json_option, print_findings, print_json, sarif, say
from evidence.diagnostics import Finding, Severity, has_errors
from evidence.errors import AssuranceError

if TYPE_CHECKING:
    from assurance.gsn.arguments import Arguments
    from assurance.gsn.rules import Judgement

FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def gsn() -> None:
    """Arguments on their own: check them, draw them, exchange them.

    Files are YAML in the native form (docs/gsn.md), YAML of gsn2x, or SACM 2.3 XMI.
    """


@gsn.command()
@FILES
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@json_option
def check(files: tuple[Path, ...], style: str, as_json: bool) -> None:
    """Check arguments against the rules of the GSN standard.

    Modules that refer to each other are judged together. Findings that the file accepts, with reason and name, are
    listed apart. Exit code 1 when a finding is of error level, 2 when a file cannot be used at all.
    """
    from assurance.gsn.rules import judge

    style = "json" if as_json else style
    try:
        arguments, findings = _read(files)
    except AssuranceError as error:
        if style == "text":
            raise
        if style == "sarif":
            print_json(sarif(list(error.findings)))
        else:
            print_json({"findings": [item.as_json() for item in error.findings], "accepted": [], "elements": 0})
        raise click.exceptions.Exit(error.exit_code) from None
    judgement = judge(arguments)
    standing = _ordered([*findings, *judgement.findings])
    if style == "json":
        print_json(_as_json(arguments, standing, judgement))
    elif style == "sarif":
        print_json(_as_sarif(standing, judgement))
    else:
        print_findings(standing, "text", "gsn")
        for finding, acceptance in judgement.accepted:
            where = f"{finding.place}: " if str(finding.place) else ""
            reason = f"{acceptance.rationale} ({acceptance.by})"
            click.echo(f"accepted: {where}{finding.severity} {finding.code}: {finding.message}\n    because: {reason}")
    raise click.exceptions.Exit(1 if has_errors(standing) else 0)


@gsn.command()
@FILES
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder, or .svg file for one picture; without: beside the file."
)
@click.option("--paper", type=click.Choice(["a4", "a3", "none"]), default="a4", show_default=True)
def render(files: tuple[Path, ...], out: Path | None, paper: str) -> None:
    """Draw arguments as SVG: an overview and a page for each branch, or one picture for each module (--paper none).

    What breaks the rules is drawn as it stands; `check` says what is wrong. Exit code 1 when reading found errors.
    """
    from assurance.gsn import layout
    from assurance.gsn.render import render as draw

    arguments, findings = _read(files)
    for finding in _ordered(findings):
        if finding.severity is Severity.ERROR:
            say(str(finding))
    output = out if out is not None else files[0].parent / f"{files[0].name.split('.')[0]}.diagrams"
    size = {"a4": layout.A4, "a3": layout.A3, "none": None}[paper]
    for path in draw(arguments, output, size):
        click.echo(str(path))
    raise click.exceptions.Exit(1 if has_errors(findings) else 0)


@gsn.command()
@FILES
@click.option("--to", required=True, help="Form: native, gsn2x, sacm, sacm-emf, graphml or mermaid.")
@click.option("--out", type=click.Path(path_type=Path), help="File or folder; without: beside the file.")
def export(files: tuple[Path, ...], to: str, out: Path | None) -> None:
    """Write arguments in another form. Exit code 1 when reading found errors: then something may be missing."""
    from assurance.gsn import exchange

    if to not in exchange.FORMATS:
        raise click.BadParameter(f"{to!r} is none of {', '.join(exchange.FORMATS)}", param_hint="--to")
    exported = exchange.export(files[0], to, out, *files[1:])
    for finding in _ordered(list(exported.findings)):
        say(str(finding))
    for path in exported.files:
        click.echo(str(path))
    raise click.exceptions.Exit(1 if has_errors(exported.findings) else 0)


def _read(files: tuple[Path, ...]) -> tuple[Arguments, list[Finding]]:
    """The arguments of files in any form. Raises InputError when one of them cannot be used at all."""
    from assurance.gsn.exchange import read_any

    return read_any(*files)


def _ordered(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda item: (list(Severity).index(item.severity), item.code, str(item.place)))


def _as_json(arguments: Arguments, standing: list[Finding], judgement: Judgement) -> dict[str, Any]:
    return {
        "findings": [item.as_json() for item in standing],
        "accepted": [
            {**finding.as_json(), "rationale": acceptance.rationale, "by": acceptance.by}
            for finding, acceptance in judgement.accepted
        ],
        "elements": sum(len(argument) for argument in (*arguments, *arguments.duplicates)),
        "modules": [argument.module for argument in (*arguments, *arguments.duplicates)],
    }


def _as_sarif(standing: list[Finding], judgement: Judgement) -> dict[str, Any]:
    """The log, with accepted findings as suppressed results."""
    log = sarif([*standing, *(finding for finding, _ in judgement.accepted)])
    results = log["runs"][0]["results"]
    for result, (_, acceptance) in zip(results[len(standing) :], judgement.accepted, strict=True):
        reason = f"{acceptance.rationale} ({acceptance.by})"
        result["suppressions"] = [{"kind": "inSource", "status": "accepted", "justification": reason}]
    return log
