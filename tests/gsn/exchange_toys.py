"""Random argument modules that use all of the model, also in ways that the standard forbids."""

from __future__ import annotations

import random
from typing import Any

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AWAY, KINDS, ElementType, Provenance
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

IDS = (
    *(
        "G1",
        "G2",
        "G3",
        "S1",
        "S2",
        "Sn1",
        "Sn2",
        "C1",
        "A1",
        "J1",
        "CG1",
        "CSn1",
        "X9",
        "g-1.2",
        "module",
        "null",
        "7",
    ),
    *("G1, G2", "G1 -> G2", " G4 ", "ü/ß", 'a "b" <c> & d', "", "x\ny", "{t}", "-", "assurance", "http://a/b#c?d"),
)
TEXTS = (
    "",
    "The network holds its bounds at the 200 listed inputs.",
    "Two lines\nand a third\n\n- point: [a]",
    "  blanks around  ",
    "<b>&amp; \"quotes\" 'single' ]]> --> #comment",
    "tab\there, nul\x00 bell\x07 escape\x1b delete\x7f next\x85 line\u2028 mark\ufeff",
    "日本語 🚀 σ ∈ {0.12, 0.25}",
    "{system} is safe in {domain}",
    "true",
    "1e3",
    "\r\ncarriage\rreturn",
)
EXTRAS = (
    ("url", "https://example.org/?a=1&b=2"),
    ("classes", '["one", "two"]'),
    ("classes", "none"),
    ("rankIncrement", "2"),
    ("rankIncrement", "-2"),
    ("horizontalIndex", '{"relative": -1}'),
    ("horizontalIndex", '{"absolute": "last"}'),
    ("charWrap", "30"),
    ("layer1", "a layer\nwith lines"),
    ("layer 2", '["a", {"b": 1}]'),
    ("text", "not the statement"),
    ("assurance", "{}"),
    ("extends", '[{"module": "no", "develops": {"G1": ["G2"]}}]'),
    ("extends", "x"),
    ("element Q1", '{"text": "of no kind"}'),
    ("description@ja", "別の言語"),
    ("", "empty"),
)


def element(rng: random.Random, identifier: str, modules: list[str]) -> Any:
    """An element of any kind with any decorators."""
    kind = rng.choice(list(ElementType))
    fields: dict[str, Any] = {"id": identifier, "text": rng.choice(TEXTS)}
    for name in ("undeveloped", "uninstantiated", "defeated"):
        fields[name] = rng.random() < 0.2
    if rng.random() < 0.1:
        fields["provenance"] = Provenance(pattern="p", binding=(("c", "i"),))
    if rng.random() < 0.3:
        fields["extra"] = tuple(rng.sample(EXTRAS, rng.randint(1, 3)))
    known = KINDS[kind].model_fields
    for name in ("public", "by_contract", "artefact"):
        if name in known:
            fields[name] = rng.random() < 0.3
    if "claim" in known and rng.random() < 0.2:
        fields["claim"] = "R-1"
    if "evidence" in known and rng.random() < 0.5:
        fields["evidence"] = tuple(rng.sample(("sha256:" + "0" * 64, "doc-1", "doc 2\n§3", ""), rng.randint(1, 3)))
    if "module" in known:
        fields["module"] = rng.choice(modules)
    if kind in AWAY and rng.random() < 0.5:
        fields["of"] = rng.choice(IDS)
    return KINDS[kind](**fields)


def argument(rng: random.Random, name: str, modules: list[str], size: int) -> Argument:
    """A module; relations may dangle, repeat and be of any type."""
    made = Argument(name, rng.choice(TEXTS), rng.choice(("argument", "argument", "contract")))
    names = [rng.choice(IDS) if rng.random() < 0.05 else item for item in rng.sample(IDS, min(size, len(IDS)))]
    made.add(*(element(rng, item, modules) for item in names))
    ends = [*names, "G99", rng.choice(IDS)]

    def ref() -> RelationRef:
        if made.relations and rng.random() < 0.8:
            one = rng.choice(made.relations)
            if one.id is not None and rng.random() < 0.3:
                return RelationRef(id=one.id)
            return RelationRef(source=one.source, target=one.target, type=rng.choice((one.type, one.type, None)))
        if rng.random() < 0.3:
            return RelationRef(id="r99")
        return RelationRef(source=rng.choice(ends), target=rng.choice(ends))

    for number in range(rng.randint(0, 2 * size)):
        kind = rng.choice((*RelationType, RelationType.SUPPORTED_BY, RelationType.SUPPORTED_BY))
        fields: dict[str, Any] = {"type": kind, "source": rng.choice(ends), "target": rng.choice(ends)}
        if kind is RelationType.CHALLENGES and rng.random() < 0.5:
            fields.update(target="", challenged=ref())
        fields["defeated"] = rng.random() < 0.2
        if rng.random() < 0.2:
            fields.update(rng.choice(({"optional": True}, {"multiplicity": "1..*"}, {"choice": "K1"})))
        if rng.random() < 0.15:
            fields["id"] = f"r{number}"
        made.relate(Relation(**fields))
    if rng.random() < 0.3:
        made.choices = (Choice(id="K1", source=rng.choice(ends), at_least=1, at_most=2),)
    made.claim_points = tuple(
        ClaimPoint(
            id=f"ACP{number}",
            relations=tuple(ref() for _ in range(rng.randint(0, 2))),
            elements=tuple(rng.sample(ends, rng.randint(0, 1))),
            goal=rng.choice((None, None, rng.choice(ends))),
            module=rng.choice((None, None, "other")),
            text=rng.choice(("", "", "section 4")),
        )
        for number in range(rng.choice((0, 0, 1, 3)))
    )
    if rng.random() < 0.2:
        made.interfaces = (Interface(id="I1", text="shown", elements=("G1",), visible_to=("b",)),)
        made.contains = ("inner",)
        made.suppressions = (Suppression(code="G112", element="G1", rationale="why", by="who"),)
    if rng.random() < 0.1:
        made.pattern = PatternCard(id="p", topics=(("intent", "to show"),))
        made.template = Template(data="data.yaml", covers=("a",))
    if rng.random() < 0.3:
        made.extra = tuple(rng.sample(EXTRAS, rng.randint(1, 3)))
    return made


def arguments(seed: int) -> Arguments:
    """One to four modules, now and then two of one name."""
    rng = random.Random(seed)
    pool = ["main", "Sub 1", "b", "ü/x", "", "main", "gsn:Odd <name>"]
    names = rng.sample(pool, rng.randint(1, 4))
    if rng.random() < 0.7:
        names = list(dict.fromkeys(names))
    made = Arguments(argument(rng, name, names, rng.randint(0, 9)) for name in names)
    for part in made:  # some honest away elements: exact repetitions, named by a relation
        for other in made:
            for item in list(other):
                away = next((kind for kind, kind_there in AWAY.items() if kind_there is item.type), None)
                if other is not part and away is not None and item.id not in part and rng.random() < 0.15:
                    part.add(KINDS[away](id=item.id, module=other.module, text=item.text))  # type: ignore[arg-type]
                    if len(part) > 1 and rng.random() < 0.9:
                        part.support(next(iter(part)).id, item.id)
    return made
