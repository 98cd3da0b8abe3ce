"""Find and read patterns: the shipped library in `templates/patterns`, a case's own, or one file with its neighbours.

A loaded pattern carries the patterns that it uses, so that everything after this works without looking for files.
A case's own patterns may use each other and the shipped ones; a shipped one is never replaced by one of the same name.
Whether a declared file lies inside the case folder is for `assurance.loading` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from assurance.gsn.patterns import checks
from assurance.gsn.patterns.checks import G_NESTED
from assurance.gsn.patterns.format import Parameter, Pattern
from assurance.gsn.patterns.forms import Form, forms_of
from assurance.resources import folder
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.strict_yaml import MAX_BYTES, Document, parse_yaml, read_yaml, validate

G_NO_PATTERN = code(
    "G140",
    Severity.ERROR,
    "unknown pattern",
    "name one of the shipped patterns, or declare a file of your own under pattern_files",
    "GSN 1:3.4",
)
G_CHANGED = code(
    "G251",
    Severity.ERROR,
    "the file of a case's own pattern is missing or not the one that is declared",
    "restore the file, or declare its new digest: the argument is made by this pattern",
)


@dataclass(frozen=True)
class LoadedPattern:
    """A pattern that makes sense, with its file and the patterns that it uses."""

    pattern: Pattern
    document: Document
    parameters: Mapping[str, Parameter]
    """Everything that data must give: its own parameters and those that nested patterns leave open."""
    nested: Mapping[str, LoadedPattern]
    """The patterns that it uses directly, by identifier."""

    @property
    def id(self) -> str:
        return self.pattern.id

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """Its elements, prepared to be instantiated."""
        return forms_of(self.pattern, self.document)

    @cached_property
    def top(self) -> str:
        """The element that everything hangs from."""
        below = {target for item in self.pattern.elements.values() for target in item.targets}
        return next(name for name in self.pattern.elements if name not in below)

    def all(self) -> Iterator[LoadedPattern]:
        """This pattern and every one below it, each once."""
        seen: dict[str, LoadedPattern] = {self.id: self}
        waiting = [self]
        while waiting:
            for item in waiting.pop().nested.values():
                if item.id not in seen:
                    seen[item.id] = item
                    waiting.append(item)
        yield from seen.values()


def shipped() -> Path:
    """The folder of the shipped library."""
    return folder("templates") / "patterns"


def available() -> list[str]:
    """Identifiers of the shipped patterns."""
    return sorted(path.stem for path in shipped().glob("*.yaml"))


@dataclass(frozen=True)
class OwnPattern:
    """A pattern file that a case declares."""

    path: Path
    shown: str
    """The path as the case names it."""
    digest: str
    fresh: bool
    """Whether the file is inside the case folder and had that digest when the case was read."""

    def read(self) -> Document:
        """The declared bytes. Raises InputError: G251 for other bytes, C10x for what is no plain YAML."""
        data = b""
        if self.fresh:
            try:
                with self.path.open("rb") as file:
                    data = file.read(MAX_BYTES + 1)
            except OSError:
                pass  # it was there a moment ago: said below
        if len(data) <= MAX_BYTES and (not self.fresh or of_bytes(data) != self.digest):
            message = f"{self.shown} does not hold the pattern with the digest {self.digest}"
            raise InputError.of(G_CHANGED, message, Place(self.shown))
        return parse_yaml(data, self.shown)  # which refuses what is too large


_NONE: Final[Mapping[str, OwnPattern]] = MappingProxyType({})
_Find = Callable[[str], Callable[[], Document] | None]
"""From a pattern's identifier to what reads its file; None where there is none."""


def load_pattern(id: str, own: Mapping[str, OwnPattern] = _NONE) -> LoadedPattern:
    """A shipped pattern, or one of a case's own. Raises InputError: G140 when there is none of that name, G251 when
    its file is not the declared one, C10x and G142-G274 when it is malformed."""
    on_board = frozenset(available())

    def find(name: str) -> Callable[[], Document] | None:
        if name in on_board:
            return lambda: _shown_by_name(shipped() / f"{name}.yaml")
        return own[name].read if name in own else None

    reader = find(id)
    if reader is None:
        known = ", ".join([*sorted(on_board), *own])
        raise InputError.of(G_NO_PATTERN, f"there is no pattern {id!r}", expected=f"one of: {known}")
    return _read(id, reader(), find, (), {})


def with_nested(id: str) -> list[str]:
    """A shipped pattern and all that it uses, for whoever records which rules were applied; an unknown one by itself."""
    try:
        return sorted(item.id for item in load_pattern(id).all())
    except InputError:
        return [id]


def read_pattern(path: Path) -> LoadedPattern:
    """A pattern from a file; the patterns that it uses lie beside it. Raises InputError with everything found."""

    def find(name: str) -> Callable[[], Document] | None:
        beside = path.parent / f"{name}.yaml"
        return (lambda: _shown_by_name(beside)) if beside.is_file() else None

    return _read(path.stem, _shown_by_name(path), find, (), {})


def _shown_by_name(path: Path) -> Document:
    return read_yaml(path, path.name)


def _read(
    id: str, document: Document, find: _Find, above: tuple[str, ...], cache: dict[str, LoadedPattern]
) -> LoadedPattern:
    pattern = validate(document, Pattern)
    findings: list[Finding] = []
    if pattern.id != id:
        message = f"the file {document.file} is to hold the pattern {id!r}, and holds {pattern.id!r}"
        findings.append(G_NESTED.finding(message, document.place(("id",))))
    nested: dict[str, LoadedPattern] = {}
    for name, element in pattern.elements.items():
        if element.use is None:
            continue
        inner, place = element.use.pattern, document.place(("elements", name), name)
        if inner in (*above, id):
            chain = " -> ".join((*above, id, inner))
            findings.append(G_NESTED.finding(f"{name}: the pattern uses itself: {chain}", place))
        elif (reader := find(inner)) is None:
            findings.append(G_NESTED.finding(f"{name}: there is no pattern {inner!r}", place))
        elif inner not in nested:
            if inner not in cache:
                cache[inner] = _read(inner, reader(), find, (*above, id), cache)
            nested[inner] = cache[inner]
    parameters, clashes = _merged(pattern, nested, document)
    findings += clashes
    findings += checks.check(pattern, parameters, document)
    wanted = {id: (item.pattern, item.parameters) for id, item in nested.items()}
    findings += checks.check_uses(pattern, parameters, wanted, document)
    if findings:
        raise InputError(*findings)
    return LoadedPattern(pattern, document, parameters, nested)


def _merged(
    pattern: Pattern, nested: Mapping[str, LoadedPattern], document: Document
) -> tuple[dict[str, Parameter], list[Finding]]:
    """A pattern's own parameters and those that its nested patterns leave unbound, under the same names."""
    merged = dict(pattern.parameters)
    findings = []
    for name, element in pattern.elements.items():
        if element.use is None or element.use.pattern not in nested:
            continue
        for key, parameter in nested[element.use.pattern].parameters.items():
            if key in element.use.with_:
                continue
            if key not in merged:
                merged[key] = parameter
            elif not checks.fits(merged[key], parameter):
                message = f"{name}: {key!r} is {merged[key].type} here and {parameter.type} in {element.use.pattern}"
                findings.append(G_NESTED.finding(message, document.place(("elements", name), name)))
    return merged, findings
