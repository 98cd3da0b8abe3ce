"""What an acceptance is tied to: every field of the case beneath it, every file, every record; tried one by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds, kit
from objectives_toys import RATIONALE, agree, aviation, choose, offer, refuting, row
from pydantic import ValidationError

from assurance.case import Case
from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import Mark
from assurance.objectives.acceptance import beneath, beneath_standard
from evidence.digest import of_bytes


@pytest.fixture
def rich(tmp_path: Path) -> Kit:
    """A case that uses every section of the case file."""
    toy = aviation(kit(tmp_path), "A")
    toy.case["people"] += [
        {"id": "zoe", "name": "Zoe Approver", "role": "certification manager", "organisation": "Nobody"},
        {"id": "idle", "name": "Ida Idle", "role": "nobody here names her"},
    ]
    toy.case["hazards"].append({"id": "H2", "title": "More", "hara": {"severity": "S1", "exposure": "E1", "controllability": "C1"}})  # fmt: skip
    agree(toy)
    offer(toy, objectives=["do-178c:A-3.2"])
    toy.case["models"][0]["made_by"] = "ann"
    toy.case["runs"][0] |= {"operator": "rev", "parameters": {"steps": 3}, "seed": 1}
    toy.case["requirements"][2] |= {"parents": [], "derived": RATIONALE, "hazards": ["H1"]}
    toy.case["deviations"] = [
        {"id": "D", "about": "do-178c:A-3.2", "rationale": RATIONALE, "accepted_by": "zoe", "date": "2026-01-01"}
    ]
    toy.case["problem_reports"] = [
        {"id": "X1", "title": "noise", "owner": "ann", "about": ["R1"], "classification": "process", "safety_effect": "none",
         "disposition": RATIONALE, "mitigation": RATIONALE, "state": "closed", "closed_by": "rev",
         "closed_on": "2026-02-02", "evidence": ["DOC"]}
    ]  # fmt: skip
    toy.case["challenges"] = [
        {"id": "CH", "against": {"requirement": "R1"}, "doubt": RATIONALE, "raised_by": "rev", "date": "2026-03-03",
         "evidence": ["DOC"]}
    ]  # fmt: skip
    toy.case["dispositions"] = [
        {"challenge": "CH", "decision": "accepted", "by": "zoe", "date": "2026-03-04", "rationale": RATIONALE,
         "of": of_bytes(b"it")}
    ]  # fmt: skip
    choose(
        toy,
        agreement="AG",
        basis=["do-333"],
        assumptions=["DOC"],
        sign_off={"path": "signed.yaml", "digest": of_bytes(b"signed")},
        not_applicable=[
            {"objective": "A-4.13", "justification": RATIONALE, "approved_by": "zoe", "date": "2026-05-05"}
        ],
        means=[
            {"objectives": ["A-7.5"], "means": "sampling", "alternative": True, "rationale": RATIONALE,
             "evidence": ["safety-analysis"], "agreement": "AG"}
        ],
        methods=[{"table": "T7", "chosen": ["6-T7.1h"], "rationale": RATIONALE, "left_out": {"6-T7.1c": RATIONALE}}],
        tools=[
            {"tool": "checker", "criterion": 2, "impact": "TI2", "detection": "TD1", "rationale": RATIONALE,
             "qualified_to": "TQL-4", "documents": ["DOC"]}
        ],
    )  # fmt: skip
    toy.case["standards"].append({"id": "arp6983"})
    toy.case["pattern_data"] = {"ml-constituent": None}
    toy.case["acceptances"] = [
        {"objective": "do-178c:A-3.2", "by": "zoe", "date": "2026-06-01", "digest": of_bytes(b"then")}
    ]
    return toy


Where = tuple[str | int, ...]
_OTHER: dict[type, list[Any]] = {
    str: [
        "another", "2026-09-09", of_bytes(b"another"), "signed2.yaml", "rev", "ann", "R2", "0.7 m", "argmin", "major",
        "black-box", "targeted", "float32", "real", "smoothed", "parameter-data-item", "submitted", "functional", "open",
        "upheld", "TI1", "TD3", "TQL-5", "S2", "E2", "C2", "issue paper", "CRI", "l2", "statistical", "source-code",
    ],
    bool: [True, False],
    int: [2, 7, 0.5],
    float: [0.5, 3.25, 4.75],
}  # fmt: skip


def changes(value: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Every place in nested data with what could stand there instead; `...` for leaving it out."""
    if where:
        yield where, ...
    if isinstance(value, dict):
        for key, item in value.items():
            yield from changes(item, (*where, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from changes(item, (*where, number))
    else:
        for other in _OTHER.get(type(value), ["another"]):
            yield where, other


def changed(case: dict[str, Any], where: Where, to: Any) -> Case | None:
    """The case with another value in one place; None where that is no case."""
    made = copy.deepcopy(case)
    parent = made
    for step in where[:-1]:
        parent = parent[step]  # type: ignore[index]
    if to is ...:
        del parent[where[-1]]  # type: ignore[arg-type]
    else:
        parent[where[-1]] = to  # type: ignore[index]
    try:
        return Case.model_validate(made)
    except (ValidationError, TypeError):
        return None


IDLE = 3
"""Position of the person whom nothing names."""
ABOVE = {
    "id", "title", "organisation", "issue", "patterns", "pattern_data", "acceptances", "evidence_folder"
}  # fmt: skip
"""Document control, the shape of the argument, and the acceptances themselves."""


def lies_above(where: Where) -> bool:
    if where[0] == "people":
        return where[1:2] == (IDLE,)
    return where[0] in ABOVE or where[:2] == ("standards", 1)  # another standard's own choice


def test_every_field_of_the_case_lies_beneath_but_for_a_known_few(rich: Kit) -> None:
    rich.case["standards"][0].pop("sign_off")
    loaded = rich.load()
    rich.case["standards"][0]["sign_off"] = {"path": "signed.yaml", "digest": of_bytes(b"signed")}
    plain = Case.model_validate(rich.case)

    def digest(case: Case) -> str:
        return beneath_standard(beneath(replace(loaded, case=case)), case.standards[0], load_catalogue("do-178c"))

    before = digest(plain)
    tried: dict[Where, int] = {}
    for where, to in changes(rich.case):
        if tried.get(where, 0) == 2 and to is not ...:
            continue
        case = changed(rich.case, where, to)
        if case is None or case == plain or where == ("people", IDLE, "id"):
            continue
        tried[where] = tried.get(where, 0) + 1
        assert (digest(case) == before) == lies_above(where), (where, to)
    assert len(tried) > 250
    sections = {where[0] for where in tried}
    assert sections >= set(rich.case) - {"schema", "acceptances", "pattern_data"}


def test_files_that_swap_their_contents_lapse_it(rich: Kit) -> None:
    loaded = rich.take().loaded
    one, other = loaded.files[0], loaded.files[1]
    swapped = (replace(one, actual=other.actual), replace(other, actual=one.actual), *loaded.files[2:])
    assert beneath(replace(loaded, files=swapped)) != beneath(loaded)


def accepted(toy: Kit, objective: str = "A-4.1") -> None:
    digest = row(toy, objective).digest
    toy.case["acceptances"] = [
        {"objective": f"do-178c:{objective}", "by": "zoe", "date": "2026-06-01", "digest": digest}
    ]
    found = row(toy, objective).acceptance
    assert found is not None and not found.lapsed


@pytest.mark.parametrize("objective", ["A-4.1", "A-8.3"])
def test_another_counterexample_lapses_it_though_no_status_changes(tmp_path: Path, objective: str) -> None:
    """The requirement was in doubt and stays in doubt, its problem report was open and stays open."""
    toy = aviation(kit(tmp_path), "A")
    toy.case["people"].append({"id": "zoe", "name": "Zoe", "role": "certification manager"})
    toy.prove("R2", "R3")
    statement = toy.statement("R1")
    one, another = refuting(toy, "R1", "PPPR"), bounds(statement, "PPPR")
    toy.keep("R1", one, outcome="refuted")
    accepted(toy, objective)
    before = row(toy, objective)
    toy.keep("R1", one, outcome="refuted")
    assert row(toy, objective) == before, "the same record again: nothing is new"
    toy.keep("R1", another, outcome="refuted")
    toy.keep("R1", one, outcome="refuted")
    after = row(toy, objective)
    assert (after.status, after.problems, after.evidence) == (before.status, before.problems, before.evidence)
    assert after.acceptance is not None and after.acceptance.lapsed


def test_who_reviewed_is_part_of_it(rich: Kit) -> None:
    rich.case["standards"][0].pop("sign_off")
    accepted(rich, "A-3.2")
    rich.case["people"][1]["name"] = "Another Reviewer"
    found = row(rich, "A-3.2").acceptance
    assert found is not None and found.lapsed
    rich.case["people"][1]["name"] = "Rev Reviewer"
    rich.case["people"].append({"id": "new", "name": "Ned New", "role": "engineer"})
    found = row(rich, "A-3.2").acceptance
    assert found is not None and not found.lapsed, "nobody names him"


def test_a_key_of_the_case_file_names_nobody(rich: Kit) -> None:
    rich.case["standards"][0].pop("sign_off")
    rich.case["people"].append({"id": "rationale", "name": "Rita", "role": "engineer"})
    before = beneath(rich.load())
    rich.case["people"][-1]["name"] = "Rita Renamed"
    assert beneath(rich.load()) == before
    rich.case["runs"][-1]["operator"] = "rationale"
    named = beneath(rich.load())
    rich.case["people"][-1]["name"] = "Rita"
    assert beneath(rich.load()) != named


def test_another_mark_title_or_credit_in_the_catalogue_lapses_it(rich: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    rich.case["standards"][0].pop("sign_off")
    accepted(rich, "A-3.2")
    real = load_catalogue("do-178c")
    entry = real.entry("A-3.2")
    assert entry is not None
    for update in (
        {"title": "Another"},
        {"credit": entry.credit[:0]},
        {"levels": {**entry.levels, "B": Mark.REQUIRED}},
    ):
        entries = tuple(item.model_copy(update=update) if item is entry else item for item in real.entries)
        other = real.model_copy(update={"entries": entries})
        monkeypatch.setattr("assurance.objectives.assembly.load_catalogue", lambda id, other=other: other if id == "do-178c" else load_catalogue(id))  # fmt: skip
        found = row(rich, "A-3.2").acceptance
        assert found is not None and found.lapsed, update
