"""The one zip form: written the same each time, and nothing else is read."""

from __future__ import annotations

import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Sequence

import pytest

from assurance.package import archive
from evidence.errors import InputError

CONTENT = {"b/two.txt": b"two", "a.bin": bytes(range(50)), "b/one.txt": b"", "é.txt": b"accent"}


def raw(*members: tuple[str, bytes]) -> bytes:
    """An archive in the package's form, with whatever names and order."""
    parts, directory, offset = b"", b"", 0
    for name, data in members:
        entry = archive._Entry(name.encode(), zlib.crc32(data), len(data), offset)
        parts, directory, offset = parts + entry.local + data, directory + entry.central, entry.end
    return parts + directory + archive._end_record(len(members), len(directory), offset)


def codes(data: bytes) -> set[str]:
    return {finding.code for finding in archive.read(data).findings}


def test_same_content_gives_same_bytes_in_any_order() -> None:
    written = {archive.write(dict(order)) for order in itertools.permutations(CONTENT.items())}
    assert len(written) == 1


def test_any_zip_tool_reads_it() -> None:
    data = archive.write(CONTENT)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == sorted(CONTENT, key=lambda name: name.encode())
        assert {name: opened.read(name) for name in CONTENT} == CONTENT
        assert {item.date_time for item in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_reads_what_it_wrote() -> None:
    read = archive.read(archive.write(CONTENT))
    assert read.members == CONTENT
    assert read.findings == ()


def test_every_changed_byte_is_found() -> None:
    good = archive.write(CONTENT)
    for at in range(len(good)):
        for bits in (0x01, 0x20, 0xFF):
            bad = good[:at] + bytes([good[at] ^ bits]) + good[at + 1 :]
            assert archive.read(bad).findings, f"byte {at} xor {bits}"


def test_changed_content_names_the_member() -> None:
    good = archive.write(CONTENT)
    at = good.index(b"accent")
    found = archive.read(good[:at] + b"X" + good[at + 1 :]).findings
    assert [(item.code, item.place.element) for item in found] == [("P113", "é.txt")]


def test_every_truncation_and_every_addition_is_found() -> None:
    good = archive.write(CONTENT)
    for size in range(len(good)):
        assert archive.read(good[:size]).findings
    assert codes(good + b"\0") == {"P112"}
    assert codes(good + good) == {"P112"}
    assert codes(b"\0" + good) == {"P111"}
    assert codes(good[:4] + b"\0" * 4 + good[4:]) == {"P112"}


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", b"%PDF-1.7 " * 20, b"\x1f\x8b" + b"\0" * 100])
def test_what_is_no_zip(data: bytes) -> None:
    read = archive.read(data)
    assert not read.members
    assert [item.code for item in read.findings] == ["P111"]


def test_zip_bombs_are_refused_without_unpacking() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        opened.writestr("bomb", b"\0" * 30_000_000)
    data = stream.getvalue()
    assert len(data) < 100_000
    read = archive.read(data)
    assert not read.members
    assert read.findings[0].code == "P112"
    assert "compressed" in read.findings[0].message


def test_a_member_cannot_claim_more_than_the_file_holds() -> None:
    entry = archive._Entry(b"a", 0, 400_000_000, 0)
    data = entry.local + entry.central
    data += struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(entry.central), len(entry.local), 0)
    assert codes(data) == {"P105"}
    overlapping = raw(("a", b"12345"), ("b", b"12345"))
    at = overlapping.rindex(b"PK\1\2") + 42  # the second entry's offset
    assert codes(overlapping[:at] + b"\0\0\0\0" + overlapping[at + 4 :]) == {"P112"}


@pytest.mark.parametrize("variant", ["comment", "extra", "symlink", "date", "executable", "directory"])
def test_archives_of_other_tools_are_refused(variant: str) -> None:
    stream = io.BytesIO()
    info = zipfile.ZipInfo("a.txt", (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o100644 << 16
    with zipfile.ZipFile(stream, "w") as opened:
        if variant == "comment":
            opened.comment = b"hello"
        elif variant == "extra":
            info.extra = b"\xff\xff\0\0"
        elif variant == "symlink":
            info.external_attr = 0o120777 << 16
        elif variant == "date":
            info.date_time = (2020, 1, 1, 0, 0, 0)
        elif variant == "executable":
            info.external_attr = 0o100755 << 16
        opened.writestr(info, b"../../etc/passwd")
        if variant == "directory":
            opened.mkdir("b")
    assert codes(stream.getvalue()) == {"P112"}


BAD_NAMES = [
    "../up", "a/../../up", "/absolute", "a//b", "a/", "./a", "a/.", "c:/windows", "a\\b", "..\\up", "", "a\0b", "a\nb",
    "a*b", "end.", "end ", "a" * 201, "a/" * 300 + "a", "e\u0301.txt", "tab\t", "q?", "<a>", 'quo"te', "pipe|",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_leave_the_folder_or_break_it(name: str) -> None:
    with pytest.raises(InputError) as refused:
        archive.write({name: b""})
    assert refused.value.finding.code == "P104"
    read = archive.read(raw((name, b"")))
    assert read.findings[0].code == "P104"
    assert not read.members


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("a", "a"), "P112"),
        (("b", "a"), "P112"),
        (("A", "a"), "P104"),
        (("a", "a/b"), "P104"),
        (("STRASSE", "straße"), "P104"),
        (("A/b", "a"), "P104"),
    ],
)
def test_colliding_or_unordered_names(names: Sequence[str], code: str) -> None:
    assert codes(raw(*((name, b"") for name in names))) == {code}


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"f{number}": b"" for number in range(6)}
    good = archive.write(many)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 5)
    assert codes(good) == {"P105"}
    with pytest.raises(InputError, match="6 files"):
        archive.write(many)
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 10)
    assert codes(raw(("a", b"0" * 11))) == {"P105"}
    with pytest.raises(InputError, match="11 bytes"):
        archive.write({"a": b"0" * 11})
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    assert codes(raw(("a", b""), ("b", b""))) == {"P105"}
    with pytest.raises(InputError, match="in all"):
        archive.write({"a": b"", "b": b""})


def test_an_empty_archive_is_no_package() -> None:
    assert codes(archive._end_record(0, 0, 0)) == {"P105"}
