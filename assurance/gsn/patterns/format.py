"""The pattern format `gsn-pattern/2`: what a pattern file declares. Models only.

A pattern is an argument with parameters (GSN 1:3). Its elements hold {tokens}; `for_each` lets an element stand once
for each item of a collection (multiplicity), `when` makes it optional, `choices` lets the data pick m of n
supporters with a justification, and `use` puts another pattern in the place of a goal. docs/patterns.md shows it by
example.

Not here: whether a pattern makes sense (checks.py), data (data.py), expansion (instantiate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from assurance.gsn.elements import ElementType
from evidence.specification import Frozen

SCHEMA: Final = "gsn-pattern/2"

PatternId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
ElementId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,15}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Kind = Literal["text", "integer", "digest", "status", "decision", "record", "document", "leg", "collection"]
Shape = Literal["record", "document", "claim", "requirement"]

STATUS_WORDS: Final = ("supported", "partial", "undeveloped", "contradicted", "in doubt", "stale")
"""The vocabulary of goals (assurance/status.py has the same words; a test compares the two)."""


class Parameter(Frozen):
    """One thing that the data must give, with its type.

    text, integer   values for tokens
    digest          `sha256:...`, with an optional `#part`
    status          a word of the goals' vocabulary; only ever derived from standings, never typed by a person
    decision        which alternatives of a choice are taken, and why: {take: [..], justification: text}
    record, document    a reference to evidence: {id, text, digest}
    leg             documents that are to show a goal: {status, documents}; absent means undeveloped
    collection      items with an `id` each, and fields of their own (or of a shape that has a name)
    """

    type: Kind
    means: Text
    required: bool = True
    """Whether data must give it. What is optional may be spoken of only by elements that stand `when` it is there."""
    items: Shape | dict[Name, Parameter] | None = None
    at_least: Annotated[int, Field(ge=0)] = 0
    at_most: Annotated[int, Field(ge=1)] | None = None
    """Bounds of a collection's size; no `at_most` means any number (GSN 1:3.2.1)."""
    kinds: tuple[Text, ...] = ()
    """Kinds of evidence (the catalogues' vocabulary) that can show a leg; others leave it partial."""
    examined: tuple[Text, ...] = ()
    """What documents of a leg must have examined to show it, such as 'executable-on-target'; empty: anything."""
    case: Name | None = None
    """Name under which a case supplies it, if that is not its own."""
    sample: Text | None = None
    """Text for a starter file."""

    @property
    def fields(self) -> Mapping[str, Parameter]:
        """What tokens may name below a value of this type."""
        if self.type == "collection":
            own = SHAPES[self.items] if isinstance(self.items, str) else (self.items or {})
            return {"id": _ID, **own}
        if self.type in ("record", "document"):
            return _REFERENCE
        return {}


def _plain(type: Kind, means: str, **more: object) -> Parameter:
    return Parameter.model_validate({"type": type, "means": means, **more})


_ID = _plain("text", "identifier of the item, unique in its collection")
_REFERENCE = {
    "id": _ID,
    "text": _plain("text", "what it is", sample="Sample reference"),
    "digest": _plain("digest", "which bytes are meant"),
}
_CLAIM = {
    "text": _plain("text", "the requirement's sentence"),
    "claim": _plain("text", "the formal claim in words, generated from the typed statement"),
    "status": _plain("status", "standing of the requirement"),
    "meaning_status": _plain("status", "whether sentence and formal property were found to mean the same"),
    "reviews": _plain("collection", "reviews of that meaning", items="document"),
    "domain": _plain("text", "how the examined inputs relate to the operational design domain"),
    "domain_status": _plain("status", "whether they cover it"),
    "domain_evidence": _plain("collection", "records that the covered share is computed from", items="record"),
    "evidence": _plain("collection", "records and documents that speak for or against it", items="record"),
    "assumptions": _plain("collection", "what the best record assumes", items={"text": {"type": "text", "means": "-"}}),
    "threats": _plain("collection", "the threat model, if it has one", items={"text": {"type": "text", "means": "-"}}),
}
SHAPES: Final[Mapping[str, Mapping[str, Parameter]]] = {
    "record": {name: item for name, item in _REFERENCE.items() if name != "id"},
    "document": {name: item for name, item in _REFERENCE.items() if name != "id"},
    "claim": _CLAIM,
    "requirement": {
        **_CLAIM,
        "local": _plain("collection", "the claim itself, when it is about perturbed listed inputs", items="claim"),
        "proofs": _plain("collection", "the claim itself, when it is about whole regions", items="claim"),
        "statistical": _plain("collection", "the claim itself, when it is statistical", items="claim"),
        "tests": _plain("leg", "results of tests on this requirement", kinds=["performance-test"]),
        "formal": _plain("text", "the formal claim, where there is one", required=False),
        "verification": _plain("decision", "formal examination, testing or both, and why"),
    },
}
"""Shapes that have a name, so that patterns and the case agree on them."""

_KINDS: Final = {
    "goal": ElementType.GOAL,
    "strategy": ElementType.STRATEGY,
    "solution": ElementType.SOLUTION,
    "context": ElementType.CONTEXT,
    "assumption": ElementType.ASSUMPTION,
    "justification": ElementType.JUSTIFICATION,
}


class Use(Frozen):
    """Another pattern in the place of a goal. What `with` does not bind becomes a parameter of the user's pattern."""

    pattern: PatternId
    with_: dict[Name, Text] = Field(default_factory=dict, alias="with")
    """Parameter of that pattern -> text with tokens, or exactly one token, which hands on a value of any type."""
    develop: dict[ElementId, ElementId] = Field(default_factory=dict)
    """Goal of that pattern that it leaves open -> element of this pattern that supports it."""


class PatternElement(Frozen):
    """One element before instantiation; the key that holds the text says its kind. A goal or strategy that nothing
    supports after instantiation is marked undeveloped."""

    goal: Text | None = None
    strategy: Text | None = None
    solution: Text | None = None
    context: Text | None = None
    assumption: Text | None = None
    justification: Text | None = None
    use: Use | None = None
    for_each: Text | None = None
    """Collection to stand for, or nested ones: "requirements/evidence"."""
    when: Text | None = None
    """Parameter that must be there and not empty, else the element is left out (optionality, GSN 1:3.2.2)."""
    supported_by: tuple[ElementId, ...] = ()
    in_context_of: tuple[ElementId, ...] = ()
    leg: Text | None = None
    """Goals: the leg whose documents support it and whose status it takes."""
    status: Text | None = None
    """Goals: token of the status that evidence gives."""
    claim: Text | None = None
    """Goals: the requirement that it restates."""
    evidence: Text | None = None
    """Solutions: the reference to the evidence."""

    @model_validator(mode="after")
    def _one_kind(self) -> PatternElement:
        kinds = [key for key in (*_KINDS, "use") if getattr(self, key) is not None]
        if len(kinds) != 1:
            raise ValueError(f"an element has exactly one of the keys {', '.join((*_KINDS, 'use'))}")
        if kinds != ["goal"] and (self.leg or self.status or self.claim):
            raise ValueError("leg, status and claim belong to goals")
        if self.leg and self.status:
            raise ValueError("a goal takes its status from its leg: leave out 'status'")
        if self.evidence and kinds != ["solution"]:
            raise ValueError("evidence belongs to solutions")
        if (self.supported_by or self.in_context_of) and kinds[0] not in ("goal", "strategy"):
            raise ValueError("only goals and strategies are supported by something or stand in a context")
        return self

    @property
    def type(self) -> ElementType:
        """The GSN kind; a nested pattern stands as its top goal."""
        return next((kind for key, kind in _KINDS.items() if getattr(self, key) is not None), ElementType.GOAL)

    @property
    def text(self) -> str:
        """The statement with its tokens; empty for a nested pattern."""
        return next((str(getattr(self, key)) for key in _KINDS if getattr(self, key) is not None), "")

    @property
    def targets(self) -> tuple[str, ...]:
        """The elements of the pattern that this one leads to."""
        return (*self.supported_by, *self.in_context_of, *(self.use.develop.values() if self.use else ()))

    @property
    def steps(self) -> tuple[str, ...]:
        """The collections that the element stands for, outermost first."""
        return tuple(self.for_each.split("/")) if self.for_each else ()


class PatternChoice(Frozen):
    """m of n supporters of an element (GSN 1:3.2.3). The data says which, and why these are enough."""

    at: ElementId
    of: dict[Name, ElementId] = Field(min_length=2)
    """Alternatives by name, each a supporter of `at`."""
    at_least: Annotated[int, Field(ge=1)] = 1
    at_most: Annotated[int, Field(ge=1)] | None = None
    """Bounds; no `at_most` means all of them (no label on the diamond: 1 up to the number of branches)."""
    justification: ElementId
    """Identifier of the justification that holds the reason given."""
    decided_by: Text | None = None
    """Token path of a `decision` in the data, for when `choose` says nothing about this choice."""


class Pattern(Frozen):
    """A pattern with the topics that describe it (GSN 1:3.4)."""

    schema_: Literal["gsn-pattern/2"] = Field(alias="schema")
    id: PatternId
    name: Text
    intent: Text
    motivation: Text
    structure: Text
    participants: Text
    collaboration: Text
    applicability: Text
    consequences: Text
    implementation: Text
    examples: Text
    known_uses: Text
    related_patterns: tuple[PatternId, ...]
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    elements: dict[ElementId, PatternElement] = Field(min_length=1, max_length=200)
    choices: dict[ElementId, PatternChoice] = Field(default_factory=dict)
