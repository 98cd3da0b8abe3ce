"""Random arguments with everything that the model can hold, sound or not, for tests of forms and rules."""

from __future__ import annotations

import random
from itertools import pairwise

from assurance.gsn.elements import KINDS, Goal, Provenance
from assurance.gsn.model import Argument
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

TEXTS = (
    "",
    "It is so.",
    "yes",
    "null",
    "12",
    "1..*",
    "a: b # c",
    "- item",
    "two\nlines\n\n  and more",
    "ends with a break\n",
    "ends with two\n\n",
    " leading and trailing ",
    '"quoted" and \\ back',
    "tab\there, nul-free \x85 \u2028 \ufeff end",
    "日本語 🚀 [x], {y} & *z | > ' %",
    "{token} of a pattern",
    "x " * 80,
)


def anything(seed: int, size: int = 8, modules: tuple[str, ...] = ("main", "other")) -> Argument:
    """An argument of about `size` elements with decorations of every kind."""
    rng = random.Random(seed)
    argument = Argument(rng.choice(modules), rng.choice(TEXTS), rng.choice(("argument", "argument", "contract")))
    names = [rng.choice((f"G{i}", f"E {i}", f"é-{i}", f"{i}", f"key: {i}", f"# {i}\n")) for i in range(size)]
    for name in names:
        kind = rng.choice(list(KINDS))
        fields: dict[str, object] = {flag: True for flag in ("undeveloped", "uninstantiated", "defeated") if coin(rng)}
        known = KINDS[kind].model_fields
        fields |= {flag: True for flag in ("public", "by_contract", "artefact") if flag in known and coin(rng)}
        if "module" in known:
            fields["module"] = rng.choice((*modules, "absent"))
        if "of" in known and coin(rng):
            fields["of"] = rng.choice(names)
        if "claim" in known and coin(rng):
            fields["claim"] = rng.choice(TEXTS)
        if "evidence" in known and coin(rng):
            fields["evidence"] = tuple(rng.choices(TEXTS, k=2))
        if coin(rng):
            fields["extra"] = (("layer", rng.choice(TEXTS)), ("url", rng.choice(TEXTS)))
        if coin(rng):
            fields["provenance"] = Provenance(pattern=rng.choice(TEXTS), binding=(("a/b", rng.choice(TEXTS)),))
        argument.add(KINDS[kind](id=name, text=rng.choice(TEXTS), **fields))  # type: ignore[arg-type]
    for number in range(2 * size if size else 0):
        argument.relate(_relation(rng, names, number))
    argument.choices = tuple(
        Choice(
            id=f"X{i}",
            source=rng.choice(names),
            at_least=rng.choice((None, 0, 2)),
            at_most=rng.choice((None, 1, 7)),
            multiplicity=rng.choice((None, "0..*", "x")),
        )
        for i in range(rng.choice((0, 2)) if size else 0)
    )
    argument.claim_points = tuple(
        _claim_point(rng, argument, names, i) for i in range(rng.choice((0, 3)) if size else 0)
    )
    argument.interfaces = tuple(
        Interface(
            id=f"I{i}", text=rng.choice(TEXTS), elements=tuple(rng.sample(names, min(2, size))), visible_to=modules[:i]
        )
        for i in range(rng.choice((0, 2)))
    )
    if coin(rng):
        argument.pattern = PatternCard(id="P", topics=(("name", rng.choice(TEXTS)), ("intent", rng.choice(TEXTS))))
    if coin(rng):
        argument.template = Template(data=rng.choice(TEXTS), covers=tuple(rng.sample(names, min(2, size))))
    if coin(rng):
        argument.suppressions = (
            Suppression(code="G111", element=rng.choice((None, "G1")), rationale=rng.choice(TEXTS), by="A. Person"),
            Suppression(code="G112"),
        )
    if coin(rng):
        argument.contains = ("other",)
        argument.extra = (("stylesheet", rng.choice(TEXTS)),)
    return argument


def coin(rng: random.Random) -> bool:
    """True in one of four cases."""
    return rng.random() < 0.25


def _relation(rng: random.Random, names: list[str], number: int) -> Relation:
    type = rng.choice(list(RelationType))
    challenged = None
    if type is RelationType.CHALLENGES and coin(rng):
        challenged = _reference(rng, names)
    return Relation(
        type=type,
        source=rng.choice(names),
        target="" if challenged else rng.choice((*names, "nowhere")),
        id=rng.choice((None, None, f"R{number}", "R")),
        defeated=coin(rng),
        optional=coin(rng),
        multiplicity=rng.choice((None, None, "n", "1..*", "3")),
        choice=rng.choice((None, None, "X1")),
        challenged=challenged,
    )


def _reference(rng: random.Random, names: list[str]) -> RelationRef:
    if coin(rng):
        return RelationRef(id=f"R{rng.randrange(6)}")
    return RelationRef(
        source=rng.choice(names), target=rng.choice(names), type=rng.choice((None, RelationType.SUPPORTED_BY))
    )


def _claim_point(rng: random.Random, argument: Argument, names: list[str], number: int) -> ClaimPoint:
    marked = []
    for relation in rng.sample(argument.relations, min(2, len(argument.relations))):
        if coin(rng):
            marked.append(_reference(rng, names))
        elif relation.id is not None:
            marked.append(RelationRef(id=relation.id))
        elif relation.challenged is None:
            marked.append(RelationRef(source=relation.source, target=relation.target, type=relation.type))
    return ClaimPoint(
        id=f"ACP {number}",
        relations=tuple(marked),
        elements=tuple(rng.sample(names, rng.randrange(min(3, len(names) + 1)))),
        goal=rng.choice((None, *names)),
        module=rng.choice((None, "other")),
        text=rng.choice(TEXTS),
    )


def chain(module: str, *names: str) -> Argument:
    """Goals in a row, each supported by the next; the last one is undeveloped."""
    argument = Argument(module)
    argument.add(*(Goal(id=name, text=f"{name} is so.", undeveloped=name == names[-1]) for name in names))
    for source, target in pairwise(names):
        argument.support(source, target)
    return argument
