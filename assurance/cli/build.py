"""`assurance build`: run, check, gaps and dossier in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from assurance.cli.common import CASE, FAIL_ON, json_option, print_json, progress_bars, say, say_judgement, store_of
from assurance.cli.run import report
from assurance.cli.writing import write_file
from assurance.execution import Executed, execute
from assurance.gaps import Rule, gap_report, judged, merged, rule_of
from assurance.loading import load, require_fresh
from assurance.objectives import coverage_json
from assurance.snapshot import Snapshot, take
from assurance.status import Status
from assurance.words import counted
from evidence.diagnostics import Severity, code
from evidence.digest import canonical_json
from evidence.errors import InputError, MissingLibraryError
from evidence.store import Store

C_FORMAT = code("C124", Severity.ERROR, "unknown output format", "use html, pdf, json or xlsx, separated by commas")


@dataclass(frozen=True)
class Built:
    """What a build left: the files it wrote and the snapshot that they show."""

    files: dict[str, Path]
    snapshot: Snapshot
    done: list[Executed]


@click.command()
@CASE
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), help="Where to write; default: build/ in the case folder."
)
@click.option(
    "--format", "formats", default=None, help="html,pdf,json,xlsx (default: all that the installation can make)."
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True)
@FAIL_ON
@json_option
def build(
    case: Path, folder: Path | None, formats: str | None, workers: int, fail_on: str | None, as_json: bool
) -> None:
    """Run what has to be run, derive argument and coverage, write the dossier.

    Exit code 0 when the work was done, also with refuted claims and open gaps: they stand in the dossier. --fail-on
    gives exit code 1, as in `assurance gaps`, once everything is written.
    """
    rules = None if fail_on is None else rule_of(fail_on)
    built = build_case(case, folder, _formats(formats), workers, explicit=formats is not None)
    if as_json:
        print_json(
            {
                "files": {name: str(path) for name, path in built.files.items()},
                "requirements": {name: item.status.value for name, item in built.snapshot.standings.items()},
            }
        )
    else:
        report(built.done, as_json=False)
        print_summary(built)
    if rules is not None and not _passes(built.snapshot, rules):
        raise click.exceptions.Exit(1)


def _passes(snapshot: Snapshot, rules: Rule) -> bool:
    """Whether the gaps of a build pass --fail-on; says what does not."""
    policy = merged(None, rules)
    judgement = (
        judged(snapshot, gap_report(snapshot), policy, date.today(), everything=True).judgement if policy else None
    )
    if judgement is None:
        return True
    say_judgement(judgement)
    return judgement.passed


def build_case(case: Path, folder: Path | None, formats: list[str], workers: int, *, explicit: bool) -> Built:
    """Build a case. A format that cannot be made is refused before any run when it was asked for explicitly.

    Raises InputError when a run could not be carried out: then no dossier is written.
    """
    loaded = load(case)
    require_fresh(loaded)
    formats = _possible(formats, explicit)
    store = store_of(loaded)
    with progress_bars() as bars:
        done = execute(loaded, store, workers=workers, progress=bars)
    _require_all(done)
    snapshot = take(loaded, store)
    target = folder or loaded.folder / "build"
    files = {name: write_file(target / file, content) for name, file, content in _outputs(snapshot, store, formats)}
    return Built(files, snapshot, done)


def _require_all(done: list[Executed]) -> None:
    """No dossier while a declared run could not be carried out; what the other runs found is in the store."""
    crashes = [item.crash for item in done if item.crash]
    if crashes:
        raise RuntimeError(crashes[0])
    failures = [failure for item in done for failure in item.failures]
    if failures:
        raise InputError(*failures)


def write_dossier(snapshot: Snapshot, store: Store, folder: Path) -> list[Path]:
    """Render the dossier in every format that the installation can make; returns the files."""
    formats = _possible(["html", "pdf"], explicit=False)
    return [write_file(folder / file, content) for _, file, content in _outputs(snapshot, store, formats)]


def print_summary(built: Built) -> None:
    """One line for each requirement and each standard, then where the files are."""
    for name, standing in built.snapshot.standings.items():
        counts = f" ({standing.established} of {standing.total} regions established)" if standing.total else ""
        codes = ", ".join(sorted({item.code for item in standing.reasons}))
        click.echo(f"{name}: {standing.status.value}{counts}{'  ' + codes if codes else ''}")
    root = built.snapshot.built.argument.roots()[0].id
    click.echo(f"top goal {root}: {built.snapshot.built.status.get(root, Status.UNDEVELOPED).value}")
    for item in built.snapshot.coverage:
        if item.catalogue.scored:
            open_ = sum(row.is_gap and not row.undecided for row in item.rows)
            choices = len(item.open_choices)
            tables = f", and {counted(choices, 'table')} without a chosen combination" if choices else ""
            asked = item.totals()["asked for"]
            click.echo(f"{item.catalogue.id}: {open_} open gaps of {asked} entries asked for{tables}")
        else:
            click.echo(f"{item.catalogue.id}: {len(item.rows)} entries, not scored ({item.catalogue.status.value})")
    blocking = sum(item.blocks for item in built.snapshot.problems)
    if built.snapshot.problems:
        click.echo(
            f"problem reports: {len(built.snapshot.problems)}, of which {blocking} significant without mitigation"
        )
    for name, path in built.files.items():
        click.echo(f"{name}: {path}")


def _formats(given: str | None) -> list[str]:
    formats = [word.strip() for word in (given or "html,pdf,json,xlsx").split(",") if word.strip()]
    for word in formats:
        if word not in ("html", "pdf", "json", "xlsx"):
            raise InputError.of(C_FORMAT, f"{word!r}", expected="html, pdf, json, xlsx")
    return formats


def _possible(formats: list[str], explicit: bool) -> list[str]:
    if "pdf" not in formats:
        return formats
    from assurance.dossier.pdf import require_weasyprint

    try:
        require_weasyprint()
    except MissingLibraryError as error:
        if explicit:
            raise
        say(f"no PDF: {error.finding.message}. {error.finding.remedy}")
        return [word for word in formats if word != "pdf"]
    return formats


def _outputs(snapshot: Snapshot, store: Store, formats: list[str]) -> list[tuple[str, str, bytes]]:
    outputs = []
    if "html" in formats:
        from assurance.dossier import render_html

        outputs.append(("HTML dossier", "dossier.html", render_html(snapshot, store).encode()))
        from assurance.matrices import render_matrices

        outputs.append(("traceability", "traceability.html", render_matrices(snapshot).encode()))
    if "pdf" in formats:
        from assurance.dossier import render_pdf

        outputs.append(("PDF dossier", "dossier.pdf", render_pdf(snapshot, store)))
    if "xlsx" in formats:
        from assurance.matrices import render_matrices_xlsx

        outputs.append(("traceability workbook", "traceability.xlsx", render_matrices_xlsx(snapshot)))
    if "json" in formats:
        outputs.append(("coverage", "coverage.json", canonical_json(coverage_json(snapshot.coverage))))
        outputs.append(("argument", "argument.json", canonical_json(snapshot.built.argument.as_json())))
        outputs.append(
            ("findings", "findings.json", canonical_json({"findings": [f.as_json() for f in snapshot.findings]}))
        )
    return outputs
