"""Counterexamples as the verifiers' competition writes them: `((X_0 0.5)\\n(X_1 -1e-3)\\n(Y_0 2.0))`.

The outer brackets may be absent. Anything else between the pairs is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from evidence.diagnostics import Place
from evidence.errors import InputError
from evidence.external.text import N_FORMAT, assigned, shown

_PAIR = re.compile(r"\s*+\(\s*+([XY])_([0-9]{1,7})\s++([^\s()]{1,480})\s*+\)")


def read_witness(text: str, name: str) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None:
    """Inputs and outputs of a counterexample; None for blank text. Raises InputError N138, N139."""
    body = text.strip()
    if not body:
        return None
    if re.match(r"\(\s*+\(", body):
        if not body.endswith(")"):
            raise InputError.of(N_FORMAT, "the counterexample is never closed: is the file whole?", Place(name))
        body = body[1:-1]
    return assigned(_pairs(body, name), name)


def _pairs(body: str, name: str) -> Iterator[tuple[str, str, str]]:
    at, end = 0, len(body.rstrip())
    while at < end:
        found = _PAIR.match(body, at)
        if found is None:
            rest = body[at : at + 80].strip()
            raise InputError.of(
                N_FORMAT, f"{shown(rest)} stands where a value is expected", Place(name), expected="(X_0 0.5)"
            )
        yield found[1].lower(), found[2], found[3]
        at = found.end()
