"""The rules of the standard, the codes, the rows of docs/checks.md and the tests are the same list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import test_gsn_interfaces
import test_gsn_native
import test_gsn_rules
import test_gsn_rules_together

import assurance.gsn.rules
from evidence.diagnostics import Severity, registered

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "facts" / "gsn.md"
assert assurance.gsn.rules  # declares the codes

RULES: dict[str, set[str]] = {
    "C1": {"G101", "G102", "G181"},
    "C2": {"G103"},
    "C3": {"G104"},
    "C4": {"G105", "G106", "G113", "G114", "G116"},
    "C5": {"G109", "G110", "G111"},
    "C6": {"G112", "G120", "G121", "G122", "G123", "G125"},
    "C7": {"G115", "G127"},
    "P1": {"G154", "G155", "G156", "G157", "G158"},
    "P2": {"G109", "G159", "G160"},
    "P3": {"G117", "G118", "G161"},
    "P4": {"G162", "G163", "G164"},
    "P5": {"G165", "G166"},
    "M1": {"G103"},
    "M2": {"G104"},
    "M3": {"G167", "G168", "G169", "G170", "G171", "G174"},
    "M4": {"G150", "G151"},
    "M5": {"G137", "G152", "G153"},
    "M6": {"G170", "G172", "G173"},
    "M7": {"G136", "G175", "G176", "G177", "G178", "G250"},
    "M8": {"G179", "G180"},
    "A1": {"G138", "G182", "G183", "G184", "G185", "G186"},
    "D1": {"G108", "G187", "G188"},
    "D2": {"G189", "G190"},
    "D3": {"G191", "G192"},
    "D4": {"G193", "G194"},
    "Advisory": {"G126", "G128", "G129", "G195", "G196"},
}
"""Rule of the fact sheet -> the checks of it."""

OF_THE_FORM = {"G107", "G119", "G124", "G197", "G198", "G199", "G254"}
"""Checks that follow from how arguments are written, read and accepted here, not from a rule of the standard."""


def _declared_in_rules() -> frozenset[str]:
    sources = (ROOT / "assurance" / "gsn" / "rules").glob("*.py")
    pattern = re.compile(r'^G\d{3} = code\(\s*"(G\d{3})"', re.MULTILINE)
    return frozenset(code for path in sources for code in pattern.findall(path.read_text("utf-8")))


OF_RULES = _declared_in_rules()
TESTED = {code for code, _ in test_gsn_rules.CASES} | {code for code, _, _ in test_gsn_rules_together.CASES}
TESTED |= {"G113", "G166", "G181", "G250"}
"""Those have tests of their own, since no change of one element brings them about."""


def test_each_rule_of_the_fact_sheet_has_a_check() -> None:
    if not FACTS.exists():
        pytest.skip("the fact sheet ../shared/facts/gsn.md is not here")
    text = FACTS.read_text("utf-8")
    part = text[text.index("## 3.") : text.index("### gsn2x codes")]
    rules = set(re.findall(r"^- ([CPMAD]\d) ", part, re.M)) | set(re.findall(r"^### (Advisory)", part, re.M))
    assert rules == set(RULES)
    assert all(RULES.values())


def test_each_check_belongs_to_a_rule_and_has_a_test() -> None:
    of_the_standard = set().union(*RULES.values())
    assert of_the_standard - OF_RULES == {"G136"}, "the reader's own: a decoration that the element has no field for"
    assert (of_the_standard - {"G136"}) | OF_THE_FORM == OF_RULES
    assert OF_RULES == TESTED
    assert callable(test_gsn_rules.test_no_top_element)
    assert callable(test_gsn_rules_together.test_two_modules_or_patterns_of_one_name)
    assert callable(test_gsn_interfaces.test_entangled_interfaces_end_with_a_finding)
    assert callable(test_gsn_native.test_each_mistake_is_named_with_its_place)


def test_each_check_has_a_row_with_its_clause() -> None:
    rows = {
        line[2:6]: line for line in (ROOT / "docs" / "checks.md").read_text("utf-8").splitlines() if line[:2] == "| "
    }
    for code in registered():
        if code.id in OF_RULES:
            assert code.title in rows[code.id] and code.remedy in rows[code.id]
            if code.id not in OF_THE_FORM:
                assert code.clause and re.match(r"GSN [12]:\d", code.clause), code.id
                assert rows[code.id].endswith(f"| {code.clause} |")


def test_advice_is_given_as_notes() -> None:
    severities = {code.id: code.severity for code in registered()}
    assert {severities[id] for id in RULES["Advisory"] | RULES["C6"] - {"G112"}} == {Severity.NOTE}
