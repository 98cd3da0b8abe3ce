"""Objectives: what the selected standards ask for, what is shown of it, and what is missing.

    assembly.py       one standard after the other: rows with status, reasons, next action (`coverage`)
    status.py         the one pure function that proposes a status (docs/status-logic.md)
    judging.py        what the items in scope come to         credit.py    what one item of evidence earns
    bits.py           evidence held against items             held.py      which evidence there is for which items
    people.py         who made what                           concerns.py  requirements in scope
    tailoring.py      not applicable, chosen methods
    means.py          means of compliance, agreements         qualification.py confidence in tools (TQL, TCL)
    acceptance.py     named acceptance, and when it lapses    sign_off.py  entries verified by an organisation
    selection.py      traps in the selection of standards     references.py names that no catalogue has
    rows.py           the rows, and how they are printed      later.py     digests worked out when asked for

The tool proposes, a named person accepts; no status here says more than its evidence.
Not here: the catalogues (catalogue.py), gap lists and their writers (assurance/gaps).
"""

from assurance.objectives.assembly import coverage
from assurance.objectives.rows import (
    AcceptanceState,
    Choice,
    Coverage,
    MeansState,
    ObjectiveStatus,
    OpenChoice,
    Row,
    ToolNeed,
    coverage_json,
    evidence_used,
    holders,
    shared,
)

__all__ = [
    "AcceptanceState",
    "Choice",
    "Coverage",
    "MeansState",
    "ObjectiveStatus",
    "OpenChoice",
    "Row",
    "ToolNeed",
    "coverage",
    "coverage_json",
    "evidence_used",
    "holders",
    "shared",
]
