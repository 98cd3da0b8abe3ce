"""`compare` names exactly what a change affects, and `assurance run` repeats exactly the runs that it lists."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from case_toys import Kit, onnx_bytes
from impact_toys import (
    EDITS,
    RUNS,
    Pair,
    Whole,
    box,
    brute,
    declare,
    deviation,
    epsilon,
    executed,
    fewer,
    hazard,
    keys,
    label,
    names,
    no_run,
    objectives,
    person,
    plan,
    requirement,
    reruns,
    seed,
    sentence,
    signed,
    stale_by,
    state,
    table,
    threshold,
    titles,
    weight,
)

import evidence.provenance
from assurance import catalogue, resources
from assurance.impact import Baseline, compare
from assurance.impact.items import flatten
from assurance.impact.report import Effect, Impact, StaleState
from evidence.digest import of_bytes
from evidence.errors import InputError

GONE, REPEAT, AGAIN = StaleState.NO_LONGER_COUNTS, StaleState.TO_BE_REPEATED, StaleState.LOOK_AGAIN
REPLACED = StaleState.REPLACED
LAPSED = "does not count"
TOP = {"G1", "S1"}


def legs(*ids: str) -> set[str]:
    """The goals that speak of requirements, and those above them."""
    return TOP | {f"{name}-{id}" for id in ids for name in ("G3", "S3", "G4", "G5", "G6")}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_exactly_what_a_change_affects(
    pair: Pair, whole: Whole, edit: Callable[[Kit], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The affected set is that of brute force, its mirror image the other way round, and `run` repeats what is listed."""
    edit(pair.new)
    new, expected = state(pair.new), brute(whole, pair.new)
    impact = compare(pair.before, new)
    assert names(impact.requirements) == expected.requirements
    assert names(impact.goals) == expected.goals
    assert objectives(impact) == expected.objectives
    assert names(impact.problems) == expected.problems
    assert all(item.because for item in (*impact.requirements, *impact.goals, *impact.objectives))
    only_reasons(pair.before, new, impact)
    mirrors(impact, compare(new, pair.before))
    assert executed(pair.new, monkeypatch) == reruns(impact)
    after = pair.impact()
    assert not after.rerun, "what was repeated has its answer"
    assert {item.id for item in after.changed if item.kind == "record"} == reruns(impact)


def only_reasons(old: Baseline, new: Baseline, impact: Impact) -> None:
    """The effect `reasons` hides nothing: all else of the rows is the same."""
    rows = [{item.key: item for item in side.objectives} for side in (old, new)]
    for item in impact.objectives:
        if item.effect is Effect.REASONS:
            pair = [side[f"{item.standard}:{item.id}"].model_dump(exclude={"reasons", "digest"}) for side in rows]
            assert pair[0] == pair[1] and item.before == item.after and item.n[0] == item.n[1]


def mirrors(there: Impact, back: Impact) -> None:
    mirror = {"added": "removed", "removed": "added", "changed": "changed"}
    turned = {(item.key, mirror[item.change]) for item in back.changed}
    assert {(item.key, item.change) for item in there.changed} == turned
    parts = {(item.key, part.part): (part.before, part.after) for item in there.changed for part in item.parts}
    assert parts == {(item.key, part.part): (part.after, part.before) for item in back.changed for part in item.parts}
    for rows in ("requirements", "goals", "objectives", "problems", "acceptances"):
        first = {item.id: (item.before, item.after) for item in getattr(there, rows)}
        last = {item.id: (item.after, item.before) for item in getattr(back, rows)}
        assert first == last, rows
    assert not back.rerun, "the old state has all its answers"


def test_nothing_changed_gives_nothing(pair: Pair) -> None:
    assert pair.impact().empty
    assert pair.impact().digest_only == 0
    assert compare(pair.before, pair.before).empty


def test_one_weight(pair: Pair) -> None:
    weight(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"model net"} and [part.part for part in impact.changed[0].parts] == ["digest"]
    assert stale_by(impact) == {"run-1": GONE, "run-2": GONE, "run-3": GONE, "target": AGAIN}
    assert reruns(impact) == set(RUNS)
    assert names(impact.requirements) == {"R1", "R2", "R3"}
    meaning = {"G5-R1", "G5-R2", "G5-R3", "G6-R1"}
    assert names(impact.goals) >= legs("R1", "R2", "R3") - meaning
    assert not names(impact.goals) & {"G5-R1", "G5-R2", "G5-R3", "G2", "G9"}, (
        "what a sentence means does not depend on weights"
    )
    assert signed(impact)["acceptance do-178c:A-4.1"] == ("stands", LAPSED)
    effects = {item.id: item.effect for item in impact.objectives}
    assert effects["A-4.1"] is Effect.STATUS and effects["A-5.1"] is Effect.REASONS
    assert not any(name.startswith("meaning review") for name in signed(impact))
    assert all("model net" in item.because for item in (*impact.goals, *impact.requirements, *impact.rerun))


def test_one_weight_that_nobody_declared(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file differs from its digest: `assurance run` refuses, and the list is the one that holds after declaring it."""
    (pair.new.folder / "net.onnx").write_bytes(onnx_bytes(0.25))
    impact = pair.impact()
    assert keys(impact) == {"model net"} and [part.part for part in impact.changed[0].parts] == [
        "content, not as declared"
    ]
    assert {item.after for item in impact.requirements} == {"stale"} and reruns(impact) == set(RUNS)
    assert stale_by(impact) == {"run-1": GONE, "run-2": GONE, "run-3": GONE, "target": AGAIN}
    with pytest.raises(InputError):
        executed(pair.new, monkeypatch)
    declare(pair.new, "models", "net")
    assert executed(pair.new, monkeypatch) == set(RUNS)


def test_a_claim_without_any_evidence_is_about_the_new_model(pair: Pair) -> None:
    """Undeveloped before and after, and yet another claim: nothing but the model tells."""
    shutil.rmtree(pair.new.folder / "evidence")
    old = state(pair.new)
    weight(pair.new)
    impact = compare(old, state(pair.new))
    assert {(item.id, item.after) for item in impact.requirements} == {(id, "undeveloped") for id in ("R1", "R2", "R3")}
    assert {"G4-R1", "G3-R1", "G1"} <= names(impact.goals) and set(stale_by(impact)) == {"target"}
    assert not any(item.answered_before for item in impact.rerun) and reruns(impact) == set(RUNS)


def test_a_missing_file_hinders(pair: Pair) -> None:
    (pair.new.folder / "table.npz").unlink()
    impact = pair.impact()
    assert keys(impact) == {"table grid"} and impact.changed[0].parts[0].after == "missing"
    assert names(impact.requirements) == {"R3"} and stale_by(impact) == {"run-3": GONE}


def test_one_label(pair: Pair) -> None:
    label(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"data set points"}
    assert stale_by(impact) == {"run-1": GONE, "review-r1": AGAIN}
    assert reruns(impact) == {"run-1"} and names(impact.requirements) == {"R1"}
    assert names(impact.goals) == legs("R1")


def test_one_table_entry(pair: Pair) -> None:
    table(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"table grid"} and stale_by(impact) == {"run-3": GONE}
    assert reruns(impact) == {"run-3"} and names(impact.goals) == legs("R3")


def test_one_epsilon(pair: Pair) -> None:
    epsilon(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"threat model TM"}
    (part,) = impact.changed[0].parts
    assert (part.part, part.before, part.after) == ("perturbation.eps", "0.1 m", "0.2 m")
    assert stale_by(impact) == {"run-1": GONE, "review-r1": AGAIN}
    assert reruns(impact) == {"run-1"} and names(impact.goals) == legs("R1")
    assert signed(impact)["meaning review R1"] == ("stands", LAPSED)
    (again,) = impact.rerun
    assert again.answered_before and again.because == ("threat model TM",)
    assert [(part.part, part.before, part.after) for part in again.why] == [
        ("regions.perturbation.eps", "0.1 m", "0.2 m")
    ]
    assert "do-178c:A-4.1" in objectives(impact) and "do-178c:A-3.1" in objectives(impact)
    assert "do-178c:A-1.1" not in objectives(impact), "the plan does not rest on it"


def test_one_box(pair: Pair) -> None:
    box(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"formal property R2"} and reruns(impact) == {"run-2"}
    assert names(impact.goals) == legs("R2")
    assert signed(impact)["meaning review R2"] == ("stands", "stands"), (
        "tied to nothing, so it does not lapse; it is named"
    )


def test_one_plan(pair: Pair) -> None:
    plan(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"document plan"} and stale_by(impact) == {"plan": REPLACED}
    assert not impact.rerun and not impact.requirements and not impact.goals
    assert objectives(impact) == {
        f"{item.catalogue.id}:{row.entry.id}"
        for kit in (pair.old, pair.new)
        for snapshot in [kit.take()]
        for item in snapshot.coverage
        for row in item.rows
        if {entry.digest for entry in snapshot.register.documents if entry.item.id == "plan"} & set(row.evidence)
    } | _from_case(pair, "case")
    assert "do-178c:A-1.1" in objectives(impact)
    assert signed(impact)["acceptance do-178c:A-1.1"] == ("stands", LAPSED)


def _from_case(pair: Pair, scope: str) -> set[str]:
    """Objectives to which the case file's own list of items counts."""
    snapshot = pair.new.take()
    return {
        f"{item.catalogue.id}:{row.entry.id}"
        for item in snapshot.coverage
        for row in item.rows
        if snapshot.loaded.digest in row.evidence and row.entry.scope.value == scope
    }


def test_a_criterion_needs_no_run(pair: Pair) -> None:
    threshold(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"criterion R1"} and not impact.rerun
    assert names(impact.requirements) == {"R1"} and names(impact.goals) == legs("R1")


def test_a_sentence_needs_no_run(pair: Pair) -> None:
    sentence(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"requirement text R3"} and not impact.rerun and names(impact.requirements) == {"R3"}


def test_a_parameter_repeats_one_run_whose_record_still_counts(pair: Pair) -> None:
    seed(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"run run-2"} and stale_by(impact) == {"run-2": REPEAT} and reruns(impact) == {"run-2"}
    (affected,) = impact.requirements
    assert affected.effect is Effect.BENEATH and affected.before == affected.after == "supported"


def test_a_hazard_concerns_the_top_only(pair: Pair) -> None:
    hazard(pair.new)
    impact = pair.impact()
    assert (
        keys(impact) == {"hazard H1"} and names(impact.goals) == {"G1"} and not impact.requirements and not impact.stale
    )


def test_a_name_is_no_foundation(pair: Pair) -> None:
    titles(pair.new)
    impact = pair.impact()
    assert (
        keys(impact) == {"case text title", "model net"} and not impact.stale and not impact.rerun and not impact.goals
    )


def test_a_person_stands_behind_documents(pair: Pair) -> None:
    person(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"person rev"} and set(stale_by(impact).values()) == {REPLACED} and not impact.rerun


def test_a_run_and_a_requirement_that_are_gone(pair: Pair) -> None:
    no_run(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"run run-3"} and stale_by(impact) == {"run-3": GONE} and not impact.rerun
    requirement(pair.new)
    impact = pair.impact()
    assert {"requirement text R3", "run run-3", "formal property R3"} <= keys(impact)
    assert [(item.id, item.effect) for item in impact.requirements] == [("R3", Effect.REMOVED)]
    assert {item.id for item in impact.goals if item.effect is Effect.REMOVED} == legs("R3") - TOP


def test_a_deviation_is_a_persons_word(pair: Pair) -> None:
    deviation(pair.new)
    impact = pair.impact()
    assert keys(impact) == {"deviation D1"} and signed(impact)["deviation D1"] == (None, "stands")
    old = state(pair.new)
    epsilon(pair.new)
    assert signed(compare(old, state(pair.new)))["deviation D1"] == ("stands", LAPSED)


def test_a_disposition_lapses_with_what_it_was_about(pair: Pair) -> None:
    """An exclusion of a threat model was accepted for one epsilon; for another one nobody accepted it."""
    pair.new.dispose("TM.1", "accepted")
    impact = pair.impact()
    assert keys(impact) == {"disposition TM.1 accepted"} or any(key.startswith("disposition") for key in keys(impact))
    assert signed(impact)["disposition TM.1"] == (None, "stands")
    old = state(pair.new)
    epsilon(pair.new)
    assert signed(compare(old, state(pair.new)))["disposition TM.1"] == ("stands", LAPSED)


def test_lost_refutations_are_said(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement that is refuted and then asked of fewer inputs is undeveloped: that is no improvement."""
    label(pair.new)
    executed(pair.new, monkeypatch)
    old = state(pair.new)
    assert old.requirements[0].refuted == 1
    epsilon(pair.new)
    assert state(pair.new).requirements[0].refuted == 1, "the counterexample lies inside the larger ball as well"
    fewer(pair.new)
    impact = compare(old, state(pair.new))
    (affected,) = impact.requirements
    (report,) = [item for item in impact.problems if item.id == "PR-R1-refuted"]
    assert report.after == "open, blocks", "a claim that changes closes no report"
    assert (
        affected.caution is not None
        and "1 of 1" in affected.caution
        and "what is asked has changed" in affected.caution
    )


# --- what the tool brings -----------------------------------------------------------------------------------------------


@pytest.fixture
def standards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data folders that a test may change."""
    copies = {name: tmp_path / "data" / name for name in ("standards", "templates")}
    for name, target in copies.items():
        shutil.copytree(resources.folder(name), target)  # type: ignore[arg-type]
    real = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name: copies.get(name) or real(name))
    monkeypatch.setattr("assurance.package.layout.folder", lambda name: copies.get(name) or real(name))
    monkeypatch.setattr(
        "assurance.gsn.patterns.library.folder", lambda name: copies.get(name) or real(name), raising=False
    )
    catalogue.load.cache_clear()
    yield tmp_path / "data"
    catalogue.load.cache_clear()


def changed_entry(standards: Path, entry: str, before: str, after: str) -> None:
    path = standards / "standards" / "do-178c" / "catalogue.yaml"
    text = path.read_text("utf-8")
    head, mark, rest = text.partition(f"  - id: {entry}\n")
    body, other, tail = rest.partition("\n  - id: ")
    assert before in body
    path.write_text(head + mark + body.replace(before, after, 1) + other + tail, "utf-8")
    catalogue.load.cache_clear()


def test_one_catalogue_entry(pair: Pair, standards: Path) -> None:
    changed_entry(standards, "A-4.1", "level: partial", "level: supporting")
    impact = pair.impact()
    assert keys(impact) == {"catalogue entry do-178c:A-4.1"}
    assert objectives(impact) == {"do-178c:A-4.1"}
    assert impact.objectives[0].because[0] == "catalogue entry do-178c:A-4.1"
    assert not impact.rerun and not impact.stale and not impact.requirements and not impact.goals


def test_an_entry_that_was_signed_off_reads_otherwise(pair: Pair, standards: Path) -> None:
    """Somebody compared it with the organisation's copy as it was: the sign-off stands, and has to be looked at again."""
    signed_off = {
        "standard": "do-178c",
        "edition": catalogue.load("do-178c").edition,
        "organisation": "Org",
        "by": "Lib",
    }
    signed_off |= {
        "schema": "assurance-sign-off/1",
        "role": "librarian",
        "date": "2026-02-01",
        "entries": [{"id": "A-4.1"}],
    }
    data = json.dumps(signed_off).encode()
    (pair.new.folder / "signed.yaml").write_bytes(data)
    pair.new.case["standards"][0]["sign_off"] = {"path": "signed.yaml", "digest": of_bytes(data)}
    old = state(pair.new)
    changed_entry(standards, "A-5.1", "title: ", "title: Also ")
    assert "sign-off do-178c" not in signed(compare(old, state(pair.new))), "nobody signed that entry off"
    changed_entry(standards, "A-4.1", "level: partial", "level: supporting")
    assert signed(compare(old, state(pair.new)))["sign-off do-178c"] == ("stands", "stands")
    (pair.new.folder / "signed.yaml").write_bytes(data + b"\n")
    assert signed(compare(old, state(pair.new)))["sign-off do-178c"] == ("stands", LAPSED)


def test_one_pattern(pair: Pair, standards: Path) -> None:
    path = standards / "templates" / "patterns" / "ml-constituent.yaml"
    text = path.read_text("utf-8")
    assert "Boundary of the constituent: " in text
    path.write_text(text.replace("Boundary of the constituent: ", "Boundary: "), "utf-8")
    impact = pair.impact()
    assert keys(impact) == {"pattern ml-constituent"} and names(impact.goals) == {"G1"}
    assert impact.goals[0].because == ("pattern ml-constituent",)
    assert not impact.rerun and not impact.objectives


def test_the_tool_version(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.provenance, "__version__", "99.0")
    impact = pair.impact()
    assert keys(impact) == {"tool assurance"} and reruns(impact) == set(RUNS)
    assert stale_by(impact) == dict.fromkeys(RUNS, REPEAT)
    assert {item.effect for item in impact.requirements} == {Effect.BENEATH} and len(impact.requirements) == 3
    assert all(item.because == ("tool assurance",) for item in (*impact.requirements, *impact.rerun))
    assert "do-178c:A-4.1" in objectives(impact) and "do-178c:A-1.1" not in objectives(impact)
    _agrees_with_brute(impact, {"R1", "R2", "R3"})
    assert executed(pair.new, monkeypatch) == set(RUNS)


def test_one_library(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the runs whose engine uses it are to be repeated."""
    real = evidence.provenance.version
    monkeypatch.setattr(evidence.provenance, "version", lambda name: "99.0" if name == "scipy" else real(name))
    impact = pair.impact()
    assert keys(impact) == {"tool scipy"} and reruns(impact) == {"run-2"} and stale_by(impact) == {"run-2": REPEAT}
    _agrees_with_brute(impact, {"R2"})
    assert executed(pair.new, monkeypatch) == {"run-2"}


def _agrees_with_brute(impact: Impact, requirements: set[str]) -> None:
    assert names(impact.requirements) == requirements
    claims = {f"G4-{id}" for id in requirements}
    assert {id for id in names(impact.goals) if id.startswith("G4-")} == claims


def test_an_older_record_is_no_change_but_is_repeated(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two states under the same installation: nothing changed between them, and the runs are listed all the same."""
    monkeypatch.setattr(evidence.provenance, "__version__", "99.0")
    impact = compare(state(pair.old), state(pair.new))
    assert not impact.changed and not impact.stale and not impact.goals
    assert reruns(impact) == set(RUNS) and not any(item.answered_before for item in impact.rerun)


def test_without_the_request_index_everything_is_repeated(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(pair.new.folder / "evidence" / "requests")
    assert reruns(pair.impact()) == executed(pair.new, monkeypatch) == set(RUNS)


def test_an_altered_certificate_is_a_run_to_mend(pair: Pair) -> None:
    record = next(item for item in pair.new.take().register.runs if item.run == "run-1")
    digest = next(iter(record.record.artefacts.values()))
    pair.new.store.path(digest).write_bytes(b"altered")
    impact = pair.impact()
    (again,) = impact.rerun
    assert again.run == "run-1" and again.hindrance is not None and "E103" in again.hindrance
    assert stale_by(impact)["run-1"] is GONE


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ({"a": {"value": 25.0, "unit": "ft"}}, {"a": "25 ft"}),
        ({"a": {"lower": 0.0, "upper": 2.5, "unit": "s"}}, {"a": "0 to 2.5 s"}),
        ({"a": None, "b": "", "c": [], "d": {}}, {}),
        ({"a": False, "b": 0, "c": "two\n words"}, {"a": "no", "b": "0", "c": "two\n words"}),
        ({"a": [1, 2.0, "x"]}, {"a": "1, 2, x"}),
        (
            {"a": [{"id": "p", "b": 1}, {"id": "q", "b": 2}]},
            {"a": "p, q", "a[p].b": "1", "a[q].b": "2"},
        ),
        ({"a": [{"b": 1}, {"b": 1}]}, {"a[0].b": "1", "a[1].b": "1"}),
    ],
)
def test_fields_are_flattened(value: object, parts: dict[str, str]) -> None:
    assert flatten(value) == parts


def test_a_long_field_is_told_apart_beyond_what_is_shown() -> None:
    first, last = flatten({"a": "x" * 9000 + "y"}), flatten({"a": "x" * 9000 + "z"})
    assert first != last and len(first["a"]) < 1200


def test_evidence_that_says_less_reaches_the_objectives_that_it_serves(pair: Pair) -> None:
    """Even where no row and no goal differs: what a document is about has changed, and nothing else."""
    (review,) = [item for item in pair.before.evidence if item.source == "review-r1"]
    other = review.model_copy(update={"subjects": {"R1": "sha256:" + 64 * "e"}})
    evidence = tuple(other if item is review else item for item in pair.before.evidence)
    impact = compare(pair.before, pair.before.model_copy(update={"evidence": evidence}))
    rows = {item.key for item in pair.before.objectives if review.digest in item.evidence}
    assert objectives(impact) == rows and "do-178c:A-3.1" in rows and stale_by(impact) == {"review-r1": AGAIN}
    assert {item.effect for item in impact.objectives} == {Effect.BENEATH}
    assert not impact.goals and not impact.requirements and not impact.rerun and not impact.changed


def test_a_baseline_is_enough(pair: Pair) -> None:
    """All that is compared survives writing and reading."""
    epsilon(pair.new)
    old, new = pair.before, state(pair.new)
    again = [Baseline.model_validate_json(item.model_dump_json()) for item in (old, new)]
    assert compare(*again) == compare(old, new)
