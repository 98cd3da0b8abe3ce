"""A witness refutes only when it replays exactly; a claimed proof is never one; contradictions are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from external_toys import Asked, network, spec
from pydantic import ValidationError

from evidence.errors import InputError
from evidence.external import TOOLS
from evidence.external.agreement import inconsistencies, stored
from evidence.limits import limits_of
from evidence.records import ExternalVerdictRecord, read_record, record_bytes
from evidence.records.external import ToolName
from evidence.store import Store
from evidence.verdict import Arithmetic, GuaranteeKind, Verdict

pytest.importorskip("onnxruntime")


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(store_in(tmp_path), network(), spec())


def store_in(folder: Path) -> Store:

    return Store(folder / "store")


def codes(record: ExternalVerdictRecord, asked: Asked) -> list[str]:
    return [item.code for item in inconsistencies(record, stored(asked.store))]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_claimed_proof_is_unchecked(asked: Asked, tool: ToolName) -> None:
    record = asked.say(tool, "unsat\n")
    assert (record.verdict, record.guarantee.kind) == (Verdict.UNKNOWN, GuaranteeKind.UNCHECKED)
    assert record.number("P") == 0 and record.regions == "C" and record.witness == "none"
    assert any(item.code == "L119" and "proof is unchecked" in item.text for item in limits_of(record))
    assert read_record(record_bytes(record), "record") == record


def test_a_witness_that_replays_refutes(asked: Asked) -> None:
    record = asked.say("nnenum", "sat\n((X_0 1.0)\n(X_1 0.75)\n(Y_0 0.75))")
    assert (record.verdict, record.regions, record.witness) == (Verdict.REFUTED, "R", "replayed")
    assert record.counterexamples[0].input == (1.0, 0.75) and record.counterexamples[0].output == (0.75,)
    assert (record.guarantee.kind, record.guarantee.arithmetic) == (GuaranteeKind.EMPIRICAL, Arithmetic.FLOAT32_ONE)
    assert codes(record, asked) == []


def test_outputs_that_the_tool_states_are_not_believed(asked: Asked) -> None:
    record = asked.say("nnenum", "sat\n((X_0 0.1)\n(X_1 0.1)\n(Y_0 0.75))")
    assert (record.verdict, record.witness) == (Verdict.UNKNOWN, "near miss")
    assert codes(record, asked) == ["E143"]


@pytest.mark.parametrize(
    "witness",
    [
        "(X_0 1.0)(X_1 0.49999)",  # misses the threshold by less than the competition's tolerance
        "(X_0 1.00001)(X_1 0.9)",  # outside the box by less than the tolerance
        "(X_0 1.0000000000000001)(X_1 0.9)",  # by less than a float32, even a float64, can tell
        "(X_0 -1e-300)(X_1 1)",
        "(X_0 1e300)(X_1 1)",
    ],
)
def test_a_witness_within_tolerance_is_a_near_miss(asked: Asked, witness: str) -> None:
    record = asked.say("alpha-beta-crown", f"sat\n{witness}")
    assert (record.verdict, record.regions, record.witness) == (Verdict.UNKNOWN, "U", "near miss")
    assert codes(record, asked) == ["E143"]
    assert any("near miss" in item.text for item in limits_of(record))


def test_a_witness_on_the_edge_takes_the_float32_inside(tmp_path: Path) -> None:
    """0.7 lies in the set, the nearest float32 below it too; 0.1 rounds up, so that the one below is taken."""
    asked = Asked(store_in(tmp_path), network(), spec("(>= Y_0 -0.9)", upper="0.1"))
    assert float(np.float32(0.1)) > 0.1
    record = asked.say("nnenum", "sat\n(X_0 0.1)(X_1 0.1)")
    assert record.witness == "replayed"
    assert all(value <= 0.1 for value in record.counterexamples[0].input)


def test_a_witness_of_another_network_is_refused(asked: Asked) -> None:
    with pytest.raises(InputError) as caught:
        asked.say("nnenum", "sat\n(X_0 1)(X_1 1)(X_2 1)")
    assert caught.value.finding.code == "N139"


def test_a_violation_without_witness_refutes_nothing(asked: Asked) -> None:
    record = asked.say("marabou", "sat 1 2 3\n")
    assert (record.verdict, record.regions, codes(record, asked)) == (Verdict.UNKNOWN, "U", ["E145"])


def test_tools_that_contradict_each_other_are_found(asked: Asked) -> None:
    assert codes(asked.say("nnenum", "unsat"), asked) == []
    assert codes(asked.say("marabou", "sat\nx0 = 1\nx1 = 1\n"), asked) == ["E144"]
    assert codes(asked.say("alpha-beta-crown", "unsat"), asked) == ["E144"]
    other = Asked(asked.store, asked.model, spec("(>= Y_0 0.6)"))
    assert codes(other.say("nnenum", "unsat"), other) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "PROVED", "regions": "P"},
        {"regions": "P"},
        {"verdict": "REFUTED"},
        {"claimed": "violated"},
        {"claimed": "timeout"},
        {"witness": "replayed"},
        {"artefacts": {}},
        {"guarantee": {"kind": "proved", "arithmetic": "real", "predictor": "base", "complete": False}},
        {"guarantee": {"kind": "unchecked", "arithmetic": "float32", "predictor": "base", "complete": False}},
        {"guarantee": {"kind": "unchecked", "arithmetic": "real", "predictor": "base", "complete": True}},
    ],
)
def test_no_record_can_be_stronger(asked: Asked, changes: dict[str, object]) -> None:
    fields = asked.say("nnenum", "unsat").model_dump(mode="json")
    ExternalVerdictRecord.model_validate(fields)
    with pytest.raises(ValidationError):
        ExternalVerdictRecord.model_validate(fields | changes)
