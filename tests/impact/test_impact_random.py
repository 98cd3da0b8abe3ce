"""A second brute force, over random edits: whatever the derived documents of a review package show, `compare` names.

The first one (impact_toys.py) knows how an argument hangs together and closes upwards; this one knows nothing: it compares the
standings, coverage, argument, doubts and findings that `derive` writes for packages, entity by entity, and asks of each difference
whether it is named. It shares no code with assurance/impact.
"""

from __future__ import annotations

import copy
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from case_toys import INPUTS, Kit, document, onnx_bytes
from impact_toys import labels, state

from assurance.challenges import threat_digest
from assurance.impact import Baseline, Impact, compare, state_of
from assurance.package.derive import Derived, derive
from evidence.digest import of_bytes
from evidence.errors import AssuranceError

EDITS = 30
_LAPSES = {"C127": "meaning review", "C130": "deviation", "S132": "disposition"}
"""Findings that say that a word does not count, and whose."""

Facts = dict[str, Any]


def examined(folder: Path) -> tuple[Facts, Baseline]:
    """Everything that a package would say of a case, by entity, and its state. What an acceptance is tied to follows from the rest."""
    made = derive(folder, "case.yaml")
    return facts(made), state_of(made.snapshot, made.store)


def facts(made: Derived) -> Facts:
    digest = made.snapshot.loaded.digest
    document = {name: json.loads(data.decode().replace(digest, "CASE")) for name, data in made.documents.items()}
    found: Facts = {f"requirement {item['id']}": item for item in document["standings.json"]["requirements"]}
    for standard in document["coverage.json"]["standards"]:
        for row in standard["objectives"]:
            name = f"{standard['standard']}:{row['id']}"
            word = row.pop("acceptance")
            found[f"acceptance {name}"] = word and word["counts"]
            row["reasons"] = [item for item in row["reasons"] if item["code"] != "O215"]
            found[f"objective {name}"] = row | {"digest": None, "level": standard["level"]}
    found |= {f"problem {item['id']}": item for item in document["coverage.json"]["problems"]}
    argument = document["argument.json"]
    for element in argument["argument"]["elements"]:
        if element["type"] in ("Goal", "Strategy"):
            found[f"goal {element['id']}"] = element, argument["status"].get(element["id"])
    found |= {f"disposition {item['id']}": (item["state"], item["decision"]) for item in argument["doubts"]}
    for finding in document["findings.json"]["findings"]:
        if finding["code"] in _LAPSES:
            found.setdefault(f"lapse {finding['code']} {finding['element']}", finding["message"].partition(":")[0])
    return found


def unnamed(before: Facts, after: Facts, impact: Impact) -> Iterator[str]:
    """Differences that the comparison does not name."""
    words = {f"{item.kind} {item.about}" for item in impact.acceptances} | {item.key for item in impact.acceptances}
    goals = {item.id for item in impact.goals}
    named = {f"requirement {item.id}" for item in impact.requirements} | {f"goal {id}" for id in goals} | words
    named |= {f"objective {item.standard}:{item.id}" for item in impact.objectives}
    named |= {f"problem {item.id}" for item in impact.problems}
    for key in before.keys() | after.keys():
        if before.get(key) == after.get(key) or key in named:
            continue
        kind, _, id = key.partition(" ")
        if kind == "disposition" and any(id in goal for goal in goals):
            continue  # a doubt nobody decided about: its goal is named
        if kind == "lapse" and (key not in after or any(_is_of(id, after[key], word) for word in words)):
            continue
        yield key


def _is_of(lapse: str, message: str, word: str) -> bool:
    code, _, element = lapse.partition(" ")
    return word in (f"{_LAPSES[code]} {element}", f"{_LAPSES[code]} {message.split()[0]}")


# --- a case in which people said much --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talked(finished: Kit, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """The finished case with challenges, dispositions, deviations, agreements, exemptions and acceptances."""
    folder = Path(shutil.copytree(finished.folder, tmp_path_factory.mktemp("talked") / "case"))
    kit = Kit(folder, copy.deepcopy(finished.case))
    case = kit.case
    case["documents"].append(document(folder, "psac", evidence="plan", objectives=["do-178c:A-1.1"]))
    case["agreements"] = [
        {"id": "agreed", "kind": "PSAC", "reference": "Plan, issue 2", "authority": "Authority", "state": "agreed"}
        | {"date": "2026-02-05", "document": "psac"}
    ]
    exempt = {"objective": "A-7.8", "justification": "nothing here is coupled to anything", "approved_by": "rev"}
    case["standards"][0] |= {"agreement": "agreed", "not_applicable": [exempt | {"date": "2026-02-06"}]}
    doubts = [("CH1", {"requirement": "R1"}), ("CH2", {"run": "run-2"}), ("CH3", {"document": "review-r1"})]
    case["challenges"] = [
        {
            "id": id,
            "against": against,
            "doubt": "this may not be what it says",
            "raised_by": "rev",
            "date": "2026-02-07",
        }
        for id, against in [*doubts, ("CH4", {"element": "S1"})]
    ]
    for id in ("CH1", "CH2", "CH3", "CH4", "TM.1"):
        kit.dispose(id, "accepted")
    loaded = kit.load()
    case["deviations"] = [
        {
            "id": id,
            "about": about,
            "rationale": "accepted for this issue only",
            "accepted_by": "rev",
            "date": "2026-02-08",
        }
        | {"of": of}
        for id, about, of in (
            ("D1", "TM", threat_digest(loaded.case.threat_models[0])),
            ("D2", "R2", loaded.claims["R2"].identity),
        )
    ]
    case["acceptances"] = []
    rows = [row for covered in kit.take().coverage for row in covered.rows]
    for row in rows:
        if row.entry.id in ("A-1.1", "A-3.1", "A-4.1", "A-7.8"):
            accepted = {"objective": f"do-178c:{row.entry.id}", "by": "rev", "date": "2026-03-01", "digest": row.digest}
            case["acceptances"].append(accepted)
    assert all(item.stands for item in state(kit).sign_offs if item.kind != "meaning review"), state(kit).sign_offs
    return kit


# --- random edits ------------------------------------------------------------------------------------------------------------


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if path:
        yield path, value
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _leaves(part, (*path, name))


def _other(value: Any, near: list[Any], random: random.Random) -> Any:
    """Another value for a place in the case file; None to take it away."""
    if random.random() < 0.2:
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + random.choice([1, -1, 0.5])
    if isinstance(value, list):
        return value[::-1]
    if not isinstance(value, str):
        return None
    if value.startswith("sha256:"):
        return f"sha256:{random.getrandbits(256):064x}"
    quantity = re.fullmatch(r"(-?[\d.]+) (\S+)", value)
    if quantity:
        return f"{float(quantity[1]) * 2} {quantity[2]}"
    return random.choice([item for item in near if item != value] or [f"{value}x"])


def text_edit(kit: Kit, random: random.Random) -> str:
    """Change one place of the case file, of whatever kind."""
    places = list(_leaves(kit.case))
    path, value = random.choice(places)
    name = [step for step in path if isinstance(step, str)][-1]
    near = [item for other, item in places if isinstance(item, str) and name in other[-2:]]
    given = _other(value, near, random)
    holder: Any = kit.case
    for step in path[:-1]:
        holder = holder[step]
    if given is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = given
    return f"{'.'.join(map(str, path))}: {value!r:.80} -> {given!r:.80}"


def file_edit(kit: Kit, random: random.Random) -> str:
    """Change, take away or replace a file; half of the time its new digest is declared."""
    group = random.choice(["models", "data_sets", "tables", "documents"])
    item = random.choice(kit.case[group])
    path = kit.folder / item["path"]
    if group == "models":
        path.write_bytes(onnx_bytes(random.random()))
    elif group == "data_sets":
        labels(kit, [random.randrange(3) for _ in INPUTS])
        return "labels"
    elif group == "tables":
        grid = np.array([0.0, 5.0, 10.0])
        np.savez(path, grid_x=grid, grid_y=grid, advisory=np.full((3, 3), random.randrange(3), dtype=np.int64))
    else:
        path.write_bytes(path.read_bytes() + b"more\n")
    if random.random() < 0.2:
        path.unlink()
    elif random.random() < 0.6:
        item["digest"] = of_bytes(path.read_bytes())
    return f"{path.name}"


def evidence_edit(kit: Kit, random: random.Random) -> str:
    """Take away or alter something in the evidence folder."""
    store = kit.folder / "evidence"
    files = sorted(path for path in store.rglob("*") if path.is_file())
    path = random.choice(files)
    if path.name == "journal.jsonl":
        lines = path.read_text("utf-8").splitlines(keepends=True)
        del lines[random.randrange(len(lines))]
        path.write_text("".join(lines), "utf-8")
    elif random.random() < 0.5:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    return f"evidence/{path.parent.name}/{path.name}"


def test_random_edits_are_named(talked: Kit, tmp_path: Path) -> None:
    """No status, standing, acceptance, doubt or word differs without being named, in either direction."""
    before, first = examined(_copy(talked, tmp_path / "old").folder)
    chooser = random.Random(20261122)
    made = 0
    for number in range(EDITS):
        kit = _copy(talked, tmp_path / f"new-{number}")
        done = []
        for _ in range(chooser.choice([1, 1, 1, 2, 3])):
            edit = chooser.choice([*[text_edit] * 8, file_edit, evidence_edit])
            try:
                done.append(edit(kit, chooser))
            except (IndexError, KeyError):  # an earlier edit took it away
                continue
        (kit.folder / "case.yaml").write_text(yaml.safe_dump(kit.case, sort_keys=False), "utf-8")
        try:
            after, last = examined(kit.folder)
        except AssuranceError:
            continue  # a case that cannot be read says so by itself
        finally:
            shutil.rmtree(kit.folder)
        made += 1
        for there, here, impact in ((before, after, compare(first, last)), (after, before, compare(last, first))):
            assert not list(unnamed(there, here, impact)), done
            assert impact.changed or there == here, f"nothing is said to have changed: {done}"
    assert made > EDITS // 4, made


def _copy(kit: Kit, folder: Path) -> Kit:
    copied = Kit(Path(shutil.copytree(kit.folder, folder)), copy.deepcopy(kit.case))
    (folder / "case.yaml").write_text(yaml.safe_dump(copied.case, sort_keys=False), "utf-8")
    return copied
