"""The content-addressed evidence store: a folder that keeps bytes under their digest.

    objects/ab/abcdef...      bytes of records, certificates, models, data, by SHA-256
    requests/<key>.json       which record answered a request (statement, engine, parameters, versions)
    scratch/<key>             a search that ran out of time, until it is taken up again: no evidence, may be deleted
    journal.jsonl             append-only: which record answered which criterion of which requirement, in order

Writes are atomic (temporary file, fsync, rename) and never overwrite; every read re-checks the digest.
The store does not judge: a record in it is a fact about a run, whatever it says.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, with_config

from evidence.diagnostics import Place, Severity, code
from evidence.digest import PREFIX, canonical_json, is_digest, of_bytes, parse_json
from evidence.errors import StoreError

E_MISSING = code("E102", Severity.ERROR, "stored object is missing", "repeat the run with `assurance run`")
E_ALTERED = code(
    "E103",
    Severity.ERROR,
    "stored object does not match its digest",
    "someone or something changed the file: delete it and repeat the run, or restore it",
)
E_INDEX = code(
    "E104",
    Severity.ERROR,
    "the store's index cannot be read",
    "restore the file from a backup; the journal holds what earlier runs found and is not made again",
)
E_WRITE = code(
    "E105", Severity.ERROR, "the store cannot be written", "check free space and permissions of the evidence folder"
)


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: this record was made for this requirement under this criterion."""

    requirement: str
    criterion: str
    """Digest of the requirement's formal property, thresholds included."""
    record: str
    run: str
    outcome: str
    """What the record said of the criterion at the time: met, not-met, refuted."""


_BLOCK = 1 << 14
"""Bytes asked for at once: most objects are smaller, and a larger buffer for each takes longer."""
MAX_SCRATCH = 512_000_000
"""Bytes of one search that is set aside."""


@dataclass(frozen=True, slots=True)
class ScratchFile:
    """One file under a store's scratch folder. It only saves work: what cannot be read or written is passed over."""

    path: Path

    def load(self) -> bytes | None:
        """What was kept, or None."""
        try:
            return self.path.read_bytes() if self.path.stat().st_size <= MAX_SCRATCH else None
        except OSError:
            return None

    def save(self, data: bytes) -> None:
        """Keep this in place of what was kept before, unless it is too large."""
        if len(data) <= MAX_SCRATCH:
            with contextlib.suppress(StoreError):
                _write(self.path, data)

    def clear(self) -> None:
        """Drop what was kept, and the folder with the last of it."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()


@cache
def _entries() -> TypeAdapter[Entry]:
    """Reads entries. It is made for the first of them: most commands need none."""
    return TypeAdapter(Entry)


def _entry(line: bytes, path: Path, number: int | None) -> Entry:
    try:
        return _entries().validate_json(line)
    except ValueError:
        raise StoreError.of(E_INDEX, "unreadable journal entry", Place(str(path), number)) from None


class Store:
    """An evidence folder. Opening it creates nothing; the first write does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects = f"{root / 'objects'}{os.sep}"
        self._requests = f"{root / 'requests'}{os.sep}"
        self._noted: dict[str, Entry] = {}
        self._noted_up_to = 0

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their digest. Writing the same bytes again is free."""
        digest = of_bytes(data)
        path = self._path(digest)
        if not path.is_file():
            _write(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes with this digest. Raises StoreError E102 when absent, E103 when altered."""
        if not is_digest(digest):
            raise StoreError.of(E_MISSING, f"{digest!r} is no digest")
        name = digest.removeprefix(PREFIX)
        path = f"{self._objects}{name[:2]}{os.sep}{name}"
        try:
            data = _read(path)
        except FileNotFoundError:
            raise StoreError.of(E_MISSING, f"no object {digest}", Place(path)) from None
        except OSError as error:
            raise StoreError.of(E_MISSING, f"cannot read {digest}: {error.strerror}", Place(path)) from None
        if of_bytes(data) != digest:
            raise StoreError.of(E_ALTERED, f"object {digest} holds other bytes", Place(path))
        return data

    def begins(self, digest: str, start: bytes) -> bool:
        """Whether bytes are held under a digest and begin like this; they are not compared with it."""
        try:
            with self._path(digest).open("rb") as stream:
                return stream.read(len(start)) == start
        except OSError:
            return False

    def path(self, digest: str) -> Path:
        """Where the bytes with this digest lie, or would. Raises StoreError E102 for what is no digest."""
        return self._path(digest)

    def __contains__(self, digest: str) -> bool:
        return _is_file(self._path(digest))

    def answer(self, request_key: str) -> str | None:
        """Digest of the record that answers a request, or None. Raises StoreError E104 for a broken index."""
        path = self._request_path(request_key)
        return self._answer(path)[0] if _is_file(path) else None

    def sidecar(self, request_key: str) -> dict[str, Any]:
        """Duration, host, date and command of the run that answered a request ({} when unknown)."""
        path = self._request_path(request_key)
        return self._answer(path)[1] if _is_file(path) else {}

    def answers(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Every request key that has an answer, the record that answers it, and facts about the run, by key.
        Raises StoreError E104 for a broken index."""
        for name in _names(self._requests):
            key = PREFIX + name.removesuffix(".json")
            if name.endswith(".json") and is_digest(key):
                record, sidecar = self._answer(f"{self._requests}{name}")
                yield key, record, sidecar

    def remember(self, request_key: str, record: str, sidecar: dict[str, Any]) -> None:
        """Note which record answers a request, with facts that are no part of the record's identity."""
        _write(self._request_path(request_key), canonical_json({"record": record, "sidecar": sidecar}))

    def scratch(self, search_key: str) -> ScratchFile:
        """Where the search with this key (a digest) may be set aside. Raises StoreError E104 for what is no digest."""
        if not is_digest(search_key):
            raise StoreError.of(E_INDEX, f"{search_key!r} is no search key")
        return ScratchFile(self.root / "scratch" / search_key.removeprefix(PREFIX))

    def journal(self) -> list[Entry]:
        """All entries, oldest first. Raises StoreError E104 naming the line that cannot be read."""
        path = self.root / "journal.jsonl"
        try:
            lines = path.read_bytes().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreError.of(E_INDEX, f"journal: {error.strerror}", Place(str(path))) from None
        return [_entry(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]

    def note(self, entry: Entry) -> None:
        """Append to the journal, unless this is what the run answered last: going back to an earlier state is noted."""
        self._read_on()
        if self._noted.get(entry.run) == entry:
            return
        fields = {name: getattr(entry, name) for name in Entry.__slots__}
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / "journal.jsonl").open("ab") as stream:
                stream.write(canonical_json(fields) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise StoreError.of(E_WRITE, f"journal: {error.strerror}", Place(str(self.root))) from None

    def _read_on(self) -> None:
        """Take up what the journal gained since this was asked last: it is never rewritten, so that many runs stay
        cheap. Raises StoreError E104 as `journal` does."""
        path = self.root / "journal.jsonl"
        try:
            with path.open("rb") as stream:
                if stream.seek(0, os.SEEK_END) < self._noted_up_to:  # somebody put an older journal back
                    self._noted, self._noted_up_to = {}, 0
                stream.seek(self._noted_up_to)
                gained = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            self._noted, self._noted_up_to, gained = {}, 0, b""
        except OSError as error:
            raise StoreError.of(E_INDEX, f"journal: {error.strerror}", Place(str(path))) from None
        for number, line in enumerate(gained.splitlines(), 1):
            if line.strip():
                entry = _entry(line, path, number if not self._noted_up_to else None)
                self._noted[entry.run] = entry
        self._noted_up_to += len(gained)

    def digests(self, known: Container[str] = ()) -> Iterator[str]:
        """All digests in the store but those that are known, sorted."""
        for folder in _names(self._objects):
            if len(folder) == 2:
                for name in _names(f"{self._objects}{folder}"):
                    digest = PREFIX + name
                    if digest not in known and is_digest(digest) and name.startswith(folder):
                        yield digest

    def _answer(self, path: Path | str) -> tuple[str, dict[str, Any]]:
        """Record and sidecar of one entry of the index; a sidecar that is none is empty."""
        try:
            value = parse_json(_read(path))
        except (OSError, ValueError):
            value = None
        record = value.get("record") if isinstance(value, dict) else None
        if not isinstance(record, str):
            raise StoreError.of(E_INDEX, "unreadable index entry", Place(str(path)))
        sidecar = value.get("sidecar")
        return record, sidecar if isinstance(sidecar, dict) else {}

    def _path(self, digest: str) -> Path:
        if not is_digest(digest):
            raise StoreError.of(E_MISSING, f"{digest!r} is no digest")
        hexadecimal = digest.removeprefix(PREFIX)
        return self.root / "objects" / hexadecimal[:2] / hexadecimal

    def _request_path(self, request_key: str) -> Path:
        if not is_digest(request_key):
            raise StoreError.of(E_INDEX, f"{request_key!r} is no request key")
        return self.root / "requests" / f"{request_key.removeprefix(PREFIX)}.json"


def _read(path: Path | str) -> bytes:
    """The bytes of a file. Ten thousand small ones are read at once: a file object for each takes longer than that."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        blocks = []
        while block := os.read(handle, _BLOCK):  # a short block need not be the last: some file systems give less
            blocks.append(block)
    finally:
        os.close(handle)
    return b"".join(blocks)


def _write(path: Path, data: bytes) -> None:
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise StoreError.of(E_WRITE, f"cannot write: {error.strerror}", Place(str(path))) from None


def _names(folder: str) -> list[str]:
    """What lies in a folder, sorted; nothing where there is none. Raises StoreError E104 when it cannot be listed."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError.of(E_INDEX, f"cannot list: {error.strerror}", Place(folder)) from None


def _is_file(path: Path) -> bool:
    """Whether there is such a file. Raises StoreError E104 when the folder does not let us look."""
    try:
        return path.is_file()
    except OSError as error:
        raise StoreError.of(E_INDEX, f"cannot look: {error.strerror}", Place(str(path))) from None
