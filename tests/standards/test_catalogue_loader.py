"""Reading and selecting: every way a catalogue or a request can be wrong has its code, place and field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from assurance import catalogue as catalogues
from assurance import resources
from assurance.catalogue import Catalogue, load, read
from assurance.catalogue_vocabulary import Applicability
from evidence.errors import AssuranceError, InputError

SMALL = """\
schema_version: 1
id: toy
title: A toy standard
also_known_as: null
edition: "1"
issuer: nobody
status: published
scored: true
watermark: null
scheme: objectives
level_name: level
level_source: null
levels:
  - {id: H, meaning: high}
  - {id: L, meaning: low}
  - {id: N, meaning: nothing applies, entries: false}
independence: none
notes: []
neighbours: []
recognition: null
confidence: {file: low, statements: [made up]}
sources: [made up]
stages_of_involvement: []
stages_note: null
tables:
  - {id: T, ref: Table T, sections: null, title: Only table, combination: all}
data_items:
  - {id: report, ref: "1", name: Report, meaning: A report}
entries:
  - id: T.1
    ref: Table T row 1
    table: T
    kind: objective
    title: Model shown
    levels: {H: required-with-independence, L: not-required}
    scope: model
    artefact: model-description
    data_items: [report]
    credit:
      - {evidence: reachability, level: partial, artefact: model-description, remains: the rest}
    next_action: {kind: run, text: run it}
    confidence: {identity: high, marks: {H: high, L: low}, source: made up}
  - id: T.2
    ref: Table T row 2
    table: T
    kind: objective
    title: Code shown
    levels: {H: required, L: required}
    scope: case
    artefact: source-code
    data_items: []
    credit:
      - {evidence: review-record, level: full, artefact: document, remains: repeat on change}
    no_credit:
      - {evidence: reachability, why: about the model}
    next_action: {kind: document, text: provide it}
    confidence: {identity: high, marks: low, source: made up}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def edited(edit: Callable[[dict[str, Any]], None]) -> str:
    value = yaml.safe_load(SMALL)
    edit(value)
    return yaml.safe_dump(value, sort_keys=False)


def refused(tmp_path: Path, text: str) -> list[tuple[str, str | None, str]]:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path, text))
    for finding in caught.value.findings:
        assert finding.place.line is not None and finding.place.file, finding
        assert finding.remedy
    return [(finding.code, finding.place.field, finding.message) for finding in caught.value.findings]


def test_the_small_catalogue_is_sound(tmp_path: Path) -> None:
    toy = read(write(tmp_path, SMALL), id="toy")
    assert {level: (found.total, found.independence) for level, found in toy.totals().items()} == {
        "H": (2, 1),
        "L": (1, 0),
    }
    assert [(item.applicability, item.independence) for item in toy.select("H")] == [
        (Applicability.REQUIRED, True),
        (Applicability.REQUIRED, False),
    ]
    assert [item.asked_for for item in toy.select("L")] == [False, True]
    assert [item.asked_for for item in toy.select("N")] == [False, False], "a level at which nothing applies"


# Requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["do-178b", "", "../do-178c", "do-178c/../do-178c", "/etc"])
def test_unknown_standard(id: str) -> None:
    with pytest.raises(InputError) as caught:
        load(id)
    assert caught.value.finding.code == "O101"
    assert "do-178c" in str(caught.value.finding.expected)


@pytest.mark.parametrize(("id", "level"), [("do-178c", "F"), ("do-178c", "a"), ("do-178c", ""), ("iso-26262-6", "E")])
def test_unknown_level(id: str, level: str) -> None:
    with pytest.raises(InputError) as caught:
        load(id).select(level)
    assert caught.value.finding.code == "O102"
    assert load(id).level_ids()[0] in str(caught.value.finding.expected)


@pytest.mark.parametrize("id", ["do-178c", "iso-26262-6"])
def test_missing_level_is_not_guessed(id: str) -> None:
    with pytest.raises(InputError) as caught:
        load(id).select(None)
    assert caught.value.finding.code == "O104"


def test_levels_at_which_nothing_applies() -> None:
    for id, level in (("do-178c", "E"), ("iso-26262-6", "QM")):
        chosen = load(id).select(level)
        assert {item.applicability for item in chosen} == {Applicability.NOT_REQUIRED}
        assert level not in load(id).totals()


def without_levels(value: dict[str, Any]) -> None:
    value["levels"] = []
    value["scored"] = False
    for entry in value["entries"]:
        entry["levels"] = {}
        entry["confidence"]["marks"] = None


def test_standard_without_levels(tmp_path: Path) -> None:
    def applies(value: dict[str, Any]) -> None:
        without_levels(value)
        value["without_level"] = "required"

    toy = read(write(tmp_path, edited(applies)))
    assert {item.applicability for item in toy.select(None)} == {Applicability.REQUIRED}
    with pytest.raises(InputError) as caught:
        toy.select("H")
    assert caught.value.finding.code == "O103"
    unknown = read(write(tmp_path, edited(without_levels)))
    assert {item.asked_for for item in unknown.select(None)} == {None}

    def counted(value: dict[str, Any]) -> None:
        without_levels(value)
        value["scored"] = True

    with pytest.raises(InputError) as caught:
        read(write(tmp_path, edited(counted)))
    assert (caught.value.finding.code, caught.value.finding.place.field) == ("O105", "scored")


def test_one_unknown_mark_leaves_the_total_unknown(tmp_path: Path) -> None:
    def blank(value: dict[str, Any]) -> None:
        value["entries"][0]["levels"]["H"] = None
        value["entries"][0]["confidence"]["marks"] = None
        value["entries"][0]["levels"]["L"] = None

    toy = read(write(tmp_path, edited(blank)))
    assert toy.totals()["H"].total is None
    assert toy.totals()["H"].independence is None
    assert toy.select("H")[0].applicability is Applicability.UNKNOWN


# Malformed files ----------------------------------------------------------------------------------------------


def test_line_and_field_of_a_mistake(tmp_path: Path) -> None:
    text = SMALL.replace("scope: case", "scope: galaxy")
    line = text.splitlines().index("    scope: galaxy") + 1
    with pytest.raises(InputError) as caught:
        read(write(tmp_path, text), "standards/toy/catalogue.yaml")
    place = caught.value.finding.place
    assert (place.file, place.line, place.field) == ("standards/toy/catalogue.yaml", line, "entries[1].scope")
    assert "requirement" in str(caught.value.finding.expected)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("id: toy", "id: toy\nid: toy", "C104"),
        ("notes: []", "notes: []\nnotez: []", "C107"),
        ("issuer: nobody\n", "", "C108"),
        ("scored: true", "scored: 'true'", "C106"),
        ("scored: true", "scored: yes", "C106"),
        ("schema_version: 1", "schema_version: 2", "C106"),
        ("evidence: review-record", "evidence: wishful-thinking", "C106"),
        ("level: full", "level: total", "C106"),
        ("artefact: document", "artefact: rumour", "C106"),
        ("{H: required, L: required}", "{H: mandatory, L: required}", "C106"),
        ("identity: high, marks: low", "identity: certain, marks: low", "C106"),
        ("notes: []", "notes: [", "C103"),
        ("notes: []", "notes: &a []", "C105"),
        ("issuer: nobody", "issuer: !!python/name:os.system x", "C105"),
        ("title: Code shown", "title: ''", "C106"),
        ("id: T.2", "id: 'T 2'", "C106"),
    ],
)
def test_malformed(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in SMALL
    assert code in {found[0] for found in refused(tmp_path, SMALL.replace(old, new))}


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(AssuranceError) as caught:
        read(tmp_path / "none.yaml")
    assert caught.value.finding.code == "C101"


def test_empty_file(tmp_path: Path) -> None:
    assert refused(tmp_path, "")[0][0] == "C106"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("id: T.2", "id: T.1", "entries[1].id"),
        ("data_items: [report]", "data_items: [memoir]", "entries[0].data_items"),
        ("scope: case", "scope: document", "entries[1].scope"),
        ("{H: required, L: required}", "{H: required}", "entries[1].levels"),
        ("{H: required, L: required}", "{H: required, L: '++'}", "entries[1].levels.L"),
        ("{H: required, L: required}", "{H: required, L: null}", "entries[1].confidence.marks"),
        ("marks: {H: high, L: low}", "marks: {H: high}", "entries[0].confidence.marks"),
        ("status: published", "status: draft", "status"),
        ("scheme: objectives", "scheme: methods", "entries[0].kind"),
        ("stages_note: null", "stages_note: null\nwithout_level: required", "without_level"),
        (
            "stages_of_involvement: []",
            "stages_of_involvement:\n  - {id: S1, name: n, when: w, looks_at: [], tables: [X], confidence: low}",
            "stages_of_involvement[0].tables",
        ),
        ("artefact: document, remains", "artefact: source-code, remains", "entries[1].credit[0].artefact"),
    ],
)
def test_inconsistent(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in SMALL
    found = refused(tmp_path, SMALL.replace(old, new, 1))
    assert ("O105", field) in {(code, where) for code, where, _ in found}, found


def test_entry_of_an_unknown_table(tmp_path: Path) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["entries"][1]["table"] = "U"

    assert ("O105", "entries[1].table") in {found[:2] for found in refused(tmp_path, edited(edit))}


def test_identifier_has_to_match_the_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path, SMALL), id="other")
    assert caught.value.finding.code == "O105"


# Forged credit ------------------------------------------------------------------------------------------------


def credit(number: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    def edit(value: dict[str, Any]) -> None:
        value["entries"][number]["credit"][0].update(fields)

    return edit


@pytest.mark.parametrize(
    "kind",
    ["reachability", "output-reachability", "formal-local-robustness", "formal-property", "performance-test"],
)
@pytest.mark.parametrize("level", ["partial", "full"])
def test_a_model_proof_for_code_is_refused(tmp_path: Path, kind: str, level: str) -> None:
    forged = credit(1, evidence=kind, level=level, artefact="model-description")
    assert ("O106", "entries[1].credit[0].level") in {found[:2] for found in refused(tmp_path, edited(forged))}


@pytest.mark.parametrize(
    "kind",
    ["output-reachability", "formal-property", "probabilistic-robustness", "performance-test", "coverage-record"],
)
def test_full_credit_for_a_computed_record_is_refused(tmp_path: Path, kind: str) -> None:
    forged = credit(0, evidence=kind, level="full")
    assert ("O106", "entries[0].credit[0].level") in {found[:2] for found in refused(tmp_path, edited(forged))}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"measure": "mcdc", "artefact": "model-description", "level": "supporting"}, "measure"),
        ({"measure": "mcdc", "evidence": "performance-test", "artefact": "source-code"}, "measure"),
        ({"artefact": "source-code", "level": "partial"}, "measure"),
        ({"artefact": "executable-on-target", "level": "partial"}, "measure"),
    ],
)
def test_coverage_by_whatever_measure_and_coverage_of_a_model_are_refused(
    tmp_path: Path, row: dict[str, Any], field: str
) -> None:
    """Weights have no conditions to cover, and a report that counts branches shows no MC/DC."""
    forged = credit(1, **({"evidence": "coverage-record", "level": "supporting"} | row))
    assert ("O106", f"entries[1].credit[0].{field}") in {found[:2] for found in refused(tmp_path, edited(forged))}


@pytest.mark.parametrize("kind", ["probabilistic-robustness", "performance-test", "counterexample"])
def test_formal_credit_for_what_is_no_proof_is_refused(tmp_path: Path, kind: str) -> None:
    forged = credit(0, evidence=kind, supplement="do-333")
    found = refused(tmp_path, edited(forged))
    assert ("O106", "entries[0].credit[0].supplement") in {item[:2] for item in found}


def test_credit_and_refusal_of_the_same_kind_is_refused(tmp_path: Path) -> None:
    forged = credit(1, evidence="reachability", level="supporting", artefact="model-description")
    assert ("O106", "entries[1].credit[0].evidence") in {item[:2] for item in refused(tmp_path, edited(forged))}


def test_a_run_where_no_means_is_accepted_is_refused(tmp_path: Path) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["entries"][0]["accepted_means"] = False

    assert ("O106", "entries[0].next_action.kind") in {item[:2] for item in refused(tmp_path, edited(edit))}


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["entries"][0]["table"] = "U"
        value["entries"][1]["data_items"] = ["memoir"]
        value["entries"][0]["credit"][0]["level"] = "full"

    assert len(refused(tmp_path, edited(edit))) == 3


# Output -------------------------------------------------------------------------------------------------------


def test_json_of_a_catalogue() -> None:
    shown = json.loads(json.dumps(load("do-178c").as_json(), allow_nan=False))
    assert {"id", "title", "edition", "status", "levels", "objectives", "totals", "watermark"} <= set(shown)
    assert len(shown["objectives"]) == 71
    assert {level: (found["total"], found["independence"]) for level, found in shown["totals"].items()} == {
        "A": (71, 30),
        "B": (69, 18),
        "C": (62, 5),
        "D": (26, 2),
    }
    for entry in shown["objectives"]:
        assert {"id", "ref", "title", "levels", "independence", "confidence"} <= set(entry)
        assert set(entry["levels"]) == set(entry["independence"]) == set(entry["confidence"]["marks"]) == set("ABCD")
    first = {entry["id"]: entry for entry in shown["objectives"]}["A-6.4"]
    assert first["independence"] == {"A": True, "B": False, "C": False, "D": False}
    assert first["levels"]["D"] == "not-required"


def test_json_of_a_list_of_unknowns() -> None:
    shown = load("arp6983").as_json()
    assert shown["scored"] is False
    assert shown["totals"]["A"]["total"] is None
    assert shown["objectives"][0]["independence"] == dict.fromkeys("ABCD")
    assert shown["objectives"][0]["confidence"]["marks"] == dict.fromkeys("ABCD")


def test_catalogues_cannot_be_altered() -> None:
    catalogue: Catalogue = load("do-178c")
    with pytest.raises(ValidationError):
        catalogue.scored = False
    with pytest.raises(ValidationError):
        catalogue.entries[0].title = "another"


# Data folders -------------------------------------------------------------------------------------------------


def test_data_folder_of_a_wheel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "assurance"
    (tmp_path / "standards").mkdir()
    package.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.folder("standards") == tmp_path / "standards"
    (package / "_data" / "standards").mkdir(parents=True)
    assert resources.folder("standards") == package / "_data" / "standards"


def test_missing_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "assurance")
    with pytest.raises(InputError) as caught:
        catalogues.available()
    assert caught.value.finding.code == "O107"
