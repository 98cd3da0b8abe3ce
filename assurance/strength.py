"""How strong is what stands beneath a goal: the weakest link, arithmetic, error probability, and the union of limits.

A goal is as strong as the weakest thing that it rests on; an element that nothing develops is weaker than any
evidence. Limits are never lost on the way up: the top goal carries those of all its evidence. Statistical statements
add their error probabilities (union bound): each record once, and with it every other try that was made on the same
classifier and data, shown or not.
Not here: statuses (status.py); which limits a record has (evidence/limits.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from assurance.gsn.elements import Goal, Solution, Strategy
from assurance.gsn.model import Argument
from assurance.register import DocumentEntry, Register, RunItem
from assurance.status import Status, subject
from assurance.words import counted
from evidence.limits import L_DOCUMENT, Limit
from evidence.records import RunRecord, SmoothingRecord
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor, weakest

_CASE_FILE = (Limit(L_DOCUMENT.id, "What the case file records holds as far as the people it names are right."),)


@dataclass(frozen=True)
class HeldLimit:
    """One kind of limit beneath a goal: how records word it, and which evidence it comes from."""

    code: str
    texts: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Strength:
    """What a goal or strategy rests on."""

    weakest: GuaranteeKind | None
    """The weakest kind of guarantee among the evidence beneath; None without any evidence."""
    kinds: tuple[tuple[GuaranteeKind, int], ...]
    """How many items of evidence there are of each kind, strongest first."""
    arithmetic: tuple[Arithmetic, ...]
    predictors: tuple[Predictor, ...]
    error_probability: float | None
    """Sum over the statistical records beneath and all tries beside them, at most 1; None when there are none. It is no
    failure rate."""
    limits: tuple[HeldLimit, ...]
    undeveloped: tuple[str, ...]
    """Goals and strategies beneath, or the goal itself, that nothing develops, or whose evidence shows nothing."""

    def as_json(self) -> dict[str, object]:
        return {
            "weakest": self.weakest.value if self.weakest else None,
            "kinds": {kind.value: count for kind, count in self.kinds},
            "arithmetic": [item.value for item in self.arithmetic],
            "predictors": [item.value for item in self.predictors],
            "error_probability": self.error_probability,
            "limits": [{"code": item.code, "texts": list(item.texts)} for item in self.limits],
            "undeveloped": list(self.undeveloped),
        }


class Strengths(Mapping[str, Strength]):
    """The strength of every goal and strategy of an argument, worked out when it is asked for."""

    def __init__(self, argument: Argument, register: Register, status: Mapping[str, Status] | None = None) -> None:
        self._argument = argument
        self._register = register
        self._status = status or {}
        self._made: dict[tuple[int, int], Strength] = {}

    def __getitem__(self, id: str) -> Strength:
        evidence, open_ = self._beneath[id]
        if (evidence, open_) not in self._made:
            self._made[evidence, open_] = self._strength(evidence, open_)
        return self._made[evidence, open_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._beneath)

    def __len__(self) -> int:
        return len(self._beneath)

    @cached_property
    def _entries(self) -> dict[str, RunItem | DocumentEntry]:
        """All evidence of the case by digest."""
        found: dict[str, RunItem | DocumentEntry] = {item.digest: item for item in self._register.documents}
        return found | {item.digest: item for item in self._register.runs}

    @cached_property
    def _tries(self) -> dict[tuple[str, ...], dict[str, float]]:
        """Error probabilities of the statistical records by what they draw from, then by digest."""
        found: dict[tuple[str, ...], dict[str, float]] = {}
        for item in self._register.runs:
            if (risk := _risk(item.record)) is not None:
                found.setdefault(_sampled(item), {})[item.digest] = risk
        return found

    @cached_property
    def _names(self) -> tuple[list[str], list[str]]:
        """All evidence and all goals and strategies; their positions are the bits of the sets below."""
        evidence = dict.fromkeys(
            name for item in self._argument if isinstance(item, Solution) for name in item.evidence
        )
        return list(evidence), [item.id for item in self._argument if isinstance(item, Goal | Strategy)]

    @cached_property
    def _beneath(self) -> dict[str, tuple[int, int]]:
        """For each goal and strategy the evidence and the undeveloped elements beneath, as bit sets."""
        names, elements = self._names
        bit = {name: 1 << number for number, name in enumerate(names)}
        place = {id: 1 << number for number, id in enumerate(elements)}
        found: dict[str, tuple[int, int]] = {}
        for id in _upward(self._argument, elements):
            evidence = open_ = 0
            children = self._argument.children(id)
            for child in children:
                if isinstance(child, Solution):
                    for name in child.evidence:
                        evidence |= bit[name]
                elif child.id in found:
                    evidence |= found[child.id][0]
                    open_ |= found[child.id][1]
                else:
                    open_ |= place.get(child.id, 0)  # on a circle: it rests on nothing
            shows_nothing = self._status.get(id) is Status.UNDEVELOPED and all(
                isinstance(child, Solution) for child in children
            )
            if not children or getattr(self._argument[id], "undeveloped", False) or shows_nothing:
                open_ |= place[id]
            found[id] = (evidence, open_)
        return found

    def _strength(self, evidence: int, open_: int) -> Strength:
        names, elements = self._names
        held = [names[number] for number in _bits(evidence)]
        entries = [self._entries.get(name) for name in held]
        guarantees = [entry.record.guarantee for entry in entries if entry is not None]
        kinds = [item.kind for item in guarantees] + [GuaranteeKind.DOCUMENTARY] * entries.count(None)
        limits: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for name, entry in zip(held, entries, strict=True):
            for limit in entry.limits if entry is not None else _CASE_FILE:
                texts, sources = limits.setdefault(limit.code, ({}, {}))
                texts[limit.text] = None
                sources[name] = None
        risks: dict[str, float] = {}
        for entry in entries:
            if isinstance(entry, RunItem) and _risk(entry.record) is not None:
                risks |= self._tries[_sampled(entry)]
        return Strength(
            weakest=weakest(kinds) if kinds else None,
            kinds=tuple((kind, kinds.count(kind)) for kind in GuaranteeKind if kind in kinds),
            arithmetic=tuple(
                item
                for item in Arithmetic
                if item is not Arithmetic.NOT_APPLICABLE and any(found.arithmetic is item for found in guarantees)
            ),
            predictors=tuple(
                item
                for item in Predictor
                if any(found.predictor is item and found.kind is not GuaranteeKind.DOCUMENTARY for found in guarantees)
            ),
            error_probability=min(1.0, math.fsum(risks.values())) if risks else None,
            limits=tuple(HeldLimit(code, tuple(texts), tuple(of)) for code, (texts, of) in sorted(limits.items())),
            undeveloped=tuple(elements[number] for number in _bits(open_)),
        )


def _bits(number: int) -> Iterator[int]:
    """The places of the ones, ascending; most sets are small and far between."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _risk(record: RunRecord) -> float | None:
    """Error probability of a record as a whole. One that holds for each input alone counts for every input."""
    probability = record.guarantee.error_probability
    if probability is None or not isinstance(record, SmoothingRecord) or record.guarantee.simultaneous:
        return probability
    return probability * record.count


def _sampled(item: RunItem) -> tuple[str, ...]:
    """What a statistical record draws from: records that share it are tries on the same question."""
    record = item.record
    return (
        (*subject(record.statement), str(record.sigma), record.sigma_unit)
        if isinstance(record, SmoothingRecord)
        else (item.digest,)
    )


def _upward(argument: Argument, elements: list[str]) -> Iterator[str]:
    """Goals and strategies, each after those that support it, as far as there is no circle."""
    done: set[str] = set()
    for start in elements:
        waiting = [(start, False)]
        open_: set[str] = set()
        while waiting:
            id, left = waiting.pop()
            if left:
                open_.discard(id)
                done.add(id)
                yield id
            elif id not in done and id not in open_:
                open_.add(id)
                waiting.append((id, True))
                waiting += [(child.id, False) for child in argument.children(id) if isinstance(child, Goal | Strategy)]


def weakest_words(strength: Strength) -> str:
    """The weakest thing that a goal or strategy rests on: an undeveloped element is weaker than any evidence."""
    if strength.weakest is None:
        return "nothing rests beneath"
    kind = {
        GuaranteeKind.PROVED: "proof",
        GuaranteeKind.STATISTICAL: "statistical statement",
        GuaranteeKind.UNCHECKED: "unchecked bounds",
        GuaranteeKind.EMPIRICAL: "observation of single cases",
        GuaranteeKind.DOCUMENTARY: "word of named persons",
    }[strength.weakest]
    if not strength.undeveloped:
        return kind
    where = counted(len(strength.undeveloped), "undeveloped element")
    return f"nothing is shown at {where}; the weakest evidence elsewhere: {kind}"
