"""gsn2x files, joined into argument modules: references resolved, extensions applied, differences reported.

gsn2x has one name space for all files; GSN has one for each module (1:4.2.2); `gsn2x_module` resolves what an
identifier means. `extends` is applied as gsn2x does: the undeveloped element of the other module gets the support. Import is
tolerant: what gsn2x alone forbids is a note, what cannot be held is left out with an error, and nothing stops at
the first problem. Whether the result is well formed is for `rules`; `gsn2x_words.OUR_CODES` maps gsn2x's codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import ElementType
from assurance.gsn.exchange.gsn2x_file import RawElement, RawModule, References, plain, read_file
from assurance.gsn.exchange.gsn2x_module import Names, Part
from assurance.gsn.exchange.gsn2x_words import KINDS
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

G207 = code(
    "G207",
    Severity.NOTE,
    "an identifier of a gsn2x file stands in several modules (gsn2x C07)",
    "this is permitted; gsn2x itself wants another identifier",
    "GSN 1:4.2.2",
)
G208 = code(
    "G208",
    Severity.NOTE,
    "a gsn2x file is named more than once, or files use each other in a circle (gsn2x C06)",
    "this is permitted as long as the elements form no circle; gsn2x itself wants each file once",
    "GSN 1:4.5.2",
)
G210 = code(
    "G210",
    Severity.ERROR,
    "a file that a gsn2x module uses is not read",
    "put it into the folder of the file that is opened, or name it on the command line",
)
G211 = code(
    "G211",
    Severity.ERROR,
    "a gsn2x module extends a module that is not there (gsn2x C09)",
    "read both files together, or mend the name",
)
G212 = code(
    "G212",
    Severity.ERROR,
    "a gsn2x module develops an element that is not there or not undeveloped (gsn2x C10)",
    "mend the identifier, or mark the element undeveloped",
)
G213 = code(
    "G213",
    Severity.ERROR,
    "a gsn2x module develops an element by one that is not its own or of a kind that gives no support (gsn2x V07)",
    "name goals, strategies or solutions of the module itself",
)
MAX_FILES = 500
MAX_TOTAL_BYTES = 64_000_000

_SUPPORTING = frozenset({ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION})


def read_gsn2x(paths: Iterable[Path]) -> tuple[Arguments, list[Finding]]:
    """Read files and the files that they use; all problems of all files are found in one go.

    Raises InputError with the findings of every file when none of them can be read.
    """
    collected = _Files()
    for path in paths:
        collected.open(path)
    if not collected.modules:
        raise InputError(*collected.findings)
    joined = _Join(collected.modules)
    arguments = joined.arguments()
    return arguments, [*collected.findings, *joined.findings]


class _Files:
    """Follows `uses`, each file once, inside the folder of the file that was opened."""

    def __init__(self) -> None:
        self.modules: list[RawModule] = []
        self.findings: list[Finding] = []
        self._seen: set[Path] = set()
        self._bytes = 0

    def open(self, path: Path) -> None:
        """A file that the user named."""
        if path.resolve() in self._seen:
            self.findings.append(G208.finding(f"{path} is named twice", Place(str(path))))
            return
        root = path.parent.resolve()
        waiting = [(path, str(path), Place(str(path)))]
        while waiting:
            file, shown, place = waiting.pop(0)
            resolved = file.resolve()
            if resolved in self._seen:
                self.findings.append(G208.finding(f"{shown} was read already", place))
                continue
            if problem := self._refused(resolved, root):
                self.findings.append(G210.finding(f"{shown} {problem}", place))
                continue
            self._seen.add(resolved)
            try:
                module, findings = read_file(file, shown)
            except InputError as error:
                self.findings += error.findings
                continue
            self.modules.append(module)
            self.findings += findings
            folder = Path(shown).parent
            waiting[:0] = [(file.parent / name, str(folder / name), where) for name, where in module.uses]

    def _refused(self, resolved: Path, root: Path) -> str | None:
        if not resolved.is_relative_to(root):
            return "is outside the folder of the file that is opened"
        if len(self._seen) >= MAX_FILES:
            return f"is one file more than {MAX_FILES}"
        try:
            if resolved.exists() and not (resolved.is_file() or resolved.is_dir()):
                return "is no plain file"
            self._bytes += resolved.stat().st_size
        except OSError:
            return None  # the reader says why
        return f"goes beyond {MAX_TOTAL_BYTES} bytes in all" if self._bytes > MAX_TOTAL_BYTES else None


class _Join:
    """Puts modules together."""

    def __init__(self, modules: list[RawModule]) -> None:
        self.modules = modules
        self.findings: list[Finding] = []
        self.names = Names(modules)

    def arguments(self) -> Arguments:
        """All modules; a second one of a name is kept apart."""
        self._names()
        for module in self.modules:
            self._extend(module)
        parts = [Part(self.names, module) for module in self.modules]
        for part in parts:
            part.relate()
        made = Arguments(part.finish() for part in parts)
        for part in parts:
            self.findings += part.findings
        return made

    def _names(self) -> None:
        for key, holders in self.names.everywhere.items():
            if len(holders) > 1:
                names = ", ".join(module.name for module, _ in holders)
                self.findings.append(G207.finding(f"{key} stands in the modules {names}", holders[1][1].place))

    def _extend(self, module: RawModule) -> None:
        """Apply `extends`; what cannot be applied stays an extra of the module."""
        by_name = {other.name: other for other in reversed(self.modules)}
        missing: dict[str, None] = {}
        unapplied: dict[str, dict[str, list[str]]] = {}
        for name, key, references, place in module.extends:
            other = by_name.get(name)
            if other is None and name not in missing:
                missing[name] = None
                message = f"module {name!r}, which module {module.name!r} extends, is not found"
                self.findings.append(G211.finding(message, place))
            element = self.names.local(other, key) if other is not None else None
            problem = None
            if element is None:
                problem = f"element {key} does not exist in module {name!r}"
            elif not element.said.get("undeveloped"):
                problem = f"element {key} of module {name!r} is not undeveloped"
            if problem is not None:
                named = ", ".join(reference for reference, _ in references)
                message = f"{problem}, but is supposed to be developed by {named}"
                self.findings.append(G212.finding(message, place))
            supports = list(self._developers(module, references))
            if problem is None and element is not None and supports and len(supports) == len(references):
                del element.said["undeveloped"]
                element.developed_by += [(module, local, where) for local, where in supports]
            else:
                unapplied.setdefault(name, {})[key] = [reference for reference, _ in references]
        if unapplied:
            left = [{"module": name, "develops": develops} for name, develops in unapplied.items()]
            module.extra.append(("extends", plain(left)))

    def _developers(self, module: RawModule, references: References) -> Iterator[tuple[RawElement, Place]]:
        for key, place in references:
            local = self.names.local(module, key)
            if local is None:
                message = f"module {module.name!r} has no element {key} to develop another with"
                self.findings.append(G213.finding(message, place))
            elif KINDS[local.kind] not in _SUPPORTING:
                self.findings.append(G213.finding(f"{key} is a {local.kind} and develops nothing", place))
            else:
                yield local, place
