"""Networks trained to hide one violation from attacks: whatever engine, split and arithmetic, never proved."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, box_statement, task
from prover_toys import exact_margin, prove, rows_of_condition

from evidence.engines.attack import attack
from evidence.engines.prover.parameters import Parameters
from evidence.engines.prover.violations import Violations
from evidence.network import read_graph, simplest
from evidence.records import BoundsRecord
from evidence.regions import expand
from evidence.replay import Runtime, executed, reproduces
from evidence.run import examine
from evidence.specification import ChosenAmong, Statement
from evidence.store import Store
from evidence.verdict import Arithmetic, Verdict

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from hidden_toys import Planted, Recipe, planted

STARTS = Parameters().attack
FIRST = ChosenAmong(outputs=("y0",))
DENSE = [
    Recipe("dense", 2, (16, 16), 0.01, seed=0),
    Recipe("dense", 2, (32, 32), 0.005, seed=1),
    Recipe("dense", 3, (16, 16, 16), 0.03, seed=1),
    Recipe("dense", 3, (32, 16), 0.03, seed=0),
    Recipe("dense", 5, (64, 32), 0.1, seed=0),
]
SKIP = [Recipe("skip", 2, (16, 16), 0.01, seed=0), Recipe("skip", 4, (24, 24), 0.05, seed=0)]
CONV = [Recipe("conv", 9, (8, 16), 0.15, seed=2)]
RECIPES = [*DENSE, *SKIP, *CONV]
MORE = [
    Recipe(kind, inputs, widths, basin, seed)  # type: ignore[arg-type]
    for seed in range(10, 14)
    for kind, inputs, widths, basin in [
        ("dense", 2, (24, 24), 0.01),
        ("dense", 4, (32, 32), 0.1),
        ("dense", 5, (32, 16, 16), 0.15),
        ("skip", 3, (16, 16), 0.03),
        ("conv", 9, (6, 16), 0.15),
    ]
]


def first_wins(toy: Planted, files: Files, **more: Any) -> Statement:
    """y0 > y1 on the whole box."""
    return box_statement(files, toy.network, [(toy.lower, toy.upper)], **({"condition": FIRST} | more))


def check(record: BoundsRecord, statement: Statement, files: Files) -> None:
    """No proof, and no belief in one (C) that only the checker stopped; a refutation comes with a counterexample that replays."""
    assert record.verdict is not Verdict.PROVED
    assert record.regions in ("R", "U"), record
    assert len(record.counterexamples) == (record.regions == "R")
    for example in record.counterexamples:
        runtime = Runtime(files[statement.model], "toy")
        assert reproduces(statement, expand(statement, files.__getitem__), example, runtime)
        assert example.output[0] <= example.output[1]


@cache
def hidden(recipe: Recipe) -> bool:
    """Whether neither the attack that all engines share nor the prover's own, as thorough as it gets, finds it."""
    toy, files = planted(recipe), Files()
    statement = first_wins(toy, files)
    network, made = simplest(read_graph(toy.network, "toy")), task(statement, files)
    for seed in range(2):
        shared = attack(network, made.regions, np.ones(1, np.bool_), restarts=10, steps=50, seed=seed)
        if shared.violations:
            return False
    own = Violations(network, made)
    own.attack([0], STARTS, light=True)
    own.attack([0], STARTS, light=False)
    return not own.points


# --- what is planted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_the_planted_point_violates(recipe: Recipe) -> None:
    toy, files = planted(recipe), Files()
    statement = first_wins(toy, files)
    point = toy.point.astype(np.float32)
    assert (point.astype(np.float64) == toy.point).all()
    regions = expand(statement, files.__getitem__)
    found = executed(statement, regions, 0, point, Runtime(toy.network, "toy"))
    assert found is not None and found.output[0] < found.output[1] - 0.1  # far above rounding
    if recipe.kind == "dense":
        rows = rows_of_condition(FIRST, statement.outputs)
        assert exact_margin(toy.weights, [Fraction(value) for value in toy.point], rows) < 0


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_samples_do_not_show_it(recipe: Recipe) -> None:
    """All over the box the condition holds by far: to believe what samples show is to believe that it holds."""
    toy = planted(recipe)
    x = np.random.default_rng(0).uniform(-1, 1, size=(20_000, recipe.inputs))
    y = simplest(read_graph(toy.network, "toy")).forward(x)
    margins = y[:, 0] - y[:, 1]
    assert np.quantile(margins, 0.01) > 0.2
    assert (margins <= 0).mean() < 1e-3


def test_most_of_them_are_hidden_from_attacks() -> None:
    """The other tests have no force unless what they look for is hidden."""
    assert sum(map(hidden, RECIPES)) >= 0.75 * len(RECIPES)


# --- the prover ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arithmetic", [Arithmetic.REAL, Arithmetic.FLOAT32])
@pytest.mark.parametrize(
    ("recipe", "split"), [*product(RECIPES, ["auto"]), *product([*DENSE, *CONV], ["inputs"])], ids=str
)
def test_never_proved_by_cutting_inputs(recipe: Recipe, split: str, arithmetic: Arithmetic, tmp_path: Path) -> None:
    toy, files = planted(recipe), Files()
    statement = first_wins(toy, files, arithmetic=arithmetic)
    timeout = 5.0 if recipe in DENSE else 1.5
    record = prove(statement, files, Store(tmp_path), split=split, timeout=timeout, attack=STARTS)
    check(record, statement, files)
    if recipe in DENSE:
        assert record.regions == "R"  # few inputs: a complete search finds what attacks do not


@pytest.mark.parametrize("arithmetic", [Arithmetic.REAL, Arithmetic.FLOAT32])
@pytest.mark.parametrize("recipe", [DENSE[0], DENSE[3], CONV[0]], ids=str)
def test_never_proved_by_splitting_relus(recipe: Recipe, arithmetic: Arithmetic, tmp_path: Path) -> None:
    toy, files = planted(recipe), Files()
    statement = first_wins(toy, files, arithmetic=arithmetic)
    check(prove(statement, files, Store(tmp_path), split="relus", timeout=0.7, attack=STARTS), statement, files)


@pytest.mark.parametrize("recipe", [DENSE[0], DENSE[1], DENSE[3], SKIP[0]], ids=str)
def test_the_part_that_hides_it_is_never_proved_and_others_are(recipe: Recipe, tmp_path: Path) -> None:
    toy, files = planted(recipe), Files()
    signs = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    cut = np.round(toy.point[:2] + np.where(toy.point[:2] > 0, -0.25, 0.25), 2)
    boxes = []
    for sign in signs:
        lower, upper = toy.lower.copy(), toy.upper.copy()
        lower[:2], upper[:2] = np.where(sign < 0, -1, cut), np.where(sign < 0, cut, 1)
        boxes.append((lower, upper))
    statement = box_statement(files, toy.network, boxes, condition=FIRST)
    record = prove(statement, files, Store(tmp_path), timeout=4.0)
    home = int(np.flatnonzero((signs == np.sign(toy.point[:2] - cut)).all(axis=1))[0])
    assert record.regions[home] in ("R", "U")
    assert record.regions.count("P") >= 2


@pytest.mark.parametrize("split", ["inputs", "relus"])
@pytest.mark.parametrize("arithmetic", [Arithmetic.REAL, Arithmetic.FLOAT32])
def test_the_same_training_without_a_planted_point_is_proved(
    arithmetic: Arithmetic, split: str, tmp_path: Path
) -> None:
    recipe = DENSE[0] if split == "inputs" else Recipe("dense", 2, (8, 8), 0.1, seed=0)
    toy, files = planted(recipe, hide=False), Files()
    statement = first_wins(toy, files, arithmetic=arithmetic)
    assert prove(statement, files, Store(tmp_path), split=split).verdict is Verdict.PROVED


# --- the bounds engine ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "leaves"), [("crown", 256), ("alpha-crown", 1)])
@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_bounds_never_prove_it(recipe: Recipe, method: str, leaves: int, tmp_path: Path) -> None:
    pytest.importorskip("auto_LiRPA")
    toy, files = planted(recipe), Files()
    statement = first_wins(toy, files)
    parameters: dict[str, str | int] = {"method": method, "max_leaves": leaves}
    record = examine(statement, "bounds", parameters, 0, "cpu", files.__getitem__, Store(tmp_path), "a title").record
    assert isinstance(record, BoundsRecord)
    check(record, statement, files)


# --- more networks -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_never_proved_on_more_networks(tmp_path: Path) -> None:
    assert sum(map(hidden, MORE)) >= 0.5 * len(MORE)
    for recipe in MORE:
        toy, files = planted(recipe), Files()
        for arithmetic in (Arithmetic.REAL, Arithmetic.FLOAT32):
            statement = first_wins(toy, files, arithmetic=arithmetic)
            for split in ("auto", "relus") if recipe.kind != "skip" else ("auto",):
                record = prove(statement, files, Store(tmp_path), split=split, timeout=1.0, attack=STARTS)
                check(record, statement, files)
