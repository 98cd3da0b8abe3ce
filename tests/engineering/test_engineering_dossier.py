"""Dossier and package of a case with documents of every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from case_toys import Kit, kit
from engineering_toys import COVERAGE_PY, DATA_SET, PROBLEMS, PYTEST, REQIF, REVIEW, suite
from package_toys import make_toy, resign
from test_engineering_case import add, review

from assurance.dossier import render_html
from assurance.dossier.trace import build_trace
from assurance.dossier.view_engineering import SHOWS_WORDS, content_view
from assurance.dossier.view_evidence import evidence_view
from assurance.package import archive, layout
from assurance.package.verify import verify_package
from evidence.diagnostics import registered
from evidence.digest import of_bytes
from evidence.records.engineering import Shows


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    about = {"about": ["R1"]}
    dated = PYTEST.replace('time="0.035"', 'time="0.035" timestamp="2026-01-02T10:00:00"')
    add(made, dated, "junit", "performance-test", examined="executable-on-target", **about)
    add(made, COVERAGE_PY, "cobertura", "coverage-record", examined="source-code", **about)
    add(made, "id,text\nR1,The network shall do what R1 says.\n", "requirements-csv", "trace-record", **about)
    add(made, REQIF, "reqif", "requirement-record", **about)
    review(made, REVIEW, **about)
    add(made, DATA_SET, "dataset-report", "dataset-report", about=["points"])
    add(made, "# seed: 1\nepoch,loss\n1,0.5\n", "training-log", "training-record", about=["net"])
    add(made, PROBLEMS, "problem-reports", "problem-report", about=["case"])
    add(made, "# Plan\n## Part", "plan", "plan", about=["case"])
    add(made, "<broken", "junit", "performance-test", examined="executable-on-target", **about)
    return made


def test_every_format_is_shown_with_what_it_does_not_cover(toy: Kit) -> None:
    snapshot = toy.take()
    view = evidence_view(snapshot, toy.store, build_trace(snapshot))
    known = {item.id for item in registered()}
    for document, entry in zip(view.documents, snapshot.register.documents, strict=True):
        assert document.content is not None and document.content.facts[0].value == SHOWS_WORDS[entry.shows]
        assert {item.code for item in document.limits} <= known and document.limits
        for _, grid in document.content.tables:
            assert grid.rows and all(len(row) == len(grid.heads) for row in grid.rows)
            assert not grid.numeric or len(grid.numeric) == len(grid.heads)
    words = {item.id: {fact.name: fact.value for fact in item.content.facts} for item in view.documents if item.content}
    assert words["D0"]["Passed"] == "2 of 4" and words["D0"]["Failed"] == "1 failure, 0 errors"
    assert words["D0"]["Ran"] == "2026-01-02"
    assert words["D1"]["Statements (by lines)"] == "3 of 4 covered"
    assert "MC/DC" in words["D1"]["Not reported"]
    assert view.documents[0].outcome == "fails" and view.documents[0].bad
    assert view.documents[-1].state == "unreadable: no evidence" and view.documents[-1].outcome == "unreadable"
    assert view.documents[8].content and view.documents[8].content.tables[0][1].rows == (("1", "Plan"), ("2", "– Part"))


def test_a_document_without_format_looks_as_before(toy: Kit) -> None:
    assert content_view(None, Shows.STATES) is None


def test_the_page_holds_the_tests_that_failed(toy: Kit) -> None:
    page = render_html(toy.take(), toy.store)
    for words in ("tests.test_table.test_bad", "assert 1 == 2", "unreadable: no evidence", "What was read from it"):
        assert words in page


DOCUMENT = """
  - id: TESTS
    title: Tests of the network
    path: tests.xml
    digest: {digest}
    evidence: performance-test
    format: junit
    author: ben
    date: "2026-01-03"
    about: [R1]
    examined: executable-on-target
"""


def test_a_reader_reads_the_documents_again(tmp_path: Path) -> None:
    """A package whose test report was exchanged for a better one says something else than its evidence gives."""
    made = make_toy(tmp_path)
    failing = suite('<testcase name="a"/><testcase name="b"><failure/></testcase>').encode()
    passing = suite('<testcase name="a"/><testcase name="b"/>').encode()
    (made.folder / "tests.xml").write_bytes(failing)
    case = made.folder / "case.yaml"
    text = case.read_text("utf-8")
    case.write_text(text.rstrip() + DOCUMENT.format(digest=of_bytes(failing)), "utf-8")
    made.reload()
    package = made.build().file.read_bytes()
    (tmp_path / "given.zip").write_bytes(package)
    true = verify_package(tmp_path / "given.zip", made.public)
    assert true.ok, [str(item) for item in true.findings]
    members = archive.read(package).members
    assert "E170" in {item["code"] for item in json.loads(members[layout.FINDINGS])["findings"]}

    name = layout.CASE + "case.yaml"
    forged = {
        **members,
        layout.CASE + "tests.xml": passing,
        name: members[name].replace(of_bytes(failing).encode(), of_bytes(passing).encode()),
    }
    data = resign(forged, made.key, lambda manifest: manifest["case"].update(digest=of_bytes(forged[name])))
    (tmp_path / "given.zip").write_bytes(data)
    result = verify_package(tmp_path / "given.zip", made.public)
    assert not result.ok and "P140" in {item.code for item in result.findings}
