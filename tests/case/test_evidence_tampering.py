"""A replaced, missing or altered evidence file can never leave a goal green that rested on it (GSN status, point by point)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from case_toys import Kit, document, kit

from assurance.snapshot import Snapshot
from assurance.status import Status

GREEN = (Status.SUPPORTED, Status.PARTIAL)


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    made.prove("R1", "R2", "R3")
    made.case["documents"] = [
        document(made.folder, "REQ", about=["requirements"]),
        document(made.folder, "PRE", about=["preprocessing"]),
    ]
    return made.write(patterns=["ml-constituent", "amlas"])


def objects(toy: Kit) -> list[Path]:
    return sorted(item for item in (toy.folder / "evidence" / "objects").rglob("*") if item.is_file())


def holder(toy: Kit, digest: str) -> Path:
    return next(item for item in objects(toy) if item.name in digest)


def delete(path: Path, other: Path) -> None:
    path.unlink()


def flip(path: Path, other: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def swap(path: Path, other: Path) -> None:
    mine, theirs = path.read_bytes(), other.read_bytes()
    for place, data in ((path, theirs), (other, mine)):
        place.chmod(0o644)
        place.write_bytes(data)


def empty(path: Path, other: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")


HARM: list[Callable[[Path, Path], None]] = [delete, flip, swap, empty]


def never_greener(before: Snapshot, after: Snapshot) -> None:
    for id, word in after.built.status.items():
        if word is Status.SUPPORTED:
            assert before.built.status.get(id) is Status.SUPPORTED, id


@pytest.mark.parametrize("harm", HARM, ids=lambda item: item.__name__)
@pytest.mark.parametrize("requirement", ["R1", "R2", "R3"])
def test_records(toy: Kit, harm: Callable[[Path, Path], None], requirement: str) -> None:
    before = toy.take()
    assert before.built.status[f"G4-{requirement}"] is Status.SUPPORTED
    digests = {item.requirement: item.digest for item in before.register.runs}
    other = "R2" if requirement != "R2" else "R3"
    harm(holder(toy, digests[requirement]), holder(toy, digests[other]))
    after = toy.take()
    for goal in (f"G4-{requirement}", f"amlas.VERIFY.G2-{requirement}"):
        assert after.built.status[goal] is not Status.SUPPORTED, goal
    assert after.standings[requirement].status is Status.UNDEVELOPED
    assert {"E103", "E104", "E105", "E106", "E101", "E102"} & {item.code for item in after.findings}, "and it is said"
    never_greener(before, after)


@pytest.mark.parametrize("harm", HARM, ids=lambda item: item.__name__)
def test_certificates(toy: Kit, harm: Callable[[Path, Path], None]) -> None:
    before = toy.take()
    record = before.register.runs[0].record
    harm(holder(toy, record.artefacts["certificate"]), holder(toy, before.register.runs[1].digest))
    after = toy.take()
    assert all(after.built.status[f"G4-{id}"] is Status.UNDEVELOPED for id in ("R1", "R2", "R3"))
    never_greener(before, after)


@pytest.mark.parametrize("harm", HARM, ids=lambda item: item.__name__)
@pytest.mark.parametrize(
    ("file", "other", "goals"),
    [
        ("REQ.md", "PRE.md", ["G2"]),
        ("PRE.md", "REQ.md", ["G8-preprocessing"]),
        ("net.onnx", "data.npz", ["G4-R1", "G4-R2", "G4-R3"]),
        ("data.npz", "table.npz", ["G4-R1"]),
        ("table.npz", "data.npz", ["G4-R3"]),
    ],
)
def test_declared_files(toy: Kit, harm: Callable[[Path, Path], None], file: str, other: str, goals: list[str]) -> None:
    before = toy.take()
    harm(toy.folder / file, toy.folder / other)
    after = toy.take()
    for goal in goals:
        assert before.built.status[goal] is Status.SUPPORTED and after.built.status[goal] is Status.STALE, goal
    assert after.built.status["G1"] is Status.STALE
    assert {"C116", "C117"} & {item.code for item in after.findings}
    never_greener(before, after)


def test_the_record_of_another_requirement_is_no_answer(toy: Kit) -> None:
    """Two journal entries exchanged: each record is held against the claim that it is now said to answer."""
    journal = toy.folder / "evidence" / "journal.jsonl"
    digests = {item.requirement: item.digest for item in toy.take().register.runs}
    text = journal.read_text("utf-8")
    text = text.replace(digests["R1"], "X").replace(digests["R2"], digests["R1"]).replace("X", digests["R2"])
    journal.chmod(0o644)
    journal.write_text(text, "utf-8")
    after = toy.take()
    for id in ("R1", "R2"):
        assert after.standings[id].status is Status.UNDEVELOPED
        assert after.built.status[f"G4-{id}"] is Status.UNDEVELOPED
