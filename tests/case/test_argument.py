"""The argument of a case: texts from records, legs that never vanish, and the share of the domain that is covered."""

from __future__ import annotations

import itertools
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_toys import Kit, bounds, document, kit
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.domain import union_volume
from assurance.gsn.elements import Solution
from assurance.gsn.patterns.library import available
from assurance.snapshot import Snapshot
from assurance.status import Status
from assurance.words import claim_words, listed, result_words, share_words
from evidence.diagnostics import Severity
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def text(snapshot: Snapshot, id: str) -> str:
    return snapshot.built.argument[id].text


# --- structure ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_evidence", [False, True])
def test_the_argument_is_well_formed_and_complete(toy: Kit, with_evidence: bool) -> None:
    if with_evidence:
        toy.prove("R1", "R2", "R3")
    snapshot = toy.take()
    argument = snapshot.built.argument
    assert not [item for item in snapshot.built.findings if item.severity is Severity.ERROR]
    assert [item.id for item in argument.tops()] == ["G1"]
    for id in ("R1", "R2", "R3"):
        assert {f"G3-{id}", f"G4-{id}", f"G5-{id}", f"G6-{id}"} <= set(snapshot.built.status)
    assert "C5-R1-TM" in argument and "C5-R2-TM" not in argument, "a box has no threat model"
    assert {"G8-implementation", "G8-preprocessing", "G8-postprocessing", "G9"} <= set(snapshot.built.status)


def test_legs_without_documents_are_there_and_undeveloped(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    snapshot = toy.take()
    for id in ("G2", "G8-implementation", "G8-preprocessing", "G8-postprocessing", "G6-R1", "G9"):
        assert snapshot.built.status[id] is Status.UNDEVELOPED
        assert snapshot.built.argument[id].undeveloped and not snapshot.built.argument.children(id)
    assert "C1" in snapshot.built.argument and "Toy function" in text(snapshot, "C1")


_TESTED = {"evidence": "implementation-equivalence", "examined": "executable-on-target"}


@pytest.mark.parametrize(
    "change",
    [{"evidence": "plan"}, {"evidence": "review-record"}, {"evidence": "implementation-equivalence"}],
    ids=["a plan", "a review", "a comparison that examined a document"],
)
def test_documents_of_another_kind_leave_the_implementation_partial(toy: Kit, change: dict[str, str]) -> None:
    toy.case["documents"] = [document(toy.folder, "DOC", about=["implementation"]) | change]
    assert toy.take().built.status["G8-implementation"] is Status.PARTIAL


def test_a_leg_follows_its_documents(toy: Kit) -> None:
    legs = {"implementation": "G8-implementation", "preprocessing": "G8-preprocessing", "requirements": "G2"}
    for about, goal in legs.items():
        fitting = _TESTED if about == "implementation" else {}
        for change, expected in (
            ({}, Status.SUPPORTED),
            ({"independent": False}, Status.PARTIAL),
            ({"reviewer": None, "independent": True}, Status.PARTIAL),
        ):
            toy.case["documents"] = [document(toy.folder, "DOC", about=[about]) | fitting | change]
            snapshot = toy.take()
            assert snapshot.built.status[goal] is expected
            assert not snapshot.built.argument[goal].undeveloped
            others = [other for other in legs.values() if other != goal]
            assert all(snapshot.built.status[other] is Status.UNDEVELOPED for other in others)
        toy.case["documents"].append(document(toy.folder, "DOC2", about=[about], independent=False) | fitting)
        assert toy.take().built.status[goal] is Status.PARTIAL, "the weaker of two documents counts"
        (toy.folder / "DOC.md").write_text("changed")
        assert toy.take().built.status[goal] is Status.STALE


def test_a_document_about_the_case_fills_no_leg(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "DOC", about=["case"])]
    snapshot = toy.take()
    for goal in ("G2", "G8-implementation", "G8-preprocessing", "G8-postprocessing", "G6-R1"):
        assert snapshot.built.status[goal] is Status.UNDEVELOPED


def test_the_top_goal_is_green_only_when_everything_is(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    about = ["requirements", "implementation", "preprocessing", "postprocessing"]
    toy.case["documents"] = [
        document(toy.folder, "DOC", about=about) | _TESTED,
        document(toy.folder, "REQ", about=about),
    ]
    assert toy.take().built.status["G1"] is Status.IN_DOUBT, "an exclusion stands"
    toy.dispose("TM.1", "answered", evidence=["REQ"])
    snapshot = toy.take()
    open_goals = {id for id, status in snapshot.built.status.items() if status is Status.UNDEVELOPED}
    assert snapshot.built.status["G1"] is Status.PARTIAL and open_goals == {"G6-R1"}, "listed inputs are no domain"


# --- solutions ---------------------------------------------------------------------------------------------------------------


def test_solutions_refer_to_the_records(toy: Kit) -> None:
    digest = toy.keep("R1", bounds(toy.statement("R1"), "PPPU"))
    snapshot = toy.take()
    solutions = [item for item in snapshot.built.argument.children("G4-R1") if isinstance(item, Solution)]
    assert [item.evidence for item in solutions] == [(digest,)]
    assert "Of 4 listed inputs: 3 proved and 1 undecided." in solutions[0].text
    assert "weights as stored" in text(snapshot, "A4-R1-1")
    assert not snapshot.built.argument["G4-R1"].undeveloped


def test_texts_change_with_the_records_and_never_outrun_them(toy: Kit) -> None:
    for letters, words in (
        ("PPPP", "4 proved"),
        ("RRRR", "4 refuted"),
        ("CCCC", "4 bounded but unchecked"),
        ("PCRU", "1 proved, 1 bounded but unchecked, 1 refuted and 1 undecided"),
    ):
        assert result_words(bounds(toy.statement("R1"), letters)) == f"Of 4 listed inputs: {words}."
    assert result_words(bounds(toy.statement("R2"), "PU")) == "Of 2 stated boxes: 1 proved and 1 undecided."


def test_no_generated_sentence_overclaims(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    for item in toy.take().built.argument:
        assert not re.search(r"robust|certif|compl(y|ies|iant)|guarantee|safe\b", item.text, re.IGNORECASE), item.text


def test_claims_say_where_under_what_and_in_which_arithmetic(toy: Kit) -> None:
    claims = toy.load().claims
    first = claim_words(claims["R1"], 4)
    for part in ("at the 4 listed inputs", "0.1 m", "Linf", "at least 75 % of them", "over real arithmetic"):
        assert part in first
    assert "throughout the 2 stated boxes" in claim_words(claims["R2"], 2)
    assert "throughout the 4 table cells whose corners hold one entry" in claim_words(claims["R3"], 4)


def test_conditions_name_their_terms(toy: Kit) -> None:
    property = toy.requirement("R2")["property"]
    property["condition"] = {
        "kind": "linear",
        "all_of": [
            {"coefficients": {"up": 2, "down": -0.125}, "greater_than": 0.5},
            {"coefficients": {"stay": -1}},
        ],
    }
    words = claim_words(toy.load().claims["R2"], 2)
    assert "keeps 2 up - 0.125 down above 0.5 and - 1 stay above 0 throughout" in words
    property["condition"] = {"kind": "within", "ranges": {"up": {"lower": -1, "upper": 0.1234567, "unit": "1"}}}
    assert "keeps up within [-1, 0.1234567] 1 throughout" in claim_words(toy.load().claims["R2"], 2)


def test_an_unknown_count_is_not_written_as_none(toy: Kit) -> None:
    (toy.folder / "data.npz").unlink()
    snapshot = toy.take()
    assert "at the listed inputs under" in text(snapshot, "G4-R1") and " 0 " not in text(snapshot, "G4-R1")


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.9, "90 %"), (0.99999, "99.999 %"), (0.07, "7 %"), (1e-5, "0.001 %"), (0.123456789, "12.3456789 %")],
)
def test_a_share_is_never_rounded(share: float, words: str) -> None:
    assert share_words(share) == words


def test_lists_read_as_people_write_them() -> None:
    assert listed(["a"]) == "a" and listed(["a", "b"]) == "a and b" and listed(("a", "b", "c")) == "a, b and c"


# --- the operational design domain ------------------------------------------------------------------------------------------------


def domain(toy: Kit, requirement: str) -> tuple[Status, str]:
    snapshot = toy.take()
    return snapshot.built.status[f"G6-{requirement}"], text(snapshot, f"G6-{requirement}")


def test_pointwise_evidence_never_supports_the_domain(toy: Kit) -> None:
    toy.prove("R1")
    status, words = domain(toy, "R1")
    assert status is Status.UNDEVELOPED and "4 listed inputs" in words


def test_only_proved_boxes_that_cover_the_whole_domain_support_it(toy: Kit) -> None:
    statement = toy.statement("R2")
    for letters, expected, shown in (
        ("UU", Status.UNDEVELOPED, "0.00 %"),
        ("CC", Status.UNDEVELOPED, "0.00 %"),
        ("PU", Status.UNDEVELOPED, "50.00 %"),
        ("PP", Status.SUPPORTED, "100.00 %"),
    ):
        toy.keep("R2", bounds(statement, letters))
        status, words = domain(toy, "R2")
        assert status is expected and shown in words, letters
    snapshot = toy.take()
    (solution,) = snapshot.built.argument.children("G6-R2")
    best = snapshot.standings["R2"].best
    assert isinstance(solution, Solution) and best is not None and solution.evidence == (best.digest,)


def test_a_domain_that_is_nearly_covered_does_not_read_as_covered(toy: Kit) -> None:
    boxes = toy.requirement("R2")["property"]["regions"]["boxes"]
    boxes[1]["ranges"]["x"]["upper"] = 9.9999
    toy.prove("R2")
    status, words = domain(toy, "R2")
    assert status is Status.UNDEVELOPED and "99.99 %" in words and "100" not in words


def test_parts_outside_the_domain_do_not_count(toy: Kit) -> None:
    boxes = toy.requirement("R2")["property"]["regions"]["boxes"]
    boxes[0]["ranges"]["x"] = {"lower": -100, "upper": 2.5, "unit": "m"}
    boxes[1]["ranges"]["x"] = {"lower": 50, "upper": 100, "unit": "m"}
    toy.prove("R2")
    status, words = domain(toy, "R2")
    assert status is Status.UNDEVELOPED and "25.00 %" in words


@pytest.mark.parametrize(
    "change",
    [
        {"input": None},
        {"input": "x"},
        {"range": {"lower": 0, "upper": 10, "unit": "ft"}},
        {"range": {"lower": 5, "upper": 5, "unit": "m"}},
    ],
)
def test_a_domain_that_is_not_made_of_the_inputs_is_not_covered(toy: Kit, change: dict[str, Any]) -> None:
    """Another unit, a parameter that is no input, an input with two ranges: no volume can be compared."""
    toy.case["odd"]["parameters"][1] |= change
    toy.prove("R2")
    status, words = domain(toy, "R2")
    assert status is Status.UNDEVELOPED and "cannot be compared" in words
    toy.case["odd"]["parameters"][1] = {
        "name": "y",
        "title": "north",
        "range": {"lower": 0, "upper": 10, "unit": "m"},
        "input": "y",
    }
    toy.case["odd"]["parameters"].append(
        {"name": "rain", "title": "rain rate", "range": {"lower": 0, "upper": 9, "unit": "mm/h"}}
    )
    assert domain(toy, "R2")[0] is Status.UNDEVELOPED, "nobody examined the rain"


def test_refuted_or_stale_evidence_covers_no_domain(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    assert domain(toy, "R2")[0] is Status.UNDEVELOPED
    toy.prove("R2")
    (toy.folder / "net.onnx").write_bytes(b"other")
    assert domain(toy, "R2")[0] is Status.UNDEVELOPED


def test_requirements_over_the_same_regions_are_told_apart_by_their_results(toy: Kit) -> None:
    """The shares are worked out once for each question: a question is regions and results, never regions alone."""
    again = deepcopy(toy.requirement("R2"))
    toy.case["requirements"] += [again | {"id": id} for id in ("R4", "R5", "R6")]
    toy.requirement("R6")["property"] = deepcopy(again["property"])
    toy.requirement("R6")["property"]["regions"]["boxes"][0]["ranges"]["x"]["upper"] = 2.5
    for id in ("R4", "R5", "R6"):
        toy.case["runs"].append({"id": f"run-{id[-1]}", "requirement": id, "engine": "bounds"})
    for id, letters in (("R2", "PP"), ("R4", "PU"), ("R5", "PP"), ("R6", "PP")):
        toy.keep(id, bounds(toy.statement(id), letters))
    found = {id: domain(toy, id) for id in ("R2", "R4", "R5", "R6")}
    assert [status.value for status, _ in found.values()] == ["supported", "undeveloped", "supported", "undeveloped"]
    shares = [re.search(r"\S+ %", words) for _, words in found.values()]
    assert [share and share[0] for share in shares] == ["100.00 %", "50.00 %", "100.00 %", "75.00 %"]


def grid(lower: np.ndarray[Any, Any], upper: np.ndarray[Any, Any], steps: int) -> float:
    """Share of cell centres of a regular grid that lie in some box: exact for boxes on that grid."""
    centres = (np.array(list(itertools.product(range(steps), repeat=lower.shape[1]))) + 0.5) / steps
    inside = np.all((centres[:, None, :] > lower) & (centres[:, None, :] < upper), axis=2)
    return float(np.mean(np.any(inside, axis=1)))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_volume_of_a_union_against_counting(data: st.DataObject) -> None:
    steps = 8
    dimensions = data.draw(st.integers(1, 3))
    boxes = data.draw(
        st.lists(
            st.lists(st.tuples(st.integers(0, steps), st.integers(0, steps)), min_size=dimensions, max_size=dimensions),
            min_size=1,
            max_size=8,
        )
    )
    ends = np.array([[sorted(side) for side in box] for box in boxes], dtype=float) / steps
    lower, upper = ends[:, :, 0], ends[:, :, 1]
    exact = grid(lower, upper, steps)
    assert union_volume(lower, upper) == pytest.approx(exact, abs=1e-9)
    rng = np.random.default_rng(len(boxes))
    wiggle = rng.uniform(0, 4e-16, size=lower.shape)
    assert union_volume(np.maximum(lower - wiggle, 0), np.minimum(upper + wiggle, 1)) == pytest.approx(exact, abs=1e-7)


def test_many_close_edges_do_not_add_up_to_a_wrong_volume() -> None:
    """Edges a little less than the merging distance apart must not be merged in a chain."""
    for width in (0.9e-9, 0.4e-9, 1e-9, 1e-8):
        edges = np.arange(1001) * width
        lower = np.concatenate([edges[:-1], [0.999]])[:, None]
        upper = np.concatenate([edges[1:], [1.0]])[:, None]
        volume = union_volume(lower, upper)
        assert volume is not None and volume == pytest.approx(0.001 + 1000 * width, abs=1e-6)


def test_no_boxes_have_no_volume_and_too_many_are_not_counted() -> None:
    assert union_volume(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0
    assert union_volume(np.full((3, 2), 0.5), np.full((3, 2), 0.5)) == 0.0
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 0.5, size=(100, 4))
    assert union_volume(low, low + 0.1) is None
    assert union_volume(np.zeros((1, 100)), np.ones((1, 100))) is None, "more dimensions than an array has"
    low = rng.uniform(0, 0.5, size=(20, 784))
    assert union_volume(low, low + 0.1) is None, "more cells than a float can count"


# --- patterns -----------------------------------------------------------------------------------------------------------------


def test_an_unknown_pattern_is_refused_by_name(toy: Kit) -> None:
    toy.case["patterns"] = ["no-such-pattern"]
    with pytest.raises(InputError) as caught:
        toy.take()
    assert caught.value.finding.code == "G140" and "ml-constituent" in str(caught.value.finding)
    assert "ml-constituent" in available()


def test_texts_that_no_element_can_hold_are_refused(toy: Kit) -> None:
    toy.case["odd"]["description"] = "x" * 30_000
    with pytest.raises(InputError) as caught:
        toy.take()
    assert caught.value.finding.code == "G143" and "C3" in caught.value.finding.message
