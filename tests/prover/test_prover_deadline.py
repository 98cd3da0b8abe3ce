"""The run's deadline ends every attack, descent and replay, by a clock of the test's own; without it nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from engine_toys import Files, box_statement, chain, random_weights, task
from prover_toys import prove

from evidence.engines.attack import never
from evidence.engines.prover import engine, violations
from evidence.engines.prover.descent import descend
from evidence.engines.prover.violations import CUT_SHORT, METHOD, Violations
from evidence.network import read_network
from evidence.regions import expand
from evidence.specification import Linear, LinearConstraint, Statement
from evidence.store import Store

NETWORK = chain(random_weights([8, 20, 20, 1], 5))


@dataclass
class Clock:
    """Strikes one with every look at it."""

    time: int = 0
    end: int = 1 << 60

    def __call__(self) -> bool:
        self.time += 1
        return self.time > self.end


def above(files: Files, least: float, copies: int = 1) -> Statement:
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=least),))
    boxes = [(np.full(8, -1.0), np.full(8, 1.0 + number / 64)) for number in range(copies)]
    return box_statement(files, NETWORK, boxes, decision="none", condition=condition)


def made(least: float, copies: int, stop: Callable[[], bool]) -> Violations:
    files = Files()
    return Violations(read_network(NETWORK, "toy"), task(above(files, least, copies), files), stop)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[object]:
    """The calls of a method of Violations, which does its work as ever."""
    calls: list[object] = []
    real = getattr(Violations, name)

    def watched(self: Violations, *given: object) -> object:
        calls.append(given)
        return real(self, *given)

    monkeypatch.setattr(Violations, name, watched)
    return calls


# --- descents ------------------------------------------------------------------------------------------------------


def test_a_descent_ends_where_the_time_is_up() -> None:
    files = Files()
    network, regions = read_network(NETWORK, "toy"), expand(above(files, -100.0), files.__getitem__)
    lower, upper = np.full(8, -1.0, np.float32), np.ones(8, np.float32)
    clock = Clock(end=3)
    condition = regions.conditions[0]
    _, short = descend(network, lower, upper, condition, 50, 40, 0, clock)
    assert clock.time == 4
    _, none = descend(network, lower, upper, condition, 50, 40, 0, lambda: True)
    _, full = descend(network, lower, upper, condition, 50, 40, 0)
    assert np.isfinite(none).all(), "where the points start they are evaluated in any case"
    assert full.min() < short.min() <= none.min()


def test_a_deadline_that_is_not_reached_changes_nothing() -> None:
    for light in (True, False):
        with_clock, without = made(-8.0, 3, Clock()), made(-8.0, 3, never)
        for found in (with_clock, without):
            found.attack(range(3), 64, light)
        assert (with_clock.tried, with_clock.method) == (without.tried, without.method) == (3, METHOD)
        assert {r: p.tolist() for r, p in with_clock.points.items()} == {
            r: p.tolist() for r, p in without.points.items()
        }


# --- attacks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("starts", [64, 0])
def test_a_thorough_attack_ends_where_the_time_is_up(starts: int) -> None:
    """With starts: one region after another. Without: corners and random points of all together."""
    clock = Clock(end=10)
    found = made(-100.0, 20, clock)
    found.attack(range(20), starts, light=not starts)
    assert found.method.endswith(CUT_SHORT)
    assert clock.time < 20, "a few more looks until every loop has ended"
    assert found.tried == (1 if starts else 20)


def test_after_the_deadline_nothing_is_tried() -> None:
    found = made(-100.0, 4, lambda: True)
    found.attack(range(4), 64, light=True)
    found.attack(range(4), 64, light=False)
    assert (found.tried, found.method) == (0, "no attack")


def test_replays_end_but_a_violation_in_hand_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Violations, "_keep", lambda self, region, point: False)  # nothing replays
    tried = counted(monkeypatch, "consider")
    late = made(100.0, 1, never)  # every point violates
    late.attack([0], 64, light=False)
    assert len(tried) > 1
    tried.clear()
    looks = iter([False, False])  # of the attack, of the region; the descent ends by itself
    late = made(100.0, 1, lambda: next(looks, True))
    late.attack([0], 64, light=False)
    assert len(tried) == 1


def test_no_steps_downhill_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    slopes = counted(monkeypatch, "_slope")
    made(-100.0, 1, lambda: True).consider(0, np.zeros(8))
    assert not slopes
    made(-100.0, 1, Clock(end=5)).consider(0, np.zeros(8))
    assert len(slopes) == 5
    pytest.importorskip("onnxruntime")
    late = made(100.0, 1, lambda: True)
    late.consider(0, np.zeros(8))
    assert set(late.points) == {0}, "the point itself is executed"


# --- the engine ----------------------------------------------------------------------------------------------------


def test_the_engines_timeout_counts_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock takes a second: after twenty the attack of a hundred steps in thirty boxes is over."""
    clock = Clock()
    looked: list[int] = []
    real = descend

    def watched(*given: object) -> object:
        looked.append(clock.time)
        return real(*given)  # type: ignore[arg-type]

    def monotonic() -> float:
        clock()
        return float(clock.time)

    monkeypatch.setattr(violations, "descend", watched)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=monotonic))
    files = Files()
    record = prove(above(files, -100.0, 30), files, Store(tmp_path), timeout=20.0, attack=3000, split="inputs")
    assert record.attack is not None and record.attack.method.endswith(CUT_SHORT)
    assert 0 < record.attack.tried < 30
    assert looked and max(looked) <= 21
    assert "time limit" in record.reason
