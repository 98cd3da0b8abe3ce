"""Through a whole case: what documents of a declared format do to standings, objectives and findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit, onnx_bytes
from engineering_toys import COVERAGE_PY, DATA_SET, GCOVR, PROBLEMS, REQIF, REVIEW, suite

from assurance.engineering_checks import item_digest
from assurance.register import DocumentEntry
from assurance.snapshot import Snapshot
from assurance.status import Status
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.limits import limits_of
from evidence.records import DocumentRecord, read_record, record_bytes
from evidence.records.engineering import Shows
from evidence.verdict import GuaranteeKind

PASS, FAIL = '<testcase name="a"/>', '<testcase name="b"><failure message="no"/></testcase>'
SKIP = '<testcase name="c"><skipped/></testcase>'


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """The toy case with a requirement R4 that only documents can show."""
    made = kit(tmp_path)
    made.case["requirements"].append(
        {
            "id": "R4",
            "title": "Requirement R4",
            "text": "The network shall do what R4 says.",
            "parents": ["SR1"],
            "author": "ann",
        }
    )
    return made


def add(toy: Kit, text: str | bytes, format: str | None, evidence: str, **changes: Any) -> dict[str, Any]:
    """Declare a document with this content."""
    data = text.encode() if isinstance(text, str) else text
    name = changes.pop("path", f"document{len(toy.case['documents'])}.txt")
    (toy.folder / name).write_bytes(data)
    declared = {
        "id": f"D{len(toy.case['documents'])}",
        "title": "a document",
        "path": name,
        "digest": of_bytes(data),
        "evidence": evidence,
        "author": "ann",
        "reviewer": "rev",
        "independent": True,
        "date": "2026-02-02",
        "about": ["R4"],
    } | changes
    if format is not None:
        declared["format"] = format
    toy.case["documents"].append(declared)
    return declared


def junit(toy: Kit, cases: str, **changes: Any) -> dict[str, Any]:
    fields = {"examined": "executable-on-target"} | changes
    return add(toy, suite(cases), "junit", "performance-test", **fields)


def entry(snapshot: Snapshot, number: int = 0) -> DocumentEntry:
    return snapshot.register.documents[number]


def codes(snapshot: Snapshot) -> list[str]:
    return [item.code for item in snapshot.findings if item.code.startswith("E1")]


def earned(snapshot: Snapshot, number: int = 0) -> set[tuple[str, str]]:
    """Objectives where the document is among the evidence, with their status."""
    digest = entry(snapshot, number).digest
    return {
        (f"{covered.catalogue.id}:{row.entry.id}", row.status.value)
        for covered in snapshot.coverage
        for row in covered.rows
        if digest in row.evidence
    }


# --- failing never supports ---------------------------------------------------------------------------------------


def test_a_passing_suite_supports_in_part(toy: Kit) -> None:
    junit(toy, PASS)
    snapshot = toy.take()
    assert entry(snapshot).shows is Shows.PASSES and entry(snapshot).counts and entry(snapshot).whole
    assert snapshot.standings["R4"].status is Status.PARTIAL and not codes(snapshot)
    assert ("do-178c:A-6.1", "partial") in earned(snapshot), "tests on the target are what A-6.1 asks for"
    assert entry(snapshot).record.guarantee.kind is GuaranteeKind.EMPIRICAL


def test_the_word_of_a_person_is_no_measurement(toy: Kit) -> None:
    add(toy, "all passed", None, "performance-test", examined="executable-on-target")
    snapshot = toy.take()
    assert entry(snapshot).record.guarantee.kind is GuaranteeKind.DOCUMENTARY
    assert not earned(snapshot)


@pytest.mark.parametrize(
    ("cases", "shows", "code"),
    [
        (PASS + FAIL, Shows.FAILS, "E170"),
        (PASS * 50 + FAIL, Shows.FAILS, "E170"),
        ("", Shows.NOTHING, "E171"),
        (SKIP, Shows.NOTHING, "E171"),
        ("<broken", Shows.UNREADABLE, "E161"),
    ],
)
def test_what_failed_or_examined_nothing_never_supports(toy: Kit, cases: str, shows: Shows, code: str) -> None:
    every = ["do-178c:A-6.3", "do-178c:A-6.1"]
    junit(toy, cases, objectives=every, about=["R4", "R1", "case"])
    snapshot = toy.take()
    found = entry(snapshot)
    assert found.shows is shows and not found.counts and not found.whole
    assert code in codes(snapshot)
    assert snapshot.standings["R4"].status not in (Status.SUPPORTED, Status.PARTIAL)
    assert earned(snapshot) == set()
    without = toy.write(documents=[]).take()
    assert _green(snapshot) <= _green(without), "no objective is better for it"


def _green(snapshot: Snapshot) -> set[tuple[str, str]]:
    return {
        (f"{covered.catalogue.id}:{row.entry.id}", f"{row.n}")
        for covered in snapshot.coverage
        for row in covered.rows
        if row.status.value in ("supported", "partial")
    }


def test_skipped_tests_are_shown_and_never_the_whole(toy: Kit) -> None:
    junit(toy, PASS + SKIP)
    snapshot = toy.take()
    assert entry(snapshot).counts and not entry(snapshot).whole and codes(snapshot) == ["E172"]
    assert "Skipped: 1 of 2 tests" in next(item.message for item in snapshot.findings if item.code == "E172")


def test_a_good_document_beside_a_bad_one_still_counts(toy: Kit) -> None:
    junit(toy, PASS)
    junit(toy, FAIL)
    snapshot = toy.take()
    assert [item.item.id for item in snapshot.register.documents_about("R4")] == ["D0"]
    assert [item.item.id for item in snapshot.register.failed_about("R4")] == ["D1"]


# --- identity -----------------------------------------------------------------------------------------------------


def test_one_changed_byte_makes_it_stale(toy: Kit) -> None:
    declared = junit(toy, PASS)
    assert toy.take().standings["R4"].status is Status.PARTIAL
    path = toy.folder / declared["path"]
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"b"'))
    snapshot = toy.take()
    assert not entry(snapshot).fresh and entry(snapshot).record.content is None, "what changed is not read"
    assert snapshot.standings["R4"].status is Status.STALE
    path.unlink()
    assert toy.take().standings["R4"].status is Status.STALE


def test_an_unreadable_document_counts_as_missing(toy: Kit) -> None:
    junit(toy, "<broken")
    snapshot = toy.take()
    assert not entry(snapshot).fresh and snapshot.standings["R4"].status is Status.STALE
    found = [item for item in snapshot.findings if item.code == "E161"]
    assert len(found) == 1 and found[0].place.file == str(toy.folder / "document0.txt") and found[0].place.line == 1


def test_the_record_holds_the_content_and_reads_back(toy: Kit) -> None:
    junit(toy, PASS + SKIP)
    record = entry(toy.take()).record
    assert isinstance(record, DocumentRecord) and record.content is not None
    assert read_record(record_bytes(record), "record") == record
    assert {"L114", "L120", "L122"} <= {item.code for item in limits_of(record)}


def test_a_document_without_format_keeps_the_bytes_of_its_record(toy: Kit) -> None:
    add(toy, "# Review", None, "review-record")
    record = entry(toy.take()).record
    assert b"content" not in record_bytes(record) and read_record(record_bytes(record), "record") == record


@pytest.mark.parametrize(
    ("format", "evidence"),
    [("junit", "coverage-record"), ("cobertura", "performance-test"), ("plan", "performance-test"), ("reqif", "plan")],
)
def test_the_kind_of_evidence_has_to_fit(toy: Kit, format: str, evidence: str) -> None:
    add(toy, suite(PASS), format, evidence, examined="source-code")
    with pytest.raises(InputError) as caught:
        toy.load()
    assert [item.code for item in caught.value.findings] == ["E166"]
    assert caught.value.finding.place.line and "evidence:" in (caught.value.finding.expected or "")


def test_an_unknown_format_is_refused(toy: Kit) -> None:
    add(toy, "x", "excel", "plan")
    with pytest.raises(InputError) as caught:
        toy.load()
    assert caught.value.finding.code == "C106"


# --- against the case ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "format", "evidence"),
    [(GCOVR, "cobertura", "coverage-record"), (suite(PASS), "junit", "performance-test")],
)
def test_a_report_has_to_say_what_it_examined(toy: Kit, text: str, format: str, evidence: str) -> None:
    declared = add(toy, text, format, evidence)
    with pytest.raises(InputError) as caught:
        toy.load()
    assert [item.code for item in caught.value.findings] == ["E182"]
    declared["examined"] = "source-code"
    assert codes(toy.take()) == []


def test_incomplete_coverage_is_shown(toy: Kit) -> None:
    add(toy, COVERAGE_PY, "cobertura", "coverage-record", examined="source-code")
    snapshot = toy.take()
    assert codes(snapshot) == ["E172"] and not entry(snapshot).whole
    texts = " ".join(item.text for item in entry(snapshot).limits)
    assert "decision, MC/DC" in texts and "not complete for: statement (by lines), branch" in texts


def review(toy: Kit, text: str, **changes: Any) -> dict[str, Any]:
    fields = {"about": ["R1"], "author": "rev", "reviewer": "ann"} | changes
    return add(toy, text, "review", "review-record", **fields)


def tied(toy: Kit, id: str = "R1") -> str:
    return REVIEW.replace("{id: R1}", f'{{id: {id}, digest: "{item_digest(toy.load(), id)}"}}')


@pytest.mark.parametrize("id", ["R1", "R4", "SR1", "net", "points"])
def test_a_review_of_the_present_state_stands_and_lapses_with_it(toy: Kit, id: str) -> None:
    review(toy, tied(toy, id), about=["case" if id == "SR1" else id])
    assert codes(toy.take()) == [] and entry(toy.take()).whole
    if id in ("R1", "R4"):
        toy.requirement(id)["text"] += " And it shall do so in 5 s."
    elif id == "SR1":
        toy.case["safety_requirements"][0]["text"] += " At 5 m/s."
    else:
        items = toy.case["models" if id == "net" else "data_sets"]
        path = toy.folder / items[0]["path"]
        path.write_bytes(path.read_bytes() + b" ")
        items[0]["digest"] = of_bytes(path.read_bytes())
    snapshot = toy.take()
    assert codes(snapshot) == ["E174"] and not entry(snapshot).fresh and not entry(snapshot).counts


def test_a_review_without_digests_is_told_them(toy: Kit) -> None:
    review(toy, REVIEW)
    found = [item for item in toy.take().findings if item.code == "E183"]
    assert found and found[0].expected == f"digest: {item_digest(toy.load(), 'R1')}"


def test_a_review_by_the_author_is_not_independent(toy: Kit) -> None:
    review(toy, tied(toy).replace("[Rev Reviewer]", "[Rev Reviewer, Ann Author]"))
    snapshot = toy.take()
    assert codes(snapshot) == ["E175"] and not entry(snapshot).record.independent
    toy.case["documents"].clear()
    # the record names somebody else as author, but the case knows who wrote R1
    review(toy, tied(toy).replace("author: Ann Author", "author: Somebody").replace("[Rev", "[Ann Author, Rev"))
    assert not entry(toy.take()).record.independent
    toy.case["documents"].clear()
    review(toy, tied(toy))
    assert entry(toy.take()).record.independent


def test_people_and_date_come_from_the_declaration(toy: Kit) -> None:
    review(toy, tied(toy).replace("Rev Reviewer", "Some Body").replace("2026-02-02", "2026-02-03"))
    snapshot = toy.take()
    assert codes(snapshot) == ["E176", "E176"]
    record = entry(snapshot).record
    assert (record.author, record.date) == ("Rev Reviewer", "2026-02-02")


def test_a_rejected_review_supports_nothing(toy: Kit) -> None:
    review(toy, tied(toy, "R4").replace("result: accepted", "result: rejected"), about=["R4"])
    snapshot = toy.take()
    assert codes(snapshot) == ["E170"] and not entry(snapshot).counts


def data_report(toy: Kit) -> str:
    """A data-set report about the four points of the toy."""
    text = DATA_SET.replace("count: 6", "count: 3").replace("count: 4", "count: 1").replace("count: 5", "count: 2")
    text = text.replace("count: 10", "count: 4").replace("total: 10", "total: 4")
    return text.replace("data_set: points", f'data_set: points\ndigest: "{toy.case["data_sets"][0]["digest"]}"')


def test_a_data_set_report_is_held_against_data_and_domain(toy: Kit) -> None:
    text = data_report(toy)
    add(toy, text, "dataset-report", "dataset-report", examined="data", about=["points"])
    assert codes(toy.take()) == [] and entry(toy.take()).whole
    add(toy, text.replace("parameter: y", "parameter: z"), "dataset-report", "dataset-report", about=["points"])
    snapshot = toy.take()
    assert codes(snapshot) == ["E181", "E181"] and entry(snapshot, 1).counts and not entry(snapshot, 1).whole
    toy.case["documents"].pop()
    path = toy.folder / "data.npz"
    path.write_bytes(path.read_bytes() + b" ")
    toy.case["data_sets"][0]["digest"] = of_bytes(path.read_bytes())
    assert codes(toy.take()) == ["E174"] and not entry(toy.take()).fresh


def test_a_data_set_report_counts_the_samples_that_there_are(toy: Kit) -> None:
    text = data_report(toy).replace("count: 3", "count: 9").replace("total: 4", "total: 10")
    add(toy, text, "dataset-report", "dataset-report", examined="data", about=["points"])
    snapshot = toy.take()
    assert "E186" in codes(snapshot) and entry(snapshot).shows is Shows.NOTHING and not entry(snapshot).counts


@pytest.mark.parametrize(("split", "wrong"), [("count: 4", False), ("count: 6", True)])
def test_a_report_on_all_data_may_name_the_file_as_one_of_its_splits(toy: Kit, split: str, wrong: bool) -> None:
    """Then the samples of that split are compared with the four in the file."""
    now = toy.case["data_sets"][0]["digest"]
    text = DATA_SET.replace(split, f'{split}, digest: "{now}"').replace("points\n", f'points\ndigest: "{now}"\n')
    add(toy, text, "dataset-report", "dataset-report", examined="data", about=["points"])
    assert ("E186" in codes(toy.take())) is wrong


@pytest.mark.parametrize("format", ["review", "dataset-report", "requirements-csv"])
def test_a_document_shows_nothing_of_what_it_does_not_name(toy: Kit, format: str) -> None:
    """It is about R1, or about the points, and declared to be about more."""
    if format == "review":
        declared = review(toy, tied(toy), about=["R1", "case"])
        more = "R4"
    elif format == "dataset-report":
        declared = add(toy, data_report(toy), format, "dataset-report", about=["points", "R1"])
        more = "grid"
    else:
        text = "id,text\nR1,The network shall do what R1 says.\n"
        declared = add(toy, text, format, "requirement-record", about=["R1"])
        more = "R4"
    assert codes(toy.take()) == [] and entry(toy.take()).counts
    declared["about"].append(more)
    snapshot = toy.take()
    found = [item for item in snapshot.findings if item.code == "E185"]
    assert codes(snapshot) == ["E185"] and not entry(snapshot).counts and entry(snapshot).shows is Shows.NOTHING
    assert repr(more)[1:-1] in found[0].message and found[0].place.line


def test_a_requirement_list_that_says_otherwise_is_never_the_whole(toy: Kit) -> None:
    rows = "".join(f"R{n},The network shall do what R{n} says.,SR1\n" for n in (1, 2, 3, 4))
    good = add(toy, "id,text,parents\n" + rows, "requirements-csv", "requirement-record", about=["case"])
    assert codes(toy.take()) == [] and entry(toy.take()).whole
    toy.case["documents"].remove(good)
    for change in (("R4 says", "R4 said"), ("R4 says.,SR1", "R4 says.,SR2"), ("R4,", "R5,")):
        declared = add(
            toy, "id,text,parents\n" + rows.replace(*change), "requirements-csv", "trace-record", about=["case"]
        )
        snapshot = toy.take()
        assert entry(snapshot).counts and not entry(snapshot).whole
        toy.case["documents"].remove(declared)
    other = add(toy, "id,text\nX1,It shall be so.\n", "requirements-csv", "trace-record", about=["case"])
    assert entry(toy.take()).shows is Shows.NOTHING, "it holds none of the case's requirements"
    toy.case["documents"].remove(other)
    add(toy, "id,text\nR4,The network shall do it.\n", "requirements-csv", "trace-record", about=["R4"])
    assert codes(toy.take()) == ["E178"] and not entry(toy.take()).fresh, "it is of another state of R4"


def test_a_reviewer_is_found_by_id_by_any_spelling_and_for_models(toy: Kit) -> None:
    for name in ("ann", "Author, Ann", "ANN  AUTHOR", "Ann\u00a0Author", "Ann\u200b Author", "\uff21nn Author"):
        review(toy, tied(toy).replace("author: Ann Author", "author: Some Body").replace("[Rev", f'["{name}", Rev'))
        assert not entry(toy.take()).record.independent and codes(toy.take()) == ["E175"], name
        toy.case["documents"].clear()
    toy.case["models"][0]["made_by"] = "rev"
    review(toy, tied(toy, "net"), about=["net"])
    assert codes(toy.take()) == ["E175"] and not entry(toy.take()).record.independent


def test_nothing_is_of_a_later_day_than_the_document(toy: Kit) -> None:
    report = suite(PASS).replace("<testsuite", '<testsuite timestamp="2026-02-03T00:30:00"')
    declared = add(toy, report, "junit", "performance-test", examined="executable-on-target")
    assert codes(toy.take()) == [], "a day more may be another time zone's"
    declared["date"] = "2026-02-01"
    assert codes(toy.take()) == ["E176"]
    declared["date"] = "9999-12-31"
    assert codes(toy.take()) == []
    toy.case["documents"].clear()
    add(toy, PROBLEMS.replace("state: open", 'state: open, opened: "2027-01-01"'), "problem-reports", "problem-report")
    assert codes(toy.take()) == ["E172", "E176"]


def test_a_document_is_not_reviewed_before_it_is_written(toy: Kit) -> None:
    plan = add(toy, "# Plan", "plan", "plan", date="2026-02-03", about=["case"])
    text = REVIEW.replace("{id: R1}", f'{{id: D0, digest: "{plan["digest"]}"}}')
    review(toy, text, about=["case"])
    snapshot = toy.take()
    assert codes(snapshot) == ["E176"]
    assert not entry(snapshot, 1).whole


def test_items_of_problem_reports_that_the_case_does_not_have(toy: Kit) -> None:
    text = PROBLEMS.replace("title: slow", "title: slow, about: [R1, R44, net]")
    add(toy, text, "problem-reports", "problem-report", about=["case"])
    found = [item for item in toy.take().findings if item.code == "E184"]
    assert len(found) == 1 and "R44" in found[0].message and "R1" not in found[0].message


def test_a_training_log_is_of_the_model_whose_digest_it_names(toy: Kit) -> None:
    text = "# seed: 1\n# torch: 2\n{}epoch,loss\n1,0.5\n"
    add(toy, text.format(""), "training-log", "training-record", about=["net"])
    found = [item for item in toy.take().findings if item.code == "E183"]
    assert [item.expected for item in found] == [toy.case["models"][0]["digest"]]
    toy.case["documents"].clear()
    own = text.format(f"# net.onnx: {toy.case['models'][0]['digest']}\n")
    other = own.replace("# seed", f"# data.npz: sha256:{'0' * 64}\n# seed")
    add(toy, other, "training-log", "training-record", about=["net"])
    assert codes(toy.take()) == ["E184"], "it names data that the case does not have"
    toy.case["documents"].clear()
    add(toy, own, "training-log", "training-record", about=["net"])
    assert codes(toy.take()) == [] and entry(toy.take()).whole
    path = toy.folder / "net.onnx"
    path.write_bytes(onnx_bytes(0.5))
    toy.case["models"][0]["digest"] = of_bytes(path.read_bytes())
    snapshot = toy.take()
    assert codes(snapshot) == ["E174"] and not entry(snapshot).fresh


def test_a_requirement_list_is_compared(toy: Kit) -> None:
    rows = [
        "id,text,parents",
        "R1,The network shall do what R1 says.,SR1",
        "R2,The network shall do what R2 says,SR1",
        "R3,The network shall do what R3 says.,SR9",
        "X1,The crew shall look out of the window.,",
    ]
    add(toy, "\n".join(rows), "requirements-csv", "requirement-record", about=["case"])
    snapshot = toy.take()
    found = [
        (item.code, item.place.element, item.place.line)
        for item in snapshot.findings
        if item.code[:3] in ("E17", "E18")
    ]
    assert [item[:2] for item in found] == [("E177", "R4"), ("E178", "R2"), ("E179", "R3"), ("E180", "D0")]
    assert found[1][2] == 3 and found[2][2] == 4
    toy.case["documents"][0]["about"] = ["R1"]
    assert [item.code for item in toy.take().findings if item.code[:3] in ("E17", "E18")] == ["E180"]


def test_reqif_says_the_same(toy: Kit) -> None:
    add(toy, REQIF, "reqif", "trace-record", about=["R1"])
    assert codes(toy.take()) == []


def test_problem_reports_are_read(toy: Kit) -> None:
    add(toy, PROBLEMS, "problem-reports", "problem-report", about=["case"])
    snapshot = toy.take()
    assert codes(snapshot) == ["E172"] and entry(snapshot).counts and not entry(snapshot).whole


def test_wording_of_imported_requirements_is_noted_at_their_line(toy: Kit) -> None:
    text = "id,text\nX1,The crew shall react appropriately.\nR1,The network shall do what R1 says.\n"
    add(toy, text, "requirements-csv", "requirement-record", about=["case"])
    notes = [item for item in toy.take().findings if item.code.startswith("W1")]
    assert [(item.code, item.place.line, item.place.element) for item in notes] == [("W101", 2, "X1")]


def test_two_looks_are_the_same(toy: Kit) -> None:
    junit(toy, PASS + SKIP)
    review(toy, REVIEW)
    first, second = toy.take(), toy.take()
    assert first.findings == second.findings
    assert [item.digest for item in first.register.documents] == [item.digest for item in second.register.documents]
