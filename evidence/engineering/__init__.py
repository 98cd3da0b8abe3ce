"""Evidence from ordinary engineering: files of other tools and of people, read into typed contents.

`read` gives the content of a file whose format is declared, or one coded refusal (E160-E165) with file and line: nothing
is guessed and nothing is read half. All readers are bounded in time and memory, follow no references and run nothing.
Not here: what the contents are (evidence/records/engineering), people and dates (the case declares them), what a
content says about a case (assurance/engineering_checks.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from evidence.diagnostics import Place
from evidence.engineering.cobertura import read_cobertura
from evidence.engineering.forms import FORMS, read_data_set_report, read_problem_reports, read_review
from evidence.engineering.junit import read_junit
from evidence.engineering.plan import read_plan
from evidence.engineering.reqif import read_reqif
from evidence.engineering.requirement_list import read_requirements_csv
from evidence.engineering.source import E_UNREADABLE, E_VALUE, Source
from evidence.engineering.training_log import read_training_log
from evidence.errors import InputError
from evidence.records.engineering import Content, Format

__all__ = ["FORMS", "KINDS", "READERS", "Source", "read"]

READERS: dict[Format, Callable[[Source], Content]] = {
    "junit": read_junit,
    "cobertura": read_cobertura,
    "requirements-csv": read_requirements_csv,
    "reqif": read_reqif,
    "review": read_review,
    "dataset-report": read_data_set_report,
    "training-log": read_training_log,
    "problem-reports": read_problem_reports,
    "plan": read_plan,
}

KINDS: dict[Format, frozenset[str]] = {
    "junit": frozenset({"performance-test", "implementation-equivalence", "numerical-soundness", "monitor-evidence"}),
    "cobertura": frozenset({"coverage-record"}),
    "requirements-csv": frozenset({"requirement-record", "trace-record"}),
    "reqif": frozenset({"requirement-record", "trace-record"}),
    "review": frozenset({"review-record", "quality-audit"}),
    "dataset-report": frozenset({"dataset-report"}),
    "training-log": frozenset({"training-record"}),
    "problem-reports": frozenset({"problem-report"}),
    "plan": frozenset({"plan", "safety-analysis", "tool-qualification", "quality-audit"}),
}
"""Which kinds of evidence, in the catalogues' vocabulary, a document of a format can be."""


def read(format: Format, path: Path, name: str, digest: str | None = None) -> Content:
    """The content of a file. `name` stands in findings; with `digest` the bytes that are read must have it.

    Raises InputError E160-E165 when the file is not what its format promises, or changed while it was read.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        message = f"cannot read {name}: {error.strerror}"
        raise InputError.of(E_UNREADABLE, message, Place(name)) from None
    with stream:
        source = Source(stream, name)
        try:
            content = READERS[format](source)
        except ValidationError as error:  # what no reader foresaw is refused, too
            raise source.refuse(E_VALUE, f"cannot be kept as {format}: {error.errors()[0]['msg']}") from None
    if digest is not None and source.digest != digest:
        raise source.refuse(E_UNREADABLE, "the file changed while it was read")
    return content
