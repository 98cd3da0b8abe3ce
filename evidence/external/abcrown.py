"""Result files of alpha-beta-CROWN: a verdict line with the counterexample below, or its saved example alone.

`--results_file` in the competition's form holds the verdict, then pairs; `--save_adv_example` writes the pairs alone,
which claims a violation. The pickled summary of its batch mode is not read.
"""

from __future__ import annotations

from evidence.external.text import Said, joined, worded
from evidence.external.witness import read_witness
from evidence.records.external import Claimed

WORDS: dict[str, Claimed] = {
    "unsat": "holds", "holds": "holds", "safe": "holds", "verified": "holds", "safe-incomplete": "holds",
    "sat": "violated", "violated": "violated", "unsafe": "violated", "unsafe-pgd": "violated",
    "unsafe-bab": "violated", "unknown": "unknown", "timeout": "timeout", "run_instance_timeout": "timeout",
    "error": "error",
}  # fmt: skip


def read(text: str, name: str) -> Said:
    """What the file says. Raises InputError N138, N139."""
    if text.lstrip().startswith("("):
        return joined("counterexample without verdict line", "violated", read_witness(text, name), name)
    first, _, rest = text.lstrip().partition("\n")
    word = first.strip()
    return joined(word, worded(word, WORDS, name), read_witness(rest, name), name)
