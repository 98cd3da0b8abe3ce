"""The small pieces that every chapter's view is made of: links, anchors, number formats, bounded lists.

An anchor is an `id` of the document. It is a function of what it names, and different names have different
anchors, whatever characters they hold; records are named by their whole digest, since short digests can be forged
to collide. Nothing here knows a case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from assurance.support import Reason
from assurance.words import counted
from evidence.diagnostics import Place, registered
from evidence.digest import short
from evidence.specification import Range

Item = TypeVar("Item")
MOST_RANGES = 6
_EVIDENCE_KINDS = {
    "formal-local-robustness": "local stability proof",
    "probabilistic-robustness": "statistical stability",
    "formal-property": "property proof",
}
"""Readers' words for catalogue identifiers that use a word with another meaning in DO-178C."""
IN_RECORD = "the record holds all"
NO_BREAK = "\N{NO-BREAK SPACE}"
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


def anchor(kind: str, name: str) -> str:
    """The id of something in the document, e.g. `req-R1`. Injective in `name`."""
    return f"{kind}-" + _UNSAFE.sub(lambda match: f"_{ord(match.group()):x}_", name)


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to an anchor of the same document; without anchor it is plain text."""

    text: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A name with its value: one row of a list of properties."""

    name: str
    value: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded statement with what its code stands for and what can be done."""

    code: str
    text: str
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts. `note` says what is left out; `numeric` tells which columns are set to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numeric: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn picture as a data URI; `uri` is None where it could not be drawn, and `missing` then says why."""

    title: str
    alt: str
    uri: str | None
    missing: str = ""


def requirement_link(id: str, known: bool = True) -> Link:
    return Link(id, anchor("req", id) if known else None)


def goal_link(id: str, known: bool = True) -> Link:
    return Link(id, anchor("el", id) if known else None)


def record_link(digest: str, text: str = "") -> Link:
    return Link(text or short(digest), anchor("rec", digest))


def objective_link(standard: str, entry: str, text: str = "") -> Link:
    return Link(text or f"{standard} {entry}", anchor("obj", f"{standard}:{entry}"))


def number(value: float, digits: int = 6) -> str:
    """A number for a table, with so many significant digits. All digits stand in the record."""
    return f"{value:.{digits}g}"


def share(n: int, of: int, *, up: bool = False) -> str:
    """`n of N`, with the share where that says more.

    Rounded to the worse side: down for what is established (999 of 1000 never reads 100 %), `up` for what is refuted.
    """
    if of < 10 or n in (0, of):
        return f"{n} of {of}"
    tenths = -(-n * 1000 // of) if up else n * 1000 // of
    return f"{n} of {of} ({tenths / 10:g}{NO_BREAK}%)"


def noun(number: int, one: str, many: str = "") -> str:
    """The noun alone, in the form that the number asks for; `many` where the plural is irregular."""
    if number != 1 and many:
        return many
    return counted(number, one).partition(" ")[2]


def regions_of(n: int, of: int, *, up: bool = False) -> str:
    """`n of N regions`."""
    return f"{share(n, of, up=up)} {noun(of, 'region')}"


def listed(items: Iterable[str], most: int = 6) -> str:
    """Comma-separated; what is left out is counted."""
    names = list(items)
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" and {len(names) - most} more"


def first(items: Sequence[Item], most: int) -> tuple[tuple[Item, ...], int]:
    """The first few, and how many are left out."""
    return tuple(items[:most]), max(0, len(items) - most)


def left_out(number_left: int, what: str, where: str) -> str:
    """What a shortened table says of itself; empty when nothing is left out. `what`: a noun in the singular."""
    return f"{counted(number_left, f'further {what}')} left out here; {where}." if number_left else ""


def box_heads(names: Sequence[str]) -> tuple[str, ...]:
    """Column heads for the ranges of a box: one for each input where they are few."""
    return tuple(names) if len(names) <= MOST_RANGES else ("ranges",)


def box_cells(names: Sequence[str], ranges: Mapping[str, Range]) -> tuple[str, ...]:
    """The ranges of a box for the columns of `box_heads`."""
    if len(names) <= MOST_RANGES:
        return tuple(str(ranges[name]) if name in ranges else "" for name in names)
    shown, more = first([name for name in names if name in ranges], MOST_RANGES)
    return ("; ".join(f"{name} {ranges[name]}" for name in shown) + f" and {more} more inputs",)


def day(text: str) -> str:
    """The date of an ISO date or time stamp; empty when it is none."""
    return text[:10] if re.match(r"^\d{4}-\d{2}-\d{2}", text) else ""


def moment(text: str) -> str:
    """An ISO time stamp to the minute, `2026-11-22 11:20 UTC`; anything else as it is."""
    if "T" not in text:
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if found.tzinfo is None:
        return f"{found:%Y-%m-%d %H:%M}"
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def command_words(text: str) -> str:
    """A command without the paths of the machine that it ran on: of each path only the last component stays."""
    return re.sub(r"(?<![\w.~-])(?:~|[A-Za-z]:)?[/\\](?:[^\s'\"/\\]*[/\\])*([^\s'\"/\\]*)", r"\1", text)


def tidy(text: str) -> str:
    """A message for use inside a sentence: no backticks, no full stop of its own, kinds of evidence in words."""
    return kinds_in(text.replace("`", "").rstrip(". "))


def coded(reasons: Iterable[Reason]) -> tuple[Coded, ...]:
    """Reasons with the titles and remedies of their codes."""
    known = {item.id: item for item in registered()}
    return tuple(
        Coded(item.code, tidy(item.message), known[item.code].title, tidy(known[item.code].remedy))
        if item.code in known
        else Coded(item.code, tidy(item.message), "", "")
        for item in reasons
    )


def title_of(code: str) -> str:
    """What a registered code stands for."""
    return next((item.title for item in registered() if item.id == code), code)


def where(place: Place, folder: Path) -> str:
    """A place without the path of this machine: files below the case's folder are named relative to it."""
    return str(Place(_inside(place.file, folder), place.line, place.column, place.field, place.element))


def without_paths(text: str, folder: Path) -> str:
    """A message without the path of this machine."""
    for path in sorted({str(folder), str(folder.resolve())}, key=len, reverse=True):
        if path not in ("", "."):
            text = text.replace(path + "/", "").replace(path, "the case folder")
    return text


def _inside(file: str | None, folder: Path) -> str | None:
    if file is None:
        return None
    path = Path(file)
    for base in (folder, folder.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name if path.is_absolute() else path.as_posix()


def evidence_kind_words(kind: str) -> str:
    """A kind of evidence in words; the identifier of the catalogues stays what it is."""
    return _EVIDENCE_KINDS.get(kind, kind.replace("-", " "))


def kinds_in(text: str) -> str:
    """A text in which identifiers of kinds of evidence are replaced by their words."""
    for kind, words in _EVIDENCE_KINDS.items():
        text = text.replace(kind, words)
    return text


def plain(value: Any) -> str:
    """A parameter value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return "none" if value is None else str(value)
