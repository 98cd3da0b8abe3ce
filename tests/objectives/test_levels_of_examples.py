"""Both examples under both standards: between two levels the lists differ exactly where the catalogues say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from assurance.case_compliance import StandardChoice
from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import Applicability
from assurance.loading import LoadedCase, load
from assurance.objectives import Coverage, ObjectiveStatus, coverage
from assurance.register import Register, collect
from assurance.status import Standing, standings
from evidence.store import Store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Situation = tuple[LoadedCase, Register, dict[str, Standing]]


@pytest.fixture(scope="module", params=["vertical_cas", "digit_reader"])
def situation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Situation:
    """An example as it is shipped: documents, and no run yet."""
    loaded = load(EXAMPLES / request.param)
    store = Store(tmp_path_factory.mktemp("store"))
    register = collect(loaded, store)
    return loaded, register, standings(loaded, register, store)


def at(situation: Situation, id: str, level: str) -> Coverage:
    loaded, register, found = situation
    chosen = (StandardChoice(id=id, level=level),)
    case = loaded.case.model_copy(update={"standards": chosen})
    (covered,) = coverage(dataclasses.replace(loaded, case=case), register, found)
    return covered


@pytest.mark.parametrize(
    ("id", "one", "other"),
    [("do-178c", "A", "D"), ("do-178c", "B", "C"), ("iso-26262-6", "B", "D"), ("iso-26262-6", "A", "C")],
)
def test_levels_differ_exactly_where_the_catalogue_says(situation: Situation, id: str, one: str, other: str) -> None:
    catalogue = load_catalogue(id)
    first, second = at(situation, id, one), at(situation, id, other)
    asked = {level: {s.entry.id: s for s in catalogue.select(level)} for level in (one, other)}
    differing = 0
    for here, there in zip(first.rows, second.rows, strict=True):
        name = here.entry.id
        assert name == there.entry.id
        left, right = asked[one][name], asked[other][name]
        assert (here.required, there.required) == (left.asked_for, right.asked_for), name
        assert (here.selected.independence, there.selected.independence) == (left.independence, right.independence)
        for found, wanted in ((here, left), (there, right)):
            if not wanted.asked_for:
                assert found.status is ObjectiveStatus.NOT_APPLICABLE and not found.is_gap, name
        if left.asked_for == right.asked_for and left.independence == right.independence:
            assert (here.status, here.n, here.of, here.evidence) == (
                there.status, there.n, there.of, there.evidence
            ), name  # fmt: skip
        if left.asked_for != right.asked_for:
            differing += 1
            only = here if left.asked_for else there
            empty = only.status is ObjectiveStatus.NOT_APPLICABLE and only.of == 0
            assert only.is_gap or only.status is ObjectiveStatus.SUPPORTED or empty, name
    gaps = [{row.entry.id for row in covered.rows if row.is_gap} for covered in (first, second)]
    marked = {
        name
        for name in asked[one]
        if (asked[one][name].applicability in (Applicability.NOT_REQUIRED, Applicability.NO_RECOMMENDATION))
        != (asked[other][name].applicability in (Applicability.NOT_REQUIRED, Applicability.NO_RECOMMENDATION))
    }
    assert gaps[0] ^ gaps[1] <= marked and differing == len(marked) > 0


@pytest.mark.parametrize(("level", "total", "independence"), [("A", 71, 30), ("B", 69, 18), ("C", 62, 5), ("D", 26, 2)])
def test_totals_of_do_178c(situation: Situation, level: str, total: int, independence: int) -> None:
    covered = at(situation, "do-178c", level)
    assert covered.totals()["asked for"] == total
    assert sum(row.selected.independence is True for row in covered.rows) == independence


def test_every_gap_says_why_and_what_next(situation: Situation) -> None:
    for id, level in (("do-178c", "A"), ("iso-26262-6", "D")):
        for row in at(situation, id, level).rows:
            if row.is_gap:
                assert row.reasons and row.next, row.entry.id
                kind, colon, text = row.next.partition(": ")
                assert kind in ("run", "document", "agree with the authority") and colon and len(text) > 20
                if row.entry.accepted_means is False:
                    assert kind == "agree with the authority"
