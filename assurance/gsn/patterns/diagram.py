"""A pattern as an argument in the notation of patterns (GSN 1:3.2), to be shown or exported, never delivered.

Every element that holds tokens is uninstantiated; relations carry multiplicity, option and choice; the topics stand
in the pattern card. A nested pattern is shown as its top goal, uninstantiated and undeveloped, with the identifier
of its place; a leg as one solution with multiplicity 0..*.
"""

from __future__ import annotations

from typing import Any, cast

from assurance.gsn.elements import KINDS, Element, Goal, Justification, Solution, Strategy
from assurance.gsn.model import Argument
from assurance.gsn.native_form import TOPICS
from assurance.gsn.patterns.library import LoadedPattern
from assurance.gsn.patterns.paths import collections_of, common, tokens
from assurance.gsn.relations import Choice, PatternCard, Relation, RelationType


def as_pattern_argument(loaded: LoadedPattern) -> Argument:
    """The pattern as an argument with uninstantiated elements and decorated relations."""
    pattern = loaded.pattern
    argument = Argument(pattern.id, pattern.name)
    topics = tuple((name, _shown(getattr(pattern, name))) for name in TOPICS)
    argument.pattern = PatternCard(id=pattern.id, topics=topics)
    relations: list[Relation] = []
    for name, element in pattern.elements.items():
        for target in (*element.supported_by, *(element.use.develop.values() if element.use else ())):
            relations.append(_relation(loaded, RelationType.SUPPORTED_BY, name, target))
        for target in element.in_context_of:
            relations.append(_relation(loaded, RelationType.IN_CONTEXT_OF, name, target))
        if element.leg is not None:
            relations.append(
                Relation(type=RelationType.SUPPORTED_BY, source=name, target=f"Sn-{name}", multiplicity="0..*")
            )
    for choice in pattern.choices.values():
        relations.append(Relation(type=RelationType.IN_CONTEXT_OF, source=choice.at, target=choice.justification))
    supported = {item.source for item in relations if item.type is RelationType.SUPPORTED_BY}
    for name in pattern.elements:
        argument.add(_element(loaded, name, name in supported))
    for name, element in pattern.elements.items():
        if element.leg is not None:
            text = f"{{{element.leg}}}: a document that is to show it"
            argument.add(Solution(id=f"Sn-{name}", text=text, uninstantiated=True))
    for name, choice in pattern.choices.items():
        text = f"Why {{{' / '.join(choice.of)}}} is enough"
        argument.add(Justification(id=choice.justification, text=text, uninstantiated=True))
        argument.choices += (
            Choice(id=name, source=choice.at, at_least=choice.at_least, at_most=choice.at_most or len(choice.of)),
        )
    argument.relate(*relations)
    return argument


def _element(loaded: LoadedPattern, name: str, supported: bool) -> Element:
    element = loaded.pattern.elements[name]
    if element.use is not None:
        inner = loaded.nested[element.use.pattern]
        text = f"{inner.pattern.elements[inner.top].text} (pattern {{{inner.id}}})"
        return Goal(id=name, text=text, uninstantiated=True, undeveloped=not supported)
    uninstantiated = bool(tokens(element.text))
    fields: dict[str, Any] = {"id": name, "text": element.text, "uninstantiated": uninstantiated}
    made = cast(Element, KINDS[element.type](**fields))
    if isinstance(made, Goal | Strategy) and not supported:
        made = made.model_copy(update={"undeveloped": True})
    return made


def _relation(loaded: LoadedPattern, type: RelationType, source: str, target: str) -> Relation:
    above, below = loaded.pattern.elements[source], loaded.pattern.elements[target]
    choice = next(
        (
            name
            for name, item in loaded.pattern.choices.items()
            if type is RelationType.SUPPORTED_BY and item.at == source and target in item.of.values()
        ),
        None,
    )
    return Relation(
        type=type,
        source=source,
        target=target,
        optional=below.when is not None and choice is None,
        multiplicity=multiplicity(loaded, above.steps, below.steps),
        choice=choice,
    )


def multiplicity(loaded: LoadedPattern, above: tuple[str, ...], below: tuple[str, ...]) -> str | None:
    """How many instances one element above has below: the bounds of the collections that only `below` stands for."""
    entered = (collections_of(loaded.parameters, below) or [])[common(above, below) :]
    if not entered:
        return None
    least, most = 1, 1
    unbounded = False
    for item in entered:
        least *= item.at_least
        unbounded = unbounded or item.at_most is None
        most *= item.at_most or 1
    return f"{least}..{'*' if unbounded else most}"


def _shown(topic: str | tuple[str, ...]) -> str:
    return topic if isinstance(topic, str) else ", ".join(topic)
