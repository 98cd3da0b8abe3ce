"""The text of a VNN-LIB file as nested forms, with positions: bounded, strict, without recursion.

Both versions of the language are S-expressions, so one reader serves both: atoms, quoted names and lists in round
brackets; `; ...` is a comment; an index `[...]` belongs to the atom before it, with or without a space between.
Files are untrusted: size, number of tokens and depth are bounded, compressed content is unpacked no further than
the bound. Not here: what the forms mean (formula.py, reader.py).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from evidence.diagnostics import Code, Place, Severity, code
from evidence.errors import InputError, UnsupportedError

N_TEXT = code(
    "N120",
    Severity.ERROR,
    "property file is no readable text, or gzip content is broken",
    "give UTF-8 text, or whole .gz",
)
N_LARGE = code(
    "N121",
    Severity.ERROR,
    "property file, or unpacked file, too large or too deep",
    "split it; limits are 64 MB of property text, 3,000,000 tokens, 60 levels of brackets, 512 MB of network",
)
N_SYNTAX = code("N122", Severity.ERROR, "property file is malformed", "mend the line that is named")

MAX_TEXT = 64_000_000
MAX_TOKENS = 3_000_000
MAX_DEPTH = 60

_TOKEN = re.compile(
    r'[ \t\r\n]++|;[^\n]*+|([()])|("[^"\n]*+")|(\[[^\[\]();"\n]*+\])|([^ \t\r\n();"\[\]]++)|(.)', re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHOWN = 40


class Atom(NamedTuple):
    """A word, number or quoted name (with its quotes), an index included without spaces: `X[0,1]`."""

    text: str
    at: int
    """Offset in the text."""


@dataclass(frozen=True, slots=True)
class Form:
    """A list in round brackets; `at` is the offset of the opening one."""

    items: list[Node]
    at: int


Node = Atom | Form


@dataclass(frozen=True)
class Source:
    """The decoded text of a file and its name for messages."""

    text: str
    name: str

    def place(self, at: int) -> Place:
        """Line and column, both from 1, of an offset."""
        start = self.text.rfind("\n", 0, at) + 1
        return Place(self.name, self.text.count("\n", 0, at) + 1, at - start + 1)

    def error(self, which: Code, at: int, message: str, expected: str | None = None) -> InputError:
        """The error of a mistake at an offset."""
        return InputError.of(which, message, self.place(at), expected=expected)

    def unsupported(self, which: Code, at: int, message: str, expected: str | None = None) -> UnsupportedError:
        """The error of something well formed that is not supported, at an offset."""
        return UnsupportedError.of(which, message, self.place(at), expected=expected)


def unpack(data: bytes, name: str, limit: int = MAX_TEXT) -> bytes:
    """The content of a gzip file, or the bytes themselves. Raises InputError N120 (broken), N121 (too large)."""
    if not data.startswith(b"\x1f\x8b"):
        if len(data) > limit:
            raise InputError.of(N_LARGE, f"{len(data)} bytes in one file", Place(name))
        return data
    parts: list[bytes] = []
    size = 0
    while data:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            parts.append(inflate.decompress(data, limit + 1 - size))
        except zlib.error as error:
            raise InputError.of(N_TEXT, f"broken gzip content: {error}", Place(name)) from None
        size += len(parts[-1])
        if size > limit:
            raise InputError.of(N_LARGE, f"unpacks to more than {limit} bytes", Place(name))
        if not inflate.eof:
            raise InputError.of(N_TEXT, "the gzip content ends too early", Place(name))
        data = inflate.unused_data
    return b"".join(parts)


def decode(data: bytes, name: str) -> Source:
    """The text of a file. Raises InputError N120, N121."""
    plain = unpack(data, name)
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError.of(N_TEXT, f"not UTF-8 text at byte {error.start}", Place(name)) from None
    source = Source(text, name)
    control = _CONTROL.search(text)
    if control:
        raise source.error(N_TEXT, control.start(), f"control character {control[0]!r}")
    return source


def forms(source: Source) -> Iterator[Form]:
    """The top-level lists one after the other. Raises InputError N121, N122."""
    stack: list[Form] = []
    count = 0
    for token in _TOKEN.finditer(source.text):
        kind = token.lastindex
        if kind is None:
            continue
        at = token.start()
        count += 1
        if count > MAX_TOKENS:
            raise source.error(N_LARGE, at, f"more than {MAX_TOKENS} tokens")
        if kind == 1:
            if token[1] == "(":
                if len(stack) == MAX_DEPTH:
                    raise source.error(N_LARGE, at, f"more than {MAX_DEPTH} levels of brackets")
                form = Form([], at)
                if stack:
                    stack[-1].items.append(form)
                stack.append(form)
                continue
            if not stack:
                raise source.error(N_SYNTAX, at, "')' closes nothing")
            closed = stack.pop()
            if not closed.items:
                raise source.error(N_SYNTAX, closed.at, "'()' is empty")
            if not stack:
                yield closed
        elif kind == 5 or not stack:
            raise source.error(
                N_SYNTAX,
                at,
                f"{shown(token[0])} stands where '(' is expected" if not stack else f"stray {shown(token[0])}",
            )
        elif kind == 3:
            _index(source, stack[-1], token[3], at)
        else:
            stack[-1].items.append(Atom(token[0], at))
    if stack:
        raise source.error(N_SYNTAX, stack[-1].at, "this '(' is never closed")


def shown(text: str) -> str:
    """A piece of the file for a message: quoted, of bounded length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _index(source: Source, form: Form, text: str, at: int) -> None:
    """Join an index to the atom before it."""
    before = form.items[-1] if form.items else None
    if not isinstance(before, Atom) or before.text[0] == '"' or before.text[-1] == "]":
        raise source.error(N_SYNTAX, at, f"the index {shown(text)} follows no name")
    form.items[-1] = Atom(before.text + re.sub(r"[ \t\r]+", "", text), before.at)
