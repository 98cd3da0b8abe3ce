"""Named baselines of a case: written once, addressed by digest, never changed.

    <evidence folder>/objects/..          the baseline's bytes, in the evidence store, under their digest
    <evidence folder>/baselines/NAME.json which digest the name stands for, and when it was given

The name is also inside the bytes, so that a name cannot be pointed at another baseline unnoticed. A name that is taken for other
content is refused. The digest is what to write down elsewhere (in a configuration index, a commit message): whoever can write to
the folder can replace both files, and only a digest that was noted elsewhere shows that. Sources are never written.
"""

from __future__ import annotations

import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from assurance.impact.facts import FORMAT, Baseline
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import Digest, canonical_json, of_bytes, parse_json
from evidence.errors import AssuranceError, InputError, StoreError
from evidence.specification import Frozen
from evidence.store import E_WRITE, Store

T_NO_BASELINE = code(
    "T147", Severity.ERROR, "no baseline of that name", "`assurance baseline CASE` lists them; --name makes one"
)
T_ALTERED = code(
    "T148",
    Severity.ERROR,
    "baseline is not what was written",
    "do not rely on it: restore the evidence folder from a backup, or make a new baseline under another name",
)
T_TAKEN = code(
    "T149",
    Severity.ERROR,
    "name of a baseline is taken",
    "baselines do not change: choose another name for the present state",
)
T_NAME = code(
    "T150",
    Severity.ERROR,
    "name that no baseline can have",
    "a letter or digit, then up to 63 letters, digits, dots, dashes or underscores",
)
T_FORMAT = code(
    "T155",
    Severity.ERROR,
    "not a baseline that this version reads",
    "use the version of the tool that wrote it, or make the baseline again from the old files",
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MAX_BYTES = 256_000_000
_MAX_LABEL = 10_000


class Label(Frozen):
    """What a name stands for."""

    format: Literal["assurance-baseline-name/1"] = "assurance-baseline-name/1"
    name: str
    digest: Digest
    created: str
    """Date and time, UTC."""


def is_name(text: str) -> bool:
    """Whether a baseline can be called that."""
    return _NAME.fullmatch(text) is not None


def write(baseline: Baseline, name: str, store: Store) -> tuple[Label, bool]:
    """Keep a state under a name; the label, and whether it is new (False: the same content had this name already).

    Raises InputError T150 for a bad name, T149 when the name stands for other content, T148 when it cannot be read; StoreError E105.
    """
    if not is_name(name):
        raise InputError.of(T_NAME, f"{name[:80]!r}")
    data = canonical_json(baseline.model_copy(update={"name": name}).model_dump(mode="json"))
    path = _path(store, name)
    if os.path.lexists(path):
        label = _label(path)
        if label.digest == of_bytes(data):
            store.put(data)  # restores the bytes where only their name was left
            _bytes(label, store, path)
            return label, False
        message = f"{name!r} stands for {label.digest} of {label.created}; the present state is {of_bytes(data)}"
        raise InputError.of(T_TAKEN, message, Place(str(path)))
    digest = store.put(data)
    label = Label(name=name, digest=digest, created=datetime.now(UTC).isoformat(timespec="seconds"))
    _bytes(label, store, path)  # what lay there under this digest before is not overwritten
    if not _create(path, canonical_json(label.model_dump(mode="json"))):
        return write(baseline, name, store)  # somebody else was quicker: it has this content, or it is taken
    return label, True


def exists(name: str, store: Store) -> bool:
    """Whether there is a baseline of that name, intact or not."""
    return is_name(name) and _path(store, name).is_file()


def read(name: str, store: Store) -> Baseline:
    """The baseline of that name. Raises InputError T147 when there is none, T148 when it was altered, T155 when it is unknown."""
    if not exists(name, store):
        known = ", ".join(item.stem for item in _files(store)) or "none"
        raise InputError.of(
            T_NO_BASELINE, f"{name[:80]!r}", Place(str(store.root / _FOLDER)), expected=f"one of: {known}"
        )
    path = _path(store, name)
    label = _label(path)
    baseline = parse(_bytes(label, store, path), str(path))
    if baseline.name != name or label.name != name:
        message = f"the name {name!r} was put on the baseline {baseline.name!r}"
        raise InputError.of(T_ALTERED, message, Place(str(path)))
    return baseline


def _bytes(label: Label, store: Store, path: Path) -> bytes:
    try:
        return store.get(label.digest)
    except StoreError as error:
        message = f"{error.finding.code}: {error.finding.message}"
        raise InputError.of(T_ALTERED, message, Place(str(path))) from None


def parse(data: bytes, shown: str) -> Baseline:
    """A baseline from its bytes. Raises InputError T155."""
    place = Place(shown)
    try:
        value = parse_json(data) if len(data) <= _MAX_BYTES else None
    except ValueError:
        value = None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise InputError.of(T_FORMAT, "it is no baseline, or of another format", place, expected=f"format: {FORMAT}")
    try:
        return Baseline.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError.of(T_FORMAT, f"{where}: {first['msg']}", place) from None


def listed(store: Store) -> tuple[list[tuple[Label, Baseline]], list[Finding]]:
    """All named baselines, oldest first, and a finding for each that cannot be relied on."""
    found: list[tuple[Label, Baseline]] = []
    wrong: list[Finding] = []
    for path in _files(store):
        try:
            found.append((_label(path), read(path.stem, store)))
        except AssuranceError as error:
            wrong += error.findings
    return sorted(found, key=lambda item: (item[0].created, item[0].name)), wrong


_FOLDER = "baselines"


def _path(store: Store, name: str) -> Path:
    return store.root / _FOLDER / f"{name}.json"


def _files(store: Store) -> list[Path]:
    return sorted(path for path in (store.root / _FOLDER).glob("*.json") if is_name(path.stem))


def _label(path: Path) -> Label:
    try:
        if path.stat().st_size > _MAX_LABEL:
            raise ValueError("too large")
        return Label.model_validate(parse_json(path.read_bytes()))
    except (OSError, ValueError):  # pydantic's ValidationError is one
        raise InputError.of(T_ALTERED, f"{path.name} cannot be read", Place(str(path))) from None


def _create(path: Path, data: bytes) -> bool:
    """Write a file that must not exist yet: whole or not at all, and never over another one. False when it exists."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise StoreError.of(E_WRITE, f"cannot write: {error.strerror}", Place(str(path))) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return True
