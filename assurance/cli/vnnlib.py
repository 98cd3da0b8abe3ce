"""`assurance vnnlib`: the requirements of a case as VNN-LIB files, so that other verifiers can cross-check them.

Regions with their conditions become files that describe the counterexample, exact to the last digit; an instance list
in the competitions' form joins them to copies of the models. What VNN-LIB cannot state is left out, and said to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Literal

import click

from assurance.case_checks import C_REFERENCE
from assurance.cli.common import CASE, json_option, print_json, print_table, say
from assurance.cli.writing import write_file
from assurance.loading import LoadedCase, load, require_fresh
from assurance.words import arithmetic_words, condition_words
from evidence.diagnostics import Finding, Place
from evidence.errors import InputError, UnsupportedError
from evidence.exact import N_EXPORT, property_of
from evidence.regions import RegionSet, expand
from evidence.verdict import GuaranteeKind
from evidence.vnnlib.writer import write_property


@dataclass(frozen=True)
class Written:
    """One instance: which regions of which requirement stand in which file."""

    requirement: str
    model: str
    file: str
    first: str
    """Name of the first region in the file."""
    regions: int
    cases: int


@click.command()
@CASE
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), help="Where to write; default: build/vnnlib in the case."
)
@click.option("--only", multiple=True, metavar="REQUIREMENT", help="Only this requirement (may be repeated).")
@click.option("--format", "version", type=click.Choice(["1.0", "2.0"]), default="1.0", show_default=True)
@click.option(
    "--files",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="At most this many files for a requirement; with more regions, a file is the disjunction of several.",
)
@click.option("--timeout", type=click.IntRange(min=1), default=300, show_default=True, help="Seconds, for the list.")
@json_option
def vnnlib(
    case: Path,
    folder: Path | None,
    only: tuple[str, ...],
    version: Literal["1.0", "2.0"],
    files: int,
    timeout: int,
    as_json: bool,
) -> None:
    """Write the requirements of a CASE as VNN-LIB, with model copies and instances.csv (onnx, vnnlib, timeout).

    Each file describes the counterexample: a tool that answers `unsat` agrees with PROVED. Requirements that VNN-LIB
    cannot state (L2 balls, smoothed classifiers) are left out with a warning, and refused when they are named.
    """
    loaded = load(case)
    require_fresh(loaded)
    chosen = _chosen(loaded, only)
    target = folder or loaded.folder / "build" / "vnnlib"
    written: list[Written] = []
    left_out: list[Finding] = []
    for requirement in chosen:
        try:
            written += _export(loaded, requirement, target, version, files)
        except UnsupportedError as error:
            if requirement in only or error.finding.code != N_EXPORT.id:
                raise
            left_out.append(error.finding)
    if not written:
        raise (
            UnsupportedError(*left_out) if left_out else UnsupportedError.of(N_EXPORT, "no requirement has a property")
        )
    lines = [f"onnx/{item.model}.onnx,vnnlib/{item.file},{timeout}\n" for item in written]
    instances = write_file(target / "instances.csv", "".join(lines).encode())
    _report(written, left_out, instances, as_json)


def _chosen(loaded: LoadedCase, only: tuple[str, ...]) -> list[str]:
    known = [item.id for item in loaded.case.requirements]
    for name in only:
        if name not in known:
            place = Place(str(loaded.file))
            raise InputError.of(C_REFERENCE, f"no requirement {name!r}", place, expected=f"one of: {', '.join(known)}")
    return [name for name in known if name in only or (not only and name in loaded.claims)]


def _export(
    loaded: LoadedCase, requirement: str, target: Path, version: Literal["1.0", "2.0"], files: int
) -> list[Written]:
    """The files of one requirement. Raises UnsupportedError N134, N135."""
    claim = loaded.claims.get(requirement)
    place = Place(str(loaded.file), element=requirement)
    if claim is None:
        raise UnsupportedError.of(N_EXPORT, "it has no formal property", place)
    if claim.criterion.guarantee is not GuaranteeKind.PROVED:
        raise UnsupportedError.of(N_EXPORT, "its property is statistical", place)
    statement = claim.statement

    def blobs(digest: str) -> bytes:
        path = loaded.path_of(digest)
        if path is None:
            raise InputError.of(N_EXPORT, f"no unchanged file has digest {digest}", place)
        return path.read_bytes()

    regions = expand(statement, blobs)
    model = next(item.id for item in loaded.case.models if item.digest == statement.model)
    texts = []
    size = ceil(len(regions) / files)
    count = ceil(len(regions) / size)
    for number in range(count):
        part = range(number * size, min((number + 1) * size, len(regions)))
        try:
            stated = property_of(statement, regions, part)
            text = write_property(stated, version, _comments(loaded, requirement, regions, part))
        except UnsupportedError as error:
            item = error.finding
            found = Finding(item.code, item.severity, f"{requirement}: {item.message}", place, remedy=item.remedy)
            raise UnsupportedError(found) from None
        name = f"{requirement}-{number:0{len(str(count - 1))}d}.vnnlib"
        texts.append((name, text, regions.names[part.start], len(part), len(stated.cases)))
    write_file(target / "onnx" / f"{model}.onnx", blobs(statement.model))
    for name, text, _, _, _ in texts:
        write_file(target / "vnnlib" / name, text.encode())
    return [Written(requirement, model, name, first, held, cases) for name, _, first, held, cases in texts]


def _comments(loaded: LoadedCase, requirement: str, regions: RegionSet, part: range) -> tuple[str, ...]:
    statement = loaded.claims[requirement].statement
    names = regions.names[part.start] + ("" if len(part) == 1 else f" to {regions.names[part[-1]]}")
    return (
        f"Requirement {requirement} of case {loaded.case.id}: {names}.",
        f"The network {condition_words(statement)}, {arithmetic_words(statement.arithmetic)}.",
        "This file describes the counterexample: unsat means that there is none.",
        "Inputs: " + ", ".join(f"X {i} is {port.name} [{port.unit}]" for i, port in enumerate(statement.inputs[:20])),
        "Outputs: " + ", ".join(f"Y {j} is {name}" for j, name in enumerate(statement.outputs[:20])),
    )


def _report(written: list[Written], left_out: list[Finding], instances: Path, as_json: bool) -> None:
    if as_json:
        print_json(_document(written, left_out, instances))
        return
    rows = [
        [item.requirement, item.model, f"vnnlib/{item.file}", str(item.regions), str(item.cases)] for item in written
    ]
    print_table("VNN-LIB files", ["requirement", "model", "file", "regions", "cases"], rows)
    click.echo(f"instances: {instances}")
    for finding in left_out:
        say(str(finding))


def _document(written: list[Written], left_out: list[Finding], instances: Path) -> dict[str, Any]:
    """What `--json` prints (docs/schemas/vnnlib.schema.json)."""
    return {
        "instances": str(instances),
        "files": [
            {
                "requirement": item.requirement,
                "onnx": f"onnx/{item.model}.onnx",
                "vnnlib": f"vnnlib/{item.file}",
                "first": item.first,
                "regions": item.regions,
                "cases": item.cases,
            }
            for item in written
        ],
        "left_out": [finding.as_json() for finding in left_out],
    }
