"""Gaps: what is asked for and not supported, why, and what to do next; orphans, stages of involvement, policies.

    report (Snapshot -> GapReport) -> judgement <- policy
        -> actions <- advice; orphans; stages            writers/ (table, JSON, CSV, XLSX, SARIF, JUnit)
        skeletons (documents to write)

Statuses come from the snapshot and are never changed here. Nothing is run, and nothing of the case is written.
"""

from assurance.gaps.model import GapReport
from assurance.gaps.policy import Policy, Rule, merged, read_policy, rule_of
from assurance.gaps.report import gap_report, judged

__all__ = ["GapReport", "Policy", "Rule", "gap_report", "judged", "merged", "read_policy", "rule_of"]
