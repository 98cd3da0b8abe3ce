"""Findings, codes, errors and limits: one shape, well-formed, never empty."""

from __future__ import annotations

import pytest
from core_toys import bounds_record, guarantee, quantity, statement

from evidence.diagnostics import FAMILIES, Code, Place, Severity, code, has_errors, registered
from evidence.errors import AssuranceError, InputError, MissingLibraryError, StoreError, UnsupportedError
from evidence.limits import limits_of
from evidence.records import DocumentRecord, SmoothedInput, SmoothingRecord
from evidence.specification import Boxes, CornerEntry, InputBalls, L2Ball, NamedBox, NeverChosen, Range, TableCells
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

KIND = Code("C999", Severity.WARNING, "a title", "a remedy", "clause 1")


@pytest.mark.parametrize("id", ["", "C1", "C1000", "X101", "c101", "C101\n", "C١٠١", "CC101"])
def test_malformed_codes_cannot_be_declared(id: str) -> None:
    before = list(registered())
    with pytest.raises(ValueError, match="malformed"):
        code(id, Severity.ERROR, "title", "remedy")
    assert list(registered()) == before


def test_a_code_is_declared_once() -> None:
    taken = next(registered())
    with pytest.raises(ValueError, match="twice"):
        code(taken.id, Severity.ERROR, "another title", "another remedy")
    assert next(registered()) == taken


def test_codes_belong_to_a_family_and_are_sorted() -> None:
    ids = [item.id for item in registered()]
    assert ids == sorted(ids) and {id[0] for id in ids} <= set(FAMILIES)


def test_a_finding_carries_what_its_code_says_unless_told_otherwise() -> None:
    plain = KIND.finding("message")
    assert (plain.code, plain.severity, plain.remedy, plain.clause) == (
        "C999",
        Severity.WARNING,
        "a remedy",
        "clause 1",
    )
    told = KIND.finding("message", Place("f", 3, 5, "a.b"), expected="x", remedy="do that", severity=Severity.ERROR)
    assert (told.severity, told.remedy, told.expected) == (Severity.ERROR, "do that", "x")
    assert str(told).splitlines() == ["f:3:5 [a.b]: error C999: message", "    expected: x", "    remedy:   do that"]
    assert str(KIND.finding("m")) == "warning C999: m\n    remedy:   a remedy"


def test_places_print_what_they_know() -> None:
    assert str(Place()) == ""
    assert str(Place("f")) == "f"
    assert str(Place("f", 2, 1)) == "f:2:1"
    assert str(Place(field="a")) == "a" and str(Place(element="G1")) == "G1"
    assert str(Place("f", 2, 1, element="G1")) == "f:2:1 [G1]"


def test_the_json_shape_of_a_finding() -> None:
    shown = KIND.finding("m", Place("f", 3, 5, "a.b", "G1")).as_json()
    assert shown == {
        "code": "C999", "severity": "warning", "message": "m", "clause": "clause 1", "file": "f", "line": 3, "column": 5,
        "field": "a.b", "element": "G1", "expected": None, "remedy": "a remedy",
    }  # fmt: skip


def test_only_findings_of_error_level_are_errors() -> None:
    assert not has_errors([])
    assert not has_errors([KIND.finding("m"), KIND.finding("m", severity=Severity.NOTE)])
    assert has_errors([KIND.finding("m"), KIND.finding("m", severity=Severity.ERROR)])


def test_every_error_carries_findings_and_an_exit_code() -> None:
    for kind in (AssuranceError, InputError, UnsupportedError, StoreError, MissingLibraryError):
        error = kind.of(KIND, "message", expected="x")
        assert isinstance(error, AssuranceError) and error.exit_code == 2 and str(error) == "message"
        assert error.finding == error.findings[0] and error.finding.expected == "x"
    several = InputError(KIND.finding("a"), KIND.finding("b"))
    assert [finding.message for finding in several.findings] == ["a", "b"]


# --- limits ---------------------------------------------------------------------------------------------------------------


def codes(record: object) -> set[str]:
    found = limits_of(record)  # type: ignore[arg-type]
    assert found and all(item.text.endswith(".") and "robust" not in item.text.lower() for item in found)
    known = {item.id for item in registered()}
    assert {item.code for item in found} <= known
    return {item.code for item in found}


def test_a_pointwise_proof_shows_its_limits() -> None:
    assert codes(bounds_record("PPP")) == {"L101", "L103", "L104", "L105", "L112", "L113"}


def test_what_was_not_decided_is_a_limit_with_its_number() -> None:
    record = bounds_record(
        "PCCRUUU",
        statement=statement(regions=InputBalls(data="sha256:" + "d" * 64, perturbation=L2Ball(eps=quantity("1 m")))),
    )
    found = {item.code: item.text for item in limits_of(record)}
    assert (
        found["L109"].startswith("2 of 7") and found["L110"].startswith("3 of 7") and found["L111"].startswith("1 of 7")
    )


def test_boxes_and_cells_say_that_nothing_holds_outside_them() -> None:
    box = NamedBox(id="b", ranges={name: Range(lower=0, upper=1, unit="m") for name in "xy"})
    boxes = statement(regions=Boxes(boxes=(box,)), condition=NeverChosen(outputs=("stay",)))
    assert "L102" in codes(bounds_record("P", statement=boxes))
    cells = statement(regions=TableCells(table="sha256:" + "d" * 64), condition=CornerEntry())
    assert {"L115", "L113"} <= codes(bounds_record("PP", statement=cells))


def test_a_smoothing_record_speaks_of_neither_base_network_nor_failure_rates() -> None:
    abstained = SmoothedInput(label=0, predicted=0, successes=5, lower_probability=0.1, radius=0, abstained=True)
    record = SmoothingRecord(
        title="t",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=guarantee(
            GuaranteeKind.STATISTICAL,
            arithmetic=Arithmetic.FLOAT32_ONE,
            predictor=Predictor.SMOOTHED,
            error_probability=0.001,
            simultaneous=True,
        ),
        assumptions=(),
        provenance=None,
        statement=statement(
            regions=InputBalls(data="sha256:" + "d" * 64, perturbation=L2Ball(eps=quantity("0.5 m"))),
            predictor=Predictor.SMOOTHED,
        ),
        sigma=0.5,
        sigma_unit="m",
        noise="shared",
        selection_samples=1,
        estimation_samples=10,
        inputs=(abstained,),
    )
    assert {"L106", "L107", "L108", "L110"} <= codes(record)
    texts = " ".join(item.text for item in limits_of(record))
    assert "0.001" in texts and "no failure rate" in texts and "not for the base network" in texts


def test_a_document_is_only_as_good_as_its_author() -> None:
    record = DocumentRecord(
        title="t", artefact=Artefact.DOCUMENT, assumptions=(), provenance=None, document="sha256:" + "d" * 64,
        guarantee=guarantee(GuaranteeKind.DOCUMENTARY, arithmetic=Arithmetic.NOT_APPLICABLE),
        document_id="D", evidence_kind="plan", author="A", reviewer=None, independent=False, date="2026-01-01", about=("case",),
    )  # fmt: skip
    assert codes(record) == {"L114"}
