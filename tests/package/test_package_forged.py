"""Packages that are well formed and validly signed, by a key that the reader trusts, but whose evidence is forged.

Where a record is forged, standings and coverage are derived from it anew, so that all documents of the package agree
with one another: only re-checking the evidence can tell.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from package_toys import COUNTS, Members, Toy, bounds_record, identity, npz, provenance, resign, smoothing_record

from assurance.package import archive, layout
from assurance.package.compare import differences
from assurance.package.verify import Verification, verify_package
from evidence.digest import canonical_json, of_bytes
from evidence.engines.certificate import Proof, write_certificate
from evidence.records import BoundsRecord, Counterexample, OutputRangeRecord, Recheck, RunRecord, record_bytes
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict


def errors(result: Verification) -> set[str]:
    return {item.code for item in result.findings if item.severity == "error"}


def verified(toy: Toy) -> Verification:
    """Build a consistent package around the forged evidence, and verify it with the trusted key."""
    return verify_package(toy.build().file, toy.public)


def given(toy: Toy, data: bytes, tmp_path: Path) -> Verification:
    path = tmp_path / "given.zip"
    path.write_bytes(data)
    return verify_package(path, toy.public)


def counts(result: Verification) -> dict[str, tuple[int, int]]:
    return {item.kind: (item.n, item.of) for item in result.rechecked}


def update(record: RunRecord, **fields: Any) -> Any:
    """The record with other fields, as far as its own validation allows them."""
    return type(record).model_validate(record.model_dump() | fields)


# --- proofs --------------------------------------------------------------------------------------------------------


def test_proved_for_a_region_that_is_refuted(toy: Toy) -> None:
    """The counterexample is gone, both regions are said to be proved: the argument would be green."""
    toy.instead("R2", bounds_record(toy, "R2", "PP"))
    result = verified(toy)
    assert errors(result) == {"P141"}
    (found,) = result.findings
    assert found.place.element == toy.store.journal()[-1].record
    assert "1 of 2 proved regions are not confirmed (region 1" in found.message
    assert counts(result)["proved regions"] == (6, 7)
    assert not result.ok
    assert not result.trusted


def test_proved_without_being_offered_in_the_certificate(toy: Toy) -> None:
    statement = toy.loaded.claims["R1"].statement
    certificate = toy.store.put(write_certificate(statement, [Proof(0)]))
    toy.instead("R1", update(bounds_record(toy, "R1", "PPPP"), artefacts={"certificate": certificate}))
    result = verified(toy)
    assert errors(result) == {"P141"}
    assert counts(result)["proved regions"] == (3, 6)


@pytest.mark.parametrize("other", ["R2", "garbage", "empty"])
def test_certificate_of_another(toy: Toy, other: str) -> None:
    certificate = (
        toy.records["R2"].artefacts["certificate"]
        if other == "R2"
        else toy.store.put(b"" if other == "empty" else b"no certificate")
    )
    toy.instead("R1", update(bounds_record(toy, "R1", "PPPP"), artefacts={"certificate": certificate}))
    result = verified(toy)
    assert errors(result) == {"P141"}
    assert "refuses" in result.findings[0].message
    assert counts(result)["proved regions"] == (2, 6)


def test_criterion_is_raised_beyond_what_is_proved(toy: Toy) -> None:
    """eps 1.5 m instead of 0.5 m, all records made anew for it, two of four points are too close to the boundary."""
    toy.edit_case("eps: 0.5 m", "eps: 1.0 m")
    toy.instead("R1", bounds_record(toy, "R1", "PPPP"))
    result = verified(toy)
    assert errors(result) == {"P141"}
    assert counts(result)["proved regions"] == (3, 6)


def test_swapped_model_with_consistent_digests(toy: Toy) -> None:
    """Another network under the old records: file, case, statements and certificates all name the new digest."""
    old = of_bytes((toy.folder / "models/net.onnx").read_bytes())
    other = identity(-1.0)
    (toy.folder / "models/net.onnx").write_bytes(other)
    toy.edit_case(old, of_bytes(other))
    toy.instead("R1", bounds_record(toy, "R1", "PPPP"))
    result = verified(toy)
    assert "P141" in errors(result)
    assert counts(result)["proved regions"][0] == 0


def test_swapped_data_with_consistent_digests(toy: Toy) -> None:
    points = np_points([[2.0, 1.9], [0.0, 2.0], [3.0, 1.0], [1.0, 4.0]], [0, 1, 0, 1])
    old = of_bytes((toy.folder / "points.npz").read_bytes())
    (toy.folder / "points.npz").write_bytes(points)
    toy.edit_case(old, of_bytes(points))
    toy.instead("R1", bounds_record(toy, "R1", "PPPP"))
    toy.instead("R4", smoothing_record(toy, "R4"))
    result = verified(toy)
    assert errors(result) == {"P141"}
    assert counts(result)["proved regions"] == (5, 6)


def np_points(points: list[list[float]], labels: list[int]) -> bytes:
    return npz(inputs=np.array(points, np.float32), labels=np.array(labels))


def test_swapped_model_under_an_honest_case_is_no_support(toy: Toy) -> None:
    """Only file and case change: the records are about another model, and the derived standings say so."""
    old = of_bytes((toy.folder / "models/net.onnx").read_bytes())
    other = identity(2.0)
    (toy.folder / "models/net.onnx").write_bytes(other)
    toy.edit_case(old, of_bytes(other))
    toy.store.put(identity())
    result = verified(toy)
    assert result.ok
    standings = {item["id"]: item for item in json.loads(read_members(toy)[layout.STANDINGS])["requirements"]}
    assert standings["R1"]["status"] == "undeveloped"


def read_members(toy: Toy) -> Members:
    return archive.read(toy.build().file.read_bytes()).members


def test_record_about_a_model_that_is_not_there_is_listed(toy: Toy) -> None:
    """Without the earlier model nothing about it can be re-checked, and it supports nothing."""
    statement = toy.loaded.claims["R1"].statement.model_copy(update={"model": "sha256:" + "7" * 64})
    toy.instead("R1", bounds_record(toy, "R1", "PPPP", statement=statement), "not-met")
    toy.note("R1", bounds_record(toy, "R1", "PPPP"), "met")
    result = verified(toy)
    assert result.ok
    assert any("does not hold the file 777777777777" in item.why for item in result.unchecked)
    assert counts(result)["proved regions"] == (6, 10)


def test_superseded_records_are_rechecked_too(toy: Toy) -> None:
    toy.instead("R2", bounds_record(toy, "R2", "PP"))
    toy.note("R2", bounds_record(toy, "R2", "PU"), "not-met")
    assert errors(verified(toy)) == {"P141"}


# --- radii, ranges, counterexamples ---------------------------------------------------------------------------------


def test_verified_radius_above_the_certificate(toy: Toy) -> None:
    record = toy.records["R1"]
    assert isinstance(record, BoundsRecord)
    assert record.radius is not None
    for radii in ((0.9, 0.8, 0.8, 1.2), (0.8, 0.8, 0.8, 1.2000000000000002)):
        larger = record.radius.model_copy(update={"checked": radii})
        toy.instead("R1", update(record, radius=larger.model_dump()))
        result = verified(toy)
        assert errors(result) == {"P142"}
        assert counts(result)["verified radii"] == (3, 4)


def test_verified_radius_that_does_not_hold(toy: Toy) -> None:
    toy.instead("R1", bounds_record(toy, "R1", "PPPP", radii=(0.8, 1.1, 0.8, 1.2)))  # |x0 - x1| / 2 is 1 at the second
    result = verified(toy)
    assert errors(result) == {"P142"}
    assert counts(result)["verified radii"] == (3, 4)


def test_radius_of_an_input_that_is_not_there(toy: Toy) -> None:
    record = bounds_record(toy, "R1", "PPPP", radii=(0.8, 0.8, 0.8, 1.2))
    assert record.radius is not None
    longer = record.radius.model_copy(update={"checked": (0.8, 0.8, 0.8, 1.2, 0.1)})
    toy.instead("R1", update(record, radius=longer.model_dump()))
    assert errors(verified(toy)) == {"P142"}


@pytest.mark.parametrize(
    "change",
    [
        {"checked_upper": (4.5, 5.1)},
        {"checked_lower": (0.5, -0.1)},
        {"checked_upper": (10.0,), "checked_lower": (-10.0,)},
        {"decisions": ("first",)},
        {"decisions": ()},
        {"box": "another"},
    ],
)
def test_output_ranges(toy: Toy, change: dict[str, Any]) -> None:
    record = toy.records["R3"]
    assert isinstance(record, OutputRangeRecord)
    toy.instead("R3", update(record, ranges=[record.ranges[0].model_dump() | change]))
    result = verified(toy)
    assert errors(result) == {"P143"}
    assert counts(result)["output ranges"] == (0, 1)


def test_wider_output_range_is_fine(toy: Toy) -> None:
    record = toy.records["R3"]
    assert isinstance(record, OutputRangeRecord)
    wider = {"checked_lower": (-1.0, -1.0), "checked_upper": (6.0, 6.0)}
    toy.instead("R3", update(record, ranges=[record.ranges[0].model_dump() | wider]))
    assert verified(toy).ok


@pytest.mark.parametrize(
    "point",
    [(1.0, 0.0), (0.0, 2.5), (0.1, 1.0), (-0.5, 1.0)],
    ids=["no violation", "outside", "not a float32", "outside below"],
)
def test_counterexample_that_is_none(toy: Toy, point: tuple[float, float]) -> None:
    toy.instead("R2", bounds_record(toy, "R2", "PR", examples={1: point}), "refuted")
    result = verified(toy)
    assert errors(result) == {"P144"}
    assert counts(result)["counterexamples"] == (0, 1)


def test_counterexample_in_another_region(toy: Toy) -> None:
    """It violates, but lies in the other box than it says."""
    toy.instead("R2", bounds_record(toy, "R2", "RU", examples={0: (0.0, 1.0)}), "refuted")
    assert errors(verified(toy)) == {"P144"}


# --- smoothing -------------------------------------------------------------------------------------------------------


def forge_input(toy: Toy, number: int, **fields: Any) -> Any:
    record = smoothing_record(toy, "R4")
    items = [item.model_dump() for item in record.inputs]
    items[number] |= fields
    return update(record, inputs=items)


@pytest.mark.parametrize(
    ("fields", "code", "outcome"),
    [
        ({"radius": 1.5}, "P142", "met"),
        ({"lower_probability": 0.9999}, "P142", "met"),
        ({"successes": 900}, "P142", "met"),
        ({"label": 1}, "P147", "not-met"),
        ({"label": 1, "predicted": 1}, "P147", "met"),
        ({"predicted": 7}, "P142", "not-met"),
    ],
)
def test_smoothed_radius_or_label(toy: Toy, fields: dict[str, Any], code: str, outcome: str) -> None:
    toy.instead("R4", forge_input(toy, 0, **fields), outcome)
    result = verified(toy)
    assert errors(result) == {code}
    assert counts(result)["smoothed radii"] == (3, 4)


def test_abstention_turned_into_a_radius(toy: Toy) -> None:
    record = smoothing_record(toy, "R4", (990, 985, 999, 500))
    assert record.inputs[3].abstained
    items = [item.model_dump() for item in record.inputs]
    items[3] |= {"abstained": False, "radius": 0.3, "lower_probability": 0.73}
    toy.instead("R4", update(record, inputs=items))
    assert errors(verified(toy)) == {"P142"}


@pytest.mark.parametrize("change", [{"sigma": 1.0}, {"estimation_samples": 999}, {"sigma_unit": "km"}])
def test_smoothing_parameters(toy: Toy, change: dict[str, Any]) -> None:
    """More noise, fewer samples or another unit than the radii were computed with."""
    record = smoothing_record(toy, "R4")
    items = [item.model_dump() | {"radius": item.radius * (2.1 if "sigma" in change else 1)} for item in record.inputs]
    if "estimation_samples" in change:
        items = [item | {"successes": min(item["successes"], 999) - 60} for item in items]
    # support.py refuses another noise than the deployed one by itself
    outcome = "met" if "estimation_samples" in change else "not-met"
    toy.instead("R4", update(record, inputs=items, **change), outcome)
    assert errors(verified(toy)) == {"P142"}


def test_error_probability_made_smaller(toy: Toy) -> None:
    record = smoothing_record(toy, "R4")
    better = record.guarantee.model_copy(update={"error_probability": 1e-9})
    toy.instead("R4", update(record, guarantee=better.model_dump()))
    assert errors(verified(toy)) == {"P142"}


def test_fewer_inputs_than_the_data(toy: Toy) -> None:
    record = smoothing_record(toy, "R4", (*COUNTS[:3], 990))
    toy.instead("R4", update(record, inputs=[item.model_dump() for item in record.inputs[:3]]), "not-met")
    result = verified(toy)
    assert "P147" in errors(result)
    assert counts(result)["smoothed radii"] == (0, 3)


# --- strength --------------------------------------------------------------------------------------------------------


def test_float32_claim_from_a_proof_over_the_reals(toy: Toy) -> None:
    """The float trap: letters and certificate are true over the reals, the guarantee says float32."""
    toy.edit_case("arithmetic: real\n      rationale: Half", "arithmetic: float32\n      rationale: Half")
    record = toy.records["R1"]
    stronger = record.guarantee.model_copy(update={"arithmetic": Arithmetic.FLOAT32})
    toy.instead("R1", update(record, guarantee=stronger.model_dump()))
    result = verified(toy)
    assert errors(result) == {"P145"}
    assert counts(result)["records"] == (3, 4)


@pytest.mark.parametrize(
    "change",
    [
        {"artefact": Artefact.EXECUTABLE_ON_TARGET},
        {"artefact": Artefact.SOURCE_CODE},
        {"guarantee": {"predictor": Predictor.SMOOTHED}},
        {"guarantee": {"kind": GuaranteeKind.STATISTICAL, "error_probability": 1e-9}},
        {"rechecks": ["radii"]},
    ],
)
def test_record_that_states_too_much(toy: Toy, change: dict[str, Any]) -> None:
    record = toy.records["R1"]
    fields = dict(change)
    if "guarantee" in change:
        fields["guarantee"] = record.guarantee.model_dump() | change["guarantee"]
    if "rechecks" in change:
        extra = Recheck(by="nobody", what="radii", agreed=99, of=99)
        fields["rechecks"] = [*(item.model_dump() for item in record.rechecks), extra.model_dump()]
    toy.instead("R1", update(record, **fields), "not-met")
    assert "P145" in errors(verified(toy))


def test_radii_in_another_unit(toy: Toy) -> None:
    record = toy.records["R1"]
    assert isinstance(record, BoundsRecord)
    assert record.radius is not None
    other = record.radius.model_copy(update={"unit": "km"})
    toy.instead("R1", update(record, radius=other.model_dump()))
    assert errors(verified(toy)) == {"P145"}


def test_smoothed_radius_at_the_edge_of_rounding(toy: Toy) -> None:
    """What another library version may have rounded differently passes; the next step up does not."""
    true = smoothing_record(toy, "R4").inputs[0].radius
    toy.instead("R4", forge_input(toy, 0, radius=true * (1 + 2e-11)))
    assert verified(toy).ok
    toy.instead("R4", forge_input(toy, 0, radius=true * (1 + 2e-10)))
    assert errors(verified(toy)) == {"P142"}


def test_proof_without_anything_proved(toy: Toy) -> None:
    record = bounds_record(toy, "R1", "CCCC")
    stronger = record.guarantee.model_copy(update={"kind": GuaranteeKind.PROVED})
    toy.instead("R1", update(record, guarantee=stronger.model_dump()), "not-met")
    assert errors(verified(toy)) == {"P145"}


def test_records_that_contradict_themselves_are_no_evidence(toy: Toy) -> None:
    """What the records' own validation refuses can neither be packed nor be read from a package."""
    package = read_members(toy)
    smoothing = json.loads(record_bytes(toy.records["R4"]))
    smoothing["guarantee"]["kind"] = GuaranteeKind.PROVED.value
    bounds = json.loads(record_bytes(toy.records["R2"])) | {
        "regions": "PP", "counterexamples": [], "verdict": Verdict.PROVED.value
    }  # fmt: skip
    journal = package[layout.JOURNAL]
    for requirement, value in (("R4", smoothing), ("R2", bounds)):
        old, data = of_bytes(record_bytes(toy.records[requirement])), canonical_json(value)
        members = {name: content for name, content in package.items() if name != layout.object_name(old)}
        members |= {
            layout.object_name(of_bytes(data)): data,
            layout.JOURNAL: journal.replace(old.encode(), of_bytes(data).encode()),
        }
        result = given(toy, resign(members, toy.key), toy.folder.parent)
        assert {"P109", "P140"} <= errors(result)
        assert any("E101" in item.message for item in result.findings)


# --- derived documents -----------------------------------------------------------------------------------------------


def edited(members: Members, name: str, change: Any) -> Members:
    value = json.loads(members[name])
    change(value)
    return members | {name: canonical_json(value)}


def test_greener_coverage(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    def greener(value: Any) -> None:
        row = next(item for item in value["standards"][0]["objectives"] if item["status"] == "open")
        row["status"] = "supported"
        assert row["id"]

    row_id = next(
        item["id"]
        for item in json.loads(members[layout.COVERAGE])["standards"][0]["objectives"]
        if item["status"] == "open"
    )
    result = given(shared_toy, resign(edited(members, layout.COVERAGE, greener), shared_toy.key), tmp_path)
    assert errors(result) == {"P140"}
    (found,) = result.findings
    assert found.place.element == layout.COVERAGE
    assert f"standards[do-178c].objectives[{row_id}].status is 'supported' in the package, 'open'" in found.message
    assert counts(result)["derived documents"] == (3, 4)


def test_greener_standings_argument_and_fewer_findings(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    def standing(value: Any) -> None:
        value["requirements"][1]["status"] = "supported"

    def goal(value: Any) -> None:
        value["status"]["G4-R2"] = "supported"

    def findings(value: Any) -> None:
        value["findings"] = value["findings"][:-1]

    def text(value: Any) -> None:
        value["argument"]["elements"][0]["text"] = "It is safe."

    for name, change, shown in (
        (layout.STANDINGS, standing, "requirements[R2].status is 'supported' in the package, 'contradicted'"),
        (layout.ARGUMENT, goal, "status.G4-R2 is 'supported' in the package, 'contradicted'"),
        (layout.ARGUMENT, text, "argument.elements[G1].text is 'It is safe.'"),
        (layout.FINDINGS, findings, "is absent in the package"),
    ):
        result = given(shared_toy, resign(edited(members, name, change), shared_toy.key), tmp_path)
        assert errors(result) == {"P140"}
        assert any(shown in item.message for item in result.findings)


def test_derived_documents_in_other_forms(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    for data in (b"", b"{}", b"null", b"not json", members[layout.COVERAGE] + b"\n", b"[" * 10_000):
        result = given(shared_toy, resign(members | {layout.COVERAGE: data}, shared_toy.key), tmp_path)
        assert errors(result) == {"P140"}
        assert len(result.findings) <= 11
    without = {name: data for name, data in members.items() if name != layout.COVERAGE}
    assert errors(given(shared_toy, resign(without, shared_toy.key), tmp_path)) == {"P132"}


def test_differences_are_named() -> None:
    one = {"a": [{"id": "x", "v": 1}, {"id": "y", "v": 2}], "b": [1, 2], "c": 1}
    assert list(differences(one, one)) == []
    two = {"a": [{"id": "y", "v": 2}, {"id": "x", "v": 1}], "b": [1, 2], "c": 1}
    assert list(differences(one, two)) == ["a stands in another order"]
    three = {"a": [{"id": "y", "v": 3}], "b": [1], "c": True}
    assert list(differences(one, three)) == [
        "a[x] is {'id': 'x', 'v': 1} in the package, absent when derived again",
        "a[y].v is 2 in the package, 3 when derived again",
        "b[1] is 2 in the package, absent when derived again",
        "c is 1 in the package, True when derived again",
    ]
    assert list(differences({}, [])) == ["the document is {} in the package, [] when derived again"]


# --- files and journal -----------------------------------------------------------------------------------------------


def test_signed_extras_are_refused(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    smuggled = b"smuggled"
    for name in ("case/run.sh", layout.object_name(of_bytes(smuggled)), "readme.txt", "evidence/requests/x.json"):
        result = given(shared_toy, resign(members | {name: smuggled}, shared_toy.key), tmp_path)
        assert errors(result) == {"P133"}
        assert {item.place.element for item in result.findings} == {name}


def test_signed_stale_file(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    result = given(shared_toy, resign(members | {"case/models/net.onnx": identity(3.0)}, shared_toy.key), tmp_path)
    assert "P136" in errors(result)
    assert "P140" in errors(result)  # the standings of the package know nothing of it


def test_signed_document_that_changed(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    result = given(shared_toy, resign(members | {"case/review.md": b"# Other\n"}, shared_toy.key), tmp_path)
    assert "P136" in errors(result)
    assert counts(result)["documents"] == (0, 1)


def test_object_under_the_name_of_another(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    record = shared_toy.store.journal()[0].record
    other = record_bytes(shared_toy.records["R2"])
    result = given(shared_toy, resign(members | {layout.object_name(record): other}, shared_toy.key), tmp_path)
    assert {"P109", "P140"} <= errors(result)


def test_missing_record(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    name = layout.object_name(shared_toy.store.journal()[1].record)
    without = {other: data for other, data in members.items() if other != name}
    assert {"P109", "P140"} <= errors(given(shared_toy, resign(without, shared_toy.key), tmp_path))


def test_case_that_cannot_be_read(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    name = "case/case.yaml"
    for data, code in (
        (b"a: [", "C103"),
        (b"&a [*a]", "C105"),
        (b"schema: x", "C106"),
        (b"", "C109"),
        (b"\xff\xfe", "C103"),
        (members[name].replace(b"do-178c", b"do-999"), "O101"),
    ):
        result = given(shared_toy, resign(members | {name: data}, shared_toy.key), tmp_path)
        assert {"P135", code} <= errors(result), data[:20]
        assert all(str(tmp_path) not in str(item) for item in result.findings)


def test_case_with_paths_outside(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    for path in ("../../../etc/passwd", "/etc/passwd", "..\\x"):
        data = members["case/case.yaml"].replace(b"path: review.md", b"path: '" + path.encode() + b"'")
        assert "P135" in errors(given(shared_toy, resign(members | {"case/case.yaml": data}, shared_toy.key), tmp_path))


def test_manifest_about_another_case(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    for field, value in (("issue", "9"), ("id", "x"), ("title", "y"), ("digest", "sha256:" + "0" * 64)):

        def change(manifest: dict[str, Any], field: str = field, value: str = value) -> None:
            manifest["case"][field] = value

        assert errors(given(shared_toy, resign(members, shared_toy.key, change), tmp_path)) == {"P135"}
    for file in ("case/none.yaml", "manifest.json", "case/../case/case.yaml", "case/models/net.onnx"):

        def elsewhere(manifest: dict[str, Any], file: str = file) -> None:
            manifest["case"]["file"] = file

        assert errors(given(shared_toy, resign(members, shared_toy.key, elsewhere), tmp_path)) == {"P135"}


def test_broken_journal(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    for data in (b"not json\n", b"[]\n", b'{"a":1}\n', b"[" * 100_000 + b"\n", b"\xff\n"):
        result = given(shared_toy, resign(members | {layout.JOURNAL: data}, shared_toy.key), tmp_path)
        assert {"P135", "P149"} & errors(result), data[:20]


def test_outcome_changed_in_the_journal(toy: Toy) -> None:
    toy.instead("R2", toy.records["R2"], "met")
    result = verified(toy)
    assert errors(result) == {"P146"}
    assert counts(result)["journal outcomes"] == (3, 4)


def test_earlier_criteria_are_listed_as_not_rechecked(toy: Toy) -> None:
    toy.instead("R1", bounds_record(toy, "R1", "UUUU"), "not-met")
    toy.edit_case("eps: 0.5 m", "eps: 0.4 m")
    toy.note("R1", bounds_record(toy, "R1", "PPPP"), "met")
    result = verified(toy)
    assert result.ok
    assert counts(result)["journal outcomes"] == (4, 5)
    assert any("earlier journal entries" in item.what for item in result.unchecked)


def test_known_limit_an_entry_that_was_left_out_is_not_found(toy: Toy) -> None:
    """docs/package.md says so, and each verification repeats it with the journal's digest."""
    toy.instead("R2", bounds_record(toy, "R2", "PU"), "not-met")
    result = verified(toy)
    assert result.ok
    journal = of_bytes((toy.store.root / "journal.jsonl").read_bytes()).removeprefix("sha256:")[:12]
    assert any(item.what == "completeness of the journal" and journal in item.why for item in result.unchecked)


# --- hostile content -------------------------------------------------------------------------------------------------


def swapped(members: Members, name: str, data: bytes) -> Members:
    """Other bytes in a file of the case, with the digest in the case file mended."""
    case = members["case/case.yaml"].replace(of_bytes(members[name]).encode(), of_bytes(data).encode())
    return members | {name: data, "case/case.yaml": case}


def test_hostile_data_fail_closed(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    """Files with consistent digests that break their readers: a finding, never a traceback, never ok."""
    name = "case/points.npz"
    good = members[name]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("inputs.npy", b"\0" * 5_000_000)
        opened.writestr("labels.npy", b"\0" * 5_000_000)
    packed = io.BytesIO()
    np.savez_compressed(packed, inputs=np.zeros((50, 2), np.float32), labels=np.zeros(50, np.int64))
    broken = bytearray(packed.getvalue())
    broken[60:70] = b"\xff" * 10  # inside the deflated stream
    for data in (
        b"",
        b"PK\5\6" + b"\0" * 18,
        good[: len(good) // 2],
        good.replace(b"inputs", b"inpuss"),
        b"\x93NUMPY" + b"\0" * 9,
        bomb.getvalue(),
        bytes(broken),
        npz(inputs=np.array([{"a": 1}], dtype=object), labels=np.array([0])),
        npz(inputs=np.full((4, 2), np.nan, np.float32), labels=np.array([0, 1, 0, 1])),
        npz(inputs=np.zeros((4, 3), np.float32), labels=np.array([0, 1, 0, 1])),
        npz(inputs=np.zeros((4, 2), np.float32), labels=np.array([0, 1, 0, 9])),
    ):
        changed = swapped(members, name, data)
        result = given(shared_toy, resign(changed, shared_toy.key, _case_of(changed)), tmp_path)
        assert {"P135", "P140"} & errors(result), data[:20]
        assert counts(result).get("smoothed radii", (0, 0))[0] == 0


def _case_of(members: Members) -> Any:
    def change(manifest: dict[str, Any]) -> None:
        manifest["case"]["digest"] = of_bytes(members["case/case.yaml"])

    return change


def test_hostile_models_fail_closed(toy: Toy) -> None:
    path = toy.folder / "models/net.onnx"
    declared = of_bytes(path.read_bytes())
    for data in (b"", b"\0" * 100, b"not a model", path.read_bytes()[:50]):
        path.write_bytes(data)
        toy.edit_case(declared, of_bytes(data))
        declared = of_bytes(data)
        toy.instead("R1", bounds_record(toy, "R1", "PPPP"))
        toy.instead("R2", bounds_record(toy, "R2", "PR", examples={1: (0.0, 1.0)}), "refuted")
        result = verified(toy)
        assert {"P141", "P144"} <= errors(result)


def test_model_that_points_outside_its_file_is_not_executed(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights in another file: onnxruntime would open a path that the package chose."""
    path = toy.folder / "models/net.onnx"
    model = onnx.load_model_from_string(path.read_bytes())
    weight = model.graph.initializer[0]
    data = weight.raw_data
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "stolen.bin"), ("offset", "0"), ("length", str(len(data)))):
        weight.external_data.add(key=key, value=value)
    declared, changed = of_bytes(path.read_bytes()), model.SerializeToString()
    path.write_bytes(changed)
    toy.edit_case(declared, of_bytes(changed))
    toy.instead("R1", bounds_record(toy, "R1", "PPPP"))
    toy.instead("R2", bounds_record(toy, "R2", "PR", examples={1: (0.0, 1.0)}), "refuted")
    (tmp_path / "stolen.bin").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    result = verified(toy)
    assert {"P141", "P144"} <= errors(result)
    assert counts(result)["counterexamples"] == (0, 1)


def test_what_no_reader_expects_fails_closed(
    shared_toy: Toy, members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise RuntimeError(f"surprise in {given[0]}")

    monkeypatch.setattr("assurance.package.verify.derive", broken)
    result = given(shared_toy, resign(members, shared_toy.key), tmp_path)
    assert errors(result) == {"P149"}
    assert "RuntimeError: surprise" in result.findings[0].message


def test_toy_counterexample_is_one(toy: Toy) -> None:
    """Keeps the tests above honest: the true record's counterexample does replay."""
    assert provenance("bounds").seed == 0
    record = toy.records["R2"]
    assert isinstance(record, BoundsRecord)
    assert record.counterexamples == (
        Counterexample(region=1, input=(0.0, 1.0), output=(0.0, 1.0), replayed_by="test"),
    )
    assert verified(toy).ok
