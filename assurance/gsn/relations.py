"""What joins elements: relations with their decorations, choices, assurance claim points, module interfaces.

A relation names its ends by identifier and may dangle. A challenge may be aimed at another relation: then `target`
is empty and `challenged` names that relation, by its own `id` or by its ends. A `Choice` is the diamond between
one source and several branches; each branch is a relation that names it. A `ClaimPoint` (ACP) marks relations or
elements whose confidence is argued elsewhere. Nothing is judged here: that is for `rules`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from assurance.gsn.elements import MAX_TEXT, Frozen
from evidence.diagnostics import Place


class RelationType(StrEnum):
    """The relations of GSN (1:2.1.3, 1:6); an arrow runs from the parent, or from the challenger, to the target."""

    SUPPORTED_BY = "supported_by"
    IN_CONTEXT_OF = "in_context_of"
    CHALLENGES = "challenges"


# for loops over whole arguments: Python 3.11 takes a while to find a member of an enumeration by its name
SUPPORTED_BY: Final = RelationType.SUPPORTED_BY
IN_CONTEXT_OF: Final = RelationType.IN_CONTEXT_OF
CHALLENGES: Final = RelationType.CHALLENGES


class RelationRef(Frozen):
    """Names a relation: by its `id`, or by both ends and, where needed, its type."""

    source: str = ""
    target: str = ""
    type: RelationType | None = None
    id: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.id is not None and (self.source or self.target or self.type):
            raise ValueError("name a relation either by its id or by its ends")
        return self

    def __str__(self) -> str:
        if self.id is not None:
            return self.id
        return f"{self.source} {self.type or '->'} {self.target}"


class Relation(Frozen):
    """An arrow from `source` to `target`, both identifiers in the same module.

    `multiplicity` ("n", "1..*", "0..x"), `optional` and `choice` (identifier of a `Choice`) belong to patterns
    (1:3.2), `defeated` and `challenged` to dialectic arguments (1:6).
    """

    type: RelationType
    source: str
    target: str = ""
    id: str | None = None
    defeated: bool = False
    optional: bool = False
    multiplicity: str | None = None
    choice: str | None = None
    challenged: RelationRef | None = None
    place: Place | None = Field(default=None, exclude=True)

    def __str__(self) -> str:
        aim = f"the relation {self.challenged}" if self.challenged is not None else self.target
        return f"{self.source} {self.type} {aim}"


class Choice(Frozen):
    """The diamond below `source`: at least and at most how many of its branches stay. Absent bounds: 1 and all."""

    id: str
    source: str
    at_least: int | None = None
    at_most: int | None = None
    multiplicity: str | None = None
    place: Place | None = Field(default=None, exclude=True)


class ClaimPoint(Frozen):
    """An assurance claim point: what it marks, and where its confidence argument is (1:5).

    `goal` is a goal of this module, or of `module` when that is given; `module` alone is a whole module; `text`
    names a section of a document.
    """

    id: str
    relations: tuple[RelationRef, ...] = ()
    elements: tuple[str, ...] = ()
    goal: str | None = None
    module: str | None = None
    text: str = Field(default="", max_length=MAX_TEXT)
    place: Place | None = Field(default=None, exclude=True)


class Interface(Frozen):
    """What a module shows to others (1:4.6.3).

    `elements` are its public ones, `needs_support` goals that other modules have to support, `depends_on` the
    modules that this part rests on, `visible_to` the modules that may refer to it (none named: all of them).
    """

    id: str
    text: str = Field(default="", max_length=MAX_TEXT)
    elements: tuple[str, ...] = ()
    needs_support: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    visible_to: tuple[str, ...] = ()
    place: Place | None = Field(default=None, exclude=True)


class PatternCard(Frozen):
    """Says that a module is a pattern: its identifier in the catalogue and the topics that describe it (1:3.4)."""

    id: str
    topics: tuple[tuple[str, str], ...] = ()
    place: Place | None = Field(default=None, exclude=True)


class Template(Frozen):
    """Says that a module is a template (1:3.5): its instantiation `data`, and what the data fills in.

    `covers` names tokens (without braces), uninstantiated elements, choices, and relations with multiplicity or
    optionality by their identifier or as "source -> target".
    """

    data: str
    covers: tuple[str, ...] = ()
    place: Place | None = Field(default=None, exclude=True)


class Suppression(Frozen):
    """A finding that a named person accepts, with the reason. `element` restricts it to one element."""

    code: str
    element: str | None = None
    rationale: str = ""
    by: str = ""
    place: Place | None = Field(default=None, exclude=True)
