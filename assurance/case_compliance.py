"""Sections of the case file on compliance: tailoring of a standard, means and agreements, tools, problem reports.

The models only. What they refer to is checked in `case_compliance_checks.py`; what they amount to is decided in
`objectives/` and `problems.py`. Nothing here is evidence, and nothing here makes a status greener by itself: a
justification is shown with its name, an agreement counts while its document is unchanged.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints, model_validator

from assurance.case_fields import Id, IsoDate, Rationale, RelativePath, Text
from evidence.digest import Digest
from evidence.specification import Frozen

EntryId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$")]
"""Identifier of an entry or table of a catalogue, e.g. A-4.1."""


OPENED_BY_EVIDENCE = "PR-"
"""How ids of problem reports begin that evidence opens."""


class SignOffFile(Frozen):
    """An organisation's sign-off of a catalogue, against its own licensed copy (docs/status-logic.md)."""

    path: RelativePath
    digest: Digest


class NotApplicable(Frozen):
    """An objective that a named person approved as not applicable, and why."""

    objective: EntryId
    justification: Rationale
    approved_by: Id
    """Not the author of what the objective would be shown of, nor of evidence offered for it."""
    date: IsoDate


class MeansChoice(Frozen):
    """By which means objectives are shown."""

    objectives: tuple[EntryId, ...] = Field(min_length=1)
    means: Text
    alternative: StrictBool = False
    """True: another means than the standard describes. It counts only once an authority agreed to it."""
    rationale: Rationale | None = None
    """Why the alternative shows the objective as well; needed for one."""
    evidence: tuple[Text, ...] = ()
    """Kinds of evidence that the means asks for, all of them, for every item; needed for an alternative."""
    agreement: Id | None = None

    @model_validator(mode="after")
    def _argued(self) -> MeansChoice:
        if self.alternative and self.rationale is None:
            raise ValueError("an alternative means needs a rationale")
        if self.alternative and not self.evidence:
            raise ValueError("an alternative means names the kinds of evidence that it asks for")
        return self


class MethodChoice(Frozen):
    """The combination of methods chosen from a table of alternatives."""

    table: EntryId
    chosen: tuple[EntryId, ...] = Field(min_length=1)
    rationale: Rationale
    """Why this combination suits the level."""
    left_out: dict[EntryId, Rationale] = Field(default_factory=dict)
    """By method: why it is left out. Every highly recommended one that is not chosen needs its own reason."""


class ToolAssessment(Frozen):
    """How far a tool has to be trusted, and what shows that it can be.

    Aviation (DO-178C 12.2.2): `criterion`. Automotive (ISO 26262-8 clause 11): `impact` and `detection`.
    """

    tool: Id
    """`checker`, or the name of an engine whose output nothing re-checks."""
    criterion: Literal[1, 2, 3] | None = None
    impact: Literal["TI1", "TI2"] | None = None
    detection: Literal["TD1", "TD2", "TD3"] | None = None
    rationale: Rationale
    qualified_to: Literal["TQL-1", "TQL-2", "TQL-3", "TQL-4", "TQL-5", "TCL1", "TCL2", "TCL3"] | None = None
    """The level that the qualification data are made for."""
    documents: tuple[Id, ...] = ()
    """Qualification data: documents of kind tool-qualification."""


class StandardChoice(Frozen):
    """A standard, the level that the case answers to, and how the standard is used."""

    id: Id
    level: str | None = None
    sign_off: SignOffFile | None = None
    basis: tuple[Id, ...] = ()
    """Supplements that belong to the agreed basis, e.g. do-333. They count once `agreement` is agreed."""
    assumptions: tuple[Id, ...] = ()
    """Documents that justify the assumptions of the formal analyses that credit is claimed from."""
    agreement: Id | None = None
    """The agreement on the standard as a whole, such as the one on the PSAC."""
    not_applicable: tuple[NotApplicable, ...] = ()
    means: tuple[MeansChoice, ...] = ()
    methods: tuple[MethodChoice, ...] = ()
    tools: tuple[ToolAssessment, ...] = ()

    @property
    def sign_off_id(self) -> str:
        """Under which id the sign-off file stands among the files of the case; no declared id has spaces."""
        return f"sign-off of {self.id}"


class Agreement(Frozen):
    """What was put to an authority (in automotive and medicine: to the assessor), and what came of it."""

    id: Id
    kind: Literal["PSAC", "issue paper", "CRI", "safety plan", "other"]
    reference: Text
    authority: Text
    state: Literal["agreed", "submitted", "refused"]
    date: IsoDate
    document: Id | None = None
    """The declared document that records it; needed for `agreed`. The agreement lapses when that file changes."""

    @model_validator(mode="after")
    def _recorded(self) -> Agreement:
        if self.state == "agreed" and self.document is None:
            raise ValueError("an agreement that was reached names the document that records it")
        return self


class RecordedProblem(Frozen):
    """What people decided about a problem report, or a report of the organisation's own.

    Classes after AC 20-189 and AMC 20-189. Reports that evidence opens have ids beginning with `PR-`, as
    `assurance check` prints them; `of` ties what is decided to what opened them.
    """

    id: Id
    title: Text | None = None
    """Needed for a report that no evidence opens."""
    of: Digest | None = None
    about: tuple[Id, ...] = ()
    """Requirements concerned, for a report that no evidence opens."""
    classification: Literal["significant", "functional", "process", "life-cycle-data"] | None = None
    safety_effect: Text | None = None
    owner: Id
    disposition: Rationale | None = None
    mitigation: Rationale | None = None
    state: Literal["open", "closed"] = "open"
    closed_by: Id | None = None
    closed_on: IsoDate | None = None
    evidence: tuple[Id, ...] = ()
    """Documents and runs that show that it is closed."""

    @model_validator(mode="after")
    def _named(self) -> RecordedProblem:
        if not self.id.startswith(OPENED_BY_EVIDENCE) and self.title is None:
            raise ValueError("a report of the organisation's own needs a title")
        return self
