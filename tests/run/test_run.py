"""One run: words only after replay and check, answers from the store, nothing hidden when something is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, ball_statement, box_statement, chain, float_trap, random_weights

import evidence.recording
import evidence.run
from evidence.checker.check import Report
from evidence.digest import of_bytes
from evidence.engines.base import BoundsDetails, Outcome, RangeDetails, SmoothingDetails, Task
from evidence.engines.certificate import Proof, Ranged, write_certificate
from evidence.errors import InputError, MissingLibraryError, StoreError
from evidence.network import read_network
from evidence.provenance import library_versions, request_key, require
from evidence.records import BoundsRecord, OutputRangeRecord, SmoothingRecord, record_bytes
from evidence.run import RunResult, examine
from evidence.specification import Linear, LinearConstraint, Statement
from evidence.store import Store
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor, Verdict

NETWORK = chain(random_weights([3, 12, 12, 3], seed=21))
engines = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("auto_LiRPA") is None or find_spec("onnxruntime") is None,
    reason="torch, auto_LiRPA or onnxruntime is not installed",
)


def balls(files: Files, eps: float = 0.2, count: int = 24, **more: Any) -> Statement:
    inputs = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32).astype(np.float64)
    labels = read_network(NETWORK, "toy").forward(inputs).argmax(axis=1).astype(np.int64)
    labels[0] = (labels[0] + 1) % 3
    return ball_statement(files, NETWORK, inputs, labels, eps, **more)


def trapped(files: Files, arithmetic: Arithmetic = Arithmetic.REAL) -> Statement:
    network, low, high = float_trap()
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    return box_statement(files, network, [(low, high)], decision="none", condition=condition, arithmetic=arithmetic)


def run(statement: Statement, files: Files, store: Store, **parameters: Any) -> RunResult:
    return examine(statement, "bounds", parameters, 0, "cpu", files.__getitem__, store, "a title")


def bounds_record(result: RunResult) -> BoundsRecord:
    assert isinstance(result.record, BoundsRecord)
    return result.record


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


def fake(monkeypatch: pytest.MonkeyPatch, engine: Callable[[Task], Outcome]) -> None:
    monkeypatch.setattr(evidence.run, "load_engine", lambda name: engine)


def forbid_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def engine(task: Task) -> Outcome:
        raise AssertionError("the engine was called")

    fake(monkeypatch, engine)


def recheck(record: Any, what: str) -> Any:
    (found,) = [item for item in record.rechecks if item.what == what]
    return found


# --- words -------------------------------------------------------------------------------------------------------


@engines
def test_a_run_proves_refutes_and_leaves_open(store: Store) -> None:
    files = Files()
    result = run(balls(files), files, store)
    record = bounds_record(result)
    assert result.fresh and record.title == "a title"
    assert record.number("P") > 0 and record.number("R") > 0
    assert record.regions[0] == "R"  # its label is wrong without any perturbation
    assert record.clean_correct == 23
    assert record.verdict is Verdict.REFUTED
    assert record.guarantee.kind is GuaranteeKind.PROVED
    assert record.guarantee.arithmetic is Arithmetic.REAL and record.guarantee.predictor is Predictor.BASE
    assert not record.guarantee.complete
    assert recheck(record, "bounds").agreed == record.number("P")
    assert recheck(record, "counterexamples").agreed == record.number("R") == len(record.counterexamples)
    assert record.attack is not None and record.attack.tried == 24 and record.attack.succeeded == record.number("R")
    assert record.provenance is not None and record.provenance.versions["torch"]
    for digest in (result.digest, record.statement.model, *record.artefacts.values(), *files):
        assert digest in store
    assert of_bytes(store.get(result.digest)) == result.digest == of_bytes(record_bytes(record))


@engines
def test_radii_are_confirmed_one_by_one(store: Store) -> None:
    files = Files()
    record = bounds_record(run(balls(files), files, store, radius=True, radius_limit=1.0))
    assert record.radius is not None and record.radius.unit == "1"
    assert record.radius.checked == record.radius.candidate
    assert record.radius.checked[0] == 0.0
    for letter, radius in zip(record.regions, record.radius.checked, strict=True):
        assert radius >= 0.19 or letter != "P"
    assert recheck(record, "radii").agreed == sum(value > 0 for value in record.radius.checked)


def claim_everything(task: Task) -> Outcome:
    """An engine that lies: all regions hold, with a certificate that says so, and all radii are vast."""
    count = len(task.regions)
    return Outcome(
        candidates=np.ones(count, dtype=bool),
        violations={},
        certificate=write_certificate(task.statement, [Proof(i) for i in range(count)], radii=[9.0] * count),
        details=BoundsDetails("crown", None, "none", 0, 0, 0, "1", 9.0, (9.0,) * count, (None,) * count),
        complete=True,
        versions={},
    )


def test_the_engine_is_not_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, claim_everything)
    files = Files()
    record = bounds_record(run(balls(files, eps=5.0), files, store))
    assert set(record.regions) == {"C"}
    assert record.verdict is Verdict.UNKNOWN
    assert record.guarantee.kind is GuaranteeKind.UNCHECKED
    assert record.radius is not None and set(record.radius.checked) == {0.0}
    assert recheck(record, "bounds").agreed == 0 and "not proved" in recheck(record, "bounds").note


def test_a_refusing_checker_confirms_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, claim_everything)
    monkeypatch.setattr(
        evidence.recording, "check", lambda *arguments: Report(proved=(True,) * 24, refusal="N152: another network")
    )
    files = Files()
    record = bounds_record(run(balls(files, eps=1e-6), files, store))
    assert set(record.regions) == {"C"}
    assert "N152" in recheck(record, "bounds").note


def test_a_candidate_is_no_proof_when_the_checker_confirms_something_else(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(task: Task) -> Outcome:
        told = claim_everything(task)
        return Outcome(~told.candidates, {}, told.certificate, told.details, False, {})

    fake(monkeypatch, nothing)
    files = Files()
    record = bounds_record(run(balls(files, eps=1e-6), files, store))
    assert set(record.regions) == {"U"}


# --- the float trap ----------------------------------------------------------------------------------------------


@engines
def test_a_real_proof_with_a_float32_counterexample_is_stored_as_refuted(store: Store) -> None:
    files = Files()
    record = bounds_record(run(trapped(files), files, store))
    assert record.regions == "R" and record.verdict is Verdict.REFUTED
    assert record.counterexamples[0].output == (-0.5,)
    note = recheck(record, "bounds").note
    assert "over the reals" in note and "refuted" in note
    assert recheck(record, "bounds").agreed == 0
    assert record.guarantee.kind is GuaranteeKind.EMPIRICAL


@engines
@pytest.mark.parametrize("arithmetic", [Arithmetic.FLOAT32, Arithmetic.FLOAT32_ONE])
def test_bounds_over_the_reals_never_prove_float32(
    arithmetic: Arithmetic, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files()
    assert bounds_record(run(trapped(files, arithmetic), files, store)).regions == "R"
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    other = Store(store.root.parent / "other")
    record = bounds_record(run(trapped(files, arithmetic), files, other, method="ibp"))
    assert record.regions == "U" and record.verdict is Verdict.UNKNOWN
    assert any("float32" in text for text in record.assumptions)
    easy = balls(files, eps=1e-6).model_copy(update={"arithmetic": arithmetic})
    assert "P" not in bounds_record(run(easy, files, other)).regions
    assert "C" not in bounds_record(run(easy, files, other)).regions


@engines
def test_without_onnxruntime_nothing_is_refuted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files()
    with_runtime = bounds_record(run(balls(files), files, store))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    record = bounds_record(run(balls(files), files, Store(store.root.parent / "other")))
    assert "R" not in record.regions
    assert record.regions == with_runtime.regions.replace("R", "U")
    assert record.verdict is Verdict.UNKNOWN
    assert record.attack is not None and record.attack.near_misses == with_runtime.number("R")
    assert "no violation was replayed" in recheck(record, "counterexamples").note


def test_a_violation_that_does_not_replay_is_a_near_miss(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

    def wrong(task: Task) -> Outcome:
        told = claim_everything(task)
        return Outcome(told.candidates, {1: task.regions.centers[1]}, told.certificate, told.details, False, {})

    fake(monkeypatch, wrong)
    files = Files()
    record = bounds_record(run(balls(files, eps=1e-6), files, store))
    assert "R" not in record.regions
    assert record.attack is not None and record.attack.near_misses == 1


# --- answers from the store --------------------------------------------------------------------------------------


@engines
def test_a_repeated_request_is_answered_without_the_engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files()
    statement = balls(files)
    first = run(statement, files, store, method="crown")
    again = run(statement, files, Store(store.root.parent / "other"), method="crown")
    assert again.fresh and again.digest == first.digest  # the same bytes when it is made twice
    forbid_engine(monkeypatch)
    second = run(statement, files, store, method="crown")
    assert not second.fresh and second.digest == first.digest and second.record == first.record
    with pytest.raises(AssertionError):
        run(statement, files, store, method="ibp")


def path_of(store: Store, digest: str) -> Path:
    hexadecimal = digest.removeprefix("sha256:")
    return store.root / "objects" / hexadecimal[:2] / hexadecimal


@engines
def test_altered_objects_are_errors_and_deleted_ones_are_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files()
    statement = balls(files)
    first = run(statement, files, store)
    for digest in (first.digest, first.record.artefacts["certificate"], statement.model):
        path = path_of(store, digest)
        kept = path.read_bytes()
        path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        with pytest.raises(StoreError) as caught:
            run(statement, files, store)
        assert caught.value.finding.code == "E103"
        path.unlink()
        made = run(statement, files, store)
        assert made.fresh and made.digest == first.digest
        assert path.read_bytes() == kept


@engines
def test_an_answer_to_another_request_is_refused(store: Store) -> None:
    files = Files()
    small, large = balls(files, eps=0.01), balls(files, eps=0.2)
    first = run(small, files, store)
    run(large, files, store)
    key = request_key(large, "bounds", {}, library_versions("bounds"), 0, "cpu")
    store.remember(key, first.digest, {})
    with pytest.raises(StoreError) as caught:
        run(large, files, store)
    assert caught.value.finding.code == "E115"


def test_requests_differ_in_everything_that_an_answer_may_depend_on() -> None:
    files = Files()
    statement = balls(files)
    base: tuple[Any, ...] = (statement, "bounds", {"a": 1}, {"torch": "2"}, 0, "cpu")
    changes: list[tuple[int, Any]] = [
        (0, balls(files, eps=0.3)),
        (1, "smoothing"),
        (2, {"a": 2}),
        (3, {"torch": "3"}),
        (4, 1),
        (5, "cuda"),
    ]
    keys = {request_key(*base)} | {
        request_key(*(value if i == place else item for i, item in enumerate(base))) for place, value in changes
    }
    assert len(keys) == len(changes) + 1
    assert request_key(*base) == request_key(statement, "bounds", {"a": 1}, {"torch": "2"}, 0, "cpu")


def test_nothing_is_stored_when_a_run_fails(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files()
    with pytest.raises(InputError) as caught:
        examine(balls(files), "astrology", {}, 0, "cpu", files.__getitem__, store, "t")
    assert caught.value.finding.code == "E106"
    fake(monkeypatch, claim_everything)
    lying = Files({digest: data + b"x" for digest, data in files.items()})
    with pytest.raises(InputError) as caught:
        run(balls(files), lying, store)
    assert caught.value.finding.code == "E114"
    assert not store.root.exists()


def test_the_sidecar_is_no_part_of_the_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, claim_everything)
    files = Files()
    statement = balls(files)
    result = run(statement, files, store)
    key = request_key(statement, "bounds", {}, library_versions("bounds"), 0, "cpu")
    aside = store.sidecar(key)
    assert set(aside) == {"seconds", "date", "command"}
    text = json.dumps(json.loads(store.get(result.digest)))
    assert aside["date"] not in text and str(store.root) not in text


# --- the other families ------------------------------------------------------------------------------------------


def test_smoothing_counts_become_radii(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import stats

    def counted(task: Task) -> Outcome:
        count = len(task.regions)
        successes = np.linspace(400, 1000, count).astype(np.int64)
        predicted = task.regions.labels.copy()
        predicted[-1] = (predicted[-1] + 1) % 3
        details = SmoothingDetails(0.5, "independent", 100, 1000, 0.01, True, predicted, successes)
        return Outcome(np.zeros(count, dtype=bool), {}, None, details, False, {"torch": "9"}, ("noise is Gaussian",))

    fake(monkeypatch, counted)
    files = Files()
    record = run(balls(files, norm="l2", predictor=Predictor.SMOOTHED), files, store).record
    assert isinstance(record, SmoothingRecord)
    assert record.guarantee.kind is GuaranteeKind.STATISTICAL
    assert record.guarantee.predictor is Predictor.SMOOTHED
    assert (record.guarantee.error_probability, record.guarantee.simultaneous) == (0.01, True)
    assert record.inputs[0].abstained and record.inputs[0].radius == 0.0
    for item in record.inputs:
        exact = stats.binomtest(item.successes, 1000, alternative="greater")
        low = exact.proportion_ci(1 - 0.01 / 24, method="exact").low
        assert item.lower_probability <= low and item.lower_probability == pytest.approx(low, abs=1e-9)
        if not item.abstained:
            assert item.radius <= 0.5 * stats.norm.ppf(low)
            assert item.radius == pytest.approx(0.5 * stats.norm.ppf(low), abs=1e-8)
    assert record.established(0.0) < 24
    assert record.provenance is not None and record.provenance.versions["torch"] == "9"


def reach(exact: bool) -> Callable[[Task], Outcome]:
    def engine(task: Task) -> Outcome:
        count, m = len(task.regions), len(task.statement.outputs)
        details = RangeDetails(
            star_lower=np.zeros((count, m)),
            star_upper=np.ones((count, m)),
            sampled_lower=np.zeros((count, m)),
            sampled_upper=np.ones((count, m)),
            exact=(exact,) * count,
            stars=(3,) * count,
        )
        data = write_certificate(
            task.statement, [Proof(i) for i in range(count)], ranges=[Ranged(i) for i in range(count)]
        )
        return Outcome(np.ones(count, dtype=bool), {}, data, details, exact, {}, (), {"plot": b"drawing"})

    return engine


def test_output_ranges_take_the_checked_bounds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, reach(True))
    files = Files()
    # outputs x0 + x1 and x0 - x1 on the unit box: ranges [0, 2] and [-1, 1]; on [0,.1] x [.5,1]: y1 < y0 throughout
    network = chain([(np.array([[1.0, 1.0], [1.0, -1.0]]), np.zeros(2))])
    boxes = [(np.zeros(2), np.ones(2)), (np.array([0.0, 0.5]), np.array([0.1, 1.0]))]
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=0.25),))
    statement = box_statement(files, network, boxes, condition=condition)
    record = run(statement, files, store).record
    assert isinstance(record, OutputRangeRecord)
    assert record.regions == "CP" and record.verdict is Verdict.UNKNOWN
    first, second = record.ranges
    assert np.allclose(first.checked_lower, [0, -1]) and np.allclose(first.checked_upper, [2, 1])
    assert first.checked_lower[1] <= -1 and first.checked_upper[0] >= 2
    assert first.decisions == ("y0", "y1") and second.decisions == ("y0",)
    assert first.box == "box 0" and first.exact and first.stars == 3
    assert record.guarantee.kind is GuaranteeKind.PROVED and record.guarantee.complete
    assert recheck(record, "output ranges").agreed == 2
    assert store.get(record.artefacts["plot"]) == b"drawing"


def test_ranges_that_nobody_checked_are_marked_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, reach(False))
    monkeypatch.setattr(evidence.recording, "check", lambda *arguments: Report(refusal="N152: no"))
    files = Files()
    network = chain([(np.eye(2), np.zeros(2))])
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    statement = box_statement(files, network, [(np.zeros(2), np.ones(2))], condition=condition)
    record = run(statement, files, store).record
    assert isinstance(record, OutputRangeRecord)
    assert record.regions == "C"
    assert record.ranges[0].checked_lower == () and record.ranges[0].decisions == ()
    assert record.guarantee.kind is GuaranteeKind.UNCHECKED


# --- libraries ---------------------------------------------------------------------------------------------------


def test_absent_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingLibraryError) as caught:
        require("torch")
    assert caught.value.finding.code == "E110" and "assurance[engines]" in str(caught.value.finding.remedy)


def test_versions_are_read_without_importing() -> None:
    import subprocess

    code = (
        "import sys\nfrom evidence.provenance import library_versions\nprint(sorted(library_versions('bounds')))\n"
        "import evidence.run, evidence.campaign, evidence.replay\n"
        "heavy = {'torch', 'auto_LiRPA', 'onnxruntime'} & set(sys.modules); assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "numpy" in done.stdout
