"""What was read from files of ordinary engineering: test results, coverage, requirement lists, reviews, and so on.

The content belongs to a document record, which holds the file's digest, people and dates; nothing here repeats them.
Each content says by itself what the document shows (`shows`), from its counts and states alone: a result that failed
or that examined nothing never counts as support, and one that leaves something open never counts as the whole.
Not here: the readers (evidence/engineering), what a content does not cover (limits.py), whether it fits the case
(assurance/engineering_checks.py).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evidence.records.engineering.common import MAX_COUNT, Count, Day, Format, Long, Short, Shows
from evidence.records.engineering.coverage import CRITERIA, CoverageResults, Criterion, Measure, UncoveredFile
from evidence.records.engineering.data_set import (
    DataSetFields,
    DataSetReport,
    OddCell,
    OddCells,
    Split,
    SplitsCompared,
)
from evidence.records.engineering.plan import Heading, Plan
from evidence.records.engineering.problems import ProblemReportFields, ProblemReportItem, ProblemReportList
from evidence.records.engineering.requirements import ListedRequirement, RequirementList
from evidence.records.engineering.results import TestNote, TestResults
from evidence.records.engineering.review import ChecklistAnswer, Review, ReviewedItem, ReviewFields, ReviewFinding
from evidence.records.engineering.training import Series, TrainingLog, is_loss

Content = Annotated[
    TestResults | CoverageResults | RequirementList | Review | DataSetReport | TrainingLog | ProblemReportList | Plan,
    Field(discriminator="kind"),
]
"""What was read from a document whose format is declared."""


def measured(content: Content | None) -> bool:
    """Whether a content repeats what a tool observed, and not what a person states."""
    return isinstance(content, TestResults | CoverageResults)


__all__ = [
    "CRITERIA", "MAX_COUNT", "ChecklistAnswer", "Content", "Count", "CoverageResults", "Criterion", "DataSetFields",
    "DataSetReport", "Day", "Format", "Heading", "ListedRequirement", "Long", "Measure", "OddCell", "OddCells",
    "Plan", "ProblemReportFields", "ProblemReportItem", "ProblemReportList", "RequirementList", "Review",
    "ReviewFields", "ReviewFinding", "ReviewedItem", "Series", "Short", "Shows", "Split", "SplitsCompared",
    "TestNote", "TestResults", "TrainingLog", "UncoveredFile", "is_loss", "measured",
]  # fmt: skip
