"""Standings and goals: nothing is greener than its evidence, and history does not go away."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from case_toys import CERTIFICATE, Kit, bounds, document, kit, onnx_bytes, smooth, smoothing
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.gsn.elements import Context, Goal, Solution, Strategy
from assurance.gsn.model import Argument
from assurance.snapshot import Snapshot
from assurance.status import Status, combine, roll_up
from evidence.digest import PREFIX, of_bytes
from evidence.errors import StoreError
from evidence.records import record_bytes
from evidence.store import Entry

ORDER = [
    Status.CONTRADICTED,
    Status.STALE,
    Status.IN_DOUBT,
    Status.UNDEVELOPED,
    Status.PARTIAL,
    Status.SUPPORTED,
]
"""From worst to best."""


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


@pytest.fixture
def proved(toy: Kit) -> Kit:
    toy.prove("R1", "R2", "R3")
    return toy


def state(snapshot: Snapshot, requirement: str) -> tuple[Status, set[str]]:
    standing = snapshot.standings[requirement]
    return standing.status, {item.code for item in standing.reasons}


def codes(snapshot: Snapshot) -> set[str]:
    return {item.code for item in snapshot.findings}


def above(requirement: str) -> list[str]:
    return ["G1", "S1", f"G3-{requirement}", f"S3-{requirement}", f"G4-{requirement}"]


def none_green(snapshot: Snapshot, requirement: str) -> None:
    """Neither the goal of a requirement nor anything above it is supported."""
    for id in above(requirement):
        assert snapshot.built.status[id] is not Status.SUPPORTED, id


DEVIATION = {
    "id": "DEV",
    "about": "R1",
    "rationale": "known and watched by the crew",
    "accepted_by": "rev",
    "date": "2026-03-01",
}


# --- good evidence ------------------------------------------------------------------------------------------------------------


def test_without_evidence_nothing_is_developed(toy: Kit) -> None:
    snapshot = toy.take()
    for id in ("R1", "R2", "R3"):
        assert state(snapshot, id) == (Status.UNDEVELOPED, {"S115"})
        assert snapshot.built.argument[f"G4-{id}"].undeveloped
    # the reviews of the properties stand, so something below the top is there
    assert snapshot.built.status["G4-R1"] is Status.UNDEVELOPED and snapshot.built.status["S3-R1"] is Status.PARTIAL
    assert snapshot.built.status["G1"] is Status.IN_DOUBT, "nobody disposed of what the threat model excludes"
    assert not (toy.folder / "evidence").exists(), "looking writes nothing"


def test_good_evidence_supports_its_goal_and_no_more(proved: Kit) -> None:
    snapshot = proved.take()
    for id in ("R1", "R2", "R3"):
        assert state(snapshot, id) == (Status.SUPPORTED, set())
        assert snapshot.built.status[f"G4-{id}"] is Status.SUPPORTED
    assert codes(snapshot) == {"C128", "S131"}, "reviews that are tied to nothing, an exclusion that stands"
    proved.dispose("TM.1", "accepted")
    snapshot = proved.take()
    assert snapshot.built.status["G1"] is Status.PARTIAL, "the step from model to target is open"
    assert codes(snapshot) == {"C128"}


# --- what takes support away ---------------------------------------------------------------------------------------------------


def test_removing_a_record_takes_the_green_away(proved: Kit) -> None:
    digest = proved.take().standings["R1"].best
    assert digest is not None
    name = digest.digest.removeprefix(PREFIX)
    (proved.folder / "evidence" / "objects" / name[:2] / name).unlink()
    snapshot = proved.take()
    assert state(snapshot, "R1")[0] is Status.UNDEVELOPED and "E102" in codes(snapshot)
    none_green(snapshot, "R1")
    assert state(snapshot, "R2")[0] is Status.SUPPORTED


def test_an_older_record_does_not_stand_in_for_a_lost_one(proved: Kit) -> None:
    """The newest answer of a run counts; if it cannot be read, there is none."""
    newer = bounds(proved.statement("R1"), "PPPU")
    name = proved.keep("R1", newer).removeprefix(PREFIX)
    assert state(proved.take(), "R1")[0] is Status.SUPPORTED
    (proved.folder / "evidence" / "objects" / name[:2] / name).unlink()
    assert state(proved.take(), "R1")[0] is Status.UNDEVELOPED


@pytest.mark.parametrize("alter", [lambda data: data[:-1], lambda data: data.replace(b'"P', b'"U'), lambda data: b"{}"])
def test_altering_stored_bytes_takes_the_green_away(proved: Kit, alter: Any) -> None:
    best = proved.take().standings["R1"].best
    assert best is not None
    name = best.digest.removeprefix(PREFIX)
    path = proved.folder / "evidence" / "objects" / name[:2] / name
    path.write_bytes(alter(path.read_bytes()))
    snapshot = proved.take()
    assert state(snapshot, "R1")[0] is Status.UNDEVELOPED and "E103" in codes(snapshot)
    none_green(snapshot, "R1")


@pytest.mark.parametrize("alter", [None, b"other bytes"])
def test_a_proof_without_its_certificate_is_no_evidence(proved: Kit, alter: bytes | None) -> None:
    name = of_bytes(CERTIFICATE).removeprefix(PREFIX)
    path = proved.folder / "evidence" / "objects" / name[:2] / name
    if alter is None:
        path.unlink()
    else:
        path.write_bytes(alter)
    snapshot = proved.take()
    assert ("E102" if alter is None else "E103") in codes(snapshot)
    for id in ("R1", "R2", "R3"):
        assert state(snapshot, id)[0] is Status.UNDEVELOPED
        none_green(snapshot, id)


def test_a_forged_record_that_is_incoherent_is_no_evidence(toy: Kit) -> None:
    good = record_bytes(bounds(toy.statement("R1"), "UUUU"))
    forged = good.replace(b'"regions":"UUUU"', b'"regions":"PPPP"').replace(b'"UNKNOWN"', b'"PROVED"')
    assert forged != good
    digest = toy.store.put(forged)
    toy.store.note(Entry("R1", toy.load().claims["R1"].criterion_digest, digest, "run-1", "met"))
    snapshot = toy.take()
    assert "E101" in codes(snapshot) and state(snapshot, "R1")[0] is Status.UNDEVELOPED


def test_one_changed_weight_makes_everything_about_the_model_stale(proved: Kit) -> None:
    (proved.folder / "net.onnx").write_bytes(onnx_bytes(bias=1e-6))
    snapshot = proved.take()
    assert "C117" in codes(snapshot)
    for id in ("R1", "R2", "R3"):
        status, found = state(snapshot, id)
        assert status is Status.STALE and "S114" in found
        none_green(snapshot, id)
        assert snapshot.built.status["G1"] is Status.STALE
    rows = {row.entry.id: row for row in snapshot.coverage[0].rows}
    assert rows["A-4.1"].status.value == "stale" and "O209" in {item.code for item in rows["A-4.1"].reasons}
    assert not [row for row in rows.values() if row.status.value == "supported"]


def test_declaring_the_new_digest_leaves_records_about_another_model(proved: Kit) -> None:
    (proved.folder / "net.onnx").write_bytes(onnx_bytes(bias=1e-6))
    proved.case["models"][0]["digest"] = of_bytes(onnx_bytes(bias=1e-6))
    snapshot = proved.take()
    for id in ("R1", "R2", "R3"):
        assert state(snapshot, id) == (Status.UNDEVELOPED, {"S101"})
        none_green(snapshot, id)
    (proved.folder / "net.onnx").write_bytes(onnx_bytes())
    proved.case["models"][0]["digest"] = of_bytes(onnx_bytes())
    assert state(proved.take(), "R1")[0] is Status.SUPPORTED, "back to the model that was examined"


def test_a_record_about_another_model_in_the_place_of_a_good_one_is_refused(toy: Kit) -> None:
    other = toy.statement("R1").model_copy(update={"model": "sha256:" + "9" * 64})
    toy.keep("R1", bounds(other, "PPPP"))
    assert state(toy.take(), "R1") == (Status.UNDEVELOPED, {"S101"})


def test_changed_data_make_their_requirement_stale(proved: Kit) -> None:
    for name, id in (("data.npz", "R1"), ("table.npz", "R3")):
        path = proved.folder / name
        good = path.read_bytes()
        path.write_bytes(good + b"\0")
        snapshot = proved.take()
        assert state(snapshot, id)[0] is Status.STALE and state(snapshot, "R2")[0] is Status.SUPPORTED
        none_green(snapshot, id)
        path.unlink()
        assert state(proved.take(), id)[0] is Status.STALE
        path.write_bytes(good)
    assert state(proved.take(), "R1")[0] is Status.SUPPORTED


def test_data_that_cannot_be_counted_support_nothing(proved: Kit) -> None:
    import numpy as np

    for arrays in (
        {"inputs": np.zeros((0, 2)), "labels": np.zeros(0, dtype=int)},
        {"inputs": np.full((4, 2), np.nan), "labels": np.zeros(4, dtype=int)},
        {"inputs": np.zeros((4, 3)), "labels": np.zeros(4, dtype=int)},
        {"nothing": np.zeros(1)},
    ):
        np.savez(proved.folder / "data.npz", **arrays)
        proved.case["data_sets"][0]["digest"] = of_bytes((proved.folder / "data.npz").read_bytes())
        snapshot = proved.take()
        assert state(snapshot, "R1")[0] is not Status.SUPPORTED
        none_green(snapshot, "R1")
    (proved.folder / "data.npz").write_bytes(b"junk")
    proved.case["data_sets"][0]["digest"] = of_bytes(b"junk")
    none_green(proved.take(), "R1")


# --- counterexamples -----------------------------------------------------------------------------------------------------------


def test_counterexamples_beside_a_met_criterion_leave_doubt(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    snapshot = toy.take()
    status, found = state(snapshot, "R1")
    assert status is Status.IN_DOUBT and "S112" in found and "S112" in codes(snapshot)
    none_green(snapshot, "R1")
    assert snapshot.built.status["G1"] is Status.IN_DOUBT


def test_too_many_counterexamples_contradict_and_no_deviation_helps(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPRR"), outcome="refuted")
    for deviations in ([], [DEVIATION]):
        snapshot = toy.write(deviations=deviations).take()
        assert state(snapshot, "R1")[0] is Status.CONTRADICTED
        assert snapshot.built.status["G1"] is Status.CONTRADICTED
        assert snapshot.coverage[0].rows[0] is not None
        rows = {row.entry.id: row.status.value for row in snapshot.coverage[0].rows}
        assert rows["A-4.1"] == "contradicted"


def test_a_deviation_leads_to_partial_at_most(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    snapshot = toy.write(deviations=[DEVIATION]).take()
    status, found = state(snapshot, "R1")
    assert status is Status.PARTIAL and {"S112", "S117"} <= found
    none_green(snapshot, "R1")
    other = toy.write(deviations=[DEVIATION | {"about": "R2"}]).take()
    assert state(other, "R1")[0] is Status.IN_DOUBT


def test_a_deviation_alone_makes_nothing_of_nothing(toy: Kit) -> None:
    snapshot = toy.write(deviations=[DEVIATION]).take()
    assert state(snapshot, "R1")[0] is Status.UNDEVELOPED


def test_a_later_run_that_finds_nothing_does_not_undo_a_counterexample(toy: Kit) -> None:
    refuted = toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    toy.keep("R1", bounds(toy.statement("R1"), "PPPU"))
    snapshot = toy.take()
    assert state(snapshot, "R1") == (Status.IN_DOUBT, {"S112"})
    (against,) = snapshot.built.argument.challengers("G4-R1")
    assert against.text.startswith("Counter-evidence: ") and "1 refuted" in against.text
    assert [item.id for item in snapshot.built.argument.children("G4-R1")] != [against.id]
    assert refuted in {item.digest for item in snapshot.register.runs}
    toy.keep("R1", bounds(toy.statement("R1"), "PPRR"), run="run-9", outcome="refuted")
    snapshot = toy.take()
    assert state(snapshot, "R1")[0] is Status.CONTRADICTED, "also from a run that is no longer declared"
    assert "E107" in codes(snapshot)


def test_insufficient_records_leave_no_goal_looking_supported(toy: Kit) -> None:
    for letters in ("UUUU", "CCCC", "PUUU", "PPCC", "CCCU", "RRRR", "PPRU"):
        toy.keep("R1", bounds(toy.statement("R1"), letters), outcome="not-met")
        snapshot = toy.take()
        assert state(snapshot, "R1")[0] is not Status.SUPPORTED, letters
        none_green(snapshot, "R1")


# --- criteria --------------------------------------------------------------------------------------------------------------------


def lower(toy: Kit) -> None:
    toy.case["threat_models"][0]["perturbation"]["eps"] = "0.01 m"


@pytest.mark.parametrize("outcome", ["refuted", "not-met"])
def test_a_criterion_lowered_after_the_result_is_reported(toy: Kit, outcome: str) -> None:
    old = toy.keep("R1", bounds(toy.statement("R1"), "RRRR" if outcome == "refuted" else "UUUU"), outcome=outcome)
    lower(toy)
    before = toy.take()
    assert "S119" in state(before, "R1")[1], "reported before the new run, too"
    new = toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    snapshot = toy.take()
    status, found = state(snapshot, "R1")
    assert status is Status.IN_DOUBT and "S119" in found and "S119" in codes(snapshot)
    assert [item.digest for item in snapshot.register.runs] == [old, new], "the old record stays visible"
    none_green(snapshot, "R1")
    accepted = toy.write(deviations=[DEVIATION]).take()
    assert state(accepted, "R1")[0] is Status.PARTIAL and "S117" in state(accepted, "R1")[1]
    none_green(accepted, "R1")


@pytest.mark.parametrize(
    "change",
    [
        {"at_least": 0.5},
        {"condition": {"kind": "never-chosen", "outputs": ["down"]}},
        {"regions": {"kind": "input-balls", "data_set": "points", "threat_model": "TM", "inputs": [0, 1]}},
    ],
)
def test_every_way_to_lower_the_bar_is_reported(toy: Kit, change: dict[str, Any]) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPRR"), outcome="refuted")
    toy.requirement("R1")["property"] |= change
    count = 2 if "regions" in change else 4
    toy.keep("R1", bounds(toy.statement("R1"), "P" * count))
    snapshot = toy.take()
    assert "S119" in state(snapshot, "R1")[1]
    none_green(snapshot, "R1")


def test_an_outcome_that_was_noted_too_kindly_is_seen_through(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PRRR"), outcome="met")
    lower(toy)
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    assert "S119" in state(toy.take(), "R1")[1]


def test_raising_the_bar_after_a_met_result_is_no_offence(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    toy.requirement("R1")["property"]["at_least"] = 1.0
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    assert state(toy.take(), "R1") == (Status.SUPPORTED, set())


def test_going_back_to_the_first_criterion_uses_its_record_again(toy: Kit) -> None:
    record = bounds(toy.statement("R1"), "PPPP")
    toy.keep("R1", record)
    toy.case["threat_models"][0]["perturbation"]["eps"] = "0.2 m"
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    toy.case["threat_models"][0]["perturbation"]["eps"] = "0.1 m"
    toy.keep("R1", record)
    assert state(toy.take(), "R1") == (Status.SUPPORTED, set())


def test_a_run_that_was_given_another_requirement_is_noted(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    toy.requirement("R1")["id"] = "R1b"
    toy.case["runs"][0]["requirement"] = "R1b"
    snapshot = toy.take()
    assert "E107" in codes(snapshot)
    assert any(
        "'R1'" in item.message and "refuted" in item.message for item in snapshot.findings if item.code == "E107"
    )


def test_without_independent_review_the_goal_is_not_supported(proved: Kit) -> None:
    proved.requirement("R1")["meaning_review"]["independent"] = False
    snapshot = proved.take()
    assert state(snapshot, "R1") == (Status.PARTIAL, {"S118"}) and snapshot.built.status["G5-R1"] is Status.PARTIAL
    del proved.requirement("R1")["meaning_review"]
    snapshot = proved.take()
    assert state(snapshot, "R1") == (Status.UNDEVELOPED, {"S110"})
    assert snapshot.built.status["G5-R1"] is Status.UNDEVELOPED and snapshot.built.argument["G5-R1"].undeveloped
    none_green(snapshot, "R1")


def test_a_broken_journal_stops_everything(proved: Kit) -> None:
    with (proved.folder / "evidence" / "journal.jsonl").open("ab") as stream:
        stream.write(b"{")
    with pytest.raises(StoreError):
        proved.take()


def test_a_requirement_without_property_is_shown_by_results_in_part_only(toy: Kit) -> None:
    bare = {key: toy.requirement("R1")[key] for key in ("title", "text", "parents", "author")} | {"id": "R4"}
    toy.case["requirements"].append(bare)
    assert state(toy.take(), "R4")[0] is Status.UNDEVELOPED
    toy.case["documents"] = [document(toy.folder, "DOC", about=["R4"])]
    assert state(toy.take(), "R4")[0] is Status.UNDEVELOPED, "a review of a requirement does not show that it is met"
    toy.case["documents"] = [document(toy.folder, "DOC", about=["R4"], evidence="performance-test")]
    assert state(toy.take(), "R4")[0] is Status.PARTIAL
    (toy.folder / "DOC.md").write_text("changed")
    assert state(toy.take(), "R4")[0] is Status.STALE


# --- combination and rolling up ----------------------------------------------------------------------------------------------------


def test_combination_takes_the_worst_and_needs_all() -> None:
    assert combine([]) is Status.UNDEVELOPED
    for parts in itertools.product(ORDER, repeat=3):
        whole = combine(list(parts))
        if Status.CONTRADICTED in parts:
            assert whole is Status.CONTRADICTED
        elif Status.STALE in parts:
            assert whole is Status.STALE
        elif Status.IN_DOUBT in parts:
            assert whole is Status.IN_DOUBT
        elif set(parts) == {Status.SUPPORTED}:
            assert whole is Status.SUPPORTED
        elif set(parts) == {Status.UNDEVELOPED}:
            assert whole is Status.UNDEVELOPED
        else:
            assert whole is Status.PARTIAL
        assert combine(list(reversed(parts))) is whole


def tree(rng: random.Random) -> Argument:
    """A random well-formed argument: goals and strategies with goals below, some goals ending in a solution."""
    argument = Argument()
    argument.add(Goal(id="G0"))
    waiting = ["G0"]
    while waiting and len(argument) < 40:
        parent = waiting.pop(0)
        for _ in range(rng.randint(0, 3)):
            id = f"G{len(argument)}"
            if rng.random() < 0.3:
                argument.add(Strategy(id=f"S{id}"), Goal(id=id))
                argument.support(parent, f"S{id}")
                argument.support(f"S{id}", id)
            elif rng.random() < 0.3:
                argument.add(Solution(id=f"Sn{id}"), Context(id=f"C{id}"))
                argument.support(parent, f"Sn{id}")
                argument.contextualise(parent, f"C{id}")
                continue
            else:
                argument.add(Goal(id=id))
                argument.support(parent, id)
            waiting.append(id)
    return argument


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_no_goal_improves_when_something_below_it_gets_worse(seed: int) -> None:
    rng = random.Random(seed)
    argument = tree(rng)
    goals = [item.id for item in argument if isinstance(item, Goal)]
    given_status = {id: rng.choice(ORDER) for id in goals if rng.random() < 0.6}
    before = roll_up(argument, given_status)
    for id, status in given_status.items():
        for worse in ORDER[: ORDER.index(status)]:
            after = roll_up(argument, given_status | {id: worse})
            for goal, now in after.items():
                assert ORDER.index(now) <= ORDER.index(before[goal])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000))
def test_a_green_goal_has_only_green_below_it(seed: int) -> None:
    rng = random.Random(seed)
    argument = tree(rng)
    given_status = {
        item.id: rng.choice([Status.SUPPORTED] * 5 + ORDER)
        for item in argument
        if isinstance(item, Goal) and (rng.random() < 0.5 or not argument.children(item.id))
    }
    found = roll_up(argument, given_status)
    for id, status in found.items():
        if status is not Status.SUPPORTED:
            continue
        assert given_status.get(id, Status.SUPPORTED) is Status.SUPPORTED
        children = argument.children(id)
        assert id in given_status or children, "nothing becomes green out of nothing"
        for child in children:
            if isinstance(child, Solution):
                assert id in given_status, "a solution that nothing assessed makes nothing green"
            else:
                assert found[child.id] is Status.SUPPORTED


def test_circular_support_is_none() -> None:
    argument = Argument()
    argument.add(Goal(id="A"), Goal(id="B"), Goal(id="C"))
    argument.support("A", "B", "C")
    argument.support("B", "A")
    for order in (("A", "B", "C"), ("B", "A", "C")):
        turned = Argument()
        turned.add(*(argument[id] for id in order))
        turned.relate(*argument.relations)
        found = roll_up(turned, {"C": Status.SUPPORTED})
        assert Status.SUPPORTED not in (found["A"], found["B"])
    alone = Argument()
    alone.add(Goal(id="A"))
    alone.support("A", "A")
    assert roll_up(alone, {}) == {"A": Status.UNDEVELOPED}


def test_a_meaning_review_lapses_with_what_it_reviewed(proved: Kit) -> None:
    """Tied to sentence and property, a review survives retraining but no edit of either."""
    review = proved.requirement("R1")["meaning_review"]
    review["of"] = proved.load().claims["R1"].meaning
    assert state(proved.take(), "R1") == (Status.SUPPORTED, set())
    proved.requirement("R1")["text"] += " Always."
    snapshot = proved.take()
    status, reasons = state(snapshot, "R1")
    assert status is Status.UNDEVELOPED
    assert "S121" in reasons
    assert "C127" in codes(snapshot)
    assert snapshot.built.status["G5-R1"] is Status.UNDEVELOPED
    review["of"] = proved.load().claims["R1"].meaning
    assert state(proved.take(), "R1") == (Status.SUPPORTED, set())


def test_a_counterexample_counts_for_every_requirement_that_states_the_same(toy: Kit) -> None:
    """Found under one requirement, it refutes the same statement under another, renamed or declared twice."""
    twin = dict(toy.requirement("R1"), id="R1b")
    toy.case["requirements"].append(twin)
    toy.case["runs"].append({"id": "run-1b", "requirement": "R1b", "engine": "bounds"})
    statement = toy.statement("R1")
    toy.keep("R1", bounds(statement, "PPPR"), outcome="refuted")
    toy.keep("R1b", bounds(statement, "PPPU"), run="run-1b", outcome="met")
    assert state(toy.take(), "R1b") == (Status.IN_DOUBT, {"S112"})
    toy.case["requirements"] = [item for item in toy.case["requirements"] if item["id"] != "R1"]
    toy.case["runs"] = [item for item in toy.case["runs"] if item["requirement"] != "R1"]
    assert state(toy.take(), "R1b") == (Status.IN_DOUBT, {"S112"})


def test_counterexamples_of_several_records_add_up(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "RPPP"), outcome="refuted")
    toy.keep("R1", bounds(toy.statement("R1"), "PRPP"), outcome="refuted")
    snapshot = toy.take()
    assert snapshot.standings["R1"].refuted == 2
    assert snapshot.standings["R1"].status is Status.CONTRADICTED


def test_a_lost_journal_does_not_lose_the_counterexample(toy: Kit) -> None:
    digest = toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    toy.store.remember("sha256:" + "1" * 64, digest, {})
    (toy.store.root / "journal.jsonl").unlink()
    toy.keep("R1", bounds(toy.statement("R1"), "PPPU"))
    snapshot = toy.take()
    assert "E109" in codes(snapshot)
    assert state(snapshot, "R1") == (Status.IN_DOUBT, {"S112"})


def test_a_lost_record_is_not_hidden_as_what_belongs_to_another(toy: Kit) -> None:
    digest = toy.store.put(record_bytes(bounds(toy.statement("R1"), "PPPR")))
    toy.store.remember("sha256:" + "1" * 64, digest, {})
    named = {"certificate": of_bytes(CERTIFICATE), "other": digest}
    toy.keep("R1", bounds(toy.statement("R1"), "PPPU", artefacts=named))
    snapshot = toy.take()
    assert "E109" in codes(snapshot)
    assert state(snapshot, "R1") == (Status.IN_DOUBT, {"S112"})


def test_deviations_are_bounded_and_not_for_oneself(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    deviation = {
        "id": "D",
        "about": "R1",
        "rationale": "known and watched by the crew",
        "accepted_by": "rev",
        "date": "2026-03-01",
        "of": toy.load().claims["R1"].identity,
        "regions_at_most": 1,
    }
    for change, expected in (
        ({}, Status.PARTIAL),
        ({"regions_at_most": 0}, Status.IN_DOUBT),
        ({"of": "sha256:" + "0" * 64}, Status.IN_DOUBT),
        ({"accepted_by": "ann"}, Status.IN_DOUBT),
    ):
        toy.case["deviations"] = [deviation | change]
        snapshot = toy.take()
        assert state(snapshot, "R1")[0] is expected, change
        assert ("C130" in codes(snapshot)) == bool(change)


def test_every_try_of_a_statistical_run_counts(toy: Kit) -> None:
    """Rolling seeds until one passes: the error probabilities of all tries count together."""
    toy.case = smooth(toy.case)
    statement = toy.statement("R1")
    first = smoothing(statement, [0.0] * 4, error_probability=0.006)
    second = smoothing(statement, [0.9] * 4, error_probability=0.006)
    toy.keep("R1", second)
    assert toy.take().standings["R1"].status is Status.SUPPORTED
    toy.keep("R1", first, outcome="not-met")
    toy.keep("R1", second)
    standing = toy.take().standings["R1"]
    assert standing.status is Status.IN_DOUBT
    assert "S113" in {item.code for item in standing.reasons}
