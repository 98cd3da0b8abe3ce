"""The reader's side: is this package what its signer signed, and does its evidence show what it says?

Eight steps. Steps 1 to 4 (intact.py) decide whether the package is intact; nothing in it is interpreted before they
have passed. Steps 5 to 7 read the case from the package alone, derive everything again with this
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
from assurance.package import layout, sign
from assurance.package.compare import differences
from assurance.package.derive import Derived, derive, relative, unpack
from assurance.package.gather import case_files, evidence_files
from assurance.package.intact import P_EXTRA, P_MISSING, Signer, read_file, read_package
from assurance.package.recheck import Tally, Unchecked, recheck
from evidence.diagnostics import Finding, Place, Severity, code, has_errors
from evidence.digest import of_bytes, short
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError

P_NO_KEY = code(
    "P123",
    Severity.WARNING,
    "nobody vouches for the signer",
    "get the signer's public key by a separate way and verify with --key; without it anyone may have made the package",
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
    data = read_file(path)
    progress(1, _STEPS, "reading the archive, signature, manifest, digests")
    found = read_package(data, trusted)
    findings = list(found.findings)
    start = Verification(str(path), of_bytes(data), found.signer, found.manifest)
    if has_errors(findings) or found.manifest is None:
        return _stopped(start, findings)
    manifest, members = found.manifest, found.members
    if found.signer is not None and not found.signer.trusted:
        message = f"the key {found.signer.key_id} came with the package: this shows integrity only, not who signed"
        findings.append(P_NO_KEY.finding(message, Place(element=layout.PUBLIC_KEY)))
    tallies = [Tally(FILES, len(manifest.files), len(manifest.files))]

    # Steps 5 to 7 interpret what the package holds, and fail closed whatever that may be.
    with tempfile.TemporaryDirectory(prefix="assurance-") as temporary:
        root = Path(temporary).resolve()
        try:
            content = _interpret(members, manifest, root, progress)
        except Exception as error:
            message = f"{type(error).__name__}: {error!s:.300}".replace(f"{root}/", "")
            content = _Content([P_PROCESS.finding(message)], [], [])

    # Step 8. Sum up.
    progress(_STEPS, _STEPS, "")
    return replace(
        start,
        rechecked=(*tallies, *content.tallies),
        unchecked=(*content.unchecked, *_beyond(members)),
        findings=(*findings, *content.findings),
    )


def _stopped(start: Verification, findings: list[Finding]) -> Verification:
    """The package is not intact: its content was not looked at."""
    unchecked = Unchecked("case, evidence and derived documents", "the package is not what its signer signed")
    return replace(start, unchecked=(unchecked,), findings=tuple(findings))


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
