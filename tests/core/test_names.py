"""Names of people: spellings of one name are one, different names stay different in every script."""

from __future__ import annotations

import itertools

import pytest

from evidence.names import folded_name, may_be_one

SAME = [
    ("Ann Bee", "ann  BEE"),
    ("Bee, Ann", "Ann Bee"),
    ("Jos\u00e9 N\u00fa\u00f1ez", "Jose Nunez"),
    ("Ann\u200b Bee", "Ann Bee"),
    ("Ann\ufe0f Bee", "Ann Bee"),
    ("\u0410nn Bee", "Ann Bee"),  # the first letter is Cyrillic
    ("\u05e9\u05b8\u05e8\u05b8\u05d4", "\u05e9\u05e8\u05d4"),  # Sarah with and without points
]
OTHER = [
    "Ann Bee",
    "Ann Beer",
    "Ann Bee 2",
    "\u0930\u093e\u092e",  # Ram and Rama in Devanagari: only the place of a vowel sign differs
    "\u0930\u092e\u093e",
    "\uae40\ucca0\uc218",
    "\uae40\uc601\uc218",
    "\u738b\u4f1f",
    "\u674e\u4f1f",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other) != ""


def test_different_names_stay_different() -> None:
    for one, other in itertools.combinations(OTHER, 2):
        assert folded_name(one) != folded_name(other)


def test_initials_may_stand_for_a_name() -> None:
    assert may_be_one(folded_name("A. Bee"), folded_name("Ann Bee"))
    assert not may_be_one(folded_name("B. Bee"), folded_name("Ann Bee"))
    assert not may_be_one(folded_name("Ann Bee"), folded_name("Ann Bee 2"))
