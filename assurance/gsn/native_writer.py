"""Arguments as text in the native form, laid out so that a change of one element is a change of its lines only.

What is written reads back as an equal argument. Lists keep their order, fields at their default are left out. What
the form cannot hold (two elements with one identifier, relations that start nowhere) is refused, not dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from assurance.gsn import native_form as form
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayElement, ContractReference, Element, Goal, ModuleReference, Solution
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, Relation, RelationRef
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

G135 = code(
    "G135",
    Severity.ERROR,
    "an argument cannot be written in the native form",
    "give each element, choice, claim point and interface its own identifier, and relations a source that exists",
)

_WIDTH = 110
_KEY_OF = {kind: key for key, kind in form.KIND_KEYS.items()}
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PLAIN = re.compile(r"[^\W\d_][\w .,;()/'+-]*[\w.)]|[^\W\d_]")
_OTHERS_CONVERT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write_argument(argument: Argument, modules: Iterable[str] = ()) -> str:
    """The module as YAML; `modules` are the files of further modules to name. Raises InputError (G135)."""
    _refuse(argument)
    lines = [f"schema: {form.SCHEMA}", f"module: {_scalar(argument.module)}"]
    if argument.title:
        lines.append(f"title: {_scalar(argument.title)}")
    if argument.kind != "argument":
        lines.append(f"kind: {argument.kind}")
    lines += _listed("modules", modules, 0)
    lines += _listed("contains", argument.contains, 0)
    lines += _mapping("extra", _unique(argument.extra, argument), 0)
    if argument.pattern is not None:
        topics = _unique(argument.pattern.topics, argument)
        lines += _mapping("pattern", {"id": argument.pattern.id, **topics}, 0)
    if argument.template is not None:
        lines += ["template:", f"  data: {_scalar(argument.template.data)}"]
        lines += _listed("covers", argument.template.covers, 2)
    inline = _inline(argument)
    marks = _marks(argument, inline)
    lines += ["", "elements:" if len(argument) else "elements: {}"]
    for element in argument:
        lines += _element(argument, element, marks)
    lines += _section("choices", (_choice(item) for item in argument.choices))
    lines += _section("claim_points", (_claim_point(item, item.id in inline) for item in argument.claim_points))
    lines += _section("interfaces", (_interface(item) for item in argument.interfaces))
    if argument.suppressions:
        lines += ["", "suppress:"]
        for item in argument.suppressions:
            first = "- "
            for key in ("code", "element", "rationale", "by"):
                value = getattr(item, key)
                if value not in ("", None):
                    lines.append(f"  {first}{key}: {_scalar(value)}")
                    first = "  "
    return "\n".join(lines) + "\n"


def write_arguments(arguments: Arguments) -> dict[str, str]:
    """Each module as a file of its own; the first file names the others, so that reading it reads all."""
    if arguments.duplicates:
        raise InputError.of(G135, f"two modules are called {arguments.duplicates[0].module!r}")
    names: list[str] = []
    for argument in arguments:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", argument.module).strip("-").lower() or "module"
        tries = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(arguments) + 2))
        names.append(next(f"{item}.gsn.yaml" for item in tries if f"{item}.gsn.yaml" not in names))
    return {
        name: write_argument(argument, names[1:] if index == 0 else ())
        for index, (name, argument) in enumerate(zip(names, arguments, strict=True))
    }


def reference_to(relation: Relation) -> RelationRef:
    """How the native form names a relation: by its id, else by its ends and type."""
    if relation.id is not None:
        return RelationRef(id=relation.id)
    return RelationRef(source=relation.source, target=relation.target, type=relation.type)


# -- what cannot be written ---------------------------------------------------------------------------------


def _refuse(argument: Argument) -> None:
    def stop(message: str) -> None:
        raise InputError.of(G135, message, Place(element=argument.module))

    if argument.duplicates:
        stop(f"two elements are called {argument.duplicates[0].id!r}")
    for relation in argument.relations:
        if relation.source not in argument:
            stop(f"{relation} starts at no element")
        if relation.challenged is not None and relation.target:
            stop(f"{relation} has two targets")
        if relation.challenged is not None and relation.type.value != "challenges":
            stop(f"{relation} is no challenge and yet aims at a relation")
    for kind, held in (
        ("choices", argument.choices),
        ("claim points", argument.claim_points),
        ("interfaces", argument.interfaces),
    ):
        names = [item.id for item in held]
        if len(set(names)) < len(names):
            stop(f"two {kind} have the same identifier")


def _unique(pairs: tuple[tuple[str, str], ...], argument: Argument) -> dict[str, str]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise InputError.of(G135, "two values have the same name", Place(element=argument.module))
    return made


# -- elements and relations ---------------------------------------------------------------------------------


def _element(argument: Argument, element: Element, marks: Mapping[object, list[str]]) -> Iterator[str]:
    yield f"  {_key(element.id)}:"
    yield from _field(_KEY_OF[element.type], element.text, 4)
    if isinstance(element, AwayElement | ModuleReference | ContractReference):
        yield f"    from: {_scalar(element.module)}"
    if isinstance(element, AwayElement) and element.of is not None:
        yield f"    of: {_scalar(element.of)}"
    for flag in ("undeveloped", "uninstantiated", "defeated", "public", "by_contract", "artefact"):
        if getattr(element, flag, False):
            yield f"    {flag}: true"
    if isinstance(element, Goal) and element.claim is not None:
        yield from _field("claim", element.claim, 4)
    if isinstance(element, Solution):
        yield from _listed("evidence", element.evidence, 4)
    yield from _listed("acp", marks.get(element.id, ()), 4)
    for type in form.RELATION_KEYS.values():
        items = [
            _relation(relation, marks.get(reference_to(relation), []))
            for relation in argument.relations_from(element.id)
            if relation.type is type
        ]
        yield from _flow(type.value, items, 4)
    if element.provenance is not None:
        yield "    provenance:"
        yield from _field("pattern", element.provenance.pattern, 6)
        yield from _mapping("binding", _unique(element.provenance.binding, argument), 6)
    yield from _mapping("extra", _unique(element.extra, argument), 4)


def _relation(relation: Relation, points: list[str]) -> str:
    parts = []
    if relation.challenged is not None:
        parts.append(f"relation: {_reference(relation.challenged)}")
    if relation.id is not None:
        parts.append(f"id: {_word(relation.id)}")
    if relation.multiplicity is not None:
        parts.append(f"multiplicity: {_word(relation.multiplicity)}")
    if relation.optional:
        parts.append("optional: true")
    if relation.choice is not None:
        parts.append(f"choice: {_word(relation.choice)}")
    if relation.defeated:
        parts.append("defeated: true")
    if points:
        parts.append(f"acp: [{', '.join(map(_word, points))}]")
    if relation.challenged is None:
        if not parts:
            return _word(relation.target)
        parts.insert(0, f"to: {_word(relation.target)}")
    return "{" + ", ".join(parts) + "}"


def _reference(reference: RelationRef) -> str:
    if reference.id is not None:
        return _word(reference.id)
    joint = f", type: {reference.type}" if reference.type is not None else ""
    return f"{{from: {_word(reference.source)}, to: {_word(reference.target)}{joint}}}"


def _inline(argument: Argument) -> set[str]:
    """The claim points that marks at relations and elements, read in their order, bring back as they are."""
    places: dict[object, int | None] = {}  # None: named by nothing, or by several
    for element in argument:
        places[element.id] = len(places)
        for type in form.RELATION_KEYS.values():
            for relation in argument.relations_from(element.id):
                if relation.type is type:
                    reference = reference_to(relation)
                    alone = reference not in places and (relation.id is not None or relation.challenged is None)
                    places[reference] = len(places) if alone else None
    found = set()
    for point in argument.claim_points:
        for aims in (point.relations, point.elements):
            positions = [places.get(aim) for aim in aims]
            numbers = [position for position in positions if position is not None]
            if len(numbers) < len(positions) or any(a >= b for a, b in pairwise(numbers)):
                break
        else:
            found.add(point.id)
    return found


def _marks(argument: Argument, inline: set[str]) -> dict[object, list[str]]:
    marks: dict[object, list[str]] = {}
    for point in argument.claim_points:
        if point.id in inline:
            for aim in (*point.relations, *point.elements):
                marks.setdefault(aim, []).append(point.id)
    return marks


# -- the rest -----------------------------------------------------------------------------------------------


def _section(name: str, entries: Iterator[list[str]]) -> list[str]:
    lines = [line for entry in entries for line in entry]
    return ["", f"{name}:", *lines] if lines else []


def _choice(item: Any) -> list[str]:
    lines = [f"  {_key(item.id)}:", f"    source: {_scalar(item.source)}"]
    lines += [f"    {key}: {getattr(item, key)}" for key in ("at_least", "at_most") if getattr(item, key) is not None]
    if item.multiplicity is not None:
        lines.append(f"    multiplicity: {_word(item.multiplicity)}")
    return lines


def _claim_point(item: ClaimPoint, inline: bool) -> list[str]:
    lines = []
    for key in ("goal", "module"):
        if getattr(item, key) is not None:
            lines.append(f"    {key}: {_scalar(getattr(item, key))}")
    if item.text:
        lines += _field("text", item.text, 4)
    if not inline:
        lines += _flow("relations", [_reference(reference) for reference in item.relations], 4)
        lines += _listed("elements", item.elements, 4)
    return [f"  {_key(item.id)}:{'' if lines else ' {}'}", *lines]


def _interface(item: Any) -> list[str]:
    lines = list(_field("text", item.text, 4)) if item.text else []
    for key in ("elements", "needs_support", "depends_on", "visible_to"):
        lines += _listed(key, getattr(item, key), 4)
    return [f"  {_key(item.id)}:{'' if lines else ' {}'}", *lines]


# -- YAML ---------------------------------------------------------------------------------------------------


def _mapping(name: str, values: Mapping[str, str], indent: int) -> Iterator[str]:
    if values:
        yield f"{' ' * indent}{name}:"
        for key, value in values.items():
            yield from _field(key, value, indent + 2)


def _listed(name: str, values: Iterable[str], indent: int) -> Iterator[str]:
    yield from _flow(name, list(map(_word, values)), indent)


def _flow(name: str, items: list[str], indent: int) -> Iterator[str]:
    """A list in one line where it fits and holds names only, else one item to a line."""
    margin = " " * indent
    if not items:
        return
    one = f"{margin}{name}: [{', '.join(items)}]"
    if len(one) <= _WIDTH and not any(item.startswith("{") for item in items):
        yield one
        return
    yield f"{margin}{name}:"
    for item in items:
        yield f"{margin}  - {item}"


def _field(key: str, value: str, indent: int) -> Iterator[str]:
    margin = " " * indent
    if not _is_block(value):
        yield f"{margin}{_key(key)}: {_scalar(value)}"
        return
    ends = value.endswith("\n")
    yield f"{margin}{_key(key)}: {'|' if ends else '|-'}"
    for line in value.removesuffix("\n").split("\n"):
        yield f"{margin}  {line}" if line else ""


def _is_block(value: str) -> bool:
    lines = value.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and all(line.isprintable() and line == line.rstrip() for line in lines)
        and all((lines[0], lines[-1]))
        and not lines[0].startswith(" ")
    )


def _key(text: str) -> str:
    made = _word(text)
    if len(made) > 1000:
        raise InputError.of(G135, f"the identifier {made[:60]}... is too long for a key")
    return made


def _word(text: str) -> str:
    """A name where a comma or bracket would end it."""
    return text if _BARE.fullmatch(text) and text.lower() not in _OTHERS_CONVERT else _quoted(text)


def _scalar(text: str) -> str:
    """A text at the end of a line."""
    fits = _PLAIN.fullmatch(text) and text.isprintable() and text.lower() not in _OTHERS_CONVERT
    return text if fits else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escape(char)) for char in text) + '"'


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
