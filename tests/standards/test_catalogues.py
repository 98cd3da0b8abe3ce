"""The catalogues on board: counts derived from their data, sound credit, own words, agreement with the facts."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from fact_sheets import SPLIT, facts

from assurance import catalogue as catalogues
from assurance.case_hazards import DAL_OF_CONDITION
from assurance.catalogue import Catalogue, Entry, load
from assurance.catalogue_vocabulary import (
    Applicability,
    CreditLevel,
    EvidenceKind,
    Grade,
    Mark,
    NextKind,
    Scope,
    Subject,
)
from evidence.verdict import Artefact, GuaranteeKind

ROOT = Path(__file__).resolve().parents[2]
IDS = ("arp6983", "do-178c", "iso-26262-6")
DO, ISO, ARP = "do-178c", "iso-26262-6", "arp6983"
FORMAL = {
    EvidenceKind.FORMAL_LOCAL_ROBUSTNESS,
    EvidenceKind.FORMAL_PROPERTY,
    EvidenceKind.OUTPUT_REACHABILITY,
    EvidenceKind.REACHABILITY,
}
STATISTICAL = {EvidenceKind.PROBABILISTIC_ROBUSTNESS, EvidenceKind.PERFORMANCE_TEST, EvidenceKind.MONITOR_EVIDENCE}


def by_id(id: str) -> dict[str, Entry]:
    return {entry.id: entry for entry in load(id).entries}


def per_table(catalogue: Catalogue) -> dict[str, int]:
    return dict(Counter(entry.table for entry in catalogue.entries))


# Counts -------------------------------------------------------------------------------------------------------


def test_all_three_are_on_board() -> None:
    assert set(IDS) <= set(catalogues.available())
    assert all(load(id).id == id for id in IDS)


def test_do178c_has_71_objectives_and_its_totals() -> None:
    catalogue = load(DO)
    assert len(catalogue.entries) == 71
    totals = {level: (found.total, found.independence) for level, found in catalogue.totals().items()}
    assert totals == {"A": (71, 30), "B": (69, 18), "C": (62, 5), "D": (26, 2)}
    # counted here a second time, straight from the marks
    for level, (total, independent) in totals.items():
        marks = [entry.levels[level] for entry in catalogue.entries]
        assert total == len(marks) - marks.count(Mark.NOT_REQUIRED)
        assert independent == marks.count(Mark.REQUIRED_WITH_INDEPENDENCE)


def test_do178c_counts_of_each_table_at_each_level() -> None:
    catalogue = load(DO)
    sizes = {"A-1": 7, "A-2": 7, "A-3": 7, "A-4": 13, "A-5": 9, "A-6": 5, "A-7": 9, "A-8": 6, "A-9": 5, "A-10": 3}
    assert per_table(catalogue) == sizes
    at_d = Counter(item.entry.table for item in catalogue.select("D") if item.asked_for)
    assert at_d == {"A-1": 2, "A-2": 4, "A-3": 3, "A-4": 1, "A-5": 2, "A-6": 3, "A-7": 1, "A-8": 5, "A-9": 2, "A-10": 3}
    at_c = Counter(item.entry.table for item in catalogue.select("C") if item.independence)
    assert at_c == {"A-9": 5}


def test_iso26262_has_90_rows_in_15_tables() -> None:
    catalogue = load(ISO)
    sizes = (9, 4, 9, 8, 4, 10, 14, 4, 3, 8, 4, 2, 3, 2, 6)
    assert per_table(catalogue) == {f"T{number}": size for number, size in enumerate(sizes, 1)}
    assert len(catalogue.entries) == sum(sizes) == 90
    assert {table.combination for table in catalogue.tables} == {"alternatives"}
    assert {entry.kind.value for entry in catalogue.entries} == {"method"}
    for level, found in catalogue.totals().items():
        assert sum(found.by_applicability.values()) == 90, level
        assert found.independence is None
        assert Applicability.REQUIRED not in found.by_applicability


def test_arp6983_is_an_unscored_watermarked_list_of_79_unknowns() -> None:
    catalogue = load(ARP)
    assert per_table(catalogue) == {
        "SYS": 6,
        "MLCR": 5,
        "MLDM": 9,
        "MLMD": 5,
        "VAL-MLCR": 5,
        "VAL-MLDR": 5,
        "VAL-MLMR": 5,
        "VER-DATA": 12,
        "VER-MODEL": 18,
        "VER-VER": 9,
    }
    assert len(catalogue.entries) == 79
    assert not catalogue.scored
    assert catalogue.status.value == "draft"
    assert catalogue.watermark and "not published" in catalogue.watermark
    assert all(entry.id.startswith("draft-") for entry in catalogue.entries)
    assert all(set(entry.levels) == set("ABCD") and not any(entry.levels.values()) for entry in catalogue.entries)
    for level in (None, *"ABCD"):
        chosen = catalogue.select(level)
        assert {item.applicability for item in chosen} == {Applicability.UNKNOWN}
        assert {item.independence for item in chosen} == {None}
        assert {item.asked_for for item in chosen} == {None}
    assert {(found.total, found.independence) for found in catalogue.totals().values()} == {(None, None)}
    assert {entry.confidence.identity for entry in catalogue.entries} == {Grade.LOW}


# Soundness of credit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_a_model_description_never_carries_code_or_target(id: str) -> None:
    about_code = {Subject.SOURCE_CODE, Subject.EXECUTABLE_ON_TARGET}
    for entry in load(id).entries:
        for row in entry.credit:
            if row.artefact is Artefact.MODEL_DESCRIPTION and entry.artefact in about_code:
                assert row.level is CreditLevel.SUPPORTING, (entry.id, row.evidence)


def test_proofs_serve_table_a4_and_nothing_after_it() -> None:
    for entry in load(DO).entries:
        for row in entry.credit:
            about_model = row.artefact is Artefact.MODEL_DESCRIPTION
            if entry.table in ("A-5", "A-6", "A-7") and about_model:
                assert row.level is CreditLevel.SUPPORTING, entry.id
            if entry.table in ("A-1", "A-2", "A-3") and row.evidence in FORMAL:
                assert row.level is CreditLevel.SUPPORTING, entry.id
            if row.evidence in FORMAL and row.level is not CreditLevel.SUPPORTING:
                assert entry.id in {"A-4.1", "A-4.7", "A-5.6"}
                assert row.supplement == "do-333"
                assert (entry.table == "A-4") == about_model
    for id in ("A-6.1", "A-6.2", "A-6.3", "A-6.4", "A-6.5"):
        entry = by_id(DO)[id]
        assert not FORMAL & {row.evidence for row in entry.credit}
        assert entry.refusal(EvidenceKind.FORMAL_LOCAL_ROBUSTNESS), id


def test_requirement_role_is_asked_for_where_the_model_stands_in_for_low_level_requirements() -> None:
    for entry in load(DO).entries:
        for row in entry.credit:
            if entry.artefact is Subject.MODEL_DESCRIPTION:
                assert row.model_role is not None, entry.id
    found = by_id(DO)["A-4.1"].credit_for(
        EvidenceKind.FORMAL_LOCAL_ROBUSTNESS,
        Artefact.MODEL_DESCRIPTION,
        catalogues.ModelRole.PARAMETER_DATA_ITEM,
    )
    assert found is None


@pytest.mark.parametrize("id", IDS)
def test_statistical_evidence_never_earns_formal_or_full_credit(id: str) -> None:
    for entry in load(id).entries:
        for row in entry.credit:
            if row.supplement is not None:
                assert row.evidence in FORMAL
            if row.evidence in STATISTICAL:
                assert row.level is not CreditLevel.FULL
                assert row.supplement is None
            if row.evidence is EvidenceKind.PROBABILISTIC_ROBUSTNESS and id != ARP:
                assert row.level is CreditLevel.SUPPORTING
            if row.level is CreditLevel.FULL:
                assert row.evidence is EvidenceKind.REVIEW_RECORD


def test_formal_verification_rows_of_iso_refuse_statistics() -> None:
    for id in ("6-T4.1e", "6-T7.1e"):
        entry = by_id(ISO)[id]
        assert EvidenceKind.PROBABILISTIC_ROBUSTNESS not in {row.evidence for row in entry.credit}
        assert entry.refusal(EvidenceKind.PROBABILISTIC_ROBUSTNESS)
    rows = [
        entry.id
        for entry in load(ISO).entries
        if any(row.evidence in FORMAL and row.level is CreditLevel.PARTIAL for row in entry.credit)
    ]
    assert rows == ["6-T7.1e"], "a formal run counts once"


def test_one_evaluation_of_the_network_is_no_closed_loop() -> None:
    """Only rows about the surroundings take `reachability`; rows about the model take `output-reachability`."""
    taking: dict[EvidenceKind, set[str]] = {EvidenceKind.REACHABILITY: set(), EvidenceKind.OUTPUT_REACHABILITY: set()}
    for id in IDS:
        for entry in load(id).entries:
            for row in entry.credit:
                if row.evidence in taking:
                    taking[row.evidence].add(entry.id)
    assert taking[EvidenceKind.REACHABILITY] == {"draft-SYS.6", "6-T4.1e"}
    assert taking[EvidenceKind.OUTPUT_REACHABILITY] == {
        "A-3.4", "A-4.1", "A-4.4", "draft-VER-MODEL.4", "6-T4.1e", "6-T7.1e"
    }  # fmt: skip
    assert by_id(ARP)["draft-SYS.6"].refusal(EvidenceKind.OUTPUT_REACHABILITY)


def test_properties_of_boxes_are_no_stability() -> None:
    for id, entry_id in ((ARP, "draft-VER-MODEL.11"), (ARP, "draft-VER-MODEL.12"), (DO, "A-4.7")):
        entry = by_id(id)[entry_id]
        assert EvidenceKind.FORMAL_LOCAL_ROBUSTNESS in {row.evidence for row in entry.credit}
        for kind in (EvidenceKind.FORMAL_PROPERTY, EvidenceKind.OUTPUT_REACHABILITY):
            assert kind not in {row.evidence for row in entry.credit} and entry.refusal(kind)
    same = ((DO, "A-3.4"), (DO, "A-4.1"), (DO, "A-4.4"), (ARP, "draft-VER-MODEL.4"), (ISO, "6-T4.1e"), (ISO, "6-T7.1e"))
    for id, entry_id in same:
        levels = {row.evidence: row.level for row in by_id(id)[entry_id].credit}
        assert levels[EvidenceKind.FORMAL_PROPERTY] is levels[EvidenceKind.FORMAL_LOCAL_ROBUSTNESS]


@pytest.mark.parametrize("id", IDS)
def test_where_proofs_are_refused_all_their_kinds_are(id: str) -> None:
    for entry in load(id).entries:
        refused = {row.evidence.value for row in entry.no_credit}
        assert {kind for kind, parent in SPLIT.items() if parent in refused} <= refused, entry.id


def test_an_index_shows_what_there_is_and_neither_archive_nor_baselines_nor_build() -> None:
    """Neither the case file nor a document: which of them an index is about, only a review that names it can say."""
    for id in ("A-2.7", "A-5.7", "A-5.8", "A-8.2", "A-8.4", "A-8.5", "A-8.6"):
        levels = {row.evidence: row.level for row in by_id(DO)[id].credit}
        assert levels[EvidenceKind.CONFIGURATION_INDEX] is CreditLevel.SUPPORTING, id
        assert levels[EvidenceKind.REVIEW_RECORD] is CreditLevel.PARTIAL, id


def test_one_record_is_not_the_evidence_of_several_objectives_by_itself() -> None:
    """One coverage report is not statement, decision, condition and coupling coverage alike, one set of metrics not
    those on seen and on unseen data, one list not the needs, the quality and the hand-over of data."""
    alike: dict[str, list[tuple[EvidenceKind, tuple[str, ...]]]] = {
        DO: [
            (EvidenceKind.REQUIREMENT_RECORD, ("A-2.3", "A-2.4", "A-2.5")),
            (EvidenceKind.COVERAGE_RECORD, ("A-5.9", "A-7.3", "A-7.4", "A-7.5", "A-7.6", "A-7.7", "A-7.8")),
            (EvidenceKind.NUMERICAL_SOUNDNESS, ("A-4.3", "A-4.7", "A-5.6", "A-6.4")),
        ],
        ISO: [(EvidenceKind.COVERAGE_RECORD, ("6-T9.1a", "6-T9.1b", "6-T9.1c", "6-T12.1a", "6-T12.1b", "6-T15.1f"))],
        ARP: [
            (EvidenceKind.REQUIREMENT_RECORD, ("draft-MLCR.4", "draft-MLDM.1", "draft-MLDM.2")),
            (EvidenceKind.PERFORMANCE_TEST, ("draft-VER-MODEL.9", "draft-VER-MODEL.10")),
            (EvidenceKind.MONITOR_EVIDENCE, ("draft-VER-MODEL.16", "draft-VER-MODEL.17", "draft-VER-MODEL.18")),
            (EvidenceKind.TRACE_RECORD, ("draft-VER-DATA.7", "draft-VER-DATA.11", "draft-VAL-MLDR.2")),
            (EvidenceKind.COVERAGE_RECORD, tuple(f"draft-VER-VER.{number}" for number in (5, 6, 7, 8))),
        ],
    }
    for id, groups in alike.items():
        for kind, entries in groups:
            for entry_id in entries:
                rows = by_id(id)[entry_id].credit
                unmeasured = [row for row in rows if row.measure is None]
                assert {row.level for row in unmeasured if row.evidence is kind} == {CreditLevel.SUPPORTING}, entry_id
                beyond = [row for row in unmeasured if row.level is not CreditLevel.SUPPORTING]
                assert beyond and all(row.must_name_entry or row.evidence in FORMAL for row in beyond), entry_id


MEASURES = {
    DO: {"A-7.5": "mcdc", "A-7.6": "decision", "A-7.7": "statement"},
    ISO: {"6-T9.1a": "statement", "6-T9.1b": "branch", "6-T9.1c": "mcdc"},
}


@pytest.mark.parametrize("id", IDS)
def test_structural_coverage_asks_for_its_own_measure_and_for_code(id: str) -> None:
    """MC/DC from MC/DC alone, never from branches; of code, never of a model; in part, never the whole."""
    measured = {entry.id: row for entry in load(id).entries for row in entry.credit if row.measure}
    assert {name: row.measure for name, row in measured.items()} == MEASURES.get(id, {})
    for name, row in measured.items():
        assert (row.evidence, row.artefact.value) == (EvidenceKind.COVERAGE_RECORD, "source-code"), name
        assert row.level is CreditLevel.PARTIAL and "learned weights" in row.remains, name
    for entry in load(id).entries:
        if id == DO and entry.id in measured:
            assert entry.accepted_means is False and entry.next_action.kind is NextKind.AGREE_WITH_AUTHORITY


@pytest.mark.parametrize(
    ("kind", "guarantee", "earned"),
    [
        (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, GuaranteeKind.PROVED, CreditLevel.PARTIAL),
        (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, GuaranteeKind.UNCHECKED, CreditLevel.SUPPORTING),
        (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, GuaranteeKind.STATISTICAL, None),
        (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, GuaranteeKind.EMPIRICAL, None),
        (EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, GuaranteeKind.DOCUMENTARY, None),
        (EvidenceKind.FORMAL_PROPERTY, GuaranteeKind.PROVED, CreditLevel.PARTIAL),
        (EvidenceKind.FORMAL_PROPERTY, GuaranteeKind.UNCHECKED, CreditLevel.SUPPORTING),
        (EvidenceKind.FORMAL_PROPERTY, GuaranteeKind.DOCUMENTARY, None),
        (EvidenceKind.OUTPUT_REACHABILITY, GuaranteeKind.PROVED, CreditLevel.PARTIAL),
        (EvidenceKind.OUTPUT_REACHABILITY, GuaranteeKind.UNCHECKED, CreditLevel.SUPPORTING),
        (EvidenceKind.OUTPUT_REACHABILITY, GuaranteeKind.STATISTICAL, None),
        (EvidenceKind.PROBABILISTIC_ROBUSTNESS, GuaranteeKind.STATISTICAL, CreditLevel.SUPPORTING),
        (EvidenceKind.PROBABILISTIC_ROBUSTNESS, GuaranteeKind.EMPIRICAL, None),
        (EvidenceKind.PERFORMANCE_TEST, GuaranteeKind.EMPIRICAL, CreditLevel.SUPPORTING),
        (EvidenceKind.PERFORMANCE_TEST, GuaranteeKind.DOCUMENTARY, None),
    ],
)
def test_credit_for_satisfying_requirements_depends_on_the_guarantee(
    kind: EvidenceKind, guarantee: GuaranteeKind, earned: CreditLevel | None
) -> None:
    row = by_id(DO)["A-4.1"].credit_for(kind, Artefact.MODEL_DESCRIPTION, catalogues.ModelRole.LOW_LEVEL_REQUIREMENT)
    assert row is not None
    assert row.earned(guarantee) is earned


def test_without_accepted_means_the_next_step_is_an_agreement() -> None:
    entries = by_id(DO)
    without = {id for id, entry in entries.items() if entry.accepted_means is False}
    assert without == {"A-4.6", "A-7.5", "A-7.6", "A-7.7"}
    for id in without:
        assert entries[id].next_action.kind is NextKind.AGREE_WITH_AUTHORITY


@pytest.mark.parametrize("id", IDS)
def test_a_run_is_advised_only_where_a_proof_earns_credit(id: str) -> None:
    for entry in load(id).entries:
        if entry.next_action.kind is NextKind.RUN:
            earning = {row.evidence for row in entry.credit if row.level is not CreditLevel.SUPPORTING}
            assert earning & FORMAL, entry.id


def test_reviews_count_only_for_the_entry_that_they_name() -> None:
    rows = {row.evidence: row for row in by_id(DO)["A-4.1"].credit}
    assert rows[EvidenceKind.REVIEW_RECORD].must_name_entry
    assert not rows[EvidenceKind.FORMAL_LOCAL_ROBUSTNESS].must_name_entry


# Shape --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_entries_are_complete(id: str) -> None:
    catalogue = load(id)
    ids = [entry.id for entry in catalogue.entries]
    assert len(set(ids)) == len(ids)
    assert len({entry.title for entry in catalogue.entries}) == len(ids), "titles tell entries apart"
    for entry in catalogue.entries:
        assert entry.credit, f"{entry.id}: nothing could ever serve it"
        assert all(row.remains.strip() for row in entry.credit)
        if entry.scope is Scope.DOCUMENT:
            assert entry.data_items


def test_failure_conditions_determine_the_level_as_the_case_file_does() -> None:
    catalogue = load(DO)
    assert {condition: catalogue.level_for(condition) for condition in DAL_OF_CONDITION} == DAL_OF_CONDITION


def test_vocabulary_of_evidence_kinds_is_the_sheets() -> None:
    for id in IDS:
        assert {kind.value for kind in EvidenceKind} - set(SPLIT) == set(facts(id)["evidence_kind_vocabulary"])
        assert set(SPLIT.values()) <= set(facts(id)["evidence_kind_vocabulary"])


FORBIDDEN = re.compile(r"\b(certified|complies|compliant|robust|guaranteed)\b", re.IGNORECASE)


@pytest.mark.parametrize("id", IDS)
def test_words(id: str) -> None:
    text = (ROOT / "standards" / id / "catalogue.yaml").read_text(encoding="utf-8")
    assert not FORBIDDEN.findall(text)


# Against the fact sheets --------------------------------------------------------------------------------------


def kinds(entry: Entry) -> set[str]:
    """Kinds of evidence that an entry speaks of, to credit or to refuse them."""
    own = {row.evidence.value for row in entry.credit} | {row.evidence.value for row in entry.no_credit}
    return own | {SPLIT[kind] for kind in own & set(SPLIT)}


def flat(text: str) -> str:
    return " ".join(text.lower().split())


@pytest.mark.parametrize("id", IDS)
def test_no_sentence_of_the_sheets_is_repeated(id: str) -> None:
    """Facts carry over, sentences are our own. Short names of methods cannot be said otherwise."""
    rows = facts(id)["objectives"]
    theirs = {row["title"] for row in rows} | {row["ml_relevance"]["note"] for row in rows}
    ours = flat(yaml.safe_dump(load(id).model_dump(mode="json"), width=10**6, allow_unicode=True))
    # four words and more count as a sentence here
    assert [text for text in theirs if text and len(text.split()) >= 4 and flat(text) in ours] == []


def test_do178c_agrees_with_the_sheet() -> None:
    marks = {
        "satisfied": Mark.REQUIRED,
        "independence": Mark.REQUIRED_WITH_INDEPENDENCE,
        "not required": Mark.NOT_REQUIRED,
    }
    rows = {row["id"]: row for row in facts(DO)["objectives"]}
    entries = by_id(DO)
    assert list(rows) == list(entries)
    for id, row in rows.items():
        entry = entries[id]
        assert entry.levels == {level: marks[mark] for level, mark in row["levels"].items()}, id
        assert row["confidence"] == "high for id, title; marks medium-high (totals reconcile)"
        assert (entry.confidence.identity, entry.confidence.marks) == (Grade.HIGH, Grade.MEDIUM_HIGH)
        assert entry.ref.split("section ")[1] == row["ref"].split("section ")[1]
        wanted = set(row["ml_relevance"]["evidence_kinds"])
        spoken_of = kinds(entry)
        assert wanted <= spoken_of, (id, wanted - spoken_of)
    assert len(load(DO).data_items) == len(facts(DO)["life_cycle_data"])
    stages = {stage["id"]: stage["tables"] for stage in facts(DO)["stages_of_involvement"]}
    assert {stage.id: list(stage.tables) for stage in load(DO).stages_of_involvement} == stages


def test_do178c_table_counts_agree_with_the_sheet() -> None:
    catalogue = load(DO)
    for table in facts(DO)["tables"]:
        for level, wanted in table["per_level"].items():
            chosen = [item for item in catalogue.select(level) if item.entry.table == table["id"]]
            found = {
                "total": sum(1 for item in chosen if item.asked_for),
                "independence": sum(1 for item in chosen if item.independence),
            }
            assert found == wanted, (table["id"], level)


def test_iso26262_agrees_with_the_sheet() -> None:
    rows = {row["id"]: row for row in facts(ISO)["objectives"]}
    entries = by_id(ISO)
    assert list(rows) == list(entries)
    for id, row in rows.items():
        entry = entries[id]
        assert {level: mark and mark.value for level, mark in entry.levels.items()} == row["levels"], id
        if row["confidence"] == "high (B and D), medium (A and C)":
            wanted = {"A": "medium", "B": "high", "C": "medium", "D": "high"}
        else:
            wanted = dict.fromkeys("ABCD", row["confidence"])
        assert {level: entry.confidence.of_mark(level) for level in "ABCD"} == wanted, id
        spoken_of = kinds(entry)
        assert set(row["ml_relevance"]["evidence_kinds"]) <= spoken_of, id
    clauses = {f"T{table['id'].split()[1]}": table["clause"].split(" (")[0] for table in facts(ISO)["tables"]}
    assert {table.id: table.sections for table in load(ISO).tables} == clauses


def test_arp6983_agrees_with_the_sheet() -> None:
    rows = {f"draft-{row['id']}": row for row in facts(ARP)["objectives"]}
    entries = by_id(ARP)
    assert list(rows) == list(entries)
    for id, row in rows.items():
        assert entries[id].levels == row["levels"], id
        spoken_of = kinds(entries[id])
        assert set(row["ml_relevance"]["evidence_kinds"]) <= spoken_of, id
