"""Build a review package: gather, derive, list, sign, write.

Everything is read once into memory; what is packed is what was hashed. A case with stale files, a store with
missing or altered evidence and a key that cannot sign are refused before anything is written. The file appears
in one step, or not at all. Dates, hosts and durations of runs (the store's sidecars) are left out: equal input and
key give equal bytes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assurance.loading import LoadedCase, require_fresh
from assurance.package import archive, layout, sign
from assurance.package.derive import derive, unpack
from assurance.package.gather import P_CHANGED, P_EVIDENCE, case_files, evidence_files
from assurance.register import E_UNJOURNALED, collect
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes
from evidence.engines.base import Progress, silent
from evidence.errors import InputError
from evidence.store import Store

P_OUTPUT = code(
    "P103",
    Severity.ERROR,
    "package cannot be written",
    "check folder, free space and permissions, or name another file",
)
P_SOURCE = code("P106", Severity.ERROR, "package would overwrite one of its sources", "name another file with --out")
P_DOSSIER = code(
    "P107", Severity.ERROR, "dossier file cannot be packed", "build the dossier again, and name each file once"
)


@dataclass(frozen=True)
class Built:
    """What was written: the file, its digest, how many files it holds, and the signer's key identifier."""

    file: Path
    digest: str
    files: int
    size: int
    key_id: str


def build_package(
    loaded: LoadedCase,
    store: Store,
    key: Path,
    out: Path,
    dossier: Sequence[Path] = (),
    progress: Progress = silent,
) -> Built:
    """Write the signed review package of a case to `out`, replacing an older one.

    Raises InputError: C116/C117 stale files, P101 key, P103/P106 output, P104/P105 names and sizes, P107 dossier,
    P108 changes meanwhile, P109 evidence; StoreError when the journal cannot be read.
    """
    signer = sign.load_signing_key(key)
    require_fresh(loaded)
    _spare_sources(loaded, [key, key.with_name(key.name + ".pub"), *dossier], out)
    hidden = [item for item in collect(loaded, store).findings if item.code == E_UNJOURNALED.id]
    if hidden:
        raise InputError(*hidden)  # a package without them would show less than what is known
    progress(0, 4, "gathering files")
    files = case_files(loaded) | evidence_files(loaded, store) | _dossier_files(dossier)
    files[layout.PUBLIC_KEY] = signer.public.pem
    case_file = layout.CASE + loaded.file.name
    bad = list(archive.unsafe_names(sorted(files)))
    if bad:
        raise InputError(*bad)
    progress(1, 4, "deriving standings, argument and coverage")
    with tempfile.TemporaryDirectory(prefix="assurance-") as temporary:
        root = Path(temporary).resolve()
        unpack({name: data for name, data in files.items() if not name.startswith(layout.DOSSIER)}, root)
        derived = derive(root, case_file)
    if derived.snapshot.loaded.digest != loaded.digest:
        raise InputError.of(P_CHANGED, "the case file is another one than was loaded", Place(str(loaded.file)))
    lost = [item for item in derived.snapshot.register.findings if item.severity is Severity.ERROR]
    if lost:
        raise InputError.of(P_EVIDENCE, f"{lost[0].code}: {lost[0].message}", Place(str(store.root)))
    files |= derived.documents
    progress(2, 4, "signing")
    case = loaded.case
    identity = layout.CaseIdentity(id=case.id, title=case.title, issue=case.issue, digest=loaded.digest, file=case_file)
    files[layout.MANIFEST] = layout.manifest_of(identity, layout.rules_of(case), files)
    files[layout.ATTESTATION] = sign.sign(layout.statement_of(files[layout.MANIFEST]), signer)
    progress(3, 4, "writing")
    data = archive.write(files)
    _replace(out, data)
    progress(4, 4, "")
    return Built(out, of_bytes(data), len(files), len(data), signer.public.id)


def _spare_sources(loaded: LoadedCase, others: Sequence[Path], out: Path) -> None:
    sources = [loaded.file, *(item.path for item in loaded.files), *others]
    try:
        folder, target = out.is_dir(), out.resolve()
    except OSError as error:
        raise InputError.of(P_OUTPUT, f"cannot write there: {error.strerror}", Place(str(out))) from None
    if folder:
        raise InputError.of(P_OUTPUT, f"{out} is a folder", Place(str(out)))
    inside = target.is_relative_to(loaded.evidence_folder.resolve())
    if inside or target in {path.resolve() for path in sources}:
        raise InputError.of(P_SOURCE, f"{out} is read to build the package", Place(str(out)))


def _dossier_files(paths: Sequence[Path]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in paths:
        name = layout.DOSSIER + path.name
        if name in found:
            raise InputError.of(P_DOSSIER, f"two dossier files are called {path.name}", Place(str(path)))
        try:
            found[name] = path.read_bytes()
        except OSError as error:
            raise InputError.of(P_DOSSIER, f"cannot read {path}: {error.strerror}", Place(str(path))) from None
    return found


def _replace(out: Path, data: bytes) -> None:
    """Put the whole file in place in one step; whatever stops it, the older file stays and nothing is left over."""
    temporary: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".writing-", suffix=".zip")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(out)
    except OSError as error:
        raise InputError.of(P_OUTPUT, f"cannot write {out}: {error.strerror}", Place(str(out))) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
