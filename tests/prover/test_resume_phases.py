"""Searches over phases that are set aside and taken up again, with several regions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine_toys import Files
from test_resume import Memory, confirmed, forged, least, searched, statement

from evidence.engines.prover import engine
from evidence.engines.prover import kept as keeping
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.nodes import Nodes
from evidence.engines.prover.phases import PhaseSearch

PARTS = 3
MARGIN = 0.5


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the clock run out after it was looked at so often."""

    def after(looks: int) -> None:
        ticks = itertools.chain([0.0] * looks, itertools.count(1e12))

        def limits(deadline: float, nodes: int, progress: Any) -> Limits:
            return Limits(deadline, nodes, progress, lambda: next(ticks))

        monkeypatch.setattr(engine, "Limits", limits)

    return after


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the rounds that were done."""
    done: list[int] = []
    original = PhaseSearch._round

    def counted(self: PhaseSearch, nodes: Nodes, steps: int) -> Any:
        done.append(len(nodes))
        return original(self, nodes, steps)

    monkeypatch.setattr(PhaseSearch, "_round", counted)
    return done


def kept(stops: Callable[[int], None], files: Files, looks: int = 25, boxes: int = PARTS) -> bytes:
    scratch = Memory()
    stops(looks)
    outcome = searched(files, statement(files, least() - MARGIN, boxes), scratch, split="relus", attack=8)
    assert outcome.resumable and not outcome.candidates.all()
    stops(10**6)
    assert scratch.data is not None
    return scratch.data


@pytest.mark.parametrize("looks", [5, 15, 30, 45])
def test_a_search_goes_on_where_its_time_ran_out(looks: int, stops: Callable[[int], None], rounds: list[int]) -> None:
    files = Files()
    stated = statement(files, least() - MARGIN, PARTS)
    whole = searched(files, stated, Memory(), split="relus", attack=8)
    assert whole.candidates.all() and confirmed(whole, stated, files) == (True,) * PARTS
    needed = sum(rounds)
    rounds.clear()
    data = kept(stops, files, looks)
    before = sum(rounds)
    assert 0 < before < needed
    rounds.clear()
    second = searched(files, stated, Memory(data), split="relus", attack=8)
    assert second.candidates.all() and not second.resumable
    assert confirmed(second, stated, files) == (True,) * PARTS
    assert sum(rounds) < needed and before + sum(rounds) <= 1.3 * needed  # the last round was cut short


def test_it_can_be_interrupted_again_and_again(stops: Callable[[int], None], rounds: list[int]) -> None:
    files, scratch = Files(), Memory()
    stated = statement(files, least() - MARGIN, PARTS)
    searched(files, stated, Memory(), split="relus", attack=8)
    needed = sum(rounds)
    rounds.clear()
    for _ in range(200):
        stops(30)
        outcome = searched(files, stated, scratch, split="relus", attack=8)
        if outcome.candidates.all():
            break
    assert confirmed(outcome, stated, files) == (True,) * PARTS
    assert sum(rounds) <= 2 * needed


def test_what_is_violated_is_found_after_a_pause_too(stops: Callable[[int], None]) -> None:
    files, scratch = Files(), Memory()
    stated = statement(files, least() + 0.5, PARTS)
    stops(30)
    searched(files, stated, scratch, split="relus", attack=0)
    stops(10**6)
    outcome = searched(files, stated, scratch, split="relus", attack=0)
    assert outcome.violations
    assert not outcome.candidates[list(outcome.violations)].any()
    assert len(outcome.violations) + outcome.candidates.sum() == PARTS


def test_searches_that_do_not_fit_are_ignored(stops: Callable[[int], None], rounds: list[int]) -> None:
    files = Files()
    stated = statement(files, least() - MARGIN, PARTS)
    searched(files, stated, Memory(), split="relus", attack=8)
    needed = sum(rounds)
    data = kept(stops, files)
    arrays, notes = keeping.unpacked(data)
    region = next(iter(notes["begun"]))
    node, path = arrays[f"{region}_node"], arrays[f"{region}_path"]
    changes: list[dict[str, Any]] = [
        {f"{region}_node": node + 10**6},
        {f"{region}_node": node * 0 - 1},
        {f"{region}_low": arrays[f"{region}_low"][:, :-1]},
        {f"{region}_low": arrays[f"{region}_low"] * np.nan},
        {f"{region}_path": path + 1000},
        {f"{region}_candidates": arrays[f"{region}_candidates"] + 1000},
        {f"{region}_leading": arrays[f"{region}_leading"] + 1},
        {f"{region}_table_1_0": arrays[f"{region}_table_1_0"][:, :-1]},
        {f"{region}_alpha": arrays[f"{region}_alpha"].astype(np.float64)},
    ]
    damaged = [forged(data, change) for change in changes]
    for bad in (*damaged, data[:-100], kept(stops, files, boxes=2), forged(data, {"first": arrays["first"] * 0})):
        rounds.clear()
        outcome = searched(files, stated, Memory(bad), split="relus", attack=8)
        assert outcome.candidates.all()
        assert sum(rounds) == needed


def test_forged_searches_are_not_confirmed(stops: Callable[[int], None]) -> None:
    """Open nodes left out, or bounds that do not hold: the engine believes them, the checker does not."""
    files = Files()
    false = statement(files, least() + 0.02, PARTS)
    data = kept(stops, files)
    arrays, notes = keeping.unpacked(data)
    region = next(iter(notes["begun"]))
    few = {key: array[:1] for key, array in arrays.items() if key.removeprefix(f"{region}_") in Nodes.__annotations__}
    tight = {f"{region}_low": arrays[f"{region}_low"] + 5.0}
    for change in (few, tight):
        outcome = searched(files, false, Memory(forged(data, change)), split="relus", attack=0)
        if outcome.candidates.any():
            assert not all(confirmed(outcome, false, files))
