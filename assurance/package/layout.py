"""What stands where in a review package, and its two signed documents: manifest and attestation.

    case/...               the case file and every file that it declares, under its relative path
    evidence/...           the journal, and the records, certificates and artefacts that it leads to
    dossier/...            the dossier as it was built, if it was handed over
    coverage.json, argument.json, standings.json, findings.json     derived when the package was built (derive.py)
    public-key.pem         the signer's public key
    manifest.json          every file above with SHA-256 and size; tool, case, rules that the derivation used
    attestation.dsse.json  signed: in-toto statement over the manifest and every file

All JSON here is canonical (evidence.digest), so that each document has one byte form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from assurance import __version__
from assurance.case import Case
from assurance.gsn.patterns.library import available, with_nested
from assurance.resources import folder
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import PREFIX, Digest, canonical_json, of_bytes, of_file
from evidence.specification import Frozen

P_MANIFEST = code("P130", Severity.ERROR, "manifest cannot be read", "ask the sender for the original")
P_STATEMENT = code(
    "P126", Severity.ERROR, "attestation and content of the package differ", "ask the sender for the original"
)

CASE, EVIDENCE, DOSSIER = "case/", "evidence/", "dossier/"
MANIFEST, ATTESTATION, PUBLIC_KEY = "manifest.json", "attestation.dsse.json", "public-key.pem"
COVERAGE, ARGUMENT, STANDINGS, FINDINGS = "coverage.json", "argument.json", "standings.json", "findings.json"
DERIVED = (COVERAGE, ARGUMENT, STANDINGS, FINDINGS)
JOURNAL = EVIDENCE + "journal.jsonl"

FORMAT = "assurance-package/1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:assurance:review-package:1"
MAX_JSON_BYTES = 64_000_000


class Tool(Frozen):
    """What built the package."""

    name: Literal["assurance"] = "assurance"
    version: str


class CaseIdentity(Frozen):
    """Which case it is about. `digest` is of the case file, `file` its name in the package."""

    id: str
    title: str
    issue: str
    digest: Digest
    file: str


class Listed(Frozen):
    """One file of the package."""

    name: str
    digest: Digest
    size: Annotated[int, Field(ge=0)]


class Manifest(Frozen):
    """Everything that the package holds, except the manifest itself and the attestation over it."""

    format: Literal["assurance-package/1"]
    tool: Tool
    case: CaseIdentity
    rules: dict[str, Digest]
    """Digests of the tool's own data that the derivation used: catalogues and argument patterns."""
    files: tuple[Listed, ...] = Field(min_length=1)


def object_name(digest: str) -> str:
    """Where an object of the evidence store stands."""
    hexadecimal = digest.removeprefix(PREFIX)
    return f"{EVIDENCE}objects/{hexadecimal[:2]}/{hexadecimal}"


def rules_of(case: Case) -> dict[str, str]:
    """Digests of the catalogues and patterns of this installation that a case is derived with, as far as present."""
    names = [("standards", f"{item.id}/catalogue.yaml") for item in case.standards]
    # what a case's own patterns use stands in their files, which are not read here: any of the library
    used = available() if case.pattern_files else [name for id in case.patterns for name in with_nested(id)]
    names += [("templates", f"patterns/{name}.yaml") for name in used]
    paths = {f"{top}/{name}": folder(top) / name for top, name in names}  # type: ignore[arg-type]
    return {name: of_file(path) for name, path in sorted(paths.items()) if path.is_file()}


def manifest_of(case: CaseIdentity, rules: Mapping[str, str], files: Mapping[str, bytes]) -> bytes:
    """The manifest's bytes."""
    listed = [{"name": name, "digest": of_bytes(files[name]), "size": len(files[name])} for name in sorted(files)]
    return canonical_json(
        {
            "format": FORMAT,
            "tool": {"name": "assurance", "version": __version__},
            "case": case.model_dump(mode="json"),
            "rules": dict(rules),
            "files": listed,
        }
    )


def read_manifest(data: bytes) -> Manifest | Finding:
    """The manifest from its bytes; a Finding P130 when it is none."""
    value = read_json(data, MAX_JSON_BYTES)
    place = Place(element=MANIFEST)
    if value is None:
        return P_MANIFEST.finding(f"{MANIFEST} is not canonical JSON of at most {MAX_JSON_BYTES} bytes", place)
    try:
        manifest = Manifest.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        return P_MANIFEST.finding(f"{MANIFEST}: {where}: {first['msg']}", place)
    names = [item.name for item in manifest.files]
    if names != sorted(set(names)) or {MANIFEST, ATTESTATION} & set(names):
        return P_MANIFEST.finding(f"{MANIFEST} lists a file twice, out of order, or itself", place)
    return manifest


def statement_of(manifest: bytes) -> bytes:
    """The attestation's payload: an in-toto statement (v1) whose subjects are the manifest and every file in it."""
    listed = json.loads(manifest)
    subjects = [(MANIFEST, of_bytes(manifest)), *((item["name"], item["digest"]) for item in listed["files"])]
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest.removeprefix(PREFIX)}} for name, digest in subjects],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"format": FORMAT, "manifest": MANIFEST, "tool": listed["tool"], "case": listed["case"]},
        }
    )


def read_json(data: bytes, limit: int) -> Any:
    """The value of canonical JSON; None for anything else: too large, malformed, another byte form, or null."""
    if len(data) > limit:
        return None
    try:
        value = json.loads(data)
        return value if canonical_json(value) == data else None
    except (ValueError, RecursionError):
        return None
