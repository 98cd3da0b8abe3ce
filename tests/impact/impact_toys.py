"""A case with three real runs that need no torch, ways to change one thing in it, and a comparison by brute force.

R1 is about balls around listed inputs (engine prover), R2 about boxes (reachability), R3 about table cells (prover). All are proved.
The brute force compares two snapshots directly and closes upwards over the argument; it shares no code with assurance/impact.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from case_toys import INPUTS, Kit, document, kit, onnx_bytes

import evidence.run
from assurance.challenges import threat_digest
from assurance.execution import execute
from assurance.gsn.elements import Goal, Solution, Strategy
from assurance.impact import Baseline, Impact, Side, compare, read_sides, state_of
from assurance.impact.report import StaleState
from assurance.loading import LoadedCase
from assurance.snapshot import Snapshot, take
from evidence.digest import of_bytes
from evidence.errors import AssuranceError
from evidence.provenance import library_versions
from evidence.run import answered
from evidence.store import Store

RUNS = ("run-1", "run-2", "run-3")


def make(folder: Path) -> Kit:
    """The toy case with finished runs and documents."""
    folder.mkdir()
    made = kit(folder)
    del made.case["standards"][1]
    labels(made, [0, 0, 0, 0])
    made.case["runs"] = [
        {"id": "run-1", "requirement": "R1", "engine": "prover"},
        {"id": "run-2", "requirement": "R2", "engine": "reachability"},
        {"id": "run-3", "requirement": "R3", "engine": "prover"},
    ]
    made.case["documents"] = [
        document(folder, "plan", evidence="plan", objectives=["do-178c:A-1.1"]),
        document(folder, "review-r1", about=["R1"], objectives=["do-178c:A-3.1"]),
        document(folder, "target", evidence="implementation-equivalence", about=["implementation"]),
    ]
    made.requirement("R1")["meaning_review"]["of"] = made.load().claims["R1"].meaning
    done = execute(made.load(), made.store, device="cpu")
    assert [item.outcome for item in done] == ["met"] * 3, done
    made.case["acceptances"] = []
    for objective in ("A-1.1", "A-4.1"):
        row = next(row for item in made.take().coverage for row in item.rows if row.entry.id == objective)
        accepted = {"objective": f"do-178c:{objective}", "by": "rev", "date": "2026-03-01", "digest": row.digest}
        made.case["acceptances"].append(accepted)
    return made.write()


def declare(kit: Kit, group: str, id: str) -> None:
    """Declare the digest that a file has now."""
    item = next(item for item in kit.case[group] if item["id"] == id)
    item["digest"] = of_bytes((kit.folder / item["path"]).read_bytes())


def labels(kit: Kit, given: list[int]) -> None:
    np.savez(kit.folder / "data.npz", inputs=INPUTS, labels=np.array(given))
    declare(kit, "data_sets", "points")


# --- one change each -----------------------------------------------------------------------------------------------


def weight(kit: Kit) -> None:
    (kit.folder / "net.onnx").write_bytes(onnx_bytes(0.25))
    declare(kit, "models", "net")


def label(kit: Kit) -> None:
    labels(kit, [0, 0, 0, 1])


def table(kit: Kit) -> None:
    grid = np.array([0.0, 5.0, 10.0])
    np.savez(kit.folder / "table.npz", grid_x=grid, grid_y=grid, advisory=np.ones((3, 3), dtype=np.int64))
    declare(kit, "tables", "grid")


def epsilon(kit: Kit) -> None:
    kit.case["threat_models"][0]["perturbation"]["eps"] = "0.2 m"


def fewer(kit: Kit) -> None:
    kit.requirement("R1")["property"]["regions"]["inputs"] = [0, 1, 2]


def box(kit: Kit) -> None:
    kit.requirement("R2")["property"]["regions"]["boxes"][0]["ranges"]["x"]["upper"] = 4


def plan(kit: Kit) -> None:
    (kit.folder / "plan.md").write_text("another plan", "utf-8")
    declare(kit, "documents", "plan")


def threshold(kit: Kit) -> None:
    kit.requirement("R1")["property"]["at_least"] = 0.5


def sentence(kit: Kit) -> None:
    kit.requirement("R3")["text"] = "The network shall do something else."


def seed(kit: Kit) -> None:
    kit.case["runs"][1]["seed"] = 7


def hazard(kit: Kit) -> None:
    kit.case["hazards"][0]["title"] = "It does other harm"


def domain(kit: Kit) -> None:
    kit.case["odd"]["parameters"][0]["range"]["upper"] = 11


def person(kit: Kit) -> None:
    kit.case["people"][1]["name"] = "Rev Renamed"


def level(kit: Kit) -> None:
    kit.case["standards"][0]["level"] = "C"
    kit.case["hazards"][0]["failure_condition"] = "major"


def standard(kit: Kit) -> None:
    kit.case["standards"].append({"id": "arp6983"})


def titles(kit: Kit) -> None:
    kit.case["title"] = "Another title"
    kit.case["models"][0]["title"] = "The same network, named otherwise"


def no_run(kit: Kit) -> None:
    del kit.case["runs"][2]


def requirement(kit: Kit) -> None:
    kit.case["requirements"] = kit.case["requirements"][:2]
    kit.case["runs"] = kit.case["runs"][:2]


def deviation(kit: Kit) -> None:
    reason = "stickers are kept away by the housing"
    kit.case["deviations"] = [
        {"id": "D1", "about": "TM", "rationale": reason, "accepted_by": "rev", "date": "2026-03-02"}
    ]
    kit.case["deviations"][0]["of"] = threat_digest(kit.load().case.threat_models[0])


def nothing(kit: Kit) -> None:
    pass


EDITS: tuple[Callable[[Kit], None], ...] = (
    nothing, weight, label, table, epsilon, box, plan, threshold, sentence, seed, hazard, domain, person, level, standard,
    titles, no_run, requirement, deviation,
)  # fmt: skip


# --- two states ------------------------------------------------------------------------------------------------------


def state(kit: Kit) -> Baseline:
    return state_of(kit.take(), kit.store)


@dataclass
class Pair:
    """A case before, which no test changes, and after."""

    old: Kit
    new: Kit
    before: Baseline
    """State of `old`, taken once."""

    def impact(self) -> Impact:
        return compare(self.before, state(self.new))


def keys(impact: Impact) -> set[str]:
    """What changed, by key; records apart."""
    return {item.key for item in impact.changed if item.kind != "record"}


def stale_by(impact: Impact) -> dict[str, StaleState]:
    return {item.source: item.state for item in impact.stale}


def names(items: Any) -> set[str]:
    return {item.id for item in items}


def objectives(impact: Impact) -> set[str]:
    return {f"{item.standard}:{item.id}" for item in impact.objectives}


def signed(impact: Impact) -> dict[str, tuple[str | None, str | None]]:
    return {f"{item.kind} {item.id}": (item.before, item.after) for item in impact.acceptances}


def reruns(impact: Impact) -> set[str]:
    return {item.run for item in impact.rerun}


def executed(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The runs whose engine `assurance run` really calls, by name."""
    called: list[str] = []
    real = evidence.run.load_engine

    def counting(name: str) -> Any:
        engine = real(name)

        def engine_call(task: Any) -> Any:
            called.append(str(task.statement.model_dump_json()))
            return engine(task)

        return engine_call

    with monkeypatch.context() as patch:
        patch.setattr(evidence.run, "load_engine", counting)
        loaded = kit.load()
        done = execute(loaded, kit.store, device="cpu")
    assert not any(item.failures for item in done), [item.failures for item in done]
    statements = {run.id: loaded.claims[run.requirement].statement.model_dump_json() for run in loaded.case.runs}
    assert len(called) == sum(item.fresh for item in done)
    return {id for id, statement in statements.items() if statement in called}


# --- what OLD and NEW name ------------------------------------------------------------------------------------------


def read(old: object, new: object, here: Path) -> tuple[Impact, Side, Side]:
    first, last = read_sides(str(old), str(new), "cpu", here)
    return compare(first.baseline, last.baseline), first, last


def refused(code: str, old: object, new: object, here: Path) -> str:
    """The one finding with which the comparison is refused."""
    with pytest.raises(AssuranceError) as caught:
        read_sides(str(old), str(new), "cpu", here)
    assert [item.code for item in caught.value.findings] == [code], caught.value.findings
    assert caught.value.finding.remedy and caught.value.exit_code == 2
    return caught.value.finding.message


def git(folder: Path, *arguments: str) -> str:
    names = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | names, capture_output=True, text=True, check=True
    )
    return done.stdout


# --- by brute force ----------------------------------------------------------------------------------------------------


@dataclass
class Brute:
    """What is affected, by comparing everything that two snapshots hold."""

    requirements: set[str]
    goals: set[str]
    objectives: set[str]
    problems: set[str]


def brute(first: Whole, new: Kit) -> Brute:
    last = Whole(new)
    requirements = {
        id
        for id in first.requirements.keys() | last.requirements.keys()
        if _differ(first.requirements, last.requirements, id)
    }
    local = {id for id in first.goals.keys() | last.goals.keys() if _differ(first.goals, last.goals, id)}
    local |= {id for whole in (first, last) for id, claim in whole.claims.items() if claim in requirements}
    meanings = {id for id in first.meanings.keys() | last.meanings.keys() if _differ(first.meanings, last.meanings, id)}
    local |= {id for whole in (first, last) for id, about in whole.about.items() if about & meanings}
    goals = set(local)
    for whole in (first, last):  # upwards, until nothing is added
        while True:
            more = {parent for id in goals for parent in whole.parents(id)} - goals
            if not more:
                break
            goals |= more
    rows = {id for id in first.rows.keys() | last.rows.keys() if _differ(first.rows, last.rows, id)}
    rows |= {id for whole in (first, last) for id, below in whole.row_goals.items() if below & goals}
    problems = {id for id in first.problems.keys() | last.problems.keys() if _differ(first.problems, last.problems, id)}
    return Brute(requirements, goals, rows, problems)


def _differ(before: dict[str, Any], after: dict[str, Any], id: str) -> bool:
    return id not in before or id not in after or before[id] != after[id]


class Whole:
    """Everything of one snapshot that a reader could see, as text."""

    def __init__(self, kit: Kit) -> None:
        loaded = kit.load()
        self.snapshot: Snapshot = take(loaded, kit.store)
        self.answers = _answers(loaded, kit.store)
        self.argument = self.snapshot.built.argument
        self.problems = {item.id: item for item in self.snapshot.problems}
        self.requirements = {id: self._requirement(id) for id in self.snapshot.standings}
        self.meanings = {id: self._meaning(id) for id in self.snapshot.standings}
        structural = [item for item in self.argument if isinstance(item, Goal | Strategy)]
        self.goals = {item.id: self._goal(item.id) for item in structural}
        self.claims = {item.id: item.claim for item in structural if isinstance(item, Goal) and item.claim}
        known = set(self.snapshot.standings)
        self.about = {
            item.id: {v for _, v in item.provenance.binding} & known for item in structural if item.provenance
        }
        self.rows = {
            f"{c.catalogue.id}:{row.entry.id}": self._row(row, c) for c in self.snapshot.coverage for row in c.rows
        }
        self.row_goals = {
            f"{c.catalogue.id}:{row.entry.id}": set(row.goals) for c in self.snapshot.coverage for row in c.rows
        }

    def _named(self, digest: str) -> Any:
        """All that is known of an item of evidence."""
        plain = digest.replace(self.snapshot.loaded.digest, "the case")
        runs = [item for item in self.snapshot.register.runs if item.digest == digest and item.current]
        documents = [item for item in self.snapshot.register.documents if item.digest == digest]
        files = {item.declared for item in self.snapshot.loaded.files if not item.fresh}
        facts: list[Any] = [plain]
        facts += [(item.run, item.run in self.answers, str(item.record.statement.model) in files) for item in runs]
        facts += [(item.fresh, [self._subject(name) for name in item.record.about]) for item in documents]
        return facts

    def _subject(self, name: str) -> Any:
        loaded = self.snapshot.loaded
        if name in self.snapshot.standings:
            return self._meaning(name)
        if name == "implementation":
            return [
                model.model_dump(mode="json", exclude={"title", "path"}) | {"now": file.actual}
                for model in loaded.case.models
                for file in loaded.files
                if file.id == model.id
            ]
        return None

    def _meaning(self, id: str) -> Any:
        claim = self.snapshot.loaded.claims.get(id)
        text = self.snapshot.loaded.case.requirement(id).text
        return (text, claim and claim.statement.model_dump(mode="json", exclude={"model"}), claim and claim.criterion)

    def _requirement(self, id: str) -> Any:
        standing, claim = self.snapshot.standings[id], self.snapshot.loaded.claims.get(id)
        return (
            standing.status, standing.reasons, standing.total, standing.established, standing.refuted,
            standing.best and self._named(standing.best.digest), claim and claim.statement, claim and claim.criterion,
            self._meaning(id),
        )  # fmt: skip

    def _goal(self, id: str) -> Any:
        element = self.argument[id]
        beside = [
            *self.argument.contexts(id),
            *(c for c in self.argument.children(id) if not isinstance(c, Goal | Strategy)),
        ]
        beside += self.argument.challengers(id)
        facts = [
            (item.id, item.text, [self._named(e) for e in item.evidence] if isinstance(item, Solution) else [])
            for item in beside
        ]
        below = [item.id for item in self.argument.children(id) if isinstance(item, Goal | Strategy)]
        return element.text, self.snapshot.built.status[id], sorted(facts, key=lambda fact: fact[0]), below

    def _row(self, row: Any, covered: Any) -> Any:
        facts = {
            f.name: getattr(row, f.name)
            for f in dataclasses.fields(row)
            if f.name not in ("tied", "acceptance", "evidence", "entry", "selected")
        }
        facts["reasons"] = [
            str(item).replace(self.snapshot.loaded.digest, "the case") for item in row.reasons if item.code != "O215"
        ]
        facts["evidence"] = [self._named(item) for item in row.evidence]
        facts["selected"] = (row.selected.applicability, row.selected.independence, covered.level)
        entry = json.dumps(row.entry.model_dump(mode="json"), sort_keys=True)
        scope: Any = None
        if self.snapshot.loaded.digest in row.evidence:
            case = self.snapshot.loaded.case.model_dump(mode="json")
            for item in case["requirements"]:
                del item["property"], item["meaning_review"]
            for group in _FILES:
                for item in case[group]:
                    del item["title"], item["path"]
            scope = {
                "requirement": [case["requirements"]],
                "derived-requirement": [[item for item in case["requirements"] if item["derived"]]],
                "model": [case["models"]],
                "data-set": [case["data_sets"], case["tables"]],
            }.get(row.entry.scope.value, [case[group] for group in _FILES])
            scope = (
                scope,
                [item.actual for item in self.snapshot.loaded.files]
                if "requirement" not in row.entry.scope.value
                else 0,
            )
        return facts, entry, scope

    def parents(self, id: str) -> Iterator[str]:
        if id in self.argument:
            yield from (item.id for item in self.argument.parents(id))


_FILES = ("models", "data_sets", "tables", "property_files", "documents", "external_verdicts")


def _answers(loaded: LoadedCase, store: Store) -> set[str]:
    """The runs that the store answers, asked as `assurance run` asks."""
    assert library_versions("prover")
    found = set()
    for run in loaded.case.runs:
        statement = loaded.claims[run.requirement].statement
        if answered(statement, run.engine, dict(run.parameters), run.seed, "cpu", store) is not None:
            found.add(run.id)
    return found
