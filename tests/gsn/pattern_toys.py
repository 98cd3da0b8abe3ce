"""Small patterns as text, for the tests of the pattern format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assurance.gsn.patterns.library import LoadedPattern, read_pattern
from evidence.errors import InputError

TOPICS = "".join(
    f"{name}: text\n"
    for name in (
        "name", "intent", "motivation", "structure", "participants", "collaboration", "applicability", "consequences",
        "implementation", "examples", "known_uses",
    )
)  # fmt: skip
TOP = "elements:\n  G1: {goal: It holds., supported_by: [G2]}\n  G2: {goal: A part holds.}\n"
"""A body without parameters that every test may extend."""
REASON = "Both are independent of each other."


def write(folder: Path, body: str, id: str = "p") -> Path:
    """A pattern file with its topics."""
    path = folder / f"{id}.yaml"
    path.write_text(f"schema: gsn-pattern/2\nid: {id}\n{TOPICS}related_patterns: []\n{body}", "utf-8")
    return path


def pattern(folder: Path, body: str, id: str = "p") -> LoadedPattern:
    """A pattern, read."""
    return read_pattern(write(folder, body, id))


def codes(error: InputError) -> list[str]:
    """Codes of all findings that an error carries."""
    return [item.code for item in error.findings]


def parameters(**named: Any) -> str:
    """The `parameters:` block; each value is YAML for one parameter."""
    return "parameters:\n" + "".join(f"  {name}: {text}\n" for name, text in named.items())
