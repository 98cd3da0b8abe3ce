"""`assurance demo`: build the embedded examples and say where the dossiers are."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from assurance.cli.build import build_case, print_summary
from assurance.cli.common import say
from assurance.resources import folder as data_folder

EXAMPLES = ("vertical_cas", "digit_reader")
_DERIVED = shutil.ignore_patterns("build", "evidence", "__pycache__")


def copy_example(source: Path, target: Path) -> None:
    """Copy an example's sources; evidence that is in the target already stays."""
    shutil.copytree(source, target, ignore=_DERIVED, dirs_exist_ok=True)


@click.command()
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Where to work.",
)
def demo(target: Path) -> None:
    """Build the two embedded examples: an aviation and an automotive case.

    Neither is a finished certification: both show honest gaps. Running it again re-uses the evidence.
    """
    dossiers = []
    for name in EXAMPLES:
        case = target / name
        copy_example(data_folder("examples") / name, case)
        say(f"building {name} ...")
        built = build_case(case, None, ["html", "pdf", "json"], 1, explicit=False)
        click.echo(f"\n{built.snapshot.loaded.case.title}")
        print_summary(built)
        dossiers += [path for kind, path in built.files.items() if "dossier" in kind]
    click.echo("\nOpen the dossiers:")
    for path in dossiers:
        click.echo(f"  {path}")
