"""Cobertura: counted from lines, criteria that are absent stay absent, worse totals win."""

from __future__ import annotations

import pytest
from engineering_toys import COVERAGE_PY, GCOVR, coverage, read_text, refused

from evidence.records.engineering import Measure, Shows

LINE = '<line number="1" hits="1"/>'


def test_lines_and_branches_are_counted() -> None:
    found = read_text("cobertura", COVERAGE_PY)
    assert found.statement == Measure(covered=3, of=4, by="lines")
    assert found.branch == Measure(covered=3, of=4, by="lines")
    assert found.absent == ("condition", "decision", "mcdc") and found.disagreements == ()
    assert found.shows is Shows.PARTLY
    assert [(item.file, item.lines) for item in found.uncovered] == [("table.py", (7,))]


def test_the_lines_of_methods_are_not_counted_twice_and_the_known_dtd_passes() -> None:
    found = read_text("cobertura", GCOVR)
    assert found.statement == Measure(covered=2, of=2, by="lines") and found.shows is Shows.PASSES
    only = GCOVR.replace(GCOVR[GCOVR.index("      <lines>\n") : GCOVR.index("    </class>")], "")
    found = read_text("cobertura", only)
    assert found.statement == Measure(covered=1, of=1, by="lines"), "where a class lists no lines, its methods' count"
    assert "states 2 of 2, lists 1 of 1" in found.disagreements[0] and found.shows is Shows.PARTLY


def test_a_line_that_is_listed_twice_is_covered_only_when_it_always_is() -> None:
    found = read_text("cobertura", coverage('<line number="1" hits="1"/><line number="1" hits="0"/>'))
    assert found.statement == Measure(covered=0, of=1, by="lines") and found.shows is Shows.NOTHING
    twice = (
        '<line number="1" hits="1" branch="true" condition-coverage="100% (2/2)"/>'
        '<line number="1" hits="1" branch="true" condition-coverage="50% (1/2)"/>'
    )
    assert read_text("cobertura", coverage(twice)).branch == Measure(covered=1, of=2, by="lines")


def test_mcdc_and_decisions_from_extensions() -> None:
    lines = '<line number="1" hits="1" decision-coverage="100% (2/2)" mcdc-coverage="66.7% (2/3)"/>'
    found = read_text("cobertura", coverage(lines))
    assert found.decision == Measure(covered=2, of=2, by="lines")
    assert found.mcdc == Measure(covered=2, of=3, by="lines")
    assert found.absent == ("branch", "condition") and found.shows is Shows.PARTLY
    totals = read_text("cobertura", coverage(LINE, 'line-rate="1" mcdc-covered="3" mcdc-valid="3"'))
    assert totals.mcdc == Measure(covered=3, of=3, by="totals")
    rate = read_text("cobertura", coverage(LINE, 'line-rate="1" mcdc-rate="0.9"'))
    assert rate.mcdc is None and rate.rates == {"mcdc": 0.9} and "mcdc" not in rate.absent
    assert rate.shows is Shows.PARTLY


def test_worse_totals_win_and_better_ones_change_nothing() -> None:
    worse = read_text("cobertura", coverage(LINE, 'lines-covered="1" lines-valid="9" line-rate="0.11"'))
    assert worse.statement == Measure(covered=1, of=9, by="totals") and worse.disagreements
    better = read_text(
        "cobertura",
        coverage('<line number="1" hits="0"/>' + LINE.replace("1", "2", 1), 'lines-covered="2" lines-valid="2"'),
    )
    assert better.statement == Measure(covered=1, of=2, by="lines") and better.disagreements
    share = read_text("cobertura", coverage('<line number="1" hits="0"/>', 'line-rate="1"'))
    assert share.shows is Shows.NOTHING and "share of 1" in share.disagreements[0]


def test_a_branch_without_numbers_is_never_complete() -> None:
    found = read_text("cobertura", coverage('<line number="1" hits="1" branch="true"/>', 'line-rate="1"'))
    assert found.uncounted == 1 and found.shows is Shows.PARTLY
    found = read_text(
        "cobertura", coverage('<line number="1" hits="1" branch="true" condition-coverage="100%"/>', 'line-rate="1"')
    )
    assert found.uncounted == 1 and found.branch is None


def test_no_line_shows_nothing() -> None:
    assert read_text("cobertura", coverage("")).shows is Shows.NOTHING
    assert read_text("cobertura", '<coverage line-rate="1.0"/>').shows is Shows.NOTHING
    assert read_text("cobertura", '<coverage line-rate="1" branch-rate="nan"/>').branch is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (coverage('<line number="1" hits="-1"/>'), "E165"),
        (coverage('<line number="x" hits="1"/>'), "E165"),
        (coverage('<line hits="1"/>'), "E165"),
        (coverage('<line number="1" hits="1" condition-coverage="150% (3/2)"/>'), "E165"),
        (coverage(LINE, 'lines-covered="5" lines-valid="4"'), "E165"),
        (coverage(LINE, 'line-rate="1.5"'), "E165"),
        (coverage(LINE, 'line-rate="-0.5"'), "E165"),
        (coverage(LINE, 'line-rate="inf"'), "E165"),
        ("<coverage generated='1'/>", "E164"),
        ("<report/>", "E164"),
        (GCOVR.replace("coverage-04.dtd'>", "coverage-04.dtd' [<!ENTITY a 'b'>]>"), "E162"),
        (GCOVR.replace("coverage-04.dtd'>", "coverage-04.dtd' []>"), "E162"),
        (GCOVR.replace("http://cobertura.sourceforge.net/xml/coverage-04.dtd", "file:///etc/passwd"), "E162"),
        (GCOVR.replace("gcovr 7.0", "&a;"), "E162"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    assert refused("cobertura", text)[0] == code
