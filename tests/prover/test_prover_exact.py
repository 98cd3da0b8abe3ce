"""Verdicts of the prover on small random networks equal exact enumeration in rationals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine_toys import Files, box_statement, chain, outputs
from prover_toys import exact_margin, least_margin, prove, quarter_weights, random_condition, rows_of_condition

from evidence.engines.prover import engine
from evidence.engines.prover.arrays import Place
from evidence.store import Store

_BOXES = 3
"""Regions of each network."""
_SURE = 1e-3
"""A margin that both ways of splitting have to decide."""


def examined(seed: int, split: str, folder: Path) -> list[tuple[str, float]]:
    """The letters of a random network's regions, with the exact least margins."""
    generator = np.random.default_rng(seed)
    inputs = 2 if generator.random() < 0.75 else 3
    hidden = generator.integers(2, 6 if inputs == 2 else 4, size=int(generator.integers(1, 3))).tolist()
    weights = quarter_weights(generator, [inputs, *hidden, int(generator.integers(1, 4))])
    names = outputs(len(weights[-1][1]))
    boxes = []
    for _ in range(_BOXES):
        lower = generator.integers(-8, 6, size=inputs) / 8
        boxes.append((lower, lower + generator.integers(1, 9, size=inputs) / 8))
    condition = random_condition(generator, names, 2.0)
    files = Files()
    decision = "argmax" if condition.kind in ("chosen-among", "never-chosen") else "none"
    statement = box_statement(files, chain(weights), boxes, condition=condition, decision=decision)
    record = prove(statement, files, Store(folder / f"{seed}-{split}"), split=split, timeout=3.0, max_parts=20_000)
    rows = rows_of_condition(condition, names)
    found = []
    for region, box in enumerate(boxes):
        least, where = least_margin(weights, *box, rows)
        assert exact_margin(weights, where, rows) == least
        found.append((record.regions[region], float(least) or (float(least > 0) - float(least < 0)) * 1e-300))
    for example in record.counterexamples:
        assert least_margin(weights, *boxes[example.region], rows)[0] <= 1e-5
    return found


def agree(seeds: range, split: str, folder: Path) -> None:
    words = []
    for seed in seeds:
        for region, (letter, least) in enumerate(examined(seed, split, folder)):
            told = f"seed {seed}, region {region}: {letter}, exact least margin {least}"
            assert letter != "C", told
            if least <= 0:
                assert letter in "RU", told
                assert letter == "R" or least > -_SURE, told
            else:
                assert letter in "PU", told
                assert letter == "P" or least < _SURE, told
            words.append(letter)
    assert {"P", "R"} <= set(words)
    assert words.count("U") <= 0.1 * len(words)


@pytest.mark.parametrize(("split", "seeds"), [("inputs", range(120)), ("relus", range(200, 320))])
def test_verdicts_equal_exact_enumeration(split: str, seeds: range, tmp_path: Path) -> None:
    agree(seeds, split, tmp_path)


@pytest.mark.parametrize(("split", "seeds"), [("inputs", range(400, 415)), ("relus", range(415, 430))])
def test_verdicts_on_torch(split: str, seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithms on torch tensors, as they run on a CUDA device."""
    pytest.importorskip("torch")
    from array_api_compat import torch

    monkeypatch.setattr(engine, "place", lambda device: Place(torch, "cpu"))
    agree(seeds, split, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["inputs", "relus"])
def test_verdicts_equal_exact_enumeration_on_thousands(split: str, tmp_path: Path) -> None:
    agree(range(1000, 3000), split, tmp_path)


def test_bounds_at_zero_do_not_lose_a_proof(tmp_path: Path) -> None:
    """Found by the sweep: bounds that are zero to the engine and just below zero to the checker, which rounds outward."""
    for seed, split in ((32, "inputs"), (3048, "relus"), (284, "relus")):
        for letter, least in examined(seed, split, tmp_path):
            assert letter == ("P" if least > 0 else "R")
