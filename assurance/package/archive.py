"""The zip form of a review package: one content has exactly one byte form, and nothing else is read.

Members stand in the order of their names, uncompressed, with fixed dates and attributes; no comments, no extra
fields, no gaps. So equal content gives equal bytes on every machine and with every release of a compression
library, a member cannot expand, and a changed byte anywhere, also outside the members, is found and placed.
Any zip tool can open a package; a package that another tool wrote again is refused.
Not here: what the members mean (layout.py), whether they are the signed ones (verify.py).
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

P_NAME = code(
    "P104",
    Severity.ERROR,
    "file name that not every system can hold",
    "rename the file: plain names without control characters, backslash, colon, quotes, <, >, ?, * or vertical bar",
)
P_LARGE = code(
    "P105",
    Severity.ERROR,
    "review package exceeds its bounds",
    "a package holds at most 20000 files, 512 MB in one file and 1 GB in all",
)
P_NO_ARCHIVE = code(
    "P111", Severity.ERROR, "not a review package", "name the file that `assurance package` wrote, in full length"
)
P_STRUCTURE = code(
    "P112",
    Severity.ERROR,
    "archive differs from the one form that a package has",
    "ask the sender for the original: the file was altered, cut off or packed again",
)
P_DAMAGED = code("P113", Severity.ERROR, "file in the package was altered", "ask the sender for the original")

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 512_000_000
MAX_BYTES = 1_000_000_000
MAX_NAME_BYTES = 600

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_VERSION, _UTF8, _STORED, _TIME, _DATE = 20, 0x0800, 0, 0, 0x0021
"""Zip 2.0, names in UTF-8, not compressed, midnight of 1 January 1980."""
_UNIX, _MODE = 3 << 8, 0o100644 << 16
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\<>:"|?*]')


@dataclass(frozen=True)
class Archive:
    """What was read: members by name, and everything that is wrong with the archive. Findings mean: not intact."""

    members: dict[str, bytes]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Entry:
    """One row of the archive's directory."""

    name: bytes
    crc: int
    size: int
    offset: int

    @property
    def local(self) -> bytes:
        """The header that stands before the member's bytes."""
        head = (b"PK\3\4", _VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size, len(self.name), 0)
        return _LOCAL.pack(*head) + self.name

    @property
    def central(self) -> bytes:
        head = (b"PK\1\2", _UNIX | _VERSION, _VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size)
        return _CENTRAL.pack(*head, len(self.name), 0, 0, 0, 0, _MODE, self.offset) + self.name

    @property
    def start(self) -> int:
        """Where the member's bytes begin."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        return self.start + self.size


def write(members: Mapping[str, bytes]) -> bytes:
    """The archive of these members. Raises InputError P104 for a name, P105 for a size that no package may have."""
    names = sorted(members, key=lambda name: name.encode("utf-8", "surrogatepass"))
    bad = [*unsafe_names(names), *_too_large(len(names), [(name, len(members[name])) for name in names])]
    if bad:
        raise InputError(*bad)
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in names:
        data = members[name]
        entry = _Entry(name.encode(), zlib.crc32(data), len(data), offset)
        parts += [entry.local, data]
        directory.append(entry.central)
        offset = entry.end
    return b"".join([*parts, *directory, _end_record(len(names), sum(map(len, directory)), offset)])


def _end_record(count: int, size: int, offset: int) -> bytes:
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def unsafe_names(names: list[str]) -> Iterator[Finding]:
    """P104 for each name that could leave the folder it is unpacked into, or that collides with another there."""
    folded: dict[str, str] = {}
    folders = {name[:at].casefold() for name in names for at, letter in enumerate(name) if letter == "/"}
    for name in names:
        problem = _name_problem(name)
        if problem is None and folded.setdefault(name.casefold(), name) != name:
            problem = f"it differs from {folded[name.casefold()]!r} in capitals only"
        if problem is None and name.casefold() in folders:
            problem = "it is the name of a file and of a folder"
        if problem is not None:
            yield _unsafe(name, problem)


def _unsafe(name: str, problem: str) -> Finding:
    return P_NAME.finding(f"{name!r:.120}: {problem}", Place(element=name[:120]))


def _name_problem(name: str) -> str | None:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "it is not text"
    if not 0 < size <= MAX_NAME_BYTES:
        return f"it has {size} bytes"
    if _FORBIDDEN.search(name):
        return "it holds a character that is not accepted"
    if unicodedata.normalize("NFC", name) != name:
        return "its accented letters are not in composed form (NFC)"
    if any(part in ("", ".", "..") or part[-1] in ". " or len(part) > 200 for part in name.split("/")):
        return "it is absolute, leaves its folder, or has an empty or unusual part"
    return None


def _too_large(count: int, sizes: list[tuple[str, int]]) -> Iterator[Finding]:
    if count > MAX_MEMBERS:
        yield P_LARGE.finding(f"{count} files", expected=f"at most {MAX_MEMBERS}")
    for name, size in sizes:
        if size > MAX_MEMBER_BYTES:
            yield P_LARGE.finding(f"{name} has {size} bytes", Place(element=name))
    total = sum(size + 2 * len(name.encode()) + _LOCAL.size + _CENTRAL.size for name, size in sizes)
    if total > MAX_BYTES:
        yield P_LARGE.finding(f"{total} bytes in all", expected=f"at most {MAX_BYTES}")


def read(data: bytes) -> Archive:
    """Members of an archive, with a finding for each place where it is not what `write` would have written.

    Raises nothing: an archive that cannot be read at all has no members and a finding P111, P112 or P105.
    """
    if len(data) > MAX_BYTES:
        return Archive({}, (P_LARGE.finding(f"the file has more than {MAX_BYTES} bytes"),))
    if data[:4] not in (b"PK\3\4", b"PK\5\6") or len(data) < _END.size:
        return Archive({}, (P_NO_ARCHIVE.finding("the file is no zip archive"),))
    listed = _directory(data)
    if isinstance(listed, Finding):
        return Archive({}, (listed,))
    findings = list(_order(listed))
    members = {}
    for entry in listed:
        name = entry.name.decode()
        content = data[entry.start : entry.end]
        members[name] = content
        if data[entry.offset : entry.start] != entry.local:
            where = _first_difference(data[entry.offset : entry.start], entry.local)
            findings.append(_altered(f"the header of {name} differs at byte {entry.offset + where}", name))
        if zlib.crc32(content) != entry.crc:
            findings.append(P_DAMAGED.finding(f"{name} does not have its checksum", Place(element=name)))
    return Archive(members, tuple(findings))


def _directory(data: bytes) -> list[_Entry] | Finding:
    """The rows of the directory at the end, which then account for every byte of the file; or what is wrong."""
    signature, *_, count, size, offset, _ = _END.unpack(data[-_END.size :])
    where = len(data) - _END.size
    if signature != b"PK\5\6":
        return _altered(f"the last {_END.size} bytes are no end record: cut off, or followed by something")
    if data[where:] != _end_record(count, size, offset) or offset + size != where:
        return _altered(f"the end record of the archive (from byte {where}) does not fit")
    if not 0 < count <= MAX_MEMBERS:
        return P_LARGE.finding(f"{count} files", expected=f"1 to {MAX_MEMBERS}")
    entries: list[_Entry] = []
    at, start = offset, 0
    for number in range(1, count + 1):
        head = data[at : min(at + _CENTRAL.size, where)]
        if len(head) < _CENTRAL.size:
            return _altered(f"the directory ends before entry {number}")
        fields = _CENTRAL.unpack(head)
        crc, packed, length, name_length, begin = fields[7], fields[8], fields[9], fields[10], fields[16]
        name = data[at + _CENTRAL.size : min(at + _CENTRAL.size + name_length, where)]
        shown = name.decode("utf-8", "replace")[:120]
        entry = _Entry(name, crc, length, start)
        if fields[4] != _STORED or packed != length:
            return _altered(f"entry {number} ({shown}) is compressed, which no package is", shown)
        try:
            text = name.decode()
        except UnicodeDecodeError:
            return _altered(f"entry {number} ({shown}) has a name that is not UTF-8", shown)
        if begin != start or head + name != entry.central:
            place = at + _first_difference(head + name, entry.central)
            return _altered(f"the directory entry of {text} differs at byte {place}", text)
        problem = _name_problem(text)
        if problem is not None:
            return _unsafe(text, problem)
        if length > MAX_MEMBER_BYTES or entry.end > offset:
            return P_LARGE.finding(f"{text} is said to have {length} bytes", Place(element=text))
        entries.append(entry)
        at, start = at + len(head) + len(name), entry.end
    if at != where or start != offset:
        return _altered("there are bytes that belong to no member")
    return entries


def _order(entries: list[_Entry]) -> Iterator[Finding]:
    names = [entry.name for entry in entries]
    for before, after in pairwise(names):
        if before == after:
            yield _altered(f"{after.decode()} stands twice", after.decode())
        elif before > after:
            yield _altered(f"{after.decode()} does not stand in the order of names", after.decode())
    yield from unsafe_names(sorted({name.decode() for name in names}))


def _first_difference(given: bytes, expected: bytes) -> int:
    pairs = zip(given, expected, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(given), len(expected)))


def _altered(message: str, name: str | None = None) -> Finding:
    return P_STRUCTURE.finding(message, Place(element=name))
