"""JUnit XML of several runners: what is counted, and that nothing can look better than it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from engineering_toys import GTEST, PYTEST, SUREFIRE, read_text, refused, suite
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.records.engineering import Shows, TestResults

PASS, FAIL = '<testcase name="a"/>', '<testcase name="b"><failure/></testcase>'
ERROR, SKIP = '<testcase name="c"><error/></testcase>', '<testcase name="d"><skipped/></testcase>'


def counts(found: TestResults) -> tuple[int, int, int, int, int]:
    return found.tests, found.passed, found.failures, found.errors, found.skipped


@pytest.mark.parametrize(
    ("text", "expected"), [(PYTEST, (4, 2, 1, 0, 1)), (SUREFIRE, (3, 2, 0, 1, 0)), (GTEST, (4, 1, 1, 0, 2))]
)
def test_dialects(text: str, expected: tuple[int, int, int, int, int]) -> None:
    found = read_text("junit", text)
    assert counts(found) == expected and found.shows is Shows.FAILS
    assert found.unlisted == 0 and found.disagreements == () and found.left_out == 0


def test_a_note_says_which_test_and_where() -> None:
    note = read_text("junit", PYTEST).notes[0]
    assert (note.name, note.outcome, note.message, note.line) == (
        "tests.test_table.test_bad", "failure", "assert 1 == 2", 6,
    )  # fmt: skip
    assert read_text("junit", SUREFIRE).flaky == 1, "passed only when repeated"


@pytest.mark.parametrize(
    ("cases", "shows"),
    [
        (PASS, Shows.PASSES),
        (PASS + SKIP, Shows.PARTLY),
        (PASS + FAIL, Shows.FAILS),
        (PASS + ERROR, Shows.FAILS),
        (SKIP, Shows.NOTHING),
        ("", Shows.NOTHING),
        ('<testcase name="a" status="run"/>', Shows.PASSES),
        ('<testcase name="a" status="notrun"/>', Shows.NOTHING),
        ('<testcase name="a" status="fail"/>', Shows.FAILS),
        ('<testcase name="a" status="who knows"/>', Shows.FAILS),
        ('<testcase name="a" status="run" result="suppressed"/>', Shows.NOTHING),
        ('<testcase name="a"><skipped/><failure/></testcase>', Shows.FAILS),
        ('<testcase name="a"><failure/><skipped/></testcase>', Shows.FAILS),
        (PASS + "<error message='could not be collected'/>", Shows.FAILS),
        ('<testcase name="a"><system-out>&lt;failure/&gt;</system-out></testcase>', Shows.PASSES),
        ('<testcase name="a"><results><failure/></results></testcase>', Shows.FAILS),
        ('<testcase name="a"><failed/></testcase>', Shows.FAILS),
        ('<testcase name="a"><Error/></testcase>', Shows.FAILS),
        ('<testcase name="a"><time-out/></testcase>', Shows.FAILS),
        ('<testcase name="a" outcome="Failed"/>', Shows.FAILS),
        ('<testcase name="a"><inconclusive/></testcase>', Shows.NOTHING),
        ('<testcase name="a"/><testcase name="a"/>', Shows.PARTLY),
    ],
)
def test_what_a_suite_shows(cases: str, shows: Shows) -> None:
    found = read_text("junit", suite(cases))
    assert found.shows is shows
    assert found.shows.supports == (shows in (Shows.PASSES, Shows.PARTLY))


def test_only_a_clean_suite_can_be_the_whole() -> None:
    assert read_text("junit", suite(PASS)).shows.whole
    assert not read_text("junit", suite(PASS + SKIP)).shows.whole


def test_a_header_can_only_make_it_worse() -> None:
    worse = read_text("junit", suite(PASS, tests=1, failures=1))
    assert worse.shows is Shows.FAILS and worse.unlisted == 1 and worse.failed == 1
    assert "states 1 failures and errors, lists 0" in worse.disagreements[0]
    better = read_text("junit", suite(PASS + FAIL, tests=2, failures=0))
    assert better.shows is Shows.FAILS and better.disagreements == ()
    more = read_text("junit", suite(PASS, tests=5))
    assert more.shows is Shows.PARTLY and "states 5 tests, lists 1" in more.disagreements[0]


@pytest.mark.parametrize(
    ("stated", "shows"),
    [
        ({"tests": 2, "skipped": 1}, Shows.PARTLY),
        ({"tests": 2, "disabled": 1}, Shows.PARTLY),
        ({"tests": 1}, Shows.PARTLY),
        ({"tests": 2, "skipped": 0, "disabled": 0}, Shows.PASSES),
    ],
)
def test_a_header_with_other_tests_than_are_listed_is_never_the_whole(stated: dict[str, int], shows: Shows) -> None:
    two = PASS + '<testcase name="z"/>'
    assert read_text("junit", suite(two, **stated)).shows is shows
    other = suite('<testcase name="y"/>')
    nested = read_text("junit", f"<testsuites>{suite(two, **stated)}{other}</testsuites>")
    assert nested.shows is shows and len(nested.disagreements) == (shows is Shows.PARTLY)


def test_a_header_may_leave_out_inner_suites_and_repetitions() -> None:
    outer = f'<testsuite tests="1">{PASS}<testsuite tests="1"><testcase name="z"/></testsuite></testsuite>'
    assert read_text("junit", outer).shows is Shows.PASSES
    again = read_text("junit", suite(PASS * 2, tests=1))
    assert again.repeated == 1 and not again.disagreements and again.shows is Shows.PARTLY, (
        "as pytest-rerunfailures does"
    )


def test_counts_beyond_everything_are_a_failure_and_no_traceback() -> None:
    most = "9" * 12
    found = read_text(
        "junit", f'<testsuites failures="{most}"><testsuite failures="{most}" errors="{most}"/></testsuites>'
    )
    assert found.shows is Shows.FAILS and found.unlisted == 10**12
    assert refused("junit", suite(PASS, tests=10**13))[0] == "E165"


def test_attributes_of_another_namespace_change_nothing() -> None:
    text = f'<testsuite xmlns:x="u" failures="3" x:failures="0">{PASS}</testsuite>'
    assert read_text("junit", text).unlisted == 3


def test_the_days_on_which_tests_ran() -> None:
    one, two = '<testsuite timestamp="2026-11-30T10:00:00.5">', '<testsuite timestamp="2024-02-29 10:00">'
    odd = (
        '<testsuite timestamp="2026-02-30"/><testsuite timestamp="yesterday"/><testsuite timestamp="20261130T101010"/>'
    )
    found = read_text("junit", f"<testsuites>{one}{PASS}</testsuite>{two}</testsuite>{odd}</testsuites>")
    assert (found.first_day, found.last_day) == ("2024-02-29", "2026-11-30")
    assert read_text("junit", suite(PASS)).last_day is None


def test_nested_headers_are_not_counted_twice() -> None:
    inner = suite(FAIL + PASS, tests=2, failures=1)
    found = read_text("junit", f'<testsuites tests="4" failures="2">{inner}{inner}</testsuites>')
    assert counts(found) == (4, 2, 2, 0, 0) and found.unlisted == 0 and not found.disagreements
    hidden = suite(PASS, tests=1, failures=1)
    found = read_text("junit", f'<testsuites failures="1">{hidden}</testsuites>')
    assert found.unlisted == 1, "one hidden failure, whatever the headers around it repeat"


def test_names_that_stand_twice_are_counted() -> None:
    assert read_text("junit", suite(PASS * 3)).repeated == 2
    assert read_text("junit", suite(PASS + '<testcase name="a" classname="k"/>')).repeated == 0


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (suite("", tests=-1), "E165", 1),
        ('<testsuite tests="1.5"/>', "E165", 1),
        ('<testsuite\n failures="many"/>', "E165", 1),
        ('<testsuite skipped="-3"/>', "E165", 1),
        ("<checkstyle/>", "E164", 1),
        (suite('\n<testcase name="a"><testcase name="b"/></testcase>'), "E164", 2),
        ("<testsuite>\n<testcase>\n</testsuite>", "E161", 3),
        ("", "E161", 1),
        ("not xml", "E161", 1),
    ],
)
def test_what_is_refused(text: str, code: str, line: int) -> None:
    assert refused("junit", text) == (code, line)


def test_notes_are_bounded_and_failures_come_first() -> None:
    found = read_text("junit", suite(SKIP * 300 + FAIL * 3))
    assert len(found.notes) == 200 and found.left_out == 103
    assert [note.outcome for note in found.notes[:4]] == ["failure"] * 3 + ["skipped"]


def test_long_and_odd_names_stay_on_one_line() -> None:
    found = read_text(
        "junit", suite(f'<testcase name="{"x " * 2000}&#10;"><failure message="{"y" * 9000}"/></testcase>')
    )
    assert len(found.notes[0].name) <= 300 and "\n" not in found.notes[0].name and len(found.notes[0].message) <= 300


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([PASS, FAIL, ERROR, SKIP]), max_size=12), st.integers(0, 3), st.integers(0, 3))
def test_a_failure_anywhere_fails_the_whole(cases: list[str], failures: int, depth: int) -> None:
    text = suite("".join(cases), failures=failures)
    for _ in range(depth):
        text = f"<testsuite>{text}</testsuite>"
    found = read_text("junit", text)
    bad = cases.count(FAIL) + cases.count(ERROR)
    assert found.tests == len(cases) and found.failures + found.errors == bad
    assert found.unlisted == max(0, failures - bad)
    assert (found.shows is Shows.FAILS) == (bad > 0 or failures > 0)
    assert found.shows.supports == (bad == 0 and failures == 0 and PASS in cases)


REAL = """
import subprocess
import sys
from pathlib import Path

import pytest
def test_ok(): pass
def test_bad(): assert 0
@pytest.mark.skip
def test_skip(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.fixture
def broken():
    yield
    raise RuntimeError
def test_twice(broken): assert 0
def test_teardown(broken): pass
"""


def test_a_real_report_of_pytest_has_its_own_counts(tmp_path: Path) -> None:
    (tmp_path / "test_real.py").write_text(REAL, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=r.xml", "test_real.py"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    found = read_text("junit", (tmp_path / "r.xml").read_bytes())
    assert counts(found) == (7, 1, 2, 2, 2) and found.unlisted == 0 and found.disagreements == ()
    assert found.repeated == 1, "a test that fails and whose teardown fails is listed twice"
