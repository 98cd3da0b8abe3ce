"""Sections of the case file on doubt: challenges that people raise, and what named persons decide about challenges.

A challenge says what may be wrong with a claim, with evidence or with a step of the argument (GSN 1:6). It leaves
doubt until somebody disposes of it; no tool decides that (GSN 2:11.3.4). Exclusions of threat models are challenges
as well: `doubts.py` raises them, under the id of the threat model, a dot and the number of the exclusion.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from assurance.case_fields import Id, IsoDate, Rationale, Text
from evidence.digest import Digest
from evidence.specification import Frozen

ElementId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ChallengeTarget(Frozen):
    """What a challenge is aimed at: exactly one of these."""

    requirement: Id | None = None
    """The claim that the model meets it."""
    run: Id | None = None
    """Its record, wherever the argument refers to it."""
    document: Id | None = None
    element: ElementId | None = None
    """A goal, strategy or solution of the argument by its identifier, as the diagrams show it."""

    @model_validator(mode="after")
    def _one(self) -> ChallengeTarget:
        if len(self.model_fields_set) != 1 or self.named is None:
            raise ValueError("name one target: requirement, run, document or element")
        return self

    @property
    def named(self) -> tuple[str, str] | None:
        """Which kind of target, and its identifier."""
        for kind in ("requirement", "run", "document", "element"):
            if getattr(self, kind) is not None:
                return kind, getattr(self, kind)
        return None


class Challenge(Frozen):
    """A doubt that somebody raised."""

    id: Id
    against: ChallengeTarget
    doubt: Rationale
    """What may be wrong, as a statement that could be shown or refuted."""
    raised_by: Id
    date: IsoDate
    evidence: tuple[Id, ...] = ()
    """Documents that back the doubt."""


class Disposition(Frozen):
    """What a named person decided about a challenge. It counts only while what was decided on is unchanged."""

    challenge: Text
    """Id of a challenge, or of an exclusion: its threat model, a dot and the number of the exclusion."""
    decision: Literal["answered", "accepted", "upheld"]
    """`answered`: the doubt is unfounded, as `evidence` shows; `accepted`: it remains, and the risk is borne by name;
    `upheld`: it is right, and what it is aimed at is given up."""
    by: Id
    date: IsoDate
    rationale: Rationale
    evidence: tuple[Id, ...] = Field(default=())
    """Documents that answer the doubt; needed for `answered`."""
    of: Digest | None = None
    """Digest of the challenge with what it is aimed at, as `assurance check` prints it. Without it the disposition
    does not count."""

    @model_validator(mode="after")
    def _backed(self) -> Disposition:
        if self.decision == "answered" and not self.evidence:
            raise ValueError("a challenge is answered by evidence: name the documents")
        return self
