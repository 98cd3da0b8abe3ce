"""Weakest link and union of limits: nothing is lost on the way to the top, and nothing is made stronger."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from case_toys import Kit, bounds, document, kit, smooth, smoothing

from assurance.gsn.elements import Goal, Solution, Strategy
from assurance.gsn.model import Argument
from assurance.register import Register
from assurance.strength import Strengths, weakest_words
from evidence.limits import limits_of
from evidence.verdict import STRENGTH, Arithmetic, GuaranteeKind, Predictor


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    made.prove("R1", "R2", "R3")
    return made


def test_the_top_carries_the_limits_of_everything_beneath(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "DOC", about=["implementation"])]
    snapshot = toy.take()
    top = snapshot.built.strength["G1"]
    expected = {limit for item in snapshot.register.runs for limit in limits_of(item.record)}
    expected |= {limit for item in snapshot.register.documents for limit in limits_of(item.record)}
    held = {(item.code, text) for item in top.limits for text in item.texts}
    assert {(limit.code, limit.text) for limit in expected} <= held
    for id in ("R1", "R2", "R3"):
        below = {(item.code, text) for item in snapshot.built.strength[f"G3-{id}"].limits for text in item.texts}
        assert below < held, "a leg has its own limits only"
    assert top.arithmetic == (Arithmetic.REAL,) and top.predictors == (Predictor.BASE,)
    assert top.error_probability is None


def test_a_goal_is_as_strong_as_the_weakest_beneath(toy: Kit) -> None:
    proved = toy.take().built.strength
    assert proved["G4-R1"].weakest is GuaranteeKind.PROVED and not proved["G4-R1"].undeveloped
    assert proved["G3-R1"].weakest is GuaranteeKind.DOCUMENTARY, "the meaning of the property is a person's word"
    assert proved["G3-R1"].undeveloped == ("G6-R1",) and "undeveloped element" in weakest_words(proved["G3-R1"])
    assert weakest_words(proved["G4-R1"]) == "proof"
    toy.keep("R1", bounds(toy.statement("R1"), "CCCC"))
    assert toy.take().built.strength["G4-R1"].weakest is GuaranteeKind.UNCHECKED
    (toy.folder / "evidence" / "journal.jsonl").unlink()
    nothing = toy.take().built.strength["G8-implementation"]
    assert nothing.weakest is None and nothing.undeveloped == ("G8-implementation",)
    assert weakest_words(nothing) == "nothing rests beneath"


def test_error_probabilities_add_up_once(tmp_path: Path) -> None:
    toy = kit(tmp_path)
    toy.case = smooth(toy.case)
    record = smoothing(toy.statement("R1"), [1.0, 1.0, 1.0, 0.2])
    toy.keep("R1", record)
    top = toy.take().built.strength["G1"]
    assert top.error_probability == record.guarantee.error_probability
    assert top.predictors == (Predictor.SMOOTHED,) and dict(top.kinds)[GuaranteeKind.STATISTICAL] == 1


def test_every_try_counts_and_only_once(tmp_path: Path) -> None:
    """The best of several tries is shown; the error probabilities of the others are not forgotten with them."""
    toy = kit(tmp_path)
    toy.case = smooth(toy.case)
    toy.case["patterns"] = ["ml-constituent", "amlas"]  # two patterns refer to the same record
    for probability in (0.001, 0.002, 0.004):
        toy.keep("R1", smoothing(toy.statement("R1"), [1.0, 1.0, 1.0, 0.2], error_probability=probability))
    found = toy.take().built.strength
    for top in ("G1", "amlas.G1"):
        assert found[top].error_probability == pytest.approx(0.007)
    other = smoothing(toy.statement("R1"), [1.0] * 4, error_probability=0.5).model_copy(update={"sigma": 0.25})
    toy.keep("R1", other, run="run-9")
    assert toy.take().built.strength["G1"].error_probability == pytest.approx(0.007), "of another classifier"


def test_an_error_probability_of_each_input_alone_counts_for_each(tmp_path: Path) -> None:
    toy = kit(tmp_path)
    toy.case = smooth(toy.case)
    toy.keep("R1", smoothing(toy.statement("R1"), [1.0] * 4, error_probability=0.01, simultaneous=False))
    assert toy.take().built.strength["G1"].error_probability == pytest.approx(0.04)
    toy.keep("R1", smoothing(toy.statement("R1"), [1.0] * 4, error_probability=0.4, simultaneous=False))
    assert toy.take().built.strength["G1"].error_probability == 1.0, "a probability, whatever the sum"


def test_evidence_that_shows_nothing_is_no_link(toy: Kit) -> None:
    """A proof of a property whose meaning nobody reviewed stands there, and shows nothing of the requirement."""
    del toy.requirement("R1")["meaning_review"]
    found = toy.take().built
    assert found.argument.children("G4-R1") and "G4-R1" in found.strength["G4-R1"].undeveloped
    assert weakest_words(found.strength["G4-R1"]).startswith("nothing is shown at 1 undeveloped element")


def test_counter_evidence_is_no_support(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    found = toy.take().built.strength["G4-R1"]
    assert found.weakest is None and found.undeveloped == ("G4-R1",)


@pytest.mark.parametrize("seed", range(40))
def test_against_walking_from_every_goal(seed: int) -> None:
    """Random arguments, circles included, against a walk from each goal by itself."""
    rng = random.Random(seed)
    argument = Argument("random")
    goals = [f"G{i}" for i in range(12)]
    for id in goals:
        kind = Strategy if rng.random() < 0.3 else Goal
        argument.add(kind(id=id, text="It is so.", undeveloped=rng.random() < 0.1))
    for i in range(10):
        argument.add(Solution(id=f"Sn{i}", text="A record", evidence=(f"case#{rng.randrange(6)}",)))
    for _ in range(25):
        argument.support(rng.choice(goals), rng.choice([*goals, *(f"Sn{i}" for i in range(10))]))
    circular = {id for circle in argument.cycles() for id in circle}
    strengths = Strengths(argument, Register((), ()))
    for id in goals:
        below = argument.reachable([id])
        if circular & below:
            continue
        evidence = {name for other in below if isinstance(item := argument[other], Solution) for name in item.evidence}
        open_ = {
            other
            for other in below
            if not isinstance(argument[other], Solution)
            and (argument[other].undeveloped or not argument.children(other))
        }
        found = strengths[id]
        assert set(found.undeveloped) == open_
        assert {name for item in found.limits for name in item.evidence} == evidence
        assert (found.weakest is None) == (not evidence)


def test_the_order_of_strength_is_the_one_of_the_vocabulary() -> None:
    assert STRENGTH[0] is GuaranteeKind.PROVED and STRENGTH[-1] is GuaranteeKind.DOCUMENTARY
