"""Argument modules as a SACM 2.3 file: one argument package for each module, one artifact for each item of evidence.

Goals, assumptions and justifications are claims, strategies the reasoning of an inference, solutions references to
artifacts; the ends of relations are turned round, since SACM points from premise to conclusion. What SACM has no
feature for stands in tagged values `gsn.<field>` as JSON, so that reading the file again gives equal arguments.
Status is not exported: an assertion's declaration says what the argument says of it, not what evidence shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AWAY, Element, ElementType
from assurance.gsn.exchange import carried
from assurance.gsn.exchange.sacm_things import LANGUAGE, Thing, render
from assurance.gsn.exchange.sacm_words import FORMS, TAG, Dialect, Form
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation, RelationType
from assurance.xml_text import clean

_CLAIMS: Final = frozenset(
    {
        *(ElementType.GOAL, ElementType.ASSUMPTION, ElementType.JUSTIFICATION),
        *(ElementType.AWAY_GOAL, ElementType.AWAY_ASSUMPTION, ElementType.AWAY_JUSTIFICATION),
    }
)
_SPEAKING: Final = frozenset({ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION, ElementType.ASSUMPTION})
"""Kinds that SACM's class and declaration tell."""
_AWAY_FOR: Final = {original: away for away, original in AWAY.items()}
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})(?![0-9a-f])")
_OTHER_LANGUAGE = re.compile(r"description@([a-z]{2,3}(-[A-Za-z0-9]+)*)")


def write_sacm(arguments: Arguments, dialect: Dialect = Dialect.XMI) -> bytes:
    """The whole as one UTF-8 file in a dialect."""
    case = _Case(arguments, FORMS[dialect])
    return render(case.root, FORMS[dialect], paths=dialect is Dialect.EMF).encode("utf-8")


class _Case:
    """The assurance case package with all below it."""

    def __init__(self, arguments: Arguments, form: Form) -> None:
        self.form = form
        modules = [*arguments, *arguments.duplicates]
        self.artifacts = Thing("artifactPackage", "ArtifactPackage", "artifact", "Evidence")
        title = next((clean(item.title) for item in modules if clean(item.title).strip()), "Assurance case")
        self.root = Thing("", "AssuranceCasePackage", "assurancecase", title)
        self.packages = {
            id(item): Thing("argumentPackage", "ArgumentPackage", "argumentation", clean(item.module) or "module")
            for item in modules
        }
        self.by_name = {item.module: item for item in arguments}
        self.things: dict[tuple[int, int], Thing] = {}
        """By object identity of argument and element."""
        self._evidence: dict[str, Thing] = {}
        parts = [_Package(self, item) for item in modules]
        for part in parts:
            part.elements()
        self.cited = {id(thing) for part in parts for thing in part.cites()}
        """Things that another module cites: they are read as public."""
        for part in parts:
            part.describe()
            part.relations()
            part.tags()
        if self.artifacts.children:
            self.root.children.append(self.artifacts)
        self.root.children += self.packages.values()

    def thing(self, module: str, identifier: str) -> Thing | None:
        """The thing for an element of a module that is exported too."""
        argument = self.by_name.get(module)
        if argument is None or identifier not in argument:
            return None
        return self.things[id(argument), id(argument[identifier])]

    def artifact(self, reference: str) -> Thing:
        """The artifact for an item of evidence, made once."""
        if reference not in self._evidence:
            made = Thing("artifactElement", "Artifact", "artifact", reference)
            if (digest := _DIGEST.match(reference)) is not None:
                made.tags.append(("sha256", digest[1]))
            self._evidence[reference] = made
            self.artifacts.children.append(made)
        return self._evidence[reference]


class _Package:
    """One module as an argument package."""

    def __init__(self, case: _Case, argument: Argument) -> None:
        self.case = case
        self.argument = argument
        self.package = case.packages[id(argument)]
        self.said: dict[str, list[tuple[Relation, carried.Fields]]] = {}
        """By source: relations that relationships say, in the order of reading, with what they say of them."""
        self._is_said: set[int] = set()
        self._stopped: set[str] = set()
        """Elements with a challenge that has to be carried: so are those after it."""
        self._covered: dict[int, tuple[Thing, list[Relation]]] = {}
        """By object identity of a relation: the first relationship that stands for it."""
        self._contexts = {
            relation.target for relation in argument.relations if relation.type is RelationType.IN_CONTEXT_OF
        }

    # -- elements -----------------------------------------------------------------------------------------

    def elements(self) -> None:
        """One thing for each element; references between them come later."""
        for element in (*self.argument, *self.argument.duplicates):
            name = clean(element.id) or "element"
            thing = Thing(self.case.form.element, _class_of(element), "argumentation", name, clean(element.text))
            self.case.things[id(self.argument), id(element)] = thing
            self.package.children.append(thing)

    def cites(self) -> Iterator[Thing]:
        """The things that away elements stand for."""
        for element in (*self.argument, *self.argument.duplicates):
            if (cited := self._cited(element)) is not None:
                yield cited

    def _cited(self, element: Element) -> Thing | None:
        module = getattr(element, "module", "")
        if element.type not in AWAY or module == self.argument.module:
            return None
        return self.case.thing(module, getattr(element, "original", ""))

    def describe(self) -> None:
        """Features and tagged values of the elements."""
        for element in (*self.argument, *self.argument.duplicates):
            thing = self.case.things[id(self.argument), id(element)]
            said = self._said(element, thing)
            actual = carried.element_fields(element)
            fields = carried.difference(actual, said)
            if element.type not in _SPEAKING or element.id in self._contexts:
                fields["type"] = element.type.value  # stated, not to be concluded from use
            _tag(thing, fields)

    def _said(self, element: Element, thing: Thing) -> carried.Fields:
        """Write SACM's own features; returns the fields as they will be read from them."""
        kinds = {"Claim": "Goal", "ArgumentReasoning": "Strategy", "ArtifactReference": "Solution"}
        said: carried.Fields = {"type": kinds[thing.cls], "id": thing.name}
        if thing.text:
            said["text"] = thing.text
        if element.uninstantiated:
            thing.attributes["isAbstract"] = "true"
            said["uninstantiated"] = True
        if id(thing) in self.case.cited and element.type in _AWAY_FOR:
            said["public"] = True
        cited = self._cited(element)
        if element.type in AWAY:
            module, original = getattr(element, "module", ""), getattr(element, "original", "")
            said["module"] = ""
            if cited is not None:
                thing.attributes["isCitation"] = "true"
                thing.refs["citedElement"] = [cited]
                said["module"] = module
                if cited.text:
                    said.setdefault("text", cited.text)
                if original != element.id:
                    said["of"] = original
        if thing.cls == "Claim":
            declaration = _declaration(element, cited is not None)
            if declaration != "asserted":
                thing.attributes["assertionDeclaration"] = declaration
            if declaration == "assumed":
                said["type"] = ElementType.ASSUMPTION.value
            said.update({"needsSupport": {"undeveloped": True}, "defeated": {"defeated": True}}.get(declaration, {}))
        elif thing.cls == "ArtifactReference":
            self._references(element, thing, said)
        extra = [list(item) for item in element.extra]
        if extra and self._extras(element.extra, thing):
            said["extra"] = extra
        return said

    def _references(self, element: Element, thing: Thing, said: carried.Fields) -> None:
        if element.type is ElementType.SOLUTION:
            evidence = [item for item in getattr(element, "evidence", ()) if item and clean(item) == item]
            if artifacts := [self.case.artifact(item) for item in dict.fromkeys(evidence)]:
                thing.refs["referencedArtifactElement"] = artifacts
                said["evidence"] = [artifact.name for artifact in artifacts]
        elif element.type in (ElementType.MODULE, ElementType.CONTRACT):
            other = self.case.by_name.get(getattr(element, "module", ""))
            said["module"] = ""
            if other is not None:
                thing.refs["referencedArtifactElement"] = [self.case.packages[id(other)]]
                said["module"] = other.module
        elif element.type is ElementType.CONTEXT:
            said["artefact"] = True

    def _extras(self, extra: Iterable[tuple[str, str]], thing: Thing) -> bool:
        """Extras as texts in further languages and as tagged values; False when some cannot stand so."""
        pairs = list(extra)
        if any(key.startswith(TAG) or clean(key) != key or clean(value) != value for key, value in pairs):
            return False
        if any(key.lower() in _MEANING or value.lower() in _MEANING for key, value in pairs):
            return False
        languages: list[tuple[str, str]] = []
        while pairs and (match := _OTHER_LANGUAGE.fullmatch(pairs[0][0])) is not None:
            language, text = match[1], pairs[0][1]
            known = {LANGUAGE, *(name for name, _ in languages)}
            if language.startswith(LANGUAGE) or language in known or not text or text == thing.text or not thing.text:
                break
            languages.append((language, text))
            pairs.pop(0)
        thing.languages = languages
        thing.tags += pairs
        return True

    # -- relations ----------------------------------------------------------------------------------------

    def relations(self) -> None:
        """Relationships, and tagged values for what they cannot say."""
        argument = self.argument
        for element in argument:
            self._support(element)
        for element in argument:
            self._context(element)
        for to_relation in (False, True):
            for element in argument:
                self._challenges(element, to_relation)
        written = self._is_said
        loose = []
        for relation in argument.relations:
            if id(relation) not in written and relation.source not in argument:
                loose.append(carried.relation_fields(relation))
        for element in argument:
            thing = self.case.things[id(argument), id(element)]
            own = self.said.get(element.id, [])
            left = [item for item in argument.relations_from(element.id) if id(item) not in written]
            pairs = [(carried.relation_fields(relation), said) for relation, said in own]
            fields: carried.Fields = {}
            if decorations := carried.decorations(pairs):
                fields["decorations"] = decorations
            if left:
                fields["relations"] = [carried.relation_fields(item) for item in left]
            if order := self._order(element, [*(relation for relation, _ in own), *left]):
                fields["order"] = order
            _tag(thing, fields)
        if loose:
            _tag(self.package, {"relations": loose})

    def _order(self, element: Element, read: list[Relation]) -> dict[str, list[str]]:
        """The order of targets by type of relation, where reading would give another."""
        found = {}
        for kind in (RelationType.SUPPORTED_BY, RelationType.IN_CONTEXT_OF):
            wanted = [item for item in self.argument.relations_from(element.id) if item.type is kind]
            if [id(item) for item in wanted] != [id(item) for item in read if item.type is kind]:
                found[kind.value] = [item.target for item in wanted]
        return found

    def _class(self, identifier: str) -> str | None:
        if identifier not in self.argument:
            return None
        return _class_of(self.argument[identifier])

    def _once(self, identifier: str, kind: RelationType) -> list[Relation]:
        """Relations of a type from an element to elements that are there, each target once."""
        found: dict[str, Relation] = {}
        for relation in self.argument.relations_from(identifier):
            if relation.type is kind and relation.challenged is None and relation.target in self.argument:
                found.setdefault(relation.target, relation)
        return list(found.values())

    def _support(self, element: Element) -> None:
        if _class_of(element) != "Claim":
            return
        relations = self._once(element.id, RelationType.SUPPORTED_BY)
        for cls, kind in (("Claim", "AssertedInference"), ("ArtifactReference", "AssertedEvidence")):
            direct = [relation for relation in relations if self._class(relation.target) == cls]
            if direct:
                self._relate(kind, direct, [relation.target for relation in direct], element.id)
        for relation in relations:
            if self._class(relation.target) == "ArgumentReasoning":
                self._reasoned(element, relation)

    def _reasoned(self, element: Element, relation: Relation) -> None:
        """An inference through a strategy; a strategy without support has no inference, and is carried."""
        legs = self._once(relation.target, RelationType.SUPPORTED_BY)
        first = True
        for cls, kind in (("Claim", "AssertedInference"), ("ArtifactReference", "AssertedEvidence")):
            some = [leg for leg in legs if self._class(leg.target) == cls]
            if not some:
                continue
            thing = self._relationship(kind, [leg.target for leg in some], element.id, relation.target)
            if relation.defeated:
                thing.attributes["assertionDeclaration"] = "defeated"
            if first:
                self._say(relation, relation.defeated)
                first = False
            for leg in some:
                if id(leg) not in self._is_said:
                    self._say(leg, False)
            self._cover(thing, [relation, *some])

    def _context(self, element: Element) -> None:
        relations = self._once(element.id, RelationType.IN_CONTEXT_OF)
        named = [item for item in relations if self._class(item.target) in ("Claim", "ArtifactReference")]
        if named:
            self._relate("AssertedContext", named, [item.target for item in named], element.id)

    def _relate(self, kind: str, relations: list[Relation], sources: list[str], target: str) -> None:
        """One relationship for several relations of one element."""
        thing = self._relationship(kind, sources, target, None)
        defeated = all(relation.defeated for relation in relations)
        if defeated:
            thing.attributes["assertionDeclaration"] = "defeated"
        for relation in relations:
            self._say(relation, defeated)
        self._cover(thing, relations)

    def _challenges(self, element: Element, to_relation: bool) -> None:
        """Counter-relationships, those aimed at elements before those aimed at relations, as they will be read."""
        cls = _class_of(element)
        challenges = [r for r in self.argument.relations_from(element.id) if r.type is RelationType.CHALLENGES]
        aimed = [relation.challenged is not None for relation in challenges]
        if cls == "ArgumentReasoning" or aimed != sorted(aimed) or element.id in self._stopped:
            return
        for relation in challenges[
            aimed.count(False) if to_relation else 0 : None if to_relation else aimed.count(False)
        ]:
            target = self._challenged(relation)
            if target is None:
                self._stopped.add(element.id)
                return
            kind = "AssertedInference" if cls == "Claim" else "AssertedEvidence"
            thing = self._thing(kind, f"{element.id} challenges {target[0].name}")
            thing.refs = {"source": [self._of(element.id)], "target": [target[0]]}
            thing.attributes["isCounter"] = "true"
            if relation.defeated:
                thing.attributes["assertionDeclaration"] = "defeated"
            said: carried.Fields = {"type": relation.type.value, "source": element.id, **target[1]}
            if relation.defeated:
                said["defeated"] = True
            self._said_of(relation, said)
            self._cover(thing, [relation])

    def _challenged(self, relation: Relation) -> tuple[Thing, carried.Fields] | None:
        """What a challenge points at in the file, and how reading names it."""
        if relation.challenged is None:
            if relation.target not in self.argument:
                return None
            return self._of(relation.target), {"target": relation.target}
        found = self.argument.find(relation.challenged)
        if relation.target or not found:
            return None
        if id(found[0]) not in self._covered:
            return None
        thing, covered = self._covered[id(found[0])]
        first = covered[0]
        named = {"source": first.source, "target": first.target, "type": first.type.value}
        return (thing, {"challenged": named}) if first.target else None

    def _say(self, relation: Relation, defeated: bool) -> None:
        said: carried.Fields = {"type": relation.type.value, "source": relation.source, "target": relation.target}
        if defeated:
            said["defeated"] = True
        self._said_of(relation, said)

    def _said_of(self, relation: Relation, said: carried.Fields) -> None:
        self._is_said.add(id(relation))
        self.said.setdefault(relation.source, []).append((relation, said))

    def _cover(self, thing: Thing, relations: list[Relation]) -> None:
        for relation in relations:
            self._covered.setdefault(id(relation), (thing, relations))

    def _relationship(self, kind: str, sources: list[str], target: str, reasoning: str | None) -> Thing:
        verb = "in context of" if kind == "AssertedContext" else "supported by"
        through = f" through {reasoning}" if reasoning is not None else ""
        thing = self._thing(kind, f"{target} {verb} {', '.join(sources)}{through}")
        thing.refs = {"source": [self._of(source) for source in sources], "target": [self._of(target)]}
        if reasoning is not None:
            thing.refs["reasoning"] = [self._of(reasoning)]
        return thing

    def _thing(self, kind: str, name: str) -> Thing:
        thing = Thing(self.case.form.element, kind, "argumentation", clean(name)[:200])
        self.package.children.append(thing)
        return thing

    def _of(self, identifier: str) -> Thing:
        return self.case.things[id(self.argument), id(self.argument[identifier])]

    # -- the package --------------------------------------------------------------------------------------

    def tags(self) -> None:
        """What the package itself says and carries."""
        argument, package = self.argument, self.package
        package.text = clean(argument.title)
        said: carried.Fields = {"module": package.name, "title": package.text}
        if argument.kind == "contract" and len(participants := self._participants()) >= 2:
            package.cls = "ArgumentPackageBinding"
            package.refs["participantPackage"] = participants
            said["kind"] = "contract"
        if argument.extra and self._extras(argument.extra, package):
            said["extra"] = [list(item) for item in argument.extra]
        actual = {"module": argument.module, "title": argument.title, **carried.argument_fields(argument)}
        _tag(package, carried.difference(actual, said))
        for point in argument.claim_points:
            if point.goal is None or point.module is not None or self._class(point.goal) != "Claim":
                continue
            for ref in point.relations:
                found = argument.find(ref)
                if found and id(found[0]) in self._covered:
                    claims = self._covered[id(found[0])][0].refs.setdefault("metaClaim", [])
                    if all(claim is not self._of(point.goal) for claim in claims):
                        claims.append(self._of(point.goal))

    def _participants(self) -> list[Thing]:
        """Packages of the other modules that this one refers to."""
        names = dict.fromkeys(getattr(element, "module", None) for element in self.argument)
        found = [self.case.by_name[name] for name in names if name in self.case.by_name and name is not None]
        return [self.case.packages[id(item)] for item in found if item is not self.argument]


_MEANING: Final = frozenset({"context", "solution", "justification", "assumption"})
"""Words in other tools' tagged values from which the reader concludes a kind."""


def _class_of(element: Element) -> str:
    """SACM's class for an element (an explanatory context is a claim, one that names an artefact a reference)."""
    if element.type is ElementType.STRATEGY:
        return "ArgumentReasoning"
    if element.type in _CLAIMS:
        return "Claim"
    if element.type is ElementType.CONTEXT and not getattr(element, "artefact", False):
        return "Claim"
    return "ArtifactReference"


def _declaration(element: Element, cited: bool) -> str:
    """The one assertion declaration; what it leaves unsaid is carried."""
    if element.defeated:
        return "defeated"
    if element.undeveloped or getattr(element, "by_contract", False):
        return "needsSupport"
    if element.type is ElementType.ASSUMPTION:
        return "assumed"
    if cited:
        return "asCited"
    if element.type in (ElementType.JUSTIFICATION, ElementType.CONTEXT):
        return "axiomatic"
    return "asserted"


def _tag(thing: Thing, fields: carried.Fields) -> None:
    for name, value in fields.items():
        plain = name == "type" and isinstance(value, str)  # one of the model's own words: no JSON needed
        thing.tags.append((f"{TAG}{name}", value if plain else carried.written_value(value)))
