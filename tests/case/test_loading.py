"""Bad case files: each with its code, at its line, with a remedy, and never as a traceback."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from case_toys import Kit, document, kit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.case import Case
from assurance.case_hazards import Hara, asil
from assurance.catalogue import load as load_catalogue
from assurance.loading import load, require_fresh
from evidence.diagnostics import Finding, Severity
from evidence.digest import of_file
from evidence.errors import AssuranceError, InputError
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor

Edit = Callable[[Kit], Any]


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def presentable(findings: tuple[Finding, ...]) -> None:
    assert findings
    for finding in findings:
        text = str(finding)
        assert finding.remedy and len(text) < 2500
        for ugly in ("Traceback", "pydantic", "Error(", "object at 0x", "<class"):
            assert ugly not in text, text


def refused(where: Path) -> tuple[Finding, ...]:
    with pytest.raises(InputError) as caught:
        load(where)
    presentable(caught.value.findings)
    return caught.value.findings


def line_of(kit: Kit, text: str, occurrence: int = 1) -> int:
    """1-based line of the n-th line of the case file that holds a text."""
    lines = (kit.folder / "case.yaml").read_text("utf-8").splitlines()
    return [i for i, line in enumerate(lines, 1) if text in line][occurrence - 1]


def codes(findings: tuple[Finding, ...]) -> set[tuple[str, int | None]]:
    return {(finding.code, finding.place.line) for finding in findings}


# --- the good case --------------------------------------------------------------------------------------------------------


def test_the_toy_case_is_fine(toy: Kit) -> None:
    loaded = toy.load()
    assert loaded.findings == () and not loaded.stale and set(loaded.claims) == {"R1", "R2", "R3"}
    assert load(toy.folder / "case.yaml").digest == load(toy.folder).digest
    require_fresh(loaded)
    claim = loaded.claims["R1"]
    assert claim.statement.arithmetic is Arithmetic.REAL and claim.statement.predictor is Predictor.BASE
    assert claim.criterion.guarantee is GuaranteeKind.PROVED and claim.reviewed and claim.review_independent
    assert not (toy.folder / "evidence").exists(), "loading writes nothing"


def test_a_property_speaks_of_the_deployed_arithmetic_unless_it_says_otherwise(toy: Kit) -> None:
    del toy.requirement("R1")["property"]["arithmetic"]
    assert toy.load().claims["R1"].statement.arithmetic is Arithmetic.FLOAT32


# --- no file, no YAML -------------------------------------------------------------------------------------------------------


def test_without_a_file_there_is_no_case(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "absent", tmp_path / "absent.yaml", tmp_path / ("x" * 300)):
        (finding,) = refused(where)
        assert finding.code == "C109" and str(where)[:40] in str(finding)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: [", "C103", 2),
        ("schema: x\n\tid: y\n", "C103", 2),
        ("a: 1\na: 2\n", "C104", 2),
        ("a: &x 1\n", "C105", 1),
        ("", "C109", 1),
        ("just text", "C109", 1),
        ("- a\n- b\n", "C109", 1),
        ("[" * 99, "C102", 1),
    ],
)
def test_wrong_yaml(tmp_path: Path, text: str, code: str, line: int) -> None:
    (tmp_path / "case.yaml").write_text(text, "utf-8")
    (finding,) = refused(tmp_path)
    assert (finding.code, finding.place.line) == (code, line)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_junk_files_raise_nothing_but_findings(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "case.yaml").write_bytes(data)
    with pytest.raises(AssuranceError) as caught:
        load(tmp_path)
    presentable(caught.value.findings)


# --- one wrong thing in a good case ---------------------------------------------------------------------------------------------


def deploy_smoothed(kit: Kit) -> None:
    """Deploy a smoothed classifier although proofs about the base network are asked for."""
    kit.case["models"][0] |= {"predictor": "smoothed", "smoothing_noise": "0.5 m"}


def put(path: str, value: Any) -> Edit:
    """Set a value at a dotted path, list indices as numbers; None of `DROP` removes it."""

    def edit(kit: Kit) -> None:
        holder: Any = kit.case
        *steps, last = path.split(".")
        for step in steps:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        if value is DROP:
            del holder[last]
        elif isinstance(holder, list):
            holder[int(last)] = value
        else:
            holder[last] = value

    return edit


DROP = object()
TWO_BOXES = [
    {"id": "b", "ranges": {"x": {"lower": 0, "upper": 1, "unit": "m"}, "y": {"lower": 0, "upper": 1, "unit": "m"}}},
    {"id": "b", "ranges": {"x": {"lower": 0, "upper": 9, "unit": "m"}, "y": {"lower": 0, "upper": 9, "unit": "m"}}},
]
PERSON = {"id": "ann", "name": "Another Ann", "role": "engineer"}


@pytest.mark.parametrize(
    ("edit", "code", "at"),
    [
        # unknown keys and missing fields
        (put("extra", 1), "C107", "extra:"),
        (put("requirements.0.property.epsilon", 1), "C107", "epsilon:"),
        (put("requirements.0.property.regions.box", 1), "C107", "box: 1"),
        (put("system", DROP), "C108", "schema:"),
        (put("requirements.0.property.rationale", DROP), "C108", "property:"),
        (put("threat_models.0.exclusions", DROP), "C108", "id: TM"),
        (put("threat_models.0.rationale", DROP), "C108", "id: TM"),
        # epsilon without unit, negative, or in another unit
        (put("threat_models.0.perturbation.eps", 0.1), "C106", "eps:"),
        (put("threat_models.0.perturbation.eps", "0.1"), "C106", "eps:"),
        (put("threat_models.0.perturbation.eps", True), "C106", "eps:"),
        (put("threat_models.0.perturbation.eps", "0.1 ft"), "N103", "property:"),
        (put("threat_models.0.perturbation.eps", "-0.1 m"), "N102", "property:"),
        # boxes that are inverted, empty, doubled, incomplete, or in another unit
        (put("requirements.1.property.regions.boxes.0.ranges.x.lower", 7), "C106", "x:"),
        (put("requirements.1.property.regions.boxes", []), "C106", "boxes: []"),
        (put("requirements.1.property.regions.boxes", TWO_BOXES), "C113", "property:@2"),
        (put("requirements.1.property.regions.boxes.0.ranges", {}), "C106", "ranges: {}"),
        (put("requirements.1.property.regions.boxes.0.ranges.z", {"lower": 0, "upper": 1, "unit": "m"}), "N104", "property:@2"),
        (put("requirements.1.property.regions.boxes.0.ranges.x.unit", "ft"), "N103", "property:@2"),
        (put("requirements.1.property.regions.boxes.0.ranges.x.upper", float("inf")), "C106", "upper: .inf"),
        # empty and doubled lists of inputs
        (put("requirements.0.property.regions.inputs", []), "C113", "property:"),
        (put("requirements.0.property.regions.inputs", [1, 1]), "C113", "property:"),
        (put("requirements.0.property.regions.inputs", [-1]), "C106", "- -1"),
        # conditions and criteria
        (put("requirements.1.property.condition.outputs", ["up", "down", "stay"]), "C113", "property:@2"),
        (put("requirements.1.property.condition.outputs", ["left"]), "C113", "property:@2"),
        (put("requirements.1.property.condition", {"kind": "keep-label"}), "C113", "property:@2"),
        (put("models.0.outputs", ["up"]), "C113", "property:"),
        (put("models.0.decision", "none"), "C113", "property:"),
        (put("requirements.0.property.at_least", 0), "C106", "at_least:"),
        (put("requirements.0.property.at_least", 1.1), "C106", "at_least:"),
        (put("requirements.0.property.guarantee", "unchecked"), "C106", "guarantee:"),
        (put("requirements.0.property.arithmetic", "float16"), "C106", "arithmetic:"),
        (put("requirements.0.property.error_probability", 0.01), "C106", "property:"),
        (put("requirements.0.property.guarantee", "statistical"), "C106", "property:"),
        (put("requirements.0.property.rationale", "because"), "C106", "rationale: because"),
        # standards and levels
        (put("standards", []), "C106", "standards: []"),
        (put("standards", DROP), "C108", "schema:"),
        (put("standards.0", {"id": "do-178c"}), "C112", "- id: do-178c"),
        (put("standards.0.level", "A"), "C112", "level: A"),
        (put("standards.0.level", "C"), "C112", "level: C"),
        (put("standards.0.level", "b"), "O102", "level: b"),
        (put("standards.0", {"id": "iso-26262-6", "level": "B"}), "C112", "level: B"),
        (put("hazards.0", {"id": "H1", "title": "harm"}), "C106", "- id: H1"),
        (put("hazards.0.failure_condition", "bad"), "C106", "failure_condition:"),
        # references
        (put("requirements.0.parents", ["SR9"]), "C110", "- SR9"),
        (put("requirements.0.parents", ["R1"]), "C110", "- R1"),
        (put("requirements.0.hazards", ["H9"]), "C110", "- H9"),
        (put("requirements.0.author", "bob"), "C110", "author: bob"),
        (put("requirements.0.meaning_review.by", "bob"), "C110", "by: bob"),
        (put("requirements.0.property.model", "other"), "C110", "model: other"),
        (put("requirements.0.property.regions.data_set", "other"), "C110", "data_set: other"),
        (put("requirements.0.property.regions.threat_model", "other"), "C110", "threat_model: other"),
        (put("requirements.2.property.regions.table", "other"), "C110", "table: other"),
        (put("safety_requirements.0.hazards", ["H9"]), "C110", "- H9"),
        (put("runs.0.requirement", "R9"), "C110", "requirement: R9"),
        (put("runs.0.engine", "magic"), "C110", "engine: magic"),
        (put("odd.parameters.0.input", "z"), "C110", "input: z"),
        # identifiers
        (put("requirements.1.id", "R1"), "C111", "- id: R1@2"),
        (put("people.1", PERSON), "C111", "- id: ann@2"),
        (put("runs.1.id", "run-1"), "C111", "- id: run-1@2"),
        (put("safety_requirements.0.id", "R1"), "C111", "- id: R1@2"),
        (put("models.0.id", "implementation"), "C111", "- id: implementation"),
        (put("models.0.id", "R1"), "C111", "- id: R1@2"),
        (put("tables.0.id", "points"), "C111", "- id: points@2"),
        (put("requirements.0.id", "case"), "C111", "- id: case"),
        (put("requirements.0.id", "R 1"), "C106", "- id: R 1"),
        (put("threat_models.0.id", "T" * 65), "C106", "- id: TTT"),
        # origins, reviews, dates
        (put("requirements.0.parents", []), "C106", "- id: R1"),
        (put("requirements.0.derived", "because nobody else asked for it"), "C106", "- id: R1"),
        (put("requirements.0.meaning_review.by", "ann"), "C115", "by: ann"),
        (put("requirements.0.meaning_review.date", "1 Feb 2026"), "C106", "date: 1 Feb 2026"),
        (put("requirements.0.meaning_review.date", "20260201"), "C106", "date: '20260201'"),
        (put("requirements.0.meaning_review.date", "2026-02-30"), "C106", "date: '2026-02-30'"),
        # predictors and engines
        (deploy_smoothed, "C122", "property:"),
        (put("models.0.predictor", "smoothed"), "C106", "- id: net"),
        (put("models.0.smoothing_noise", "0.5 m"), "C106", "- id: net"),
        (put("runs.0.engine", "smoothing"), "C118", "engine: smoothing"),
        (put("requirements.0.property", DROP), "C118", "engine: bounds"),
        # patterns
        (put("patterns", []), "C106", "patterns: []"),
        (put("patterns", ["ml-constituent", "ml-constituent"]), "C106", "patterns:"),
        # paths and digests
        (put("models.0.path", "../net.onnx"), "C106", "path: ../net.onnx"),
        (put("models.0.path", "a/../../net.onnx"), "C106", "path: a/"),
        (put("models.0.path", "/etc/passwd"), "C106", "path: /etc"),
        (put("models.0.path", "C:\\net.onnx"), "C106", "path: C:"),
        (put("models.0.path", "\\\\server\\net.onnx"), "C106", "path: \\\\"),
        (put("models.0.path", "net\0.onnx"), "C106", "path:"),
        (put("models.0.path", ""), "C106", "path: ''"),
        (put("evidence_folder", "../elsewhere"), "C106", "evidence_folder:"),
        (put("evidence_folder", "a\0b"), "C106", "evidence_folder:"),
        (put("models.0.digest", "sha256:abc"), "C106", "digest: sha256:abc"),
        (put("models.0.digest", "md5:" + "0" * 64), "C106", "digest: md5"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_code_and_line(toy: Kit, edit: Edit, code: str, at: str) -> None:
    edit(toy)
    toy.write()
    found = codes(refused(toy.folder))
    text, _, occurrence = at.partition("@")
    assert (code, line_of(toy, text, int(occurrence or 1))) in found


def test_what_a_deviation_is_about_exists(toy: Kit) -> None:
    deviation = {"id": "D", "rationale": "known and watched by the crew", "accepted_by": "rev", "date": "2026-03-01"}
    for about, good in (
        ("R1", True),
        ("TM", True),
        ("do-178c:A-4.1", True),
        ("R9", False),
        ("SR1", False),
        ("iso-26262-6:x", False),
        ("do178c:A-4.1", False),
    ):
        toy.case["deviations"] = [deviation | {"about": about}]
        toy.write()
        if good:
            load(toy.folder)
        else:
            assert codes(refused(toy.folder)) == {("C110", line_of(toy, f"about: {about}"))}


def test_documents_name_known_people_things_kinds_and_standards(toy: Kit) -> None:
    good = document(toy.folder, "DOC", objectives=["do-178c:A-3.2"])
    toy.case["documents"] = [good]
    assert toy.load().findings == ()
    for change, at in (
        ({"author": "bob"}, "author: bob"),
        ({"reviewer": "bob"}, "reviewer: bob"),
        ({"about": ["R9"]}, "- R9"),
        ({"evidence": "review record"}, "evidence: review record"),
        ({"objectives": ["do178c:A-3.2"]}, "- do178c:A-3.2"),
        ({"objectives": ["A-3.2"]}, "- A-3.2"),
    ):
        toy.case["documents"] = [good | change]
        toy.write()
        assert codes(refused(toy.folder)) == {("C110", line_of(toy, at))}


def test_an_acceptance_names_a_known_person_and_standard(toy: Kit) -> None:
    good = {"objective": "do-178c:A-3.2", "by": "rev", "date": "2026-03-01", "digest": "sha256:" + "0" * 64}
    for change, at in (({"by": "bob"}, "by: bob"), ({"objective": "A-3.2"}, "objective: A-3.2")):
        toy.case["acceptances"] = [good | change]
        toy.write()
        assert codes(refused(toy.folder)) == {("C110", line_of(toy, at))}


def test_a_review_by_the_author_is_none(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "DOC", reviewer="ann")]
    toy.write()
    assert codes(refused(toy.folder)) == {("C115", line_of(toy, "reviewer: ann"))}
    toy.case["documents"] = [document(toy.folder, "DOC", reviewer="ann", independent=False)]
    assert [(item.code, item.severity) for item in toy.load().findings] == [("C121", Severity.WARNING)]
    toy.case["documents"] = []
    toy.requirement("R1")["meaning_review"] |= {"by": "ann", "independent": False}
    claim = toy.load().claims["R1"]
    assert claim.reviewed and not claim.review_independent


def test_parents_lead_to_a_safety_requirement(toy: Kit) -> None:
    toy.requirement("R1")["parents"] = ["R2"]
    assert toy.load().findings == ()
    toy.requirement("R2")["parents"] = ["R1"]
    toy.write()
    assert {code for code, _ in codes(refused(toy.folder))} == {"T103"}
    del toy.requirement("R2")["parents"]
    toy.requirement("R2")["derived"] = "found in the analysis of failures"
    assert toy.load().findings == ()


def test_all_mistakes_are_found_at_once(toy: Kit) -> None:
    toy.requirement("R1")["author"] = "bob"
    toy.requirement("R2")["property"]["model"] = "other"
    toy.case["runs"][0]["engine"] = "magic"
    toy.write()
    assert len(refused(toy.folder)) == 3


def test_gaps_in_a_readable_case_are_warnings(toy: Kit) -> None:
    del toy.requirement("R1")["meaning_review"]
    toy.case["runs"] = toy.case["runs"][:2]
    toy.case["hazards"].append({"id": "H2", "title": "more harm", "failure_condition": "minor"})
    toy.case["threat_models"].append(toy.case["threat_models"][0] | {"id": "TM2"})
    found = {(item.code, item.severity) for item in toy.load().findings}
    warning = Severity.WARNING
    assert found == {("C114", warning), ("C119", warning), ("T101", warning), ("T102", Severity.NOTE)}


# --- files ------------------------------------------------------------------------------------------------------------------


def test_a_changed_byte_makes_a_file_stale(toy: Kit) -> None:
    for name, id in (("net.onnx", "net"), ("data.npz", "points"), ("table.npz", "grid")):
        path = toy.folder / name
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        loaded = toy.load()
        (finding,) = loaded.findings
        presentable(loaded.findings)
        assert finding.code == "C117" and finding.severity is Severity.ERROR and finding.message.startswith(id)
        assert len(loaded.stale) == 1
        declared = next(iter(loaded.stale))
        assert finding.place.line == line_of(toy, declared) and loaded.path_of(declared) is None
        with pytest.raises(InputError):
            require_fresh(loaded)
        path.write_bytes(good)
    assert toy.load().findings == ()


def only_c116(toy: Kit) -> None:
    loaded = toy.load()
    presentable(loaded.findings)
    assert [item.code for item in loaded.findings] == ["C116"] and len(loaded.stale) == 1
    assert [file.actual for file in loaded.files if file.id == "net"] == [None]
    with pytest.raises(InputError):
        require_fresh(loaded)


def test_missing_files_and_folders_are_findings(toy: Kit) -> None:
    (toy.folder / "net.onnx").unlink()
    only_c116(toy)
    (toy.folder / "net.onnx").mkdir()
    only_c116(toy)
    toy.case["models"][0]["path"] = "n" * 300
    only_c116(toy)
    toy.case["models"][0]["path"] = "data.npz/net.onnx"
    only_c116(toy)


def test_links_do_not_lead_out_of_the_case_folder(toy: Kit, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    net = toy.folder / "net.onnx"
    (outside / "net.onnx").write_bytes(net.read_bytes())
    net.unlink()
    net.symlink_to(outside / "net.onnx")
    only_c116(toy)
    net.unlink()
    (toy.folder / "sub").symlink_to(outside)
    toy.case["models"][0]["path"] = "sub/net.onnx"
    only_c116(toy)
    toy.case["models"][0]["path"] = "net.onnx"
    net.symlink_to("net.onnx")
    only_c116(toy)
    net.unlink()
    (toy.folder / "real.onnx").write_bytes((outside / "net.onnx").read_bytes())
    net.symlink_to("real.onnx")
    assert toy.load().findings == (), "a link inside the folder is fine"


def test_an_unreadable_file_is_a_finding(toy: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        if path.name == "net.onnx":
            raise PermissionError(13, "Permission denied")
        return real(path)

    real = of_file
    monkeypatch.setattr("assurance.loading.of_file", refuse)
    only_c116(toy)


def test_a_pipe_does_not_hang_the_tool(toy: Kit) -> None:
    (toy.folder / "net.onnx").unlink()
    os.mkfifo(toy.folder / "net.onnx")
    only_c116(toy)


# --- levels -------------------------------------------------------------------------------------------------------------------

# ISO 26262-3:2018 table 4, written out: severity -> exposure -> levels at C1, C2, C3
TABLE = {
    "S1": {"E1": "QM QM QM", "E2": "QM QM QM", "E3": "QM QM A", "E4": "QM A B"},
    "S2": {"E1": "QM QM QM", "E2": "QM QM A", "E3": "QM A B", "E4": "A B C"},
    "S3": {"E1": "QM QM A", "E2": "QM A B", "E3": "A B C", "E4": "B C D"},
}  # fmt: skip


def expected_asil(severity: str, exposure: str, controllability: str) -> str:
    if "0" in severity + exposure + controllability:
        return "QM"
    return TABLE[severity][exposure].split()[int(controllability[1]) - 1]


def test_the_asil_of_every_class() -> None:
    classes = list(
        itertools.product(("S0", "S1", "S2", "S3"), ("E0", "E1", "E2", "E3", "E4"), ("C0", "C1", "C2", "C3"))
    )
    assert len(classes) == 80
    for s, e, c in classes:
        assert asil(Hara(severity=s, exposure=e, controllability=c)) == expected_asil(s, e, c)  # type: ignore[arg-type]


@pytest.mark.parametrize("declared", ["QM", "A", "B", "C", "D"])
def test_a_declared_asil_follows_from_the_worst_hazard(toy: Kit, declared: str) -> None:
    order = ["QM", "A", "B", "C", "D"]
    for one, two in itertools.product(
        [("S1", "E1", "C1"), ("S2", "E4", "C1"), ("S2", "E4", "C3"), ("S3", "E4", "C3")], repeat=2
    ):
        toy.case["hazards"] = [
            {"id": f"H{i}", "title": "harm", "hara": {"severity": s, "exposure": e, "controllability": c}}
            for i, (s, e, c) in enumerate((one, two), 1)
        ]
        toy.case["standards"] = [{"id": "iso-26262-6", "level": declared}]
        worst = max((expected_asil(*one), expected_asil(*two)), key=order.index)
        toy.write()
        if declared == worst:
            load(toy.folder)
        else:
            (finding,) = refused(toy.folder)
            assert finding.code == "C112" and finding.expected == f"level: {worst}"


@pytest.mark.parametrize(
    ("conditions", "level"),
    [
        (["catastrophic"], "A"),
        (["hazardous"], "B"),
        (["major"], "C"),
        (["minor"], "D"),
        (["no safety effect"], "E"),
        (["minor", "hazardous", "major"], "B"),
        (["no safety effect", "minor"], "D"),
    ],
)
def test_a_declared_dal_follows_from_the_worst_failure_condition(toy: Kit, conditions: list[str], level: str) -> None:
    toy.case["hazards"] = [
        {"id": f"H{i}", "title": "harm", "failure_condition": condition} for i, condition in enumerate(conditions, 1)
    ]
    for declared in "ABCDE":
        toy.case["standards"] = [{"id": "do-178c", "level": declared}]
        toy.write()
        if declared == level:
            load(toy.folder)
        else:
            assert codes(refused(toy.folder)) == {("C112", line_of(toy, f"level: {declared}"))}


@pytest.mark.parametrize("standard", ["do-333", "do-254", "iso-26262-2", "iso-26262-8", "iec-62304", "iec-61508"])
def test_every_standard_whose_levels_follow_from_hazards_is_held_to_them(toy: Kit, standard: str) -> None:
    """A level below the hazards' in a supplement would otherwise ask for less than its mother standard does."""
    hara = {"severity": "S2", "exposure": "E4", "controllability": "C2"}  # ASIL B
    toy.case["hazards"] = [
        {"id": "H1", "title": "harm", "failure_condition": "major", "hara": hara, "harm": "non-serious", "sil": "SIL2"},
        {"id": "H2", "title": "less harm", "failure_condition": "minor", "harm": "none", "sil": "SIL1"},
    ]
    wanted = {"do-333": "C", "do-254": "C", "iec-62304": "B", "iec-61508": "SIL2"}.get(standard, "B")
    for level in load_catalogue(standard).level_ids():
        toy.case["standards"] = [{"id": standard, "level": level}]
        toy.write()
        if level == wanted:
            load(toy.folder)
        else:
            (finding,) = refused(toy.folder)
            assert finding.code == "C112" and finding.expected == f"level: {wanted}"


@pytest.mark.parametrize(("harm", "level"), [("none", "A"), ("non-serious", "B"), ("serious", "C")])
def test_a_medical_case_needs_neither_failure_conditions_nor_a_hara(toy: Kit, harm: str, level: str) -> None:
    toy.case["hazards"] = [{"id": "H1", "title": "harm", "harm": harm}]
    toy.case["standards"] = [{"id": "iec-62304", "level": level}, {"id": "iso-14971"}]
    toy.write()
    assert load(toy.folder).case.hazards[0].levels == (f"class {level}",)
    assert not [item for item in toy.take().findings if item.code in ("O234", "O237")]  # nobody speaks of aviation


def test_the_level_of_another_standard_is_one_finding(toy: Kit) -> None:
    toy.case["standards"] = [{"id": "do-178c", "level": "2B"}]
    toy.write()
    (finding,) = refused(toy.folder)
    assert finding.code == "O102"


def test_a_level_without_a_hazard_of_its_field_says_how_to_mend(toy: Kit) -> None:
    toy.case["standards"] = [{"id": "iec-62304", "level": "C"}]
    toy.write()
    (finding,) = refused(toy.folder)
    assert finding.code == "C112" and finding.remedy == "classify the hazards by harm"


def test_a_hazard_needs_a_class(toy: Kit) -> None:
    toy.case["hazards"] = [{"id": "H1", "title": "harm"}]
    toy.write()
    (finding,) = refused(toy.folder)
    assert "failure_condition, hara, harm or sil" in finding.message


def test_all_classes_of_a_hazard_are_told(toy: Kit) -> None:
    hara = {"severity": "S2", "exposure": "E4", "controllability": "C2"}
    toy.case["hazards"] = [{"id": "H1", "title": "harm", "failure_condition": "major", "hara": hara}]
    toy.case["standards"] = [{"id": "do-178c", "level": "C"}, {"id": "iso-26262-6", "level": "B"}]
    toy.write()
    texts = [element.text for element in toy.take().built.argument]
    assert any("failure condition major, S2 E4 C2" in text for text in texts)


# --- criteria ------------------------------------------------------------------------------------------------------------------


def test_the_identity_of_a_criterion_is_what_is_demanded_apart_from_the_model(toy: Kit) -> None:
    def digest() -> str:
        return toy.load().claims["R1"].criterion_digest

    first = digest()
    (toy.folder / "net.onnx").write_bytes(b"other")
    toy.case["models"][0]["digest"] = "sha256:" + "1" * 64
    toy.requirement("R1")["title"] = "Another title"
    assert digest() == first, "retraining and rewording keep the criterion"
    seen = {first}
    for edit in (
        put("threat_models.0.perturbation.eps", "0.05 m"),
        put("requirements.0.property.at_least", 0.5),
        put("requirements.0.property.regions.inputs", [0, 1]),
        put("requirements.0.property.arithmetic", "float32"),
        put("models.0.decision", "argmin"),
    ):
        edit(toy)
        seen.add(digest())
    assert len(seen) == 6


def test_the_case_model_refuses_what_yaml_cannot_say(toy: Kit) -> None:
    text = (toy.folder / "case.yaml").read_text("utf-8")
    assert Case.model_validate(yaml.safe_load(text)).id == "toy"
