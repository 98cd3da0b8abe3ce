"""The elements of an argument: frozen values, one class for each symbol of GSN v3.

Core symbols (part 1, section 2), away elements and references to modules and contracts (section 4). What a symbol
cannot carry it has no field for: only goals may be `by_contract`, only goals, solutions and contextual elements
`public`, only contexts refer to an `artefact`. The decorators undeveloped, uninstantiated and defeated are fields
of every element, so that a wrong one can be represented and reported. Nothing is judged here: that is for `rules`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from evidence.diagnostics import Place

MAX_IDENTIFIER = 200
MAX_TEXT = 20_000


class ElementType(StrEnum):
    """The symbols of GSN (1:2.1.1, 1:4.1); always stated, never guessed from an identifier."""

    GOAL = "Goal"
    STRATEGY = "Strategy"
    SOLUTION = "Solution"
    CONTEXT = "Context"
    ASSUMPTION = "Assumption"
    JUSTIFICATION = "Justification"
    AWAY_GOAL = "AwayGoal"
    AWAY_SOLUTION = "AwaySolution"
    AWAY_CONTEXT = "AwayContext"
    AWAY_ASSUMPTION = "AwayAssumption"
    AWAY_JUSTIFICATION = "AwayJustification"
    MODULE = "Module"
    CONTRACT = "Contract"


CONTEXTUAL: Final = frozenset(
    {
        ElementType.CONTEXT,
        ElementType.ASSUMPTION,
        ElementType.JUSTIFICATION,
        ElementType.AWAY_CONTEXT,
        ElementType.AWAY_ASSUMPTION,
        ElementType.AWAY_JUSTIFICATION,
    }
)
"""The kinds that stand beside an element and give it context (away goals and modules may do so too)."""

DEVELOPABLE: Final = frozenset({ElementType.GOAL, ElementType.STRATEGY})
"""The kinds that need support, and so may carry the undeveloped decorator (table 1:2-1)."""

AWAY: Final = {
    ElementType.AWAY_GOAL: ElementType.GOAL,
    ElementType.AWAY_SOLUTION: ElementType.SOLUTION,
    ElementType.AWAY_CONTEXT: ElementType.CONTEXT,
    ElementType.AWAY_ASSUMPTION: ElementType.ASSUMPTION,
    ElementType.AWAY_JUSTIFICATION: ElementType.JUSTIFICATION,
}
"""Each away kind, and the kind of the element that it repeats (1:4.1)."""


class Frozen(BaseModel):
    """A closed value of the model."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when first used


class Provenance(Frozen):
    """Where an element came from: the pattern, and the values that its parameters were bound to."""

    pattern: str
    binding: tuple[tuple[str, str], ...] = ()


class _Base(Frozen):
    """What every element has. `place` says where it was written, for findings; it is not stored.

    `extra` carries what exchange formats say about an element and GSN does not (layers, links), as name and text.
    """

    id: str = Field(max_length=MAX_IDENTIFIER)
    text: str = Field(default="", max_length=MAX_TEXT)
    undeveloped: bool = False
    uninstantiated: bool = False
    defeated: bool = False
    provenance: Provenance | None = None
    extra: tuple[tuple[str, str], ...] = ()
    place: Place | None = Field(default=None, exclude=True)


class _Publishable(_Base):
    """What may be made visible to other modules (1:4.6.3)."""

    public: bool = False


def is_public(element: _Base) -> bool:
    """Whether an element is visible to other modules."""
    return isinstance(element, _Publishable) and element.public


class Goal(_Publishable):
    """A claim. `claim` names the requirement that it restates, if any; `by_contract`: a contract will support it."""

    type: Literal[ElementType.GOAL] = ElementType.GOAL
    claim: str | None = None
    by_contract: bool = False


class Strategy(_Base):
    """How a goal follows from the goals below it; makes no claim itself."""

    type: Literal[ElementType.STRATEGY] = ElementType.STRATEGY


class Solution(_Publishable):
    """A reference to evidence: `evidence` holds record digests or document identifiers, never the evidence."""

    type: Literal[ElementType.SOLUTION] = ElementType.SOLUTION
    evidence: tuple[str, ...] = ()


class Context(_Publishable):
    """An explanation, or with `artefact` the reference to an artefact, in whose scope an element is stated."""

    type: Literal[ElementType.CONTEXT] = ElementType.CONTEXT
    artefact: bool = False


class Assumption(_Publishable):
    """A statement that is taken for granted on purpose."""

    type: Literal[ElementType.ASSUMPTION] = ElementType.ASSUMPTION


class Justification(_Publishable):
    """Why the one element that it is attached to is acceptable (1:2.2.19)."""

    type: Literal[ElementType.JUSTIFICATION] = ElementType.JUSTIFICATION


class _Away(_Base):
    """The repetition of a public element of another `module`; `of` is its identifier there, if another one."""

    module: str
    of: str | None = None

    @property
    def original(self) -> str:
        """Identifier of the repeated element in its own module."""
        return self.id if self.of is None else self.of


class AwayGoal(_Away):
    """A goal that another module supports (1:4.3.2)."""

    type: Literal[ElementType.AWAY_GOAL] = ElementType.AWAY_GOAL


class AwaySolution(_Away):
    """A reference to evidence that another module makes."""

    type: Literal[ElementType.AWAY_SOLUTION] = ElementType.AWAY_SOLUTION


class AwayContext(_Away):
    """A context that another module states."""

    type: Literal[ElementType.AWAY_CONTEXT] = ElementType.AWAY_CONTEXT


class AwayAssumption(_Away):
    """An assumption that another module makes."""

    type: Literal[ElementType.AWAY_ASSUMPTION] = ElementType.AWAY_ASSUMPTION


class AwayJustification(_Away):
    """A justification that another module gives."""

    type: Literal[ElementType.AWAY_JUSTIFICATION] = ElementType.AWAY_JUSTIFICATION


class ModuleReference(_Base):
    """A whole module, named by `module`, as support or as context."""

    type: Literal[ElementType.MODULE] = ElementType.MODULE
    module: str


class ContractReference(_Base):
    """The contract module that joins a goal to its support in other modules."""

    type: Literal[ElementType.CONTRACT] = ElementType.CONTRACT
    module: str


AwayElement = AwayGoal | AwaySolution | AwayContext | AwayAssumption | AwayJustification
"""An element that repeats one of another module."""

Reference = AwayElement | ModuleReference | ContractReference
"""Everything that names another module."""

Element = Annotated[
    Goal
    | Strategy
    | Solution
    | Context
    | Assumption
    | Justification
    | AwayGoal
    | AwaySolution
    | AwayContext
    | AwayAssumption
    | AwayJustification
    | ModuleReference
    | ContractReference,
    Field(discriminator="type"),
]

KINDS: Final[dict[ElementType, type[_Base]]] = {
    ElementType.GOAL: Goal,
    ElementType.STRATEGY: Strategy,
    ElementType.SOLUTION: Solution,
    ElementType.CONTEXT: Context,
    ElementType.ASSUMPTION: Assumption,
    ElementType.JUSTIFICATION: Justification,
    ElementType.AWAY_GOAL: AwayGoal,
    ElementType.AWAY_SOLUTION: AwaySolution,
    ElementType.AWAY_CONTEXT: AwayContext,
    ElementType.AWAY_ASSUMPTION: AwayAssumption,
    ElementType.AWAY_JUSTIFICATION: AwayJustification,
    ElementType.MODULE: ModuleReference,
    ElementType.CONTRACT: ContractReference,
}
"""The class of each kind."""
