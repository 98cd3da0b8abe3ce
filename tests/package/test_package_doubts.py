"""Doubts in packages: a disposition that somebody edits, adds or takes away shows when the package is verified, even
where manifest and signature were made anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from package_toys import Members, Toy, resign

from assurance.challenges import doubts_of
from assurance.package import archive, layout
from assurance.package.verify import Verification, verify_package
from assurance.register import collect
from evidence.digest import canonical_json

DISPOSITION = """
dispositions:
  - challenge: TM.1
    decision: accepted
    by: ben
    date: "2026-03-03"
    rationale: Looked at and accepted in the safety board.
    of: {digest}
"""


@pytest.fixture
def disposed(toy: Toy) -> Toy:
    """The first exclusion is accepted by somebody who wrote no requirement."""
    doubt = next(item for item in doubts_of(toy.loaded, collect(toy.loaded, toy.store)) if item.id == "TM.1")
    path = toy.folder / "case.yaml"
    path.write_text(path.read_text("utf-8") + DISPOSITION.format(digest=doubt.digest), "utf-8")
    toy.reload()
    return toy


def verified(toy: Toy, members: Members, tmp_path: Path) -> Verification:
    path = tmp_path / "given.zip"
    path.write_bytes(resign(members, toy.key))
    return verify_package(path, toy.public)


def packed(toy: Toy) -> Members:
    return dict(archive.read(toy.build().file.read_bytes()).members)


def test_the_doubts_of_a_good_package(disposed: Toy, tmp_path: Path) -> None:
    members = packed(disposed)
    held = {item["id"]: item["state"] for item in json.loads(members[layout.ARGUMENT])["doubts"]}
    assert held == {"TM.1": "accepted", "TM2.1": "stands"}
    assert verified(disposed, members, tmp_path).ok


@pytest.mark.parametrize("edit", ["decision", "person", "reason", "digest", "gone"])
def test_an_edited_disposition_shows(disposed: Toy, tmp_path: Path, edit: str) -> None:
    members = packed(disposed)
    (name,) = [item for item in members if item.endswith("case.yaml")]
    text = members[name].decode()
    head, tail = text[: text.index("dispositions:")], text[text.index("dispositions:") :]
    last = tail.rstrip()[-1]
    changed = {
        "decision": tail.replace("accepted", "upheld", 1),
        "person": tail.replace("by: ben", "by: ana"),
        "reason": tail.replace("board", "canteen"),
        "digest": tail.rstrip()[:-1] + ("0" if last != "0" else "1"),
        "gone": "",
    }[edit]
    assert changed != tail
    result = verified(disposed, members | {name: (head + changed).encode()}, tmp_path)
    assert not result.ok
    assert ("P140", layout.ARGUMENT) in {(item.code, item.place.element) for item in result.findings}


def test_an_invented_state_shows(disposed: Toy, tmp_path: Path) -> None:
    """The case file is untouched; what was derived from it says that the exclusion was answered, and the top is fine."""
    members = packed(disposed)
    value = json.loads(members[layout.ARGUMENT])
    value["doubts"][1]["state"] = "answered"
    value["tops"]["G1"]["undeveloped"] = []
    result = verified(disposed, members | {layout.ARGUMENT: canonical_json(value)}, tmp_path)
    messages = [item.message for item in result.findings if item.code == "P140"]
    assert not result.ok and any("doubts[TM2.1].state is 'answered' in the package" in item for item in messages)
    assert any("tops.G1.undeveloped" in item for item in messages)
