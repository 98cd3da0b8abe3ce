"""Searches that are set aside and taken up again; damaged ones are ignored."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, box_statement, chain, random_weights, task

from evidence.checker import check
from evidence.engines.base import Outcome, Task
from evidence.engines.prover import engine, resume_boxes
from evidence.engines.prover import kept as keeping
from evidence.engines.prover.boxes import BoxSearch
from evidence.engines.prover.growth import Growth
from evidence.engines.prover.limits import Limits
from evidence.network import read_network
from evidence.run import examine
from evidence.specification import Linear, LinearConstraint, Statement
from evidence.store import MAX_SCRATCH, Store
from evidence.verdict import Verdict

WEIGHTS = random_weights([3, 16, 16, 2], seed=4)
NETWORK = chain(WEIGHTS)
ROUNDS = 2


class Memory:
    """A scratch in memory."""

    def __init__(self, data: bytes | None = None) -> None:
        self.data = data

    def load(self) -> bytes | None:
        return self.data

    def save(self, data: bytes) -> None:
        self.data = data

    def clear(self) -> None:
        self.data = None


def least() -> float:
    x = np.random.default_rng(0).uniform(-1, 1, size=(40_000, 3))
    return float(read_network(NETWORK, "toy").forward(x)[:, 0].min())


def statement(files: Files, above: float, boxes: int = 2) -> Statement:
    ends = np.linspace(-1, 1, boxes + 1)
    regions = [(np.array([a, -1.0, -1.0]), np.array([b, 1.0, 1.0])) for a, b in pairwise(ends)]
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=above),))
    return box_statement(files, NETWORK, regions, decision="none", condition=condition)


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the clock of searches run out after so many rounds of each search."""

    def after(rounds: int) -> None:
        def limits(deadline: float, nodes: int, progress: Any) -> Limits:
            ticks = iter([-math.inf] * rounds)
            return Limits(deadline, nodes, progress, lambda: next(ticks, math.inf))

        monkeypatch.setattr(engine, "Limits", limits)

    return after


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the rounds that were done."""
    done: list[int] = []
    original = BoxSearch._next

    def counted(self: BoxSearch) -> Any:
        batch = original(self)
        done.append(len(batch))
        return batch

    monkeypatch.setattr(BoxSearch, "_next", counted)
    return done


def searched(files: Files, stated: Statement, scratch: Memory, **parameters: Any) -> Outcome:
    return engine.run(dataclasses.replace(task(stated, files, **parameters), scratch=scratch))


def confirmed(outcome: Outcome, stated: Statement, files: Files) -> tuple[bool, ...]:
    assert outcome.certificate is not None
    report = check(stated.model_dump(mode="json"), outcome.certificate, files.__getitem__)
    assert report.refusal is None
    return tuple(report.proved)


def test_a_search_goes_on_where_its_time_ran_out(stops: Callable[[int], None], rounds: list[int]) -> None:
    files, scratch = Files(), Memory()
    stated = statement(files, least() - 0.02)
    whole = searched(files, stated, Memory())
    assert whole.candidates.all()
    assert not whole.resumable
    needed = sum(rounds)
    rounds.clear()

    stops(ROUNDS)
    first = searched(files, stated, scratch)
    assert not first.candidates.all()
    assert first.resumable
    assert first.reason == "the time limit was reached"
    before = sum(rounds)
    rounds.clear()

    stops(10_000)
    second = searched(files, stated, scratch)
    assert second.candidates.all()
    assert confirmed(second, stated, files) == (True, True)
    assert before + sum(rounds) == needed
    assert sum(rounds) < needed


def test_what_is_violated_is_found_after_a_pause_too(stops: Callable[[int], None]) -> None:
    files, scratch = Files(), Memory()
    stated = statement(files, least() + 0.05)
    stops(1)
    searched(files, stated, scratch, attack=0)
    stops(10_000)
    outcome = searched(files, stated, scratch, attack=0)
    assert outcome.violations
    for region, point in outcome.violations.items():
        assert read_network(NETWORK, "toy").forward(point[None])[0, 0] <= least() + 0.05
        assert not outcome.candidates[region]


def kept(stops: Callable[[int], None], files: Files, stated: Statement) -> bytes:
    scratch = Memory()
    stops(ROUNDS)
    searched(files, stated, scratch)
    stops(10_000)
    assert scratch.data is not None
    return scratch.data


@pytest.mark.parametrize("damage", ["empty", "cut", "bit", "other", "pickle"])
def test_damaged_searches_are_ignored(damage: str, stops: Callable[[int], None], rounds: list[int]) -> None:
    files = Files()
    stated = statement(files, least() - 0.02)
    data = kept(stops, files, stated)
    if damage == "empty":
        data = b""
    elif damage == "cut":
        data = data[:-1000]
    elif damage == "bit":
        data = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
    elif damage == "other":
        data = kept(stops, files, statement(files, least() - 0.02, boxes=3))
    else:
        data = forged(data, {"at": np.array([{}], dtype=object)})
    rounds.clear()
    searched(files, stated, Memory())
    needed = sum(rounds)
    rounds.clear()
    outcome = searched(files, stated, Memory(data))
    assert outcome.candidates.all()
    assert sum(rounds) == needed


def forged(data: bytes, changes: dict[str, Any]) -> bytes:
    """The same search with some arrays replaced, and a digest that fits."""
    import hashlib
    import io

    start = len(keeping.HEADER) + 32
    arrays = dict(np.load(io.BytesIO(data[start:]), allow_pickle=False)) | changes
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    content = stream.getvalue()
    return keeping.HEADER + hashlib.sha256(content).digest() + content


def test_forged_searches_are_ignored_or_not_confirmed(stops: Callable[[int], None]) -> None:
    files = Files()
    false = statement(files, least() + 0.02)
    stated = statement(files, least() - 0.02)
    data = kept(stops, files, stated)
    start = len(keeping.HEADER) + 32
    arrays, notes = keeping.unpacked(data)
    assert start < len(data)
    none = {
        f"stack_{name}": arrays[f"stack_{name}"][:0]
        for name in ("lower", "upper", "node", "region", "share", "low", "high")
    }
    first = arrays["first"].copy()
    first[np.flatnonzero(arrays["kind"] == 2)[0]] = 0  # a loop
    for changes in (
        {"first": first},
        {"stack_node": arrays["stack_node"] * 0},
        {"stack_region": arrays["stack_region"] + 9},
    ):
        assert searched(files, stated, Memory(forged(data, changes))).candidates.all()
    text = json.dumps(notes | {"slabs": [[0, [[77, 0, 0.5]]]]}).encode()
    assert searched(files, stated, Memory(forged(data, {"notes": np.frombuffer(text, np.uint8)}))).candidates.all()
    # open boxes left out: the engine believes it, the checker does not
    outcome = searched(files, false, Memory(forged(data, none)), attack=0)
    if outcome.candidates.any():
        assert not all(confirmed(outcome, false, files))


def test_a_search_is_saved_now_and_then() -> None:
    time = iter([0.0, 10.0, 31.0, 31.0, 32.0, 62.0, 62.0])
    saved: list[bytes] = []

    class Counting(Memory):
        def save(self, data: bytes) -> None:
            saved.append(data)

    search = BoxSearch(Growth(1), np.zeros((1, 1)), lambda region, point: None, (), np.zeros(1), [])  # type: ignore[abstract]
    violations: Any = type("None", (), {"points": {}})()
    keeper = keeping.Keeper(Counting(), lambda: resume_boxes.saved(search, violations), lambda: next(time))
    counts = []
    for _ in range(4):
        keeper.between()
        counts.append(len(saved))
    assert counts == [0, 1, 1, 2]


def test_a_longer_time_goes_on_from_the_store(stops: Callable[[int], None], rounds: list[int], tmp_path: Path) -> None:
    files, store = Files(), Store(tmp_path)
    stated = statement(files, least() - 0.02)

    def result(timeout: float) -> Any:
        return examine(stated, "prover", {"timeout": timeout}, 0, "cpu", files.__getitem__, store, "a title")

    stops(ROUNDS)
    first = result(5.0)
    assert first.record.verdict is Verdict.UNKNOWN
    assert len(list((tmp_path / "scratch").iterdir())) == 1
    assert not result(5.0).fresh
    stops(10_000)
    rounds.clear()
    second = result(50.0)
    assert second.record.verdict is Verdict.PROVED
    assert not (tmp_path / "scratch").exists()
    continued = sum(rounds)
    rounds.clear()
    other = examine(stated, "prover", {"timeout": 50.0}, 1, "cpu", files.__getitem__, store, "a title")
    assert other.fresh
    assert continued < sum(rounds)


def test_a_scratch_file_passes_over_what_it_cannot_do(tmp_path: Path) -> None:
    key = "sha256:" + "0" * 64
    scratch = Store(tmp_path).scratch(key)
    assert scratch.load() is None
    scratch.clear()
    scratch.save(b"kept")
    assert scratch.load() == b"kept"
    scratch.path.unlink()
    with scratch.path.open("wb") as stream:
        stream.truncate(MAX_SCRATCH + 1)
    assert scratch.load() is None
    blocked = Store(tmp_path / "file").scratch(key)
    (tmp_path / "file").write_bytes(b"")
    blocked.save(b"kept")
    assert blocked.load() is None
    with pytest.raises(Exception, match="no search key"):
        Store(tmp_path).scratch("../x")


def test_a_task_without_scratch_is_searched_all_the_same(stops: Callable[[int], None]) -> None:
    files = Files()
    given: Task = task(statement(files, least() - 0.02), files)
    assert given.scratch is None
    stops(1)
    assert engine.run(given).resumable
