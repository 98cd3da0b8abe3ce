"""A policy held against a report: what fails, what is borne, and what is wrong with the policy itself.

Nothing here changes a status. An allowance that is past its day fails the run whatever its gap does: somebody has to
decide again. A significant problem report that nothing mitigates fails under every policy file and cannot be allowed:
AC/AMC 20-189 asks for its disposition, not for patience.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from assurance.gaps.model import Allowance, GapChoice, GapReport, GapRow, Judgement, StandardGaps
from assurance.gaps.policy import Allowed, Policy, Rule
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Finding, Place, Severity, code, registered

O_FAILS = code("O268", Severity.ERROR, "the policy does not bear this", "close the gap, or have it allowed by name")
O_EXPIRED = code(
    "O269", Severity.ERROR, "allowance is past its day", "close the gap, or have the allowance decided again by name"
)
O_IDLE = code(
    "O270", Severity.WARNING, "allowance that nothing needs", "remove it, or state the status that it is meant for"
)
O_UNCOVERED = code(
    "O281",
    Severity.WARNING,
    "selected standard that no rule of the policy covers",
    "give the policy a general rule under fail_on, or one for the standard",
)
O_PROBLEM = code(
    "O271",
    Severity.ERROR,
    "significant problem report without mitigation",
    "record its mitigation or close it with evidence; no policy allows it",
    "AC/AMC 20-189",
)


def judge(
    report: GapReport,
    policy: Policy,
    today: date,
    findings: Iterable[Finding] = (),
    everything: bool = True,
) -> GapReport:
    """The report with the policy's judgement, and with its allowances at the rows that they bear.

    `findings` are those of the whole case, which `codes` and `severity` look at beside the orphans. `everything`: the
    report shows all standards of the case, so that an allowance for another one is idle and not merely out of sight.
    """
    bench = _Bench(policy, today)
    standards = tuple(_standard(bench, item) for item in report.standards)
    bench.look_at((*findings, *report.orphans))
    for problem in report.problems if policy.name is not None else ():
        if problem.blocks:
            bench.fails(O_PROBLEM.finding(f"{problem.id}: {problem.text}", Place(element=problem.id)))
    seen = None if everything else {item.id for item in report.standards}
    judgement = bench.judgement(report, seen)
    return replace(report, standards=standards, judgement=judgement)


class _Bench:
    """Collects failures while rows and findings pass."""

    def __init__(self, policy: Policy, today: date) -> None:
        self.policy = policy
        self.today = today.isoformat()
        self.failures: list[Finding] = []
        self.used: set[int] = set()
        self.wrong_status: dict[int, str] = {}
        self.severity = {item.id: item.severity for item in registered()}
        self.of_objective: dict[str, list[tuple[int, Allowed]]] = {}
        self.of_finding: dict[str, list[tuple[int, Allowed]]] = {}
        for number, item in enumerate(policy.file.allowed):
            if item.objective is not None:
                self.of_objective.setdefault(item.objective, []).append((number, item))
            elif item.finding is not None:
                self.of_finding.setdefault(item.finding, []).append((number, item))

    def fails(self, finding: Finding) -> None:
        self.failures.append(finding)

    def row(self, row: GapRow) -> GapRow:
        """The row with the allowance that bears it; a row that fails is noted."""
        rule = self.policy.rule(row.key.partition(":")[0])
        nothing = row.undecided or row.row.status in (ObjectiveStatus.SUPPORTED, ObjectiveStatus.NOT_APPLICABLE)
        allowance = None if nothing else self._allowance(row.key, row.row.status)
        if row.undecided or row.row.required is False or (allowance and not allowance.expired):
            return replace(row, allowance=allowance)
        why = self._why(row, rule)
        if why:
            message = f"{row.key} is {row.row.status.value}: {why}"
            self.fails(O_FAILS.finding(message, Place(self.policy.name, element=row.key)))
        return replace(row, allowance=allowance)

    def choice(self, choice: GapChoice) -> GapChoice:
        """An open choice of methods counts as one open objective of the table's name."""
        allowance = self._allowance(choice.key, ObjectiveStatus.OPEN)
        rule = self.policy.rule(choice.key.partition(":")[0])
        if ObjectiveStatus.OPEN in rule.statuses and not (allowance and not allowance.expired):
            message = f"{choice.key}: no combination of the methods of {choice.table.ref} is recorded"
            self.fails(O_FAILS.finding(message, Place(self.policy.name, element=choice.key)))
        return choice._replace(allowance=allowance)

    def _allowance(self, key: str, status: ObjectiveStatus) -> Allowance | None:
        """The allowance for a gap in its present status: one that counts before one that has expired."""
        found = None
        for number, item in self.of_objective.get(key, ()):
            if status not in item.statuses:
                self.wrong_status[number] = status.value
                continue
            self.used.add(number)
            expired = item.until < self.today
            if found is None or found.expired:
                found = Allowance(item.owner, item.reason, item.until, expired)
        return found

    def _why(self, row: GapRow, rule: Rule) -> str | None:
        """Which part of the rule a row breaks."""
        if row.row.status in rule.statuses:
            return "the policy fails on this status"
        if not row.is_gap:
            return None
        for item in row.row.reasons:
            if item.code in rule.codes:
                return f"the policy fails on {item.code} ({item.message})"
            if self._severe(self.severity.get(item.code), rule):
                return f"the policy fails on severity {rule.severity}; {item.code} ({item.message})"
        return None

    def look_at(self, findings: tuple[Finding, ...]) -> None:
        """Findings of the case against the general rule."""
        rule = self.policy.file.fail_on
        for finding in dict.fromkeys(findings):
            borne = False
            for number, item in self.of_finding.get(finding.code, ()):
                if item.element in (None, finding.place.element):
                    self.used.add(number)
                    borne = borne or item.until >= self.today
            if not borne and (finding.code in rule.codes or self._severe(finding.severity, rule)):
                self.fails(O_FAILS.finding(f"{finding.code}: {finding.message}", finding.place))

    @staticmethod
    def _severe(severity: Severity | None, rule: Rule) -> bool:
        if rule.severity is None or severity is None:
            return False
        return severity is Severity.ERROR or (rule.severity is Severity.WARNING and severity is Severity.WARNING)

    def judgement(self, report: GapReport, seen: set[str] | None) -> Judgement:
        findings = [*self._about_standards(report), *self._about_allowances(seen)]
        failures = [*self.failures, *(item for item in findings if item.severity is Severity.ERROR)]
        return Judgement(self.policy.name, self.today, tuple(failures), tuple(findings))

    def _about_standards(self, report: GapReport) -> Iterator[Finding]:
        for item in report.standards:
            if self.policy.rule(item.id).empty:
                place = self.policy.document.place(("standards",), item.id) if self.policy.document else Place()
                yield O_UNCOVERED.finding(f"{item.id}: none of its objectives can fail", place)

    def _about_allowances(self, seen: set[str] | None) -> Iterator[Finding]:
        for number, item in enumerate(self.policy.file.allowed):
            if seen is not None and item.objective and item.objective.partition(":")[0] not in seen:
                continue
            document = self.policy.document
            place = document.place(("allowed", number), item.about) if document else Place(element=item.about)
            if item.until < self.today:
                yield O_EXPIRED.finding(f"{item.about}: {item.owner} bore it until {item.until}", place)
            elif number not in self.used:
                status = self.wrong_status.get(number)
                why = (
                    f"it is {status}, and borne is only {', '.join(word.value for word in item.statuses)}"
                    if status
                    else "there is no such gap"
                    if item.objective
                    else "there is no such finding"
                )
                yield O_IDLE.finding(f"{item.about}: {why}", place)


def _standard(bench: _Bench, item: StandardGaps) -> StandardGaps:
    rows = tuple(bench.row(row) for row in item.rows)
    return replace(item, rows=rows, choices=tuple(bench.choice(choice) for choice in item.choices))
