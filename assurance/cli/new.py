"""`assurance new`: scaffold a case that builds at once, with the argument patterns that it is to use."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from assurance.case import Case
from assurance.cli.common import json_option, print_json, print_table
from assurance.cli.demo import EXAMPLES
from assurance.gsn.patterns.library import LoadedPattern, available, load_pattern
from assurance.gsn.patterns.starter import asked, pattern_lines, undecided
from assurance.resources import folder as data_folder
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

C_EXISTS = code("C126", Severity.ERROR, "folder is not empty", "name a new or an empty folder: nothing is overwritten")

_HEAD = """# yaml-language-server: $schema=case.schema.json
# Started from an example: names, reviews, documents, deviations and rationales below are samples. Replace every one.
"""
_PATTERNS = re.compile(r"(?m)^patterns: \[.*\]\n")
"""The example's own choice of patterns."""
_LEFT_OUT = shutil.ignore_patterns("build", "evidence", "__pycache__", "*.py", "README.md")


def _list_patterns(as_json: bool) -> None:
    """Print the shipped patterns."""
    patterns = [load_pattern(id) for id in available()]
    if as_json:
        items = [
            {
                "id": item.id,
                "name": item.pattern.name,
                "intent": item.pattern.intent,
                "uses": sorted(item.nested),
                "data": _asked(item),
            }
            for item in patterns
        ]
        print_json({"patterns": items})
        return
    rows = [[item.id, item.pattern.name, ", ".join(_asked(item)) or "-"] for item in patterns]
    print_table("Argument patterns", ["id", "name", "asks the case file for"], rows)


def _asked(pattern: LoadedPattern) -> list[str]:
    """What must stand in `pattern_data` before a case with this pattern builds."""
    from assurance.binding import SUPPLIED

    needed = [name for name, item in asked(pattern, SUPPLIED).items() if item.required and item.type != "leg"]
    return [*needed, *(["choose"] if undecided(pattern) else [])]


def _write(target: Path, example: str, patterns: list[LoadedPattern]) -> None:
    """The example's files, the schema, and a case file that names the patterns."""
    from assurance.binding import SUPPLIED

    shutil.copytree(data_folder("examples") / example, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
    schema = json.dumps(Case.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
    (target / "case.schema.json").write_text(schema, "utf-8")
    case = target / "case.yaml"
    text = _HEAD + case.read_text("utf-8")
    if patterns:
        text = _PATTERNS.sub("", text)
        text += "\n" + "\n".join(pattern_lines(patterns, SUPPLIED)) + "\n"
    case.write_text(text, "utf-8")


def _check(target: Path) -> None:
    """Refuse a combination that would not build: the example may lack what a pattern needs at least one of."""
    from assurance.loading import load
    from assurance.snapshot import take
    from evidence.store import Store

    loaded = load(target)
    try:
        take(loaded, Store(loaded.evidence_folder))
    except InputError as error:  # the places lie in a draft that nobody will see
        remedy = "start from another example (--from), or choose another pattern"
        raise InputError(*[replace(item, place=Place(), remedy=remedy) for item in error.findings]) from None


@click.command()
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from",
    "example",
    type=click.Choice(EXAMPLES),
    default=EXAMPLES[0],
    show_default=True,
    help="Example to start from.",
)
@click.option(
    "--pattern",
    "patterns",
    multiple=True,
    metavar="ID",
    help="Argument pattern to use; may be repeated. What it asks for is filled with samples.",
)
@click.option("--list-patterns", is_flag=True, help="List the argument patterns on board; nothing is written.")
@json_option
def new(target: Path | None, example: str, patterns: tuple[str, ...], list_patterns: bool, as_json: bool) -> None:
    """Start a case in a new folder, from an example, with the JSON Schema for editors beside it."""
    if list_patterns:
        _list_patterns(as_json)
        return
    if target is None:
        raise click.UsageError("name the folder of the new case, or ask for --list-patterns")
    chosen = [load_pattern(id) for id in dict.fromkeys(patterns)]
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError.of(C_EXISTS, f"{target} holds something already", Place(str(target)))
        with TemporaryDirectory() as draft:
            _write(Path(draft), example, chosen)
            _check(Path(draft))
            shutil.copytree(draft, target, dirs_exist_ok=True)
    except OSError as error:
        raise InputError.of(C_EXISTS, f"cannot write {target}: {error.strerror}", Place(str(target))) from None
    case = target / "case.yaml"
    if as_json:
        print_json({"case": str(case), "patterns": list(dict.fromkeys(patterns))})
    else:
        click.echo(f"{case} is ready: edit it, then `assurance build {target}`")
