"""Runs of a case: what is noted in the journal, what is skipped, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, kit, onnx_bytes

from assurance import execution
from assurance.execution import Executed, execute
from assurance.status import Status
from evidence.campaign import Finished, run_all
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.run import RunResult
from evidence.verdict import Verdict


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """The toy case with output reachability, which needs no torch, on its boxes only."""
    made = kit(tmp_path)
    made.case["requirements"] = made.case["requirements"][1:2]
    made.case["runs"] = [{"id": "run-2", "requirement": "R2", "engine": "reachability"}]
    made.case["data_sets"] = made.case["tables"] = made.case["threat_models"] = []
    return made.write()


def run(toy: Kit, *only: str) -> list[Executed]:
    return execute(toy.load(), toy.store, only, device="cpu")


def test_a_run_becomes_evidence_and_the_goal_follows(toy: Kit) -> None:
    (done,) = run(toy)
    assert done.fresh and done.outcome == "met" and not done.failures
    assert done.record is not None and done.digest is not None
    assert done.record.kind == "output-range" and done.record.verdict is Verdict.PROVED
    (entry,) = toy.store.journal()
    assert (entry.requirement, entry.run, entry.record, entry.outcome) == ("R2", "run-2", done.digest, "met")
    assert entry.criterion == toy.load().claims["R2"].criterion_digest
    assert toy.take().standings["R2"].status is Status.SUPPORTED
    (again,) = run(toy)
    assert not again.fresh and again.digest == done.digest and toy.store.journal() == [entry]


def test_a_refuted_run_is_noted_as_such_and_lowering_the_bar_is_seen(toy: Kit) -> None:
    pytest.importorskip("onnxruntime")
    condition = toy.requirement("R2")["property"]["condition"]
    condition["outputs"] = ["up"]
    (done,) = run(toy)
    assert done.outcome == "refuted" and toy.take().standings["R2"].status is Status.CONTRADICTED
    condition["outputs"] = ["down"]
    (done,) = run(toy)
    assert done.outcome == "met"
    snapshot = toy.take()
    assert snapshot.standings["R2"].status is Status.IN_DOUBT
    assert "S119" in {item.code for item in snapshot.findings}


def test_a_new_model_with_its_digest_needs_a_new_run(toy: Kit) -> None:
    run(toy)
    (toy.folder / "net.onnx").write_bytes(onnx_bytes(0.5))
    before = toy.store.journal()
    with pytest.raises(InputError) as caught:
        run(toy)
    assert caught.value.finding.code == "C117" and toy.store.journal() == before
    toy.case["models"][0]["digest"] = of_bytes(onnx_bytes(0.5))
    assert toy.take().standings["R2"].status is Status.UNDEVELOPED
    (done,) = run(toy)
    assert done.fresh and toy.take().standings["R2"].status is Status.SUPPORTED
    (toy.folder / "net.onnx").write_bytes(onnx_bytes())
    toy.case["models"][0]["digest"] = of_bytes(onnx_bytes())
    (done,) = run(toy)
    assert not done.fresh and toy.take().standings["R2"].status is Status.SUPPORTED, "back to what was shown before"


def test_refusals_leave_the_store_as_it_was(toy: Kit) -> None:
    for name in ("no-such-run", ""):
        with pytest.raises(InputError) as caught:
            run(toy, name)
        assert caught.value.finding.code == "C123" and "run-2" in str(caught.value.finding)
    (toy.folder / "net.onnx").unlink()
    with pytest.raises(InputError) as caught:
        run(toy)
    assert caught.value.finding.code == "C116"
    (toy.folder / "net.onnx").write_bytes(b"junk")
    toy.case["models"][0]["digest"] = of_bytes(b"junk")
    with pytest.raises(InputError) as caught:
        run(toy)
    assert caught.value.finding.code[0] == "N"
    assert not (toy.folder / "evidence").exists()


def test_a_failing_run_is_reported_and_leaves_no_trace(toy: Kit) -> None:
    toy.case["runs"][0]["parameters"] = {"no_such_parameter": 1}
    (done,) = run(toy)
    assert done.outcome == "failed" and done.record is None and done.failures and done.crash is None
    assert all(item.code and item.remedy for item in done.failures)
    assert toy.store.journal() == [] and toy.take().standings["R2"].status is Status.UNDEVELOPED


def test_each_run_is_noted_as_it_ends(toy: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt after the first run must not lose what that run found."""

    def first_then_interrupt(planned, blobs, store, workers, progress, finished):  # type: ignore[no-untyped-def]
        (end,) = real(planned[:1], blobs, store, workers, progress, finished)
        assert isinstance(end, Finished) and isinstance(end.result, RunResult)
        raise KeyboardInterrupt

    real = run_all
    monkeypatch.setattr(execution, "run_all", first_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(toy)
    assert [item.outcome for item in toy.store.journal()] == ["met"]


def test_without_torch_the_device_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    assert execution.chosen_device("auto") == "cpu"
    assert execution.chosen_device("cuda") == "cuda"
