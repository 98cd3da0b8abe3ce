"""Is a package what its signer signed? The first four of the reader's eight steps; verify.py takes the others.

    1  the archive: bounded sizes, safe names, one byte form
    2  the signature: by the reader's key or, where there is none, by the key that came with the package
    3  the manifest is the one that was signed
    4  every file is as the manifest lists it, and there is no other

All findings of a step are collected; nothing that the package holds is interpreted. Not here: whether the evidence shows
what the package says (verify.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assurance.package import archive, layout, sign
from assurance.package.compare import differences
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_bytes
from evidence.errors import InputError

P_UNREADABLE = code("P110", Severity.ERROR, "package cannot be read", "check the path and the permissions")
P_DIFFERS = code("P131", Severity.ERROR, "file differs from the manifest", "ask the sender for the original")
P_MISSING = code("P132", Severity.ERROR, "file of the package is missing", "ask the sender for the original")
P_EXTRA = code(
    "P133",
    Severity.ERROR,
    "file that does not belong into the package",
    "do not use it; ask the sender for the original",
)


@dataclass(frozen=True)
class Signer:
    """Who signed, as far as that is known."""

    key_id: str
    trusted: bool
    """True when the reader gave this key; False when it came with the package."""


@dataclass(frozen=True)
class Contents:
    """What was read of a package. It is intact when no finding is an error and there is a manifest."""

    members: dict[str, bytes]
    signer: Signer | None
    manifest: layout.Manifest | None
    findings: tuple[Finding, ...]


def read_file(path: Path) -> bytes:
    """The bytes of a package: at most one more than it may have, so that `archive.read` sees that it is too long.

    Raises InputError P110 when the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(archive.MAX_BYTES + 1)
    except OSError as error:
        raise InputError.of(P_UNREADABLE, f"cannot read {path}: {error.strerror}", Place(str(path))) from None


def read_package(data: bytes, trusted: sign.PublicKey | None = None) -> Contents:
    """Read a package without interpreting it. `trusted`: the signer's key, if the reader has it. Raises nothing."""
    package = archive.read(data)
    if not package.members:
        return Contents({}, None, None, package.findings)
    signed, signer, wrong = _signature(package.members, trusted)
    manifest, found = _attested(package.members, signed)
    wrong += found
    if manifest is not None:
        wrong += _contents(package.members, manifest)
    return Contents(package.members, signer, manifest, (*package.findings, *wrong))


# --- step 2 ------------------------------------------------------------------------------------------------------


def _signature(
    members: Mapping[str, bytes], trusted: sign.PublicKey | None
) -> tuple[sign.Signed | None, Signer | None, list[Finding]]:
    """The opened envelope, its signer, and what is wrong. The envelope is verified only when nothing is."""
    if layout.ATTESTATION not in members:
        return None, None, [P_MISSING.finding(f"there is no {layout.ATTESTATION}", Place(element=layout.ATTESTATION))]
    signed = sign.open_envelope(members[layout.ATTESTATION], layout.ATTESTATION)
    if isinstance(signed, Finding):
        return None, None, [signed]
    place = Place(element=layout.PUBLIC_KEY)
    if layout.PUBLIC_KEY not in members:
        return None, None, [P_MISSING.finding(f"there is no {layout.PUBLIC_KEY}", place)]
    try:
        enclosed = sign.public_key(members[layout.PUBLIC_KEY], layout.PUBLIC_KEY)
    except InputError as error:
        return None, None, list(error.findings)
    key = trusted or enclosed
    problem = sign.verify(signed, key, layout.ATTESTATION)
    findings = [] if problem is None else [problem]
    if enclosed.pem != members[layout.PUBLIC_KEY] or (problem is None and enclosed.id != key.id):
        findings.append(layout.P_STATEMENT.finding(f"{layout.PUBLIC_KEY} is not the key that signed", place))
    signer = Signer(key.id, trusted is not None) if not findings else None
    return signed, signer, findings


# --- step 3 ------------------------------------------------------------------------------------------------------


def _attested(members: Mapping[str, bytes], signed: sign.Signed | None) -> tuple[layout.Manifest | None, list[Finding]]:
    """The manifest, if it is the one that the attestation is about."""
    place = Place(element=layout.MANIFEST)
    if layout.MANIFEST not in members:
        return None, [P_MISSING.finding(f"there is no {layout.MANIFEST}", place)]
    data = members[layout.MANIFEST]
    manifest = layout.read_manifest(data)
    if isinstance(manifest, Finding):
        return None, [manifest]
    if signed is None:
        return manifest, []
    expected = layout.statement_of(data)
    if signed.payload == expected:
        return manifest, []
    value = layout.read_json(signed.payload, layout.MAX_JSON_BYTES)
    known = {"_type": layout.STATEMENT_TYPE, "predicateType": layout.PREDICATE_TYPE}
    if not isinstance(value, dict) or any(value.get(name) != text for name, text in known.items()):
        message = "what is signed is not a statement about a review package"
        return manifest, [sign.P_TYPE.finding(message, Place(element=layout.ATTESTATION))]
    first = next(differences(value, json.loads(expected)), "the statement has another form")
    return manifest, [layout.P_STATEMENT.finding(f"{layout.MANIFEST} is not the one that was signed: {first}", place)]


# --- step 4 ------------------------------------------------------------------------------------------------------


def _contents(members: Mapping[str, bytes], manifest: layout.Manifest) -> Iterator[Finding]:
    """Every file of the manifest is here with its digest, and nothing else is."""
    for item in manifest.files:
        place = Place(element=item.name)
        if item.name not in members:
            yield P_MISSING.finding(f"{item.name} is missing", place)
        elif len(members[item.name]) != item.size or of_bytes(members[item.name]) != item.digest:
            yield P_DIFFERS.finding(f"{item.name} differs from what was signed", place)
    listed = {item.name for item in manifest.files} | {layout.MANIFEST, layout.ATTESTATION}
    for name in members:
        if name not in listed:
            yield P_EXTRA.finding(f"{name} is not in the manifest", Place(element=name))
