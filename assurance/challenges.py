"""Doubts about a case, and what was decided about each: challenges that people raise, exclusions of threat models.

A doubt stands until a named person disposes of it (GSN 2:11.3.4). A disposition counts only when it names the digest
of what it is about: the doubt, the documents behind it, and what it is aimed at as it is now. When any of these
changes, it lapses, and the doubt stands again. Nobody disposes of a doubt about his own work, and a document that is
challenged itself answers nothing.
Not here: what a doubt does to a standing (status.py) and where it stands in the argument (doubts.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from assurance.case import BallsOf, Case, Deviation, Run
from assurance.case_doubts import Challenge, Disposition
from assurance.gsn.elements import Goal, Solution
from assurance.gsn.model import Argument
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register
from assurance.words import listed
from evidence.digest import canonical_json, of_bytes
from evidence.threat import ThreatModel


class DoubtState(StrEnum):
    """What has become of a doubt."""

    STANDS = "stands"
    """Nobody has disposed of it, or the disposition does not count."""
    ANSWERED = "answered"
    """Documents show that it is unfounded."""
    ACCEPTED = "accepted"
    """It remains, and a named person bears the risk."""
    UPHELD = "upheld"
    """It is right: what it is aimed at is given up."""


_FAVOURABLE = (DoubtState.STANDS, DoubtState.UPHELD, DoubtState.ACCEPTED, DoubtState.ANSWERED)


@dataclass(frozen=True)
class Doubt:
    """A doubt with its state."""

    id: str
    text: str
    aimed_at: tuple[str, str]
    """Kind and identifier: requirement, run, document, element, or threat model for an exclusion."""
    requirements: tuple[str, ...]
    """Whose claim it casts doubt on; for an exclusion: those that rest on the threat model."""
    evidence: frozenset[str]
    """Digests of the records that it is aimed at, wherever the argument refers to them."""
    raised: str
    """By whom and when, in words."""
    backing: tuple[DocumentEntry, ...]
    state: DoubtState
    weakness: str
    """Why an answer does not count in full; empty when it does."""
    decision: str
    """By whom, when and why it was disposed of; empty while it stands."""
    answers: tuple[DocumentEntry, ...]
    recorded: str
    """Where the decision is recorded: a part of the case file; empty while it stands."""
    digest: str
    """What a disposition has to name in `of`."""
    lapsed: str
    """Why the newest disposition does not count; empty when there is none such."""

    @property
    def is_exclusion(self) -> bool:
        return self.aimed_at[0] == "threat model"

    @property
    def weakly(self) -> bool:
        """Answered, but not in full."""
        return bool(self.weakness)


def threat_digest(threat: ThreatModel) -> str:
    """Digest of a threat model: what a deviation that accepts its exclusions has to name in `of`."""
    return of_bytes(canonical_json(threat.model_dump(mode="json")))


def resting_on(case: Case, threat: str) -> tuple[str, ...]:
    """The requirements whose property uses a threat model."""
    return tuple(
        item.id
        for item in case.requirements
        if item.property and isinstance(item.property.regions, BallsOf)
        if item.property.regions.threat_model == threat
    )


def blanket_refusal(case: Case, deviation: Deviation, threat: ThreatModel) -> str:
    """Why a deviation does not accept the exclusions of the threat model that it is about; empty when it does."""
    if deviation.of != threat_digest(threat):
        return f"it does not name threat model {threat.id} as it stands"
    resting = set(resting_on(case, threat.id))
    if any(item.author == deviation.accepted_by for item in case.requirements if item.id in resting):
        return f"it was accepted by the author of a requirement that rests on {threat.id}"
    return ""


def doubts_of(loaded: LoadedCase, register: Register, argument: Argument | None = None) -> tuple[Doubt, ...]:
    """Every doubt of the case, declared ones first. Without the argument those aimed at its elements are left out.

    It makes no difference whether challenges have been added to the argument already (doubts.py)."""
    return _Reader(loaded, register, argument).read()


def doubted_evidence(doubts: Iterable[Doubt]) -> frozenset[str]:
    """Digests of the records and documents under a challenge that stands or was upheld: they show nothing meanwhile."""
    open_ = (DoubtState.STANDS, DoubtState.UPHELD)
    return frozenset(digest for doubt in doubts if doubt.state in open_ for digest in doubt.evidence)


@dataclass(frozen=True)
class _Raised:
    """A doubt before anybody's decision is looked at."""

    id: str
    text: str
    aimed_at: tuple[str, str]
    requirements: tuple[str, ...]
    raised: str
    digest: str
    date: str = ""
    backing: tuple[DocumentEntry, ...] = ()
    evidence: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    """Whose work is doubted."""
    blanket: Deviation | None = None
    """What accepts all exclusions of a threat model."""


class _Reader:
    def __init__(self, loaded: LoadedCase, register: Register, argument: Argument | None) -> None:
        case = loaded.case
        self._loaded, self._case, self._register, self._argument = loaded, case, register, argument
        self._people = {item.id: item for item in case.people}
        self._requirements = {item.id: item for item in case.requirements}
        self._order = {id: number for number, id in enumerate(self._requirements)}
        self._documents = {item.item.id: item for item in register.documents}
        self._by_digest = {item.digest: item for item in register.documents}
        self._same: dict[str, set[str]] = {}
        for document in register.documents:
            self._same.setdefault(document.item.digest, set()).add(document.digest)
        self._dispositions: dict[str, list[tuple[int, Disposition]]] = {}
        for numbered in enumerate(case.dispositions, 1):
            self._dispositions.setdefault(numbered[1].challenge, []).append(numbered)
        for given in self._dispositions.values():
            given.sort(key=lambda pair: (pair[1].date, pair[0]), reverse=True)

    def read(self) -> tuple[Doubt, ...]:
        raised = [
            self._challenge(item)
            for item in self._case.challenges
            if self._argument is not None or item.against.element is None
        ]
        raised += [item for threat in self._case.threat_models for item in self._exclusions(threat)]
        barred, weak = self._challenged(raised)
        return tuple(self._judged(item, barred, weak) for item in raised)

    @cached_property
    def _runs(self) -> dict[str, Run]:
        return {run.id: run for run in self._case.answering}

    @cached_property
    def _records(self) -> dict[str, set[str]]:
        """The current records of each run."""
        return _grouped((item.run, item.digest) for item in self._register.runs if item.current)

    @cached_property
    def _answers(self) -> dict[str, set[str]]:
        """By current record, the requirements that it was made for."""
        return _grouped((item.digest, item.requirement) for item in self._register.runs if item.current)

    # --- what is doubted --------------------------------------------------------------------------------------------

    def _challenge(self, challenge: Challenge) -> _Raised:
        kind, name = challenge.against.named or ("", "")
        aim: Any = name
        requirements, evidence, people = set[str](), set[str](), set[str]()
        if kind == "requirement":
            claim = self._loaded.claims.get(name)
            requirements = {name}
            aim = (claim.meaning, claim.identity) if claim else self._requirements[name].text
        elif kind == "run":
            run = self._runs[name]
            requirements, people = {run.requirement}, {run.operator} if run.operator else set()
            evidence = self._records.get(name, set())
            aim = sorted(evidence) or "no record"
        elif kind == "document":
            evidence = {self._documents[name].digest}
            aim = sorted(evidence)
        else:
            aim, requirements, evidence = self._element(name)
        documents = [self._by_digest[digest].item for digest in evidence & self._by_digest.keys()]
        # the same file under another id is the same document
        evidence = evidence.union(*(self._same[item.digest] for item in documents))
        requirements = requirements | self._examined(evidence)
        people = people | {self._requirements[id].author for id in requirements} | {item.author for item in documents}
        backing = tuple(self._documents[id] for id in challenge.evidence)
        person = self._people[challenge.raised_by]
        return _Raised(
            challenge.id,
            challenge.doubt,
            (kind, name),
            tuple(sorted(requirements, key=self._order.__getitem__)),
            f"{person.name}, {person.role}, {challenge.date}",
            _digest(challenge.model_dump(mode="json"), aim, [item.digest for item in backing]),
            date=challenge.date,
            backing=backing,
            evidence=frozenset(evidence),
            people=frozenset(people),
        )

    def _element(self, name: str) -> tuple[Any, set[str], set[str]]:
        """An element as it is now with what it directly rests on, the requirements that it or what it directly serves
        claims, and its evidence. Elements that challenges brought in are none of the argument's own."""
        argument = self._argument
        if argument is None or name not in argument or argument[name].provenance is None:
            return name, set(), set()
        element = argument[name]
        beneath = (*argument.children(name), *argument.contexts(name))
        claims = {item.claim for item in (element, *argument.parents(name)) if isinstance(item, Goal) and item.claim}
        evidence = set(element.evidence) if isinstance(element, Solution) else set[str]()
        aim = [element.type.value, element.text, sorted(evidence), [(item.id, item.text) for item in beneath]]
        return aim, claims & self._requirements.keys(), evidence

    def _examined(self, evidence: set[str]) -> set[str]:
        """The requirements that records speak of."""
        found = set[str]().union(*(self._answers.get(digest, ()) for digest in evidence))
        found |= {about for digest in evidence & self._by_digest.keys() for about in self._by_digest[digest].item.about}
        return found & self._requirements.keys()

    def _exclusions(self, threat: ThreatModel) -> list[_Raised]:
        resting, whole = resting_on(self._case, threat.id), threat_digest(threat)
        claims = self._loaded.claims
        aims = _digest([claims[id].identity for id in resting if id in claims])
        people = frozenset(self._requirements[id].author for id in resting)
        about = [item for item in self._case.deviations if item.about == threat.id]
        accepted = [item for item in about if not blanket_refusal(self._case, item, threat)]
        return [
            _Raised(
                f"{threat.id}.{number}",
                text,
                ("threat model", threat.id),
                resting,
                "the threat model itself",
                _digest(whole, aims, number),
                people=people,
                blanket=accepted[0] if accepted else None,
            )
            for number, text in enumerate(threat.exclusions, 1)
        ]

    # --- what was decided -------------------------------------------------------------------------------------------

    def _challenged(self, raised: list[_Raised]) -> tuple[frozenset[str], frozenset[str]]:
        """The documents that answer nothing, because a challenge of them stands, and those that answer only in part.

        At first all that are challenged answer nothing, so that two documents cannot answer for each other."""
        known = self._by_digest.keys()
        aimed = [item for item in raised if item.evidence & known]
        barred = frozenset(digest for item in aimed for digest in item.evidence & known)
        weak = barred
        while True:
            judged = [(item.evidence & known, self._judged(item, barred, weak)) for item in aimed]
            now = doubted_evidence(doubt for _, doubt in judged) & known
            part = now.union(*(them for them, doubt in judged if doubt.state is DoubtState.ACCEPTED or doubt.weakly))
            if (now, part) == (barred, weak):
                return barred, weak
            barred, weak = now, part

    def _judged(self, raised: _Raised, barred: frozenset[str], weak: frozenset[str]) -> Doubt:
        """The doubt with the newest disposition that counts. A newer one that does not count hides no older one, but
        for what is more favourable than it."""
        state, weakness, decision, recorded, lapsed = DoubtState.STANDS, "", "", "", ""
        answers: tuple[DocumentEntry, ...] = ()
        bound = DoubtState.ANSWERED
        for number, item in self._dispositions.get(raised.id, ()):
            decided = DoubtState(item.decision)
            why_not = self._refusal(item, raised, barred)
            if why_not:
                lapsed, bound = lapsed or why_not, min(bound, decided, key=_FAVOURABLE.index)
                continue
            if _FAVOURABLE.index(decided) <= _FAVOURABLE.index(bound):
                state, decision = decided, f"{self._named(item.by)}, {item.date}: {item.rationale}"
                answers = tuple(self._documents[name] for name in item.evidence)
                weakness = self._weakness(raised, answers, weak) if state is DoubtState.ANSWERED else ""
                recorded = f"{self._loaded.digest}#disposition-{number}"
            break
        else:
            if raised.blanket is not None and bound is not DoubtState.UPHELD:
                state, blanket = DoubtState.ACCEPTED, raised.blanket
                decision = f"{self._named(blanket.accepted_by)}, {blanket.date}: {blanket.rationale}"
                recorded = f"{self._loaded.digest}#deviation-{blanket.id}"
        return Doubt(
            raised.id,
            raised.text,
            raised.aimed_at,
            raised.requirements,
            raised.evidence,
            raised.raised,
            raised.backing,
            state,
            weakness,
            decision,
            answers,
            recorded,
            raised.digest,
            lapsed,
        )

    def _named(self, id: str) -> str:
        return f"{self._people[id].name}, {self._people[id].role}"

    def _refusal(self, item: Disposition, raised: _Raised, barred: frozenset[str]) -> str:
        """Why a disposition does not count; empty when it does. That somebody upholds a doubt needs least."""
        if item.of is None:
            return "it does not say what was decided on"
        if item.of != raised.digest:
            return "what it was decided on has changed"
        if item.date < raised.date:
            return f"it is of {item.date}, before the doubt was raised"
        if item.decision == "upheld":
            return ""
        if item.by in raised.people:
            return f"{self._people[item.by].name} decides on a doubt about his or her own work"
        for name in item.evidence:
            entry = self._documents[name]
            if not entry.fresh:
                return f"document {name} has changed"
            if not entry.counts:
                return f"document {name} reports a failure, or that nothing was examined"
            if entry.digest in barred:
                return f"document {name} is under a challenge itself"
        return ""

    def _weakness(self, raised: _Raised, answers: tuple[DocumentEntry, ...], weak: frozenset[str]) -> str:
        """Why documents answer a doubt only in part; empty when they answer it in full."""
        others = set(self._requirements) - set(raised.requirements)
        reasons = {
            "not reviewed independently": [item for item in answers if not item.record.independent],
            "read to be incomplete": [item for item in answers if not item.whole],
            "challenged, with doubt that remains": [item for item in answers if item.digest in weak],
            "about other requirements only": [
                item for item in answers if raised.requirements and set(item.item.about) <= others
            ],
        }
        return "; ".join(f"{listed(_ids(found))} {words}" for words, found in reasons.items() if found)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return found


def _ids(entries: list[DocumentEntry]) -> list[str]:
    return [item.item.id for item in entries]


def _digest(*parts: Any) -> str:
    return of_bytes(canonical_json(list(parts)))
