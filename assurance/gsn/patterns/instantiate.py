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

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from assurance.gsn.elements import DEVELOPABLE, KINDS, Element, ElementType, Provenance
from assurance.gsn.model import Argument
from assurance.gsn.patterns.data import G_TOKEN, check_data, select
from assurance.gsn.patterns.format import PatternChoice, Use
from assurance.gsn.patterns.forms import Form
from assurance.gsn.patterns.library import LoadedPattern
from assurance.gsn.patterns.paths import Scope, Template, value, whole
from assurance.gsn.relations import CHALLENGES, IN_CONTEXT_OF, SUPPORTED_BY, Relation
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
    supports: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contexts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    challenges: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
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

    def make(self, kind: ElementType, fields: dict[str, Any], place: Place) -> None:
        """Add an element."""
        try:
            element = cast(Element, KINDS[kind](**fields))
        except ValidationError as error:
            message = f"{str(fields['id'])[:100]}: {error.errors()[0]['msg']}"
            self.findings.append(G_TOO_LONG.finding(message, place))
            return
        if self.elements.setdefault(element.id, element) is not element:
            self.findings.append(G_SAME.finding(f"{element.id} stands twice", place))


@dataclass(frozen=True)
class _Where:
    """Where a pattern is being expanded: identifier prefixes (with and without items) and inherited binding."""

    prefix: str = ""
    bare: str = ""
    binding: Binding = ()


class _Stand(NamedTuple):
    """What elements stand for at one place: items of nested collections, with the data in scope there."""

    binding: Binding
    scope: Scope
    items: str
    """The items' ids, as they follow an element's own identifier: `-R1`."""
    origin: Provenance


class _Stands:
    """All that the elements of a pattern can stand for, by the collections that they name."""

    def __init__(self, pattern: str, data: Mapping[str, Any], where: _Where) -> None:
        self._pattern, self._inherited = pattern, where.binding
        whole = _Stand((), Scope(data), "", Provenance(pattern=pattern, binding=where.binding))
        self._known: dict[tuple[str, ...], list[_Stand]] = {(): [whole]}

    def of(self, steps: tuple[str, ...]) -> list[_Stand]:
        """Every combination of items of nested collections, outermost first."""
        if steps not in self._known:
            self._known[steps] = list(self._inside(self.of(steps[:-1]), "/".join(steps), steps[-1]))
        return self._known[steps]

    def _inside(self, stands: list[_Stand], here: str, name: str) -> Iterator[_Stand]:
        for outer in stands:
            data, around, _ = outer.scope
            for item in (data if around is None else around).get(name) or ():
                id = str(item["id"])
                binding = (*outer.binding, (here, id))
                origin = Provenance(pattern=self._pattern, binding=(*self._inherited, *binding))
                yield _Stand(binding, Scope(data, item, around), f"{outer.items}-{id}", origin)


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
    stands = _Stands(loaded.id, data, where)
    instances: dict[str, list[tuple[_Stand, str]]] = {}
    for name, form in loaded.forms.items():
        made = instances[name] = []
        use, before = form.element.use, where.prefix + name
        for stand in stands.of(form.steps):
            draft.step(loaded)
            id = before + stand.items
            if form.when is not None and not form.when.value(stand.scope):
                _omit(id, form, stand.scope, draft)
                continue
            if use is not None:
                id = _nested(loaded, form, use, stand, id, choose, where, draft)
            else:
                _add(form, stand, id, where, draft)
            made.append((stand, id))
    by_source = {choice.at: (name, choice) for name, choice in loaded.pattern.choices.items()}
    for name, form in loaded.forms.items():
        element, choice = form.element, by_source.get(name)
        contexts = [_Join(instances[target], form.shared[target]) for target in element.in_context_of]
        supports = [(target, _Join(instances[target], form.shared[target])) for target in element.supported_by]
        develop = element.use.develop.items() if element.use is not None else ()
        developed = [(open_goal, _Join(instances[target], form.shared[target])) for open_goal, target in develop]
        if not (contexts or supports or developed):
            continue
        for stand, id in instances[name]:
            taken = _decide(loaded, *choice, stand, choose, where, draft, id) if choice is not None else {}
            for open_goal, join in developed:
                draft.supports[f"{where.prefix}{name}{stand.items}.{open_goal}"] += join.of(stand)
            for join in contexts:
                draft.contexts[id] += join.of(stand)
            for target, join in supports:
                if not taken.get(target, True):
                    continue
                joined = join.of(stand)
                if target in taken and not joined:
                    place = loaded.document.place(("elements", target), target)
                    draft.findings.append(
                        G_CHOOSE.finding(f"{id}: {target} is taken, and the data do not have it", place)
                    )
                draft.supports[id] += joined
    return next(id for _, id in instances[loaded.top])


class _Join:
    """Which instances of a target an instance of a source is joined with: those that agree on every collection that
    both stand for."""

    def __init__(self, instances: list[tuple[_Stand, str]], shared: int) -> None:
        self._shared = shared
        self._groups: dict[Binding, list[str]] = {}
        for stand, id in instances:
            self._groups.setdefault(stand.binding[:shared], []).append(id)

    def of(self, stand: _Stand) -> Sequence[str]:
        return self._groups.get(stand.binding[: self._shared], ())


def _nested(
    loaded: LoadedPattern,
    form: Form,
    use: Use,
    stand: _Stand,
    id: str,
    choose: Mapping[str, Any],
    where: _Where,
    draft: _Draft,
) -> str:
    """Expand the pattern that stands in the place of an element."""
    inner = loaded.nested[use.pattern]
    data: dict[str, Any] = {}
    for key in inner.parameters:
        given = use.with_.get(key)
        if given is None:
            found = stand.scope.data.get(key)
        elif (path := whole(given)) is not None:
            found = value(stand.scope, path)
        else:
            found = _fill(Template(given), stand.scope, form, draft)
        if found is not None:
            data[key] = found
    data = select(inner.parameters, data)
    findings = check_data(inner, data, Place(element=id))
    if findings:
        draft.findings += findings
        return id
    # what is inside notes the place of the pattern that it came in by
    path_of_places = (*where.binding, *stand.binding, (loaded.id, form.name))
    return _expand(inner, data, choose, _Where(f"{id}.", f"{where.bare}{form.name}.", path_of_places), draft)


def _add(form: Form, stand: _Stand, id: str, where: _Where, draft: _Draft) -> None:
    """The element itself, with the solutions of its leg."""
    scope, missing = stand.scope, list[str]()
    fields: dict[str, Any] = {"id": id, "provenance": stand.origin, "text": form.text.filled(scope, missing)}
    if form.claim:
        fields["claim"] = form.claim.filled(scope, missing)
    if form.evidence:
        fields["evidence"] = (form.evidence.filled(scope, missing),)
    if missing:
        draft.findings += _unfilled(form, missing)
    draft.make(form.type, fields, form.place)
    if form.status:
        draft.status[id] = _fill(form.status, scope, form, draft)
    if form.leg is None:
        return
    leg = form.leg.value(scope) or {"status": "undeveloped", "documents": ()}
    draft.status[id] = leg["status"]
    for item in leg["documents"]:
        solution = _referred(f"{where.prefix}Sn-{form.name}{stand.items}", item, item["text"], form, stand, draft)
        draft.supports[id].append(solution)
    for item in leg.get("against", ()):
        text = f"Counter-evidence: {item['text']}, reports a failure"
        solution = _referred(f"{where.prefix}CE-{form.name}{stand.items}", item, text, form, stand, draft)
        draft.challenges[id].append(solution)


def _referred(before: str, item: Mapping[str, Any], text: str, form: Form, stand: _Stand, draft: _Draft) -> str:
    """Add a solution that refers to a document of a leg, and give its identifier."""
    pattern, binding = stand.origin.pattern, stand.origin.binding
    noted = Provenance(pattern=pattern, binding=(*binding, (str(form.leg), item["id"])))
    id = f"{before}-{item['id']}"
    fields = {"id": id, "text": text, "evidence": (item["digest"],), "provenance": noted}
    draft.make(ElementType.SOLUTION, fields, form.place)
    return id


def _omit(id: str, form: Form, scope: Scope, draft: _Draft) -> None:
    """An optional element is left out; evidence against it may not go with it."""
    status = form.element.status
    word = value(scope, whole(status) or "") if status else None
    if form.leg is not None:
        word = (form.leg.value(scope) or {}).get("status")
    if isinstance(word, str):
        draft.status[id] = word


def _fill(template: Template, scope: Scope, form: Form, draft: _Draft) -> str:
    missing: list[str] = []
    text = template.filled(scope, missing)
    draft.findings += _unfilled(form, missing)
    return text


def _unfilled(form: Form, missing: list[str]) -> list[Finding]:
    return [G_TOKEN.finding(f"{form.name}: no data for {{{path}}}", form.place) for path in missing]


def _decide(
    loaded: LoadedPattern,
    name: str,
    choice: PatternChoice,
    stand: _Stand,
    choose: Mapping[str, Any],
    where: _Where,
    draft: _Draft,
    source: str,
) -> dict[str, bool]:
    """Which alternatives the choice at this element takes; its justification joins the argument."""
    exact, bare = f"{where.prefix}{name}{stand.items}", where.bare + name
    draft.consulted |= {exact, bare}
    decision = choose.get(exact, choose.get(bare))
    if decision is None and choice.decided_by is not None:
        decision = value(stand.scope, choice.decided_by)
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
    id = f"{where.prefix}{choice.justification}{stand.items}"
    fields = {"id": id, "text": " ".join(reason.split()), "provenance": stand.origin}
    draft.make(ElementType.JUSTIFICATION, fields, place)
    draft.contexts[source].append(id)
    return {target: alternative in taken for alternative, target in choice.of.items()}


def _reachable(draft: _Draft, top: str) -> dict[str, None]:
    """What still hangs from the top after choices and options, in the order of making."""
    joined = (draft.supports, draft.contexts, draft.challenges)
    seen, new = {top}, {top}
    while new:
        new = {target for here in new for targets in joined for target in targets.get(here, ())} - seen
        seen |= new
    return {id: None for id in draft.elements if id in seen}


def _flattery(draft: _Draft, kept: Mapping[str, None]) -> list[Finding]:
    found = []
    for id, word in draft.status.items():
        if id not in kept and word in _AGAINST:
            found.append(G_HIDDEN.finding(f"{id} is left out, and it is {word}", Place(element=id)))
        if id in kept and word == "supported" and not draft.supports.get(id):
            found.append(G_FLATTERED.finding(f"{id} is said to be supported", Place(element=id)))
    return found


def _assembled(loaded: LoadedPattern, draft: _Draft, kept: Mapping[str, None], prefix: str) -> Instance:
    argument = Argument(loaded.id, loaded.pattern.name)
    elements: list[Element] = []
    relations: list[Relation] = []
    joined = ((SUPPORTED_BY, draft.supports), (IN_CONTEXT_OF, draft.contexts))
    for id in kept:
        element, named = draft.elements[id], prefix + id
        update: dict[str, Any] = {"id": named} if prefix else {}
        if element.type in DEVELOPABLE and not draft.supports.get(id):
            update["undeveloped"] = True
        elements.append(element.model_copy(update=update) if update else element)
        for type, targets in joined:
            if id in targets:
                once = dict.fromkeys(targets[id])
                relations += [Relation(type=type, source=named, target=prefix + other) for other in once]
        for other in draft.challenges.get(id, ()):
            relations.append(Relation(type=CHALLENGES, source=prefix + other, target=named))
    argument.add(*elements)
    argument.relate(*relations)
    return Instance(argument, {prefix + id: word for id, word in draft.status.items() if id in kept})
