"""A case out of a review package: only out of one that is intact.

Read as `assurance verify` reads it: bounded, one byte form, names checked, signature by the enclosed key, every file as the
manifest lists it. Who signed is not asked, and the evidence is not re-checked: that is what `assurance verify` is for. Statuses are
derived again with the catalogues and patterns on board here; where the package was built with others, a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assurance import __version__
from assurance.case import Case
from assurance.package import archive, layout, sign
from assurance.package.derive import relative, unpack
from assurance.package.verify import P_UNREADABLE
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_bytes
from evidence.errors import AssuranceError, InputError

T_PACKAGE = code(
    "T141",
    Severity.ERROR,
    "package is not intact",
    "do not compare it: `assurance verify` lists what is wrong; ask the sender for the original",
)
T_OTHER_RULES = code(
    "T142",
    Severity.WARNING,
    "package was built with other rules",
    "its statuses are derived with the rules on board here; to see what changed rules do, compare named baselines",
)
T_UNUSABLE = code("T154", Severity.ERROR, "case of the package cannot be used", "see the finding that is quoted")


@dataclass(frozen=True)
class Opened:
    """An intact package: its manifest, and the key that signed it, for which nobody vouches."""

    manifest: layout.Manifest
    members: dict[str, bytes]
    key_id: str


def open_package(path: Path) -> Opened:
    """Read a package. Raises InputError: P110 when the file cannot be read, T141 when it is not intact."""
    try:
        with path.open("rb") as stream:
            data = stream.read(archive.MAX_BYTES + 1)
    except OSError as error:
        raise InputError.of(P_UNREADABLE, f"cannot read {path}: {error.strerror}", Place(str(path))) from None
    package = archive.read(data)
    manifest = layout.read_manifest(package.members.get(layout.MANIFEST, b""))
    wrong = [*package.findings, *([manifest] if isinstance(manifest, Finding) else [])]
    if wrong or isinstance(manifest, Finding):
        raise _broken(path, wrong)
    signer, wrong = _signer(package.members)
    wrong += _contents(package.members, manifest)
    if wrong or signer is None:
        raise _broken(path, wrong)
    return Opened(manifest, package.members, signer.id)


def _broken(path: Path, wrong: list[Finding]) -> InputError:
    first = f"{wrong[0].code} {wrong[0].message}" if wrong else "it is not signed"
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return InputError.of(T_PACKAGE, f"{first}{more}", Place(str(path)))


def _signer(members: dict[str, bytes]) -> tuple[sign.PublicKey | None, list[Finding]]:
    """The enclosed key, when its signature is over just this manifest; else what is wrong."""
    envelope = sign.open_envelope(members.get(layout.ATTESTATION, b""), layout.ATTESTATION)
    if isinstance(envelope, Finding):
        return None, [envelope]
    try:
        key = sign.public_key(members.get(layout.PUBLIC_KEY, b""), layout.PUBLIC_KEY)
    except InputError as error:
        return None, list(error.findings)
    wrong = sign.verify(envelope, key, layout.ATTESTATION)
    if wrong is None and envelope.payload != layout.statement_of(members[layout.MANIFEST]):
        wrong = layout.P_STATEMENT.finding(
            "the manifest is not the one that was signed", Place(element=layout.MANIFEST)
        )
    return key, [] if wrong is None else [wrong]


def _contents(members: dict[str, bytes], manifest: layout.Manifest) -> Iterator[Finding]:
    listed = {item.name: item for item in manifest.files}
    for name in sorted(listed.keys() ^ (members.keys() - {layout.MANIFEST, layout.ATTESTATION})):
        yield T_PACKAGE.finding(f"{name} is missing or not in the manifest", Place(element=name))
    for name, item in listed.items():
        data = members.get(name)
        if data is not None and (len(data), of_bytes(data)) != (item.size, item.digest):
            yield T_PACKAGE.finding(f"{name} differs from what was signed", Place(element=name))


def unpack_case(opened: Opened, root: Path, shown: Path) -> Path:
    """Write case and evidence below `root`; the case file's path. Raises InputError T154."""
    file = opened.manifest.case.file
    if not file.startswith(layout.CASE) or file.count("/") != 1 or file not in opened.members:
        raise InputError.of(T_UNUSABLE, f"there is no case file {file!r:.120}", Place(str(shown)))
    unpack(
        {name: data for name, data in opened.members.items() if name.startswith((layout.CASE, layout.EVIDENCE))}, root
    )
    return root / file


def unusable(error: AssuranceError, root: Path, shown: Path) -> InputError:
    """What stopped the derivation, with places relative to the package."""
    first = relative(error.finding, root)
    return InputError.of(
        T_UNUSABLE, f"{first.code}: {first.message}", Place(str(shown), element=str(first.place) or None)
    )


def other_rules(opened: Opened, case: Case, shown: Path) -> list[Finding]:
    """A warning when the package was built with another version of the tool, its catalogues or its patterns."""
    here = layout.rules_of(case)
    rules = opened.manifest.rules
    names = sorted(name for name in here.keys() | rules.keys() if here.get(name) != rules.get(name))
    if opened.manifest.tool.version != __version__:
        names.insert(0, f"assurance {opened.manifest.tool.version}")
    return [T_OTHER_RULES.finding(f"other here: {', '.join(names)}", Place(str(shown)))] if names else []
