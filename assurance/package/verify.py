"""The reader's side: is this package what its signer signed, and does its evidence show what it says?

Eight steps, numbered below. Steps 1 to 4 decide whether the package is intact; nothing in it is interpreted before
they have passed. Steps 5 to 7 read the case from the package alone, derive everything again with this
installation, and re-check every record. All findings of a step are collected. Needs no network, no torch;
onnxruntime only for replaying counterexamples.

What a passed verification does not show: that the journal is complete and in order, that smoothing counts were
drawn as stated, that documents and dossier say what is true, that the case asks the right questions, or, without a
trusted key, who signed. `Verification.unchecked` lists what applies.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from assurance import __version__
from assurance.loading import C_FILE, C_STALE
from assurance.package import archive, layout, sign
from assurance.package.compare import differences
from assurance.package.derive import Derived, derive, relative, unpack
from assurance.package.gather import case_files, evidence_files
from assurance.package.recheck import Tally, Unchecked, recheck
from evidence.diagnostics import Finding, Place, Severity, code, has_errors
from evidence.digest import of_bytes, short
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError, InputError

P_UNREADABLE = code("P110", Severity.ERROR, "package cannot be read", "check the path and the permissions")
P_NO_KEY = code(
    "P123",
    Severity.WARNING,
    "nobody vouches for the signer",
    "get the signer's public key by a separate way and verify with --key; without it anyone may have made the package",
)
P_DIFFERS = code("P131", Severity.ERROR, "file differs from the manifest", "ask the sender for the original")
P_MISSING = code("P132", Severity.ERROR, "file of the package is missing", "ask the sender for the original")
P_EXTRA = code(
    "P133",
    Severity.ERROR,
    "file that does not belong into the package",
    "do not use it; ask the sender for the original",
)
P_OTHER_TOOL = code(
    "P134",
    Severity.WARNING,
    "package was built with another version of the tool or of its catalogues",
    "to compare like with like, verify with the version that the package names",
)
P_CASE = code("P135", Severity.ERROR, "case cannot be derived from the package", "see the findings beside this one")
P_FRESH = code(
    "P136",
    Severity.ERROR,
    "file of the case does not have its declared digest",
    "do not rely on the package: no package is built from stale files",
)
P_DERIVED = code(
    "P140",
    Severity.ERROR,
    "package states something else than its evidence gives",
    "rely on what is derived again, not on the package's documents",
)
P_PROCESS = code(
    "P149",
    Severity.ERROR,
    "content of the package cannot be processed",
    "do not rely on the package; if its sender is trusted, report this as a defect",
)

FILES, DOCUMENTS, DERIVED = "files of the package", "documents", "derived documents"
_STEPS = 8
_SHOWN = 10


@dataclass(frozen=True)
class Signer:
    """Who signed, as far as that is known."""

    key_id: str
    trusted: bool
    """True when the reader gave this key; False when it came with the package."""


@dataclass(frozen=True)
class Verification:
    """What a reader may rely on. `ok` is False when any finding is an error."""

    file: str
    digest: str
    signer: Signer | None
    manifest: layout.Manifest | None
    rechecked: tuple[Tally, ...] = ()
    """By kind of statement: re-checked n of m."""
    unchecked: tuple[Unchecked, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return not has_errors(self.findings)

    @property
    def trusted(self) -> bool:
        return self.ok and self.signer is not None and self.signer.trusted

    def as_json(self) -> dict[str, object]:
        """The shape of `assurance verify --json`."""
        manifest = self.manifest
        return {
            "ok": self.ok,
            "trusted": self.trusted,
            "file": self.file,
            "digest": self.digest,
            "signer": None if self.signer is None else {"key": self.signer.key_id, "trusted": self.signer.trusted},
            "case": None if manifest is None else manifest.case.model_dump(mode="json"),
            "tool": None if manifest is None else manifest.tool.model_dump(mode="json"),
            "rechecked": [{"kind": item.kind, "n": item.n, "of": item.of} for item in self.rechecked],
            "not_rechecked": [{"what": item.what, "why": item.why} for item in self.unchecked],
            "findings": [item.as_json() for item in self.findings],
        }


def verify_package(path: Path, key: Path | None = None, progress: Progress = silent) -> Verification:
    """Verify a package, with the signer's public key if the reader has it.

    Whatever is wrong with the package is a finding. Raises InputError only for what the reader gave: P110 for a
    file that cannot be read, P101 for a key that is none.
    """
    trusted = sign.load_public_key(key) if key is not None else None
    data = _read(path)
    start = Verification(str(path), of_bytes(data), None, None)

    # Step 1. Read the archive within bounds: sizes, names, one byte form. A member cannot expand.
    progress(1, _STEPS, "reading the archive")
    package = archive.read(data)
    findings = list(package.findings)
    if not package.members:
        return _stopped(start, findings)

    # Steps 2 to 4. Who signed what, and is that what is here?
    progress(2, _STEPS, "signature")
    signed, signer, found = _signature(package.members, trusted)
    findings += found
    progress(3, _STEPS, "manifest")
    manifest, found = _attested(package.members, signed)
    findings += found
    progress(4, _STEPS, "digests")
    if manifest is not None:
        findings += _contents(package.members, manifest)
    start = replace(start, signer=signer, manifest=manifest)
    if has_errors(findings) or manifest is None:
        return _stopped(start, findings)
    if signer is not None and not signer.trusted:
        message = f"the key {signer.key_id} came with the package: this shows integrity only, not who signed"
        findings.append(P_NO_KEY.finding(message, Place(element=layout.PUBLIC_KEY)))
    tallies = [Tally(FILES, len(manifest.files), len(manifest.files))]

    # Steps 5 to 7 interpret what the package holds, and fail closed whatever that may be.
    with tempfile.TemporaryDirectory(prefix="assurance-") as temporary:
        root = Path(temporary).resolve()
        try:
            content = _interpret(package.members, manifest, root, progress)
        except Exception as error:
            message = f"{type(error).__name__}: {error!s:.300}".replace(f"{root}/", "")
            content = _Content([P_PROCESS.finding(message)], [], [])

    # Step 8. Sum up.
    progress(_STEPS, _STEPS, "")
    return replace(
        start,
        rechecked=(*tallies, *content.tallies),
        unchecked=(*content.unchecked, *_beyond(package.members)),
        findings=(*findings, *content.findings),
    )


def _read(path: Path) -> bytes:
    """At most one byte more than a package may have, so that `archive.read` sees that it is too long."""
    try:
        with path.open("rb") as stream:
            return stream.read(archive.MAX_BYTES + 1)
    except OSError as error:
        raise InputError.of(P_UNREADABLE, f"cannot read {path}: {error.strerror}", Place(str(path))) from None


def _stopped(start: Verification, findings: list[Finding]) -> Verification:
    """The package is not intact: its content was not looked at."""
    unchecked = Unchecked("case, evidence and derived documents", "the package is not what its signer signed")
    return replace(start, unchecked=(unchecked,), findings=tuple(findings))


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


# --- steps 5 to 7 --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Content:
    findings: list[Finding]
    tallies: list[Tally]
    unchecked: list[Unchecked]


def _interpret(members: Mapping[str, bytes], manifest: layout.Manifest, root: Path, progress: Progress) -> _Content:
    # Step 5. Read the case and its evidence strictly from the package; it holds exactly what they lead to.
    progress(5, _STEPS, "reading the case from the package")
    case_file = manifest.case.file
    if not case_file.startswith(layout.CASE) or case_file.count("/") != 1 or case_file not in members:
        return _Content([P_CASE.finding(f"there is no case file {case_file!r:.120}")], [], [])
    unpack({name: data for name, data in members.items() if name.startswith((layout.CASE, layout.EVIDENCE))}, root)
    try:
        derived = derive(root, case_file)
    except AssuranceError as error:
        whole = P_CASE.finding(f"{case_file} cannot be used", Place(element=case_file))
        return _Content([whole, *(relative(item, root) for item in error.findings)], [], [])
    findings = [*_identity(manifest, derived), *_complete(members, derived, root)]
    documents = derived.snapshot.register.documents
    tallies = [Tally(DOCUMENTS, sum(item.fresh for item in documents), len(documents))] if documents else []

    # Step 6. Compare the derived documents with the package's own.
    progress(6, _STEPS, "deriving standings, argument and coverage")
    findings += _same_rules(manifest, derived)
    equal = 0
    for name in layout.DERIVED:
        differing = list(_derived(name, members.get(name), derived.documents[name]))
        findings += differing
        equal += not differing
    tallies.append(Tally(DERIVED, equal, len(layout.DERIVED)))

    # Step 7. Re-check every record against the files it is about.
    progress(7, _STEPS, "re-checking the evidence")
    result = recheck(derived, lambda done, total, note: progress(7, _STEPS, f"{note} ({done} of {total})"))
    return _Content([*findings, *result.findings], [*tallies, *result.tallies], result.unchecked)


def _identity(manifest: layout.Manifest, derived: Derived) -> Iterator[Finding]:
    loaded = derived.snapshot.loaded
    stated = manifest.case
    if (stated.id, stated.title, stated.issue, stated.digest) != (
        loaded.case.id,
        loaded.case.title,
        loaded.case.issue,
        loaded.digest,
    ):
        yield P_CASE.finding(
            f"{stated.file} is another case or issue than the manifest names", Place(element=stated.file)
        )
    for finding in loaded.findings:
        if finding.code in (C_STALE.id, C_FILE.id):
            yield P_FRESH.finding(finding.message, Place(element=stated.file))


def _complete(members: Mapping[str, bytes], derived: Derived, root: Path) -> Iterator[Finding]:
    """Gathered again from what was unpacked, case and evidence must give the package's own files."""
    loaded = derived.snapshot.loaded
    if loaded.stale:
        return
    try:
        expected = case_files(loaded) | evidence_files(loaded, derived.store)
    except AssuranceError as error:
        yield from (relative(item, root) for item in error.findings)
        return
    own = {name for name in members if name.startswith((layout.CASE, layout.EVIDENCE))}
    for name in sorted(own - set(expected)):
        yield P_EXTRA.finding(f"neither case nor journal lead to {name}", Place(element=name))
    others = {*layout.DERIVED, layout.PUBLIC_KEY, layout.MANIFEST, layout.ATTESTATION}
    for name in sorted(set(members) - own - others):
        if not name.startswith(layout.DOSSIER):
            yield P_EXTRA.finding(f"{name} is no part of a package", Place(element=name))


def _same_rules(manifest: layout.Manifest, derived: Derived) -> Iterator[Finding]:
    here = layout.rules_of(derived.snapshot.loaded.case)
    changed = sorted(name for name in here.keys() | manifest.rules.keys() if here.get(name) != manifest.rules.get(name))
    if manifest.tool.version != __version__:
        yield P_OTHER_TOOL.finding(f"built with {manifest.tool.version}, verified with {__version__}")
    if changed:
        yield P_OTHER_TOOL.finding(f"other contents here: {', '.join(changed)}")


def _derived(name: str, packaged: bytes | None, derived: bytes) -> Iterator[Finding]:
    place = Place(element=name)
    if packaged is None:
        yield P_MISSING.finding(f"there is no {name}", place)
        return
    if packaged == derived:
        return
    value = layout.read_json(packaged, layout.MAX_JSON_BYTES)
    if value is None:
        yield P_DERIVED.finding(f"{name} is not canonical JSON", place)
        return
    found = list(differences(value, json.loads(derived)))
    for text in found[:_SHOWN]:
        yield P_DERIVED.finding(f"{name}: {text}", place)
    if len(found) > _SHOWN:
        yield P_DERIVED.finding(f"{name}: {len(found) - _SHOWN} more differences", place)


def _beyond(members: Mapping[str, bytes]) -> Iterator[Unchecked]:
    """What no verification of a package can show."""
    if layout.JOURNAL in members:
        digest = short(of_bytes(members[layout.JOURNAL]))
        why = f"nothing in a package shows that no entry was left out; compare its digest {digest} with earlier issues"
        yield Unchecked("completeness of the journal", why)
    if any(name.startswith(layout.DOSSIER) for name in members):
        yield Unchecked("texts of the dossier", "they are signed, but not built again: compare them with the standings")
    yield Unchecked(
        "what documents, people and the provenance of records state",
        "digests show which file is meant and that nothing changed, not that it is right",
    )
