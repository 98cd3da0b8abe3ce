"""Verdict x guarantee x staleness x independence x level, through the whole of coverage, and against a naive count."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from case_toys import Kit, bounds, kit
from objectives_toys import aviation, codes, offer, row, standard

from assurance.catalogue import Entry, load
from assurance.catalogue_vocabulary import CreditLevel
from assurance.loading import LoadedCase
from assurance.objectives import Coverage, ObjectiveStatus, Row, coverage
from assurance.objectives.credit import earned
from assurance.objectives.held import Evidence
from assurance.register import Register, RunItem, document_entry
from assurance.status import Standing, Status
from evidence.digest import of_bytes
from evidence.records import BoundsRecord
from evidence.verdict import GuaranteeKind

VERDICTS = {
    "none": (Status.UNDEVELOPED, None),
    "proved": (Status.SUPPORTED, "PP"),
    "part": (Status.PARTIAL, "PU"),
    "unknown": (Status.UNDEVELOPED, "UU"),
    "doubt": (Status.IN_DOUBT, "PR"),
    "refuted": (Status.CONTRADICTED, "RR"),
    "stale": (Status.STALE, "PP"),
}
GUARANTEES = (
    GuaranteeKind.PROVED,
    GuaranteeKind.UNCHECKED,
    GuaranteeKind.STATISTICAL,
    GuaranteeKind.EMPIRICAL,
    GuaranteeKind.DOCUMENTARY,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table")


def records(toy: Kit) -> dict[tuple[str, GuaranteeKind], BoundsRecord]:
    """A record of every kind of guarantee, whether or not a run could have made it: the rules must not rely on that."""
    statement = toy.statement("R2")
    made = {}
    for letters, kind in itertools.product(("PP", "PU", "UU", "PR", "RR"), GUARANTEES):
        honest = bounds(statement, letters)
        made[letters, kind] = honest.model_copy(
            update={"guarantee": honest.guarantee.model_copy(update={"kind": kind})}
        )
    return made


def situation(
    loaded: LoadedCase, verdict: str, kind: GuaranteeKind, made: dict[tuple[str, GuaranteeKind], BoundsRecord]
) -> dict[str, Standing]:
    """Every requirement stands as the verdict says."""
    status, letters = VERDICTS[verdict]
    found = {}
    for item in loaded.case.requirements:
        best = None
        if letters:
            digest = of_bytes(f"{item.id}{letters}{kind}".encode())
            best = RunItem(digest, made[letters, kind], f"run-{item.id[-1]}", item.id, "", "", True, 0)
        found[item.id] = Standing(item.id, status, (), 2, (letters or "").count("P"), 0, (), best)
    return found


def by_id(covered: Coverage) -> dict[str, Row]:
    return {item.entry.id: item for item in covered.rows}


@pytest.mark.parametrize("level", ["A", "B", "C", "D"])
def test_every_combination(folder: Path, level: str) -> None:
    """A-4.1 takes proofs in part and reviews in part, A-3.2 a review in full with independence at A and B, A-4.7 none of
    these: what each may show follows from the combination alone."""
    toy = aviation(kit(folder), level)
    toy.case["people"].append({"id": "zoe", "name": "Zoe", "role": "verifier"})
    named = ["do-178c:A-3.2", "do-178c:A-4.1"]
    made = records(toy)
    for independent in (False, True):
        offer(toy, objectives=named, author="zoe", independent=independent, reviewer="rev" if independent else None)
        loaded = toy.load()
        for fresh in (None, True, False):
            entries = () if fresh is None else (document_entry(loaded.case, loaded.case.documents[0], fresh),)
            register = Register((), entries)
            for verdict, kind in itertools.product(VERDICTS, GUARANTEES):
                standings = situation(loaded, verdict, kind, made)
                (covered,) = coverage(loaded, register, standings)
                rows = by_id(covered)
                where = (level, independent, fresh, verdict, kind)
                _proofs(rows["A-4.1"], verdict, kind, fresh, where)
                _review(rows["A-3.2"], independent, fresh, where)
                _nothing_else(rows, where)


def _proofs(found: Row, verdict: str, kind: GuaranteeKind, fresh: bool | None, where: object) -> None:
    if not found.selected.asked_for:
        assert found.status is ObjectiveStatus.NOT_APPLICABLE, where
    elif verdict == "refuted":
        assert found.status is ObjectiveStatus.CONTRADICTED and "O208" in codes(found), where
    elif verdict == "stale" or fresh is False:
        assert found.status is ObjectiveStatus.STALE and "O209" in codes(found), where
    elif fresh or (verdict in ("proved", "part") and kind is GuaranteeKind.PROVED):
        assert found.status is ObjectiveStatus.PARTIAL, where
    else:
        assert found.status is ObjectiveStatus.OPEN, where
    earned_by = verdict in ("proved", "part") and kind in (GuaranteeKind.PROVED, GuaranteeKind.UNCHECKED)
    assert any(item in found.evidence for item in _digests(verdict, kind)) == earned_by, where
    assert found.n == 0


def _digests(verdict: str, kind: GuaranteeKind) -> list[str]:
    letters = VERDICTS[verdict][1]
    return [of_bytes(f"R{i}{letters}{kind}".encode()) for i in (1, 2, 3)]


def _review(found: Row, independent: bool, fresh: bool | None, where: object) -> None:
    if not found.selected.asked_for:
        expected = ObjectiveStatus.NOT_APPLICABLE
    elif fresh is None:
        expected = ObjectiveStatus.OPEN
    elif not fresh:
        expected = ObjectiveStatus.STALE
    elif found.selected.independence and not independent:
        expected = ObjectiveStatus.PARTIAL
        assert "O204" in codes(found), where
    else:
        expected = ObjectiveStatus.SUPPORTED
    assert found.status is expected, where
    assert found.independence_shown is (bool(fresh) and independent if found.selected.independence else None), where


def _nothing_else(rows: dict[str, Row], where: object) -> None:
    for id, found in rows.items():
        if id not in ("A-3.2", "A-4.1"):
            assert found.status is not ObjectiveStatus.SUPPORTED, (id, where)
        assert found.status is not ObjectiveStatus.SUPPORTED or found.n == found.of > 0, (id, where)


# --- judging together what is alike changes nothing ---------------------------------------------------------------------


def naive(evidence: Evidence, entry: Entry, standard: str) -> tuple[list[CreditLevel | None], set[str]]:
    """Best credit of every item, one item and one bit at a time, and the evidence that counts."""
    pool = evidence.pool(entry)
    naming = evidence.naming(standard, entry, pool)
    best: list[CreditLevel | None] = []
    used: set[str] = set()
    order = [None, CreditLevel.SUPPORTING, CreditLevel.PARTIAL, CreditLevel.FULL]
    for position, item in enumerate(pool.items):
        documents = [*naming.everywhere, *naming.at.get(position, ())]
        bits = [*pool.bits[position], *(evidence.document(document, item, entry.scope, True) for document in documents)]
        levels = {bit: earned(entry, bit.signature).level for bit in bits}
        used |= {bit.evidence for bit, level in levels.items() if level}
        best.append(max(levels.values(), key=order.index, default=None))
    return best, used


def test_the_index_finds_what_counting_one_by_one_finds(folder: Path) -> None:
    toy = aviation(kit(folder), "C")  # no independence: n counts full credit
    toy.case["people"] += [{"id": f"p{i}", "name": f"Person {i}", "role": "engineer"} for i in range(3)]
    toy.case["requirements"] += [
        toy.case["requirements"][i % 3] | {"id": f"X{i}", "author": f"p{i % 3}", "meaning_review": None}
        for i in range(12)
    ]
    names = [f"do-178c:A-{n}" for n in ("3.1", "3.2", "4.1", "6.1", "6.3", "7.7")]
    kinds = ("review-record", "performance-test", "requirement-record", "implementation-equivalence", "plan")
    for i in range(40):
        about = [["case"], ["R1"], [f"X{i % 12}", "R2"], ["net"], ["points", "X3"]][i % 5]
        kind = kinds[i % 5 if i % 2 or i % 5 == 0 else 0] if i % 10 else kinds[1]
        named = names[3 + i // 10 % 2 :] if about == ["case"] else names[: i % 3 + i % 5]
        examined = "executable-on-target" if kind in (kinds[1], kinds[3]) else "document"
        offer(toy, f"D{i}", evidence=kind, about=about, objectives=named, examined=examined)
    toy.write()
    toy.prove("R1", "R2")
    snapshot = toy.take()
    evidence = Evidence(snapshot.loaded, snapshot.register, snapshot.standings, {})
    for found in standard(snapshot).rows:
        best, used = naive(evidence, found.entry, "do-178c")
        assert found.n == best.count(CreditLevel.FULL) and found.of == len(best), found.entry.id
        assert set(found.evidence) == used, found.entry.id
    assert any(0 < found.n < found.of for found in standard(snapshot).rows)


def test_no_statistical_record_earns_formal_credit() -> None:
    """Whatever the catalogue: rows under a supplement take proofs only."""
    for entry in load("do-178c").entries:
        for credit in entry.credit:
            if credit.supplement:
                for kind in GUARANTEES:
                    level = credit.earned(kind)
                    assert (level in (CreditLevel.FULL, CreditLevel.PARTIAL)) == (kind is GuaranteeKind.PROVED)


def test_target_compatibility_still_needs_tests(folder: Path) -> None:
    toy = aviation(kit(folder), "B")
    toy.prove("R1", "R2", "R3")
    found = row(toy, "A-6.5")
    assert found.status is ObjectiveStatus.OPEN and not found.evidence
