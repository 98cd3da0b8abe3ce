"""What a catalogue advises is what it accepts: nobody writes a review that then counts for nothing."""

import re

import pytest

from assurance.catalogue import available, load
from assurance.catalogue_vocabulary import CreditLevel, EvidenceKind, NextKind
from evidence.verdict import Artefact

REVIEWS = {EvidenceKind.REVIEW_RECORD, EvidenceKind.QUALITY_AUDIT}


@pytest.mark.parametrize("id", available())
def test_a_review_that_is_asked_for_earns_credit(id: str) -> None:
    for entry in load(id).entries:
        asks = re.search(r"\b(the|a) (\w+ )?(review|check) (of|that|record)\b", entry.next_action.text)
        if entry.next_action.kind is NextKind.DOCUMENT and asks:
            earning = {row.evidence for row in entry.credit if row.level is not CreditLevel.SUPPORTING}
            assert earning & REVIEWS, (entry.id, asks[0])


@pytest.mark.parametrize("key", ["do-178c:A-6.2", "do-178c:A-6.4", "iso-26262-6:6-T10.1a", "iso-26262-6:6-T14.1a"])
def test_target_tests_are_seen_where_only_a_review_tells_what_they_tried(key: str) -> None:
    """A report of target tests does not say whether inputs were abnormal, or the software whole: support, no more."""
    id, _, name = key.partition(":")
    entry = next(item for item in load(id).entries if item.id == name)
    row = entry.credit_for(EvidenceKind.PERFORMANCE_TEST, Artefact.EXECUTABLE_ON_TARGET)
    assert row is not None and row.level is CreditLevel.SUPPORTING
    assert any(
        item.evidence is EvidenceKind.REVIEW_RECORD and item.level is CreditLevel.PARTIAL for item in entry.credit
    )
