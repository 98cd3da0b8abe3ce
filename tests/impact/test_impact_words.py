"""Words that people gave, history, other names: what lapses, what is lost, what only reads otherwise, and what is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from case_toys import Kit, document
from impact_toys import (
    Pair,
    declare,
    epsilon,
    executed,
    fewer,
    keys,
    label,
    names,
    reruns,
    seed,
    signed,
    stale_by,
    state,
)

from assurance.challenges import threat_digest
from assurance.cli.diff import _applies
from assurance.impact import Impact, compare
from assurance.impact.outdated import contrast
from assurance.impact.report import StaleState

LAPSED = ("stands", "does not count")


def since(kit: Kit, old: object) -> Impact:
    return compare(old, state(kit))  # type: ignore[arg-type]


# --- words -----------------------------------------------------------------------------------------------------------------


def test_exclusions_are_not_accepted_by_an_author(pair: Pair) -> None:
    """Somebody becomes the author of a requirement that rests on the threat model: his word on its exclusions lapses."""
    threat = pair.new.load().case.threat_models[0]
    deviation = {"id": "D1", "about": "TM", "rationale": "treated elsewhere in the project", "accepted_by": "rev"}
    pair.new.case["deviations"] = [deviation | {"date": "2026-03-02", "of": threat_digest(threat)}]
    old = state(pair.new)
    assert signed(since(pair.new, pair.before))["deviation D1"] == (None, "stands")
    pair.new.requirement("R1")["author"] = "rev"
    del pair.new.requirement("R1")["meaning_review"]
    impact = since(pair.new, old)
    assert signed(impact)["deviation D1"] == LAPSED
    (word,) = [item for item in impact.acceptances if item.key == "deviation D1"]
    assert "requirement text R1" in word.because


@pytest.fixture
def agreed(pair: Pair) -> Kit:
    case = pair.new.case
    case["documents"].append(document(pair.new.folder, "psac", evidence="plan"))
    made = {
        "id": "psac-1",
        "kind": "PSAC",
        "reference": "Plan, issue 1",
        "authority": "The authority",
        "state": "agreed",
    }
    case["agreements"] = [made | {"date": "2026-02-05", "document": "psac"}]
    exempt = {"objective": "A-3.2", "justification": "nothing here is coupled to anything", "approved_by": "rev"}
    case["standards"][0] |= {"agreement": "psac-1", "not_applicable": [exempt | {"date": "2026-02-06"}]}
    return pair.new


def test_an_agreement_lapses_with_its_document(agreed: Kit) -> None:
    old = state(agreed)
    (agreed.folder / "psac.md").write_text("another plan", "utf-8")
    impact = since(agreed, old)
    (word,) = [item for item in impact.acceptances if item.kind == "agreement"]
    assert (word.before, word.after) == LAPSED and word.by == "The authority" and "document psac" in word.because
    assert _applies("lapsed", impact)
    declare(agreed, "documents", "psac")
    (word,) = [item for item in since(agreed, old).acceptances if item.kind == "agreement"]
    assert (word.before, word.after) == ("stands", "stands"), "another document was agreed to: look again"


def test_an_exemption_lapses_when_its_approver_made_the_thing(agreed: Kit) -> None:
    old = state(agreed)
    assert "not applicable do-178c:A-3.2" in {item.key for item in old.sign_offs if item.stands}
    agreed.case["models"][0]["made_by"] = "rev"
    for item in agreed.case["requirements"]:
        item["author"] = "rev"
        item.pop("meaning_review", None)
    assert signed(since(agreed, old))["not applicable do-178c:A-3.2"] == LAPSED


def test_the_acceptance_that_is_shown_is_the_one_that_counts(pair: Pair) -> None:
    """A later acceptance of another state does not take the place of the one that stands."""
    first = pair.new.case["acceptances"][0]
    pair.new.case["acceptances"].append(first | {"by": "ann", "date": "2026-03-09", "digest": "sha256:" + 64 * "0"})
    (word,) = [item for item in state(pair.new).sign_offs if item.key == f"acceptance {first['objective']}"]
    assert word.stands and word.date == first["date"]


def test_a_challenge_of_a_document_or_an_element_explains_the_requirements(pair: Pair) -> None:
    pair.new.case["challenges"] = [
        {"id": "CH1", "against": {"document": "review-r1"}, "doubt": "the review was too short", "raised_by": "rev"}
        | {"date": "2026-02-07"}
    ]
    (affected,) = [item for item in since(pair.new, pair.before).requirements if item.id == "R1"]
    assert affected.because == ("challenge CH1",) and affected.after == "in doubt"


# --- history -----------------------------------------------------------------------------------------------------------------


def test_a_journal_that_lost_an_entry_is_said(pair: Pair) -> None:
    """Deleting a line deletes a failed try; the records that are left say nothing of it."""
    journal = pair.new.folder / "evidence" / "journal.jsonl"
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    failed = json.loads(lines[0]) | {"outcome": "not-met", "criterion": "sha256:" + 64 * "a"}
    journal.write_text("".join([json.dumps(failed) + "\n", *lines]), "utf-8")
    old = state(pair.new)
    assert "journal entry run-1" in keys(since(pair.new, pair.before)), "an earlier try that appears is told"
    journal.write_text("".join(lines), "utf-8")
    impact = since(pair.new, old)
    (gone,) = [item for item in impact.changed if item.kind == "journal entry"]
    assert gone.change == "removed" and gone.caution is not None and "only ever grows" in gone.caution
    assert _applies("lost", impact) and not _applies("lost", since(pair.new, pair.before))
    journal.write_text("".join(reversed(lines)), "utf-8")
    (order,) = [item for item in since(pair.new, pair.before).changed if item.kind == "order"]
    assert order.caution is not None


def test_repeated_runs_only_add_to_history(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(pair.new)
    executed(pair.new, monkeypatch)
    impact = since(pair.new, pair.before)
    assert not _applies("lost", impact) and keys(impact) == {"run run-2"}


# --- other names ---------------------------------------------------------------------------------------------------------------


def renamed(kit: Kit, before: str, after: str) -> None:
    """Another id for a requirement, everywhere in the case file."""
    text = json.dumps(kit.case).replace(f'"{before}"', f'"{after}"')
    kit.case.clear()
    kit.case.update(json.loads(text))


def test_another_id_is_another_requirement_and_says_which_it_was(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed(pair.new, "R2", "R9")
    impact = pair.impact()
    rows = {item.id: item for item in impact.requirements}
    assert rows["R2"].same_as == "R9" and rows["R9"].same_as == "R2" and rows["R9"].after == "undeveloped"
    assert stale_by(impact)["run-2"] is StaleState.NO_LONGER_COUNTS
    assert not impact.rerun and [(item.run, item.requirement) for item in impact.note] == [("run-2", "R9")]
    assert executed(pair.new, monkeypatch) == set(), "nothing is computed"
    rows = {item.id: item for item in pair.impact().requirements}
    assert rows["R9"].after == "supported" and not pair.impact().note


def test_another_id_of_a_run_is_noted_and_not_repeated(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.new.case["runs"][1]["id"] = "renamed"
    impact = pair.impact()
    assert [item.run for item in impact.note] == ["renamed"] and not reruns(impact) and not impact.empty
    assert {item.id: item.after for item in impact.requirements} == {"R2": "undeveloped"}
    assert executed(pair.new, monkeypatch) == set() and not pair.impact().note
    assert {item.after for item in pair.impact().requirements} <= {"supported"}


def test_going_back_is_noted_and_not_repeated(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store still has the answers to what was asked before."""
    epsilon(pair.new)
    executed(pair.new, monkeypatch)
    pair.new.case["threat_models"][0]["perturbation"]["eps"] = "0.1 m"
    impact = pair.impact()
    assert [item.run for item in impact.note] == ["run-1"] and not impact.rerun


def test_a_refuted_requirement_that_is_taken_out_is_lost(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    label(pair.new)
    executed(pair.new, monkeypatch)
    old = state(pair.new)
    pair.new.case["requirements"] = pair.new.case["requirements"][1:]
    pair.new.case["runs"] = pair.new.case["runs"][1:]
    pair.new.case["documents"] = [item for item in pair.new.case["documents"] if item["about"] != ["R1"]]
    impact = since(pair.new, old)
    (gone,) = [item for item in impact.requirements if item.id == "R1"]
    assert gone.caution is not None and "nobody asks for it" in gone.caution and _applies("lost", impact)


# --- what reads otherwise --------------------------------------------------------------------------------------------------------


def test_the_order_of_boxes_is_a_change(pair: Pair) -> None:
    """It is part of the request, so that the run has to be repeated: the reader is told why."""
    boxes = pair.new.requirement("R2")["property"]["regions"]["boxes"]
    boxes.append(json.loads(json.dumps(boxes[0])) | {"id": "other"})
    old = state(pair.new)
    boxes.reverse()
    impact = since(pair.new, old)
    assert keys(impact) == {"formal property R2"} and impact.rerun[0].why


def test_the_order_in_the_case_file_is_a_change(pair: Pair) -> None:
    pair.new.case["documents"].reverse()
    (order,) = pair.impact().changed
    assert (order.kind, order.id) == ("order", "document")


def test_white_space_in_a_sentence_is_a_change(pair: Pair) -> None:
    """Its digest is another one, and the review of its meaning lapses."""
    pair.new.requirement("R1")["text"] = pair.new.requirement("R1")["text"].replace(" ", "  ", 1)
    impact = pair.impact()
    assert keys(impact) == {"requirement text R1"} and signed(impact)["meaning review R1"] == LAPSED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a " * 60 + "first", "a " * 60 + "second"),
        ("x" * 300 + "1", "x" * 300 + "2"),
        ("one  two", "one two"),
        ("short", "other"),
        ("", "x" * 500),
        ("same start", "same start and more"),
    ],
)
def test_two_values_are_shown_where_they_differ(before: str, after: str) -> None:
    shown = contrast(before, after)
    assert shown[0] != shown[1] and max(map(len, shown)) < 90


# --- what is kept ------------------------------------------------------------------------------------------------------------------


def test_what_is_kept_and_why(pair: Pair) -> None:
    fewer(pair.new)
    impact = pair.impact()
    reasons = {item.source: item.reason for item in impact.kept.evidence}
    assert reasons.keys() == {"run-2", "run-3", "plan", "target"}
    assert "answers what its run asks" in reasons["run-2"] and "what it is about are the same" in reasons["target"]
    assert "for its author to say" in reasons["plan"], "a plan is about the case as a whole, which is not followed"
    assert impact.kept.requirements == ("R2", "R3")
    assert impact.kept.goals == len(pair.before.goals) - len(impact.goals)
    assert impact.kept.objectives == len(pair.before.objectives) - len(impact.objectives)
    touched = {item.key for item in impact.acceptances}
    assert touched and not touched & set(impact.kept.words)
    for one in (*impact.stale, *impact.requirements):
        assert getattr(one, "source", one) not in reasons and one not in impact.kept.requirements


def test_nothing_is_kept_of_another_model(pair: Pair, tmp_path: Path) -> None:
    shutil.rmtree(pair.new.folder / "evidence")
    kept = pair.impact().kept
    assert {item.source for item in kept.evidence} == {"plan", "review-r1", "target"}
    assert not names(pair.impact().requirements) & set(kept.requirements)
