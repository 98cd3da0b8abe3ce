"""The truth table of the status function, against rules that are written down another way."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from assurance.catalogue_vocabulary import Applicability, CreditLevel
from assurance.objectives.rows import Choice, ObjectiveStatus
from assurance.objectives.status import Facts, ItemState, propose
from assurance.status import Status

FULL, PARTIAL, SUPPORTING = CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING
STATES = [
    ItemState(level, independent, trusted)
    for level in (None, SUPPORTING, PARTIAL, FULL)
    for independent in (False, True)
    for trusted in (False, True)
]
ITEMS: list[dict[ItemState, int]] = [
    {},
    *({state: 2} for state in STATES),
    *({one: 1, other: 3} for one, other in itertools.combinations(STATES, 2)),
]
STANDINGS = [
    frozenset[Status](),
    *(frozenset({item}) for item in Status),
    *map(frozenset, itertools.combinations(Status, 2)),
]
UNASKED = (Applicability.NOT_REQUIRED, Applicability.NO_RECOMMENDATION)


def rows() -> list[Facts]:
    """Every combination."""
    return [
        Facts(applicability, items, standings, stale, independence, not_applicable, choice, none_needed, agreed)
        for applicability in Applicability
        for items in ITEMS
        for standings in STANDINGS
        for stale in (False, True)
        for independence in (None, False, True)
        for not_applicable, choice, none_needed, agreed in (
            (False, None, False, True),
            (False, None, False, False),
            (False, None, True, True),
            (True, None, False, True),
            (False, Choice.CHOSEN, False, True),
            (False, Choice.LEFT_OUT, False, True),
            (False, Choice.LEFT_OUT_WITHOUT_REASON, False, True),
            (False, Choice.NONE_RECORDED, False, True),
        )
    ]


@pytest.fixture(scope="module")
def table() -> list[tuple[Facts, ObjectiveStatus, int, int]]:
    return [(facts, found.status, found.n, found.of) for facts in rows() for found in [propose(facts)]]


def applies(facts: Facts) -> bool:
    """Whether anything has to be shown at all."""
    if facts.not_applicable or facts.applicability is Applicability.UNKNOWN or facts.choice is Choice.LEFT_OUT:
        return False
    return facts.choice is Choice.CHOSEN or facts.applicability not in UNASKED


def shown(item: ItemState, facts: Facts) -> bool:
    """Whether an item is shown in full."""
    return item.level is FULL and item.trusted and (item.independent or facts.independence is not True)


def test_supported_exactly_when_everything_is_there(table: list[tuple[Facts, ObjectiveStatus, int, int]]) -> None:
    seen = 0
    for facts, status, n, of in table:
        everything = (
            applies(facts)
            and len(facts.items) > 0
            and all(shown(item, facts) for item in facts.items)
            and not facts.stale
            and not facts.standings - {Status.SUPPORTED}
            and facts.agreed
        )
        assert (status is ObjectiveStatus.SUPPORTED) == everything, facts
        assert status is not ObjectiveStatus.SUPPORTED or n == of > 0
        seen += everything
    assert seen > 10


def test_what_does_not_apply_and_what_is_unknown(table: list[tuple[Facts, ObjectiveStatus, int, int]]) -> None:
    for facts, status, _, of in table:
        exempt = facts.not_applicable or facts.choice is Choice.LEFT_OUT
        unknown = facts.applicability is Applicability.UNKNOWN and not facts.not_applicable
        assert (status is ObjectiveStatus.APPLICABILITY_UNKNOWN) == unknown, facts
        unasked = facts.applicability in UNASKED and facts.choice is not Choice.CHOSEN
        empty = of == 0 and facts.none_needed
        assert (status is ObjectiveStatus.NOT_APPLICABLE) == (not unknown and (exempt or unasked or empty)), facts


def test_contradicted_beats_everything_that_evidence_says(table: list[tuple[Facts, ObjectiveStatus, int, int]]) -> None:
    for facts, status, _, of in table:
        live = applies(facts) and of > 0
        assert (status is ObjectiveStatus.CONTRADICTED) == (live and Status.CONTRADICTED in facts.standings), facts
        stale = facts.stale or Status.STALE in facts.standings
        expected = live and stale and Status.CONTRADICTED not in facts.standings
        assert (status is ObjectiveStatus.STALE) == expected, facts


def test_nothing_in_scope_is_never_supported(table: list[tuple[Facts, ObjectiveStatus, int, int]]) -> None:
    for facts, status, n, of in table:
        if of == 0:
            assert n == 0 and status in (
                ObjectiveStatus.OPEN, ObjectiveStatus.NOT_APPLICABLE, ObjectiveStatus.APPLICABILITY_UNKNOWN
            ), facts  # fmt: skip


def test_partial_and_open_share_the_rest(table: list[tuple[Facts, ObjectiveStatus, int, int]]) -> None:
    for facts, status, _, of in table:
        begun = any(item.level in (FULL, PARTIAL) for item in facts.items)
        if status is ObjectiveStatus.PARTIAL:
            assert begun and of > 0, facts
        if status is ObjectiveStatus.OPEN:
            assert of == 0 or not begun, facts


ORDER = [None, SUPPORTING, PARTIAL, FULL]
GREEN = [ObjectiveStatus.CONTRADICTED, ObjectiveStatus.STALE, ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL, ObjectiveStatus.SUPPORTED]  # fmt: skip


def test_less_evidence_never_gives_a_better_status() -> None:
    for one, other in itertools.product(STATES, STATES):
        weaker = (
            ORDER.index(one.level) <= ORDER.index(other.level)
            and one.independent <= other.independent
            and one.trusted <= other.trusted
        )
        if not weaker:
            continue
        for independence in (None, False, True):
            less = propose(Facts(Applicability.REQUIRED, {one: 1}, independence=independence))
            more = propose(Facts(Applicability.REQUIRED, {other: 1}, independence=independence))
            assert GREEN.index(less.status) <= GREEN.index(more.status) and less.n <= more.n


WORSE_STANDING = {
    Status.SUPPORTED: 0, Status.PARTIAL: 1, Status.UNDEVELOPED: 1, Status.IN_DOUBT: 1, Status.STALE: 2, Status.CONTRADICTED: 3
}  # fmt: skip


def worse(facts: Facts) -> list[Facts]:
    """The same with one thing worse each: an item, an item without evidence more, a standing, staleness, the means."""
    found = [replace(facts, stale=True), replace(facts, agreed=False), replace(facts, independence=True)]
    for item, count in facts.items.items():
        rest = {other: n for other, n in facts.items.items() if other != item}
        lower = [replace(item, independent=False), replace(item, trusted=False)]
        lower += [replace(item, level=level) for level in ORDER[: ORDER.index(item.level)]]
        found += [replace(facts, items={**rest, one: rest.get(one, 0) + count}) for one in lower]
    if facts.items:
        nothing = ItemState(None)
        found.append(replace(facts, items={**facts.items, nothing: facts.items.get(nothing, 0) + 1}))
    found += [replace(facts, standings=facts.standings | {status}) for status in WORSE_STANDING]
    for status, other in itertools.product(facts.standings, WORSE_STANDING):
        if WORSE_STANDING[other] >= WORSE_STANDING[status]:
            found.append(replace(facts, standings=facts.standings - {status} | {other}))
    return found


def test_nothing_that_gets_worse_makes_a_status_greener() -> None:
    """Every step down from a row of the table, two items and two standings at most, leads to no better status."""
    choices = (None, Choice.CHOSEN, Choice.NONE_RECORDED, Choice.LEFT_OUT_WITHOUT_REASON)
    asked = (Applicability.REQUIRED, Applicability.HIGHLY_RECOMMENDED)
    seen = 0
    for applicability, items, standings, choice in itertools.product(asked, ITEMS, STANDINGS, choices):
        if not items or (choice is not None and len(items) > 1):
            continue
        facts = Facts(applicability, items, standings, choice=choice)
        before = propose(facts)
        for other in worse(facts):
            after = propose(other)
            assert GREEN.index(after.status) <= GREEN.index(before.status), (facts, other)
            assert after.n * before.of <= before.n * after.of, (facts, other)
            seen += 1
    assert seen > 50_000
