"""Bad declarations: one clear finding each, with its place; the case says what and where, and nothing crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit
from objectives_toys import RATIONALE, agree, aviation, choose, findings, offer

from evidence.diagnostics import Finding
from evidence.errors import InputError

ALTERNATIVE = {
    "means": "another way",
    "alternative": True,
    "rationale": RATIONALE,
    "evidence": ["safety-analysis"],
}
TOOL = {"tool": "checker", "rationale": RATIONALE}


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return aviation(kit(tmp_path), "B")


def refused(toy: Kit) -> tuple[Finding, ...]:
    with pytest.raises(InputError) as caught:
        toy.take()
    return caught.value.findings


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"id": "do-999", "level": "B"}, "O101"),
        ({"id": "iso-26262-6", "level": "QZ"}, "O102"),
        ({"id": "do-333", "level": "1A"}, "O102"),
        ({"id": "eu-ai-act", "level": "B"}, "O103"),
    ],
)
def test_unknown_standards_and_levels_of_others(toy: Kit, choice: dict[str, Any], code: str) -> None:
    toy.case["standards"].append(choice)
    found = refused(toy)
    assert [item.code for item in found if item.code.startswith("O")] == [code]
    assert found[0].place.field and found[0].place.field.startswith("standards[1]") and found[0].remedy


def rests_on_the_standard(toy: Kit) -> None:
    """Two objectives, a data item, a deviation and an acceptance of the one standard that the case selects."""
    offer(toy, evidence="plan", about=["psac", "svp"], objectives=["do-178c:A-1.1", "do-178c:A-1.2"])
    day, digest = "2026-01-01", "sha256:" + "0" * 64
    toy.case["deviations"] = [
        {"id": "DV", "about": "do-178c:A-1.3", "rationale": RATIONALE, "accepted_by": "rev", "date": day}
    ]
    toy.case["acceptances"] = [{"objective": "do-178c:A-1.1", "by": "rev", "date": day, "digest": digest}]


@pytest.mark.parametrize("id", ["do-178b", "ed-12c", "do-999"])
def test_a_misspelt_standard_is_one_finding_whatever_rests_on_it(toy: Kit, id: str) -> None:
    """Only the selection is wrong: the objectives and data items named elsewhere are right once it is mended."""
    rests_on_the_standard(toy)
    assert toy.take()
    choose(toy, id=id)
    (found,) = refused(toy)
    assert (found.code, found.place.field) == ("O101", "standards[0]") and "do-178c" in str(found.expected)
    for document in toy.case["documents"]:
        document["objectives"] = [name.replace("do-178c", id) for name in document.get("objectives", [])]
    (found,) = refused(toy)  # misspelt everywhere: still to be mended in one place first
    assert found.code == "O101"


def test_beside_a_misspelt_standard_other_mistakes_are_found(toy: Kit) -> None:
    rests_on_the_standard(toy)
    choose(toy, id="do-178b")
    offer(toy, "MORE", about=["nothing"], objectives=["do-178e:A-1.1"])
    assert [(item.code, item.place.field) for item in refused(toy)] == [
        ("C110", "documents[1].about[0]"),
        ("C110", "documents[1].objectives[0]"),
        ("O101", "standards[0]"),
    ]


def test_a_standard_that_is_not_selected_is_found_wherever_it_is_named(toy: Kit) -> None:
    rests_on_the_standard(toy)
    toy.case["standards"] = [{"id": "eu-ai-act"}]
    assert [(item.code, item.place.field) for item in refused(toy)] == [
        ("C110", "documents[0].about[0]"),
        ("C110", "documents[0].about[1]"),
        ("C110", "documents[0].objectives[0]"),
        ("C110", "documents[0].objectives[1]"),
        ("C110", "deviations[0].about"),
        ("C110", "acceptances[0].objective"),
    ]


@pytest.mark.parametrize("level", ["Z", "ASIL B", "2B"])
def test_an_unknown_level_is_one_finding_whatever_rests_on_it(toy: Kit, level: str) -> None:
    rests_on_the_standard(toy)
    choose(toy, level=level)
    (found,) = refused(toy)
    assert (found.code, found.place.field) == ("O102", "standards[0].level") and "A, B, C, D, E" in str(found.expected)


NOBODY: list[tuple[dict[str, Any], str]] = [
    ({"agreement": "NONE"}, "standards[0].agreement"),
    ({"assumptions": ["NONE"]}, "standards[0].assumptions[0]"),
    ({"means": [ALTERNATIVE | {"objectives": ["A-7.5"], "agreement": "NONE"}]}, "standards[0].means[0].agreement"),
    ({"means": [ALTERNATIVE | {"objectives": ["A-7.5"], "evidence": ["magic"]}]}, "standards[0].means[0].evidence[0]"),
    ({"tools": [TOOL | {"tool": "hammer"}]}, "standards[0].tools[0].tool"),
    ({"tools": [TOOL | {"documents": ["NONE"]}]}, "standards[0].tools[0].documents[0]"),
    (
        {
            "not_applicable": [
                {"objective": "A-1.1", "justification": RATIONALE, "approved_by": "nobody", "date": "2026-01-01"}
            ]
        },
        "standards[0].not_applicable[0].approved_by",
    ),
]


@pytest.mark.parametrize(("fields", "field"), NOBODY)
def test_references_to_nothing(toy: Kit, fields: dict[str, Any], field: str) -> None:
    (found,) = refused(choose(toy, **fields))
    assert (found.code, found.place.field) == ("C110", field) and found.expected and found.place.line


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda case: case["models"][0].update(made_by="nobody"), "models[0].made_by"),
        (lambda case: case["runs"][1].update(operator="nobody"), "runs[1].operator"),
        (lambda case: case.update(problem_reports=[{"id": "X", "title": "t", "owner": "nobody"}]), "problem_reports[0].owner"),
        (
            lambda case: case.update(problem_reports=[{"id": "X", "title": "t", "owner": "ann", "closed_by": "nobody"}]),
            "problem_reports[0].closed_by",
        ),
        (
            lambda case: case.update(problem_reports=[{"id": "X", "title": "t", "owner": "ann", "about": ["R9"]}]),
            "problem_reports[0].about[0]",
        ),
        (
            lambda case: case.update(problem_reports=[{"id": "X", "title": "t", "owner": "ann", "evidence": ["Z"]}]),
            "problem_reports[0].evidence[0]",
        ),
    ],
)  # fmt: skip
def test_people_and_things_that_are_not_declared(toy: Kit, change: Any, field: str) -> None:
    change(toy.case)
    (found,) = refused(toy)
    assert (found.code, found.place.field) == ("C110", field)


def test_an_agreement_names_a_declared_document(toy: Kit) -> None:
    agree(toy)
    toy.case["agreements"][0]["document"] = "NONE"
    (found,) = refused(toy)
    assert (found.code, found.place.field) == ("C110", "agreements[0].document")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (
            {
                "not_applicable": [
                    {"objective": "A-99.1", "justification": RATIONALE, "approved_by": "rev", "date": "2026-01-01"}
                ]
            },
            "standards[0].not_applicable[0].objective",
        ),
        (
            {"means": [{"objectives": ["A-1.1", "A-99.2"], "means": "as planned"}]},
            "standards[0].means[0].objectives[1]",
        ),
    ],
)
def test_objectives_that_do_not_exist_are_found_with_their_place(toy: Kit, fields: dict[str, Any], field: str) -> None:
    (found,) = findings(choose(toy, **fields), "O217")
    assert found.place.field == field and found.place.line and found.severity.value == "error"


def test_unknown_objectives_elsewhere_have_their_place_too(toy: Kit) -> None:
    offer(toy, objectives=["do-178c:A-3.1", "do-178c:A-99.3"])
    toy.case["acceptances"] = [
        {"objective": "do-178c:A-99.4", "by": "rev", "date": "2026-01-01", "digest": "sha256:" + "0" * 64}
    ]
    toy.case["deviations"] = [
        {"id": "D", "about": "do-178c:A-99.5", "rationale": RATIONALE, "accepted_by": "rev", "date": "2026-01-01"}
    ]
    assert {item.place.field for item in findings(toy, "O217")} == {
        "documents[0].objectives[1]", "acceptances[0].objective", "deviations[0].about"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (
            {
                "not_applicable": [
                    {"objective": "A-1.1", "justification": RATIONALE, "approved_by": "rev", "date": "2026-01-01"}
                ]
                * 2
            },
            "standards[0].not_applicable[1].objective",
        ),
        ({"tools": [TOOL, TOOL]}, "standards[0].tools[1].tool"),
        (
            {"methods": [{"table": "A-1", "chosen": ["A-1.1"], "rationale": RATIONALE}] * 2},
            "standards[0].methods[1].table",
        ),
        (
            {"means": [{"objectives": ["A-1.1"], "means": "one"}, {"objectives": ["A-1.1"], "means": "two"}]},
            "standards[0].means[1].objectives[0]",
        ),
    ],
)
def test_things_said_twice(toy: Kit, fields: dict[str, Any], field: str) -> None:
    (found,) = refused(choose(toy, **fields))
    assert (found.code, found.place.field) == ("C111", field)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": "X", "owner": "ann"}, "problem_reports[0]"),
        ({"id": "X", "title": "t"}, "problem_reports[0].owner"),
        ({"id": "X", "title": "t", "owner": "ann", "classification": "minor"}, "problem_reports[0].classification"),
        ({"id": "X", "title": "t", "owner": "ann", "state": "fixed"}, "problem_reports[0].state"),
        ({"id": "X", "title": "t", "owner": "ann", "mitigation": "none"}, "problem_reports[0].mitigation"),
        ({"id": "X", "title": "t", "owner": "ann", "closed_on": "yesterday"}, "problem_reports[0].closed_on"),
    ],
)
def test_malformed_problem_reports(toy: Kit, fields: dict[str, Any], field: str) -> None:
    toy.case["problem_reports"] = [fields]
    (found,) = refused(toy)
    assert found.place.field == field and found.code in ("C106", "C108")


@pytest.mark.parametrize("path", ["../signed.yaml", "/etc/hosts", "signed\n.yaml"])
def test_a_sign_off_does_not_leave_the_case_folder(toy: Kit, path: str) -> None:
    choose(toy, sign_off={"path": path, "digest": "sha256:" + "0" * 64})
    (found,) = refused(toy)
    assert found.place.field == "standards[0].sign_off.path"


def test_a_missing_sign_off_is_a_missing_file(toy: Kit) -> None:
    choose(toy, sign_off={"path": "signed.yaml", "digest": "sha256:" + "0" * 64})
    (found,) = findings(toy, "C116")
    assert "sign-off of do-178c" in found.message
