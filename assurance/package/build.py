"""Build a review package: gather, derive, list, sign, write.

Everything is read once into memory; what is packed is what was hashed. A case with stale files, a store with
missing or altered evidence and a key that cannot sign are refused before anything is written. The file appears
in one step, or not at all. Dates, hosts and durations of runs (the store's sidecars) are left out: equal input and
key give equal bytes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assurance.loading import LoadedCase, require_fresh
from assurance.package import archive, layout, sign
from assurance.package.derive import derive, unpack
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError, InputError, StoreError
from evidence.records import read_record
from evidence.run import named_files
from evidence.store import Store

P_OUTPUT = code(
    "P103", Severity.ERROR, "package cannot be written", "check folder, free space and permissions, or name another file"
)
P_SOURCE = code(
    "P106", Severity.ERROR, "package would overwrite one of its sources", "name another file with --out"
)
P_DOSSIER = code(
    "P107", Severity.ERROR, "dossier file cannot be packed", "build the dossier again, and name each file once"
)
P_CHANGED = code(
    "P108", Severity.ERROR, "file changed while it was packed", "wait until nothing writes to the case, then repeat"
)
P_EVIDENCE = code(
    "P109",
    Severity.ERROR,
    "evidence that the journal names is missing or altered",
    "restore the evidence folder or repeat the run; a package without it would hide a result",
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
    _spare_sources(loaded, [key, *dossier], out)
    progress(0, 4, "gathering files")
    files = _case_files(loaded) | _evidence(loaded, store) | _dossier_files(dossier)
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
    files |= derived.documents
    progress(2, 4, "signing")
    case = loaded.case
    identity = layout.CaseIdentity(
        id=case.id, title=case.title, issue=case.issue, digest=loaded.digest, file=case_file
    )
    files[layout.MANIFEST] = layout.manifest_of(identity, layout.rules_of(case), files)
    files[layout.ATTESTATION] = sign.sign(layout.statement_of(files[layout.MANIFEST]), signer)
    progress(3, 4, "writing")
    data = archive.write(files)
    _replace(out, data)
    progress(4, 4, "")
    return Built(out, of_bytes(data), len(files), len(data), signer.public.id)


def _spare_sources(loaded: LoadedCase, others: Sequence[Path], out: Path) -> None:
    sources = [loaded.file, *(item.path for item in loaded.files), *others]
    if out.is_dir():
        raise InputError.of(P_OUTPUT, f"{out} is a folder", Place(str(out)))
    if out.resolve() in {path.resolve() for path in sources}:
        raise InputError.of(P_SOURCE, f"{out} is read to build the package", Place(str(out)))


def _case_files(loaded: LoadedCase) -> dict[str, bytes]:
    """The case file and what it declares, by relative path; every byte is held against its digest once more."""
    wanted = [(loaded.file, loaded.file.name, loaded.digest)]
    wanted += [(item.path, item.path.relative_to(loaded.folder).as_posix(), item.declared) for item in loaded.files]
    found = {}
    for path, name, digest in wanted:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError.of(P_CHANGED, f"cannot read {name}: {error.strerror}", Place(str(path))) from None
        if of_bytes(data) != digest:
            raise InputError.of(P_CHANGED, f"{name} does not have its digest any more", Place(str(path)))
        found[layout.CASE + str(PurePosixPath(name))] = data
    return found


def _evidence(loaded: LoadedCase, store: Store) -> dict[str, bytes]:
    """Journal, the records that it names, their artefacts, and files of earlier models and data that the store kept."""
    path = store.root / "journal.jsonl"
    entries = store.journal()
    try:
        found = {layout.JOURNAL: path.read_bytes()} if entries else {}
    except OSError as error:
        raise StoreError.of(P_EVIDENCE, f"cannot read the journal: {error.strerror}", Place(str(path))) from None
    declared = {item.declared for item in loaded.files}
    for digest in dict.fromkeys(entry.record for entry in entries):
        try:
            data = store.get(digest)
            record = read_record(data, f"record {digest}")
            kept = {digest: data} | {item: store.get(item) for item in record.artefacts.values()}
        except AssuranceError as error:
            first = error.finding
            raise StoreError.of(P_EVIDENCE, f"{first.code}: {first.message}", Place(element=digest)) from None
        if record.kind != "document":
            earlier = [item for item in named_files(record.statement) if item not in declared and item in store]
            kept |= {item: store.get(item) for item in earlier}
        found |= {layout.object_name(item): content for item, content in kept.items()}
    return found


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
    """Put the whole file in place in one step; on failure the older file stays."""
    temporary: str | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=out.parent, prefix=".writing-", suffix=".zip")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(out)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise InputError.of(P_OUTPUT, f"cannot write {out}: {error.strerror}", Place(str(out))) from None
