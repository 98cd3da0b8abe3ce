"""Which files of a case and of its evidence store belong into a package, with their bytes.

The builder gathers from the case folder; the reader gathers again from what he unpacked, and must get exactly the
package's own files: nothing is missing, nothing rides along.
Not here: the dossier (it is handed over) and what is derived (derive.py).
"""

from __future__ import annotations

from pathlib import PurePosixPath

from assurance.loading import LoadedCase
from assurance.package import layout
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes
from evidence.errors import AssuranceError, InputError, StoreError
from evidence.records import DocumentRecord, read_record
from evidence.run import named_files
from evidence.store import Store

P_CHANGED = code(
    "P108", Severity.ERROR, "file changed while it was packed", "wait until nothing writes to the case, then repeat"
)
P_EVIDENCE = code(
    "P109",
    Severity.ERROR,
    "evidence that the journal names is missing or altered",
    "restore the evidence folder or repeat the run; a package without it would hide a result",
)


def case_files(loaded: LoadedCase) -> dict[str, bytes]:
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


def evidence_files(loaded: LoadedCase, store: Store) -> dict[str, bytes]:
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
        if not isinstance(record, DocumentRecord):
            earlier = [item for item in named_files(record.statement) if item not in declared and item in store]
            kept |= {item: store.get(item) for item in earlier}
        found |= {layout.object_name(item): content for item, content in kept.items()}
    return found
