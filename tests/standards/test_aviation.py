"""Catalogues of aviation beside DO-178C: counts derived from their data, agreement with the sheets, limits of credit."""

import pytest
from fact_sheets import by_id, facts, per_table, spoken_of

from assurance.case_hazards import DAL_OF_CONDITION
from assurance.catalogue import load
from assurance.catalogue_vocabulary import (
    OPAQUE_KINDS,
    PROOF_KINDS,
    STATISTICAL_KINDS,
    Applicability,
    CreditLevel,
    EvidenceKind,
    Mark,
    NextKind,
    Scope,
    Status,
    Subject,
)
from evidence.errors import InputError
from evidence.verdict import Artefact, GuaranteeKind

FM, TOOLS, HARDWARE, AMLAS, NPA = "do-333", "do-330", "do-254", "amlas", "easa-npa-2025-07"
RECALLED = ("arp4754b", "arp4761a", "do-326a")


# DO-333 -------------------------------------------------------------------------------------------------------


def test_do333_adds_22_objectives_with_the_numbers_of_the_sheet() -> None:
    checks = facts(FM)["checks"]
    assert per_table(FM) == checks["added"]
    assert len(load(FM).entries) == checks["count_listed"] == 22
    rows = {row["id"]: row for row in facts(FM)["objectives"]}
    entries = by_id(FM)
    assert list(entries) == list(rows)
    for id, row in rows.items():
        assert entries[id].levels == row["levels"]
        assert entries[id].confidence.identity == row["confidence"], id
        assert set(row["ml_relevance"]["evidence_kinds"]) <= spoken_of(entries[id]), id


def test_do333_marks_are_unknown_at_every_level() -> None:
    catalogue = load(FM)
    assert not catalogue.scored
    for level in (None, *"ABCD"):
        assert {item.applicability for item in catalogue.select(level)} == {Applicability.UNKNOWN}
    assert {item.applicability for item in catalogue.select("E")} == {Applicability.NOT_REQUIRED}
    assert {(found.total, found.independence) for found in catalogue.totals().values()} == {(None, None)}


def test_do333_gives_no_more_than_support_for_a_verdict_and_nothing_for_statistics() -> None:
    for entry in load(FM).entries:
        for row in entry.credit:
            if row.evidence in PROOF_KINDS:
                assert row.level is CreditLevel.SUPPORTING, "a verdict is what these objectives check"
                assert row.earned(GuaranteeKind.STATISTICAL) is None and row.earned(GuaranteeKind.EMPIRICAL) is None
            assert row.evidence not in STATISTICAL_KINDS, entry.id
    methods = [entry for entry in load(FM).entries if entry.activities]
    assert [entry.id for entry in methods] == ["FM.A-3.FM11", "FM.A-4.FM17", "FM.A-5.FM13", "FM.A-7.FM10"]
    for entry in methods:
        assert [item.id for item in entry.activities] == ["FM.6.2.1.a", "FM.6.2.1.b", "FM.6.2.1.c"]
        assert len(entry.means) == 3 and entry.refusal(EvidenceKind.PROBABILISTIC_ROBUSTNESS)


def test_do333_a_proof_neither_checks_its_own_encoding_nor_reaches_the_executable() -> None:
    for id in ("FM.A-3.FM10", "FM.A-4.FM16", "FM.A-5.FM12", "FM.A-7.FM6", "FM.A-7.FM9"):
        refused = {row.evidence for row in by_id(FM)[id].no_credit}
        assert refused >= PROOF_KINDS, id
    preserved = by_id(FM)["FM.A-7.FM9"]
    for row in preserved.credit:
        assert row.must_name_entry or row.level is CreditLevel.SUPPORTING, "agreement on a sample preserves no proof"


def test_do333_structural_coverage_by_analysis_earns_nothing_from_test_coverage_and_has_to_be_agreed() -> None:
    for number in (5, 6, 7, 8):
        entry = by_id(FM)[f"FM.A-7.FM{number}"]
        assert entry.next_action.kind is NextKind.AGREE_WITH_AUTHORITY
        for row in entry.credit:
            assert row.evidence in OPAQUE_KINDS or row.level is CreditLevel.SUPPORTING, entry.id


# DO-330 -------------------------------------------------------------------------------------------------------


def test_do330_has_76_objectives_in_the_tables_of_the_sheet() -> None:
    checks = facts(TOOLS)["checks"]
    assert per_table(TOOLS) == checks["by_table"]
    assert len(load(TOOLS).entries) == checks["total"] == 76
    rows = {row["id"]: row for row in facts(TOOLS)["objectives"]}
    assert list(by_id(TOOLS)) == list(rows)
    for id, row in rows.items():
        assert by_id(TOOLS)[id].levels == row["levels"] == dict.fromkeys(load(TOOLS).level_ids())


def test_do330_takes_no_evidence_about_the_constituent_for_evidence_about_a_tool() -> None:
    for entry in load(TOOLS).entries:
        for row in entry.credit:
            assert row.evidence in OPAQUE_KINDS, "what need not name the entry would count by itself"
            assert row.level is not CreditLevel.FULL, "one record is about one tool"
    for id in ("T-0.5", "T-6.1", "T-6.3"):
        assert {row.evidence for row in by_id(TOOLS)[id].no_credit} >= PROOF_KINDS, "a tool cannot vouch for itself"


def test_do330_advice_is_written_for_each_objective() -> None:
    texts = [entry.next_action.text for entry in load(TOOLS).entries]
    assert len(set(texts)) == len(texts) == 76
    assert len({row.remains for entry in load(TOOLS).entries for row in entry.credit}) >= 70


def test_do330_states_the_table_of_qualification_levels() -> None:
    source = " ".join((load(TOOLS).level_source or "").split())
    matrix = facts(TOOLS)["tql_matrix"]
    for criteria in "123":
        numbers = [matrix[level][f"criteria {criteria}"].removeprefix("TQL-") for level in "ABCD"]
        if len(set(numbers)) == 1:
            assert f"criteria {criteria}: TQL-{numbers[0]} at each level" in source
        else:
            assert f"TQL-{', '.join(numbers)}" in source
    meaning = {level.id: level.meaning for level in load(TOOLS).levels}
    for dal in "ABCD":
        assert f"criteria 1 for level {dal}" in meaning[matrix[dal]["criteria 1"]]
    assert list(meaning) == [f"TQL-{number}" for number in range(1, 6)]


# DO-254 -------------------------------------------------------------------------------------------------------


def test_do254_lists_groups_and_says_so() -> None:
    catalogue = load(HARDWARE)
    rows = [row["id"].replace(" ", "") for row in facts(HARDWARE)["objectives"]]
    assert list(by_id(HARDWARE)) == rows and len(rows) == 12
    assert not catalogue.scored and catalogue.watermark and "not the objectives" in catalogue.watermark
    known = {entry.id: entry.levels for entry in catalogue.entries if any(entry.levels.values())}
    required, not_required = Mark.REQUIRED, Mark.NOT_REQUIRED
    assert known == {"254-App.B": {"A": required, "B": required, "C": not_required, "D": not_required}}
    for row in facts(HARDWARE)["objectives"]:
        entry = by_id(HARDWARE)[row["id"].replace(" ", "")]
        assert set(row["ml_relevance"]["evidence_kinds"]) <= spoken_of(entry), entry.id


def test_do254_a_model_description_is_no_hardware() -> None:
    for entry in load(HARDWARE).entries:
        for row in entry.credit:
            if row.artefact is Artefact.MODEL_DESCRIPTION:
                assert row.level is CreditLevel.SUPPORTING, entry.id


# AMLAS --------------------------------------------------------------------------------------------------------


def test_amlas_has_17_activities_in_6_stages_and_34_artefacts() -> None:
    sheet, catalogue = facts(AMLAS), load(AMLAS)
    checks = sheet["checks"]
    assert (len(catalogue.tables), len(catalogue.entries), len(catalogue.data_items)) == (
        checks["stages"],
        checks["activities"],
        checks["artefacts"],
    )
    assert [item.id for item in catalogue.data_items] == [item["id"] for item in sheet["artefacts"]]
    for stage in sheet["stages"]:
        entries = [entry for entry in catalogue.entries if entry.table == f"stage-{stage['id']}"]
        assert [entry.id for entry in entries] == [f"activity-{number}" for number in stage["activities"]]
        named = {item for entry in entries for item in entry.data_items}
        assert set(stage["outputs"]) <= named, "every output of a stage belongs to one of its activities"
        assert stage["argument_pattern"] in named
    for row in sheet["objectives"]:
        entry = by_id(AMLAS)[row["id"].lower().replace(" ", "-")]
        assert set(row["ml_relevance"]["evidence_kinds"]) <= spoken_of(entry), entry.id


def test_amlas_is_guidance_in_which_every_activity_is_recommended() -> None:
    catalogue = load(AMLAS)
    assert catalogue.status is Status.GUIDANCE and catalogue.watermark
    assert {item.applicability for item in catalogue.select(None)} == {Applicability.RECOMMENDED}
    with pytest.raises(InputError) as caught:
        catalogue.select("A")
    assert caught.value.finding.code == "O103"


def test_amlas_offers_test_and_proof_for_verification_and_statistics_for_neither() -> None:
    levels = {row.evidence: row.level for row in by_id(AMLAS)["activity-13"].credit}
    for kind in (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, EvidenceKind.FORMAL_PROPERTY, EvidenceKind.PERFORMANCE_TEST):
        assert levels[kind] is CreditLevel.PARTIAL
    assert levels[EvidenceKind.PROBABILISTIC_ROBUSTNESS] is CreditLevel.SUPPORTING
    assert levels[EvidenceKind.REACHABILITY] is CreditLevel.SUPPORTING
    assert by_id(AMLAS)["activity-16"].refusal(EvidenceKind.OUTPUT_REACHABILITY)


# Lists from general knowledge, and a proposal whose clauses were not seen ----------------------------------------


@pytest.mark.parametrize("id", RECALLED)
def test_lists_from_general_knowledge_say_so(id: str) -> None:
    catalogue = load(id)
    assert 5 <= len(catalogue.entries) <= 12
    assert "not compared with a copy" in catalogue.sources[0]
    assert catalogue.watermark and "not compared" in catalogue.watermark and not catalogue.scored
    assert {str(entry.confidence.identity) for entry in catalogue.entries} <= {"low", "medium"}
    assert all(entry.confidence.source == "general knowledge; not compared with a copy" for entry in catalogue.entries)
    assert all(entry.id.startswith(f"{id}-") for entry in catalogue.entries), "local identifiers look local"
    assert {item.applicability for item in catalogue.select(None)} == {Applicability.RECOMMENDED}, "none is required"
    for entry in catalogue.entries:
        for row in entry.credit:
            if row.evidence in PROOF_KINDS:
                assert row.level is CreditLevel.SUPPORTING, (entry.id, "about the system, not the model description")


def test_probability_of_a_statistical_statement_is_no_failure_rate() -> None:
    assert by_id("arp4761a")["arp4761a-7"].refusal(EvidenceKind.PROBABILISTIC_ROBUSTNESS)


def test_ordinary_tests_are_no_attacks() -> None:
    entry = by_id("do-326a")["do-326a-6"]
    for row in entry.credit:
        assert row.evidence in OPAQUE_KINDS or row.level is CreditLevel.SUPPORTING


def test_the_proposal_is_a_list_of_subjects_that_supports_at_most() -> None:
    catalogue = load(NPA)
    assert facts(NPA)["objectives"] == [], "the sheet has clauses now: write the catalogue from them"
    assert catalogue.status is Status.PROPOSED and not catalogue.scored
    assert catalogue.watermark and "NOT ADOPTED" in catalogue.watermark
    assert {item.applicability for item in catalogue.select(None)} == {Applicability.UNKNOWN}
    assert {str(entry.confidence.identity) for entry in catalogue.entries} == {"low"}
    assert {row.level for entry in catalogue.entries for row in entry.credit} == {CreditLevel.SUPPORTING}
    assert set(catalogue.level_ids()) == set(facts(NPA)["levels"])


# Across -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [FM, HARDWARE])
def test_failure_conditions_determine_the_level_as_the_case_file_does(id: str) -> None:
    assert {condition: load(id).level_for(condition) for condition in DAL_OF_CONDITION} == DAL_OF_CONDITION


def test_what_the_case_file_shows_by_itself_is_never_enough() -> None:
    """Trace and requirement records come from the case file where an entry is about a requirement."""
    from_case = {EvidenceKind.REQUIREMENT_RECORD, EvidenceKind.TRACE_RECORD, EvidenceKind.CONFIGURATION_INDEX}
    for id in (FM, HARDWARE, AMLAS, NPA, *RECALLED):
        for entry in load(id).entries:
            for row in entry.credit:
                if row.evidence in from_case and row.level is CreditLevel.PARTIAL:
                    written = row.evidence is EvidenceKind.REQUIREMENT_RECORD
                    about = entry.artefact in (Subject.REQUIREMENTS, Subject.DATA)
                    assert written and about, (id, entry.id)
                    assert entry.scope in (Scope.REQUIREMENT, Scope.DATA_SET), (id, entry.id)
