"""Wording of requirements: what is noted, and as important, what is not."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from case_toys import Kit, kit
from hypothesis import given, settings
from hypothesis import strategies as st
from wording_corpus import BAD, GOOD, HARD

from assurance.cli import main
from assurance.loading import load
from assurance.wording import MAX_NOTES, Known, phrases, wording_notes
from evidence.diagnostics import Severity, registered
from evidence.strict_yaml import read_yaml

NOBODY = Known(frozenset())
ROOT = Path(__file__).resolve().parents[2]


def codes(text: str, formal: bool = False, known: Known = NOBODY) -> list[str]:
    return [item.which.id for item in phrases(text, formal, known)]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("The reader shall respond with sufficient accuracy.", "W101", "sufficient"),
        ("The reader shall read almost each digit.", "W101", "almost"),
        ("An intruder that is close in altitude shall be tracked.", "W101", "close in"),
        ("The function shall warn the crew as far as possible.", "W102", "as far as"),
        ("The function shall warn where\n  appropriate.", "W102", "where appropriate"),
        ("The function shall minimise nuisance alerts.", "W103", "minimise"),
        ("The function shall warn in time.", "W104", "in time"),
        ("The function shall warn as soon as an intruder is seen.", "W104", "as soon as"),
        ("The function must warn the crew.", "W105", "must"),
        ("The function warns the crew.", "W105", "The function warns the crew."),
        ("The function shall not climb.", "W106", "shall not"),
        ("The function shall never climb.", "W106", "shall never"),
        ("The function shall read every digit.", "W107", "every"),
        ("The function shall hold under all conditions.", "W107", "all"),
        ("The function shall be right in 100 % of cases.", "W107", "100 %"),
        ("The function shall be able to read digits.", "W108", "shall be able to"),
        ("The function shall read digits and/or letters.", "W109", "and/or"),
        ("The function shall read. It must be clear that it shall also write.", "W109", "shall (2 times)"),
        ("The function shall read the digit and report it within 5 s.", "W109", "and report"),
        ("The function shall read rain, fog, etc.", "W111", "etc."),
        ("The function shall read signs such as limits.", "W111", "such as"),
        ("The function shall read signs...", "W111", "..."),
        ("The function shall answer within TBD s.", "W112", "TBD"),
        ("The function shall meet the applicable standards.", "W112", "applicable standards"),
        ("The function shall answer as described below.", "W112", "as described below"),
        ("A digit is read. It shall be right.", "W113", "It shall"),
    ],
)
def test_what_is_noted(text: str, code: str, words: str) -> None:
    found = [item for item in phrases(text) if item.which.id == code]
    assert found and found[0].words == words, phrases(text)


@pytest.mark.parametrize(
    "text",
    [
        "The network shall advise neither to climb nor to descend.",
        "In the stated box the network shall give no advisory but COC.",
        "The reader shall keep the right digit for 85 % of the 500 listed pictures.",
        "The advisory shall be given within 2 s of the first track.",
        "The function shall log altitude and time.",
        "The function shall show report and display data of at most 5 s.",
        "The function shall switch to the safe state within 50 ms.",
        "The speed shall be below 5 m/s, the rate above 3 ft/s.",
        "The reader shall read digits in low sun.",
        "The high-level output shall be between 0.5 V and 1.0 V.",
        "The intruder shall be tracked with any other aircraft present.",
        "The allocation shall be shown.",
        "The evidence of small-signal stability shall be kept.",
        "The monitor shall switch off the output when the temperature exceeds 90 degrees.",
    ],
)
def test_what_is_not_noted(text: str) -> None:
    assert phrases(text) == []


@pytest.mark.parametrize("text", [*GOOD, *HARD])
def test_well_written_requirements_have_no_note(text: str) -> None:
    assert phrases(text) == []


@pytest.mark.parametrize(("text", "code"), BAD)
def test_badly_written_requirements_have_the_note_that_they_need(text: str, code: str) -> None:
    assert code in codes(text)


def test_what_is_settled_at_one_place_is_not_settled_at_another() -> None:
    assert codes("All three channels shall be read in all conditions every 10 ms.") == ["W107"]
    assert codes("The torque shall not exceed 3 Nm and the rate shall not rise.") == ["W106", "W109"]
    assert codes('The panel shall show "All OK" at all times.') == ["W107"]
    assert codes("THE UNIT SHALL BE FAST.") == ["W101"], "where everything is in capitals, a capital is no name"


def test_characters_that_cannot_be_seen_are_noted_and_hide_nothing() -> None:
    found = phrases("The unit shall be ade\u200bquate.\u202e")
    assert [(item.which.id, item.words) for item in found] == [
        ("W101", "adequate"), ("W114", "U+200B"), ("W114", "U+202E"),
    ]  # fmt: skip


def test_a_formal_property_settles_what_words_mean_but_not_structure() -> None:
    text = "In all cells that are close in time the network shall never climb and/or wait, as appropriate."
    assert codes(text) == ["W101", "W102", "W106", "W107", "W109"]
    assert codes(text, formal=True) == ["W102", "W109"]


def test_an_escape_clause_is_no_vague_term_beside() -> None:
    assert codes("The reader shall warn as appropriate.") == ["W102"]
    assert codes("The reader shall give appropriate warnings as appropriate.") == ["W101", "W102"]


def test_identifiers_of_the_case_that_are_none() -> None:
    known = Known(frozenset({"REQ-1", "REQ-2", "V1", "H1"}))
    assert codes("The reader shall meet REQ-2 and REQ-7.", known=known) == ["W112"]
    assert codes("The reader shall meet REQ-2 in the range V7 to H2 with CO2.", known=known) == []


def test_notes_are_bounded_and_said_once() -> None:
    text = "The reader shall be adequate, adequate and ADEQUATE. " + " ".join(
        [
            "suitable",
            "good",
            "bad",
            "fast",
            "large",
            "small",
            "several",
            "many",
            "few",
            "some",
            "nearly",
            "safely",
            "proper",
        ]
    )
    found = phrases(text)
    assert len(found) == MAX_NOTES and [item.words.casefold() for item in found].count("adequate") == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_looked_at(text: str) -> None:
    for item in phrases(text):
        seen = re.sub("[\\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]", "", text)
        assert item.words.replace(" ", "") in seen or item.which.id in ("W105", "W109", "W114")


def test_a_hostile_text_takes_linear_time() -> None:
    for text in ("shall and " * 2000, "a" * 20_000, "as far " * 3000, "and\n" * 5000, "REQ-" * 5000, "<a" * 9000):
        phrases(text * 50, known=Known(frozenset({"REQ-1"})))


def test_notes_stand_at_the_text_and_change_no_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    toy: Kit = kit(tmp_path)
    toy.case["safety_requirements"][0]["text"] = "The system shall be adequately safe."
    toy.case["requirements"][0]["text"] = "The network must do it etc."
    loaded = toy.load()
    notes = [item for item in loaded.findings if item.code.startswith("W1")]
    lines = (toy.folder / "case.yaml").read_text("utf-8").splitlines()
    for note, text in zip(notes, ("adequately safe", "must do it", "must do it"), strict=True):
        assert note.severity is Severity.NOTE and note.place.line and text in lines[note.place.line - 1]
        assert note.clause and note.clause.startswith("INCOSE")
    assert [(item.code, item.place.element) for item in notes] == [("W101", "SR1"), ("W105", "R1"), ("W111", "R1")]
    for requirement in ("R1", "R2", "R3"):
        toy.prove(requirement)
    first = checked(toy, capsys)
    toy.case["safety_requirements"][0]["text"] = "No harm shall come of it."
    toy.case["requirements"][0]["text"] = "The network shall do what R1 says."
    toy.write()
    second = checked(toy, capsys)
    assert first[0] == second[0] and '"W101"' in first[1] and '"W1' not in second[1]


TEXTS = """\
schema: assurance-case/1
safety_requirements:
  - id: SR1
    text: >-
      The system shall be
      adequately safe as far
      as possible.
  - {id: SR2, text: "The system must be safe.", hazards: [H1]}
  - id: SR3
    text: |
      The reader shall work,

        etc.
    hazards: [H1]
  - id: SR4
    text: The reader shall be
          robust.
  - text: 'The reader shall be good: that is
      "quite" good.'
    id: SR5
  - id: SR6
    text: "The reader shall be \\
      fast. adequate"
  - "id": SR7
    "text": "The text: shall be \\u0066ast."
"""


def test_a_note_stands_at_its_words_in_each_form_of_text(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(TEXTS, "utf-8")
    document = read_yaml(file)
    items = [SimpleNamespace(id=item["id"], text=item["text"]) for item in document.value["safety_requirements"]]
    case: Any = SimpleNamespace(safety_requirements=items, requirements=[], hazards=[])
    lines = TEXTS.split("\n")
    found = []
    for note in wording_notes(case, document):
        words = note.message.split("'")[1]
        assert note.place.line and note.place.column
        found.append((note.place.element, words.split()[0]))
        at = lines[note.place.line - 1][note.place.column - 1 :]
        assert at.startswith(words.split()[0]) or (note.place.element, at[:4]) == ("SR7", '"tex'), (note, at)
    assert found == [
        ("SR1", "adequately"), ("SR1", "as"), ("SR2", "must"), ("SR3", "etc."), ("SR4", "robust"), ("SR5", "good"),
        ("SR6", "fast"), ("SR6", "adequate"), ("SR7", "fast"),
    ]  # fmt: skip
    file.unlink()
    assert [note.place.line for note in wording_notes(case, document)][:2] == [4, 4], (
        "without the file: where it begins"
    )


def checked(toy: Kit, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """Exit code and answer of `assurance check --json`."""
    with pytest.raises(SystemExit) as end:
        main(["check", str(toy.folder), "--json"])
    return end.value.code, capsys.readouterr().out


def test_the_examples_have_the_notes_that_a_reviewer_would_make() -> None:
    found = {}
    for name in ("vertical_cas", "digit_reader"):
        loaded = load(ROOT / "examples" / name)
        notes = wording_notes(loaded.case, loaded.document)
        found[name] = sorted((str(item.place.element), item.message.split("'")[1]) for item in notes)
    assert found == {
        "vertical_cas": [("SR1", "close in"), ("SR1", "shall never"), ("SR2", "in time"), ("SR2", "whenever")],
        "digit_reader": [("D3", "as far as"), ("D4", "shall not"), ("SR1", "shall not"), ("SR1", "small")],
    }


def test_all_codes_are_notes() -> None:
    assert all(item.severity is Severity.NOTE for item in registered() if item.id.startswith("W1"))
