"""The bytes of a document that is read: bounded, hashed on the way, and what is said when they are not usable.

A document is one of two things: its declared format, read completely, or one coded refusal with file and line. Nothing
is repaired or skipped. Not here: what a format means (the readers beside this module).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO

from evidence.diagnostics import Code, Place, Severity, code
from evidence.digest import PREFIX
from evidence.errors import InputError

E_UNREADABLE = code(
    "E160",
    Severity.ERROR,
    "document cannot be read as its declared format",
    "check path and permissions; write text as UTF-8; unpack archives; declare the format that the file really has",
)
E_SYNTAX = code(
    "E161",
    Severity.ERROR,
    "document is not well formed",
    "mend the line that is named, or export the file again; until then it is no evidence",
)
E_DOCTYPE = code(
    "E162",
    Severity.ERROR,
    "XML document with a document type declaration or an entity",
    "remove the <!DOCTYPE ...>: it is never needed here and can be used for attacks",
)
E_LARGE = code(
    "E163",
    Severity.ERROR,
    "document is larger or deeper than is read",
    "split the file or leave out the captured output; the limits stand in docs/engineering-evidence.md",
)
E_OTHER = code(
    "E164",
    Severity.ERROR,
    "document has not the structure of its declared format",
    "declare the format that the file has, or export it again in this one",
)
E_VALUE = code(
    "E165",
    Severity.ERROR,
    "document holds a value that cannot be",
    "correct the value that is named where it comes from; until then the document is no evidence",
)

_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
CHUNK = 256 * 1024
MAX_TEXT = 32_000_000
"""Bytes of a document that is read as a whole: tables, forms and plans."""
MAX_STREAM = 256_000_000
"""Bytes of a document that is read as a stream."""


class Source:
    """A document's bytes, read once from beginning to end."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = stream
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def digest(self) -> str:
        """Digest of what was read so far."""
        return PREFIX + self._hash.hexdigest()

    def refuse(
        self, which: Code, message: str, line: int | None = None, column: int | None = None, expected: str | None = None
    ) -> InputError:
        """The refusal of this document, to be raised."""
        return InputError.of(which, message, Place(self.name, line, column), expected=expected)

    def text_chunks(self, most: int = MAX_STREAM) -> Iterator[bytes]:
        """As `chunks`. Raises InputError E160 for an archive too: texts never begin as archives do."""
        for number, data in enumerate(self.chunks(most)):
            if not number and data.startswith(_ARCHIVES):
                raise self.refuse(E_UNREADABLE, "an archive; the file inside is what can be read")
            yield data

    def chunks(self, most: int = MAX_STREAM) -> Iterator[bytes]:
        """The bytes in pieces. Raises InputError E160 when reading fails, E163 beyond `most` bytes."""
        while True:
            try:
                data = self._stream.read(CHUNK)
            except OSError as error:
                raise self.refuse(E_UNREADABLE, f"cannot read {self.name}: {error.strerror}") from None
            if not data:
                return
            self._size += len(data)
            if self._size > most:
                raise self.refuse(E_LARGE, f"more than {most} bytes")
            self._hash.update(data)
            yield data

    def text(self, most: int = MAX_TEXT) -> str:
        """All of it as text. Raises InputError E160 for anything but UTF-8 without control characters."""
        data = b"".join(self.text_chunks(most))
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self.refuse(E_UNREADABLE, "not UTF-8 text", line) from None
        found = _CONTROL.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            raise self.refuse(E_UNREADABLE, "control characters: not a text", line)
        return text
