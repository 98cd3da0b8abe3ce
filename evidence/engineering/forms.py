"""The tool's own YAML forms: reviews, data-set reports, problem reports. Strict YAML, checked field by field.

Each form begins with its name and version. Schemas for editors stand in docs/schemas. Everything that is wrong with a form
comes back as one refusal at the first place, which counts the others. Problem reports also come as a table.
Not here: what the fields mean (evidence/records/engineering).
"""

from __future__ import annotations

import io
import re
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from evidence.engineering.source import E_LARGE, E_OTHER, E_SYNTAX, E_VALUE, Source
from evidence.engineering.table import named, read_table
from evidence.errors import InputError
from evidence.records.engineering import (
    DataSetFields,
    DataSetReport,
    ProblemReportFields,
    ProblemReportItem,
    ProblemReportList,
    Review,
    ReviewFields,
)
from evidence.strict_yaml import C_MISSING, C_TOO_LARGE, C_UNKNOWN_KEY, C_VALUE, MAX_BYTES, parse_yaml, validate


class ReviewForm(ReviewFields):
    """A review record."""

    schema_: Literal["assurance-review/1"] = Field(alias="schema")


class DataSetForm(DataSetFields):
    """A data-set report."""

    schema_: Literal["assurance-data-set-report/1"] = Field(alias="schema")


class ProblemReportForm(ProblemReportFields):
    """A list of problem reports."""

    schema_: Literal["assurance-problem-reports/1"] = Field(alias="schema")


FORMS: dict[str, type[BaseModel]] = {
    "review": ReviewForm,
    "data-set-report": DataSetForm,
    "problem-reports": ProblemReportForm,
}
"""Forms by the name of their schema file, docs/schemas/<name>.schema.json."""

PROBLEM_COLUMNS = {
    "id": ("id", "key", "issue key", "number"),
    "title": ("title", "summary", "subject"),
    "state": ("state", "status"),
    "classification": ("classification", "class"),
    "safety_effect": ("safety effect",),
    "owner": ("owner", "assignee"),
    "disposition": ("disposition", "resolution"),
    "about": ("about", "affects", "affected items"),
    "closing_evidence": ("closing evidence", "evidence"),
    "opened": ("opened", "created"),
    "closed": ("closed", "resolved"),
}
_LISTS = ("about", "closing_evidence")
_TIME = re.compile(r"(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9:.]+ ?(?:Z|[-+][0-9:]+)?")
"""What stands behind the day in a point of time."""
Form = TypeVar("Form", bound=BaseModel)


def read_review(source: Source) -> Review:
    """A review record. Raises InputError E160-E165 with the line."""
    form = _form(source, source.text(MAX_BYTES), ReviewForm)
    return Review(**{name: getattr(form, name) for name in ReviewFields.model_fields})


def read_data_set_report(source: Source) -> DataSetReport:
    """A data-set report. Raises InputError E160-E165 with the line."""
    form = _form(source, source.text(MAX_BYTES), DataSetForm)
    return DataSetReport(**{name: getattr(form, name) for name in DataSetFields.model_fields})


def read_problem_reports(source: Source) -> ProblemReportList:
    """Problem reports from the form, or from a table with a row each. Raises InputError E160-E165 with the line."""
    text = source.text(MAX_BYTES)
    head = next((line.strip() for line in io.StringIO(text) if line.strip() and not line.startswith("#")), "")
    if head.startswith(("schema:", "{", "problem_reports:", "---")) or not head:
        return ProblemReportList(problem_reports=_form(source, text, ProblemReportForm).problem_reports)
    return _problem_table(source, text)


def _form(source: Source, text: str, model: type[Form]) -> Form:
    try:
        document = parse_yaml(text, source.name)
        if not isinstance(document.value, dict):
            schema = model.model_fields["schema_"].annotation
            raise source.refuse(E_OTHER, "the document is no mapping of fields", 1, expected=f"schema: {_word(schema)}")
        return validate(document, model)
    except InputError as error:
        raise _one(source, error) from None


def _word(schema: Any) -> str:
    return str(schema.__args__[0])


def _one(source: Source, error: InputError) -> InputError:
    """Everything that strict YAML found, as one refusal at the first place."""
    findings = sorted(error.findings, key=lambda item: (item.place.line or 0, item.place.column or 0))
    first = findings[0]
    if first.code.startswith("E"):
        return error
    which = E_SYNTAX
    if first.code in (C_VALUE.id, C_UNKNOWN_KEY.id, C_MISSING.id):
        which = E_OTHER if any(item.place.field == "schema" for item in findings) else E_VALUE
    elif first.code == C_TOO_LARGE.id:
        which = E_LARGE
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    made = which.finding(first.message + more, first.place, expected=first.expected)
    return InputError(made)


def _problem_table(source: Source, text: str) -> ProblemReportList:
    table = read_table(source, text)
    columns = named(table, PROBLEM_COLUMNS)
    if not {"id", "title", "state"} <= columns.keys():
        raise source.refuse(
            E_OTHER,
            f"columns {', '.join(table.columns)[:200]}",
            1,
            expected="a form that begins with 'schema: assurance-problem-reports/1', or columns 'id', 'title' and 'state'",
        )
    found: dict[str, ProblemReportItem] = {}
    for row in table.rows:
        cells: dict[str, Any] = {name: row.cells[column] for name, column in columns.items() if row.cells[column]}
        for name in _LISTS:
            if name in cells:
                cells[name] = [part.strip() for part in cells[name].replace(";", ",").split(",") if part.strip()]
        for name in ("opened", "closed"):
            if name in cells:
                cells[name] = _TIME.sub("", cells[name])
        for name in ("state", "classification"):
            if name in cells:
                cells[name] = " ".join(cells[name].casefold().replace("_", " ").split())
        if cells.get("classification") == "life cycle data":
            cells["classification"] = "life-cycle data"
        if cells.get("id") in found:
            raise source.refuse(E_VALUE, f"problem report {str(cells['id'])[:80]!r} stands twice", row.line)
        try:
            item = ProblemReportItem.model_validate(cells)
        except ValidationError as error:
            raise source.refuse(E_VALUE, _said(error), row.line) from None
        found[item.id] = item
    if len(found) > 20_000:
        raise source.refuse(E_LARGE, "more than 20000 problem reports")
    return ProblemReportList(problem_reports=tuple(found.values()))


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    message = str(first.get("ctx", {}).get("error", first["msg"]))
    return f"{where}: {message}" if where else message


__all__ = ["FORMS", "read_data_set_report", "read_problem_reports", "read_review"]
