"""A second, naive reading of VNN-LIB for the tests: formulas are evaluated at points, nothing is normalised."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

Point = dict[str, Fraction]


def nested(text: str) -> list[Any]:
    """Nested lists of words."""
    text = re.sub(r";[^\n]*", "", text)
    text = re.sub(r"\s*(\[[^\]]*\])", lambda found: re.sub(r"\s", "", found[1]), text)
    stack: list[list[Any]] = [[]]
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    (found,) = stack
    return found


def formulas(text: str) -> list[Any]:
    """The asserted formulas."""
    return [form[1] for form in nested(text) if form[0] == "assert"]


def value(term: Any, point: Point) -> Fraction:
    if isinstance(term, str):
        return point[term] if term[0].isalpha() else Fraction(Decimal(term))
    parts = [value(part, point) for part in term[1:]]
    if term[0] == "*":
        result = Fraction(1)
        for part in parts:
            result *= part
        return result
    if term[0] == "+":
        return sum(parts, Fraction(0))
    assert term[0] == "-"
    return -parts[0] if len(parts) == 1 else parts[0] - sum(parts[1:], Fraction(0))


def holds(formula: Any, point: Point) -> bool:
    head, *rest = formula
    if head == "and":
        return all(holds(part, point) for part in rest)
    if head == "or":
        return any(holds(part, point) for part in rest)
    left, right = (value(part, point) for part in rest)
    return {
        "<=": left <= right,
        ">=": left >= right,
        "<": left < right,
        ">": left > right,
        "==": left == right,
        "=": left == right,
    }[head]


def listed(formula: Any) -> list[list[Any]]:
    """Comparisons by case: the disjunctive normal form, by plain recursion."""
    head, *rest = formula
    if head == "or":
        return [case for part in rest for case in listed(part)]
    if head == "and":
        cases: list[list[Any]] = [[]]
        for part in rest:
            cases = [before + after for before in cases for after in listed(part)]
        return cases
    return [[formula]]
