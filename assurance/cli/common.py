"""What the commands share: options, tables, findings in four formats, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assurance import __version__
from evidence.diagnostics import Finding, Severity, registered

if TYPE_CHECKING:  # what only a command at work needs is imported where it is used
    from rich.console import Console

    from assurance.gaps.model import Judgement
    from assurance.loading import LoadedCase
    from evidence.engines.base import Progress as ProgressCall
    from evidence.store import Store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

CASE = click.argument("case", type=click.Path(path_type=Path))

FAIL_ON = click.option(
    "--fail-on",
    default=None,
    help="What gives exit code 1, separated by commas: statuses of objectives asked for (contradicted,open), "
    "a severity (error, warning), codes of reasons and findings (T117).",
)


def json_option(command: Decorated) -> Decorated:
    """`--json`: one JSON document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(command)


def out() -> Console:
    """The console for answers; plain text when piped."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def say(text: str) -> None:
    """A message to the person, on standard error."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def say_judgement(judgement: Judgement) -> None:
    """What a policy found, failures first."""
    for finding in (*judgement.failures, *(item for item in judgement.findings if item not in judgement.failures)):
        say(str(finding))
    if judgement.failures:
        several = "s" if len(judgement.failures) > 1 else ""
        say(f"{len(judgement.failures)} failure{several} under the policy of {judgement.today}")


def store_of(loaded: LoadedCase) -> Store:
    """The evidence store of a case."""
    from evidence.store import Store

    return Store(loaded.evidence_folder)


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on a terminal, tab-separated lines when piped."""
    if not sys.stdout.isatty():
        click.echo(f"# {title}")
        for row in [columns, *rows]:
            click.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out().print(table)


def print_findings(findings: list[Finding], style: str, name: str) -> None:
    """Findings as text, JSON, SARIF 2.1.0 or JUnit XML."""
    ordered = sorted(findings, key=lambda item: (list(Severity).index(item.severity), item.code, str(item.place)))
    if style == "json":
        print_json({"findings": [item.as_json() for item in ordered]})
    elif style == "sarif":
        print_json(sarif(ordered))
    elif style == "junit":
        click.echo(junit(ordered, name))
    else:
        for item in ordered:
            click.echo(str(item))
        counts = {level: sum(item.severity is level for item in ordered) for level in Severity}
        click.echo(
            f"{counts[Severity.ERROR]} errors, {counts[Severity.WARNING]} warnings, {counts[Severity.NOTE]} notes"
        )


def sarif(findings: list[Finding]) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one run."""
    rules = {item.id: item for item in registered()}
    used = sorted({item.code for item in findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "assurance",
                        "version": __version__,
                        "rules": [
                            {
                                "id": id,
                                "shortDescription": {"text": rules[id].title},
                                "help": {"text": rules[id].remedy},
                            }
                            for id in used
                        ],
                    }
                },
                "results": [_sarif_result(item) for item in findings],
            }
        ],
    }


def _sarif_result(item: Finding) -> dict[str, Any]:
    text = item.message + (f" Expected: {item.expected}." if item.expected else "")
    result: dict[str, Any] = {"ruleId": item.code, "level": item.severity.value, "message": {"text": text}}
    if item.place.file:
        region = {"startLine": item.place.line or 1, "startColumn": item.place.column or 1}
        uri = Path(item.place.file).as_posix()
        result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}]
    elif item.place.element:
        result["locations"] = [{"logicalLocations": [{"name": item.place.element}]}]
    return result


def junit(findings: list[Finding], name: str) -> str:
    """JUnit XML: one test case for each finding, failed for errors and warnings, skipped for notes."""
    from xml.sax.saxutils import quoteattr

    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    failures = sum(item.severity is not Severity.NOTE for item in findings)
    lines.append(f'<testsuite name={quoteattr(name)} tests="{len(findings)}" failures="{failures}">')
    for item in findings:
        title = quoteattr(f"{item.code} {item.place}".strip())
        lines.append(f"  <testcase classname={quoteattr(item.code)} name={title}>")
        tag = "skipped" if item.severity is Severity.NOTE else "failure"
        kind = "" if tag == "skipped" else f' type="{item.severity.value}"'
        lines.append(f"    <{tag}{kind} message={quoteattr(item.message)}/>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>"])


@contextmanager
def progress_bars() -> Iterator[Callable[[str], ProgressCall]]:
    """A bar with time left for each named piece of work, on a terminal; silence when piped."""
    if not sys.stderr.isatty():
        from evidence.engines.base import silent

        yield lambda name: silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bars:

        def receiver(name: str) -> ProgressCall:
            task: TaskID = bars.add_task(name, total=None)

            def receive(done: int, total: int, note: str) -> None:
                bars.update(task, completed=done, total=total, description=f"{name}: {note}" if note else name)

            return receive

        yield receiver
