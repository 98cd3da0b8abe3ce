"""Independence from people, and acceptances that do not count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit
from objectives_toys import aviation, codes, findings, offer, row, standard

from assurance.catalogue_vocabulary import Scope
from assurance.objectives import ObjectiveStatus
from assurance.objectives.held import Evidence
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = aviation(kit(tmp_path), "A")
    made.case["people"].append({"id": "zoe", "name": "Zoe", "role": "certification manager"})
    return made


def test_the_reviewer_of_a_document_is_not_the_author_of_what_it_reviews(toy: Kit) -> None:
    offer(toy, author="zoe", reviewer="rev", objectives=["do-178c:A-3.2"])
    assert row(toy, "A-3.2").status is ObjectiveStatus.SUPPORTED
    toy.requirement("R2")["author"] = "rev"
    toy.requirement("R2")["meaning_review"] = None
    found = row(toy, "A-3.2")
    assert (found.status, found.n, found.of) == (ObjectiveStatus.PARTIAL, 2, 3)
    assert found.independence_shown is False and "O204" in codes(found)


def test_who_carries_out_a_review_did_not_make_what_he_reviews(toy: Kit) -> None:
    """Ann reviews her own requirements, and somebody else countersigns: a review by its own author all the same."""
    for kind in ("review-record", "quality-audit"):
        for author, independent in (("ann", False), ("zoe", True)):
            offer(toy, evidence=kind, author=author, reviewer="rev", objectives=["do-178c:A-3.2"])
            (document,) = toy.take().register.documents
            evidence = Evidence(toy.load(), toy.take().register, {}, {})
            bit = evidence.document(document, "R1", Scope.REQUIREMENT, True)
            assert bit.signature.independent is independent, (kind, author)
    offer(toy, author="ann", reviewer="rev", objectives=["do-178c:A-3.2"])
    found = row(toy, "A-3.2")
    assert (found.status, found.n, found.independence_shown) == (ObjectiveStatus.PARTIAL, 0, False)
    offer(toy, evidence="safety-analysis", author="ann", reviewer="rev")
    (document,) = toy.take().register.documents
    bit = Evidence(toy.load(), toy.take().register, {}, {}).document(document, "R1", Scope.REQUIREMENT, True)
    assert bit.signature.independent, "an analysis by the author of the item, reviewed by somebody else"


def test_who_made_the_model_has_to_be_known(toy: Kit) -> None:
    offer(toy, about=["net"], objectives=["do-178c:A-4.2"])
    pool = [item for item in standard(toy.take()).rows if item.entry.id == "A-4.2"]
    assert pool[0].selected.independence is True and pool[0].independence_shown is False
    from assurance.objectives.people import makers

    for maker, independent in ((None, False), ("ann", True), ("rev", False)):
        toy.case["models"][0]["made_by"] = maker
        known = makers(toy.load().case)["net"]
        assert known.independent("rev") == independent and not known.independent(None)


def test_a_run_called_as_a_requirement_is_not_taken_for_it(toy: Kit) -> None:
    """A-7.1 looks at runs: the run R1 was made by its operator, and a review of requirement R1 is no review of it."""
    toy.case["runs"][0]["id"] = "R1"
    offer(toy, about=["R1"], objectives=["do-178c:A-7.1"])
    assert row(toy, "A-7.1").status is ObjectiveStatus.OPEN
    offer(toy, about=["case"], objectives=["do-178c:A-7.1"])
    assert row(toy, "A-7.1").status is ObjectiveStatus.PARTIAL


def test_where_independence_is_not_asked_nothing_is_said_of_it(toy: Kit) -> None:
    for item in standard(aviation(toy, "D").take()).rows:
        assert (item.independence_shown is None) == (not item.selected.independence)


def accept(toy: Kit, objective: str, by: str) -> None:
    made: dict[str, Any] = {
        "objective": f"do-178c:{objective}",
        "by": by,
        "date": "2026-06-01",
        "digest": row(toy, objective).digest,
    }
    toy.case["acceptances"] = [*toy.case.get("acceptances", []), made]


def test_an_author_does_not_accept_his_own_where_independence_is_required(toy: Kit) -> None:
    offer(toy, author="rev", reviewer="zoe", objectives=["do-178c:A-3.2"])
    for by, counts in (("ann", False), ("rev", False), ("zoe", True)):
        toy.case["acceptances"] = []
        accept(toy, "A-3.2", by)
        found = row(toy, "A-3.2")
        assert found.acceptance is not None and not found.acceptance.lapsed
        assert found.acceptance.counts == counts, by
        assert ("O233" in codes(found)) != counts
        listed = findings(toy, "O233")
        assert len(listed) == (0 if counts else 1)
        if not counts:
            assert listed[0].place.field == "acceptances[0].by" and listed[0].severity.value == "error"
        shown = next(item for item in standard(toy.take()).as_json()["objectives"] if item["id"] == "A-3.2")
        assert shown["acceptance"]["counts"] == counts


def test_without_independence_the_author_may_accept(toy: Kit) -> None:
    aviation(toy, "C")
    offer(toy, author="rev", reviewer="zoe", objectives=["do-178c:A-3.2"])
    accept(toy, "A-3.2", "rev")
    found = row(toy, "A-3.2").acceptance
    assert found is not None and found.counts and not findings(toy, "O233")


def test_another_s_acceptance_outweighs_the_author_s(toy: Kit) -> None:
    offer(toy, author="rev", reviewer="zoe", objectives=["do-178c:A-3.2"])
    accept(toy, "A-3.2", "zoe")
    accept(toy, "A-3.2", "ann")
    found = row(toy, "A-3.2").acceptance
    assert found is not None and found.counts and found.by == "Zoe"


@pytest.mark.parametrize(
    "change",
    [
        lambda toy: toy.case["models"][0].update(made_by="zoe"),
        lambda toy: toy.case["runs"][0].update(operator="zoe"),
        lambda toy: toy.case["standards"][0].update(basis=["do-333"]),
        lambda toy: toy.case.update(problem_reports=[{"id": "X1", "title": "noise", "owner": "ann"}]),
        lambda toy: toy.case["threat_models"][0].update(knowledge="black-box"),
    ],
)
def test_acceptances_lapse_with_every_new_section_beneath(toy: Kit, change: Any) -> None:
    accept(toy, "A-3.2", "zoe")
    assert row(toy, "A-3.2").acceptance.lapsed is False  # type: ignore[union-attr]
    change(toy)
    found = row(toy, "A-3.2").acceptance
    assert found is not None and found.lapsed and not found.counts


# --- one person under two names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "ann author",
        "  Ann   Author ",
        "Author, Ann",
        "Ann. Author",
        "Ann-Author",
        "\N{CYRILLIC CAPITAL LETTER A}nn Author",  # looks the same
        "\N{GREEK CAPITAL LETTER ALPHA}NN AUTHOR",
        "Ann\N{ZERO WIDTH SPACE} Author",
        "Ann\N{NO-BREAK SPACE}Author",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A}nn Author",
        "A\N{COMBINING ACUTE ACCENT}nn Author",
    ],
)
def test_a_second_spelling_makes_nobody_independent(toy: Kit, spelling: str) -> None:
    """Ann wrote the requirements. Under another spelling of her name she reviews none of them independently."""
    toy.case["people"].append({"id": "other", "name": spelling, "role": "verifier"})
    with pytest.raises(InputError) as caught:
        toy.take()
    assert [(item.code, item.place.field) for item in caught.value.findings] == [("C131", "people[3].name")]


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("A. Author", True),
        ("Author, A", True),
        ("Ann A.", True),
        ("Ann Author 2", False),
        ("B. Author", False),
        ("Ann Bee", False),
        ("A. A.", False),
        ("A. Ann Author", False),
        ("...", False),
    ],
)
def test_initials_that_may_stand_for_a_name_are_a_finding(toy: Kit, name: str, alike: bool) -> None:
    toy.case["people"].append({"id": "other", "name": name, "role": "verifier"})
    found = findings(toy, "C132")
    assert len(found) == alike
    assert all(item.severity.value == "warning" and "Ann Author" in item.message for item in found)


def test_nobody_without_a_name(toy: Kit) -> None:
    for field in ("id", "name"):
        for value in ("", "  "):
            toy.case["people"][2] = {"id": "zoe", "name": "Zoe", "role": "certification manager"} | {field: value}
            with pytest.raises(InputError):
                toy.take()
