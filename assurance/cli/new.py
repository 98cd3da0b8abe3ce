"""`assurance new`: scaffold a case that builds at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click

from assurance.case import Case
from assurance.cli.demo import EXAMPLES
from assurance.resources import folder as data_folder
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

C_EXISTS = code("C126", Severity.ERROR, "folder is not empty", "name a new or an empty folder: nothing is overwritten")

_HEAD = """# yaml-language-server: $schema=case.schema.json
# Started from an example: names, reviews, documents, deviations and rationales below are samples. Replace every one.
"""
_LEFT_OUT = shutil.ignore_patterns("build", "evidence", "__pycache__", "*.py", "README.md")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "example",
    type=click.Choice(EXAMPLES),
    default=EXAMPLES[0],
    show_default=True,
    help="Example to start from.",
)
def new(target: Path, example: str) -> None:
    """Start a case in a new folder, from an example, with the JSON Schema for editors beside it."""
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError.of(C_EXISTS, f"{target} holds something already", Place(str(target)))
        shutil.copytree(data_folder("examples") / example, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
        schema = json.dumps(Case.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
        (target / "case.schema.json").write_text(schema, "utf-8")
        case = target / "case.yaml"
        case.write_text(_HEAD + case.read_text("utf-8"), "utf-8")
    except OSError as error:
        raise InputError.of(C_EXISTS, f"cannot write {target}: {error.strerror}", Place(str(target))) from None
    click.echo(f"{case} is ready: edit it, then `assurance build {target}`")
