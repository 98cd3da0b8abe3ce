"""Gap report -> JUnit XML: a test case for each objective, so that a CI shows them where it shows tests.

A gap is a failure, also one that a policy bears for a while: a test case is never greener than its row. What is not
asked for, or whose applicability is unknown, is skipped, never passed.
"""

from __future__ import annotations

from assurance.gaps.model import GapReport, GapRow, Judgement, StandardGaps
from assurance.objectives import ObjectiveStatus
from assurance.xml_text import clean, quoted, text
from evidence.diagnostics import Finding, Severity


def gaps_junit(report: GapReport) -> str:
    """One suite for each standard; one for changed files and one for the policy where there is something to say."""
    suites = [_standard(item) for item in report.standards]
    if report.stale:
        suites.append(
            _suite("files", [_failed("files", _name(item), item.severity.value, item.message) for item in report.stale])
        )
    if report.judgement is not None:
        suites.append(_policy(report.judgement))
    counts = [sum(numbers) for numbers in zip(*(count for _, count in suites), strict=True)] or [0, 0, 0]
    head = f'<testsuites name={quoted(clean(report.case))} tests="{counts[0]}" failures="{counts[1]}" skipped="{counts[2]}">'
    return "\n".join(
        ('<?xml version="1.0" encoding="UTF-8"?>', head, *(body for body, _ in suites), "</testsuites>", "")
    )


_Suite = tuple[str, tuple[int, int, int]]


def _standard(item: StandardGaps) -> _Suite:
    catalogue = item.covered.catalogue
    facts = {
        "edition": catalogue.edition,
        "level": item.covered.level or "",
        "watermark": item.watermark,
        "statuses": "proposals; acceptance is by a named person",
    }
    properties = "\n".join(
        f"      <property name={quoted(name)} value={quoted(clean(value))}/>" for name, value in facts.items() if value
    )
    level = f" level {item.covered.level}" if item.covered.level else ""
    return _suite(
        f"{catalogue.id}{level}",
        [_case(item, row) for row in item.rows],
        f"    <properties>\n{properties}\n    </properties>\n",
    )


def _suite(name: str, cases: list[str], properties: str = "") -> _Suite:
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = f'  <testsuite name={quoted(clean(name))} tests="{len(cases)}" failures="{failures}" skipped="{skipped}" errors="0">'
    body = "\n".join((head, properties + "\n".join(cases), "  </testsuite>"))
    return body, (len(cases), failures, skipped)


def _case(standard: StandardGaps, item: GapRow) -> str:
    row = item.row
    name = f"{row.entry.id} {row.entry.title}"
    mark = f"{standard.watermark} " if standard.watermark else ""
    first = row.reasons[0].message if row.reasons else ""
    message = f"{mark}{row.status.value}: {first}" if first else f"{mark}{row.status.value}"
    if row.is_gap:
        return _failed(standard.id, name, row.status.value, message, _body(item))
    if row.status is ObjectiveStatus.SUPPORTED:
        return f"    <testcase classname={quoted(standard.id)} name={quoted(clean(name))}/>"
    return _tagged("skipped", standard.id, name, f"message={quoted(clean(message))}", "")


def _body(item: GapRow) -> str:
    lines = [f"{reason.code} {reason.message}" for reason in item.row.reasons]
    if item.action is not None:
        lines += [f"next: {item.action.kind.value}: {item.action.text}", *item.action.steps, *item.action.commands]
    if item.allowance is not None:
        past = " (past its day)" if item.allowance.expired else ""
        lines.append(f"allowed until {item.allowance.until}{past} by {item.allowance.owner}: {item.allowance.reason}")
    return "\n".join(lines)


def _failed(group: str, name: str, kind: str, message: str, body: str = "") -> str:
    return _tagged("failure", group, name, f"type={quoted(clean(kind))} message={quoted(clean(message))}", body)


def _tagged(tag: str, group: str, name: str, attributes: str, body: str) -> str:
    inner = f"<{tag} {attributes}>{text(clean(body))}</{tag}>" if body else f"<{tag} {attributes}/>"
    head = f"    <testcase classname={quoted(clean(group))} name={quoted(clean(name))}>"
    return f"{head}\n      {inner}\n    </testcase>"


def _policy(judgement: Judgement) -> _Suite:
    cases = [_failed("policy", _name(item), item.severity.value, item.message) for item in judgement.failures]
    warnings = [item for item in judgement.findings if item.severity is not Severity.ERROR]
    cases += [
        _tagged("skipped", "policy", _name(item), f"message={quoted(clean(item.message))}", "") for item in warnings
    ]
    if judgement.passed:
        cases.append(f'    <testcase classname="policy" name={quoted(f"policy passed on {judgement.today}")}/>')
    return _suite("policy", cases)


def _name(item: Finding) -> str:
    return f"{item.code} {item.place.element or item.place}".strip()
