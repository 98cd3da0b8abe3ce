"""Cross-checks: what agrees, what is refuted by a point, and what happens to a record that another method contradicts."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, ball_statement, box_statement, chain, float_trap, random_weights
from pydantic import ValidationError

import evidence.crosscheck
import evidence.recording
import evidence.run
from evidence.checker.check import Report
from evidence.crosscheck import cross_check
from evidence.disagreement import cross_findings
from evidence.engines.bounds.lirpa import Bounder, LinearBounds
from evidence.errors import InputError, MissingLibraryError
from evidence.network import read_network
from evidence.provenance import E_LIBRARY
from evidence.records import BoundsRecord, CrossCheck
from evidence.regions import Floats, RegionSet, expand
from evidence.run import RunResult, examine
from evidence.specification import Linear, LinearConstraint, Statement
from evidence.store import Store
from evidence.verdict import Arithmetic, Verdict

NETWORK = chain(random_weights([3, 8, 8, 3], seed=21))
lirpa = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("auto_LiRPA") is None, reason="torch or auto_LiRPA is not installed"
)
replaying = pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


def balls(files: Files, eps: float = 0.15, count: int = 12) -> Statement:
    inputs = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32).astype(np.float64)
    labels = read_network(NETWORK, "toy").forward(inputs).argmax(axis=1).astype(np.int64)
    labels[0] = (labels[0] + 1) % 3
    return ball_statement(files, NETWORK, inputs, labels, eps)


def positive(files: Files, network: bytes, boxes: list[tuple[Floats, Floats]], offset: float, **more: Any) -> Statement:
    """y0 > offset in every box."""
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=offset),))
    return box_statement(files, network, boxes, decision="none", condition=condition, **more)


def run(statement: Statement, files: Files, store: Store, engine: str = "prover", **parameters: Any) -> RunResult:
    return examine(statement, engine, {"cross_check": True} | parameters, 0, "cpu", files.__getitem__, store, "title")


def record_of(result: RunResult) -> BoundsRecord:
    assert isinstance(result.record, BoundsRecord)
    return result.record


def by(checks: tuple[CrossCheck, ...], name: str) -> CrossCheck:
    (found,) = [check for check in checks if check.by.startswith(name)]
    return found


# --- agreement ---------------------------------------------------------------------------------------------------


@lirpa
@replaying
@pytest.mark.parametrize("engine", ["prover", "bounds"])
def test_methods_agree_on_a_small_network(store: Store, engine: str) -> None:
    files = Files()
    result = run(balls(files), files, store, engine)
    record = record_of(result)
    milp, crown = by(record.cross_checks, "MILP"), by(record.cross_checks, "auto_LiRPA")
    assert record.regions[0] == "R" and record.number("P") > 3
    assert record.disputed == () and cross_findings(record, result.digest) == ()
    assert milp.examined == crown.examined == 12
    assert milp.agreed == record.number("P") + record.number("R")
    assert 0 < crown.agreed <= record.number("P")
    assert record.provenance is not None and {"scipy", "auto_LiRPA"} <= set(record.provenance.versions)
    again = run(balls(files), files, store, engine)
    assert not again.fresh and again.digest == result.digest


@replaying
def test_without_the_option_nobody_is_asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.recording, "cross_check", None)
    files = Files()
    assert record_of(run(balls(files), files, store, cross_check=False)).cross_checks == ()
    with pytest.raises(InputError, match="cross_check"):
        run(balls(files), files, store, cross_check="yes")


# --- refutation --------------------------------------------------------------------------------------------------


@lirpa
@replaying
def test_a_point_of_the_milp_refutes_what_attacks_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # y = relu(x - 0.9999) * 10000: violates y < 0.5 on 5e-5 of the box only
    weights = [(np.array([[1.0]]), np.array([-0.9999])), (np.array([[-10000.0]]), np.array([0.0]))]
    files = Files()
    statement = positive(files, chain(weights), [(np.array([0.0]), np.array([1.0]))], -0.5)
    from evidence.engines.attack import Attack
    from evidence.engines.bounds import engine

    def blind(task: Any, parameters: Any, network: Any, descend: Any) -> Attack:
        return Attack(np.ones(1), np.zeros((1, 1), np.float32), np.ones(1, bool))

    monkeypatch.setattr(engine, "_attack", blind)
    record = record_of(run(statement, files, store, "bounds"))
    assert record.regions == "R" and record.verdict is Verdict.REFUTED
    assert record.counterexamples[0].input[0] > 0.9999 and record.counterexamples[0].output[0] <= -0.5
    assert record.attack is not None and record.attack.succeeded == 0 and record.attack.near_misses == 0
    (replayed,) = [item for item in record.rechecks if item.what == "counterexamples"]
    assert (replayed.agreed, replayed.of) == (1, 1)
    plain = record_of(run(statement, files, store, "bounds", cross_check=False))
    assert plain.regions == "U"


@lirpa
@replaying
def test_float_rounding_is_no_disagreement(store: Store) -> None:
    network, low, high = float_trap()
    files = Files()
    record = record_of(run(positive(files, network, [(low, high)], 0.0), files, store))
    assert record.regions == "R" and record.disputed == ()
    assert all("rounding" in check.note for check in record.cross_checks)


# --- disagreement ------------------------------------------------------------------------------------------------


def gullible(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that confirms whatever it is shown, and an engine that claims everything."""

    def agree(statement: Any, certificate: bytes, blobs: Any, progress: Any = None) -> Report:
        return Report(checker="gullible", proved=(True,) * 2, reasons={})

    monkeypatch.setattr(evidence.recording, "check", agree)


def wrong_proof(store: Store, monkeypatch: pytest.MonkeyPatch) -> tuple[RunResult, Statement]:
    from evidence.engines.base import BoundsDetails, Outcome, Task
    from evidence.engines.certificate import Proof, write_certificate

    def claim(task: Task) -> Outcome:
        return Outcome(
            candidates=np.ones(2, dtype=bool),
            violations={},
            certificate=write_certificate(task.statement, [Proof(0), Proof(1)]),
            details=BoundsDetails("crown", None, "none", 0, 0, 0),
            complete=False,
            versions={},
        )

    gullible(monkeypatch)
    monkeypatch.setattr(evidence.run, "load_engine", lambda name: claim)
    monkeypatch.setattr(evidence.crosscheck, "executed", lambda *arguments: None)  # nothing replays
    # y = relu(x) - 1: above -1.5 everywhere, not above -0.5
    weights = [(np.array([[1.0]]), np.array([0.0])), (np.array([[1.0]]), np.array([-1.0]))]
    files = Files()
    boxes = [(np.array([2.0]), np.array([3.0])), (np.array([-1.0]), np.array([3.0]))]
    statement = positive(files, chain(weights), boxes, -0.5)
    return run(statement, files, store, "bounds"), statement


@replaying
def test_a_wrong_proof_is_contradicted_and_both_results_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = wrong_proof(store, monkeypatch)
    record = record_of(result)
    assert record.regions == "PP"
    assert by(record.cross_checks, "MILP").disagreed == (1,) and by(record.cross_checks, "MILP").agreed == 1
    (finding,) = cross_findings(record, result.digest)
    assert finding.code == "E116" and finding.severity.value == "error"
    assert "region 1" in finding.message and "-0.5" in finding.message


@lirpa
def test_a_bound_above_what_the_network_does_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    def high(self: Bounder, method: str, sets: Any, rows: Floats, coefficients: bool = False) -> LinearBounds:
        return LinearBounds(np.full(rows.shape[:2], 1e3))

    monkeypatch.setattr(Bounder, "bound", high)
    files = Files()
    statement = balls(files, count=3)
    regions = expand(statement, files.__getitem__)
    crossed = cross_check(statement, regions, files[statement.model], [False] * 3, ())
    assert by(crossed.checks, "auto_LiRPA").disagreed == (0, 1, 2)
    assert by(crossed.checks, "MILP").disagreed == ()


def test_an_optimum_above_what_the_network_does_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    from evidence.engines import milp

    answer = milp.Minimum(bound=1e3, value=1e3, point=None, optimal=True)
    monkeypatch.setattr(milp.Encoding, "least_margin", lambda *arguments: answer)
    files = Files()
    statement = balls(files, count=3)
    regions = expand(statement, files.__getitem__)
    crossed = cross_check(statement, regions, files[statement.model], [True] * 3, ())
    assert by(crossed.checks, "MILP").disagreed == (0, 1, 2)


# --- budgets -----------------------------------------------------------------------------------------------------


def many(count: int = 9) -> tuple[Statement, Files, RegionSet]:
    files = Files()
    statement = balls(files, count=count)
    return statement, files, expand(statement, files.__getitem__)


def asked_regions(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """The regions that the MILP is asked about from here on, by their lower ends."""
    from evidence.engines import milp

    found: list[int] = []
    _, _, regions = many(count)
    real = milp.Encoding

    def watched(network: Any, lower: Floats, upper: Floats) -> Any:
        found.append(int((regions.lower == lower).all(axis=1).argmax()))
        return real(network, lower, upper)

    monkeypatch.setattr(milp, "Encoding", watched)
    return found


def test_a_budget_of_regions_is_kept_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decided regions first, drawn with the seed, equal for equal seeds; what was left out is said."""
    monkeypatch.setattr(evidence.crosscheck, "_MOST_SOLVED", 4)
    statement, files, regions = many()
    asked = asked_regions(monkeypatch, 9)
    proved = [region in (1, 5, 8) for region in range(9)]

    def once(seed: int, known: list[bool]) -> tuple[CrossCheck, list[int]]:
        asked.clear()
        crossed = cross_check(statement, regions, files[statement.model], known, (), seed)
        return by(crossed.checks, "MILP"), list(asked)

    check, first = once(0, proved)
    assert check.examined == check.agreed + check.undecided == 4 and check.agreed <= 3
    assert "4 of 9 regions were drawn at random" in check.note
    assert set(first[:3]) == {1, 5, 8} and len(set(first)) == 4
    assert once(0, proved) == (check, first)
    draws = {tuple(once(seed, [True] * 9)[1]) for seed in range(6)}
    assert len(draws) > 1 and {region for draw in draws for region in draw} == set(range(9))


def test_all_regions_are_asked_in_order_where_the_budget_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    statement, files, regions = many()
    asked = asked_regions(monkeypatch, 9)
    check = by(cross_check(statement, regions, files[statement.model], [True] * 9, ()).checks, "MILP")
    assert asked == list(range(9)) and check.examined == 9 and "drawn" not in check.note


@lirpa
def test_a_budget_of_regions_of_auto_lirpa(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.crosscheck, "_MOST_BOUNDED", 5)
    statement, files, regions = many()
    check = by(cross_check(statement, regions, files[statement.model], [True] * 9, ()).checks, "auto_LiRPA")
    assert check.examined == 5 and "5 of 9 regions were drawn at random" in check.note


class Clock:
    """Seconds that pass with every look at it."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def test_a_budget_of_seconds_is_kept_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock takes 100 of the 300 seconds: one to start with, then one before each region."""
    statement, files, regions = many()
    asked = asked_regions(monkeypatch, 9)
    monkeypatch.setattr(evidence.crosscheck, "time", Clock(100.0))
    check = by(cross_check(statement, regions, files[statement.model], [True] * 9, ()).checks, "MILP")
    assert len(asked) == check.examined == 3
    assert "the time was spent after 3 of 9 regions" in check.note


@lirpa
def test_a_budget_of_seconds_of_auto_lirpa(monkeypatch: pytest.MonkeyPatch) -> None:
    statement, files, regions = many()
    real = Bounder.__init__

    def one_by_one(self: Bounder, network: Any, batch: int = 256, device: str = "cpu", iterations: int = 20) -> None:
        real(self, network, 1, device, iterations)

    monkeypatch.setattr(Bounder, "__init__", one_by_one)
    monkeypatch.setattr(evidence.crosscheck, "time", Clock(100.0))
    monkeypatch.setattr(evidence.crosscheck, "MOST_INPUTS", 2)  # the MILP does not look at the clock
    check = by(cross_check(statement, regions, files[statement.model], [True] * 9, ()).checks, "auto_LiRPA")
    assert check.examined == 3 and "the time was spent after 3 of 9 regions" in check.note


def test_a_last_region_gets_no_more_than_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from evidence.engines import milp

    given: list[float] = []

    def noted(self: Any, condition: Any, nodes: int, seconds: float) -> milp.Minimum:
        given.append(seconds)
        return milp.Minimum(-np.inf, np.inf, None, False)

    monkeypatch.setattr(milp.Encoding, "least_margin", noted)
    monkeypatch.setattr(evidence.crosscheck, "time", Clock(145.0))
    statement, files, regions = many()
    check = by(cross_check(statement, regions, files[statement.model], [True] * 9, ()).checks, "MILP")
    assert given == [30.0, 10.0] and check.undecided == check.examined == 2


# --- what cannot be asked ----------------------------------------------------------------------------------------


def test_an_absent_library_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    from evidence.engines.bounds import lirpa as module

    def absent() -> None:
        raise MissingLibraryError.of(E_LIBRARY, "auto_LiRPA is not installed")

    monkeypatch.setattr(module, "library", absent)
    files = Files()
    statement = balls(files, count=2)
    regions = expand(statement, files.__getitem__)
    crossed = cross_check(statement, regions, files[statement.model], [False] * 2, ())
    found = by(crossed.checks, "auto_LiRPA")
    assert found.examined == 0 and "not installed" in found.note
    assert by(crossed.checks, "MILP").examined == 2


def test_large_networks_and_balls_are_left_to_auto_lirpa(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files()
    statement = balls(files, eps=3.0, count=2)
    regions = expand(statement, files.__getitem__)
    monkeypatch.setattr(evidence.crosscheck, "MOST_UNDECIDED", 3)
    milp = by(cross_check(statement, regions, files[statement.model], [], ()).checks, "MILP")
    assert milp.examined == 0 and "2 regions leave more than 3" in milp.note
    monkeypatch.setattr(evidence.crosscheck, "MOST_INPUTS", 2)
    milp = by(cross_check(statement, regions, files[statement.model], [], ()).checks, "MILP")
    assert milp.examined == 0 and "3 inputs" in milp.note
    data = np.zeros((1, 3)), np.zeros(1, dtype=np.int64)
    euclidean = ball_statement(files, NETWORK, *data, 0.1, "l2")
    regions = expand(euclidean, files.__getitem__)
    milp = by(cross_check(euclidean, regions, files[euclidean.model], [], ()).checks, "MILP")
    assert milp.examined == 0 and "Euclidean" in milp.note


@pytest.mark.parametrize(
    "wrong",
    [
        {"agreed": 3},
        {"disagreed": (1, 0), "examined": 4},
        {"disagreed": (0, 0), "examined": 4},
        {"disagreed": (-1,), "examined": 3},
    ],
)
def test_counts_of_a_cross_check_are_coherent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CrossCheck.model_validate({"by": "x", "examined": 2, "agreed": 1, "undecided": 1} | wrong)


@replaying
def test_a_cross_check_speaks_of_regions_of_its_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of(wrong_proof(store, monkeypatch)[0])
    for check in (
        CrossCheck(by="x", examined=1, agreed=0, disagreed=(2,), undecided=0),
        CrossCheck(by="x", examined=3, agreed=3, undecided=0),
    ):
        with pytest.raises(ValidationError, match="regions that the record does not have"):
            BoundsRecord.model_validate(record.model_dump() | {"cross_checks": (check,)})


@replaying
def test_float32_statements_are_cross_checked_over_the_reals(store: Store) -> None:
    files = Files()
    boxes = [(np.full(3, -0.1), np.full(3, 0.1))]
    record = record_of(run(positive(files, NETWORK, boxes, -50.0, arithmetic=Arithmetic.FLOAT32), files, store))
    assert record.regions == "P" and record.disputed == ()
    assert by(record.cross_checks, "MILP").agreed == 1
