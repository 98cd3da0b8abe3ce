"""Argument modules as gsn2x files, one for each module; the first file uses the others.

What gsn2x has no words for (kinds beyond its eight, decorations of relations, evidence, provenance, interfaces, ...)
stands as JSON under the key `assurance`, a layer that gsn2x leaves alone, and comes back on import: reading the
files again gives equal arguments. gsn2x has one name space for all files, so a doubled identifier gets another key.
Whether gsn2x would accept the argument is not checked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AWAY, Element, ElementType
from assurance.gsn.exchange import carried, yaml_text
from assurance.gsn.exchange.gsn2x_file import looks_right, plain
from assurance.gsn.exchange.gsn2x_module import context_of_public
from assurance.gsn.exchange.gsn2x_words import ELEMENT_KEYS, KINDS, LISTS, LOOKS, kind_of
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation, RelationRef, RelationType

_KEY_OF: Final = {RelationType(value): key for key, value in LISTS.items()}
_PLAIN: Final = frozenset({"type", "source", "target"})
_COUNTER_KIND: Final = {ElementType.GOAL: "CounterGoal", ElementType.SOLUTION: "CounterSolution"}


def write_gsn2x(arguments: Arguments) -> dict[str, str]:
    """File names and contents, the file to open first."""
    modules = [*arguments, *arguments.duplicates]
    names = _file_names(modules)
    writer = _Writer(arguments, modules)
    files = {}
    for number, (argument, name) in enumerate(zip(modules, names, strict=True)):
        uses = names[1:] if number == 0 else []
        files[name] = yaml_text.block(writer.module(argument, uses))
    return files


def _file_names(modules: list[Argument]) -> list[str]:
    names: list[str] = []
    for argument in modules:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", argument.module)[:80].strip("_") or "module"
        taken = {name.lower() for name in names}
        number, tried = 1, f"{stem}.gsn.yaml"
        while tried.lower() in taken:
            number += 1
            tried = f"{stem}_{number}.gsn.yaml"
        names.append(tried)
    return names


class _Writer:
    """Keys and references over all modules, decided before the first is written."""

    def __init__(self, arguments: Arguments, modules: list[Argument]) -> None:
        self.arguments = arguments
        self.keys: dict[tuple[int, int], str] = {}
        """Key in the files, by object identity of argument and element."""
        self.by_id: dict[tuple[int, str], str] = {}
        """Key by argument (object identity) and identifier: of the first element with it, or a bare reference."""
        bare = {id(argument): self._bare_references(argument) for argument in modules}
        taken = {"module"}
        wanted = [
            (argument, element)
            for argument in modules
            for element in (*argument, *argument.duplicates)
            if element.id not in bare[id(argument)]
        ]
        numbers: dict[str, int] = {}
        # identifiers that can stay stay; only then are others found for the rest
        for argument, element in wanted:
            if element.id not in taken:
                taken.add(element.id)
                self.keys[id(argument), id(element)] = element.id
        for argument, element in wanted:
            if (id(argument), id(element)) not in self.keys:
                stem = f"{element.id}.{argument.module}"
                number, tried = numbers.get(stem, 1), stem
                while tried in taken:
                    number += 1
                    tried = f"{stem}.{number}"
                numbers[stem] = number
                taken.add(tried)
                self.keys[id(argument), id(element)] = tried
            self.by_id.setdefault((id(argument), element.id), self.keys[id(argument), id(element)])
        self.taken = taken
        self.public: set[tuple[int, str]] = set()
        """Elements that a bare reference of another module makes public on reading."""
        for argument in modules:
            for identifier in bare[id(argument)]:
                other = arguments[_module(argument[identifier])]
                self.by_id[id(argument), identifier] = self.by_id[id(other), identifier]
                self.public.add((id(other), identifier))
        repeated: dict[int, list[str]] = {}
        for other_id, identifier in sorted(self.public, key=lambda item: item[1]):
            repeated.setdefault(other_id, []).append(identifier)
        for argument in modules:
            for identifier in context_of_public(argument, repeated.get(id(argument), ())):
                self.public.add((id(argument), identifier))

    def _bare_references(self, argument: Argument) -> frozenset[str]:
        """Away elements that a plain reference to the element of the other module stands for.

        All or none: on reading they come after the module's own elements, in the order in which they are named.
        """
        if argument.duplicates or argument in self.arguments.duplicates:
            return frozenset()
        found = [element.id for element in argument if self._says_nothing_more(argument, element)]
        named = dict.fromkeys(
            relation.target for relation in _in_reading_order(argument) if relation.target in frozenset(found)
        )
        tail = [element.id for element in argument][len(argument) - len(named) :]
        return frozenset(named) if list(named) == tail == found else frozenset()

    def _says_nothing_more(self, argument: Argument, element: Element) -> bool:
        if element.type not in AWAY and element.type is not ElementType.MODULE:
            return False
        module = _module(element)
        if module == argument.module or module not in self.arguments or element.id not in self.arguments[module]:
            return False
        original = self.arguments[module][element.id]
        expected = original.type if original.type in AWAY else _AWAY_FOR.get(original.type, ElementType.MODULE)
        said = {"type": expected.value, "id": element.id, "module": module, "text": original.text}
        own = {"text": "", **carried.element_fields(element)}
        alone = not argument.relations_from(element.id) and argument.relations_to(element.id) != ()
        return (
            own == said and alone and original.type not in AWAY and not _is_bare_there(self.arguments[module], element)
        )

    # -- one module ---------------------------------------------------------------------------------------

    def module(self, argument: Argument, uses: list[str]) -> dict[str, Any]:
        """The content of one file."""
        held = carried.argument_fields(argument)
        information: dict[str, Any] = {"name": argument.module}
        if argument.title:
            information["brief"] = argument.title
        if uses:
            information["uses"] = uses
        unknown: dict[str, Any] = {}
        native = self._extras(argument)
        if native is not None:
            held.pop("extra", None)
            own, unknown = native
            information.update(own)
        bodies = self._bodies(argument)
        points = self._claim_points(argument, bodies)
        if points == held.get("claim_points", []):
            held.pop("claim_points", None)
        kept: dict[str, Any] = {}
        if not argument.module:
            information["name"] = "module"
            held["module"] = ""
        if held:
            kept["fields"] = held
        loose = [
            carried.relation_fields(relation)
            for relation in argument.relations
            if relation.source not in argument or self.by_id[id(argument), relation.source] not in bodies
        ]
        if loose:
            kept["relations"] = loose
        if kept:
            information[carried.KEY] = carried.written(kept)
        return {"module": information, **bodies, **unknown}

    def _extras(self, argument: Argument) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Extras of a module in gsn2x's own words: keys of `module`, and elements of unknown kind; None if some
        cannot be said so, or not in this order."""
        own: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for key, text in argument.extra:
            name = key.removeprefix("element ")
            if key in own or name in unknown or "extends" in own or (unknown and key != "extends" and key == name):
                return None
            value = _parsed(text)
            if key != name:
                kind = value.get("nodeType", kind_of(name)) if isinstance(value, dict) else None
                if not isinstance(value, dict) or kind in KINDS or name in self.taken or plain(value) != text:
                    return None
                unknown[name] = value
            elif key in ("name", "brief", "uses", carried.KEY):
                return None
            elif key == "extends":
                if not _extends_fits(value) or plain(value) != text:
                    return None
                own[key] = value
            else:
                own[key] = value if not isinstance(value, str) and value is not None and plain(value) == text else text
        if unknown and "extends" in own:
            return None
        return own, unknown

    # -- elements -----------------------------------------------------------------------------------------

    def _bodies(self, argument: Argument) -> dict[str, dict[str, Any]]:
        counters = _counter_elements(argument)
        bodies = {}
        for element in (*argument, *argument.duplicates):
            key = self.keys.get((id(argument), id(element)))
            if key is None:
                continue  # a bare reference says it all
            base = AWAY.get(element.type, element.type)
            kind = base.value if base.value in KINDS else ElementType.GOAL.value
            first = argument[element.id] is element
            if first and element.id in counters and element.type in _COUNTER_KIND:
                kind = _COUNTER_KIND[element.type]
            bodies[key] = self._body(argument, element, key, kind, first)
        return bodies

    def _body(self, argument: Argument, element: Element, key: str, kind: str, first: bool) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if kind_of(key) != kind:
            body["nodeType"] = kind
        said: dict[str, Any] = {"type": KINDS[kind].value, "id": key}
        if first and (id(argument), element.id) in self.public and element.type in _AWAY_FOR:
            said["public"] = True
        for name in ("text", "undeveloped", "defeated"):
            if value := getattr(element, name):
                body[name] = said[name] = value
        kept: dict[str, Any] = {}
        if first:
            kept = self._relations(argument, element, body)
        extra = self._extra_of(element)
        if extra is not None:
            body.update(extra)
            if element.extra:
                said["extra"] = [list(item) for item in element.extra]
        if fields := carried.difference(carried.element_fields(element), said):
            kept["fields"] = fields
        if kept:
            body[carried.KEY] = carried.written(kept)
        return body

    def _extra_of(self, element: Element) -> dict[str, Any] | None:
        """Extras as gsn2x has them, presentation keys and layers; None when one cannot be said so."""
        found: dict[str, Any] = {}
        for key, text in element.extra:
            if key in found or key == carried.KEY or (key in ELEMENT_KEYS and key not in LOOKS):
                return None
            if key in LOOKS:
                value = text if key == "url" else _parsed(text)
                if not looks_right(key, value) or plain(value) != text:
                    return None
                found[key] = value
            else:
                found[key] = text
        return found

    def _relations(self, argument: Argument, element: Element, body: dict[str, Any]) -> dict[str, Any]:
        """Write the relations of an element into its body; what gsn2x cannot say comes back as carried JSON."""
        lists: dict[str, list[str]] = {}
        decorations: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        closed: set[RelationType] = set()
        relations = argument.relations_from(element.id)
        defeated: dict[str, bool] = {}
        for relation in relations:
            if relation.target:
                defeated[relation.target] = defeated.get(relation.target, True) and relation.defeated
        for relation in relations:
            fields = carried.relation_fields(relation)
            key = self._reference(argument, relation)
            if relation.type in closed or key is None:
                # what follows is carried, too: the order within a kind of relation is kept
                closed.add(relation.type)
                left.append(fields)
                if relation.target:
                    defeated[relation.target] = False
                continue
            more = {name: value for name, value in fields.items() if name not in _PLAIN}
            if relation.type is RelationType.CHALLENGES:
                closed.add(relation.type)
                simple = not set(more) - ({"challenged"} if relation.challenged else {"defeated"})
                if simple and (not relation.defeated or defeated.get(relation.target)):
                    body["challenges"] = key
                else:
                    left.append(fields)
                    if relation.target:
                        defeated[relation.target] = False
                continue
            lists.setdefault(_KEY_OF[relation.type], []).append(key)
            decorations.append({"type": relation.type.value, "target": relation.target, **more})
        kept: dict[str, Any] = {}
        marked = [relation.target for relation in relations if defeated.get(relation.target)]
        for item in decorations:
            if item["target"] in marked:
                item.pop("defeated", None)
        wanted = {(item["type"], item["target"]) for item in decorations if set(item) - _PLAIN}
        decorations = [item for item in decorations if (item["type"], item["target"]) in wanted]
        body.update({name: lists[name] for name in reversed(LISTS) if name in lists})
        if marked:
            body["defeatedRelation"] = [self.by_id.get((id(argument), name), name) for name in dict.fromkeys(marked)]
        if decorations:
            kept["decorations"] = decorations
        if left:
            kept["relations"] = left
        return kept

    def _reference(self, argument: Argument, relation: Relation) -> str | None:
        """How gsn2x names the target of a relation; None when it cannot."""
        if relation.challenged is not None:
            return None if relation.target else self._relation_key(argument, relation.challenged)
        key = self.by_id.get((id(argument), relation.target))
        if key is None:  # dangling: must not come to mean an element of another module
            key = relation.target if relation.target and relation.target not in self.taken else None
        if key is not None and relation.type is RelationType.CHALLENGES and not _bare_word(key):
            return None
        return key

    def _relation_key(self, argument: Argument, ref: RelationRef) -> str | None:
        keys = [self.by_id.get((id(argument), end)) for end in (ref.source, ref.target)]
        if ref.id is not None or ref.type is None or None in keys or not all(_bare_word(key or "") for key in keys):
            return None
        ends = {(ref.source, ref.target), (ref.target, ref.source)}
        between = [item for item in argument.relations if (item.source, item.target) in ends]
        written = len(between) == 1 and self._is_written(argument, between[0])
        if not written or between[0].type is not ref.type or between[0].source != ref.source:
            return None
        return f"{keys[0]} -> {keys[1]}"

    def _is_written(self, argument: Argument, relation: Relation) -> bool:
        """Whether a relation stands in the lists of its source, or is the challenge that gsn2x has room for."""
        before = [item for item in argument.relations_from(relation.source) if item.type is relation.type]
        if relation.type is RelationType.CHALLENGES:
            plain_words = set(carried.relation_fields(relation)) <= {*_PLAIN, "defeated"}
            if before[0] is not relation or not plain_words or relation.source == relation.target:
                return False
        return (id(argument), relation.source) in self.by_id and all(
            self._reference(argument, item) is not None for item in before[: before.index(relation) + 1]
        )

    def _claim_points(self, argument: Argument, bodies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Write claim points into the bodies of what they mark; returns them as reading will give them."""
        marks: dict[str, dict[str, list[str]]] = {}
        read: dict[str, dict[str, Any]] = {}
        for point in argument.claim_points:
            for ref in point.relations:
                source, target = (self.by_id.get((id(argument), end)) for end in (ref.source, ref.target))
                between = [item for item in argument.relations_from(ref.source) if item.target == ref.target]
                sound = len(between) == 1 and between[0].type is ref.type is not RelationType.CHALLENGES
                sound = sound and ref.source != ref.target  # its own key marks the element
                if sound and source in bodies and target is not None and self._is_written(argument, between[0]):
                    marks.setdefault(source, {}).setdefault(point.id, []).append(target)
            for name in point.elements:
                key = self.by_id.get((id(argument), name))
                if key is not None and key in bodies:
                    marks.setdefault(key, {}).setdefault(point.id, []).append(key)
        real = {key: identifier for (owner, identifier), key in self.by_id.items() if owner == id(argument)}
        for key, body in bodies.items():
            for name, targets in marks.get(key, {}).items():
                body.setdefault("acp", {})[name] = targets
                point_read = read.setdefault(name, {"id": name})
                for target in targets:
                    if target == key:
                        _append(point_read, "elements", real[key])
                    else:
                        kind = next(r.type for r in argument.relations_from(real[key]) if r.target == real[target])
                        ends = {"source": real[key], "target": real[target], "type": kind.value}
                        _append(point_read, "relations", ends)
        return list(read.values())


_AWAY_FOR: Final = {original: away for away, original in AWAY.items()}


def _append(point: dict[str, Any], name: str, item: Any) -> None:
    held = point.setdefault(name, [])
    if item not in held:
        held.append(item)


def _module(element: Element) -> str:
    return str(getattr(element, "module", ""))


def _is_bare_there(argument: Argument, element: Element) -> bool:
    """Whether the original may itself be no more than a reference (to a module or contract)."""
    return argument[element.id].type in (ElementType.MODULE, ElementType.CONTRACT)


def _in_reading_order(argument: Argument) -> Iterator[Relation]:
    """Relations that surely stand in the lists of an element, in the order in which the reader meets them."""
    for element in argument:
        for kind in LISTS.values():
            relations = [item for item in argument.relations_from(element.id) if item.type == kind]
            if all(item.target in argument and item.challenged is None for item in relations):
                yield from relations


def _counter_elements(argument: Argument) -> set[str]:
    """Challengers and what supports only them."""
    tops = {relation.source for relation in argument.relations if relation.type is RelationType.CHALLENGES}
    graph = argument.graph()
    reached = argument.reachable(tops)
    others = argument.reachable(name for name in graph if name not in reached and name not in tops)
    return {name for name in reached if name in tops or name not in others}


def _bare_word(key: str) -> bool:
    return bool(key) and key == key.strip() and "->" not in key


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _extends_fits(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and set(item) == {"module", "develops"}
        and isinstance(item["module"], str)
        and isinstance(item["develops"], dict)
        and all(
            isinstance(names, list) and all(isinstance(n, str) for n in names) for names in item["develops"].values()
        )
        for item in value
    )
