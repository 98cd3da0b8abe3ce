"""A property as the text of a VNN-LIB file, version 1 or 2.0: exact decimals, no exponents, so that every reader agrees.

Reading the text again gives the same cases (a test holds this). Numbers that need more than 190 digits and numbers
without a finite decimal are refused, never rounded. Not here: what a requirement of a case says (evidence/exact.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from evidence.diagnostics import Severity, code
from evidence.errors import UnsupportedError
from evidence.vnnlib.formula import MAX_CASES, MAX_LITERALS
from evidence.vnnlib.property import Case, Constraint, Property, Region

N_WRITE = code(
    "N135",
    Severity.ERROR,
    "property that cannot be written as one VNN-LIB file",
    "spread the regions over more files, or state numbers with fewer digits",
)
_MAX_DIGITS = 190


def write_property(stated: Property, version: Literal["1.0", "2.0"], comments: tuple[str, ...] = ()) -> str:
    """The text of a file. Raises UnsupportedError N135 for what cannot be written exactly or read again."""
    size = sum(2 * stated.inputs + len(case.constraints) for case in stated.cases)
    if len(stated.cases) > MAX_CASES or size > MAX_LITERALS:
        raise UnsupportedError.of(N_WRITE, f"{len(stated.cases)} cases with {size} constraints in one file")
    return "\n".join([*_lines(stated, version, comments), ""])


def decimal_text(value: Fraction) -> str:
    """The exact decimal, always with a point. Raises UnsupportedError N135 when it has too many digits or no end."""
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _MAX_DIGITS:
        raise UnsupportedError.of(N_WRITE, f"{float(value)!r} has no decimal of at most {_MAX_DIGITS} digits")
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    if len(digits) > _MAX_DIGITS:
        raise UnsupportedError.of(N_WRITE, f"{float(value)!r} has more than {_MAX_DIGITS} digits")
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "0")
    return f"{'-' if value < 0 else ''}{whole}.{part}"


def _lines(stated: Property, version: Literal["1.0", "2.0"], comments: tuple[str, ...]) -> Iterator[str]:
    names = _Names(version)
    if version == "2.0":
        yield "(vnnlib-version <2.0>)"
    for line in comments:
        yield f"; {' '.join(line.split())}"
    yield from names.declarations(stated)
    if len(stated.regions) == 1 and not any(case.open_lower or case.open_upper for case in stated.cases):
        (region,) = stated.regions
        yield from (f"(assert {bound})" for bound in names.bounds(region))
        cases = [names.outputs(stated.cases[index]) for index in region.cases]
        yield f"(assert {_joined('or', cases)})"
        return
    yield "(assert (or"
    for index in range(len(stated.cases)):
        yield f"    (and {' '.join([*names.case_bounds(stated.cases[index]), names.outputs(stated.cases[index])])})"
    yield "))"


class _Names:
    """How a version writes variables and bounds."""

    def __init__(self, version: Literal["1.0", "2.0"]) -> None:
        self._pattern = "{}_{}" if version == "1.0" else "{}[{}]"
        self._first = version == "1.0"

    def declarations(self, stated: Property) -> Iterator[str]:
        if self._first:
            yield from (f"(declare-const X_{i} Real)" for i in range(stated.inputs))
            yield from (f"(declare-const Y_{j} Real)" for j in range(stated.outputs))
        else:
            yield "(declare-network model"
            yield f"    (declare-input X real [{stated.inputs}])"
            yield f"    (declare-output Y real [{stated.outputs}])"
            yield ")"

    def bounds(self, region: Region) -> Iterator[str]:
        for index, (low, high) in enumerate(zip(region.box.lower, region.box.upper, strict=True)):
            name = self._pattern.format("X", index)
            yield f"(>= {name} {decimal_text(low)})"
            yield f"(<= {name} {decimal_text(high)})"

    def case_bounds(self, case: Case) -> Iterator[str]:
        for index, (low, high) in enumerate(zip(case.box.lower, case.box.upper, strict=True)):
            name = self._pattern.format("X", index)
            yield f"({'>' if index in case.open_lower else '>='} {name} {decimal_text(low)})"
            yield f"({'<' if index in case.open_upper else '<='} {name} {decimal_text(high)})"

    def outputs(self, case: Case) -> str:
        return _joined("and", [self._constraint(item) for item in case.constraints])

    def _constraint(self, item: Constraint) -> str:
        terms = [self._term(index, factor) for index, factor in item.factors]
        total = terms[0] if len(terms) == 1 else f"(+ {' '.join(terms)})"
        return f"({'<' if item.strict else '<='} {total} {decimal_text(item.bound)})"

    def _term(self, index: int, factor: Fraction) -> str:
        name = self._pattern.format("Y", index)
        if factor == 1:
            return name
        return f"(- {name})" if factor == -1 else f"(* {decimal_text(factor)} {name})"


def _joined(word: str, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({word} {' '.join(parts)})"
