"""The vocabulary of gsn2x files (version 4): keys, kinds of element, and which of its checks is which of ours.

gsn2x is a renderer and checker with a YAML form of its own; `gsn2x_file` reads one file, `gsn2x_reader` joins files,
`gsn2x_writer` writes them. Nothing here reads or writes.
"""

from __future__ import annotations

from typing import Final

from assurance.gsn.elements import ElementType

PREFIXES: Final = (
    ("CG", "CounterGoal"),
    ("G", "Goal"),
    ("CSn", "CounterSolution"),
    ("Sn", "Solution"),
    ("S", "Strategy"),
    ("C", "Context"),
    ("A", "Assumption"),
    ("J", "Justification"),
)
"""How gsn2x takes the kind of an element from its identifier: the first prefix that fits."""

KINDS: Final = {
    "Goal": ElementType.GOAL,
    "Strategy": ElementType.STRATEGY,
    "Solution": ElementType.SOLUTION,
    "Justification": ElementType.JUSTIFICATION,
    "Context": ElementType.CONTEXT,
    "Assumption": ElementType.ASSUMPTION,
    "CounterGoal": ElementType.GOAL,
    "CounterSolution": ElementType.SOLUTION,
}
"""gsn2x's kinds. A counter element is a goal or a solution like any other (GSN 1:6.2.6)."""

COUNTER: Final = frozenset({"CounterGoal", "CounterSolution"})

LISTS: Final = {"inContextOf": "in_context_of", "supportedBy": "supported_by"}
"""Keys that name other elements, in the order in which the tool treats them."""

LOOKS: Final = ("url", "classes", "rankIncrement", "horizontalIndex", "charWrap")
"""Keys about presentation; they are kept as extras of the element and written back."""

ELEMENT_KEYS: Final = (
    "text",
    *LISTS,
    "challenges",
    "undeveloped",
    "defeated",
    "defeatedRelation",
    "nodeType",
    "acp",
    *LOOKS,
)
MODULE_KEYS: Final = (
    "name",
    "brief",
    "extends",
    "uses",
    "stylesheets",
    "charWrap",
    "horizontalIndex",
    "rankIncrement",
)

OUR_CODES: Final[dict[str, tuple[str, ...]]] = {
    "V01": ("G200",),
    "V02": ("G111",),
    "V03": ("G110",),
    "V04": ("G103", "G104"),
    "V05": ("G107",),
    "V06": ("G106",),
    "V07": ("G213",),
    "V08": ("G201",),
    "V09": ("G217",),
    "V10": ("G189",),
    "V11": ("G223",),
    "V12": ("G220",),
    "V13": ("G221",),
    "C01": ("G113", "G115"),
    "C02": ("G114",),
    "C03": ("G108",),
    "C04": ("G105", "G179"),
    "C06": ("G208", "G181"),
    "C07": ("G207",),
    "C08": ("G116",),
    "C09": ("G211",),
    "C10": ("G212",),
    "C11": ("G214",),
    "C12": ("G188",),
    "C13": ("G106",),
    "C14": ("G108",),
    "C15": ("G188",),
    "C16": ("G188",),
}
"""Each of gsn2x's codes and the codes under which the same is found here: G2xx on import, the others by the rules."""


def kind_of(identifier: str) -> str | None:
    """gsn2x's kind for an identifier by its prefix; None when no prefix fits."""
    return next((kind for prefix, kind in PREFIXES if identifier.startswith(prefix)), None)
