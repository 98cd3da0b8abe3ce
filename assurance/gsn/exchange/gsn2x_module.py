"""One gsn2x module on its way into an argument: references resolved, claim points and challenges joined.

A reference to an element of another module becomes an away element, and what it repeats becomes public, since gsn2x
hides nothing; so does the context in whose scope a goal stands that is repeated (GSN 1:4.6.3). Which files there are, and `extends`, is for `gsn2x_reader`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assurance.gsn.elements import AWAY, Element, ElementType
from assurance.gsn.exchange import carried
from assurance.gsn.exchange.gsn2x_file import G203, RawElement, RawModule
from assurance.gsn.exchange.gsn2x_words import KINDS, LISTS
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, Relation, RelationRef, RelationType
from assurance.gsn.scope import in_scope
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

G214 = code(
    "G214",
    Severity.WARNING,
    "an unknown identifier of a gsn2x file holds a comma (gsn2x C11)",
    "if several were meant, write them as a list in square brackets",
)
G215 = code(
    "G215",
    Severity.WARNING,
    "a gsn2x file refers to a strategy of another module",
    "refer to a goal: GSN has no away strategies, so a reference to the whole module stands in its place",
    "GSN 1:4.2",
)
G216 = code(
    "G216",
    Severity.WARNING,
    "an identifier of a gsn2x file may mean elements of several modules",
    "rename one of them; the first is taken",
    "GSN 1:4.2.2",
)
G217 = code(
    "G217",
    Severity.ERROR,
    "a claim point of a gsn2x file marks what is neither its element nor a relation of it (gsn2x V09)",
    "name the element itself or one that it is related to",
    "GSN 1:5.2",
)
G220 = code(
    "G220",
    Severity.NOTE,
    "gsn2x refuses a form of counter-argument that the standard permits (gsn2x V04, V12)",
    "nothing is wrong; for gsn2x, give the element a counter kind",
    "GSN 1:6.2.6",
)
G221 = code(
    "G221",
    Severity.ERROR,
    "a gsn2x file marks a relation as defeated that is not there (gsn2x V13)",
    "name an element that this one is related to",
    "GSN 1:6.2",
)
G223 = code(
    "G223",
    Severity.NOTE,
    "a gsn2x file has counter-arguments (gsn2x V11)",
    "this is for information: doubts are recorded in this argument",
    "GSN 1:6",
)

_AWAY_OF: dict[str, ElementType] = {
    **{original.value: away for away, original in AWAY.items()},
    **{away.value: away for away in AWAY},
}
"""The away kind that stands for an element of a kind; strategies and references have none."""
_PUBLISHABLE = frozenset(original.value for original in AWAY.values())


def context_of_public(argument: Argument, repeated: Iterable[str]) -> list[str]:
    """The contexts, assumptions and justifications in whose scope goals stand that other modules repeat.

    What reading makes public with them, so that writing need not say it.
    """
    goals = [identifier for identifier in repeated if identifier in argument]
    goals = [identifier for identifier in goals if argument[identifier].type is ElementType.GOAL]
    return [context.id for _, context in in_scope(argument, goals)]


class Names:
    """What an identifier means in each module, and which elements other modules refer to."""

    def __init__(self, modules: Iterable[RawModule]) -> None:
        self.public: set[int] = set()
        """Elements, by object identity, that another module refers to."""
        self.everywhere: dict[str, list[tuple[RawModule, RawElement]]] = {}
        self._local: dict[int, dict[str, RawElement]] = {}
        for module in modules:
            self._local[id(module)] = {element.key: element for element in module.elements}
            for element in module.elements:
                self.everywhere.setdefault(element.key, []).append((module, element))

    def local(self, module: RawModule, key: str) -> RawElement | None:
        """The element of a module with a key."""
        return self._local[id(module)].get(key)

    def elsewhere(self, module: RawModule, key: str) -> list[tuple[RawModule, RawElement]]:
        """The elements of other modules with a key."""
        return [found for found in self.everywhere.get(key, ()) if found[0] is not module]


class Part:
    """One module on its way into an argument."""

    def __init__(self, names: Names, module: RawModule) -> None:
        self.names = names
        self.module = module
        self.findings: list[Finding] = []
        self._relations: list[Relation] = []
        self._by_ends: dict[tuple[str, str], list[int]] = {}
        """Places in the list of relations by source and target."""
        self._away: list[Element] = []
        self._stands_for: dict[int, str] = {}
        """Identifier of the away element for an element of another module, by object identity of that one."""
        self._taken = {element.id for element in module.elements}
        self._marks: dict[str, tuple[dict[RelationRef, None], dict[str, None]]] = {}
        """By claim point: the relations and elements that elements mark with it."""
        self._marked_at: dict[str, Place] = {}
        fields = module.kept.get("fields")
        self._fields: dict[str, Any] = fields if isinstance(fields, dict) else {}

    # -- relations ----------------------------------------------------------------------------------------

    def relate(self) -> None:
        """Resolve what the elements refer to."""
        self._argument = self._empty()
        for element in self.module.elements:
            self._of_element(element)
        challenging = [element for element in self.module.elements if element.challenge is not None]
        for element in sorted(challenging, key=lambda item: "->" in (item.challenge or ("",))[0]):
            assert element.challenge is not None
            self._challenge(element, *element.challenge)  # challenges to relations last: to challenges, too
        for element in self.module.elements:
            self._defeated(element)
            self._mark(element)
            for fields in element.carried_relations("relations"):
                self._carried(fields, element.place)
        more = self.module.kept.get("relations")
        for fields in more if isinstance(more, list) else []:
            self._carried(fields, self.module.place)
        counters = [element.key for element in self.module.elements if element.counter]
        if counters:
            message = f"module {self.module.name!r} has counter-arguments: {', '.join(counters)}"
            self.findings.append(G223.finding(message, self.module.place))

    def _of_element(self, element: RawElement) -> None:
        decorations = carried.Decorations(element.carried_relations("decorations"))
        for name in LISTS.values():
            targets = [(self._target(element, key, place), place) for key, place in element.lists.get(name, ())]
            if name == RelationType.SUPPORTED_BY:
                targets += [(self._away_for(*other), other[2]) for other in element.developed_by]
            for target, place in targets:
                said = {"type": name, "source": element.id, "target": target}
                self._carried(decorations.applied(said), place)
        if element.counter and (element.lists.get("in_context_of") or self._plain_support(element)):
            message = f"gsn2x refuses the context or support of the counter element {element.key}"
            self.findings.append(G220.finding(message, element.place))

    def _plain_support(self, element: RawElement) -> bool:
        found = (self.names.local(self.module, key) for key, _ in element.lists.get("supported_by", ()))
        return element.kind == "CounterGoal" and any(other is not None and not other.counter for other in found)

    def _target(self, element: RawElement, key: str, place: Place) -> str:
        """The identifier in this module for a reference; an away element is made where another module is meant."""
        local = self.names.local(self.module, key)
        if local is not None:
            return local.id
        others = self.names.elsewhere(self.module, key)
        if len(others) > 1:
            names = ", ".join(module.name for module, _ in others)
            self.findings.append(G216.finding(f"{element.key}: {key} stands in the modules {names}", place))
        if others:
            return self._away_for(*others[0], place)
        if "," in key:
            message = f"{element.key} refers to {key!r}, which is no element and may be a list"
            self.findings.append(G214.finding(message, place, expected=f"[{key}]"))
        return key

    def _away_for(self, module: RawModule, other: RawElement, place: Place) -> str:
        """The identifier of the element that stands here for one of another module."""
        self.names.public.add(id(other))
        if id(other) in self._stands_for:
            return self._stands_for[id(other)]
        identifier = other.id
        while identifier in self._taken:
            identifier = f"{module.name}.{identifier}"
        self._taken.add(identifier)
        self._stands_for[id(other)] = identifier
        kind = _kind(other)
        fields: dict[str, Any] = {"id": identifier, "module": module.name, "type": ElementType.MODULE.value}
        if other.said.get("text"):
            fields["text"] = other.said["text"]
        if kind in _AWAY_OF:
            fields["type"] = _AWAY_OF[kind].value
            if identifier != other.id:
                fields["of"] = other.id
        else:
            message = f"{other.key} is a {kind} of module {module.name!r}; the module is referred to instead"
            self.findings.append(G215.finding(message, place))
        try:
            self._away.append(carried.make_element(fields, place))
        except ValueError as error:
            self.findings.append(G203.finding(f"{identifier}: {error}", place))
        return identifier

    def _challenge(self, element: RawElement, written: str, place: Place) -> None:
        if not element.counter:
            message = f"{element.key} challenges something and has no counter kind"
            self.findings.append(G220.finding(message, place))
        said: dict[str, Any] = {"type": "challenges", "source": element.id}
        left, arrow, right = (part.strip() for part in written.partition("->"))
        if not arrow:
            self._carried({**said, "target": self._target(element, written.strip(), place)}, place)
            return
        ends = self._target(element, left, place), self._target(element, right, place)
        found = self._first(*ends) or self._first(*ends[::-1])
        if found is None:  # kept as it stands: the rules report a challenge to a relation that is not there
            said["challenged"] = {"source": ends[0], "target": ends[1]}
        else:
            said["challenged"] = {"source": found.source, "target": found.target, "type": found.type.value}
        self._carried(said, place)

    def _defeated(self, element: RawElement) -> None:
        for key, place in dict(element.defeated_relations).items():
            target = self._known(key)
            numbers = self._by_ends.get((element.id, target), [])
            for number in numbers:
                self._relations[number] = self._relations[number].model_copy(update={"defeated": True})
            if not numbers:
                message = f"the relation from {element.key} to {key} is marked as defeated, but there is none"
                self.findings.append(G221.finding(message, place))

    def _mark(self, element: RawElement) -> None:
        """Claim points: one for each name, whatever it marks."""
        for name, references in element.claim_points.items():
            relations, elements = self._marks.setdefault(name, ({}, {}))
            self._marked_at.setdefault(name, element.place)
            for key, place in dict(references).items():
                if key == element.key:
                    elements[element.id] = None
                    continue
                target = self._known(key)
                marked = self._first(element.id, target)
                if marked is None or marked.type is RelationType.CHALLENGES:
                    message = f"claim point {name} of {element.key} marks {key}, to which it has no relation"
                    self.findings.append(G217.finding(message, place))
                else:
                    relations[RelationRef(source=element.id, target=target, type=marked.type)] = None

    def _claim_points(self) -> tuple[ClaimPoint, ...]:
        """Carried claim points, with what the elements mark beside; then those that only elements name."""
        points = {point.id: point for point in self._argument.claim_points}
        for name, (relations, elements) in self._marks.items():
            point = points.get(name) or ClaimPoint(id=name, place=self._marked_at[name])
            known = {*point.relations, *point.elements}
            marked = (*point.relations, *(ref for ref in relations if ref not in known))
            beside = (*point.elements, *(identifier for identifier in elements if identifier not in known))
            if marked or beside:
                points[name] = point.model_copy(update={"relations": marked, "elements": beside})
        return tuple(points.values())

    def _known(self, key: str) -> str:
        """The identifier in this module for a reference that may name something by now; no away element is made."""
        local = self.names.local(self.module, key)
        if local is not None:
            return local.id
        others = (self._stands_for.get(id(other)) for _, other in self.names.elsewhere(self.module, key))
        return next((identifier for identifier in others if identifier is not None), key)

    def _first(self, source: str, target: str) -> Relation | None:
        """The first relation between two ends."""
        numbers = self._by_ends.get((source, target))
        return self._relations[numbers[0]] if numbers else None

    def _carried(self, fields: Any, place: Place) -> None:
        try:
            made = carried.make_relation(fields, place)
            self._by_ends.setdefault((made.source, made.target), []).append(len(self._relations))
            self._relations.append(made)
        except ValueError as error:
            self.findings.append(G203.finding(f"relation: {error}", place))

    # -- the argument -------------------------------------------------------------------------------------

    def finish(self) -> Argument:
        """The argument, once every module has said what it refers to."""
        argument = self._argument
        for element in self.module.elements:
            said: dict[str, Any] = {"type": KINDS[element.kind].value, "id": element.id, **element.said}
            if id(element) in self.names.public and _kind(element) in _PUBLISHABLE:
                said["public"] = True
            for fields in (carried.merged(said, element.fields), said):
                try:
                    argument.add(carried.make_element(fields, element.place))
                    break
                except ValueError as error:
                    self.findings.append(G203.finding(f"{element.key}: {error}", element.place))
        argument.add(*self._away)
        argument.relate(*self._relations)
        self._publish_contexts(argument)
        argument.claim_points = self._claim_points()
        argument.extra = (*self.module.extra, *argument.extra)
        return argument

    def _publish_contexts(self, argument: Argument) -> None:
        """Make public what goes with goals that other modules repeat, unless the file says that it is not."""
        own = {element.id: element for element in reversed(self.module.elements)}
        for identifier in context_of_public(
            argument, (item.id for item in own.values() if id(item) in self.names.public)
        ):
            raw = own.get(identifier)
            if raw is not None and "public" not in raw.fields:
                argument.replace(argument[identifier].model_copy(update={"public": True}))

    def _empty(self) -> Argument:
        try:
            return carried.make_argument(self.module.name, self.module.title, self._fields, self.module.place)
        except InputError as error:
            self.findings += error.findings
            return carried.make_argument(self.module.name, self.module.title, {}, self.module.place)


def _kind(element: RawElement) -> str:
    """The kind in the model."""
    return str(element.fields.get("type", KINDS[element.kind].value))
