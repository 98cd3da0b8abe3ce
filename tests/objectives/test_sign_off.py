"""The sign-off overlay: verified entries, corrections of titles and marks, and nothing that touches credit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from case_toys import Kit, kit
from objectives_toys import HARA, aviation, choose, findings, offer, row, standard

from assurance.catalogue import load
from assurance.catalogue_vocabulary import Grade, Mark, Status
from assurance.objectives import ObjectiveStatus
from evidence.digest import of_bytes
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return aviation(kit(tmp_path), "B")


def sign(toy: Kit, *entries: dict[str, Any], standard: str = "do-178c", **changes: Any) -> Kit:
    made = {
        "schema": "assurance-sign-off/1",
        "standard": standard,
        "edition": load(standard).edition,
        "organisation": "Nobody",
        "by": "Vera Verifier",
        "role": "standards librarian",
        "date": "2026-04-04",
        "entries": list(entries),
    } | changes
    data = yaml.safe_dump(made).encode()
    (toy.folder / "signed.yaml").write_bytes(data)
    return choose(toy, sign_off={"path": "signed.yaml", "digest": of_bytes(data)})


def test_verified_entries_say_so_and_the_others_do_not(toy: Kit) -> None:
    sign(toy, {"id": "A-3.2"}, {"id": "A-4.1"})
    covered = standard(toy.take())
    assert covered.sign_off is not None and covered.sign_off.verified == {"A-3.2", "A-4.1"}
    shown = covered.as_json()
    assert shown["sign_off"]["by"] == "Vera Verifier" and shown["sign_off"]["verified"] == 2
    assert {item["id"] for item in shown["objectives"] if item["verified"]} == {"A-3.2", "A-4.1"}
    known = row(toy, "A-3.2").entry.confidence
    assert known.identity is Grade.HIGH and known.of_mark("B") is Grade.HIGH and "Vera Verifier" in known.source
    assert not any(item["verified"] for item in standard(kit(toy.folder).take()).as_json()["objectives"])


def test_corrections_of_titles_and_marks_take_effect(toy: Kit) -> None:
    before = standard(toy.take()).totals()["asked for"]
    sign(toy, {"id": "A-3.2", "corrections": {"title": "Another title", "levels": {"B": "not-required"}}})
    found = row(toy, "A-3.2")
    assert found.entry.title == "Another title" and found.status is ObjectiveStatus.NOT_APPLICABLE
    covered = standard(toy.take())
    assert covered.totals()["asked for"] == before - 1
    assert covered.as_json()["sign_off"]["corrected"] == {"A-3.2": ["levels", "title"]}
    sign(toy, {"id": "A-1.1", "corrections": {"levels": {"B": "required-with-independence"}}})
    assert row(toy, "A-1.1").selected.independence is True


def test_no_correction_gives_evidence_more(toy: Kit) -> None:
    offer(toy, objectives=["do-178c:A-4.1"])
    toy.prove("R1", "R2", "R3")

    def rows() -> dict[str, Any]:
        snapshot = toy.take()
        own = {snapshot.loaded.digest}
        return {i.entry.id: (i.status, i.n, set(i.evidence) - own) for i in standard(snapshot).rows}

    plain = rows()
    sign(toy, *({"id": entry.id} for entry in load("do-178c").entries))
    signed = standard(toy.take())
    assert rows() == plain
    for entry, real in zip(signed.catalogue.entries, load("do-178c").entries, strict=True):
        assert (entry.credit, entry.no_credit, entry.scope, entry.artefact, entry.accepted_means) == (
            real.credit, real.no_credit, real.scope, real.artefact, real.accepted_means
        )  # fmt: skip
    sign(toy, {"id": "A-4.1", "corrections": {"credit": []}})
    assert [item.place.field for item in findings(toy, "C107")] == ["entries[0].corrections.credit"]
    assert standard(toy.take()).sign_off is None


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"id": "A-99.1"}, "is no entry of do-178c"),
        ({"id": "A-3.2", "corrections": {"levels": {"Z": "required"}}}, "no marks at level 'Z'"),
        ({"id": "A-3.2", "corrections": {"levels": {"B": "++"}}}, "is none of scheme"),
    ],
)
def test_corrections_that_cannot_be_applied(toy: Kit, entry: dict[str, Any], words: str) -> None:
    sign(toy, entry)
    (found,) = findings(toy, "O239")
    assert words in found.message and found.place.file and found.place.file.endswith("signed.yaml")
    covered = standard(toy.take())
    assert covered.sign_off is None and covered.catalogue == load("do-178c")


def test_another_edition_is_not_used(toy: Kit) -> None:
    for changes in ({"edition": "DO-178B"}, {"standard": "do-333"}):
        sign(toy, {"id": "A-3.2"}, **changes)
        (found,) = findings(toy, "O238")
        assert found.expected and load("do-178c").edition in found.expected
        assert standard(toy.take()).sign_off is None


def test_a_changed_file_is_not_used(toy: Kit) -> None:
    sign(toy, {"id": "A-3.2"})
    assert standard(toy.take()).sign_off is not None
    (toy.folder / "signed.yaml").write_text((toy.folder / "signed.yaml").read_text() + "# edited\n")
    assert standard(toy.take()).sign_off is None
    (found,) = findings(toy, "C117")
    assert "sign-off of do-178c" in found.message and found.place.field == "standards[0].sign_off.digest"


@pytest.mark.parametrize("text", ["", "- 1", "schema: other/1\n", "a: &x 1\nb: *x\n", "{"])
def test_files_that_are_no_sign_off(toy: Kit, text: str) -> None:
    (toy.folder / "signed.yaml").write_text(text)
    choose(toy, sign_off={"path": "signed.yaml", "digest": of_bytes(text.encode())})
    covered = standard(toy.take())
    assert covered.sign_off is None and covered.findings and covered.findings[0].code.startswith("C10")


def test_marks_that_only_the_copy_knows(toy: Kit) -> None:
    """DO-333's marks are not public: unknown until an organisation verifies them, and only those that it verified."""
    toy.case["standards"] = [{"id": "do-333", "level": "B"}]
    first, second = (entry.id for entry in load("do-333").entries[:2])
    assert row(toy, first, "do-333").status is ObjectiveStatus.APPLICABILITY_UNKNOWN
    levels = {"A": "required-with-independence", "B": "required", "C": "required", "D": "not-required"}
    sign(toy, {"id": first, "corrections": {"levels": dict(levels)}}, standard="do-333")
    found = row(toy, first, "do-333")
    assert found.entry.levels["B"] is Mark.REQUIRED and found.required is True and found.is_gap
    assert row(toy, second, "do-333").status is ObjectiveStatus.APPLICABILITY_UNKNOWN
    assert standard(toy.take(), "do-333").catalogue.scored is load("do-333").scored is False
    everything = [{"id": entry.id, "corrections": {"levels": dict(levels)}} for entry in load("do-333").entries]
    sign(toy, *everything, standard="do-333")
    assert standard(toy.take(), "do-333").catalogue.scored is True


def test_a_draft_stays_unscored_and_watermarked_whoever_verified_it(toy: Kit) -> None:
    toy.case["standards"] = [{"id": "arp6983"}]
    sign(toy, *({"id": entry.id} for entry in load("arp6983").entries), standard="arp6983")
    covered = standard(toy.take(), "arp6983")
    assert covered.sign_off is not None and covered.catalogue.scored is False and covered.catalogue.watermark
    assert {item.status for item in covered.rows} == {ObjectiveStatus.APPLICABILITY_UNKNOWN}


@pytest.mark.parametrize("id", ["iso-26262-2", "iso-26262-4", "iec-61508"])
def test_a_short_list_stays_unscored_and_watermarked_whoever_verified_it(toy: Kit, id: str) -> None:
    """Every mark of it is known; that the list is the document's own, no sign-off of its entries says."""
    known = load(id)
    assert known.status is Status.PUBLISHED and all(None not in entry.levels.values() for entry in known.entries)
    toy.case["hazards"][0] |= {"hara": HARA["A"], "sil": "SIL1"}
    toy.case["standards"] = [{"id": id, "level": known.marked_levels()[0]}]
    for entries in (known.entries[:1], known.entries):
        sign(toy, *({"id": entry.id, "corrections": {"ref": "clause of the copy"}} for entry in entries), standard=id)
        covered = standard(toy.take(), id)
        assert covered.sign_off is not None and len(covered.sign_off.verified) == len(entries)
        assert covered.catalogue.scored is False and covered.catalogue.watermark == known.watermark
        assert covered.as_json()["totals"] == {"listed": len(known.entries)}


def test_the_sign_off_is_beneath_acceptances(toy: Kit) -> None:
    before = row(toy, "A-3.2").digest
    sign(toy, {"id": "A-1.1"})
    assert row(toy, "A-3.2").digest != before


def test_marks_from_a_sign_off_may_make_a_level_needed(toy: Kit) -> None:
    levels = load("do-330").marked_levels()
    toy.case["standards"] = [{"id": "do-330"}]
    marks = dict.fromkeys(levels, "required")
    sign(
        toy,
        *({"id": entry.id, "corrections": {"levels": dict(marks)}} for entry in load("do-330").entries),
        standard="do-330",
    )
    with pytest.raises(InputError) as caught:
        toy.take()
    assert (caught.value.finding.code, caught.value.finding.place.field) == ("O104", "standards[0]")
    toy.case["standards"][0]["level"] = "TQL-5"
    covered = standard(toy.take(), "do-330")
    assert covered.catalogue.scored and covered.totals()["asked for"] == 76


def test_a_correction_that_does_not_fit_is_found_once_at_its_entry(toy: Kit) -> None:
    """The marks of a checklist cannot be brought in by a sign-off: a draft stays applicability unknown."""
    toy.case["standards"] = [{"id": "arp6983"}]
    marks = dict.fromkeys(load("arp6983").marked_levels(), "required")
    names = [entry.id for entry in load("arp6983").entries[:3]]
    sign(toy, *({"id": name, "corrections": {"levels": dict(marks)}} for name in names), standard="arp6983")
    found = findings(toy, "O239")
    assert [item.place.field for item in found] == [f"entries[{i}].corrections" for i in range(3)]
    assert [item.message.split(":")[0] for item in found] == names
    rows = standard(toy.take(), "arp6983").rows
    assert {item.status for item in rows} == {ObjectiveStatus.APPLICABILITY_UNKNOWN}
