"""Doubts as elements of the argument, what each of them affects, and what it leaves of the statuses above it.

Counter-evidence and standing doubts become challenges (GSN 1:6): a record that holds counterexamples challenges the
goal of the claim, a doubt is a goal of its own that challenges what it is aimed at. The affected set is everything
that rests on what is challenged. Nothing is marked defeated by the tool: an element is so marked when a named person
upheld the challenge, a challenge when its answer is recorded (GSN 2:11.3.4). An exclusion that somebody accepted or
answered is no challenge: it stands among the residual risks, with its owner (`residual_risks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from assurance.challenges import Doubt, DoubtState, doubts_of
from assurance.gsn.elements import Goal, Justification, Solution, Strategy
from assurance.gsn.model import Argument
from assurance.gsn.patterns.instantiate import G_TOO_LONG
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register, RunItem
from assurance.status import Standing, Status, cap_of, failed_results, worst
from assurance.words import listed, result_words
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import short
from evidence.errors import InputError

S_COUNTER = code(
    "S130",
    Severity.WARNING,
    "counter-evidence that nobody disposed of",
    "mend model or requirement, or record a deviation by a named person; look at everything that is affected",
    "GSN 2:11.3.4",
)
S_STANDS = code(
    "S131",
    Severity.WARNING,
    "a challenge stands: doubt that remains",
    "record a disposition by a named person, with the digest that is expected as `of`",
    "GSN 2:11.3.4",
)
S_LAPSED = code(
    "S132",
    Severity.WARNING,
    "disposition of a challenge does not count",
    "have it decided anew on what stands now",
    "GSN 2:11.3.4",
)
S_NO_AIM = code(
    "S133",
    Severity.ERROR,
    "challenge aimed at an element that the argument does not have",
    "name an element of the argument itself as the diagrams show it (to doubt an answer, challenge its document); "
    "until then every top goal is in doubt",
)
S_UPHELD = code(
    "S134",
    Severity.ERROR,
    "a challenge was upheld: what it is aimed at is given up",
    "mend what is affected, or take it out of the argument",
    "GSN 2:11.3.4",
)

_MOST_NAMED = 25
"""So many identifiers does a finding list; the dossier has them all."""


@dataclass(frozen=True)
class Challenged:
    """One challenge in the argument: the element that makes it, what it is aimed at, all that rests on that."""

    element: str
    targets: tuple[str, ...]
    affected: tuple[str, ...]
    """Goals and strategies, the targets included, in the order of the argument."""
    doubt: Doubt | None
    """None: counter-evidence that a record holds."""
    requirement: str | None = None


@dataclass(frozen=True)
class Woven:
    """What became of the argument: at most which status its elements may have, the challenges, the findings."""

    caps: dict[str, Status]
    doubts: tuple[Doubt, ...]
    challenges: tuple[Challenged, ...]
    findings: tuple[Finding, ...]


def residual_risks(doubts: Iterable[Doubt]) -> list[dict[str, Any]]:
    """For patterns: the exclusions that somebody answered, accepted or upheld, with owner and record."""
    found = []
    for doubt in doubts:
        if not doubt.is_exclusion or doubt.state is DoubtState.STANDS:
            continue
        records = [{"id": item.item.id, "digest": item.digest, "text": item.record.title} for item in doubt.answers]
        decided = f"{doubt.state.value.capitalize()} by {doubt.decision}"
        records.append({"id": "disposition", "digest": doubt.recorded, "text": decided})
        found.append(
            {
                "id": doubt.id,
                "threat": doubt.aimed_at[1],
                "text": doubt.text,
                "status": cap_of(doubt).value,
                "records": records,
            }
        )
    return found


def exclusions_status(doubts: Iterable[Doubt]) -> Status:
    """Of the goal that every exclusion was disposed of: undeveloped while one stands, and where nothing is excluded,
    because then no threat was looked at."""
    states = [doubt.state for doubt in doubts if doubt.is_exclusion]
    return Status.UNDEVELOPED if not states or DoubtState.STANDS in states else Status.SUPPORTED


def above(argument: Argument, ids: Iterable[str]) -> set[str]:
    """Everything that rests on some elements, or stands in their context."""
    seen: set[str] = set()
    waiting = list(ids)
    while waiting:
        for parent in argument.parents(waiting.pop()):
            if parent.id not in seen:
                seen.add(parent.id)
                waiting.append(parent.id)
    return seen


def weave(
    argument: Argument,
    given: Mapping[str, Status],
    loaded: LoadedCase,
    register: Register,
    standings: Mapping[str, Standing],
) -> Woven:
    """Add every challenge to the argument."""
    weaver = _Weaver(argument, given, loaded, register)
    doubts = doubts_of(loaded, register, argument)
    for standing in standings.values():
        weaver.counter_evidence(standing)
    for doubt in doubts:
        weaver.doubt(doubt)
    return Woven(weaver.caps, doubts, tuple(weaver.challenges), tuple(weaver.findings))


def _places(loaded: LoadedCase) -> dict[str, Place]:
    """Where challenges and exclusions stand in the case file."""
    case, place = loaded.case, loaded.document.place
    found = {item.id: place(("challenges", n), item.id) for n, item in enumerate(case.challenges)}
    for n, threat in enumerate(case.threat_models):
        for k in range(len(threat.exclusions)):
            name = f"{threat.id}.{k + 1}"
            found[name] = place(("threat_models", n, "exclusions", k), name)
    return found


def _found(item: RunItem) -> str:
    when = "" if item.current else " (not the current one)"
    kind = item.record.kind.replace("-", " ").capitalize()
    return f"{kind} record {short(item.digest)}{when}: {result_words(item.record)}"


def _failed(item: DocumentEntry) -> str:
    return f"Document {item.item.id}, {item.record.title}, reports a failure"


class _Weaver:
    def __init__(self, argument: Argument, given: Mapping[str, Status], loaded: LoadedCase, register: Register) -> None:
        self._argument, self._register = argument, register
        self._places = _places(loaded)
        self._document = loaded.document
        self._number = {item.id: number for number, item in enumerate(loaded.case.requirements)}
        self._given = given
        self._before = tuple(argument)
        """The elements before any challenge was added."""
        self._tops = [item.id for item in argument.tops()]
        self.caps: dict[str, Status] = {}
        self.challenges: list[Challenged] = []
        self.findings: list[Finding] = []

    @cached_property
    def _own(self) -> dict[str, int]:
        """The argument's own elements, with their order."""
        return {item.id: number for number, item in enumerate(self._before)}

    @cached_property
    def _claims(self) -> dict[str, list[str]]:
        """By requirement, the goals that state it."""
        found: dict[str, list[str]] = {}
        for item in self._before:
            if isinstance(item, Goal) and item.claim:
                found.setdefault(item.claim, []).append(item.id)
        return found

    @cached_property
    def _examined(self) -> set[str]:
        """Those of them whose status comes from evidence."""
        return {id for ids in self._claims.values() for id in ids if id in self._given}

    @cached_property
    def _solutions(self) -> dict[str, list[str]]:
        """By digest, the solutions that refer to it."""
        found: dict[str, list[str]] = {}
        for item in self._before:
            for digest in item.evidence if isinstance(item, Solution) else ():
                found.setdefault(digest, []).append(item.id)
        return found

    def counter_evidence(self, standing: Standing) -> None:
        """Records with counterexamples and documents that report a failure challenge the goals that state the examined
        claim; where none does, the tops, which are then no better than the claim."""
        against = {item.digest: _found(item) for item, found in standing.assessments if found.refuted}
        failed = {item.digest: _failed(item) for item in failed_results(self._register, standing.requirement)}
        if not against and not failed:
            return
        targets = self._lowest(standing.requirement) or self._tops_over((standing.requirement,))
        affected = self._affected(targets)
        for target in targets:
            self._cap(target, standing.status)
        for digest, text in (against | failed).items():
            element = self._free(f"CE-{standing.requirement}-{short(digest)}")
            self._argument.add(Solution(id=element, text=f"Counter-evidence: {text}", evidence=(digest,)))
            self._argument.challenge(element, *targets)
            self.challenges.append(Challenged(element, tuple(targets), affected, None, standing.requirement))
        if failed or not standing.disposed:
            names = _some(sorted(short(digest) for digest in against | failed))
            id = standing.requirement
            message = f"{id}: {names}; affected: {_some(affected)}"
            place = self._document.place(("requirements", self._number[id]), id)
            self.findings.append(S_COUNTER.finding(message, place))

    def doubt(self, doubt: Doubt) -> None:
        """One doubt: its challenge in the argument, or for an exclusion that was disposed of only what it leaves."""
        place, expected = self._places[doubt.id], f"of: {doubt.digest}"
        if doubt.lapsed:
            self.findings.append(S_LAPSED.finding(f"{doubt.id}: {doubt.lapsed}", place, expected=expected))
        if doubt.is_exclusion and doubt.state in (DoubtState.ANSWERED, DoubtState.ACCEPTED):
            for top in self._tops_over(doubt.requirements):
                self._cap(top, cap_of(doubt))
            return
        targets = self._targets(doubt)
        try:
            element = self._challenge(doubt, targets)
        except ValidationError as error:
            raise InputError.of(G_TOO_LONG, f"{doubt.id}: {error.errors()[0]['msg']}", place) from None
        weakened = [id for target in targets for id in self._weakened(target)]
        if not doubt.is_exclusion:  # as the standings of the requirements are
            weakened += [id for name in doubt.requirements for id in self._claims.get(name, ()) if id in self._examined]
        for id in weakened:
            self._cap(id, cap_of(doubt))
        affected = self._affected([*targets, *weakened])
        self.challenges.append(Challenged(element, tuple(targets), affected, doubt))
        message = f"{doubt.id} against {_some(targets)}: {doubt.text} Affected: {_some(affected)}"
        if doubt.state is DoubtState.STANDS:
            self.findings.append(S_STANDS.finding(message, place, expected=expected))
        elif doubt.state is DoubtState.UPHELD:
            self.findings.append(S_UPHELD.finding(message, place))

    def _targets(self, doubt: Doubt) -> list[str]:
        """What a doubt is aimed at in the argument; the tops when nothing there states it."""
        kind, name = doubt.aimed_at
        found: dict[str, None] = {}
        if kind == "element" and name in self._own:
            found[name] = None
        elif kind == "element":
            message = f"{doubt.id}: {'only challenges bring in' if name in self._argument else 'no element'} {name!r}"
            self.findings.append(S_NO_AIM.finding(message, self._places[doubt.id]))
            return self._tops
        found |= {id: None for digest in sorted(doubt.evidence) for id in self._solutions.get(digest, ())}
        if not found:
            found = {id: None for requirement in doubt.requirements for id in self._highest(requirement)}
        return list(found) or self._tops_over(doubt.requirements)

    def _challenge(self, doubt: Doubt, targets: list[str]) -> str:
        """Add the challenge with what backs it, what answers it, and what was decided. Raises ValidationError for
        texts that no element can hold."""
        argument = self._argument
        if doubt.is_exclusion:
            text = f"What threat model {doubt.aimed_at[1]} leaves out can break what is claimed: {doubt.text}"
        else:
            text = doubt.text
        id = self._free(f"CG-{doubt.id}")
        answered = doubt.state is DoubtState.ANSWERED
        argument.add(Goal(id=id, text=text, undeveloped=not doubt.backing, defeated=answered))
        argument.challenge(id, *targets)
        for item in doubt.backing:
            name, text = self._free(f"Sn-{id}-{item.item.id}"), f"Document {item.item.id}, {item.record.title}"
            argument.add(Solution(id=name, text=text, evidence=(item.digest,)))
            argument.support(id, name)
        for item in doubt.answers if answered else ():
            name = self._free(f"CE-{id}-{item.item.id}")
            text = f"Answer to {doubt.id}: document {item.item.id}, {item.record.title}"
            argument.add(Solution(id=name, text=text, evidence=(item.digest,)))
            argument.challenge(name, id)
        if doubt.decision:
            name, text = self._free(f"J-{id}"), f"{doubt.state.value.capitalize()} by {doubt.decision}"
            argument.add(Justification(id=name, text=text))
            argument.contextualise(id, name)
        if doubt.state is DoubtState.UPHELD:
            for target in targets:
                argument.replace(argument[target].model_copy(update={"defeated": True}))
        return id

    def _free(self, id: str) -> str:
        """The identifier, or the next one like it that nothing has: challenge `A` with document `B-C` is not `A-B`
        with `C`."""
        name, number = id, 1
        while name in self._argument:
            number += 1
            name = f"{id}.{number}"
        return name

    def _lowest(self, requirement: str) -> list[str]:
        """The goals that state the examined claim of a requirement: those that rest on no other such goal."""
        claims = [id for id in self._claims.get(requirement, []) if id in self._examined]
        higher = above(self._argument, claims)
        return [id for id in claims if id not in higher]

    def _highest(self, requirement: str) -> list[str]:
        """The goals that the requirement is met: those on which no other goal of the same requirement rests."""
        claims = self._claims.get(requirement, [])
        return [id for id in claims if not above(self._argument, [id]) & set(claims)]

    @cached_property
    def _stated_under(self) -> dict[str, set[str]]:
        """By requirement, the tops over the goals that state it. What challenges bring in is above none of them."""
        tops = set(self._tops)
        return {
            name: {top for id in ids for top in (id, *above(self._argument, [id]))} & tops
            for name, ids in self._claims.items()
        }

    def _tops_over(self, requirements: Iterable[str]) -> list[str]:
        """The tops of the patterns that speak of these requirements; of any requirement; or all there are."""
        for wanted in (requirements, self._claims):
            over = set[str]().union(*(self._stated_under.get(name, ()) for name in wanted))
            if over:
                return [top for top in self._tops if top in over]
        return self._tops

    def _affected(self, targets: Sequence[str]) -> tuple[str, ...]:
        found = {*targets, *above(self._argument, targets)}
        kept = (id for id in found if isinstance(self._argument[id], Goal | Strategy))
        return tuple(sorted(kept, key=self._own.__getitem__))

    def _weakened(self, target: str) -> list[str]:
        """The goals and strategies that a challenge of an element reaches first."""
        if isinstance(self._argument[target], Goal | Strategy):
            return [target]
        return [item.id for item in self._argument.parents(target)]

    def _cap(self, id: str, status: Status) -> None:
        self.caps[id] = worst(self.caps.get(id, status), status)


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return listed([*names[:_MOST_NAMED], *more])
