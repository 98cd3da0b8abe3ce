"""Which record answers which declared run, decided as `assurance run` decides it: by the request key, not by guessing.

A run has to be repeated exactly when the store has no answer to the request that `assurance run` would make: statement, engine,
parameters, versions, seed and device together. Where a declared file differs from its digest, `assurance run` refuses; the request
is then the one that it would make after the new digest was declared.
A review package holds no request keys. There a record answers when its own provenance and statement are what is asked; versions of
libraries at its builder are not known and not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from assurance.case import Case, ExternalVerdict, Run
from assurance.claims import Claim, claim_of
from assurance.impact.facts import EvidenceFact, RunFact
from assurance.impact.items import flatten
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register, RunItem
from assurance.words import result_words, verdict_words
from evidence.crosscheck import wanted
from evidence.errors import StoreError
from evidence.provenance import library_versions, request_key, stamp
from evidence.records import ExternalVerdictRecord, RunRecord
from evidence.records.base import Provenance
from evidence.run import answered, named_files
from evidence.specification import PropertyFile, PropertyHolds, Statement
from evidence.store import Store
from evidence.verdict import Predictor

LIBRARY = "library "
"""Begins the name of a part that holds a library's version."""
ENGINE_VERSION = "engine version"

_FILES = ("models", "data_sets", "tables", "property_files", "documents", "external_verdicts")


@dataclass(frozen=True)
class Setting:
    """Where runs would be carried out: with this store, on this device, by this installation or by another one."""

    store: Store
    device: Literal["cpu", "cuda"]
    elsewhere: str | None = None
    """Version of the tool at the builder of a package; None where this installation would run."""


def asked_parts(statement: Statement, provenance: Provenance) -> dict[str, str]:
    """A request in flat form: what is stated, and by what it is examined."""
    made = provenance.model_dump(mode="json")
    versions, parameters = made.pop("versions"), made.pop("parameters")
    parts = flatten(statement.model_dump(mode="json"))
    parts |= {"engine": made["engine"], ENGINE_VERSION: made["engine_version"], "device": made["device"]}
    parts |= {"seed": str(made["seed"])}
    parts |= {f"parameter {name}": text for name, text in flatten(parameters).items()}
    return parts | {f"{LIBRARY}{name}": version for name, version in versions.items()}


def run_facts(loaded: LoadedCase, register: Register, setting: Setting) -> Iterator[RunFact]:
    """Every declared run and imported verdict, with the record that answers it as declared, if there is one."""
    current = {item.run: item for item in register.runs if item.current}
    case = as_it_lies(loaded)
    hindered = {item.id: item.path.name for item in loaded.files if item.actual is None}
    for run in case.runs:
        claim = claim_of(case, case.requirement(run.requirement))
        assert claim is not None  # `load` refuses a run of a requirement without formal property
        yield _run(run, claim, current.get(run.id), setting, _missing(case, claim.statement, hindered))
    for verdict in case.external_verdicts:
        yield _import(case, verdict, current.get(verdict.id), hindered.get(verdict.id))


def as_it_lies(loaded: LoadedCase) -> Case:
    """The case with the digests that its files have now."""
    if not loaded.stale:
        return loaded.case
    actual = {item.id: item.actual for item in loaded.files if item.actual is not None}
    changed = {
        name: tuple(
            item.model_copy(update={"digest": actual.get(item.id, item.digest)}) for item in getattr(loaded.case, name)
        )
        for name in _FILES
    }
    return loaded.case.model_copy(update=changed)


def _missing(case: Case, statement: Statement, hindered: Mapping[str, str]) -> str | None:
    needed = set(named_files(statement))
    declared = (*case.models, *case.data_sets, *case.tables, *case.property_files)
    names = [hindered[item.id] for item in declared if item.digest in needed and item.id in hindered]
    return f"there is no file {names[0]}" if names else None


def _run(run: Run, claim: Claim, item: RunItem | None, setting: Setting, missing: str | None) -> RunFact:
    statement, parameters = claim.statement, dict(run.parameters)
    versions = library_versions(run.engine) | (library_versions("cross-check") if wanted(parameters) else {})
    if setting.elsewhere is not None:
        own = stamp(run.engine, parameters, {}, run.seed, setting.device)
        made = item.record.provenance if item is not None else None
        device = made.device if made is not None else setting.device
        own = own.model_copy(update={"engine_version": setting.elsewhere, "device": device})
        asked = asked_parts(statement, own)
        fits = item is not None and not outdated(made_with(item.record), asked)
        noted = item is not None and item.criterion == claim.criterion_digest
        return _fact(run, asked, None, item.digest if item is not None and fits else None, noted, missing)
    asked = asked_parts(statement, stamp(run.engine, parameters, versions, run.seed, setting.device))
    key = request_key(statement, run.engine, parameters, versions, run.seed, setting.device)
    try:
        found = answered(statement, run.engine, parameters, run.seed, setting.device, setting.store)
    except StoreError as error:
        return _fact(run, asked, key, None, True, missing or f"{error.finding.code}: {error.finding.message}")
    noted = item is not None and (item.digest, item.criterion) == (found and found.digest, claim.criterion_digest)
    return _fact(run, asked, key, found.digest if found else None, noted, missing)


def _fact(
    run: Run, asked: dict[str, str], key: str | None, answer: str | None, noted: bool, hindrance: str | None
) -> RunFact:
    return RunFact(
        id=run.id,
        kind="run",
        requirement=run.requirement,
        asked=asked,
        request=key,
        answer=answer,
        noted=noted or answer is None,
        hindrance=hindrance,
    )


def _import(case: Case, verdict: ExternalVerdict, item: RunItem | None, missing: str | None) -> RunFact:
    """An imported verdict is read again when result file, tool, or the question that it was held against changed.

    A witness is held against the whole criterion: after a change of its threshold, reading it again gives the same record.
    """
    claim = claim_of(case, case.requirement(verdict.requirement))
    assert claim is not None
    given = next(file for file in case.property_files if file.id == verdict.property_file)
    asked_of_tool = claim.statement.model_copy(
        update={
            "model": case.model(verdict.model).digest,
            "regions": PropertyFile(file=given.digest),
            "condition": PropertyHolds(),
            "predictor": Predictor.BASE,
        }
    )
    parts = _verdict_parts(verdict.tool, verdict.tool_version, verdict.digest, given.digest)
    parts |= {"model": asked_of_tool.model}
    record = item.record if item is not None else None
    fits = (
        item is not None
        and isinstance(record, ExternalVerdictRecord)
        and not outdated(made_with(record), parts)
        and record.statement in (asked_of_tool, claim.statement)
        # a witness was held against the requirement's own property as well: against that of then
        and (record.witness == "none" or item.criterion == claim.criterion_digest)
    )
    return RunFact(
        id=verdict.id,
        kind="import",
        requirement=verdict.requirement,
        asked=parts,
        answer=item.digest if item is not None and fits else None,
        hindrance=f"there is no file {verdict.path}" if missing else None,
    )


def _verdict_parts(tool: str, version: str | None, result: str, property_file: str) -> dict[str, str]:
    return flatten({"tool": tool, "tool version": version, "result": result, "property file": property_file})


def made_with(record: RunRecord) -> dict[str, str]:
    """The request that a record answered, in flat form."""
    if isinstance(record, ExternalVerdictRecord):
        parts = _verdict_parts(record.tool, record.tool_version, record.result, record.property_file)
        return parts | {"model": record.statement.model}
    if record.provenance is None:
        return flatten(record.statement.model_dump(mode="json"))
    return asked_parts(record.statement, record.provenance)


def outdated(made: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Where a record's request differs from what is asked: part -> (then, now).

    Libraries that a record names beside those that are asked for are no difference: engines add what they used.
    """
    names = [name for name in dict.fromkeys([*asked, *made]) if name in asked or not name.startswith(LIBRARY)]
    return {name: (made.get(name), asked.get(name)) for name in names if made.get(name) != asked.get(name)}


# --- evidence ------------------------------------------------------------------------------------------------------


def record_fact(item: RunItem, stale: frozenset[str]) -> EvidenceFact:
    """A record as evidence. `stale`: declared digests whose file differs or is missing."""
    return EvidenceFact(
        digest=item.digest,
        kind=item.record.kind,
        source=item.run,
        requirement=item.requirement,
        current=item.current,
        usable=not stale & set(named_files(item.record.statement)),
        says=f"{verdict_words(item.record)}: {result_words(item.record)}",
        made_with=made_with(item.record) if item.current else {},
    )


def document_fact(entry: DocumentEntry, subjects: Mapping[str, str]) -> EvidenceFact:
    """A declared document as evidence, with the digests of what it is about."""
    return EvidenceFact(
        digest=entry.digest,
        kind="document",
        source=entry.item.id,
        current=True,
        usable=entry.fresh,
        says=f"{entry.record.evidence_kind}: {entry.record.title}",
        subjects=dict(subjects),
        whole="case" in entry.record.about,
    )
