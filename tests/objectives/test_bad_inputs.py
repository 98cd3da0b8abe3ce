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
