"""What holds for every catalogue on board: own and short words, honest standing, credit that the evidence can carry."""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from assurance import resources
from assurance.catalogue import FILE_NAME, Catalogue, Entry, available, load
from assurance.catalogue_vocabulary import (
    OPAQUE_KINDS,
    PROOF_KINDS,
    STATISTICAL_KINDS,
    Applicability,
    CreditLevel,
    EvidenceKind,
    Mark,
    NextKind,
    Scheme,
    Scope,
    Status,
    Subject,
)
from evidence.verdict import Artefact

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "catalogues.md"
FACTS = ROOT.parent / "shared" / "facts" / "standards"
IDS = available()
EVERY = pytest.mark.parametrize("id", IDS)

TITLE_WORDS = 20
TEXT_WORDS = 60
RUN = 8
"""So many words in a row that also stand in a fact sheet are a borrowed sentence, unless they are a list of terms."""
FILE_BYTES = 300_000
FORBIDDEN = re.compile(r"\b(certified|complies|compliant|robust|guaranteed)\b", re.IGNORECASE)
LITTLE = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "has", "have", "in", "into", "is",
        "it", "its", "may", "must", "not", "of", "on", "or", "over", "shall", "should", "so", "than", "that", "the",
        "their", "then", "there", "they", "this", "to", "under", "was", "were", "what", "when", "where", "which",
        "who", "with", "within",
    }
)  # fmt: skip
"""Words that a sentence cannot do without. With fewer than two of them in a run it is a list of terms or a name."""


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def texts(catalogue: Catalogue) -> list[str]:
    """Everything that is written in a catalogue, the official name and edition of the document aside."""
    named = {"title", "also_known_as", "edition", "issuer", "sources"}
    return list(strings(catalogue.model_dump(mode="json", exclude=named)))


def runs(text: str) -> Iterator[str]:
    """All runs of `RUN` words in a text, except lists of terms."""
    words = re.findall(r"[a-z0-9]+(?:[-'.][a-z0-9]+)*", text.lower())
    for start in range(len(words) - RUN + 1):
        window = words[start : start + RUN]
        if sum(word in LITTLE for word in window) >= 2:
            yield " ".join(window)


@cache
def sheet_runs() -> dict[str, str]:
    """By run of words: the fact sheet that holds it. Skips the test where the sheets are not at hand."""
    if not FACTS.is_dir():
        pytest.skip("the fact sheets are not at hand beside the repository (../shared)")
    found: dict[str, str] = {}
    for path in sorted(FACTS.glob("*.yaml")):
        sheet: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        body = {key: value for key, value in sheet.items() if key not in ("title", "also_known_as", "edition")}
        for text in strings(body):
            for run in runs(text):
                found.setdefault(run, path.name)
    return found


def pairs() -> Iterator[tuple[Catalogue, Entry]]:
    for id in IDS:
        for entry in load(id).entries:
            yield load(id), entry


# Reading ------------------------------------------------------------------------------------------------------


def test_folders_of_standards_hold_catalogues_and_nothing_unread() -> None:
    folders = sorted(path.name for path in resources.folder("standards").iterdir() if path.is_dir())
    assert folders == IDS


@EVERY
def test_each_is_read_without_a_finding_and_is_small(id: str) -> None:
    assert load(id).id == id
    assert (resources.folder("standards") / id / FILE_NAME).stat().st_size <= FILE_BYTES


# Words --------------------------------------------------------------------------------------------------------


@EVERY
def test_titles_are_short_and_tell_entries_apart(id: str) -> None:
    titles = [entry.title for entry in load(id).entries]
    assert [title for title in titles if len(title.split()) > TITLE_WORDS] == []
    assert [title for title in titles if titles.count(title) > 1] == []
    activities = [item.title for entry in load(id).entries for item in entry.activities]
    assert [title for title in activities if len(title.split()) > TITLE_WORDS] == []


@EVERY
def test_nothing_is_long_enough_to_be_a_quotation(id: str) -> None:
    everything = strings(load(id).model_dump(mode="json"))
    assert [text for text in everything if len(text.split()) > TEXT_WORDS] == []


@EVERY
def test_no_sentence_of_a_fact_sheet_is_borrowed(id: str) -> None:
    theirs = sheet_runs()
    found = {run: theirs[run] for text in texts(load(id)) for run in runs(text) if run in theirs}
    assert found == {}


def test_the_search_for_borrowed_sentences_finds_one() -> None:
    sentence = "the tool that is used in the project has to be described in the plan"
    assert len(set(runs(sentence))) == len(sentence.split()) - RUN + 1
    assert list(runs("CO CL SA ICSA IS ET DA DM LM IMP")) == [], "a list of terms is no sentence"


@EVERY
def test_words_that_promise_too_much_do_not_occur(id: str) -> None:
    text = (resources.folder("standards") / id / FILE_NAME).read_text(encoding="utf-8")
    assert FORBIDDEN.findall(text) == []


# Standing -----------------------------------------------------------------------------------------------------


@EVERY
def test_what_is_no_published_standard_says_so_and_is_never_scored_on_unknown_marks(id: str) -> None:
    catalogue = load(id)
    if catalogue.status is not Status.PUBLISHED:
        assert catalogue.watermark
    if catalogue.status in (Status.DRAFT, Status.PROPOSED):
        assert not catalogue.scored
    marks = [mark for entry in catalogue.entries for mark in entry.levels.values()]
    if catalogue.levels and None in marks and not any(marks):
        assert not catalogue.scored


@EVERY
def test_marks_follow_the_scheme_and_unknown_stays_unknown(id: str) -> None:
    catalogue = load(id)
    for level in catalogue.marked_levels() or (None,):
        for item in catalogue.select(level):
            mark = item.entry.levels.get(level) if level is not None else catalogue.without_level
            assert (item.applicability is Applicability.UNKNOWN) == (mark is None), item.entry.id
            if catalogue.scheme is Scheme.CHECKLIST or catalogue.status is Status.GUIDANCE:
                required = (Mark.REQUIRED, Mark.REQUIRED_WITH_INDEPENDENCE)
                assert mark not in required, "neither a checklist nor guidance requires anything"


@EVERY
def test_every_entry_says_how_it_is_known_and_what_to_do(id: str) -> None:
    catalogue = load(id)
    items = {item.id for item in catalogue.data_items}
    tables = {table.id for table in catalogue.tables}
    for entry in catalogue.entries:
        assert entry.confidence.source.strip() and entry.next_action.text.strip(), entry.id
        assert entry.table in tables and set(entry.data_items) <= items, entry.id
        assert entry.credit or entry.next_action.kind is not NextKind.RUN, f"{entry.id}: nothing could serve it"


def test_neighbours_name_other_documents() -> None:
    for id in IDS:
        named = [neighbour.id for neighbour in load(id).neighbours]
        assert id not in named and len(set(named)) == len(named), id


# Credit -------------------------------------------------------------------------------------------------------


def test_full_credit_is_a_named_reviewers_alone() -> None:
    for catalogue, entry in pairs():
        for row in entry.credit:
            if row.level is CreditLevel.FULL:
                assert row.evidence is EvidenceKind.REVIEW_RECORD and row.must_name_entry, (catalogue.id, entry.id)


def test_statistics_and_samples_earn_no_formal_credit() -> None:
    for catalogue, entry in pairs():
        for row in entry.credit:
            if row.evidence in STATISTICAL_KINDS:
                assert row.supplement is None and row.level is not CreditLevel.FULL, (catalogue.id, entry.id)


def test_a_proof_about_a_model_carries_neither_code_nor_target_nor_system() -> None:
    beyond = {Subject.SOURCE_CODE, Subject.EXECUTABLE_ON_TARGET, Subject.SYSTEM, Subject.ARCHITECTURE, Subject.PROCESS}
    for catalogue, entry in pairs():
        for row in entry.credit:
            if row.artefact is Artefact.MODEL_DESCRIPTION and entry.artefact in beyond:
                assert row.level is CreditLevel.SUPPORTING, (catalogue.id, entry.id, row.evidence)


def test_a_proof_says_nothing_of_data_and_shows_no_generalisation() -> None:
    for catalogue, entry in pairs():
        proofs = [row for row in entry.credit if row.evidence in PROOF_KINDS]
        if entry.artefact is Subject.DATA or entry.scope is Scope.DATA_SET:
            assert not proofs, (catalogue.id, entry.id)
        if "generalisation" in entry.title.lower():
            assert all(row.level is CreditLevel.SUPPORTING for row in proofs), (catalogue.id, entry.id)


def test_a_run_is_advised_only_where_a_proof_earns_credit() -> None:
    for catalogue, entry in pairs():
        if entry.next_action.kind is NextKind.RUN:
            earning = {row.evidence for row in entry.credit if row.level is not CreditLevel.SUPPORTING}
            assert earning & PROOF_KINDS, (catalogue.id, entry.id)


def test_where_nothing_is_accepted_only_an_agreement_helps() -> None:
    for catalogue, entry in pairs():
        if entry.accepted_means is False:
            assert entry.next_action.kind is NextKind.AGREE_WITH_AUTHORITY, (catalogue.id, entry.id)


def test_a_document_that_nobody_can_read_counts_only_where_it_names_the_entry() -> None:
    for _, entry in pairs():
        for row in entry.credit:
            assert row.must_name_entry == (row.evidence in OPAQUE_KINDS)


SHOWN_BY_CASE = {
    "arp6983": {"draft-MLCR.1 requirement-record", "draft-VAL-MLCR.2 trace-record"},
    "do-178c": {
        "A-2.1 requirement-record",
        "A-2.2 requirement-record",
        "A-3.6 trace-record",
        "A-8.1 configuration-index",
    },
}
"""Of those below: what the case file holds of itself, each requirement with its parent or the mark *derived*, each item
with its digest. Such an entry is partial without any document."""

BY_ITSELF = {
    "amlas": {"activity-3 requirement-record", "activity-13 performance-test"},
    "arp4754b": {"arp4754b-6 requirement-record"},
    "arp6983": SHOWN_BY_CASE["arp6983"] | {"draft-MLMD.2 requirement-record"},
    "do-178c": SHOWN_BY_CASE["do-178c"]
    | {
        "A-2.6 implementation-equivalence",
        "A-2.7 implementation-equivalence",
        "A-5.1 implementation-equivalence",
        "A-5.8 implementation-equivalence",
        "A-6.1 performance-test",
        "A-6.3 implementation-equivalence",
    },
    "do-254": {
        "254-5.3.1 implementation-equivalence",
        "254-6.2.1 implementation-equivalence",
        "254-6.2.1 performance-test",
    },
    "easa-cp-issue2": {
        "DA-02 requirement-record",
        "DA-10 performance-test",
        "DM-08 coverage-record",
        "LM-09 performance-test",
        "LM-10 performance-test",
        "IMP-04 implementation-equivalence",
        "IMP-06 implementation-equivalence",
        "IMP-07 implementation-equivalence",
        "IMP-08 performance-test",
        "IMP-11 performance-test",
        "CM-01 configuration-index",
    },
    "eu-ai-act": {"AIA-10.3-4 coverage-record"},
    "iec-61508": {"61508-3-7.2 requirement-record", "61508-3-7.2 trace-record"},
    "iec-62304": {
        "62304-5.2 requirement-record",
        "62304-5.2 trace-record",
        "62304-5.5.2 performance-test",
        "62304-5.7 performance-test",
        "62304-8 configuration-index",
    },
    "iso-26262-6": {"6-T7.1j performance-test", "6-T7.1n implementation-equivalence"},
    "iso-26262-8": {"8-6 requirement-record", "8-6 trace-record", "8-7 configuration-index"},
    "iso-iec-24029-2": {"24029-2.7.4 implementation-equivalence"},
    "iso-pas-8800": {
        "8800-9a requirement-record",
        "8800-9a trace-record",
        "8800-11g coverage-record",
        "8800-12b performance-test",
        "8800-12c performance-test",
        "8800-12e implementation-equivalence",
    },
}
"""Entries about the very thing that such a record shows, whichever it is. Everywhere else a reviewer has to name it."""


@EVERY
def test_evidence_that_names_no_entry_is_partial_only_where_it_can_be_about_nothing_else(id: str) -> None:
    """A latency test is no penetration test, a statement coverage no coverage of hazards, a parent link no analysis."""
    free = frozenset(EvidenceKind) - OPAQUE_KINDS - PROOF_KINDS - {EvidenceKind.PROBABILISTIC_ROBUSTNESS}
    beyond = {
        f"{entry.id} {row.evidence.value}"
        for entry in load(id).entries
        for row in entry.credit
        if row.evidence in free and row.level is not CreditLevel.SUPPORTING and row.measure is None
    }
    assert beyond == BY_ITSELF.get(id, set())
    for entry in load(id).entries:
        for row in entry.credit:
            if row.evidence in free and row.level is not CreditLevel.SUPPORTING and row.measure is None:
                whole_case = entry.scope is Scope.CASE and entry.artefact is not Subject.CONFIGURATION
                assert not whole_case, f"{entry.id}: every record about the case would fit"
                from_case = {
                    EvidenceKind.REQUIREMENT_RECORD,
                    EvidenceKind.TRACE_RECORD,
                    EvidenceKind.CONFIGURATION_INDEX,
                }
                shown = f"{entry.id} {row.evidence.value}" in SHOWN_BY_CASE.get(id, set())
                assert row.supporting_from_case == (row.evidence in from_case and not shown), entry.id


@EVERY
def test_partial_credit_says_what_remains(id: str) -> None:
    terse = [
        (entry.id, row.remains)
        for entry in load(id).entries
        for row in entry.credit
        if row.level is CreditLevel.PARTIAL and len(row.remains.split()) < 7
    ]
    assert terse == []


@EVERY
def test_every_entry_can_be_worked_on(id: str) -> None:
    """Some evidence goes beyond support, unless a proposal's clauses are unknown or no means is accepted."""
    catalogue = load(id)
    for entry in catalogue.entries:
        if catalogue.status is not Status.PROPOSED and entry.accepted_means is not False:
            assert any(row.level is not CreditLevel.SUPPORTING for row in entry.credit), entry.id


# The page -----------------------------------------------------------------------------------------------------


def applicability(catalogue: Catalogue) -> str:
    """What a catalogue knows of its levels, as docs/catalogues.md says it."""
    if not catalogue.levels:
        return f"no levels; {catalogue.select(None)[0].applicability.value}"
    marks = [mark for entry in catalogue.entries for mark in entry.levels.values()]
    known = sum(mark is not None for mark in marks)
    span = f"{catalogue.marked_levels()[0]} to {catalogue.marked_levels()[-1]}"
    return f"{span}; " + ("marked" if known == len(marks) else f"{known} of {len(marks)} marks" if known else "unknown")


def page_rows() -> list[str]:
    return [
        f"| {item.id} | {item.title} | {item.status.value} | {len(item.entries)} | {applicability(item)} | "
        f"{item.confidence.file.value} | {'yes' if item.scored else 'no'} | {'yes' if item.watermark else ''} |"
        for item in map(load, IDS)
    ]


def test_the_page_lists_every_catalogue_as_it_is() -> None:
    """UPDATE_GOLDENS=1 rewrites the table."""
    lines = PAGE.read_text("utf-8").split("\n")
    first = lines.index("|---|---|---|---|---|---|---|---|") + 1
    last = next(number for number in range(first, len(lines)) if not lines[number].startswith("| "))
    if os.environ.get("UPDATE_GOLDENS"):
        lines[first:last] = page_rows()
        last = first + len(IDS)
        PAGE.write_text("\n".join(lines), "utf-8")
    assert lines[first:last] == page_rows(), "run the tests with UPDATE_GOLDENS=1 to rewrite docs/catalogues.md"
