"""The embedded examples are good practice: no trap in their choice of standards, people named, nothing green by words."""

from pathlib import Path

import pytest

from assurance.catalogue_vocabulary import EvidenceKind
from assurance.loading import LoadedCase, load
from assurance.objectives import ObjectiveStatus
from assurance.objectives.selection import traps
from assurance.snapshot import take
from evidence.store import Store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module", params=["digit_reader", "vertical_cas"])
def example(request: pytest.FixtureRequest) -> LoadedCase:
    return load(EXAMPLES / request.param)


def test_no_trap_in_the_selection_of_standards(example: LoadedCase) -> None:
    assert [finding.message for finding in traps(example)] == []


def test_makers_and_operators_are_named_and_others_than_the_authors_of_requirements_verify(example: LoadedCase) -> None:
    case = example.case
    assert all(model.made_by for model in case.models) and all(run.operator for run in case.runs)
    makers = {model.made_by for model in case.models} | {item.author for item in case.requirements}
    assert not makers & {run.operator for run in case.runs}


def test_without_runs_words_alone_support_no_objective_but_reviews_of_requirements(
    example: LoadedCase, tmp_path: Path
) -> None:
    """What is supported before any run rests on a named review, and on nothing that a tool has to show."""
    for covered in take(example, Store(tmp_path)).coverage:
        for row in covered.rows:
            if row.status is ObjectiveStatus.SUPPORTED:
                full = {item.evidence for item in row.entry.credit if item.level.value == "full"}
                assert full == {EvidenceKind.REVIEW_RECORD} and row.entry.artefact.value == "requirements", row.entry.id
