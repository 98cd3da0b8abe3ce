"""Does a pattern make sense by itself? All problems are collected; data plays no part here.

parameters   types, bounds, fields                        G270
tokens       every token, leg, `when`, `for_each` is declared   G271
structure    one top goal, nothing loose, no circle       G142, G272
choices      alternatives and bounds                      G273
nested       the pattern exists, is not circular, and what it is given fits   G274 (`check_uses`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assurance.gsn.patterns.format import Parameter, Pattern, PatternElement
from assurance.gsn.patterns.paths import SCALARS, collections_of, declared, tokens, whole
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.strict_yaml import Document

G_TARGET = code(
    "G142",
    Severity.ERROR,
    "pattern refers to an element that it does not define",
    "define it or mend the name",
    "GSN 1:3.5.3",
)
G_PARAMETER = code(
    "G270",
    Severity.ERROR,
    "a pattern's parameter is declared in a way that no data can fill",
    "give a collection its `items` and bounds in order, and other types neither",
    "GSN 1:3.4",
)
G_PATH = code(
    "G271",
    Severity.ERROR,
    "a pattern names something that none of its parameters provides",
    "declare the parameter, or mend the token; what is optional needs an element with `when`",
    "GSN 1:3.5.2",
)
G_STRUCTURE = code(
    "G272",
    Severity.ERROR,
    "a pattern does not hang together",
    "let everything hang from one top goal, without circles",
    "GSN 1:2.2.2",
)
G_CHOICE = code(
    "G273",
    Severity.ERROR,
    "a pattern's choice cannot be made",
    "let the alternatives be supporters of one element, and the bounds lie between 1 and their number",
    "GSN 1:3.2.3",
)
G_NESTED = code(
    "G274",
    Severity.ERROR,
    "a nested pattern cannot be used like this",
    "name a pattern that does not use this one, and bind its parameters with values of their type",
    "GSN 1:3.4",
)


def check(pattern: Pattern, parameters: Mapping[str, Parameter], document: Document) -> list[Finding]:
    """Everything about one pattern, `parameters` being its own and those that nested patterns leave to it."""
    return [
        *_parameters(pattern.parameters, document, ("parameters",)),
        *_targets(pattern, document),
        *_structure(pattern, document),
        *_choices(pattern, parameters, document),
        *_paths(pattern, parameters, document),
    ]


def _parameters(parameters: Mapping[str, Parameter], document: Document, where: tuple[str, ...]) -> Iterator[Finding]:
    for name, parameter in parameters.items():
        place = document.place((*where, name))
        if name in ("item", "outer", "choose", "id"):
            yield G_PARAMETER.finding(f"{name!r} has a meaning of its own", place)
        collection = parameter.type == "collection"
        if collection != (parameter.items is not None):
            yield G_PARAMETER.finding(f"{name}: `items` belongs to a collection, and only there", place)
        if not collection and (parameter.at_least or parameter.at_most):
            yield G_PARAMETER.finding(f"{name}: only collections have bounds", place)
        if parameter.at_most is not None and parameter.at_most < parameter.at_least:
            yield G_PARAMETER.finding(f"{name}: at_most is less than at_least", place)
        if parameter.type != "leg" and (parameter.kinds or parameter.examined):
            yield G_PARAMETER.finding(f"{name}: `kinds` and `examined` belong to a leg", place)
        if isinstance(parameter.items, dict):
            yield from _parameters(parameter.items, document, (*where, name, "items"))


def _targets(pattern: Pattern, document: Document) -> Iterator[Finding]:
    for name, element in pattern.elements.items():
        for target in element.targets:
            if target not in pattern.elements:
                yield G_TARGET.finding(f"{name} refers to {target!r}", document.place(("elements", name), name))


def _structure(pattern: Pattern, document: Document) -> Iterator[Finding]:
    targets = {name: item.targets for name, item in pattern.elements.items()}
    below = {target for found in targets.values() for target in found}
    tops = [name for name in pattern.elements if name not in below]
    if len(tops) != 1 or pattern.elements[tops[0]].goal is None or pattern.elements[tops[0]].for_each:
        shown = ", ".join(tops) or "none"
        yield G_STRUCTURE.finding(
            f"one goal without for_each stands on top of a pattern; here: {shown}", document.place()
        )
    elif pattern.elements[tops[0]].when:
        place = document.place(("elements", tops[0]), tops[0])
        yield G_STRUCTURE.finding(f"the top goal {tops[0]} cannot be optional", place)
    if path := _circle(targets):
        yield G_STRUCTURE.finding(f"circle {' -> '.join(path)}", document.place())


def _circle(targets: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The first circle found, its start repeated at the end; empty when there is none."""
    done: set[str] = set()

    def search(name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if name in path:
            return (*path[path.index(name) :], name)
        if name in done:
            return ()
        for target in targets.get(name, ()):
            if found := search(target, (*path, name)):
                return found
        done.add(name)
        return ()

    for name in targets:
        if found := search(name, ()):
            return found
    return ()


def _choices(pattern: Pattern, parameters: Mapping[str, Parameter], document: Document) -> Iterator[Finding]:
    seen: set[str] = set(pattern.elements)
    for name, choice in pattern.choices.items():
        place = document.place(("choices", name), name)
        source = pattern.elements.get(choice.at)
        if source is None:
            yield G_CHOICE.finding(f"{name}: there is no element {choice.at!r}", place)
            continue
        for target in choice.of.values():
            if target not in source.supported_by:
                yield G_CHOICE.finding(f"{name}: {target!r} is no supporter of {choice.at}", place)
        if len(set(choice.of.values())) < len(choice.of):
            yield G_CHOICE.finding(f"{name}: one element stands for two alternatives", place)
        if not 1 <= choice.at_least <= (choice.at_most or len(choice.of)) <= len(choice.of):
            bounds = f"{choice.at_least} to {choice.at_most or 'all'} of {len(choice.of)}"
            yield G_CHOICE.finding(f"{name}: {bounds} cannot be taken", place)
        for id in (name, choice.justification):
            if id in seen:
                yield G_CHOICE.finding(f"{name}: the identifier {id} is taken", place)
            seen.add(id)
        if choice.decided_by is not None:
            found = declared(parameters, source, choice.decided_by)
            if found is None or found.type != "decision":
                yield G_PATH.finding(f"{name}: {choice.decided_by!r} is no decision", place)
    shared = [name for choice in pattern.choices.values() for name in {choice.at, *choice.of.values()}]
    for name in dict.fromkeys(item for item in shared if shared.count(item) > 1):
        yield G_CHOICE.finding(f"{name} takes part in two choices", document.place(("choices",), name))


def _paths(pattern: Pattern, parameters: Mapping[str, Parameter], document: Document) -> Iterator[Finding]:
    for name, element in pattern.elements.items():
        place = document.place(("elements", name), name)
        if element.steps and collections_of(parameters, element.steps) is None:
            yield G_PATH.finding(f"{name}: for_each {element.for_each!r} is no collection", place)
            continue
        for text in (element.text, element.claim, element.evidence):
            for path in tokens(text):
                yield from _token(parameters, element, name, path, SCALARS, place)
        if element.status is not None:
            word = whole(element.status)
            if word is None:
                yield G_PATH.finding(f"{name}: a status comes from one token, never from words", place)
            else:
                yield from _token(parameters, element, name, word, frozenset({"status"}), place)
        if element.leg is not None:
            found = declared(parameters, element, element.leg)
            if found is None or found.type != "leg":
                yield G_PATH.finding(f"{name}: {element.leg!r} is no leg", place)
        if element.when is not None and declared(parameters, element, element.when) is None:
            yield G_PATH.finding(f"{name}: when {element.when!r} is declared nowhere", place)
        for value in element.use.with_.values() if element.use else ():
            allowed = None if whole(value) else SCALARS
            for path in tokens(value):
                yield from _token(parameters, element, name, path, allowed, place)


def _token(
    parameters: Mapping[str, Parameter],
    element: PatternElement,
    name: str,
    path: str,
    types: frozenset[str] | None,
    place: Place,
) -> Iterator[Finding]:
    found = declared(parameters, element, path)
    if found is None or (types is not None and found.type not in types):
        what = "is declared nowhere" if found is None else f"is of type {found.type}"
        expected = f"a parameter of type {' or '.join(sorted(types))}" if types is not None else None
        yield G_PATH.finding(f"{name}: {{{path}}} {what}", place, expected=expected)
    elif types is not None and not found.required and element.when != path:
        yield G_PATH.finding(f"{name}: {{{path}}} is optional", place, expected=f"when: {path}")


def check_uses(
    pattern: Pattern,
    parameters: Mapping[str, Parameter],
    nested: Mapping[str, tuple[Pattern, Mapping[str, Parameter]]],
    document: Document,
) -> Iterator[Finding]:
    """What nested patterns are given. `nested` holds each pattern that is used, with its parameters."""
    for name, element in pattern.elements.items():
        if element.use is None or element.use.pattern not in nested:
            continue
        place = document.place(("elements", name), name)
        inner, wanted = nested[element.use.pattern]
        for key, value in element.use.with_.items():
            if key not in wanted:
                yield G_NESTED.finding(f"{name}: {inner.id} has no parameter {key!r}", place)
                continue
            path = whole(value)
            given = declared(parameters, element, path) if path else None
            if path and given is not None and not fits(given, wanted[key]):
                message = f"{name}: {value} is no {wanted[key].type} as {inner.id} needs for {key!r}"
                yield G_NESTED.finding(message, place)
            elif path is None and wanted[key].type != "text":
                yield G_NESTED.finding(f"{name}: {key!r} needs one token for a {wanted[key].type}", place)
        for key in element.use.develop:
            goal = inner.elements.get(key)
            if goal is None or goal.goal is None or goal.supported_by or goal.leg or goal.status or goal.for_each:
                yield G_NESTED.finding(f"{name}: {inner.id} has no open goal {key!r} to develop", place)


def fits(given: Parameter, wanted: Parameter) -> bool:
    """Whether values declared as `given` can stand where `wanted` is asked for (sizes are checked with the data)."""
    if given.type != wanted.type or (wanted.required and not given.required):
        return False
    if isinstance(given.items, str) and given.items == wanted.items:
        return True
    if given.type == "leg":  # a status under laxer terms is no status under stricter ones
        pairs = ((given.kinds, wanted.kinds), (given.examined, wanted.examined))
        return all(not asked or (bool(had) and set(had) <= set(asked)) for had, asked in pairs)
    if given.type != "collection":
        return True
    return all(name in given.fields and fits(given.fields[name], item) for name, item in wanted.fields.items())
