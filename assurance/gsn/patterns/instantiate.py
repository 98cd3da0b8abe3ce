"""Pattern + data -> argument. Nothing is left to be filled in by hand (GSN 1:3.1.3, 3.5.2).

Every token is bound, every collection expanded, every choice made with its justification, every nested pattern put
in its place. Each element gets an identifier of its own and notes pattern and binding as its provenance. A goal or
strategy that nothing supports is marked undeveloped. The status that evidence gives to a goal is passed on; nothing
is judged here, but two kinds of flattery are refused: "supported" with nothing underneath, and a choice or option
that leaves out a goal against which evidence speaks.

Identifiers: the pattern's own, then the items that the element stands for (`G3-R1`); a nested pattern's elements
have the identifier of its place before theirs (`DATA.G1`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from assurance.gsn.elements import KINDS, Element, ElementType, Goal, Provenance, Strategy
from assurance.gsn.model import Argument
from assurance.gsn.patterns.data import G_TOKEN, check_data, select
from assurance.gsn.patterns.format import PatternChoice, PatternElement
from assurance.gsn.patterns.library import LoadedPattern
from assurance.gsn.patterns.paths import TOKEN, scopes, value, whole
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

G_TOO_LONG = code(
    "G143", Severity.ERROR, "instantiated element cannot be held", "shorten the text that the data gives it"
)
G_CHOOSE = code(
    "G279",
    Severity.ERROR,
    "a choice of the pattern is not made, or not within its bounds",
    "name alternatives of the choice: as many as its bounds allow, each once",
    "GSN 1:3.2.3",
)
G_WHY = code(
    "G280",
    Severity.ERROR,
    "a choice of the pattern has no justification",
    "say in a sentence why the alternatives that are taken are enough",
    "GSN 1:3.2.3, 1:3.4",
)
G_SAME = code(
    "G281",
    Severity.ERROR,
    "two elements of an instance would have the same identifier",
    "give one of the items that they stand for another id",
    "GSN 1:3.5.4",
)
G_FLATTERED = code(
    "G282",
    Severity.ERROR,
    "a goal is said to be supported and has nothing underneath",
    "give the evidence that supports it, or leave it undeveloped",
)
G_HIDDEN = code(
    "G283",
    Severity.ERROR,
    "what a choice or option leaves out has evidence against it",
    "take the alternative, or mend what speaks against it",
)

G_TOO_MANY = code(
    "G252",
    Severity.ERROR,
    "an instance of a pattern would have too many elements",
    "let patterns use each other less often, or give shorter collections",
)
MAX_ELEMENTS = 50_000
"""Elements of one instance, with all nested patterns: patterns that use each other multiply."""

Binding = tuple[tuple[str, str], ...]
"""The items that an instance stands for: (collection, item id), outermost first; (pattern, place) for nesting."""

_AGAINST = frozenset({"contradicted", "in doubt"})
_LEAST_REASON = 15
"""Characters of a justification: at least a short sentence (as everywhere in the case file)."""


@dataclass(frozen=True)
class Instance:
    """An instantiated pattern: the argument, and the status words bound to its goals."""

    argument: Argument
    status: dict[str, str]


@dataclass
class _Draft:
    """What expansion has gathered so far, over all nested patterns."""

    elements: dict[str, Element] = field(default_factory=dict)
    supports: dict[str, list[str]] = field(default_factory=dict)
    contexts: dict[str, list[str]] = field(default_factory=dict)
    challenges: dict[str, list[str]] = field(default_factory=dict)
    """Goal -> the counter-evidence that challenges it."""
    status: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    consulted: set[str] = field(default_factory=set)
    """Keys of `choose` that belong to some choice."""
    steps: int = 0
    """Places of elements that were looked at."""

    def step(self, loaded: LoadedPattern) -> None:
        """Count one more. Raises InputError (G252)."""
        self.steps += 1
        if self.steps > MAX_ELEMENTS:
            message = f"more than {MAX_ELEMENTS} elements; {loaded.id} is one of the patterns that they come from"
            raise InputError.of(G_TOO_MANY, message, Place(element=loaded.id))

    def add(self, element: Element, place: Place) -> None:
        if element.id in self.elements:
            self.findings.append(G_SAME.finding(f"{element.id} stands twice", place))
        self.elements.setdefault(element.id, element)


@dataclass(frozen=True)
class _Where:
    """Where a pattern is being expanded: identifier prefixes (with and without items) and inherited binding."""

    prefix: str = ""
    bare: str = ""
    binding: Binding = ()

    def id(self, element: str, binding: Binding) -> str:
        return self.prefix + instance_id(element, binding)


def instance_id(element: str, binding: Binding) -> str:
    """Identifier of an instance within its pattern: the pattern's own, then the items it stands for."""
    return "-".join([element, *(item for _, item in binding)])


def instantiate(
    loaded: LoadedPattern, data: Mapping[str, Any], *, prefix: str = "", place: Place | None = None
) -> Instance:
    """Expand a pattern over data (see data.py for their shape).

    `prefix` stands before every identifier, for several patterns in one argument; `place` says where the data were
    given. Raises InputError with everything that is wrong: G141, G275-G278 for data that do not cover the parameters;
    G279, G280 for choices; G143, G252, G281-G283 for what the expansion would give.
    """
    findings = check_data(loaded, data, place)
    if findings:
        raise InputError(*findings)
    draft = _Draft()
    top = _expand(loaded, data, data.get("choose", {}), _Where(), draft)
    for key in data.get("choose", {}):
        if key not in draft.consulted:
            draft.findings.append(G_CHOOSE.finding(f"{key!r} names no choice of {loaded.id}", Place(element=loaded.id)))
    kept = _reachable(draft, top)
    draft.findings += _flattery(draft, kept)
    if draft.findings:
        raise InputError(*dict.fromkeys(draft.findings))
    return _assembled(loaded, draft, kept, prefix)


def _expand(
    loaded: LoadedPattern, data: Mapping[str, Any], choose: Mapping[str, Any], where: _Where, draft: _Draft
) -> str:
    """Add everything of one pattern to the draft and give the identifier of its top goal."""
    instances: dict[str, list[tuple[Binding, dict[str, Any], str]]] = {}
    for name, element in loaded.pattern.elements.items():
        instances[name] = []
        for binding, scope in scopes(element.steps, data):
            draft.step(loaded)
            id = where.id(name, binding)
            if element.when is not None and not value(scope, element.when):
                _omit(id, element, scope, draft)
                continue
            if element.use is not None:
                id = _nested(loaded, name, element, binding, scope, choose, where, draft)
            else:
                _add(loaded, name, element, binding, scope, where, draft)
            instances[name].append((binding, scope, id))
    by_source = {choice.at: (name, choice) for name, choice in loaded.pattern.choices.items()}
    index = _Joins(loaded, instances)
    for name, element in loaded.pattern.elements.items():
        for binding, scope, id in instances[name]:
            taken = _decide(loaded, by_source.get(name), binding, scope, choose, where, draft, id)
            if element.use is not None:
                for open_goal, target in element.use.develop.items():
                    draft.supports.setdefault(f"{where.id(name, binding)}.{open_goal}", []).extend(
                        index.joined(name, binding, target)
                    )
            for target in element.in_context_of:
                draft.contexts.setdefault(id, []).extend(index.joined(name, binding, target))
            for target in element.supported_by:
                if not taken.get(target, True):
                    continue
                joined = index.joined(name, binding, target)
                if target in taken and not joined:
                    place = loaded.document.place(("elements", target), target)
                    draft.findings.append(
                        G_CHOOSE.finding(f"{id}: {target} is taken, and the data do not have it", place)
                    )
                draft.supports.setdefault(id, []).extend(joined)
    return next(id for _, _, id in instances[loaded.top])


class _Joins:
    """Which instances of a target an instance of a source is joined with: those that agree on every collection that
    both stand in."""

    def __init__(
        self, loaded: LoadedPattern, instances: Mapping[str, list[tuple[Binding, dict[str, Any], str]]]
    ) -> None:
        self._elements = loaded.pattern.elements
        self._instances = instances
        self._index: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], list[str]]] = {}

    def joined(self, source: str, binding: Binding, target: str) -> list[str]:
        theirs = set(self._elements[target].paths)
        shared = tuple(path for path in self._elements[source].paths if path in theirs)
        if (target, shared) not in self._index:
            groups: dict[tuple[str, ...], list[str]] = {}
            for other, _, id in self._instances[target]:
                items = dict(other)
                groups.setdefault(tuple(items[path] for path in shared), []).append(id)
            self._index[target, shared] = groups
        mine = dict(binding)
        return self._index[target, shared].get(tuple(mine[path] for path in shared), [])


def _nested(
    loaded: LoadedPattern,
    name: str,
    element: PatternElement,
    binding: Binding,
    scope: Mapping[str, Any],
    choose: Mapping[str, Any],
    where: _Where,
    draft: _Draft,
) -> str:
    """Expand the pattern that stands in the place of an element."""
    assert element.use is not None
    inner = loaded.nested[element.use.pattern]
    place = loaded.document.place(("elements", name), name)
    data: dict[str, Any] = {}
    for key in inner.parameters:
        given = element.use.with_.get(key)
        if given is None:
            found = scope.get(key)
        elif (path := whole(given)) is not None:
            found = value(scope, path)
        else:
            found = _fill(given, scope, name, place, draft)
        if found is not None:
            data[key] = found
    data = select(inner.parameters, data)
    id = where.id(name, binding)
    findings = check_data(inner, data, Place(element=id))
    if findings:
        draft.findings += findings
        return id
    # what is inside notes the place of the pattern that it came in by
    path_of_places = (*where.binding, *binding, (loaded.id, name))
    return _expand(inner, data, choose, _Where(f"{id}.", f"{where.bare}{name}.", path_of_places), draft)


def _add(
    loaded: LoadedPattern,
    name: str,
    element: PatternElement,
    binding: Binding,
    scope: Mapping[str, Any],
    where: _Where,
    draft: _Draft,
) -> None:
    """The element itself, with the solutions of its leg."""
    place = loaded.document.place(("elements", name), name)
    id, bound = where.id(name, binding), (*where.binding, *binding)
    origin = Provenance(pattern=loaded.id, binding=bound)
    fields: dict[str, Any] = {"id": id, "provenance": origin}
    fields["text"] = _fill(element.text, scope, name, place, draft)
    if element.claim:
        fields["claim"] = _fill(element.claim, scope, name, place, draft)
    if element.evidence:
        fields["evidence"] = (_fill(element.evidence, scope, name, place, draft),)
    _make(element.type, fields, place, draft)
    if element.status is not None:
        draft.status[id] = _fill(element.status, scope, name, place, draft)
    if element.leg is None:
        return
    leg = value(scope, element.leg) or {"status": "undeveloped", "documents": ()}
    draft.status[id] = leg["status"]
    for item in leg["documents"]:
        solution = f"{where.prefix}Sn-{instance_id(name, binding)}-{item['id']}"
        noted = Provenance(pattern=loaded.id, binding=(*bound, (element.leg, item["id"])))
        fields = {"id": solution, "text": item["text"], "evidence": (item["digest"],), "provenance": noted}
        _make(ElementType.SOLUTION, fields, place, draft)
        draft.supports.setdefault(id, []).append(solution)
    for item in leg.get("against", ()):
        solution = f"{where.prefix}CE-{instance_id(name, binding)}-{item['id']}"
        noted = Provenance(pattern=loaded.id, binding=(*bound, (element.leg, item["id"])))
        text = f"Counter-evidence: {item['text']}, reports a failure"
        fields = {"id": solution, "text": text, "evidence": (item["digest"],), "provenance": noted}
        _make(ElementType.SOLUTION, fields, place, draft)
        draft.challenges.setdefault(id, []).append(solution)


def _omit(id: str, element: PatternElement, scope: Mapping[str, Any], draft: _Draft) -> None:
    """An optional element is left out; evidence against it may not go with it."""
    word = value(scope, whole(element.status) or "") if element.status else None
    if element.leg:
        word = (value(scope, element.leg) or {}).get("status")
    if isinstance(word, str):
        draft.status[id] = word


def _make(kind: ElementType, fields: dict[str, Any], place: Place, draft: _Draft) -> None:
    try:
        draft.add(cast(Element, KINDS[kind](**fields)), place)
    except ValidationError as error:
        message = f"{str(fields['id'])[:100]}: {error.errors()[0]['msg']}"
        draft.findings.append(G_TOO_LONG.finding(message, place))


def _fill(template: str, scope: Mapping[str, Any], element: str, place: Place, draft: _Draft) -> str:
    """A text with its tokens replaced, blanks joined. Values are not read as templates again."""
    missing: list[str] = []

    def replaced(path: str) -> str:
        found = value(scope, path)
        if not isinstance(found, str | int) or isinstance(found, bool):
            missing.append(path)
            return ""
        return str(found)

    text = " ".join(TOKEN.sub(lambda match: replaced(match[1]), template).split())
    draft.findings += [G_TOKEN.finding(f"{element}: no data for {{{path}}}", place) for path in missing]
    return text


def _decide(
    loaded: LoadedPattern,
    named: tuple[str, PatternChoice] | None,
    binding: Binding,
    scope: Mapping[str, Any],
    choose: Mapping[str, Any],
    where: _Where,
    draft: _Draft,
    source: str,
) -> dict[str, bool]:
    """Which alternatives the choice at this element takes; its justification joins the argument."""
    if named is None:
        return {}
    name, choice = named
    exact, bare = where.id(name, binding), where.bare + name
    draft.consulted |= {exact, bare}
    decision = choose.get(exact, choose.get(bare))
    if decision is None and choice.decided_by is not None:
        decision = value(scope, choice.decided_by)
    place = loaded.document.place(("choices", name), name)
    shown = f"choice {exact}"
    most = choice.at_most or len(choice.of)
    bounds = f"{choice.at_least} to {most} of {', '.join(choice.of)}"
    if not isinstance(decision, Mapping) or set(decision) - {"take", "justification"}:
        what = "no decision" if decision is None else "a decision has `take` and `justification`"
        draft.findings.append(G_CHOOSE.finding(f"{shown}: {what}", place, expected=bounds))
        return {}
    take, reason = decision.get("take"), decision.get("justification")
    taken = list(take) if isinstance(take, list | tuple) else []
    good = all(isinstance(item, str) and item in choice.of for item in taken)
    if not good or len(set(taken)) < len(taken) or not choice.at_least <= len(taken) <= most:
        draft.findings.append(G_CHOOSE.finding(f"{shown}: take {take!r}"[:200], place, expected=bounds))
    if not isinstance(reason, str) or len(reason.strip()) < _LEAST_REASON:
        draft.findings.append(G_WHY.finding(f"{shown}: justification {reason!r}"[:200], place))
        return {}
    id = where.id(choice.justification, binding)
    origin = Provenance(pattern=loaded.id, binding=(*where.binding, *binding))
    fields = {"id": id, "text": " ".join(reason.split()), "provenance": origin}
    _make(ElementType.JUSTIFICATION, fields, place, draft)
    draft.contexts.setdefault(source, []).append(id)
    return {target: alternative in taken for alternative, target in choice.of.items()}


def _reachable(draft: _Draft, top: str) -> dict[str, None]:
    """What still hangs from the top after choices and options, in the order of making."""
    seen = {top}
    waiting = [top]
    while waiting:
        here = waiting.pop()
        for target in (*draft.supports.get(here, ()), *draft.contexts.get(here, ()), *draft.challenges.get(here, ())):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return {id: None for id in draft.elements if id in seen}


def _flattery(draft: _Draft, kept: Mapping[str, None]) -> list[Finding]:
    found = []
    for id, word in draft.status.items():
        place = Place(element=id)
        if id not in kept and word in _AGAINST:
            found.append(G_HIDDEN.finding(f"{id} is left out, and it is {word}", place))
        if id in kept and word == "supported" and not draft.supports.get(id):
            found.append(G_FLATTERED.finding(f"{id} is said to be supported", place))
    return found


def _assembled(loaded: LoadedPattern, draft: _Draft, kept: Mapping[str, None], prefix: str) -> Instance:
    argument = Argument(loaded.id, loaded.pattern.name)
    for id in kept:
        update: dict[str, Any] = {"id": prefix + id} if prefix else {}
        element = draft.elements[id]
        if isinstance(element, Goal | Strategy) and not draft.supports.get(id):
            update["undeveloped"] = True
        argument.add(element.model_copy(update=update) if update else element)
    for id in kept:
        argument.support(prefix + id, *(prefix + other for other in dict.fromkeys(draft.supports.get(id, ()))))
        argument.contextualise(prefix + id, *(prefix + other for other in dict.fromkeys(draft.contexts.get(id, ()))))
        for other in draft.challenges.get(id, ()):
            argument.challenge(prefix + other, prefix + id)
    return Instance(argument, {prefix + id: word for id, word in draft.status.items() if id in kept})
