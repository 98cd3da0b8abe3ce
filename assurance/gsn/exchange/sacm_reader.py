"""SACM files as argument modules: each argument package becomes a module, its claims and references elements of GSN.

SACM points from premise to conclusion, GSN from the claim to its support: the ends are turned round. An argument
reasoning becomes the strategy between an inference's target and its sources. What SACM does not tell (is a claim a
goal, a context, a justification?) comes from our own tagged values, from a GSN type, or from its use, and then with
a note. Terminology, artefacts that nothing refers to, groups and notes have no place in GSN: one note counts them.
"""

from __future__ import annotations

from typing import Any

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AWAY, ElementType
from assurance.gsn.exchange import carried, sacm_rules
from assurance.gsn.exchange.sacm_document import Document, Item, read_document
from assurance.gsn.exchange.sacm_kinds import (
    AWAY_FOR,
    G247,
    OF_CLASS,
    Kinds,
    carried_fields,
    extras,
    label,
    stated,
    stated_list,
)
from assurance.gsn.exchange.sacm_words import RELATIONSHIPS
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, Relation, RelationRef, RelationType
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

G246 = code(
    "G246",
    Severity.NOTE,
    "a SACM file has parts that GSN has no place for",
    "keep the file if they are needed: they are not carried over",
)
G249 = code(
    "G249",
    Severity.WARNING,
    "a part of a SACM file cannot be held and was left out",
    "mend what the message names, or export the file again",
)

_GSN_RELATIONS = frozenset({"SupportedBy", "InContextOf"})
_CARRIED_OF_RELATIONS = frozenset({"relations", "decorations", "order"})


def read_sacm(data: bytes, name: str) -> tuple[Arguments, list[Finding]]:
    """Modules and findings of a file. Raises InputError (G230-G233) when nothing of it can be read."""
    document = read_document(data, name)
    kinds = Kinds(document)
    arguments = Arguments(_Module(kinds, package).read() for package in kinds.packages)
    return arguments, [*document.findings, *sacm_rules.check(document), *kinds.findings, *_left_out(document)]


def _left_out(document: Document) -> list[Finding]:
    """What no element of GSN came of, counted."""
    used = {
        id(artifact)
        for item in document.items
        if item.cls == "ArtifactReference"
        for artifact in item.refs.get("referencedArtifactElement", ())
    }
    counts: dict[str, int] = {}
    known = {*OF_CLASS, "AssertedInference", "AssertedEvidence", "AssertedContext", "Property"}
    for item in document.items:
        if item.cls not in known and not item.cls.endswith(("Package", "PackageBinding")) and id(item) not in used:
            counts[item.cls] = counts.get(item.cls, 0) + 1
        for child in item.node:
            if child.tag == "note":
                counts["Note"] = counts.get("Note", 0) + 1
    if counts:
        parts = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        return [G246.finding(f"not carried over: {parts}", Place(document.file))]
    return []


class _Module:
    """One argument package on its way into an argument."""

    def __init__(self, kinds: Kinds, package: Item) -> None:
        self.kinds = kinds
        self.package = package
        self.module = kinds.modules[id(package)]
        self.items = kinds.elements(package)
        self.inside = {id(item) for item in self.items}
        self.found: list[dict[str, Any]] = []
        """Relations as the file says them, each with the place under "place"."""
        self._by_ends: dict[tuple[str, str, str], dict[str, Any]] = {}
        """The first relation of a type between two ends."""
        self.covers: dict[int, list[dict[str, Any]]] = {}
        """The relations that a relationship stands for, by object identity."""

    def read(self) -> Argument:
        argument = self._empty()
        for item in self.items:
            said = self._said(item)
            for fields in (carried.merged(said, carried_fields(item, _CARRIED_OF_RELATIONS)), said):
                try:
                    argument.add(carried.make_element(fields, item.place))
                    break
                except ValueError as error:
                    self._problem(f"{item.called}: {error}", item.place)
        for relationship in self._relationships():
            self._relationship(relationship)
        self._turn_gsn_relations()
        argument.relate(*self._made())
        self._claim_points(argument)
        return argument

    def _problem(self, message: str, place: Place) -> None:
        self.kinds.findings.append(G249.finding(message, place))

    def _empty(self) -> Argument:
        package = self.package
        fields: dict[str, Any] = {}
        if package.cls == "ArgumentPackageBinding":
            fields["kind"] = "contract"
        inner = [self.kinds.modules[id(child)] for child in package.children if id(child) in self.kinds.modules]
        if inner:
            fields["contains"] = inner
        if extra := extras(package):
            fields["extra"] = extra
        kept = carried_fields(package, {"relations", "module", "title"})
        title = str(stated(package, "title", package.text))
        try:
            return carried.make_argument(self.module, title, carried.merged(fields, kept), package.place)
        except InputError as error:
            for finding in error.findings:
                self._problem(f"{package.called}: {finding.place.field}: {finding.message}", package.place)
            return carried.make_argument(self.module, title, {}, package.place)

    # -- elements -----------------------------------------------------------------------------------------

    def _said(self, item: Item) -> dict[str, Any]:
        """The fields that SACM's own features say."""
        kind = self.kinds.types[id(item)]
        fields: dict[str, Any] = {"type": kind.value, "id": self.kinds.ids[id(item)]}
        if item.text:
            fields["text"] = item.text
        if item.cls == "Claim" and item.declaration == "needsSupport":
            fields["undeveloped"] = True
        if item.cls == "Claim" and item.declaration == "defeated":
            fields["defeated"] = True
        if item.flag("isAbstract"):
            fields["uninstantiated"] = True
        if id(item) in self.kinds.cited and kind in AWAY_FOR:
            fields["public"] = True
        if item.gsn:
            self._of_gsn(item, kind, fields)
        artifacts = item.refs.get("referencedArtifactElement", [])
        if kind is ElementType.SOLUTION and artifacts:
            fields["evidence"] = [label(artifact) for artifact in artifacts]
        elif kind in (ElementType.MODULE, ElementType.CONTRACT):
            fields["module"] = self.kinds.modules.get(id(artifacts[0]), label(artifacts[0])) if artifacts else ""
        elif kind in AWAY:
            cited = item.refs.get("citedElement", [])
            package = cited[0].parent if cited else None
            fields["module"] = self.kinds.modules.get(id(package), "")
            if cited and cited[0].text:
                fields.setdefault("text", cited[0].text)
            if cited and (original := self.kinds.ids.get(id(cited[0]))) not in (None, fields["id"]):
                fields["of"] = original
        elif kind is ElementType.CONTEXT and item.cls == "ArtifactReference":
            fields["artefact"] = True
        if extra := extras(item):
            fields["extra"] = extra
        return fields

    def _of_gsn(self, item: Item, kind: ElementType, fields: dict[str, Any]) -> None:
        """Attributes of the GSN metamodel."""
        for name in ("undeveloped", "uninstantiated"):
            if item.flag(name):
                fields[name] = True
        if item.flag("isPublic") and kind in AWAY_FOR:
            fields["public"] = True
        if item.flag("toBeSupportedByContract") and kind is ElementType.GOAL:
            fields["by_contract"] = True
        if item.flag("refersToExternalMaterial") and kind is ElementType.CONTEXT:
            fields["artefact"] = True

    # -- relations ----------------------------------------------------------------------------------------

    def _relationships(self) -> list[Item]:
        """Relationships of the package; challenges last, those to relations after those to elements."""
        found = [child for child in self.package.children if child.cls in RELATIONSHIPS]
        return sorted(
            found, key=lambda item: item.flag("isCounter") + (item.flag("isCounter") and self._at_relation(item))
        )

    def _at_relation(self, item: Item) -> bool:
        return any(target.cls in RELATIONSHIPS for target in item.refs.get("target", ()))

    def _relationship(self, item: Item) -> None:
        sources, targets = item.refs.get("source", []), item.refs.get("target", [])
        if item.cls.startswith("AssertedArtifact"):
            return  # between artefacts: counted among what is left out
        if not sources or not targets:
            return  # reported by the rules
        if item.flag("isCounter"):
            for source in sources:
                for target in targets:
                    self._challenge(item, source, target)
            return
        if item.gsn in _GSN_RELATIONS:
            kind = RelationType.SUPPORTED_BY if item.gsn == "SupportedBy" else RelationType.IN_CONTEXT_OF
            for source in sources:
                for target in targets:
                    self._add(item, kind, source, target)
            return
        defeated = item.declaration == "defeated"
        for target in targets:
            if item.cls == "AssertedContext":
                holder = self._context_of(item, target)
                for source in sources:
                    self._add(item, RelationType.IN_CONTEXT_OF, holder, source, defeated=defeated)
                continue
            reasoning = item.refs.get("reasoning", [])
            holder = reasoning[0] if reasoning else target
            if reasoning:
                self._add(item, RelationType.SUPPORTED_BY, target, holder, defeated=defeated, once=True)
            for source in sources:
                self._add(
                    item,
                    RelationType.SUPPORTED_BY,
                    holder,
                    source,
                    defeated=defeated and not reasoning,
                    once=bool(reasoning),
                )

    def _context_of(self, item: Item, target: Item) -> Item:
        """What stands in a context; for an inference that is its strategy, if it has one."""
        reasoning = target.refs.get("reasoning", [])
        if target.cls not in RELATIONSHIPS or not reasoning:
            return target
        message = f"{item.called} gives context to an inference: taken as context of {reasoning[0].called}"
        self.kinds.findings.append(G247.finding(message, item.place))
        return reasoning[0]

    def _add(
        self, item: Item, kind: RelationType, source: Item, target: Item, *, defeated: bool = False, once: bool = False
    ) -> None:
        ends = self._end(source, item), self._end(target, item)
        if ends[0] is None or ends[1] is None:
            return
        said: dict[str, Any] = {"type": kind.value, "source": ends[0], "target": ends[1]}
        if defeated:
            said["defeated"] = True
        first = self._by_ends.setdefault((kind.value, ends[0], ends[1]), said)
        if once and first is not said:
            self.covers.setdefault(id(item), []).append(first)
            return
        said["place"] = item.place
        said["turn"] = item.gsn in _GSN_RELATIONS
        self.found.append(said)
        self.covers.setdefault(id(item), []).append(said)

    def _challenge(self, item: Item, source: Item, target: Item) -> None:
        said: dict[str, Any] = {"type": "challenges", "source": self._end(source, item)}
        if item.declaration == "defeated":
            said["defeated"] = True
        if target.cls in RELATIONSHIPS:
            covered = self.covers.get(id(target))
            if not covered:
                self._problem(f"{item.called}: what it challenges is not carried over", item.place)
                return
            said["challenged"] = reference(covered[0])
            if len(covered) > 1 and not target.refs.get("reasoning"):
                message = f"{item.called} challenges an inference from several sources: a strategy would name it"
                self.kinds.findings.append(G247.finding(message, item.place))
        else:
            said["target"] = self._end(target, item)
        if said["source"] is None or said.get("target", "") is None:
            return
        said["place"] = item.place
        self.found.append(said)
        self.covers.setdefault(id(item), []).append(said)

    def _end(self, end: Item, item: Item) -> str | None:
        """Identifier of an end; one of another package stands under its own identifier."""
        identifier = self.kinds.ids.get(id(end))
        if identifier is None:
            self._problem(f"{item.called}: {end.called} cannot be an end of a relation in GSN", item.place)
        elif id(end) not in self.inside:
            message = f"{item.called}: {end.called} is in another package, which only a citation may refer to"
            self._problem(message, item.place)
            return None
        return identifier

    def _turn_gsn_relations(self) -> None:
        """Relations of GSN types: written either way round in practice; kinds of the ends tell, else the majority."""
        votes = []
        kinds = {self.kinds.ids[id(item)]: self.kinds.types[id(item)] for item in self.items}
        for said in self.found:
            if said.pop("turn", False):
                ends = kinds.get(said["source"]), kinds.get(said["target"])
                votes.append((said, _direction(said["type"], *ends)))
        backward = sum(vote < 0 for _, vote in votes) > sum(vote > 0 for _, vote in votes)
        turned = 0
        for said, vote in votes:
            if vote < 0 or (vote == 0 and backward):
                said["source"], said["target"] = said["target"], said["source"]
                turned += 1
        if turned:
            message = f"module {self.module!r}: {turned} relations of GSN types run from support to claim; turned round"
            self.kinds.findings.append(G247.finding(message, self.package.place))

    def _made(self) -> list[Relation]:
        """All relations: as said and decorated, then those that only the tagged values know, in the stated order."""
        decorations: dict[str, carried.Decorations] = {}
        order: dict[str, Any] = {}
        more: list[tuple[Any, Place]] = []
        for item in self.items:
            identifier = self.kinds.ids[id(item)]
            held = [entry for entry in stated_list(item, "decorations") if isinstance(entry, dict)]
            decorations.setdefault(identifier, carried.Decorations(held))
            order.setdefault(identifier, stated(item, "order", None))
            more += [(fields, item.place) for fields in stated_list(item, "relations")]
        more += [(fields, self.package.place) for fields in stated_list(self.package, "relations")]
        made: list[Relation] = []
        for said in self.found:
            place = said.pop("place")
            self._relation(made, decorations[said["source"]].applied(said), place)
        for fields, place in more:
            self._relation(made, fields, place)
        return _ordered(made, order)

    def _relation(self, made: list[Relation], fields: Any, place: Place) -> None:
        try:
            made.append(carried.make_relation(fields, place))
        except ValueError as error:
            self._problem(f"relation: {error}", place)

    def _claim_points(self, argument: Argument) -> None:
        """Meta-claims that no carried claim point stands for."""
        known = {point.goal for point in argument.claim_points}
        for item in self.package.children:
            for claim in item.refs.get("metaClaim", ()):
                goal = self.kinds.ids.get(id(claim))
                covered = self.covers.get(id(item), [])
                if goal in known or not covered:
                    continue
                refs = tuple(RelationRef(**reference(said)) for said in covered[:1])
                point = ClaimPoint(id=f"ACP-{goal}", relations=refs, goal=goal, place=item.place)
                argument.claim_points = (*argument.claim_points, point)
                known.add(goal)


def reference(said: dict[str, Any]) -> dict[str, Any]:
    """How a challenge names the relation that a relationship stands for first."""
    return {"source": said["source"], "target": said.get("target", ""), "type": said["type"]}


def _ordered(made: list[Relation], order: dict[str, Any]) -> list[Relation]:
    """Relations of an element and type in the order that the element's tagged value states, others after them."""
    ranks: dict[tuple[str, str], dict[str, list[int]]] = {}
    for source, by_kind in order.items():
        for kind, targets in by_kind.items() if isinstance(by_kind, dict) else ():
            if isinstance(targets, list):
                places = ranks.setdefault((source, kind), {})
                for number, target in reversed(list(enumerate(targets))):
                    places.setdefault(str(target), []).append(number)
    keys = []
    for number, relation in enumerate(made):
        left = ranks.get((relation.source, relation.type.value), {}).get(relation.target)
        keys.append((left.pop() if left else len(made), number))
    return [relation for _, relation in sorted(zip(keys, made, strict=True), key=lambda pair: pair[0])]


def _direction(kind: str, source: ElementType | None, target: ElementType | None) -> int:
    """1 when the ends fit GSN's direction only, -1 when they fit the reverse only, 0 when both or none do."""
    if kind == RelationType.IN_CONTEXT_OF:
        forward, backward = target in _BESIDE, source in _BESIDE
    else:
        forward, backward = source in _ABOVE and target not in _ABOVE, target in _ABOVE and source not in _ABOVE
    return int(forward) - int(backward)


_ABOVE = frozenset({ElementType.GOAL, ElementType.STRATEGY})
_BESIDE = frozenset(
    {
        *(ElementType.CONTEXT, ElementType.ASSUMPTION, ElementType.JUSTIFICATION),
        *(ElementType.AWAY_CONTEXT, ElementType.AWAY_ASSUMPTION, ElementType.AWAY_JUSTIFICATION),
    }
)
