"""The native form of arguments: YAML that people write, read and compare. docs/gsn.md shows it.

One file is one argument module; `modules` names the files of others beside it. Reading collects everything that
is wrong, with line and column and a suggestion for misspelt keys, and goes on with what is usable, so that one
run of the rules shows the rest. Only a first file that cannot be parsed at all raises. What a well-formed
argument is, is not judged here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from assurance.gsn import native_form as form
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import KINDS, MAX_IDENTIFIER, Element, ElementType, Provenance
from assurance.gsn.model import Argument
from assurance.gsn.native_writer import reference_to
from assurance.gsn.native_writer import write_argument as write_argument
from assurance.gsn.native_writer import write_arguments as write_arguments
from assurance.gsn.relations import (
    Choice,
    ClaimPoint,
    Interface,
    PatternCard,
    Relation,
    RelationRef,
    RelationType,
    Suppression,
    Template,
)
from evidence.diagnostics import Finding, Severity, code
from evidence.errors import InputError
from evidence.strict_yaml import C_TOO_LARGE, MAX_BYTES, Document, parse_yaml, read_yaml

MAX_FILES = 500
MAX_TOTAL_BYTES = 4 * MAX_BYTES

G131 = code("G131", Severity.ERROR, "unknown key in an argument file", "remove it or mend its spelling")
G132 = code(
    "G132",
    Severity.ERROR,
    "a field of an argument file has a wrong value, or is missing",
    "write what is expected there",
)
G133 = code(
    "G133",
    Severity.ERROR,
    "an element does not say what it is, or says it twice",
    "give it exactly one of the keys goal, strategy, solution, context, assumption, justification, their away "
    "forms, module or contract, with its statement",
    "GSN 1:2.1.4, table 1:2-1",
)
G134 = code(
    "G134",
    Severity.ERROR,
    "a file that is named under `modules` cannot be used",
    "name readable files in the folder of the first file or below it",
)
G136 = code(
    "G136",
    Severity.ERROR,
    "a decoration on a kind of element that cannot carry it",
    "remove it; public may be goals, solutions, contexts, assumptions and justifications, supported by contract goals",
    "GSN 1:4.3.2, 1:4.6.3",
)

_Path = tuple[str | int, ...]


def read_arguments(path: Path, *more: Path) -> tuple[Arguments, list[Finding]]:
    """Files and the modules that they name, directly or through others; and everything that is wrong in them.

    A file that is reached in several ways is read once. Files that are named have to lie in the folder of the given
    file, or below it. Raises InputError when a given file cannot be read or parsed (C101 - C105), or is no argument
    in the native form (G132).
    """
    arguments = Arguments()
    findings: list[Finding] = []
    seen: set[Path] = set()
    for given in (path, *more):
        if _real(given) not in seen:
            findings += _read_all(given, arguments, seen)
    return arguments, findings


def parse_argument(data: bytes | str, name: str) -> tuple[Argument, list[Finding]]:
    """One module from text that is at hand; files that it names are not opened. Raises InputError as above."""
    reader = _Reader(parse_yaml(data, name))
    return reader.module(), reader.findings


def _read_all(path: Path, arguments: Arguments, seen: set[Path]) -> list[Finding]:
    """Add a file and what it names to `arguments` and `seen`."""
    first = read_yaml(path)
    root = path.parent.resolve()
    findings: list[Finding] = []
    seen.add(path.resolve())
    total = 0
    waiting = [(path, first)]
    while waiting:
        here, document = waiting.pop(0)
        reader = _Reader(document)
        try:
            arguments.add(reader.module())
        except InputError as error:
            if document is first:
                raise
            findings += error.findings
            continue
        findings += reader.findings
        for index, name in enumerate(reader.files):
            place = document.place(("modules", index))
            target = here.parent / name
            real = _real(target)
            if real is None:
                findings.append(G134.finding(f"{name!r} is no path of a file", place))
                continue
            if not real.is_relative_to(root):
                findings.append(G134.finding(f"{name!r} lies outside the folder of {path.name}", place))
                continue
            if real in seen:
                continue
            if real.exists() and not real.is_file():  # a folder; or a pipe, which would never end
                findings.append(G134.finding(f"{name!r} is no plain file", place))
                continue
            seen.add(real)
            total += real.stat().st_size if real.is_file() else 0
            if len(seen) > MAX_FILES or total > MAX_TOTAL_BYTES:
                message = f"more than {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes in all"
                findings.append(C_TOO_LARGE.finding(message, place))
                return findings
            try:
                waiting.append((target, read_yaml(target)))
            except InputError as error:
                findings.append(G134.finding(f"{name!r} cannot be used: {error.finding.message}", place))
                findings += [item for item in error.findings if item.place.line]
    return findings


def _real(path: Path) -> Path | None:
    """The file behind a path, also one that does not exist; None for what is no path at all."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


class _Reader:
    """Reads one document; `findings` and `files` fill up meanwhile."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.files: tuple[str, ...] = ()
        self._searched = 0
        self._marks: dict[str, tuple[list[RelationRef], list[str]]] = {}

    def module(self) -> Argument:
        """The module. Raises InputError (G132) when the file holds no mapping with `schema: gsn/1`."""
        value = self.document.value
        if not isinstance(value, dict) or value.get("schema") != form.SCHEMA:
            given = value.get("schema") if isinstance(value, dict) else value
            raise InputError.of(
                G132,
                f"the file is no argument in the native form: {_shown(given)} does not say `schema: {form.SCHEMA}`",
                self.document.place(("schema",)),
                expected=f"a mapping with schema: {form.SCHEMA}",
            )
        read = self._fields(value, (), form.MODULE, ("module", "elements"))
        argument = Argument(read.get("module", "main"), read.get("title", ""), read.get("kind", "argument"))
        argument.place = self.document.place(("module",))
        self.files = _names(read.get("modules"))
        argument.contains = _names(read.get("contains"))
        argument.extra = tuple(read.get("extra", {}).items())
        for id, path, item in self._each(read, "elements"):
            element, relations = self._element(id, path, item)
            if element is not None:
                argument.add(element)
            argument.relate(*relations)
        argument.choices = tuple(self._choices(read))
        argument.claim_points = tuple(self._claim_points(read))
        argument.interfaces = tuple(self._interfaces(read))
        argument.suppressions = tuple(self._suppressions(read))
        argument.pattern = self._pattern(read)
        argument.template = self._template(read)
        return argument

    # -- values -------------------------------------------------------------------------------------------

    def _wrong(self, path: _Path, value: Any, expected: str, element: str | None = None) -> None:
        place = self.document.place(path, element)
        self.findings.append(G132.finding(f"{_shown(value)} does not fit here", place, expected=expected))

    def _fields(
        self,
        value: dict[str, Any],
        path: _Path,
        fields: form.Fields,
        required: tuple[str, ...] = (),
        id: str | None = None,
    ) -> dict[str, Any]:
        """The keys of a mapping that are known and hold what they should; the others become findings."""
        read = {}
        for key, held in value.items():
            if key not in fields:
                hint = self._near(key, fields)
                place = self.document.place((*path, key), id)
                known = f"one of: {', '.join(fields)}"
                text = f"unknown key {_shown(key)}" + (f"; did you mean {hint!r}?" if hint else "")
                self.findings.append(G131.finding(text, place, expected=known))
            elif not fields[key].fits(held):
                self._wrong((*path, key), held, fields[key].called, id)
            else:
                read[key] = held
        for key in required:
            if key not in value:
                place = self.document.place(path, id)
                self.findings.append(G132.finding(f"{key!r} is missing", place, expected=fields[key].called))
        return read

    def _near(self, key: str, names: Collection[str]) -> str | None:
        """The known name that was probably meant. Not for long words, and not for ever: the search is slow."""
        if len(key) > 40 or self._searched > 300:
            return None
        self._searched += 1
        plain = {_plain(name): name for name in names}
        near = get_close_matches(_plain(key), plain, 1, 0.65)
        return plain[near[0]] if near else None

    def _each(self, read: dict[str, Any], key: str) -> Iterator[tuple[str, _Path, Any]]:
        """The entries of a mapping from identifiers to mappings, without those that cannot be used."""
        for id, item in read.get(key, {}).items():
            path: _Path = (key, id)
            if len(id) > MAX_IDENTIFIER:
                self._wrong(path, id, f"an identifier of at most {MAX_IDENTIFIER} characters")
            elif item is None:
                yield id, path, {}
            elif not isinstance(item, dict):
                self._wrong(path, item, "a mapping of fields", id)
            else:
                yield id, path, item

    # -- elements and relations ---------------------------------------------------------------------------

    def _element(self, id: str, path: _Path, item: dict[str, Any]) -> tuple[Element | None, list[Relation]]:
        place = self.document.place(path, id)
        keys = [key for key in item if key in form.KIND_KEYS]
        if len(keys) != 1:
            given = f"has {' and '.join(map(repr, keys))}" if keys else "has no key that says its kind"
            near = next((name for key in item if (name := self._near(key, form.KIND_KEYS))), None)
            hint = f"; did you mean {near!r}?" if near and not keys else ""
            self.findings.append(G133.finding(f"element {_shown(id)} {given}{hint}", place))
            return None, []
        key = keys[0]
        kind = form.KIND_KEYS[key]
        only = form.ONLY[kind]
        item = dict(self._carried(kind, item, path, id))
        needed = ("from",) if "from" in only else ()
        read = self._fields(item, path, {key: form.TEXT, **form.ELEMENT, **only}, needed, id)
        given_fields: dict[str, Any] = {
            name: read[name]
            for name in (
                "undeveloped",
                "uninstantiated",
                "defeated",
                "public",
                "by_contract",
                "artefact",
                "claim",
                "of",
            )
            if name in read
        }
        if "from" in only:
            given_fields["module"] = read.get("from", "")
        if "evidence" in read:
            given_fields["evidence"] = _names(read["evidence"])
        if "extra" in read:
            given_fields["extra"] = tuple(read["extra"].items())
        if "provenance" in read:
            origin = self._fields(read["provenance"], (*path, "provenance"), form.PROVENANCE, ("pattern",), id)
            if "pattern" in origin:
                binding = tuple(origin.get("binding", {}).items())
                given_fields["provenance"] = Provenance(pattern=origin["pattern"], binding=binding)
        element: Element = KINDS[kind](id=id, text=read.get(key, ""), place=place, **given_fields)  # type: ignore[assignment]
        for name in _names(read.get("acp")):
            self._mark(name)[1].append(id)
        relations = [
            relation
            for joint, type in form.RELATION_KEYS.items()
            if joint in read
            for relation in self._relations(id, type, read[joint], (*path, joint))
        ]
        return element, relations

    def _carried(self, kind: ElementType, item: dict[str, Any], path: _Path, id: str) -> Iterator[tuple[str, Any]]:
        """The fields of an element, without decorations that its kind cannot carry."""
        for key, value in item.items():
            if key in ("public", "by_contract") and key not in form.ONLY[kind]:
                place = self.document.place((*path, key), id)
                self.findings.append(G136.finding(f"{kind} {id} cannot be {key.replace('_', ' ')}", place))
            else:
                yield key, value

    def _relations(self, source: str, type: RelationType, value: Any, path: _Path) -> Iterator[Relation]:
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            here = (*path, index) if isinstance(value, list) else path
            place = self.document.place(here, source)
            if isinstance(item, str):
                yield Relation(type=type, source=source, target=item, place=place)
                continue
            read = self._fields(item, here, form.DECORATED, (), source)
            challenged = None
            if "relation" in read:
                challenged = self._reference(read["relation"], (*here, "relation"), source)
            if ("to" in item) == ("relation" in item) or ("relation" in item and type is not RelationType.CHALLENGES):
                aim = "`to`, or `relation`" if type is RelationType.CHALLENGES else "`to`"
                self.findings.append(G132.finding(f"a relation of {source} has no one target", place, expected=aim))
                continue
            if challenged is None and "to" not in read:
                continue  # its finding is there already
            relation = Relation(
                type=type,
                source=source,
                target=read.get("to", ""),
                id=read.get("id"),
                defeated=read.get("defeated", False),
                optional=read.get("optional", False),
                multiplicity=_range(read.get("multiplicity")),
                choice=read.get("choice"),
                challenged=challenged,
                place=place,
            )
            for name in _names(read.get("acp")):
                if relation.id is None and challenged is not None:
                    self._wrong((*here, "acp"), name, "an id at a relation that challenges a relation", source)
                else:
                    self._mark(name)[0].append(reference_to(relation))
            yield relation

    def _reference(self, value: Any, path: _Path, element: str | None = None) -> RelationRef | None:
        if isinstance(value, str):
            return RelationRef(id=value)
        read = self._fields(value, path, form.REFERENCE, ("from", "to"), element)
        if "from" not in read or "to" not in read:
            return None
        joint = form.RELATION_KEYS[read["type"]] if "type" in read else None
        return RelationRef(source=read["from"], target=read["to"], type=joint)

    def _mark(self, name: str) -> tuple[list[RelationRef], list[str]]:
        return self._marks.setdefault(name, ([], []))

    # -- the rest -----------------------------------------------------------------------------------------

    def _choices(self, read: dict[str, Any]) -> Iterator[Choice]:
        for id, path, item in self._each(read, "choices"):
            held = self._fields(item, path, form.CHOICE, ("source",), id)
            yield Choice(
                id=id,
                source=held.get("source", ""),
                at_least=held.get("at_least"),
                at_most=held.get("at_most"),
                multiplicity=_range(held.get("multiplicity")),
                place=self.document.place(path, id),
            )

    def _claim_points(self, read: dict[str, Any]) -> Iterator[ClaimPoint]:
        declared = {id: (path, item) for id, path, item in self._each(read, "claim_points")}
        for id in dict.fromkeys((*declared, *self._marks)):
            path, item = declared.get(id, ((), {}))
            held = self._fields(item, path, form.CLAIM_POINT, (), id)
            relations, elements = self._marks.get(id, ([], []))
            named = [
                self._reference(value, (*path, "relations", index), id)
                for index, value in enumerate(held.get("relations", ()))
            ]
            yield ClaimPoint(
                id=id,
                relations=(*(reference for reference in named if reference is not None), *relations),
                elements=(*_names(held.get("elements")), *elements),
                goal=held.get("goal"),
                module=held.get("module"),
                text=held.get("text", ""),
                place=self.document.place(path, id),
            )

    def _interfaces(self, read: dict[str, Any]) -> Iterator[Interface]:
        for id, path, item in self._each(read, "interfaces"):
            held = self._fields(item, path, form.INTERFACE, (), id)
            lists = {key: _names(value) for key, value in held.items() if key != "text"}
            yield Interface(id=id, text=held.get("text", ""), place=self.document.place(path, id), **lists)

    def _suppressions(self, read: dict[str, Any]) -> Iterator[Suppression]:
        for index, item in enumerate(read.get("suppress", ())):
            path: _Path = ("suppress", index)
            if not isinstance(item, dict):
                self._wrong(path, item, "a mapping with code, element, rationale and by")
                continue
            held = self._fields(item, path, form.SUPPRESSION, ("code",))
            if "code" in held:
                yield Suppression(**held, place=self.document.place(path))

    def _pattern(self, read: dict[str, Any]) -> PatternCard | None:
        if "pattern" not in read:
            return None
        held = self._fields(read["pattern"], ("pattern",), form.PATTERN, ("id",))
        topics = tuple((key, value) for key, value in held.items() if key != "id")
        return PatternCard(id=held.get("id", ""), topics=topics, place=self.document.place(("pattern",)))

    def _template(self, read: dict[str, Any]) -> Template | None:
        if "template" not in read:
            return None
        held = self._fields(read["template"], ("template",), form.TEMPLATE, ("data",))
        place = self.document.place(("template",))
        return Template(data=held.get("data", ""), covers=_names(held.get("covers")), place=place)


def _names(value: Any) -> tuple[str, ...]:
    """A name or a list of names as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _range(value: Any) -> str | None:
    return None if value is None else str(value)


def _plain(key: str) -> str:
    return "".join(char for char in key.lower() if char.isalnum())


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."
