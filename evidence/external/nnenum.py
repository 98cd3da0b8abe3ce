"""Result files of nnenum: a verdict, then for a violation the pairs of its counterexample.

Its front end writes `sat` for counterexamples that it confirmed and for those that it did not: only replaying tells.
"""

from __future__ import annotations

from evidence.external.text import Said, joined, worded
from evidence.external.witness import read_witness
from evidence.records.external import Claimed

WORDS: dict[str, Claimed] = {
    "unsat": "holds", "holds": "holds", "safe": "holds", "sat": "violated", "violated": "violated",
    "unsafe": "violated", "unsafe (unconfirmed)": "violated", "unknown": "unknown", "none": "unknown",
    "timeout": "timeout", "error": "error",
}  # fmt: skip


def read(text: str, name: str) -> Said:
    """What the file says. Raises InputError N138, N139."""
    first, _, rest = text.lstrip().partition("\n")
    word = first.strip()
    return joined(word, worded(word, WORDS, name), read_witness(rest, name), name)
