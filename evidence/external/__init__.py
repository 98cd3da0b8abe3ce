"""Verdicts of other verifiers: reading their result files, replaying their counterexamples, keeping what they said.

    text        bounded text, numbers, what a file said (Said)
    witness     the competition's counterexamples `((X_0 0.5) ... (Y_0 1))`
    abcrown, marabou, nnenum    one tool each: its words and its file
    importing   Said + network + property -> ExternalVerdictRecord
    agreement   does it contradict what the store holds?

A claimed proof is never checked here and never counts as one.
"""

from collections.abc import Callable
from typing import get_args

from evidence.external import abcrown, marabou, nnenum
from evidence.external.text import Said, decode
from evidence.records.external import ToolName

_READERS: dict[ToolName, Callable[[str, str], Said]] = {
    "alpha-beta-crown": abcrown.read,
    "marabou": marabou.read,
    "nnenum": nnenum.read,
}
TOOLS: tuple[ToolName, ...] = get_args(ToolName)


def read_result(tool: ToolName, data: bytes, name: str) -> Said:
    """What a result file of a tool says; `name` is shown in messages. Raises InputError N137, N138, N139."""
    return _READERS[tool](decode(data, name), name)
