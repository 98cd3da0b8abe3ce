"""Formulas of a VNN-LIB file: linear terms, comparisons, `and` and `or`, expanded to a list of cases.

Supported is what a box per case with linear output constraints can say. Everything else is refused with its place:
constraints that join inputs with each other or with outputs, products of variables, negation, `!=`. Arithmetic is
exact. Depth is bounded by text.py, so that the recursion here is bounded; the expansion is bounded before it is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import chain, product
from math import prod
from typing import NamedTuple

from evidence.diagnostics import Severity, code
from evidence.vnnlib.property import Constraint
from evidence.vnnlib.text import Atom, Node, Source, shown

N_SYMBOL = code("N123", Severity.ERROR, "unknown symbol in a property file", "declare it, or mend its spelling")
N_ARITY = code("N125", Severity.ERROR, "wrong number of operands", "write as many as the message says")
N_NUMBER = code(
    "N126",
    Severity.ERROR,
    "number that cannot be used",
    "write decimals of at most 200 characters and at most 1e300 in size",
)
N_NOTHING = code(
    "N130", Severity.ERROR, "comparison that says nothing of any variable", "remove it, or mend the variables"
)
N_UNSUPPORTED = code(
    "N131",
    Severity.ERROR,
    "property that is not supported",
    "write it as boxes of inputs and linear output constraints",
)
N_CASES = code(
    "N132",
    Severity.ERROR,
    "property with too many cases",
    "split it into files of at most 10,000 cases and 2,000,000 constraints",
)

MAX_CASES = 10_000
MAX_LITERALS = 2_000_000
_MAX_NUMBER = 200
_MAX_EXPONENT = 400
_MAX_BITS = 8_000
_LARGEST = 10**300

_NUMBER = re.compile(r"([-+]?+)([0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE]([-+]?+[0-9]++))?+")
_COMPARISONS = {"<=", "<", ">=", ">", "=", "=="}
_CONNECTIVES = {"and", "or"}
_KNOWN_UNSUPPORTED = {"!=", "distinct", "not", "xor", "=>", "ite", "let", "forall", "exists", "true", "false"}


class InputBound(NamedTuple):
    """An end of one input (its number): value, side, whether the end itself is excluded, and where it stands in the text."""

    input: int
    upper: bool
    value: Fraction
    strict: bool
    at: int


Variable = tuple[str, int]
"""`("X", i)` for input i, `("Y", j)` for output j, whatever the file calls them."""
Literal = InputBound | Constraint
Conjunction = tuple[Literal, ...]
Linear = tuple[dict[Variable, Fraction], Fraction]
"""Factors by variable, and the constant."""


class Formulas:
    """Turns formulas into cases, with the variables of one file."""

    def __init__(self, source: Source, variable: Callable[[Atom], Variable]) -> None:
        """`variable` resolves a name, and raises InputError for an unknown one."""
        self.source, self.variable = source, variable

    def cases(self, node: Node) -> list[Conjunction]:
        """The cases of a formula in the order of the file. Raises InputError, UnsupportedError."""
        head, operands = self._operator(node)
        if head.text == "or":
            found: list[Conjunction] = []
            for operand in operands:
                found += self.cases(operand)
                if len(found) > MAX_CASES:
                    raise self.too_many(head.at)
            return found
        if head.text == "and":
            return self.conjunction([self.cases(operand) for operand in operands], head.at)
        return [self._comparison(head, operands)]

    def conjunction(self, factors: list[list[Conjunction]], at: int) -> list[Conjunction]:
        """All combinations, the first factor varying slowest; the constraints of each in the order of the file."""
        if len(factors) == 1:
            return factors[0]
        count = prod(len(factor) for factor in factors)
        size = sum(sum(map(len, factor)) * (count // len(factor)) for factor in factors)
        if count > MAX_CASES or size > MAX_LITERALS:
            raise self.too_many(at)
        return [tuple(chain.from_iterable(choice)) for choice in product(*factors)]

    def too_many(self, at: int) -> Exception:
        """The error of a property whose cases are too many to list."""
        message = f"the alternatives multiply to more than {MAX_CASES} cases or {MAX_LITERALS} constraints"
        return self.source.unsupported(N_CASES, at, message)

    def _operator(self, node: Node) -> tuple[Atom, list[Node]]:
        if isinstance(node, Atom):
            self._refuse_known(node)
            raise self.source.error(
                N_SYMBOL, node.at, f"{shown(node.text)} is no formula", "(<= ...), (and ...), (or ...)"
            )
        head, operands = node.items[0], node.items[1:]
        if not isinstance(head, Atom):
            raise self.source.error(N_SYMBOL, head.at, "a list stands where an operator is expected")
        if head.text in _COMPARISONS:
            if len(operands) != 2:
                raise self.source.error(N_ARITY, head.at, f"{head.text} with {len(operands)} operands", "two operands")
        elif head.text in _CONNECTIVES:
            if not operands:
                raise self.source.error(N_ARITY, head.at, f"{head.text} without operands", "at least one")
        else:
            self._refuse_known(head)
            raise self.source.error(
                N_SYMBOL, head.at, f"unknown operator {shown(head.text)}", "<=, <, >=, >, ==, and, or"
            )
        return head, operands

    def _refuse_known(self, atom: Atom) -> None:
        if atom.text in _KNOWN_UNSUPPORTED:
            raise self.source.unsupported(N_UNSUPPORTED, atom.at, f"{atom.text!r} is not supported")

    def _comparison(self, head: Atom, operands: list[Node]) -> Conjunction:
        """left - right as literals: `sum + constant <= 0`, turned round for >= and >, both for equality."""
        factors, constant = _minus(self._linear(operands[0]), self._linear(operands[1]))
        factors = {variable: factor for variable, factor in factors.items() if factor}
        if not factors:
            raise self.source.error(N_NOTHING, head.at, "no variable is left: the comparison is always true or never")
        strict = head.text in ("<", ">")
        flipped = ({variable: -factor for variable, factor in factors.items()}, -constant)
        if head.text in ("<=", "<"):
            return (self._literal(factors, constant, strict, head.at),)
        if head.text in (">=", ">"):
            return (self._literal(*flipped, strict, head.at),)
        return (self._literal(factors, constant, False, head.at), self._literal(*flipped, False, head.at))

    def _literal(self, factors: dict[Variable, Fraction], constant: Fraction, strict: bool, at: int) -> Literal:
        kinds = {kind for kind, _ in factors}
        if kinds == {"Y"}:
            ordered = tuple(sorted((index, factor) for (_, index), factor in factors.items()))
            return Constraint(ordered, -constant, strict)
        if kinds != {"X"}:
            raise self.source.unsupported(N_UNSUPPORTED, at, "a constraint joins inputs and outputs")
        if len(factors) > 1:
            raise self.source.unsupported(
                N_UNSUPPORTED, at, "a constraint joins several inputs", "a bound of one input"
            )
        ((_, index), factor) = next(iter(factors.items()))
        return InputBound(index, factor > 0, self._bounded(-constant / factor, at), strict, at)

    # --- linear terms ---------------------------------------------------------------------------------------------

    def _linear(self, node: Node) -> Linear:
        if isinstance(node, Atom):
            first = node.text[0]
            if first in "0123456789.+-":
                return {}, self._number(node)
            return {self.variable(node): Fraction(1)}, Fraction(0)
        head, operands = node.items[0], node.items[1:]
        if not isinstance(head, Atom) or head.text not in ("+", "-", "*"):
            what = shown(head.text) if isinstance(head, Atom) else "a list"
            if isinstance(head, Atom) and head.text in ("/", "ite", "let", "^"):
                raise self.source.unsupported(N_UNSUPPORTED, head.at, f"{what} is not supported in a term", "+, -, *")
            raise self.source.error(N_SYMBOL, head.at, f"{what} stands where +, - or * is expected")
        if not operands:
            raise self.source.error(N_ARITY, head.at, f"{head.text} without operands", "at least one")
        terms = [self._linear(operand) for operand in operands]
        return self._checked(self._combined(head, terms), head.at)

    def _combined(self, head: Atom, terms: list[Linear]) -> Linear:
        if head.text == "*":
            return self._times(terms, head.at)
        if head.text == "-" and len(terms) == 1:
            return _minus(({}, Fraction(0)), terms[0])
        factors, constant = dict(terms[0][0]), terms[0][1]
        sign = 1 if head.text == "+" else -1
        for more, value in terms[1:]:
            for variable, factor in more.items():
                factors[variable] = factors.get(variable, Fraction(0)) + sign * factor
            constant += sign * value
            self._bounded(constant, head.at)
        return factors, constant

    def _times(self, terms: list[Linear], at: int) -> Linear:
        scale = Fraction(1)
        varying: Linear | None = None
        for term in terms:
            if term[0]:
                if varying is not None:
                    raise self.source.unsupported(N_UNSUPPORTED, at, "a product of variables", "linear terms")
                varying = term
            else:
                scale = self._bounded(scale * term[1], at)
        if varying is None:
            return {}, scale
        return {variable: scale * factor for variable, factor in varying[0].items()}, scale * varying[1]

    def _checked(self, term: Linear, at: int) -> Linear:
        for value in (*term[0].values(), term[1]):
            self._bounded(value, at)
        return term

    def _bounded(self, value: Fraction, at: int) -> Fraction:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS or abs(value) > _LARGEST:
            raise self.source.error(N_NUMBER, at, "a constant term grows beyond what is read")
        return value

    def _number(self, atom: Atom) -> Fraction:
        found = _NUMBER.fullmatch(atom.text) if len(atom.text) <= _MAX_NUMBER else None
        if not found:
            raise self.source.error(
                N_NUMBER, atom.at, f"{shown(atom.text)} is no decimal number of at most 200 characters"
            )
        if found[3] and abs(int(found[3])) > _MAX_EXPONENT:
            raise self.source.error(N_NUMBER, atom.at, f"{shown(atom.text)} has an exponent beyond {_MAX_EXPONENT}")
        value = Fraction(atom.text)
        if abs(value) > _LARGEST:
            raise self.source.error(N_NUMBER, atom.at, f"{shown(atom.text)} is larger than 1e300")
        return value


def _minus(left: Linear, right: Linear) -> Linear:
    if not right[0]:
        return left[0], left[1] - right[1]
    factors = dict(left[0])
    for variable, factor in right[0].items():
        factors[variable] = factors.get(variable, Fraction(0)) - factor
    return factors, left[1] - right[1]
