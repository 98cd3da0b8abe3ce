"""Find and read patterns: the shipped library in `templates/patterns`, or one file with its neighbours.

A loaded pattern carries the patterns that it uses, so that everything after this works without looking for files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assurance.gsn.patterns import checks
from assurance.gsn.patterns.checks import G_NESTED
from assurance.gsn.patterns.format import Parameter, Pattern
from assurance.resources import folder
from evidence.diagnostics import Finding, Severity, code
from evidence.errors import InputError
from evidence.strict_yaml import Document, read_yaml, validate

G_NO_PATTERN = code("G140", Severity.ERROR, "unknown pattern", "name one of the shipped patterns", "GSN 1:3.4")


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

    @property
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


def load_pattern(id: str) -> LoadedPattern:
    """A shipped pattern. Raises InputError: G140 when there is none of that name, C10x and G142-G274 when malformed."""
    if id not in available():
        raise InputError.of(G_NO_PATTERN, f"there is no pattern {id!r}", expected=f"one of: {', '.join(available())}")
    return read_pattern(shipped() / f"{id}.yaml")


def with_nested(id: str) -> list[str]:
    """A shipped pattern and all that it uses, for whoever records which rules were applied; an unknown one by itself."""
    try:
        return sorted(item.id for item in load_pattern(id).all())
    except InputError:
        return [id]


def read_pattern(path: Path) -> LoadedPattern:
    """A pattern from a file; the patterns that it uses lie beside it. Raises InputError with everything found."""
    return _read(path, (), {})


def _read(path: Path, above: tuple[str, ...], cache: dict[str, LoadedPattern]) -> LoadedPattern:
    document = read_yaml(path, path.name)
    pattern = validate(document, Pattern)
    findings: list[Finding] = []
    if pattern.id != path.stem:
        findings.append(
            G_NESTED.finding(f"the file {path.name} holds the pattern {pattern.id!r}", document.place(("id",)))
        )
    nested: dict[str, LoadedPattern] = {}
    for name, element in pattern.elements.items():
        if element.use is None:
            continue
        id, place = element.use.pattern, document.place(("elements", name), name)
        if id in (*above, path.stem):
            chain = " -> ".join((*above, path.stem, id))
            findings.append(G_NESTED.finding(f"{name}: the pattern uses itself: {chain}", place))
        elif not (path.parent / f"{id}.yaml").is_file():
            findings.append(G_NESTED.finding(f"{name}: there is no pattern {id!r}", place))
        elif id not in nested:
            if id not in cache:
                cache[id] = _read(path.parent / f"{id}.yaml", (*above, path.stem), cache)
            nested[id] = cache[id]
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
