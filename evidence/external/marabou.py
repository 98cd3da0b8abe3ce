"""Result files of Marabou: the summary file, its printed assignment, or the competition's form.

    unsat 12 345 67                     summary: verdict, seconds, visited states, pivot time
    sat                                 then `x0 = 0.5` and `y0 = 1.2` under their headings, or `input 0 = 0.5` and
    Input assignment:                   `output 0 = 1.2` (its Python interface), or pairs `((X_0 0.5) ...)`

Assignments are printed with six decimals, so that they often are near misses only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from evidence.diagnostics import Place
from evidence.errors import InputError
from evidence.external.text import MAX_VALUES, N_FORMAT, Said, assigned, joined, shown, worded
from evidence.external.witness import read_witness
from evidence.records.external import Claimed

WORDS: dict[str, Claimed] = {
    "unsat": "holds", "holds": "holds", "sat": "violated", "violated": "violated", "unknown": "unknown",
    "not_done": "unknown", "timeout": "timeout", "error": "error",
}  # fmt: skip
_SUMMARY = re.compile(r"(\S{1,80})(?:\s++[0-9.]{1,40}){0,3}")
_VALUE = re.compile(r"(?:(x|y)|(input|output) )([0-9]{1,7}) = (\S{1,480})")
_MOST_LINES = 2 * MAX_VALUES
_HEADINGS = ("Input assignment:", "Output:", "")


def read(text: str, name: str) -> Said:
    """What the file says. Raises InputError N138, N139."""
    if _VALUE.fullmatch(text.lstrip().partition("\n")[0].strip()):
        return joined("assignment without verdict line", "violated", assigned(_values(text, 1, name), name), name)
    first, _, rest = text.lstrip().partition("\n")
    found = _SUMMARY.fullmatch(first.strip())
    word = found[1] if found else first.strip()
    return joined(word, worded(word, WORDS, name), _witness(rest, name), name)


def _witness(rest: str, name: str) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None:
    if rest.lstrip().startswith("(") or not rest.strip():
        return read_witness(rest, name)
    return assigned(_values(rest, 2, name), name)


def _values(text: str, first: int, name: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(text.splitlines(), first):
        if number > _MOST_LINES:
            raise InputError.of(N_FORMAT, f"more than {_MOST_LINES} lines", Place(name, number))
        found = _VALUE.fullmatch(line.strip())
        if found is not None:
            yield found[1] or ("x" if found[2] == "input" else "y"), found[3], found[4]
        elif line.strip() not in _HEADINGS:
            message = f"{shown(line.strip())} stands where a value is expected"
            raise InputError.of(N_FORMAT, message, Place(name, number), expected="x0 = 0.5, or input 0 = 0.5")
