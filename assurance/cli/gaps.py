"""`assurance gaps`: coverage of the selected standards, what is missing, what to do next, and a policy for CI."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date
from pathlib import Path

import click

from assurance.cli.common import CASE, FAIL_ON, json_option, out, say, say_judgement, store_of
from assurance.cli.writing import write_file
from assurance.collector import cycles_left_alone
from assurance.gaps import GapReport, Rule, gap_report, judged, merged, read_policy, rule_of
from assurance.loading import LoadedCase, load
from assurance.snapshot import take
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError
from evidence.store import Store

O_NOT_SELECTED = code(
    "O218",
    Severity.ERROR,
    "standard that the case does not select",
    "add it to the case's standards, or name one of them",
)
O_BINARY = code("O277", Severity.ERROR, "a workbook cannot be printed", "name a file with --out")
O_TODAY = code("O278", Severity.ERROR, "--today is no date", "write it as 2026-01-31")

O_THERE = code(
    "O283",
    Severity.ERROR,
    "output would overwrite a file of the case, or a document that somebody may have filled in",
    "name another file with --out",
)

FORMATS = ("text", "json", "csv", "xlsx", "sarif", "junit")


@click.command()
@CASE
@click.option("--standard", help="Only this standard.")
@click.option("--level", help="Look at another level than the case declares (with --standard).")
@click.option("--all", "everything", is_flag=True, help="Also what is no gap (text; other formats always hold all).")
@FAIL_ON
@click.option("--policy", type=click.Path(path_type=Path), help="A policy file for CI: what fails, what is allowed.")
@click.option("--template", metavar="STANDARD:OBJECTIVE", help="Print the skeleton of a document that would serve.")
@click.option("--format", "style", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--out", "target", type=click.Path(path_type=Path), help="Write to this file instead of printing.")
@click.option("--today", default=None, hidden=True, help="The day on which allowances are looked at.")
@json_option
@cycles_left_alone()
def gaps(
    case: Path,
    standard: str | None,
    level: str | None,
    everything: bool,
    fail_on: str | None,
    policy: Path | None,
    template: str | None,
    style: str,
    target: Path | None,
    today: str | None,
    as_json: bool,
) -> int:
    """Show which objectives the evidence supports, which it does not, why, and what to do next.

    All status words are proposals: acceptance is by a named person. Exit code 1 when evidence is stale, or when
    --fail-on or the policy applies.
    """
    style = "json" if as_json else style
    if style == "xlsx" and target is None:
        raise InputError.of(O_BINARY, "the format xlsx needs a file")
    day = _day(today)
    rules = merged(read_policy(policy) if policy else None, Rule() if fail_on is None else rule_of(fail_on))
    loaded = load(case)
    store = store_of(loaded)
    if target is not None and _belongs_to_case(target, loaded, store, policy):
        raise InputError.of(O_THERE, f"{target} belongs to the case", Place(str(target)))
    snapshot = take(_selected(loaded, standard, level), store)
    if template is not None:
        from assurance.gaps.skeletons import skeleton

        if target is not None and target.is_file():
            raise InputError.of(O_THERE, f"{target} is there already", Place(str(target)))
        _deliver(skeleton(snapshot, template), target)
        return 0
    report = gap_report(snapshot)
    if rules is not None:
        report = judged(snapshot, report, rules, day, everything=standard is None)
    _show(report, style, target, str(case), everything)
    for finding in report.stale:
        say(str(finding))
    if report.judgement is not None:
        say_judgement(report.judgement)
    # returned, not raised: the trace of an Exit would hold on to all that was read, for the collector to walk once more
    return 1 if report.stale or (report.judgement and not report.judgement.passed) else 0


def _day(today: str | None) -> date:
    if today is None:
        return date.today()
    try:
        return date.fromisoformat(today)
    except ValueError:
        raise InputError.of(O_TODAY, f"{today!r}") from None


def _belongs_to_case(target: Path, loaded: LoadedCase, store: Store, policy: Path | None) -> bool:
    """Whether a file is one that the case, or its policy, rests on. Sources are never written."""
    sources = {loaded.file, *(file.path for file in loaded.files), *filter(None, (policy,))}
    where = target.resolve()
    return where in {path.resolve() for path in sources} or where.is_relative_to(store.root.resolve())


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
    choice = choices[0] if level is None else choices[0].model_copy(update={"level": level})
    return dataclasses.replace(loaded, case=loaded.case.model_copy(update={"standards": (choice,)}))


def _show(report: GapReport, style: str, target: Path | None, case: str, everything: bool) -> None:
    if style == "text" and target is None and sys.stdout.isatty():
        from assurance.gaps.writers.terminal import print_gaps

        print_gaps(report, out(), case, everything)
    else:
        _deliver(_content(report, style, case, everything), target)


def _content(report: GapReport, style: str, case: str, everything: bool) -> str | bytes:
    """The report in one of the formats. Each writer is imported where it is used."""
    if style == "json":
        from assurance.gaps.writers.json_form import gaps_json

        return json.dumps(gaps_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if style in ("csv", "xlsx"):
        from assurance.gaps.writers.tables import gaps_csv, gaps_xlsx

        return gaps_csv(report) if style == "csv" else gaps_xlsx(report)
    if style == "sarif":
        from assurance.gaps.writers.sarif import gaps_sarif

        return json.dumps(gaps_sarif(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if style == "junit":
        from assurance.gaps.writers.xml_junit import gaps_junit

        return gaps_junit(report)
    from assurance.gaps.writers.terminal import gap_lines

    return "\n".join(gap_lines(report, case, everything)) + "\n"


def _deliver(content: str | bytes, target: Path | None) -> None:
    if target is None:
        click.echo(content, nl=False)
        return
    write_file(target, content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace"))
    say(f"written: {target}")
