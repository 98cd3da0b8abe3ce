"""What hangs on what in a drawing, and the signs on each line.

Support hangs below an element; contexts and challengers stand beside it, though a challenge's arrow runs the other
way; what challenges a relation hangs on that relation's line. Multiplicity, optionality, choices, assurance claim
points and defeat become signs with labels. A challenge that cannot be drawn as an arrow (the relation is missing, is
itself a challenge of a relation, or is too crowded) is kept as a note at the challenger, so that nothing is lost.
Sizes nothing, places nothing, and judges nothing: any argument has a hierarchy, also one with circles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from assurance.gsn.elements import CONTEXTUAL, Element
from assurance.gsn.model import Argument
from assurance.gsn.relations import Choice, ClaimPoint, Relation, RelationRef, RelationType

UNCROWDED: Final = 1
"""How many challenges of one relation are drawn as arrows on a page; a picture draws them all."""
_LONGEST: Final = 2000
"""Characters of a label or note, roughly: thousands of claim points at one place must not cost thousands of times."""


class Sign(StrEnum):
    """What can stand on a line (GSN tables 1:3-1, 1:5-1 and 1:6-2)."""

    MANY = "many"
    OPTIONAL = "optional"
    CHOICE = "choice"
    CLAIM_POINT = "claim_point"
    DEFEATED = "defeated"


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on a line, with the words beside it."""

    sign: Sign
    label: str = ""


@dataclass(slots=True, eq=False)
class Link:
    """An element as it hangs on another one."""

    element: Element
    type: RelationType = RelationType.SUPPORTED_BY
    marks: tuple[Mark, ...] = ()
    choice: str | None = None
    challengers: list[Link] = field(default_factory=list)
    """What challenges this relation."""


@dataclass(frozen=True, slots=True)
class Diamond:
    """A choice as it is drawn: how many of how many, and the signs on the line that leads to it."""

    label: str
    marks: tuple[Mark, ...]


def element_keys(element: Element) -> list[str]:
    """The keys of the legend for an element: its kind and its decorators."""
    found = [element.type.value]
    found.extend(name for name in _DECORATORS if getattr(element, name, False))
    return found


_DECORATORS: Final = ("undeveloped", "uninstantiated", "defeated", "public", "by_contract")


class Hierarchy:
    """The links of an argument, by the identifier of the element on which they hang."""

    def __init__(self, argument: Argument, crowd: int = UNCROWDED) -> None:
        self.argument = argument
        self.children: dict[str, list[Link]] = {element.id: [] for element in argument}
        self.contexts: dict[str, list[Link]] = {element.id: [] for element in argument}
        self.challengers: dict[str, list[Link]] = {element.id: [] for element in argument}
        self.diamonds: dict[str, Diamond] = {}
        self.trunks: dict[str, tuple[Mark, ...]] = {}
        """Signs that stand for all support of an element."""
        self.points: dict[str, tuple[Mark, ...]] = {}
        """Claim points at an element itself."""
        self.notes: dict[str, str] = {}
        """Challenges that no arrow shows, by challenger."""
        self._links: dict[int, Link] = {}
        self._held: set[str] = set()
        """Elements that hang on another one."""
        self._read(crowd)

    # -- asking -------------------------------------------------------------------------------------------

    def below(self, identifier: str) -> list[Link]:
        """Everything that hangs on an element and on its relations."""
        own = [*self.contexts[identifier], *self.challengers[identifier], *self.children[identifier]]
        if not self._challenged:
            return own
        return own + [challenger for link in own for challenger in link.challengers]

    def has_more(self, identifier: str) -> bool:
        """Whether anything hangs on an element."""
        return bool(self.children[identifier] or self.contexts[identifier] or self.challengers[identifier])

    def reachable(self, identifiers: Iterable[str]) -> set[str]:
        """The given elements and all that hangs on them, directly or not."""
        seen = set(identifiers)
        waiting = list(seen)
        while waiting:
            for link in self.below(waiting.pop()):
                if link.element.id not in seen:
                    seen.add(link.element.id)
                    waiting.append(link.element.id)
        return seen

    def tops(self) -> list[Element]:
        """What hangs on nothing, and a first element of whatever cannot be reached from there."""
        tops = [element for element in self.argument if element.id not in self._held and element.type not in CONTEXTUAL]
        reached = self.reachable(top.id for top in tops)
        loose = [element for element in self.argument if element.id not in reached]
        for element in sorted(loose, key=lambda item: item.type in CONTEXTUAL):
            if element.id not in reached:
                tops.append(element)
                reached |= self.reachable([element.id])
        return tops

    def upward(self) -> list[Element]:
        """All elements, what hangs on an element before the element itself (except along circles)."""
        done: set[str] = set()
        order: list[Element] = []
        for top in self.argument:
            if top.id in done:
                continue
            done.add(top.id)
            trail = [(top, iter(self.below(top.id)))]
            while trail:
                element, rest = trail[-1]
                for link in rest:
                    if link.element.id not in done:
                        done.add(link.element.id)
                        trail.append((link.element, iter(self.below(link.element.id))))
                        break
                else:
                    order.append(element)
                    trail.pop()
        return order

    def keys(self) -> frozenset[str]:
        """Everything of the notation that a drawing of the argument may use, as keys of the legend."""
        found = {link.type.value for links in (self.challengers,) for held in links.values() for link in held}
        if self._challenged or self.notes:
            found.add(RelationType.CHALLENGES.value)
        for held in (*self.children.values(), *self.contexts.values(), *self.challengers.values()):
            for link in held:
                for item in (link, *link.challengers):
                    found.update(mark.sign.value for mark in item.marks)
        if self.diamonds:
            found.update((Sign.CHOICE.value, Sign.MANY.value))
        if self.points or self.trunks:
            found.add(Sign.CLAIM_POINT.value)
        for element in self.argument:
            found.update(element_keys(element))
        return frozenset(found)

    # -- reading ------------------------------------------------------------------------------------------

    def _read(self, crowd: int) -> None:
        argument = self.argument
        on_relations: list[Relation] = []
        known: dict[tuple[RelationType, str, str], Link] = {}
        for relation in argument.relations:
            source, target = relation.source, relation.target
            if relation.challenged is not None:
                on_relations.append(relation)
                continue
            if source not in argument or target not in argument:
                continue
            challenge = relation.type is RelationType.CHALLENGES
            key = (relation.type, source, target)
            link = known.get(key)
            if link is None:
                link = known[key] = Link(
                    argument[source if challenge else target], relation.type, choice=relation.choice
                )
                if challenge:
                    self.challengers[target].append(link)
                elif relation.type is RelationType.SUPPORTED_BY:
                    self.children[source].append(link)
                else:
                    self.contexts[source].append(link)
                if source != target:
                    self._held.add(link.element.id)
            marks = _marks(relation)
            if marks:
                link.marks = tuple(dict.fromkeys((*link.marks, *marks)))
            self._links[id(relation)] = link
        for choice in argument.choices:
            self._choose(choice)
        for link in known.values():
            if link.choice is not None and link.choice not in self.diamonds:
                self.diamonds[link.choice] = Diamond("", ())
            if link.choice is not None and link.type is not RelationType.SUPPORTED_BY:
                diamond = self.diamonds[link.choice]
                link.marks = (Mark(Sign.CHOICE, diamond.label), *diamond.marks, *link.marks)
        self._challenged = False
        for relation in on_relations:
            if relation.source in argument and relation.challenged is not None:
                self._challenge(relation, relation.challenged, crowd)
        for point in argument.claim_points:
            self._point(point)

    def _choose(self, choice: Choice) -> None:
        branches = [
            link
            for links in (self.children, self.contexts)
            for link in links.get(choice.source, ())
            if link.choice == choice.id
        ]
        if not branches:  # declared for another element than it is used at
            every = (*self.children.values(), *self.contexts.values())
            branches = [link for held in every for link in held if link.choice == choice.id]
        low, high = choice.at_least, choice.at_most
        many = (Mark(Sign.MANY, choice.multiplicity),) if choice.multiplicity is not None else ()
        label = ""
        if low is not None and low == high:
            label = f"{low} of {len(branches)}"
        elif low is not None and high is not None:
            label = f"{low} to {high} of {len(branches)}"
        elif low is not None:
            label = f"at least {low} of {len(branches)}"
        elif high is not None:
            label = f"at most {high} of {len(branches)}"
        self.diamonds[choice.id] = Diamond(label, many)

    def _challenge(self, relation: Relation, reference: RelationRef, crowd: int) -> None:
        for challenged in self.argument.find(reference):
            link = self._links.get(id(challenged))
            if link is not None and len(link.challengers) < crowd:
                link.challengers.append(Link(self.argument[relation.source], RelationType.CHALLENGES, _marks(relation)))
                if relation.source != link.element.id:
                    self._held.add(relation.source)
                self._challenged = True
                return
        found = self.argument.find(reference)
        words = "challenges " + (_words(found[0]) if found else str(reference))
        if relation.defeated:
            words += " (defeated)"
        before = self.notes.get(relation.source)
        self.notes[relation.source] = words if before is None else _longer(before, "; ", words)

    def _point(self, point: ClaimPoint) -> None:
        label = f"{point.id}[{point.module}]" if point.module else point.id
        for identifier in point.elements:
            if identifier in self.argument:
                self.points[identifier] = _pointed(self.points.get(identifier, ()), label)
        marked: dict[str, list[Link]] = {}
        for reference in point.relations:
            for relation in self.argument.find(reference):
                link = self._links.get(id(relation))
                if link is None:
                    continue
                if relation.type is RelationType.SUPPORTED_BY:
                    marked.setdefault(relation.source, []).append(link)
                else:
                    link.marks = _pointed(link.marks, label)
        for source, links in marked.items():
            links = list({id(link): link for link in links}.values())
            if len(links) > 1 and len(links) == len(self.children[source]):
                self.trunks[source] = _pointed(self.trunks.get(source, ()), label)
            else:
                for link in links:
                    link.marks = _pointed(link.marks, label)


def _marks(relation: Relation) -> tuple[Mark, ...]:
    if relation.multiplicity is None and not relation.optional and not relation.defeated:
        return ()
    found = []
    if relation.defeated:
        found.append(Mark(Sign.DEFEATED))
    if relation.optional:
        found.append(Mark(Sign.OPTIONAL))
    if relation.multiplicity is not None:
        found.append(Mark(Sign.MANY, relation.multiplicity))
    return tuple(found)


def _pointed(marks: tuple[Mark, ...], label: str) -> tuple[Mark, ...]:
    """Signs with one more claim point; several share one square."""
    if marks and marks[-1].sign is Sign.CLAIM_POINT:
        return (*marks[:-1], Mark(Sign.CLAIM_POINT, _longer(marks[-1].label, ", ", label)))
    return (*marks, Mark(Sign.CLAIM_POINT, label))


def _longer(words: str, between: str, more: str) -> str:
    """Words with some more behind, up to a length that no drawing shows whole anyway."""
    if len(words) < _LONGEST:
        return f"{words}{between}{more}"
    return words if words.endswith(" …") else f"{words} …"


def _words(relation: Relation) -> str:
    if relation.challenged is not None:
        return relation.id or f"the challenge by {relation.source}"
    return f"{relation.source} → {relation.target}"
