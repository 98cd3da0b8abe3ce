"""Catalogues of road vehicles, medical devices and industry: counts of the sheets, splits, what earns what."""

import re

import pytest
from fact_sheets import by_id, facts, per_table, spoken_of

from assurance.catalogue import Entry, available, load
from assurance.catalogue_vocabulary import (
    PROOF_KINDS,
    Applicability,
    CreditLevel,
    EvidenceKind,
    Grade,
    Mark,
    ModelRole,
    NextKind,
    Scope,
    Subject,
)
from evidence.errors import InputError
from evidence.verdict import Artefact, GuaranteeKind

AI, SOTIF, FORMAL, AUTONOMY, SOFTWARE, RISK = (
    "iso-pas-8800", "iso-21448", "iso-iec-24029-2", "ul-4600", "iec-62304", "iso-14971"
)  # fmt: skip
SHEETS = (AI, SOTIF, FORMAL, AUTONOMY, SOFTWARE, RISK)
ASIL_PARTS = ("iso-26262-2", "iso-26262-3", "iso-26262-4", "iso-26262-8")
SHORT = (*ASIL_PARTS, "iso-sae-21434", "iec-81001-5-1", "iec-61508", "iec-62443")
GRADES = (Grade.LOW, Grade.MEDIUM, Grade.MEDIUM_HIGH, Grade.HIGH)


def parts_of(sheet_id: str, id: str) -> list[Entry]:
    """The entries into which a row of a sheet was split: a letter of ours, or the standard's own deeper number."""
    wanted = re.compile(re.escape(sheet_id) + r"(?:[a-z]|(?:\.\d+)+)?")
    return [entry for entry in load(id).entries if wanted.fullmatch(entry.id)]


def above_supporting(ids: tuple[str, ...], kinds: frozenset[EvidenceKind]) -> set[str]:
    return {
        entry.id
        for id in ids
        for entry in load(id).entries
        for row in entry.credit
        if row.evidence in kinds and row.level is not CreditLevel.SUPPORTING
    }


# Counts -------------------------------------------------------------------------------------------------------


def test_pas8800_has_nine_clauses_that_ask_for_something_and_one_on_conformity() -> None:
    checks = facts(AI)["checks"]
    clauses = [int(table.id.removeprefix("C")) for table in load(AI).tables]
    assert clauses == [5, *range(7, 16)]
    assert len([clause for clause in clauses if clause >= 7]) == checks["requirement_clauses"] == 9
    assert max(clauses) == checks["clauses"] == 15
    assert any("15 clauses" in source and f"{checks['annexes']} annexes" in source for source in load(AI).sources)
    assert any("Clause 6" in note for note in load(AI).notes), "what asks for nothing has no entry, and that is said"
    assert per_table(AI) == {
        "C5": 1, "C7": 4, "C8": 4, "C9": 6, "C10": 4, "C11": 9, "C12": 9, "C13": 4, "C14": 6, "C15": 3
    }  # fmt: skip


def test_sotif_has_ten_activities() -> None:
    clauses = [int(table.id.removeprefix("C")) for table in load(SOTIF).tables]
    assert clauses == list(range(4, 14))
    assert len(clauses) == facts(SOTIF)["checks"]["activities"] == 10
    assert per_table(SOTIF) == {
        "C4": 3, "C5": 3, "C6": 3, "C7": 4, "C8": 3, "C9": 3, "C10": 6, "C11": 3, "C12": 2, "C13": 3
    }  # fmt: skip


def test_formal_methods_have_the_four_criteria_and_a_choice_of_verifiers() -> None:
    wanted = facts(FORMAL)["checks"]["properties"]
    named = [by_id(FORMAL)[f"24029-2.5.{number}"].title.split(":")[0].lower() for number in (3, 4, 5, 6)]
    assert named == wanted
    kinds = {table.id: table.combination for table in load(FORMAL).tables}
    assert kinds == {"C5": "all", "C6": "all", "C6.2": "alternatives", "C7": "all"}
    assert per_table(FORMAL) == {"C5": 5, "C6": 2, "C6.2": 5, "C7": 4}
    assert {item.applicability for item in load(FORMAL).select(None)} == {Applicability.RECOMMENDED}


def test_ul4600_has_sections_5_to_17() -> None:
    checks = facts(AUTONOMY)["checks"]
    sections = [int(table.id.removeprefix("S")) for table in load(AUTONOMY).tables]
    assert sections == list(range(checks["first"], checks["last"] + 1))
    assert len(sections) == checks["sections"] == 13
    assert {table: count for table, count in per_table(AUTONOMY).items() if count > 1} == {"S8": 7}


def test_iec62304_has_its_processes_and_eight_of_development() -> None:
    checks = facts(SOFTWARE)["checks"]
    clauses = [table.id.removeprefix("C") for table in load(SOFTWARE).tables]
    development = [clause for clause in clauses if clause.startswith("5.")]
    assert len(development) == checks["dev_subprocesses"] == 8
    assert sorted({int(clause.split(".")[0]) for clause in clauses}) == checks["process_clauses"]


def test_iso14971_has_twenty_items() -> None:
    assert len(load(RISK).entries) == facts(RISK)["checks"]["items"] == 20


@pytest.mark.parametrize("id", (AI, SOTIF, AUTONOMY, RISK))
def test_without_levels_everything_is_required(id: str) -> None:
    assert {item.applicability for item in load(id).select(None)} == {Applicability.REQUIRED}
    with pytest.raises(InputError) as caught:
        load(id).select("A")
    assert caught.value.finding.code == "O103"


# Against the sheets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", SHEETS)
def test_each_row_of_a_sheet_has_its_entries_and_no_entry_is_from_elsewhere(id: str) -> None:
    seen: set[str] = set()
    for row in facts(id)["objectives"]:
        parts = parts_of(row["id"], id)
        if row["id"] == "8800-6":
            assert not parts and not row["ml_relevance"]["evidence_kinds"]
            continue
        assert parts, row["id"]
        seen |= {entry.id for entry in parts}
        wanted = set(row["ml_relevance"]["evidence_kinds"])
        assert wanted <= set().union(*(spoken_of(entry) for entry in parts)), row["id"]
        for entry in parts:
            sheet_grade = GRADES.index(Grade(row["confidence"]))
            own = GRADES.index(entry.confidence.identity)
            assert own == sheet_grade if entry.id == row["id"] else own <= sheet_grade, entry.id
    assert seen == set(by_id(id))


def test_software_classes_ask_for_what_the_sheet_says() -> None:
    asked = {
        level: [item.entry.id.removeprefix("62304-") for item in load(SOFTWARE).select(level) if item.asked_for]
        for level in "ABC"
    }
    assert asked["A"] == ["5.1", "5.2", "5.5.1", "5.7", "5.8", "6", "7.4.1", "8", "9"]
    assert set(asked["C"]) - set(asked["B"]) == {"5.1.4", "5.3.5", "5.4.2", "5.5.4"}
    assert len(asked["C"]) == len(load(SOFTWARE).entries) == 22
    rows = {row["id"]: row["levels"] for row in facts(SOFTWARE)["objectives"]}
    for id, levels in rows.items():
        if id in by_id(SOFTWARE):
            marks = by_id(SOFTWARE)[id].levels
            for level, said in levels.items():
                assert (marks[level] is Mark.REQUIRED) == said.startswith("required"), (id, level)
    assert rows["62304-5.4"] == {"A": "not required", "B": "5.4.1 only", "C": "required"}
    assert rows["62304-5.5"] == {"A": "5.5.1 only", "B": "required except 5.5.4", "C": "required"}
    assert rows["62304-7.4"] == {"A": "7.4.1 only", "B": "required", "C": "required"}
    with pytest.raises(InputError) as caught:
        load(SOFTWARE).select(None)
    assert caught.value.finding.code == "O104"


def test_tool_confidence_is_that_of_the_sheet() -> None:
    said = " ".join(facts("iso-26262-6")["tool_confidence"]["facts"])
    ours = " ".join(load("iso-26262-8").notes)
    assert "TCL2 (TI2+TD2)" in said and "TI2 with TD2 gives TCL2" in ours
    assert "TCL3 (TI2+TD3)" in said and "TI2 with TD3 gives TCL3" in ours
    assert "TCL1 (TI1 or TI2+TD1)" in said and "TI1, or TI2 with TD1, gives TCL1" in ours
    classification, qualification = by_id("iso-26262-8")["8-11a"], by_id("iso-26262-8")["8-11b"]
    assert [activity.id for activity in classification.activities] == ["ti", "td", "tcl"]
    assert len(qualification.means) == 4, "the four methods of qualification are means that the standard names"


def test_audit_and_assessment_need_independence_at_asil_c_and_d() -> None:
    for id in ("2-6e", "2-6f"):
        entry = by_id("iso-26262-2")[id]
        assert [entry.independence(level) for level in "ABCD"] == [False, None, True, True]
        assert (entry.levels["A"], entry.levels["B"]) == (Mark.NOT_REQUIRED, Mark.RECOMMENDED), "I0 is advice"
        assert [entry.confidence.of_mark(level) for level in "CD"] == [Grade.MEDIUM_HIGH] * 2
    assert all(by_id("iso-26262-2")["2-6d"].independence(level) for level in "ABCD")


def test_the_hazard_analysis_is_asked_for_where_it_found_no_asil() -> None:
    at_qm = {item.entry.id: item.asked_for for item in load("iso-26262-3").select("QM")}
    assert {id for id, asked in at_qm.items() if asked} == {"3-5", "3-6a", "3-6b", "3-6c", "3-6d"}
    assert not any(item.asked_for for item in load("iso-26262-4").select("QM"))


# Credit -------------------------------------------------------------------------------------------------------


def test_where_a_proof_earns_more_than_support() -> None:
    """Each of these is about a property of the model; nothing about data, domain, scenarios or system is among them."""
    assert above_supporting((*SHEETS, *SHORT), PROOF_KINDS) == {
        "8800-12b",
        "21448-10c",
        "24029-2.5.3", "24029-2.5.4", "24029-2.5.6",
        "62304-5.5.2",
        "61508-3-7.9",
    }  # fmt: skip


def test_scenario_areas_take_no_proof_and_no_vote_under_noise() -> None:
    entries = by_id(SOTIF)
    for id in ("21448-10b", "21448-10f", "21448-11a"):
        for kind in (
            EvidenceKind.FORMAL_LOCAL_ROBUSTNESS,
            EvidenceKind.FORMAL_PROPERTY,
            EvidenceKind.OUTPUT_REACHABILITY,
            EvidenceKind.PROBABILISTIC_ROBUSTNESS,
        ):
            assert entries[id].refusal(kind), (id, kind)
    for entry in entries.values():
        proofs = {row.evidence for row in entry.credit if row.evidence in PROOF_KINDS}
        if entry.id == "21448-10c":
            assert proofs == {EvidenceKind.FORMAL_LOCAL_ROBUSTNESS}
        elif entry.id == "21448-10b":
            assert proofs == {EvidenceKind.REACHABILITY}
        else:
            assert not proofs, entry.id


@pytest.mark.parametrize(
    ("id", "entry_id"),
    [
        (AI, "8800-9b"), (AI, "8800-11b"), (AI, "8800-11f"), (AI, "8800-11g"), (AI, "8800-12c"), (AI, "8800-12i"),
        (SOTIF, "21448-5a"), (SOTIF, "21448-9c"), (AUTONOMY, "4600-8.2"), (FORMAL, "24029-2.5.2"), (RISK, "14971-5.2"),
    ],
)  # fmt: skip
def test_domain_data_and_generalisation_refuse_proofs(id: str, entry_id: str) -> None:
    entry = by_id(id)[entry_id]
    assert not PROOF_KINDS & {row.evidence for row in entry.credit}
    assert entry.refusal(EvidenceKind.FORMAL_LOCAL_ROBUSTNESS) and entry.refusal(EvidenceKind.FORMAL_PROPERTY)


@pytest.mark.parametrize("id", (*SHEETS, *SHORT))
def test_data_take_neither_proofs_nor_statistics_of_a_network(id: str) -> None:
    about_networks = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS, EvidenceKind.PERFORMANCE_TEST}
    for entry in load(id).entries:
        if entry.artefact is Subject.DATA or entry.scope is Scope.DATA_SET:
            assert not about_networks & {row.evidence for row in entry.credit}, entry.id


def test_statistics_count_beyond_support_only_where_the_smoothed_predictor_is_the_deployed_one() -> None:
    kind = EvidenceKind.PROBABILISTIC_ROBUSTNESS
    ids = above_supporting((*SHEETS, *SHORT), frozenset({kind}))
    assert ids == {"21448-10c"}, "stability of the smoothed predictor; a requirement at large is not verified by votes"
    row = by_id(SOTIF)["21448-10c"].credit_for(kind, Artefact.MODEL_DESCRIPTION)
    assert row is not None and "deployed" in row.remains
    assert row.earned(GuaranteeKind.EMPIRICAL) is None


def test_properties_of_boxes_are_no_stability_and_stability_is_no_bound_on_outputs() -> None:
    for id, entry_id in ((SOTIF, "21448-10c"), (FORMAL, "24029-2.5.3"), (AUTONOMY, "4600-8.4")):
        entry = by_id(id)[entry_id]
        assert entry.refusal(EvidenceKind.FORMAL_PROPERTY) and entry.refusal(EvidenceKind.OUTPUT_REACHABILITY)
    for id, entry_id in ((FORMAL, "24029-2.5.4"), (AUTONOMY, "4600-8.8")):
        levels = {row.evidence: row.level for row in by_id(id)[entry_id].credit}
        assert levels[EvidenceKind.FORMAL_LOCAL_ROBUSTNESS] is CreditLevel.SUPPORTING


def test_one_evaluation_of_the_network_is_no_closed_loop() -> None:
    entry = by_id(FORMAL)["24029-2.5.6"]
    rows = {row.evidence: row.level for row in entry.credit}
    assert rows[EvidenceKind.REACHABILITY] is CreditLevel.PARTIAL
    assert rows[EvidenceKind.OUTPUT_REACHABILITY] is rows[EvidenceKind.FORMAL_PROPERTY] is CreditLevel.SUPPORTING
    assert entry.next_action.kind is NextKind.DOCUMENT, "nothing on board makes such a proof"


@pytest.mark.parametrize(
    ("guarantee", "earned"),
    [
        (GuaranteeKind.PROVED, CreditLevel.PARTIAL),
        (GuaranteeKind.UNCHECKED, CreditLevel.SUPPORTING),
        (GuaranteeKind.STATISTICAL, None),
        (GuaranteeKind.EMPIRICAL, None),
        (GuaranteeKind.DOCUMENTARY, None),
    ],
)
def test_stability_is_earned_by_a_proof_alone(guarantee: GuaranteeKind, earned: CreditLevel | None) -> None:
    for id, entry_id in ((AI, "8800-12b"), (SOTIF, "21448-10c"), (FORMAL, "24029-2.5.3")):
        row = by_id(id)[entry_id].credit_for(EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, Artefact.MODEL_DESCRIPTION)
        assert row is not None and row.earned(guarantee) is earned


def test_a_model_counts_as_unit_only_where_the_case_declares_it_one() -> None:
    kind, about = EvidenceKind.FORMAL_PROPERTY, Artefact.MODEL_DESCRIPTION
    for id, entry_id in ((SOFTWARE, "62304-5.5.2"), ("iec-61508", "61508-3-7.9")):
        entry = by_id(id)[entry_id]
        assert entry.credit_for(kind, about, ModelRole.LOW_LEVEL_REQUIREMENT)
        assert entry.credit_for(kind, about, ModelRole.PARAMETER_DATA_ITEM) is None
        assert entry.refusal(EvidenceKind.PROBABILISTIC_ROBUSTNESS)


def test_a_proof_counts_under_its_criterion_and_not_again_under_the_kind_of_verifier() -> None:
    for number in range(2, 7):
        entry = by_id(FORMAL)[f"24029-2.6.2.{number}"]
        assert entry.artefact is Subject.VERIFICATION_DATA, "the way of verifying, not the model, is its subject"
        for row in entry.credit:
            assert row.level is CreditLevel.SUPPORTING or row.artefact is Artefact.DOCUMENT


def test_an_attacker_is_not_stopped_by_a_norm() -> None:
    for id, entry_id in (
        ("iso-sae-21434", "21434-10b"), ("iec-81001-5-1", "81001-5.7"), ("iec-62443", "62443-4-1-SVV")
    ):  # fmt: skip
        for row in by_id(id)[entry_id].credit:
            if row.evidence in PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS}:
                assert row.level is CreditLevel.SUPPORTING and "attackers" in row.remains


def test_what_a_case_file_holds_by_itself_is_no_more_than_support_where_more_is_asked() -> None:
    marked = {
        entry.id
        for id in (*SHEETS, *SHORT)
        for entry in load(id).entries
        for row in entry.credit
        if row.supporting_from_case
    }
    assert marked == {"8800-9a", "62304-5.2", "61508-3-7.2", "8-6", "62304-8", "8-7"}
    for id in (*SHEETS, *SHORT):
        for entry in load(id).entries:
            if entry.artefact is Subject.CONFIGURATION:
                rows = [row for row in entry.credit if row.evidence is EvidenceKind.CONFIGURATION_INDEX]
                assert all(row.supporting_from_case or row.level is CreditLevel.SUPPORTING for row in rows), entry.id


# Neighbours and standing --------------------------------------------------------------------------------------


def neighbours(id: str) -> set[str]:
    return {neighbour.id for neighbour in load(id).neighbours}


def test_neighbours_lead_perception_to_sotif_and_adversaries_to_security() -> None:
    for id in (AI, "iso-26262-2", "iso-26262-3", "iso-26262-4", "iso-26262-6", AUTONOMY):
        assert SOTIF in neighbours(id), id
    for id in (AI, SOTIF, AUTONOMY, "iso-26262-2", "iso-26262-3", "iso-26262-6"):
        assert "iso-sae-21434" in neighbours(id), id
    for id in (SOFTWARE, RISK):
        assert "iec-81001-5-1" in neighbours(id), id
    assert "iec-62443" in neighbours("iec-61508")
    for id in (*SHEETS, *SHORT):
        assert neighbours(id) <= set(available()), id


@pytest.mark.parametrize("id", SHORT)
def test_short_lists_say_what_they_are(id: str) -> None:
    catalogue = load(id)
    assert 5 <= len(catalogue.entries) <= 12
    assert not catalogue.scored
    assert catalogue.watermark and catalogue.watermark.startswith("SHORT LIST")
    assert any("General knowledge" in source and "not compared" in source for source in catalogue.sources)
    assert catalogue.confidence.file is Grade.LOW
    for entry in catalogue.entries:
        assert entry.confidence.identity in (Grade.LOW, Grade.MEDIUM), entry.id
        marks = entry.levels.values() if catalogue.levels else (catalogue.without_level,)
        if any(mark is not None for mark in marks):  # what is hardly known is no demand: its marks would be null
            assert entry.confidence.identity is Grade.MEDIUM, entry.id
        for level in entry.levels:
            assert entry.confidence.of_mark(level) in (None, Grade.MEDIUM, Grade.MEDIUM_HIGH), entry.id


@pytest.mark.parametrize("id", (AI, SOTIF, AUTONOMY, SOFTWARE))
def test_points_and_groups_of_our_own_are_not_counted(id: str) -> None:
    """Their number is none of the document's, so no share of it may be shown."""
    catalogue = load(id)
    assert not catalogue.scored
    assert catalogue.watermark and "not scored" in catalogue.watermark


def test_local_points_say_that_they_are_ours() -> None:
    for id in (AI, SOTIF):
        assert any("the letter is ours" in note for note in load(id).notes)
        assert any("mark required belongs to the clause" in note for note in load(id).notes)
        split = [entry for entry in load(id).entries if entry.id[-1].isalpha()]
        assert len(split) >= 30
        assert all("ours" in entry.confidence.source for entry in split)


@pytest.mark.parametrize("id", (*SHEETS, *SHORT))
def test_advice_is_about_its_own_entry(id: str) -> None:
    texts = [entry.next_action.text for entry in load(id).entries]
    assert len(set(texts)) == len(texts)
    assert all(len(text.split()) >= 6 for text in texts)
