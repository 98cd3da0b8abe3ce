"""YAML for files that people write and that nobody should have to trust: strict, bounded, with positions.

Accepted is the plain subset of YAML 1.2: mappings, lists, strings, numbers, true/false, null. Refused, with
line and column: duplicate keys, anchors and aliases, tags, keys that are not scalars, more than one document,
too large or too deep files. Dates stay text, keys too. Numbers keep their decimal meaning: see `specification.py`.
This module reads; what a document must contain is for the pydantic model that it is validated against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from evidence.diagnostics import Code, Finding, Place, Severity, code
from evidence.errors import InputError

C_UNREADABLE = code("C101", Severity.ERROR, "file cannot be read", "check the path and the permissions")
C_TOO_LARGE = code(
    "C102",
    Severity.ERROR,
    "file too large or too deep",
    "split the file; limits are 16 MB, 500,000 keys and values, and 60 levels",
)
C_SYNTAX = code("C103", Severity.ERROR, "not valid YAML", "mend the line that is named; indent with spaces")
C_DUPLICATE = code("C104", Severity.ERROR, "a key stands twice in one mapping", "keep one of the two")
C_REFUSED = code(
    "C105",
    Severity.ERROR,
    "YAML feature that is not accepted",
    "write the value out: no anchors, aliases or tags",
)
C_VALUE = code("C106", Severity.ERROR, "a field has a wrong value", "write what is expected at this place")
C_UNKNOWN_KEY = code("C107", Severity.ERROR, "unknown key", "remove it or mend its spelling")
C_MISSING = code("C108", Severity.ERROR, "a required field is missing", "add the field")

MAX_BYTES = 16_000_000
MAX_DEPTH = 60
MAX_NODES = 500_000

Path_ = tuple[str | int, ...]
_INT = re.compile(r"^[-+]?[0-9]+$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_CONSTANTS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_BEGINNINGS = frozenset({*"+-.0123456789", *(text[:1] for text in _CONSTANTS)})
"""How an unquoted scalar begins that may be something else than a text."""
_ENUM = re.compile(r"<\w+\.\w+: ('[^']*')>")
_EXPECTED = {"tuple_type": "a list", "list_type": "a list", "model_type": "a mapping of fields"}
_Scalar, _MappingEnd, _SequenceEnd = yaml.ScalarEvent, yaml.MappingEndEvent, yaml.SequenceEndEvent
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain Python values, and where each of them stands."""

    value: Any
    file: str
    marks: Any = field(repr=False, compare=False)
    """Where the whole begins: the parser's own mark, which counts from 0; None for an empty file. For a mapping or a list
    a pair of that, or of the mark of the key that it belongs to, and the same for each of its parts, by key or index."""

    def place(self, path: Iterable[str | int] = (), element: str | None = None) -> Place:
        """The place of a path, or of its nearest ancestor that stands in the file. Lines and columns count from 1."""
        steps = tuple(path)
        found = self.marks
        for step in steps:
            if not isinstance(found, tuple) or step not in found[1]:
                break
            found = found[1][step]
        mark = found[0] if isinstance(found, tuple) else found
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        return Place(self.file, line, column, dotted(steps) or None, element)


def dotted(path: Iterable[str | int]) -> str:
    """`("runs", 0, "engine")` as `runs[0].engine`, as people write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def read_yaml(path: Path, shown_as: str | None = None) -> Document:
    """Read and parse one file. Raises InputError (C101-C105) with file, line and column."""
    name = shown_as or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError.of(C_TOO_LARGE, f"{size} bytes in one file", Place(name))
        data = path.read_bytes()
    except OSError as error:
        raise InputError.of(C_UNREADABLE, f"cannot read {name}: {error.strerror}", Place(name)) from None
    return parse_yaml(data, name)


def parse_yaml(data: bytes | str, file: str) -> Document:
    """Parse text that is already in memory. Raises InputError (C102-C105)."""
    if len(data) > MAX_BYTES:
        raise InputError.of(C_TOO_LARGE, f"{len(data)} bytes in one file", Place(file))
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        text.encode("utf-8")
    except UnicodeError as error:
        where = getattr(error, "start", 0)
        raise InputError.of(C_SYNTAX, f"not UTF-8 text at position {where}", Place(file)) from None
    try:
        reader = _Reader(text, file)
        value = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise InputError.of(C_SYNTAX, error.problem or "not valid YAML", place) from None
    except yaml.YAMLError as error:
        raise InputError.of(C_SYNTAX, str(error).splitlines()[0], Place(file)) from None
    return Document(value, file, reader.marks)


def validate(document: Document, model: type[Model], rename: Callable[[Path_], Path_] | None = None) -> Model:
    """Build a pydantic model from a document. Raises InputError with one finding for each mistake found."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        items = [dict(item) for item in error.errors(include_url=False)]
        findings = [_explain(document, item, rename) for item in _innermost(items, document.value)]
        raise InputError(*_distinct(findings)) from None


def _innermost(items: list[dict[str, Any]], value: Any) -> list[dict[str, Any]]:
    """Without what only follows from a mistake further in: a list that lost an item, the other side of a union."""
    paths = [_real_path(tuple(item["loc"]), value) for item in items]
    outer = {path[:length] for path in paths for length in range(len(path))}
    kept = ("missing", "extra_forbidden")
    return [item for item, path in zip(items, paths, strict=True) if path not in outer or item["type"] in kept]


def _distinct(findings: list[Finding]) -> list[Finding]:
    seen: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((str(finding.place), finding.message), finding)
    return list(seen.values())


def _explain(document: Document, item: dict[str, Any], rename: Callable[[Path_], Path_] | None) -> Finding:
    """One pydantic complaint as a coded finding at its line."""
    path = _real_path(tuple(item["loc"]), document.value)
    if rename is not None:
        path = rename(path)
    kind, context = item["type"], item.get("ctx", {})
    which: Code = C_VALUE
    message, expected = item["msg"], None
    if kind == "extra_forbidden":
        which, message = C_UNKNOWN_KEY, f"unknown key {path[-1]!r}"
    elif kind == "missing":
        which, message = C_MISSING, f"{path[-1]!r} is missing"
        path = path[:-1]
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        message = f"{context.get('discriminator', 'kind')} names none of the known variants"
        expected = str(context.get("expected_tags", "a 'kind'"))
    elif "expected" in context:
        message = f"{_shown(item.get('input'))} does not fit here"
        expected = _ENUM.sub(r"\1", str(context["expected"]))
    elif kind == "value_error":
        message = str(context.get("error", item["msg"]))
    else:
        expected = _EXPECTED.get(kind, item["msg"])
        message = f"{_shown(item.get('input'))} does not fit here"
    place = document.place(path)
    if which is C_MISSING:
        place = Place(place.file, place.line, place.column, dotted(_real_path(tuple(item["loc"]), document.value)))
    return which.finding(message, place, expected=expected)


def _shown(value: Any) -> str:
    """A value as text of bounded length."""
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


def _real_path(loc: Path_, value: Any) -> Path_:
    """pydantic puts union tags into its paths: keep only the steps that exist in the document (and the last)."""
    path: list[str | int] = []
    tagged: Any = None
    for number, step in enumerate(loc):
        if isinstance(value, dict) and isinstance(step, str):
            if value.get("kind") == step and value is not tagged and number < len(loc) - 1:
                tagged = value  # the tag of a union, which a key may be called too: kind: boxes, boxes: [...]
                continue
            if step in value:
                value = value[step]
            elif number < len(loc) - 1:
                continue
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        elif isinstance(step, str):
            continue
        path.append(step)
    return tuple(path)


class _Reader:
    """Builds the value while it walks the events: what is refused stops it before anything grows out of hand."""

    def __init__(self, text: str, file: str) -> None:
        self.next_event: Callable[[], Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_event
        self.file = file
        self.marks: Any = None
        self.nodes = 0

    def document(self) -> Any:
        """The one document of the text, None for an empty text."""
        self.next_event()  # the start of the stream
        if isinstance(self.next_event(), yaml.StreamEndEvent):
            return None
        event = self.next_event()
        value, self.marks = self.value(event, event.start_mark, ())
        self.next_event()  # the end of the document
        event = self.next_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise InputError.of(C_REFUSED, "a second document in one file", self.place(event))
        return value

    def value(self, event: Any, mark: Any, path: Path_) -> tuple[Any, Any]:
        """The value that begins with an event, at a path, and its marks if it begins at `mark`."""
        self.nodes += 1
        if event.anchor is not None or event.tag or self.nodes > MAX_NODES:
            raise self.refusal(event)
        if type(event) is _Scalar:
            return event.value if event.style else _plain(event.value), mark
        if len(path) >= MAX_DEPTH:
            raise InputError.of(C_TOO_LARGE, f"more than {MAX_DEPTH} levels of nesting", self.place(event))
        parts: dict[str | int, Any] = {}
        read = self.mapping if type(event) is yaml.MappingStartEvent else self.sequence
        return read(path, parts), (mark, parts)

    def sequence(self, path: Path_, marks: dict[str | int, Any]) -> list[Any]:
        """The items of a list, up to its end; `marks` gets theirs."""
        items: list[Any] = []
        while type(event := self.next_event()) is not _SequenceEnd:
            index = len(items)
            value, marks[index] = self.value(event, event.start_mark, (*path, index))
            items.append(value)
        return items

    def mapping(self, path: Path_, marks: dict[str | int, Any]) -> dict[str, Any]:
        """The keys and values of a mapping, up to its end; `marks` gets those of the values, at their keys."""
        found: dict[str, Any] = {}
        next_event = self.next_event
        while type(event := next_event()) is not _MappingEnd:
            self.nodes += 1
            if event.anchor is not None or event.tag or self.nodes > MAX_NODES:
                raise self.refusal(event)
            if type(event) is not _Scalar:
                raise InputError.of(C_REFUSED, "a key must be a plain word", self.place(event, path))
            key, mark = event.value, event.start_mark
            if key in found:
                raise InputError.of(C_DUPLICATE, f"the key {key!r} stands twice", self.place(event, path))
            event = next_event()
            if type(event) is _Scalar and event.anchor is None and not event.tag and self.nodes < MAX_NODES:
                self.nodes += 1  # as `value` does, without a call: most values of a large file are scalars here
                text = event.value
                found[key] = text if event.style or text[:1] not in _BEGINNINGS else _plain(text)
                marks[key] = mark
            else:
                found[key], marks[key] = self.value(event, mark, (*path, key))
        return found

    def refusal(self, event: Any) -> InputError:
        """Why a key or value is not accepted that is one too many, or has an anchor or a tag."""
        if self.nodes > MAX_NODES:
            return InputError.of(C_TOO_LARGE, f"more than {MAX_NODES} keys and values in one file", self.place(event))
        if event.anchor is not None:  # an alias names its anchor, too
            return InputError.of(C_REFUSED, "anchors and aliases are not accepted", self.place(event))
        return InputError.of(C_REFUSED, f"the tag {event.tag!r} is not accepted", self.place(event))

    def place(self, event: Any, path: Path_ = ()) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1, dotted(path) or None)


def _plain(text: str) -> Any:
    """An unquoted scalar after YAML 1.2's core schema (no octal, no sexagesimal, no `yes`, no dates, no nan)."""
    if text[:1] not in _BEGINNINGS:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.match(text) and len(text) <= 18:
        return int(text)
    if _FLOAT.match(text) and len(text) <= 64:
        return float(text)
    return text
