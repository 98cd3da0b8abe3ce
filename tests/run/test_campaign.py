"""Campaigns: order kept, failures kept apart, finished runs skipped, interrupts clean, workers agree."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, ball_statement, chain, random_weights

import evidence.run
from evidence.campaign import Finished, Planned, run_all
from evidence.digest import of_bytes
from evidence.engines.base import BoundsDetails, Outcome, Task
from evidence.engines.certificate import Proof, write_certificate
from evidence.errors import InputError
from evidence.run import E_FILE
from evidence.store import Store

NETWORK = chain(random_weights([2, 6, 2], seed=1))


def planned(files: Files, name: str, eps: float, engine: str = "bounds", **parameters: Any) -> Planned:
    inputs = np.zeros((1, 2))
    statement = ball_statement(files, NETWORK, inputs, np.zeros(1, np.int64), eps)
    return Planned(name, statement, engine, f"title of {name}", parameters)


def engine(task: Task) -> Outcome:
    if task.parameters.get("fail"):
        raise RuntimeError("a programming error")
    if task.parameters.get("interrupt"):
        raise KeyboardInterrupt
    return Outcome(
        candidates=np.ones(1, dtype=bool),
        violations={},
        certificate=write_certificate(task.statement, [Proof(0)]),
        details=BoundsDetails("crown", None, "none", 0, 0, 0),
        complete=False,
        versions={},
    )


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    original = evidence.run.load_engine
    monkeypatch.setattr(evidence.run, "load_engine", lambda name: engine if name == "bounds" else original(name))
    return Store(tmp_path)


def test_one_failing_run_does_not_lose_the_others(store: Store) -> None:
    files = Files()
    seen: list[str] = []
    ends = run_all(
        [
            planned(files, "first", 0.1),
            planned(files, "unknown engine", 0.1, engine="astrology"),
            planned(files, "crashing", 0.1, fail=True),
            planned(files, "last", 0.2),
        ],
        files.__getitem__,
        store,
        finished=lambda item: seen.append(item.name),
    )
    assert [end.name for end in ends] == seen == ["first", "unknown engine", "crashing", "last"]
    first, unknown, crashing, last = ends
    assert first.result is not None and last.result is not None
    assert [finding.code for finding in unknown.findings] == ["E106"] and unknown.result is None
    assert crashing.crash is not None and "a programming error" in crashing.crash


def test_a_campaign_resumes_after_an_interrupt(store: Store) -> None:
    files = Files()
    plan = [planned(files, "first", 0.1), planned(files, "second", 0.2, interrupt=True)]
    with pytest.raises(KeyboardInterrupt):
        run_all(plan, files.__getitem__, store)
    plan[1] = planned(files, "second", 0.2)
    first, second = run_all(plan, files.__getitem__, store)
    assert first.result is not None and not first.result.fresh
    assert second.result is not None and second.result.fresh


def test_names_are_unique(store: Store) -> None:
    files = Files()
    with pytest.raises(ValueError, match="unique"):
        run_all([planned(files, "a", 0.1), planned(files, "a", 0.2)], files.__getitem__, store)


def test_each_run_has_its_own_progress(store: Store) -> None:
    files = Files()
    seen: list[tuple[str, str]] = []

    def progress(name: str) -> Any:
        return lambda done, total, note: seen.append((name, note))

    run_all([planned(files, "a", 0.1), planned(files, "b", 0.2)], files.__getitem__, store, progress=progress)
    assert {name for name, _ in seen} == {"a", "b"}  # the checker reports its leaves


def test_workers_keep_the_order_and_carry_findings_home(tmp_path: Path) -> None:
    files = Files()
    plan = [planned(files, name, 0.1, colour=name) for name in ("a", "b", "c")]
    elsewhere = planned(files, "its file is not at hand", 0.1).statement.model_copy(update={"model": of_bytes(b"lost")})
    lost = Planned("its file is not at hand", elsewhere, "bounds", "t")
    seen: list[Finished] = []

    def blobs(digest: str) -> bytes:
        if digest not in files:
            raise InputError.of(E_FILE, "not at hand")
        return files[digest]

    ends = run_all([plan[0], lost, *plan[1:]], blobs, Store(tmp_path), workers=2, finished=seen.append)
    assert [end.name for end in ends] == ["a", "its file is not at hand", "b", "c"]
    assert {end.name for end in seen} == {end.name for end in ends}
    assert [[finding.code for finding in end.findings] for end in ends] == [["E111"], ["E114"], ["E111"], ["E111"]]
    assert "'c'" not in ends[0].findings[0].message and "colour" in ends[3].findings[0].message


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("torch") is None or find_spec("auto_LiRPA") is None, reason="torch or auto_LiRPA is not installed"
)
def test_workers_give_the_same_records(tmp_path: Path) -> None:
    files = Files()
    plan = [planned(files, "a", 0.01), planned(files, "b", 0.3, method="alpha-crown")]
    alone = run_all(plan, files.__getitem__, Store(tmp_path / "alone"))
    together = run_all(plan, files.__getitem__, Store(tmp_path / "together"), workers=2)
    for one, two in zip(alone, together, strict=True):
        assert one.crash is None and two.crash is None
        assert one.result is not None and two.result is not None
        assert one.result.digest == two.result.digest and two.result.fresh


def test_with_workers_too_the_store_answers_first(store: Store) -> None:
    files = Files()
    plan = [planned(files, "a", 0.1), planned(files, "b", 0.2)]
    run_all(plan, files.__getitem__, store)
    again = run_all(plan, files.__getitem__, store, workers=2)
    assert [end.result is not None and not end.result.fresh for end in again] == [True, True]
