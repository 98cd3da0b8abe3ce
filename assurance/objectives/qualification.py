"""Which confidence each tool needs for the credit that is claimed from what it produced, and whether it is shown.

Aviation: DO-178C 12.2.2 gives the criterion, table 12-1 the tool qualification level (DO-330). Criterion 2 applies
where the output takes the place of another verification, such as tests or coverage; else criterion 3: nothing that is
certified here becomes part of the airborne software. Automotive: ISO 26262-8 clause 11 gives the tool confidence
level from impact and error detection; without an assessment the least favourable one is taken.

Needed is the confidence in whatever nobody re-checks: the checker for confirmed proofs, else the engine. Missing data
lower nothing in silence: partial credit stays, with a reason that names the level, and full credit is impossible.
Supporting evidence claims no credit, so it needs none. Standards without a rule here give no tool needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from assurance.case_compliance import StandardChoice, ToolAssessment
from assurance.catalogue import Entry
from assurance.catalogue_vocabulary import Subject
from assurance.objectives.rows import ToolNeed
from assurance.support import Reason, reason
from evidence.diagnostics import Severity, code

_GAP = Severity.WARNING
O_TQL = code(
    "O230",
    _GAP,
    "tool qualification data are missing",
    "qualify the tool to the level named (DO-330) and declare the data under the standard's tools",
    "DO-178C 12.2, table 12-1",
)
O_TCL = code(
    "O231",
    _GAP,
    "confidence in a software tool is not shown",
    "evaluate the tool, qualify it for the level named, and declare both under the standard's tools",
    "ISO 26262-8:2018 clause 11",
)

TQL: dict[str, dict[int, str]] = {
    "A": {1: "TQL-1", 2: "TQL-4", 3: "TQL-5"},
    "B": {1: "TQL-2", 2: "TQL-4", 3: "TQL-5"},
    "C": {1: "TQL-3", 2: "TQL-5", 3: "TQL-5"},
    "D": {1: "TQL-4", 2: "TQL-5", 3: "TQL-5"},
}
"""DO-178C table 12-1: tool qualification level by software level and criterion."""

AVIATION = ("do-178c", "do-333")
_LEVELS = ("TQL-5", "TQL-4", "TQL-3", "TQL-2", "TQL-1")
_CONFIDENCE = ("TCL1", "TCL2", "TCL3")
_REPLACED = (Subject.EXECUTABLE_ON_TARGET, Subject.VERIFICATION_DATA)
"""Subjects whose objectives are about tests: a proof that counts there takes the place of another verification."""


def tcl(impact: str, detection: str) -> str:
    """Tool confidence level: TCL1 without impact or with high detection, else by detection."""
    if impact == "TI1":
        return "TCL1"
    return {"TD1": "TCL1", "TD2": "TCL2", "TD3": "TCL3"}[detection]


class Tools:
    """What one standard of the case needs of tools."""

    def __init__(self, choice: StandardChoice, qualifying: frozenset[str]) -> None:
        """`qualifying`: ids of the documents of kind tool-qualification that stand."""
        self._choice, self._qualifying = choice, qualifying
        self._assessed = {item.tool: item for item in choice.tools}
        self._known: dict[tuple[str, bool], ToolNeed | None] = {}

    def needs(self, tools: Iterable[str], entry: Entry, alternative: bool) -> tuple[ToolNeed, ...]:
        """The needs for these tools where their output earns credit for an entry.

        `alternative`: the credit is claimed under another means than the standard describes.
        """
        replaces = alternative or entry.artefact in _REPLACED
        found = (self._need(tool, replaces) for tool in sorted(set(tools)))
        return tuple(item for item in found if item is not None)

    def _need(self, tool: str, replaces: bool) -> ToolNeed | None:
        key = (tool, replaces)
        if key not in self._known:
            assessed = self._assessed.get(tool)
            if self._choice.id in AVIATION:
                self._known[key] = self._aviation(tool, replaces, assessed)
            elif self._choice.id.startswith("iso-26262"):
                self._known[key] = self._automotive(tool, assessed)
            else:
                self._known[key] = None
        return self._known[key]

    def _aviation(self, tool: str, replaces: bool, assessed: ToolAssessment | None) -> ToolNeed | None:
        levels = TQL.get(self._choice.level or "")
        if levels is None:
            return None  # level E, or none given
        ours = 2 if replaces else 3
        criterion = min(ours, assessed.criterion or ours) if assessed else ours  # the stricter of the two
        level = levels[criterion]
        shown, documents = self._shown(assessed, level, _LEVELS)
        return ToolNeed(tool, level, f"criterion {criterion} at level {self._choice.level}", shown, documents)

    def _automotive(self, tool: str, assessed: ToolAssessment | None) -> ToolNeed:
        impact = assessed.impact if assessed and assessed.impact else "TI2"
        detection = assessed.detection if assessed and assessed.detection else "TD3"
        level = tcl(impact, detection)
        shown, documents = self._shown(assessed, level, _CONFIDENCE)
        if assessed and level == "TCL1":
            shown = True  # nothing is to be qualified, and the assessment gives its rationale
        by = "as assessed" if assessed else "not assessed, so the least favourable"
        return ToolNeed(tool, level, f"{impact}, {detection} ({by})", shown, documents)

    def _shown(
        self, assessed: ToolAssessment | None, level: str, order: tuple[str, ...]
    ) -> tuple[bool, tuple[str, ...]]:
        if assessed is None or assessed.qualified_to not in order:
            return False, ()
        enough = order.index(assessed.qualified_to) >= order.index(level)
        held = bool(assessed.documents) and all(id in self._qualifying for id in assessed.documents)
        return enough and held, assessed.documents

    def reasons(self, needs: tuple[ToolNeed, ...]) -> list[Reason]:
        """One reason for each tool whose confidence is not shown."""
        which = O_TQL if self._choice.id in AVIATION else O_TCL
        return [
            reason(which, f"{need.tool} needs {need.level} ({need.because}) for the credit claimed from it")
            for need in needs
            if not need.shown
        ]
