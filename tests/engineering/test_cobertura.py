"""Cobertura: counted from lines, criteria that are absent stay absent, worse totals win."""

from __future__ import annotations

from typing import Any

import pytest
from engineering_toys import COVERAGE_PY, GCOVR, coverage, read_text, refused
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_line_may_be_hit_very_often() -> None:
    assert read_text("cobertura", coverage(f'<line number="1" hits="{2**63}"/>', 'line-rate="1"')).shows is Shows.PASSES


def test_a_branch_without_numbers_is_never_complete() -> None:
    found = read_text("cobertura", coverage('<line number="1" hits="1" branch="true"/>', 'line-rate="1"'))
    assert found.uncounted == 1 and found.shows is Shows.PARTLY
    found = read_text(
        "cobertura", coverage('<line number="1" hits="1" branch="true" condition-coverage="100%"/>', 'line-rate="1"')
    )
    assert found.uncounted == 1 and found.branch is None


def classes(*each: str) -> str:
    made = "".join(f'<class filename="a.c"><lines>{lines}</lines></class>' for lines in each)
    return f'<coverage line-rate="0.5"><packages><package><classes>{made}</classes></package></packages></coverage>'


def test_a_line_counts_once_in_however_many_classes_it_stands() -> None:
    found = read_text("cobertura", classes(LINE + '<line number="2" hits="0"/>', *[LINE] * 9))
    assert found.statement == Measure(covered=1, of=2, by="lines") and found.files == 1
    assert [(item.lines, item.count) for item in found.uncovered] == [((2,), 1)]
    found = read_text("cobertura", classes(LINE, '<line number="1" hits="0"/>'))
    assert found.statement == Measure(covered=0, of=1, by="lines")


def test_totals_that_count_every_listing_agree() -> None:
    """gcovr lists a line once for each instance of a template, and counts it as often."""
    text = coverage(LINE * 3 + '<line number="2" hits="0"/>', 'lines-covered="3" lines-valid="4" line-rate="0.75"')
    found = read_text("cobertura", text)
    assert found.statement == Measure(covered=1, of=2, by="lines") and found.disagreements == ()


def test_lines_that_only_methods_list_count() -> None:
    inside = '<methods><method><lines><line number="2" hits="0"/><line number="1" hits="0"/></lines></method></methods>'
    text = coverage(LINE, 'line-rate="1"').replace("<lines>", inside + "<lines>", 1)
    found = read_text("cobertura", text)
    assert found.statement == Measure(covered=1, of=2, by="lines") and found.disagreements, "the share of 1 is not so"


@pytest.mark.parametrize(
    ("line", "measure", "uncounted"),
    [
        ('condition-coverage="50% (1/2)" branch-coverage="100% (2/2)"', (1, 2), 0),
        ('branch-coverage="100% (2/2)" condition-coverage="50,0 % ( 1 / 2 )"', (1, 2), 0),
        ('branch="true" condition-coverage=""', None, 1),
        ('branch="TRUE" condition-coverage="all"', None, 2),
        ('branch="true" condition-coverage="0% (0/0)"', None, 0),
    ],
)
def test_the_worst_that_a_line_says_counts(line: str, measure: tuple[int, int] | None, uncounted: int) -> None:
    found = read_text("cobertura", coverage(f'<line number="1" hits="1" {line}/>', 'line-rate="1"'))
    assert (found.branch and (found.branch.covered, found.branch.of)) == measure
    assert bool(found.uncounted) == bool(uncounted) and found.shows is (
        Shows.PASSES if measure is None and not uncounted else Shows.PARTLY
    )


@pytest.mark.parametrize(
    ("root", "text"),
    [
        ('line-rate="0.2" lines-valid="1" lines-covered="1"', "statement: states a share of 0.2, lists 1 of 1"),
        ('line-rate="1" branch-rate="1"', "branch: states a share of 1, lists 1 of 2"),
        ('line-rate="1" mcdc-rate="0.9"', "mcdc: states a share of 0.9, lists 1 of 1"),
    ],
)
def test_shares_that_do_not_fit_the_counts_are_told(root: str, text: str) -> None:
    line = '<line number="1" hits="1" condition-coverage="50% (1/2)" mcdc-coverage="100% (1/1)"/>'
    found = read_text("cobertura", coverage(line, root))
    assert found.disagreements == (text,) and found.shows is Shows.PARTLY and found.complete == ()


def test_a_branch_rate_alone_says_nothing_where_it_is_whole_or_nothing() -> None:
    for rate, kept in (("1", {}), ("0", {}), ("0.5", {"branch": 0.5})):
        found = read_text("cobertura", coverage(LINE, f'line-rate="1" branch-rate="{rate}"'))
        assert found.rates == kept and found.branch is None
        assert found.shows is (Shows.PARTLY if kept else Shows.PASSES)


def test_measures_are_what_was_counted_and_mcdc_is_never_made_of_branches() -> None:
    found = read_text("cobertura", GCOVR)
    assert found.measures == (("statement", 2, 2), ("branch", 2, 2)) and found.complete == ("statement", "branch")
    every = '<line number="1" hits="1" condition-coverage="50% (1/2)" mcdcpair-coverage="66.666666666667% (2/3)"/>'
    found = read_text("cobertura", coverage(every, 'line-rate="1" decisions-covered="4" decisions-valid="4"'))
    assert found.measures == (("statement", 1, 1), ("branch", 1, 2), ("decision", 4, 4), ("mcdc", 2, 3))
    assert found.complete == ("statement", "decision")
    share = read_text("cobertura", coverage(LINE, 'line-rate="1" branch-rate="1" mcdc-rate="1"'))
    assert share.measures == (("statement", 1, 1),) and "mcdc" not in share.complete
    open_ = read_text("cobertura", coverage(LINE + '<line number="2" hits="1" branch="true"/>', 'line-rate="1"'))
    assert open_.complete == ("statement",)


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
        (coverage('<line number="1" hits="1" condition-coverage="50% (2/2)"/>'), "E165"),
        (coverage('<line number="1" hits="1" mcdc-coverage="100% (1/2)"/>'), "E165"),
        (coverage(LINE).replace("<classes>", LINE + "<classes>"), "E164"),
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


OUTCOMES = st.sampled_from(["", "0/2", "1/2", "2/2", "3/4", "0/0"])
LINES = st.tuples(st.integers(1, 4), st.integers(0, 1), OUTCOMES, OUTCOMES, st.booleans())
CLASSES = st.lists(st.tuples(st.sampled_from("ab"), st.lists(LINES, max_size=5)), max_size=4)


def share(text: str) -> str:
    n, of = map(int, text.split("/"))
    return f"{100 * n / of if of else 100:.1f}% ({text})"


@settings(max_examples=300, deadline=None)
@given(CLASSES)
def test_counts_are_those_of_a_reader_that_takes_its_time(given_: list[Any]) -> None:
    """Each line and outcome of a file once, the worst that is said of it; what only methods list counts, too."""
    parts: list[str] = []
    seen: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for name, lines in given_:
        listed = {(kind, number) for number, _, *told, inside in lines if not inside for kind in kinds(told)}
        for number, hits, branch, mcdc, inside in lines:
            told = {"statement": (hits, 1)} | {
                kind: (int(text[0]), int(text[2])) for kind, text in (("branch", branch), ("mcdc", mcdc)) if text
            }
            for kind, pair in told.items():
                if not inside or (kind, number) not in listed:
                    seen.setdefault((kind, name, number), []).append(pair)
        text = {True: "", False: ""}
        for number, hits, branch, mcdc, inside in lines:
            attributes = "".join(
                f' {attribute}="{share(value)}"'
                for attribute, value in (("condition-coverage", branch), ("mcdc-coverage", mcdc))
                if value
            )
            text[inside] += f'<line number="{number}" hits="{hits}"{attributes}/>'
        methods = f"<methods><method><lines>{text[True]}</lines></method></methods>"
        parts.append(f'<class filename="{name}">{methods}<lines>{text[False]}</lines></class>')
    found = read_text("cobertura", f'<coverage line-rate="">{"".join(parts)}</coverage>')
    for kind in ("statement", "branch", "mcdc"):
        missing = 0
        for (which, _, _), pairs in seen.items():
            if which == kind:
                worst = max(pairs, key=lambda pair: pair[1] - pair[0])
                missing += worst[1] - worst[0]
        measure = found.measure(kind)  # type: ignore[arg-type]
        of = 0 if measure is None else measure.of
        assert (0 if measure is None else measure.of - measure.covered) == missing
        things = sum(which == kind for which, _, _ in seen)
        assert of == things if kind == "statement" else of <= 4 * things


def kinds(told: list[str]) -> list[str]:
    return ["statement", *(kind for kind, text in zip(("branch", "mcdc"), told, strict=True) if text)]
