"""Records: verdicts without truth value, incoherence refused, bytes that come back the same."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from core_toys import MODEL, bounds_fields, bounds_record, guarantee, npz, quantity, statement
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evidence.digest import of_bytes
from evidence.errors import AssuranceError, StoreError
from evidence.records import (
    BoundsRecord,
    Counterexample,
    DocumentRecord,
    ExternalVerdictRecord,
    OutputRange,
    OutputRangeRecord,
    Recheck,
    RecordReader,
    SmoothedInput,
    SmoothingRecord,
    overall,
    read_record,
    record_bytes,
)
from evidence.specification import Boxes, InputBalls, L2Ball, LinfBall, NamedBox, NeverChosen, Range
from evidence.verdict import STRENGTH, Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict, weakest

L2 = InputBalls(data="sha256:" + "d" * 64, perturbation=L2Ball(eps=quantity("0.5 m")))
SMOOTHED = guarantee(
    GuaranteeKind.STATISTICAL,
    arithmetic=Arithmetic.FLOAT32_ONE,
    predictor=Predictor.SMOOTHED,
    error_probability=0.001,
    simultaneous=True,
)


def smoothing_fields(**changes: Any) -> dict[str, Any]:
    won = SmoothedInput(label=0, predicted=0, successes=990, lower_probability=0.97, radius=0.9, abstained=False)
    wrong = SmoothedInput(label=1, predicted=0, successes=990, lower_probability=0.97, radius=0.9, abstained=False)
    none = SmoothedInput(label=2, predicted=2, successes=500, lower_probability=0.45, radius=0.0, abstained=True)
    fields: dict[str, Any] = {
        "title": "toy",
        "artefact": Artefact.MODEL_DESCRIPTION,
        "guarantee": SMOOTHED,
        "assumptions": (),
        "provenance": None,
        "statement": statement(regions=L2, predictor=Predictor.SMOOTHED, arithmetic=Arithmetic.FLOAT32),
        "sigma": 0.5,
        "sigma_unit": "m",
        "noise": "shared",
        "selection_samples": 100,
        "estimation_samples": 1000,
        "inputs": (won, wrong, none),
    }
    return fields | changes


def range_fields(**changes: Any) -> dict[str, Any]:
    box = NamedBox(id="b", ranges={name: Range(lower=0, upper=1, unit="m") for name in "xy"})
    bounds = (0.0, 0.0, 0.0)
    found = OutputRange(
        box="b", star_lower=bounds, star_upper=bounds, checked_lower=bounds, checked_upper=bounds,
        sampled_lower=bounds, sampled_upper=bounds, exact=True, stars=1, decisions=("left",),
    )  # fmt: skip
    fields = bounds_fields(
        "P", statement=statement(regions=Boxes(boxes=(box,)), condition=NeverChosen(outputs=("stay",)))
    )
    del fields["method"]
    return fields | {"ranges": (found,)} | changes


def document() -> DocumentRecord:
    return DocumentRecord(
        title="Review",
        artefact=Artefact.DOCUMENT,
        guarantee=guarantee(GuaranteeKind.DOCUMENTARY, arithmetic=Arithmetic.NOT_APPLICABLE),
        assumptions=(),
        provenance=None,
        document=MODEL,
        document_id="DOC",
        evidence_kind="review-record",
        author="A",
        reviewer=None,
        independent=False,
        date="2026-01-01",
        about=("R1",),
    )


ALL: list[Any] = [
    bounds_record("PCRU"),
    SmoothingRecord(**smoothing_fields()),
    OutputRangeRecord(**range_fields()),
    document(),
]


# --- verdicts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_has_no_truth_value(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(verdict)
    with pytest.raises(TypeError):
        _ = 1 if verdict else 0
    with pytest.raises(TypeError):
        _ = not verdict


def test_the_verdict_follows_from_the_regions() -> None:
    for letters, verdict in (
        ("P", Verdict.PROVED),
        ("PPP", Verdict.PROVED),
        ("PPC", Verdict.UNKNOWN),
        ("PPU", Verdict.UNKNOWN),
        ("C", Verdict.UNKNOWN),
        ("PPR", Verdict.REFUTED),
        ("UR", Verdict.REFUTED),
        ("", Verdict.UNKNOWN),
    ):
        assert overall(letters) is verdict


def test_a_chain_is_as_strong_as_its_weakest_part() -> None:
    for i, strong in enumerate(STRENGTH):
        for weak in STRENGTH[i:]:
            assert weakest([strong, weak]) is weak and weakest([weak, strong]) is weak
    assert set(STRENGTH) == set(GuaranteeKind)
    with pytest.raises(ValueError):
        weakest([])


# --- round trips -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.kind)
def test_bytes_come_back_identical(record: Any) -> None:
    data = record_bytes(record)
    again = read_record(data, "r")
    assert again == record and type(again) is type(record)
    assert record_bytes(again) == data and of_bytes(record_bytes(again)) == of_bytes(data)


def test_a_record_holds_no_time_no_host_no_path() -> None:
    for record in ALL:
        names = set(json.loads(record_bytes(record)))
        assert not names & {"host", "duration", "seconds", "created", "path", "user"}


# --- incoherence ---------------------------------------------------------------------------------------------------------------

BOX = NamedBox(id="b", ranges={name: Range(lower=0, upper=1, unit="m") for name in "xy"})
AVOID = NeverChosen(outputs=("stay",))


@pytest.mark.parametrize(
    ("letters", "changes"),
    [
        ("PPP", {"artefacts": {}}),
        ("PPP", {"artefacts": {"plot": MODEL}}),
        ("PPP", {"rechecks": ()}),
        ("PPP", {"rechecks": (Recheck(by="c", what="bounds", agreed=2, of=3),)}),
        ("PPP", {"rechecks": (Recheck(by="c", what="counterexamples", agreed=3, of=3),)}),
        ("PPU", {"verdict": Verdict.PROVED}),
        ("PPC", {"verdict": Verdict.PROVED}),
        ("PPR", {"verdict": Verdict.UNKNOWN}),
        ("PPR", {"counterexamples": ()}),
        ("PPU", {"counterexamples": (Counterexample(region=2, input=(0, 0), output=(0, 0, 0), replayed_by="x"),)}),
        ("PPR", {"counterexamples": (Counterexample(region=0, input=(0, 0), output=(0, 0, 0), replayed_by="x"),)}),
        ("PPR", {"counterexamples": (Counterexample(region=2, input=(0,), output=(0, 0, 0), replayed_by="x"),)}),
        ("PPR", {"counterexamples": (Counterexample(region=2, input=(0, 0), output=(0, 0), replayed_by="x"),)}),
        (
            "P",
            {"statement": statement(regions=Boxes(boxes=(BOX, BOX.model_copy(update={"id": "c"}))), condition=AVOID)},
        ),
        ("PP", {"statement": statement(regions=Boxes(boxes=(BOX,)), condition=AVOID)}),
        (
            "PP",
            {
                "statement": statement(
                    regions=InputBalls(data=MODEL, inputs=(4,), perturbation=LinfBall(eps=quantity("1 m")))
                )
            },
        ),
        ("PXP", {}),
        ("", {}),
        ("PPP", {"schema_version": 2}),
        ("PPP", {"kind": "smoothing"}),
        ("PPP", {"extra": 1}),
        ("PPP", {"method": "magic"}),
        ("PPP", {"artefacts": {"certificate": "sha256:short"}}),
    ],
)
def test_an_incoherent_bounds_record_cannot_be_made(letters: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BoundsRecord(**bounds_fields(letters, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"ranges": ()},
        {"regions": "PP"},
        {"regions": "U"},
        {"artefacts": {}},
        {"rechecks": ()},
        {"regions": "R", "verdict": Verdict.REFUTED},
    ],
)
def test_an_incoherent_range_record_cannot_be_made(changes: dict[str, Any]) -> None:
    OutputRangeRecord(**range_fields())
    with pytest.raises(ValidationError):
        OutputRangeRecord(**range_fields(**changes))


EXAMPLE = Counterexample(region=0, input=(0, 0), output=(0, 0, 0), replayed_by="x")
REFUTED = {"regions": "R", "verdict": Verdict.REFUTED, "counterexamples": (EXAMPLE,), "artefacts": {}, "rechecks": ()}
UNKNOWN = {"regions": "U", "verdict": Verdict.UNKNOWN, "counterexamples": (), "artefacts": {}, "rechecks": ()}


def external_fields(**changes: Any) -> dict[str, Any]:
    """Another tool's violation of the one box; its artefacts are its own."""
    fields = {name: value for name, value in (range_fields() | changes).items() if name != "ranges"}
    words = {"tool": "nnenum", "tool_version": None, "said": "sat", "claimed": "violated"}
    files = {"result": MODEL, "property_file": MODEL, "artefacts": {"result": MODEL, "property": MODEL}}
    kind = {"guarantee": guarantee(GuaranteeKind.EMPIRICAL, arithmetic=Arithmetic.FLOAT32_ONE)}
    return fields | words | files | kind | {"witness": "replayed" if fields["counterexamples"] else "none"}


FAMILIES: list[tuple[type[Any], Any]] = [
    (BoundsRecord, lambda **changes: bounds_fields("P", statement=range_fields()["statement"], **changes)),
    (OutputRangeRecord, range_fields),
    (ExternalVerdictRecord, external_fields),
]


@pytest.mark.parametrize(("family", "fields"), FAMILIES, ids=lambda item: getattr(item, "__name__", "fields"))
def test_letters_mean_the_same_in_every_family(family: type[Any], fields: Any) -> None:
    for good in (REFUTED, UNKNOWN):
        assert family(**fields(**good)).verdict is good["verdict"]
    differ, follow = "refuted regions and counterexamples differ", "verdict {} does not follow from the regions"
    for wrong, message in (
        (REFUTED | {"counterexamples": ()}, differ),
        (UNKNOWN | {"counterexamples": (EXAMPLE,)}, differ),
        (REFUTED | {"counterexamples": (EXAMPLE.model_copy(update={"region": 1}),)}, differ),
        (REFUTED | {"verdict": Verdict.UNKNOWN}, follow.format("UNKNOWN")),
        (UNKNOWN | {"verdict": Verdict.PROVED}, follow.format("PROVED")),
        (UNKNOWN | {"verdict": Verdict.REFUTED}, follow.format("REFUTED")),
    ):
        with pytest.raises(ValidationError, match=message):
            family(**fields(**wrong))


@pytest.mark.parametrize(("family", "fields"), FAMILIES[:2], ids=lambda item: getattr(item, "__name__", "fields"))
def test_proofs_need_certificate_and_checker_in_every_family(family: type[Any], fields: Any) -> None:
    assert family(**fields()).verdict is Verdict.PROVED
    with pytest.raises(ValidationError, match="proved regions need a certificate"):
        family(**fields(artefacts={}))
    with pytest.raises(ValidationError, match="1 regions are proved but the checker confirmed 0"):
        family(**fields(rechecks=()))
    with pytest.raises(ValidationError, match="0 regions are proved but the checker confirmed 1"):
        family(**fields(regions="C", verdict=Verdict.UNKNOWN))


def one(**changes: Any) -> dict[str, Any]:
    fields = {
        "label": 0,
        "predicted": 0,
        "successes": 990,
        "lower_probability": 0.97,
        "radius": 0.9,
        "abstained": False,
    }
    return {"inputs": (SmoothedInput(**(fields | changes)),)}


@pytest.mark.parametrize(
    "changes",
    [
        one(successes=1001),
        one(abstained=True),
        one(abstained=True, lower_probability=0.4),
        one(lower_probability=0.5),
        {"inputs": ()},
        {"sigma": 0.0},
        {"estimation_samples": 0},
        {"guarantee": guarantee(GuaranteeKind.PROVED)},
        {"guarantee": SMOOTHED.model_copy(update={"error_probability": None})},
        {"guarantee": SMOOTHED.model_copy(update={"predictor": Predictor.BASE})},
        {"guarantee": SMOOTHED.model_copy(update={"kind": GuaranteeKind.PROVED})},
        {"statement": statement(predictor=Predictor.SMOOTHED)},
        {"statement": statement(regions=L2, condition=AVOID, predictor=Predictor.SMOOTHED)},
        {"statement": statement(regions=L2.model_copy(update={"inputs": (1, 2)}), predictor=Predictor.SMOOTHED)},
    ],
)
def test_an_incoherent_smoothing_record_cannot_be_made(changes: dict[str, Any]) -> None:
    SmoothingRecord(**smoothing_fields())
    with pytest.raises(ValidationError):
        SmoothingRecord(**smoothing_fields(**changes))


def test_what_a_smoothing_record_establishes_is_right_certain_and_large_enough() -> None:
    record = SmoothingRecord(**smoothing_fields())
    assert record.established(0.9) == 1 and record.established(math.nextafter(0.9, 1)) == 0
    assert record.established(0.0) == 1, "neither the wrong class nor the abstention counts, at any radius"


def test_counts_of_rechecks_are_counts() -> None:
    for agreed, of in ((-1, 3), (4, 3), (0, -1)):
        with pytest.raises(ValidationError):
            Recheck(by="c", what="bounds", agreed=agreed, of=of)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_infinity_and_nan_are_refused_everywhere(value: float) -> None:
    for make in (
        lambda: Counterexample(region=0, input=(value, 0.0), output=(0.0,), replayed_by="x"),
        lambda: Counterexample(region=0, input=(0.0,), output=(value,), replayed_by="x"),
        lambda: SmoothedInput(label=0, predicted=0, successes=1, lower_probability=value, radius=0, abstained=True),
        lambda: SmoothingRecord(**smoothing_fields(sigma=value)),
        lambda: guarantee(error_probability=value),
        lambda: Range(lower=value, upper=value, unit="m"),
        lambda: bounds_record(
            provenance=bounds_fields()["provenance"].model_copy().model_dump() | {"parameters": {"p": value}}
        ),
    ):
        with pytest.raises(ValidationError):
            make()


# --- reading -------------------------------------------------------------------------------------------------------------------


def test_edited_records_are_refused_with_a_code() -> None:
    good = json.loads(record_bytes(bounds_record("PPU")))
    for edit in (
        {"regions": "PPP"},
        {"verdict": "PROVED"},
        {"regions": "PPP", "verdict": "PROVED"},
        {"kind": "miracle"},
        {"kind": None},
        {"statement": None},
        {"more": 1},
    ):
        with pytest.raises(StoreError) as caught:
            read_record(json.dumps(good | edit).encode(), "record x")
        assert caught.value.finding.code == "E101" and "record x" in str(caught.value.finding)


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b"5", b"\xff", b"[" * 200_000, b"NaN", b'{"kind": "bounds"}', b"1" * 5000, npz(a=[1])],
)
def test_junk_is_no_record(data: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        read_record(data, "r")
    assert caught.value.finding.code == "E101" and "Traceback" not in str(caught.value.finding)


def test_nan_literals_in_stored_json_are_refused() -> None:
    text = record_bytes(SmoothingRecord(**smoothing_fields())).decode()
    for literal in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(StoreError):
            read_record(text.replace('"sigma":0.5', f'"sigma":{literal}').encode(), "r")


def outcome(reader: Any, data: bytes) -> Any:
    """The record with the bytes that it would be stored as, or the message of the refusal."""
    try:
        record = reader(data, "r")
    except StoreError as error:
        return str(error)
    return record, record_bytes(record)


def test_what_records_share_is_one_object() -> None:
    read = RecordReader()
    first, other = (read(record_bytes(bounds_record(letters)), "r") for letters in ("PCRU", "PPPP"))
    assert isinstance(first, BoundsRecord) and isinstance(other, BoundsRecord)
    assert first.statement is other.statement and first.guarantee is other.guarantee
    assert first.regions != other.regions and first.rechecks != other.rechecks
    assert read(record_bytes(bounds_record("PPPP")), "r").rechecks[0] is other.rechecks[0]


def test_what_is_shared_fits_every_family() -> None:
    """One reader may meet the same part in any family; it would refuse it if one of them wanted another type."""
    for family in (BoundsRecord, OutputRangeRecord, SmoothingRecord, ExternalVerdictRecord, DocumentRecord):
        for name in ("statement", "guarantee", "provenance", "rechecks"):
            if field := family.model_fields.get(name):
                assert field.annotation == BoundsRecord.model_fields[name].annotation


def _changed(value: Any, data: st.DataObject) -> Any:
    """A JSON value with one leaf, or one part of it, replaced by something alike."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: _changed(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], _changed(value[at], data), *value[at + 1 :]]
    alike = [
        True,
        1,
        1.0,
        "1",
        False,
        0,
        0.0,
        -0.0,
        None,
        [],
        {},
        "real",
        "left",
        {"kind": "linf"},
        [[]],
        math.nan,
        "\ud800",
    ]
    return data.draw(st.sampled_from(alike))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ALL), st.booleans()), min_size=2, max_size=6), st.data())
def test_a_reader_of_many_reads_each_as_if_alone(records: list[tuple[Any, bool]], data: st.DataObject) -> None:
    read = RecordReader()
    for record, damaged in records:
        value = json.loads(record_bytes(record))
        if damaged:
            part = data.draw(st.sampled_from(sorted({"statement", "guarantee", "provenance", "rechecks"} & set(value))))
            value[part] = _changed(value[part], data)
        stored = json.dumps(value).encode()
        assert outcome(read, stored) == outcome(read_record, stored)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_records_with_a_changed_field_are_read_as_what_they_say_or_refused(record: Any, data: st.DataObject) -> None:
    """Whatever is put in a field: a coded refusal, or a coherent record - never another exception."""
    value = json.loads(record_bytes(record))
    key = data.draw(st.sampled_from(sorted(value)))
    value[key] = data.draw(
        st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
    )
    try:
        again = read_record(json.dumps(value).encode(), "r")
    except AssuranceError as error:
        assert error.finding.code == "E101"
    else:
        if isinstance(again, BoundsRecord):
            assert again.verdict is overall(again.regions)
            assert again.number("P") == sum(check.agreed for check in again.rechecks if check.what == "bounds")
