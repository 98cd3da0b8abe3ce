"""`assurance prove`: one network, one VNN-LIB property, one verdict.

The verdict is that of a stored record: PROVED after the independent checker agreed, REFUTED with a replayed
counterexample, else UNKNOWN with the reason. Exit codes: 0 PROVED; 1 REFUTED or UNKNOWN; 2 bad input.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click

from assurance.cli.common import json_option, print_json, progress_bars, say
from assurance.execution import chosen_device
from assurance.words import arithmetic_words, condition_words, counted, listed, regions_words, result_words
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes
from evidence.disagreement import cross_findings
from evidence.errors import InputError
from evidence.limits import limits_of
from evidence.network import read_graph
from evidence.records import BoundsRecord, CrossCheck, RunRecord, SmoothingRecord
from evidence.records.base import Counterexample, Scalar
from evidence.regions import N_SHAPE
from evidence.run import RunResult, examine
from evidence.specification import Port, PropertyFile, PropertyHolds, Statement, decimal_text
from evidence.store import Store
from evidence.verdict import Arithmetic, Verdict
from evidence.vnnlib import Property, read_property, unpack
from evidence.vnnlib.text import MAX_TEXT, N_LARGE

N_FILE = code("N136", Severity.ERROR, "network or property file cannot be read", "check the path and the permissions")

ENGINE = "prover"
STORE = Path("prove-evidence")
MAX_NETWORK_BYTES = 512_000_000
_MOST_VALUES = 20


def parameters(timeout: float) -> Mapping[str, Scalar]:
    """The engine's parameters."""
    return {"timeout": timeout}


@click.command()
@click.argument("network", type=click.Path(path_type=Path))
@click.argument("property_", metavar="PROPERTY", type=click.Path(path_type=Path))
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, help="Seconds."
)
@click.option(
    "--arithmetic",
    type=click.Choice(["real", "float32"]),
    default=None,
    help="Of the network over the reals, or of every float32 execution. Default: as the file's types say, else real.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--store",
    "folder",
    type=click.Path(path_type=Path),
    default=STORE,
    show_default=True,
    help="Evidence folder for record, certificate and files; an answer that is in it is not computed again.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--cross-check",
    is_flag=True,
    help="Also ask auto_LiRPA and, for small networks, a MILP; where one disagrees nothing counts as proved.",
)
@json_option
def prove(
    network: Path,
    property_: Path,
    timeout: float,
    arithmetic: Literal["real", "float32"] | None,
    seed: int,
    folder: Path,
    device: Literal["auto", "cpu", "cuda"],
    cross_check: bool,
    as_json: bool,
) -> None:
    """Prove that an ONNX NETWORK gives no counterexample to a VNN-LIB PROPERTY, or find one.

    Both files may be .gz. A VNN-LIB file describes the counterexample: PROVED is the `unsat` of other tools, REFUTED
    their `sat`. The proof holds for the stated inputs and the stated arithmetic only.
    """
    started = time.monotonic()
    model, text = content(network, MAX_NETWORK_BYTES), content(property_, MAX_TEXT)
    stated = read_property(text, str(property_))
    require_fitting(stated, model, network, property_)
    statement = statement_of(stated, of_bytes(model), of_bytes(text), arithmetic)
    files = {of_bytes(model): model, of_bytes(text): text}
    store = Store(folder)
    with progress_bars() as bars:
        result = examine(
            statement,
            ENGINE,
            {**parameters(timeout), **({"cross_check": True} if cross_check else {})},
            seed,
            chosen_device(device),
            files.__getitem__,
            store,
            f"{network.name} against {property_.name}",
            bars("proved share"),
        )
    verdict = _verdict(result.record)
    if as_json:
        print_json(as_document(result, store, time.monotonic() - started))
    else:
        _print(result, store)
    raise click.exceptions.Exit(0 if verdict is Verdict.PROVED else 1)


def statement_of(
    stated: Property, model: str, file: str, arithmetic: Literal["real", "float32"] | None = None
) -> Statement:
    """The statement that a property file makes about a network, both named by their digests; inputs have unit 1."""
    return Statement(
        model=model,
        inputs=tuple(Port(name=f"X_{i}", unit="1") for i in range(stated.inputs)),
        outputs=tuple(f"Y_{j}" for j in range(stated.outputs)),
        decision="none",
        arithmetic=Arithmetic(arithmetic or stated.element),
        regions=PropertyFile(file=file),
        condition=PropertyHolds(),
    )


def as_document(result: RunResult, store: Store, seconds: float) -> dict[str, Any]:
    """What `--json` prints (docs/schemas/prove.schema.json)."""
    record = result.record
    verdict = _verdict(record)
    example = _example(record)
    return {
        "verdict": verdict.value,
        "seconds": round(seconds, 3),
        "counterexample": {"input": list(example.input), "output": list(example.output)} if example else None,
        "arithmetic": record.statement.arithmetic.value,
        "checked_by": _checked_by(record, verdict),
        "reason": _reason(record, verdict),
        "evidence": str(store.path(result.digest)),
        "record": result.digest,
        "fresh": result.fresh,
        "proved": record.number("P") if not isinstance(record, SmoothingRecord) else 0,
        "of": record.count,
        "cross_checks": [check.model_dump(mode="json") for check in _cross_checks(record)],
    }


def content(path: Path, limit: int) -> bytes:
    """The bytes of a file, unpacked when it is gzip. Raises InputError N136, N120, N121."""
    place = Place(str(path))
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            raise InputError.of(N_FILE, f"{path} is no regular file", place)
        size = path.stat().st_size
        if size > limit:
            raise InputError.of(N_LARGE, f"{size} bytes in one file", place)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError.of(N_FILE, f"cannot read {path}: {reason}", place) from None
    return unpack(data, str(path), limit)


def require_fitting(stated: Property, model: bytes, network: Path, property_: Path) -> None:
    """Raises InputError or UnsupportedError for a network that cannot be read, N106 for one of another shape."""
    found = read_graph(model, str(network))
    if (found.inputs, found.outputs) != (stated.inputs, stated.outputs):
        raise InputError.of(
            N_SHAPE,
            f"the property is about {stated.inputs} inputs and {stated.outputs} outputs",
            Place(str(property_)),
            expected=f"{found.inputs} inputs and {found.outputs} outputs, as {network} has",
        )


# --- what is said of a record ------------------------------------------------------------------------------------


def _verdict(record: RunRecord) -> Verdict:
    """The record's verdict; a proof that a cross-check contradicts is none to rely on."""
    return record.relied_on if isinstance(record, BoundsRecord) else Verdict.UNKNOWN


def _cross_checks(record: RunRecord) -> tuple[CrossCheck, ...]:
    return record.cross_checks if isinstance(record, BoundsRecord) else ()


def _disputes(record: RunRecord) -> list[CrossCheck]:
    return [check for check in _cross_checks(record) if check.disagreed]


def _example(record: RunRecord) -> Counterexample | None:
    return None if isinstance(record, SmoothingRecord) else next(iter(record.counterexamples), None)


def _checked_by(record: RunRecord, verdict: Verdict) -> list[str]:
    """Who confirmed the verdict after the engine: the checker for a proof, the runtime for a counterexample."""
    wanted = {Verdict.PROVED: "bounds", Verdict.REFUTED: "counterexamples"}.get(verdict)
    return [item.by for item in record.rechecks if item.what == wanted and item.agreed]


def _reason(record: RunRecord, verdict: Verdict) -> str | None:
    """Why nothing was decided; None for a verdict."""
    if verdict is not Verdict.UNKNOWN:
        return None
    notes = [item.note for item in record.rechecks if item.note]
    notes += [f"{check.by} disagrees: {check.note}" for check in _disputes(record)]
    own = getattr(record, "reason", None)
    if isinstance(own, str) and own:
        notes.insert(0, own)
    missed = [f"{item.of - item.agreed} suspected counterexamples did not replay" for item in record.rechecks
              if item.what == "counterexamples" and item.agreed < item.of]  # fmt: skip
    return "; ".join([result_words(record).removesuffix("."), *missed, *notes])


def _print(result: RunResult, store: Store) -> None:
    record = result.record
    verdict = _verdict(record)
    statement = record.statement
    click.echo(verdict.value)
    if verdict is Verdict.PROVED:
        click.echo(
            f"The network {condition_words(statement)} {regions_words(statement, record.count)}, "
            f"{arithmetic_words(statement.arithmetic)}."
        )
        click.echo(f"confirmed by: {listed(_checked_by(record, verdict))}")
    elif verdict is Verdict.REFUTED:
        _print_example(record, verdict)
    else:
        click.echo(f"reason: {_reason(record, verdict)}")
    for item in limits_of(record) if verdict is Verdict.PROVED else ():
        click.echo(f"limit {item.code}: {item.text}")
    for check in _cross_checks(record):
        counts = f"{check.examined} of {counted(record.count, 'region')} asked: " if check.examined else ""
        counts += f"{check.agreed} agreed, {len(check.disagreed)} disagreed, {check.undecided} undecided"
        click.echo(f"cross-check by {check.by}: {counts}" + (f"; {check.note}" if check.note else ""))
    for finding in cross_findings(record, result.digest):
        say(str(finding))
    click.echo(f"evidence: {store.path(result.digest)}")
    if not result.fresh:
        say("this answer was in the evidence folder; another --timeout or --seed makes a new try")


def _print_example(record: RunRecord, verdict: Verdict) -> None:
    example = _example(record)
    if example is None:
        return
    click.echo(f"counterexample, replayed by {listed(_checked_by(record, verdict))}:")
    for names, values in (
        ([port.name for port in record.statement.inputs], example.input),
        (list(record.statement.outputs), example.output),
    ):
        for name, value in list(zip(names, values, strict=True))[:_MOST_VALUES]:
            click.echo(f"  {name} = {decimal_text(value)}")
        if len(values) > _MOST_VALUES:
            click.echo(f"  and {len(values) - _MOST_VALUES} more (all stand in the record, or use --json)")
