"""Arguments for tests: a small sound one, all of the notation, random ones (sound, rich or wild)."""

from __future__ import annotations

import random
from collections.abc import Iterator

from assurance.gsn.elements import (
    AWAY,
    KINDS,
    Assumption,
    Context,
    Element,
    ElementType,
    Goal,
    Justification,
    Solution,
    Strategy,
)
from assurance.gsn.model import Argument
from assurance.gsn.relations import Choice, ClaimPoint, Relation, RelationRef, RelationType

CORE = [kind for kind in ElementType if kind not in AWAY and kind not in (ElementType.MODULE, ElementType.CONTRACT)]
PHRASES = (
    "",
    "x",
    "The network holds its output within the stated bounds at the 200 listed inputs.",
    "Record 3f9a21c07b5d, certificates re-checked",
    "Altitude from −3000 ft to 3000 ft, ‖x − x₀‖∞ ≤ ε, σ ∈ {0.12, 0.25}; nothing is said of other inputs.",
    "sha256:" + "0123456789abcdef" * 4,
    "First line.\nSecond line after a break.\n\n- a point\n- another point",
    "Each advisory that the network gives in the listed boxes equals the one of the table. " * 4,
    "A statement that goes on and on, far longer than anybody should write into one symbol of a diagram. " * 12,
    "日本語の文字と絵文字 🚀 出てくる",
    "W" * 90,
)


def small() -> Argument:
    """A well-formed argument with every kind of element."""
    argument = Argument("toy", "Toy argument")
    argument.add(
        Goal(id="G1", text="The reader is acceptably safe in its domain.", claim="R1"),
        Context(id="C1", text="Definition of the domain, issue 2"),
        Assumption(id="A1", text="The camera delivers 20 frames per second."),
        Strategy(id="S1", text="Argument over each hazard"),
        Justification(id="J1", text="The list of hazards was reviewed independently."),
        Goal(id="G2", text="Hazard H1 is mitigated at the 300 listed inputs."),
        Goal(id="G3", text="Hazard H2 is mitigated.", undeveloped=True),
        Solution(id="Sn1", text="Record of run R-7", evidence=("sha256:" + "0" * 64,)),
    )
    argument.contextualise("G1", "C1", "A1")
    argument.support("G1", "S1")
    argument.contextualise("S1", "J1")
    argument.support("S1", "G2", "G3")
    argument.support("G2", "Sn1")
    return argument


def notation() -> Argument:
    """One argument with every symbol, decorator and sign of GSN."""
    argument = Argument("notation", "All of the notation")
    argument.add(
        Goal(id="G1", text="The reader is acceptably safe in its domain.", public=True),
        Context(id="C1", text="Definition of the domain, issue 2", public=True, artefact=True),
        Assumption(id="A1", text="The camera delivers 20 frames per second.", public=True),
        make(ElementType.AWAY_CONTEXT, "C9", "Hazard log of the aeroplane", module="Aeroplane"),
        make(ElementType.AWAY_ASSUMPTION, "A9", "The crew monitors the runway.", module="Operation"),
        make(ElementType.AWAY_JUSTIFICATION, "J9", "Reviewed by the safety board.", module="Operation"),
        Strategy(id="S1", text="Argument over each hazard {hazard}", uninstantiated=True),
        Justification(id="J1", text="The list of hazards was reviewed independently.", public=True),
        Goal(id="G2", text="Hazard {h} is mitigated at the listed inputs.", uninstantiated=True),
        Goal(id="G3", text="Hazard H2 is mitigated.", by_contract=True),
        Goal(id="G4", text="Hazard H3 is mitigated.", undeveloped=True, defeated=True),
        Goal(id="G5", text="The reader's parts are sound."),
        Goal(id="G6", text="The tests pass."),
        Goal(id="G7", text="The proofs hold."),
        make(ElementType.AWAY_GOAL, "G9", "The database of runways is correct.", module="Database", of="G4"),
        make(ElementType.MODULE, "Monitor", "The argument of the monitor", module="Monitor"),
        make(ElementType.CONTRACT, "K1", "The reader rests on the camera", module="Camera contract"),
        make(ElementType.AWAY_SOLUTION, "Sn9", "Qualification data", module="Database"),
        Solution(id="Sn1", text="Record of run R-7", public=True),
        Solution(id="Sn2", text="Flight test report 8"),
        Goal(id="CG1", text="The list of hazards misses glare at dawn."),
        Solution(id="CSn1", text="Incident 12 at dawn"),
        Goal(id="CG2", text="Incident 12 was outside the domain."),
        Solution(id="CSn3", text="Fault report on run R-7"),
        Goal(id="CG4", text="The camera's clock drifts."),
        Goal(id="CG5", text="The contract omits rain."),
        Goal(id="CG6", text="The tests are few."),
        Solution(id="CSn6", text="Coverage report"),
        Goal(id="CG7", text="The fault was mended before run R-7."),
    )
    argument.contextualise("G1", "C1", "A1", "C9")
    argument.contextualise("S1", "J1", "J9", "A9")
    argument.support("G1", "S1")
    argument.relate(
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G2", multiplicity="n", id="r1"),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G3", optional=True),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G4", defeated=True),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G5"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G6", choice="one"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G7", choice="one", multiplicity="0..x"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G9", choice="one"),
    )
    argument.support("G2", "Sn1", "Sn2")
    argument.support("G3", "K1")
    argument.support("G5", "Monitor")
    argument.support("G6", "Sn9")
    argument.support("CG6", "CSn6")
    argument.choices = (Choice(id="one", source="G5", at_least=1, at_most=1),)
    argument.claim_points = (
        ClaimPoint(
            id="ACP1", relations=(RelationRef(source="G2", target="Sn1"), RelationRef(source="G2", target="Sn2"))
        ),
        ClaimPoint(id="ACP2", relations=(RelationRef(source="G1", target="C1"),), module="Confidence"),
        ClaimPoint(id="ACP3", elements=("Sn9", "C1")),
        ClaimPoint(id="ACP4", relations=(RelationRef(source="G6", target="Sn9"),)),
    )
    argument.challenge("CG1", "S1")
    argument.challenge("CSn1", "G4")
    argument.challenge("CG2", RelationRef(source="CSn1", target="G4"))
    argument.challenge("CG4", RelationRef(source="G1", target="A1"))
    argument.challenge("CG5", RelationRef(source="G3", target="K1"))
    argument.challenge("CG6", "G6")
    argument.relate(
        Relation(type=RelationType.CHALLENGES, source="CSn3", challenged=RelationRef(id="r1"), defeated=True, id="c3")
    )
    argument.challenge("CG7", RelationRef(id="c3"))  # a third level: said in words
    return argument


def make(kind: ElementType, identifier: str, words: str, **more: object) -> Element:
    """An element of a kind."""
    if kind not in CORE:
        more.setdefault("module", "Another module")
    made: Element = KINDS[kind].model_validate({"id": identifier, "text": words, **more})  # type: ignore[assignment]
    return made


def sound(seed: int, size: int) -> Argument:
    """A random argument that follows the standard: a DAG with permitted connections and shared elements."""
    rng = random.Random(seed)
    argument = Argument("random", f"Random argument {seed}")
    argument.add(Goal(id="G0", text=rng.choice(PHRASES)))
    open_goals, count = ["G0"], 1
    solutions: list[str] = []
    contexts: list[str] = []
    while count < size and open_goals:
        parent = open_goals.pop(rng.randrange(len(open_goals)) if rng.random() < 0.5 else 0)
        for _ in range(rng.choice((0, 0, 1, 2, 5))):
            if contexts and rng.random() < 0.2:
                argument.contextualise(parent, rng.choice(contexts))
                continue
            kind = rng.choice((ElementType.CONTEXT, ElementType.ASSUMPTION, ElementType.JUSTIFICATION))
            contexts.append(f"{kind[0]}{count}")
            argument.add(make(kind, contexts[-1], rng.choice(PHRASES)))
            argument.contextualise(parent, contexts[-1])
            count += 1
        holder = parent
        if rng.random() < 0.5:
            holder = f"S{count}"
            argument.add(Strategy(id=holder, text=rng.choice(PHRASES)))
            argument.support(parent, holder)
            count += 1
        for _ in range(rng.choice((1, 2, 3, 3, 9))):
            if holder == parent and rng.random() < 0.4:
                if not solutions or rng.random() < 0.7:
                    solutions.append(f"Sn{count}")
                    argument.add(Solution(id=solutions[-1], text=rng.choice(PHRASES), evidence=("e",)))
                    count += 1
                argument.support(holder, rng.choice(solutions))
            elif open_goals and rng.random() < 0.1:
                argument.support(holder, rng.choice(open_goals))
            else:
                goal = f"G{count}"
                lone = rng.random() < 0.3
                argument.add(Goal(id=goal, text=rng.choice(PHRASES), undeveloped=lone))
                argument.support(holder, goal)
                count += 1
                if not lone:
                    open_goals.append(goal)
    return argument


LABELS = ("n", "0..x", "1..*", "number of hazards that the log lists", "")


def decorated(kind: ElementType, rng: random.Random) -> dict[str, object]:
    """Random fields of an element, those that its kind has."""
    fields: dict[str, object] = {"defeated": rng.random() < 0.1, "uninstantiated": rng.random() < 0.2}
    if kind in (ElementType.GOAL, ElementType.STRATEGY):
        fields["undeveloped"] = rng.random() < 0.2
    if kind is ElementType.GOAL:
        fields["by_contract"] = rng.random() < 0.2
    if "public" in KINDS[kind].model_fields:
        fields["public"] = rng.random() < 0.3
    if "module" in KINDS[kind].model_fields:
        fields["module"] = rng.choice(("M", "Braking", "A module whose name is long and says what it argues"))
    if kind in AWAY and rng.random() < 0.3:
        fields["of"] = "G77"
    return fields


def rich(seed: int, size: int) -> Argument:
    """A random argument that uses all of the notation: `sound`, decorated, with references, choices and doubt."""
    rng = random.Random(seed)
    plain = sound(seed, size)
    argument = Argument("rich", f"Rich argument {seed}")
    for element in plain:
        argument.add(make(element.type, element.id, element.text, **decorated(element.type, rng)))
    choices: dict[str, list[str]] = {}
    for index, relation in enumerate(plain.relations):
        more: dict[str, object] = {"id": f"r{index}"} if rng.random() < 0.5 else {}
        if rng.random() < 0.2:
            more["multiplicity"] = rng.choice(LABELS)
        more["optional"], more["defeated"] = rng.random() < 0.1, rng.random() < 0.1
        if rng.random() < 0.15:
            more["choice"] = f"ch-{relation.source}-{relation.type}"
            choices.setdefault(relation.source, []).append(f"ch-{relation.source}-{relation.type}")
        argument.relate(relation.model_copy(update=more))
    argument.choices = tuple(
        Choice(
            id=name,
            source=source,
            at_least=rng.choice((None, 1, 2)),
            at_most=rng.choice((None, 2, 3)),
            multiplicity=rng.choice((None, "n")),
        )
        for source, names in choices.items()
        for name in dict.fromkeys(names)
        if rng.random() < 0.9  # a choice that is not declared is drawn too
    )
    goals = [element.id for element in plain if element.type in (ElementType.GOAL, ElementType.STRATEGY)]
    extra = [kind for kind in ElementType if kind not in CORE]
    for index in range(rng.randint(0, max(1, size // 4))):
        kind = rng.choice(extra)
        argument.add(make(kind, f"X{index}", rng.choice(PHRASES), **decorated(kind, rng)))
        context = kind in AWAY and AWAY[kind] in (
            ElementType.CONTEXT,
            ElementType.ASSUMPTION,
            ElementType.JUSTIFICATION,
        )
        (argument.contextualise if context else argument.support)(rng.choice(goals), f"X{index}")
    for index in range(rng.randint(0, max(1, size // 6))):
        kind = rng.choice((ElementType.GOAL, ElementType.SOLUTION))
        name = f"D{index}"
        earlier = [element.id for element in argument]
        related = [relation for relation in argument.relations if relation.target]
        argument.add(make(kind, name, rng.choice(PHRASES)))
        if rng.random() < 0.5 or not related:
            argument.challenge(name, rng.choice(earlier))
        else:
            relation = rng.choice(related)
            argument.challenge(name, RelationRef(source=relation.source, target=relation.target, type=relation.type))
        if rng.random() < 0.3:
            argument.relate(
                Relation(
                    type=RelationType.CHALLENGES,
                    source=name,
                    challenged=RelationRef(id=rng.choice(("r0", "r1", "nowhere"))),
                    id=f"d{index}",
                    defeated=rng.random() < 0.3,
                )
            )
            if rng.random() < 0.5:  # and a challenge of this very challenge
                argument.add(make(ElementType.GOAL, f"DD{index}", "It is not so."))
                argument.challenge(f"DD{index}", RelationRef(id=f"d{index}"))
        if kind is ElementType.GOAL and rng.random() < 0.6:
            argument.add(Solution(id=f"{name}s", text=rng.choice(PHRASES)), Context(id=f"{name}c", text="Scope"))
            argument.support(name, f"{name}s")
            if rng.random() < 0.5:
                argument.contextualise(name, f"{name}c")
    argument.claim_points = tuple(points(argument, rng))
    return argument


def points(argument: Argument, rng: random.Random) -> Iterator[ClaimPoint]:
    """Random assurance claim points."""
    names = [element.id for element in argument]
    for index in range(rng.randint(0, 6)):
        relations = rng.sample(argument.relations, min(len(argument.relations), rng.choice((0, 1, 2))))
        shared = rng.choice(names) if rng.random() < 0.4 else ""
        refs = [relation for relation in argument.relations if relation.target and relation.source == shared]
        refs += [relation for relation in relations if relation.target]
        yield ClaimPoint(
            id=f"ACP{index}",
            relations=tuple(RelationRef(source=ref.source, target=ref.target, type=ref.type) for ref in refs),
            elements=tuple(rng.sample(names, min(len(names), rng.choice((0, 0, 1))))),
            module=rng.choice((None, "Confidence in the evidence")),
        )


def wild(seed: int, size: int) -> Argument:
    """Any elements, any relations: cycles, loops, forbidden connections, loose ends, doubled names."""
    rng = random.Random(seed)
    argument = Argument("wild", "")
    names = []
    modern = rng.random() < 0.6
    for index in range(size):
        name = rng.choice((f"E{index}", f"E-{index}.{index}", f"a very long identifier number {index} " * 3))
        names.append(name)
        kind = rng.choice(list(ElementType) if modern else CORE)
        flags = {"undeveloped": rng.random() < 0.3, "uninstantiated": rng.random() < 0.2}
        more = decorated(kind, rng) if modern else {}
        argument.add(make(kind, name[:200], rng.choice(PHRASES), **{**more, **flags}))
    names = [name[:200] for name in names]
    for index in range(int(size * rng.choice((0.3, 1.0, 1.6)))):
        source, target = rng.choice(names), rng.choice([*names, "nowhere"])
        if modern and rng.random() < 0.3:
            kind_of = rng.choice(list(RelationType))
            reference = RelationRef(id=f"r{rng.randrange(index + 3)}") if rng.random() < 0.5 else None
            argument.relate(
                Relation(
                    type=RelationType.CHALLENGES if reference else kind_of,
                    source=source,
                    target="" if reference else target,
                    challenged=reference,
                    id=f"r{index}",
                    defeated=rng.random() < 0.3,
                    optional=rng.random() < 0.3,
                    multiplicity=rng.choice((None, *LABELS)),
                    choice=rng.choice((None, "ch1", "ch2")),
                )
            )
        else:
            (argument.support if rng.random() < 0.7 else argument.contextualise)(source, target)
    if modern and names:
        argument.choices = (Choice(id="ch1", source=rng.choice(names), at_least=2, multiplicity="0..x"),)
        argument.claim_points = tuple(points(argument, rng))
    return argument
