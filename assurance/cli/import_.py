"""`assurance import`: another tool's verdict as evidence, its counterexample replayed, its proof unchecked.

Exit codes: 0 imported and consistent; 1 the counterexample does not replay, or the verdict contradicts a stored record;
2 bad input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assurance.cli.common import json_option, print_json, say
from assurance.cli.prove import MAX_NETWORK_BYTES, STORE, content, require_fitting, statement_of
from assurance.words import result_words
from evidence.diagnostics import Finding, has_errors
from evidence.digest import of_bytes
from evidence.external import TOOLS
from evidence.external.agreement import inconsistencies, stored
from evidence.external.importing import Given, import_verdict
from evidence.external.text import MAX_RESULT
from evidence.limits import limits_of
from evidence.records import ExternalVerdictRecord
from evidence.records.external import ToolName
from evidence.store import Store
from evidence.vnnlib import read_property
from evidence.vnnlib.text import MAX_TEXT


@click.command("import")
@click.argument("tool", type=click.Choice(TOOLS))
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--network", type=click.Path(path_type=Path), required=True, help="The ONNX file that the tool verified.")
@click.option(
    "--property",
    "property_",
    type=click.Path(path_type=Path),
    required=True,
    help="The VNN-LIB file it was asked about.",
)
@click.option("--tool-version", default=None, help="Version of the tool, for the record.")
@click.option("--store", "folder", type=click.Path(path_type=Path), default=STORE, show_default=True)
@json_option
def import_(
    tool: ToolName,
    result: Path,
    network: Path,
    property_: Path,
    tool_version: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Import the RESULT file of another TOOL about one network and one property.

    A claimed proof is kept as unchecked and supports nothing by itself. A claimed counterexample is executed exactly:
    it refutes, or it is a near miss. The verdict is compared with the records in the store about the same question.
    """
    if tool_version is not None and not (0 < len(tool_version) <= 100 and tool_version.isprintable()):
        raise click.BadParameter("1 to 100 printable characters", param_hint="--tool-version")
    model, text = content(network, MAX_NETWORK_BYTES), content(property_, MAX_TEXT)
    stated = read_property(text, str(property_))
    require_fitting(stated, model, network, property_)
    statement = statement_of(stated, of_bytes(model), of_bytes(text))
    given = Given(tool, tool_version, content(result, MAX_RESULT), str(result), text)
    store = Store(folder)
    files = {of_bytes(model): model, of_bytes(text): text}
    record, digest, _ = import_verdict(given, [statement], files.__getitem__, store)
    found = inconsistencies(record, stored(store))
    if as_json:
        print_json(as_document(record, digest, store, found))
    else:
        _print(record, digest, store)
    for finding in found:
        say(str(finding))
    raise click.exceptions.Exit(1 if has_errors(found) else 0)


def as_document(record: ExternalVerdictRecord, digest: str, store: Store, found: tuple[Finding, ...]) -> dict[str, Any]:
    """What `--json` prints (docs/schemas/import.schema.json)."""
    example = next(iter(record.counterexamples), None)
    return {
        "tool": record.tool,
        "tool_version": record.tool_version,
        "said": record.said,
        "claimed": record.claimed,
        "verdict": record.verdict.value,
        "guarantee": record.guarantee.kind.value,
        "witness": record.witness,
        "counterexample": {"input": list(example.input), "output": list(example.output)} if example else None,
        "limits": [{"code": item.code, "text": item.text} for item in limits_of(record)],
        "findings": [item.as_json() for item in found],
        "evidence": str(store.path(digest)),
        "record": digest,
    }


def _print(record: ExternalVerdictRecord, digest: str, store: Store) -> None:
    click.echo(record.verdict.value)
    click.echo(result_words(record))
    for item in limits_of(record):
        click.echo(f"limit {item.code}: {item.text}")
    click.echo(f"evidence: {store.path(digest)}")
