"""Snapshot -> gap report: every objective with its next action, orphans, stages; and the judgement of a policy.

Writes nothing and prints nothing. The report cannot be greener than the snapshot: it takes statuses as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from assurance.catalogue_vocabulary import Applicability
from assurance.gaps.actions import Situation, next_action, situation
from assurance.gaps.judgement import judge
from assurance.gaps.model import GapChoice, GapReport, GapRow, ProblemGap, RequirementGap, StandardGaps, Stanza
from assurance.gaps.orphans import orphans
from assurance.gaps.policy import Policy
from assurance.gaps.stages import sources, stages
from assurance.loading import C_FILE, C_STALE
from assurance.objectives import Coverage
from assurance.problems import ProblemReport
from assurance.snapshot import Snapshot
from evidence.diagnostics import Place


def gap_report(snapshot: Snapshot) -> GapReport:
    """The gap report of a case as it stands."""
    now, called = situation(snapshot), sources(snapshot)
    case = snapshot.loaded.case
    return GapReport(
        case=case.id,
        title=case.title,
        standards=tuple(_standard(snapshot, covered, now, called) for covered in snapshot.coverage),
        requirements=_requirements(snapshot, now),
        problems=tuple(_problem(item) for item in snapshot.problems if not item.closed),
        orphans=orphans(snapshot),
        stale=tuple(item for item in snapshot.loaded.findings if item.code in (C_STALE.id, C_FILE.id)),
    )


def judged(snapshot: Snapshot, report: GapReport, policy: Policy, today: date, *, everything: bool) -> GapReport:
    """The report of a snapshot with the judgement of a policy. `everything`: the report holds all selected standards."""
    return judge(report, policy, today, snapshot.findings, everything)


def _problem(report: ProblemReport) -> ProblemGap:
    """A problem report that is not closed, with the lines that record it where nobody has yet."""
    stanzas = (_record_of(report),) if report.classification is None else ()
    return ProblemGap(report.id, report.text, report.classification, report.mitigation, report.blocks, stanzas)


def _record_of(report: ProblemReport) -> Stanza:
    lines = [
        "problem_reports:",
        f"  - id: {report.id}",
        *((f"    of: {report.digest}",) if report.digest else ()),
        "    classification: <significant or functional or process or life-cycle-data>",
        "    safety_effect: <what it can lead to>",
        "    owner: <person id>",
        "    mitigation: <what keeps its effect in bounds until it is mended>",
    ]
    return Stanza(f"the record of problem report {report.id}", "\n".join(lines))


def _standard(snapshot: Snapshot, covered: Coverage, now: Situation, called: Mapping[str, str]) -> StandardGaps:
    tables = {table.id: table for table in covered.catalogue.tables}
    rows = tuple(
        GapRow(f"{covered.catalogue.id}:{row.entry.id}", row, tables[row.entry.table], next_action(now, covered, row))
        for row in covered.rows
    )
    choices = tuple(_choices(covered, rows))
    return StandardGaps(covered, rows, stages(snapshot, covered, called), _place(snapshot, covered), choices)


def _choices(covered: Coverage, rows: tuple[GapRow, ...]) -> Iterator[GapChoice]:
    """Tables of alternatives in which something is open and no combination is recorded."""
    of_table: dict[str, list[GapRow]] = {}
    for row in rows:
        if row.undecided:
            of_table.setdefault(row.table.id, []).append(row)
    for id, members in of_table.items():
        key = f"{covered.catalogue.id}:{id}"
        yield GapChoice(key, members[0].table, tuple(members), _choice_stanza(covered.catalogue.id, id, members))


def _choice_stanza(standard: str, table: str, members: list[GapRow]) -> Stanza:
    strongly = [
        item.row.entry.id for item in members if item.row.selected.applicability is Applicability.HIGHLY_RECOMMENDED
    ]
    left_out = (f"        left_out: {{{strongly[0]}: <reason of each highly recommended one>}}",) if strongly else ()
    lines = (
        "standards:",
        f"  - id: {standard}",
        "    methods:",
        f"      - table: {table}",
        f"        chosen: [<of {', '.join(item.row.entry.id for item in members)}>]",
        "        rationale: <why this combination is enough>",
        *left_out,
    )
    return Stanza(f"the combination of methods of table {table}", "\n".join(lines))


def _requirements(snapshot: Snapshot, now: Situation) -> tuple[RequirementGap, ...]:
    titles = {item.id: item.title for item in snapshot.loaded.case.requirements}
    found = []
    for name, advice in now.advice.items():
        standing = snapshot.standings[name]
        found.append(
            RequirementGap(
                name,
                titles[name],
                standing.status.value,
                standing.established,
                standing.total,
                standing.reasons,
                advice.text,
                advice.commands,
                advice.stanzas,
            )
        )
    return tuple(found)


def _place(snapshot: Snapshot, covered: Coverage) -> Place:
    choices = snapshot.loaded.case.standards
    number = next((i for i, item in enumerate(choices) if item.id == covered.catalogue.id), None)
    path = ("standards",) if number is None else ("standards", number)
    return snapshot.loaded.document.place(path, covered.catalogue.id)
