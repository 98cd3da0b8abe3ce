"""From the bytes of a VNN-LIB file to input boxes and output conditions: the checker's own reader.

A file describes the counterexample. Its meaning is a list of cases, in file order: several assertions hold together,
each `or` is one choice, and the choices of earlier ones vary slowest. A case is a box over the inputs and some linear
constraints on the outputs. Cases with the same box make one region, in order of first appearance; its condition has
a clause for each of them, with a row c @ y - b for each constraint c @ y <= b or < b. The constraint is violated
where the row is positive; a region holds no counterexample where in every clause some row is.

All numbers are exact decimals until the end: then ends of boxes are rounded outward by one float, offsets down by
one, coefficients to the nearest (`Network.g` counts that rounding). A strict bound of an input is read as a closed
one: a larger set is examined. Read are version 1 (declare-const X_0 Real ..., Y_0 Real ...) and of version 2.0 one
network with one real input and one real output tensor. Everything else is refused (N158): other variables or types,
constraints that mix inputs and outputs or several inputs, inputs without bound, cases without an output constraint or
without a point, products of variables, `not`, hidden nodes, several networks.
"""

from __future__ import annotations

import itertools
import math
import re
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from evidence.checker.problem import Condition, compares
from evidence.checker.refusals import N_PROPERTY, Refused
from evidence.checker.rounding import Floats

MAX_BYTES = 64_000_000
MAX_TOKENS = 4_000_000
MAX_DEPTH = 64
"""Of nested parentheses."""
MAX_CASES = 10_000
MAX_ATOMS = 10_000_000
"""Comparisons in all lists of alternatives that are made on the way."""
MAX_BITS = 20_000
"""Of the numerator or denominator of any number."""
_TOKEN = re.compile(r'\s+|;[^\n]*|([()]|"[^"]*"|\[[^\]()";]*\]|[^\s()";\[\]]+(?:\[[^\]()";]*\])?)|(.)', re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\[[0-9, ]*\])?")
_COMPARISONS = {"<=": (1, False), "<": (1, True), ">=": (-1, False), ">": (-1, True), "==": (0, False), "=": (0, False)}

Form = dict[int, Fraction]
"""A linear expression: number of the variable -> coefficient; the constant stands at _ONE."""
_ONE = -1


@dataclass(frozen=True)
class Atom:
    """sum of factors <= limit, or < limit if strict: about outputs (numbered from 0), or about one input."""

    about_input: bool
    factors: dict[int, Fraction]
    limit: Fraction
    strict: bool


@dataclass(frozen=True)
class Region:
    """A box and, for each case with that box, its constraints (coefficients by output, bound): c @ y <= b."""

    box: tuple[tuple[Fraction, Fraction], ...]
    cases: list[list[tuple[dict[int, Fraction], Fraction]]] = field(default_factory=list)


@dataclass(frozen=True)
class Property:
    """The regions of a file: boxes [R, n] rounded outward, and the condition of each."""

    lower: Floats
    upper: Floats
    conditions: list[Condition]


def read(data: bytes, inputs: int, outputs: int) -> Property:
    """Read a property of a network of this size. Raises Refused N158 with the reason."""
    try:
        regions = _regions(_cases(_File(_parsed(_text(data)), inputs, outputs)), inputs)
        lower = np.nextafter([[float(low) for low, _ in region.box] for region in regions], -np.inf)
        upper = np.nextafter([[float(high) for _, high in region.box] for region in regions], np.inf)
        return Property(lower, upper, [_condition(region, outputs) for region in regions])
    except (ValueError, OverflowError) as error:
        raise Refused.of(N_PROPERTY, f"{error!s:.300}") from None


# --- text ---------------------------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, MAX_BYTES)
        except zlib.error as error:
            raise ValueError(f"not a gzip file: {error}") from None
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("the compressed file is cut off, followed by other bytes, or too large")
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return data.decode("utf-8")


def _parsed(text: str) -> list[Any]:
    """Nested lists of words, one for each command."""
    commands: list[Any] = []
    open_lists: list[list[Any]] = [commands]
    count = 0
    for found in _TOKEN.finditer(text):
        word = found[1]
        if found[2] is not None:
            raise ValueError(f"unexpected {found[2]!r}")
        if word is None:
            continue
        count += 1
        if word == "(":
            if len(open_lists) > MAX_DEPTH:
                raise ValueError(f"parentheses are nested more than {MAX_DEPTH} deep")
            inner: list[Any] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif word == ")":
            if len(open_lists) == 1:
                raise ValueError("a parenthesis is closed that was not opened")
            open_lists.pop()
        elif len(open_lists) == 1:
            raise ValueError(f"{word!r:.60} stands outside of parentheses")
        else:
            open_lists[-1].append(word)
        if count > MAX_TOKENS:
            raise ValueError(f"more than {MAX_TOKENS} words")
    if len(open_lists) > 1:
        raise ValueError(f"{len(open_lists) - 1} parentheses are not closed")
    return commands


class _File:
    """Declared variables and assertions. Inputs are numbered from 0, outputs follow them."""

    def __init__(self, commands: list[Any], inputs: int, outputs: int) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.left = MAX_ATOMS
        self.assertions: list[Any] = []
        self.tensors: dict[str, tuple[int, tuple[int, ...]]] = {}  # version 2: first variable and shape by name
        self.scalars: dict[str, int] = {}
        modern = bool(commands) and commands[0] and commands[0][0] == "vnnlib-version"
        for place, command in enumerate(commands):
            head = command[0] if command else None
            if head == "assert" and len(command) == 2:
                self.assertions.append(command[1])
            elif self.assertions and head != "assert":
                raise ValueError("a declaration stands behind an assertion")
            elif head == "vnnlib-version" and not place:
                if command[1:] != ["<2.0>"]:
                    raise ValueError(f"version {command[1:]!r:.60}, read are version 1 and <2.0>")
            elif head == "declare-const" and not modern and len(command) == 3 and command[2] == "Real":
                self._constant(command[1])
            elif head == "declare-network" and modern and not self.tensors:
                self._network(command)
            else:
                raise ValueError(f"{head!r:.60} is not read here")
        if modern:
            self._require_sizes(*(math.prod(shape) for _, shape in self.tensors.values()))
        else:
            self._require_sizes(*(sum(name[0] == kind for name in self.scalars) for kind in "XY"))

    def spend(self, atoms: int) -> None:
        """Count what is made: a short file can ask for a lot."""
        self.left -= atoms
        if self.left < 0:
            raise ValueError("its cases hold too many comparisons")

    def _require_sizes(self, *found: int) -> None:
        if found != (self.inputs, self.outputs):
            raise ValueError(
                f"it declares {found} inputs and outputs, the statement has {self.inputs} and {self.outputs}"
            )

    def _constant(self, name: Any) -> None:
        found = re.fullmatch(r"([XY])_(0|[1-9][0-9]{0,8})", name) if isinstance(name, str) else None
        if not found or name in self.scalars:
            raise ValueError(f"the variable {name!r:.60} is neither X_i nor Y_i, or is declared twice")
        size = self.inputs if found[1] == "X" else self.outputs
        if int(found[2]) >= size:
            raise ValueError(f"the variable {name} of a network with {size} of its kind")
        self.scalars[name] = int(found[2]) + (self.inputs if found[1] == "Y" else 0)

    def _network(self, command: list[Any]) -> None:
        kinds = [part[0] if isinstance(part, list) and part else None for part in command[2:]]
        if len(command) < 2 or not isinstance(command[1], str) or kinds != ["declare-input", "declare-output"]:
            raise ValueError("a network is read that declares one input and one output")
        first = 0
        for part in command[2:]:
            shape = _index(part[3]) if len(part) == 4 and isinstance(part[3], str) else None
            if shape is None or part[2] != "Real" or not isinstance(part[1], str) or part[1] in self.tensors:
                raise ValueError(f"the declaration {part!r:.100} is not read")
            if not _NAME.fullmatch(part[1]) or min(shape, default=1) < 1:
                raise ValueError(f"the declaration {part!r:.100} has no usable name or shape")
            self.tensors[part[1]] = (first, shape)
            first = self.inputs

    def variable(self, word: str) -> int:
        """The number of a variable."""
        if word in self.scalars:
            return self.scalars[word]
        found = _NAME.fullmatch(word)
        if not found or found[1] not in self.tensors:
            raise ValueError(f"unknown symbol {word!r:.60}")
        first, shape = self.tensors[found[1]]
        index = _index(found[2] or "[]")
        if index is None or len(index) != len(shape) or any(i >= size for i, size in zip(index, shape, strict=True)):
            raise ValueError(f"{word:.60} does not fit the shape {list(shape)}")
        place = 0
        for i, size in zip(index, shape, strict=True):  # row-major
            place = place * size + i
        return first + place


def _index(text: str) -> tuple[int, ...] | None:
    inside = re.fullmatch(r"\[ *((?:[0-9]{1,9} *(?:, *[0-9]{1,9} *)*)?)\]", text)
    return None if inside is None else tuple(int(part) for part in inside[1].split(",")) if inside[1].strip() else ()


# --- meaning ------------------------------------------------------------------------------------------------------


def _cases(file: _File) -> list[list[Atom]]:
    """The choices of all assertions together: lists of atoms that hold together."""
    return _product(file, [_choices(file, assertion) for assertion in file.assertions])


def _product(file: _File, parts: list[list[list[Atom]]]) -> list[list[Atom]]:
    """One choice from each part, in all ways; those of the first vary slowest."""
    if math.prod(len(part) for part in parts) > MAX_CASES:
        raise ValueError(f"more than {MAX_CASES} cases")
    file.spend(sum(max(map(len, part)) for part in parts) * math.prod(len(part) for part in parts))
    return [list(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*parts)]


def _choices(file: _File, formula: Any) -> list[list[Atom]]:
    """A formula as alternatives of atoms that hold together. Its depth is bounded by MAX_DEPTH."""
    if not isinstance(formula, list) or not formula or not isinstance(formula[0], str):
        raise ValueError(f"{formula!r:.60} is no formula")
    head, *operands = formula
    if head == "and" and operands:
        return _product(file, [_choices(file, operand) for operand in operands])
    if head == "or" and operands:
        found: list[list[Atom]] = []
        for operand in operands:
            more = _choices(file, operand)
            file.spend(sum(map(len, more)))
            found += more
            if len(found) > MAX_CASES:
                raise ValueError(f"more than {MAX_CASES} cases")
        return found
    if head not in _COMPARISONS or len(operands) != 2:
        raise ValueError(f"{head!r:.60} of {len(operands)} operands is no formula that is read")
    sign, strict = _COMPARISONS[head]
    difference = _sum([_linear(file, operands[0]), _scaled(_linear(file, operands[1]), Fraction(-1))])
    return [[_atom(file, _scaled(difference, Fraction(s)), strict) for s in ((sign,) if sign else (1, -1))]]


def _atom(file: _File, form: Form, strict: bool) -> Atom:
    """form <= 0 or < 0."""
    factors = {variable: value for variable, value in form.items() if variable != _ONE and value}
    limit = -form.get(_ONE, Fraction(0))
    if factors and min(factors) >= file.inputs:
        return Atom(False, {variable - file.inputs: value for variable, value in factors.items()}, limit, strict)
    if len(factors) != 1:
        raise ValueError("a comparison without variables, of several inputs, or of inputs with outputs")
    return Atom(True, factors, limit, strict)


def _linear(file: _File, term: Any) -> Form:
    if isinstance(term, str):
        if _NUMBER.fullmatch(term) and len(term) < 1000:
            return {_ONE: Fraction(term)}
        return {file.variable(term): Fraction(1)}
    if not isinstance(term, list) or len(term) < 2 or term[0] not in ("+", "-", "*"):
        raise ValueError(f"{term!r:.60} is no linear term")
    parts = [_linear(file, part) for part in term[1:]]
    if term[0] == "+":
        return _sum(parts)
    if term[0] == "-":
        negative = [_scaled(part, Fraction(-1)) for part in parts]
        return _sum([parts[0], *negative[1:]]) if len(parts) > 1 else negative[0]
    found = parts[0]
    for part in parts[1:]:
        constant, other = (found, part) if set(found) <= {_ONE} else (part, found)
        if not set(constant) <= {_ONE}:
            raise ValueError("a product of two variables is not linear")
        found = _scaled(other, constant.get(_ONE, Fraction(0)))
    return found


def _sum(parts: list[Form]) -> Form:
    found: Form = {}
    for part in parts:
        for variable, value in part.items():
            found[variable] = _bounded(found.get(variable, Fraction(0)) + value)
    return found


def _scaled(form: Form, by: Fraction) -> Form:
    return {variable: _bounded(value * by) for variable, value in form.items()}


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ValueError("a number has too many digits")
    return value


def _regions(cases: list[list[Atom]], inputs: int) -> list[Region]:
    found: dict[tuple[tuple[Fraction, Fraction], ...], Region] = {}
    known: dict[tuple[int, ...], Region] = {}  # by the identity of the comparisons: most cases share them
    for atoms in cases:
        about = tuple(id(atom) for atom in atoms if atom.about_input)
        rows = [(atom.factors, atom.limit) for atom in atoms if not atom.about_input]
        if not rows:
            raise ValueError("a case has no output constraint: every input of it would be a counterexample")
        if about not in known:
            box = _box([atom for atom in atoms if atom.about_input], inputs)
            known[about] = found.setdefault(box, Region(box))
        known[about].cases.append(rows)
    if not found:
        raise ValueError("it asserts nothing")
    return list(found.values())


def _box(atoms: list[Atom], inputs: int) -> tuple[tuple[Fraction, Fraction], ...]:
    # the tightest end, and whether it belongs to the box: of equal ends the one that does not counts
    low: dict[int, tuple[Fraction, bool]] = {}
    high: dict[int, tuple[Fraction, bool]] = {}
    for atom in atoms:
        ((variable, value),) = atom.factors.items()
        end = atom.limit / value
        if value > 0:
            high[variable] = min(high.get(variable, (end, True)), (end, not atom.strict))
        else:
            low[variable] = max(low.get(variable, (end, False)), (end, atom.strict))
    if len(low) != inputs or len(high) != inputs:
        raise ValueError("an input has no lower or no upper bound in some case")
    for i in range(inputs):
        (least, excluded), (most, included) = low[i], high[i]
        if least > most or (least == most and (excluded or not included)):
            raise ValueError("the bounds of an input exclude every value in some case")
    return tuple((low[i][0], high[i][0]) for i in range(inputs))


def _condition(region: Region, outputs: int) -> Condition:
    constraints = [(number, *constraint) for number, case in enumerate(region.cases) for constraint in case]
    if len(constraints) * outputs > 10_000_000:
        raise ValueError("its conditions are larger than the checker holds in memory")
    rows, offsets = np.zeros((len(constraints), outputs)), np.zeros(len(constraints))
    for place, (_, coefficients, limit) in enumerate(constraints):
        for output, value in coefficients.items():
            rows[place, output] = float(value)
            if not 1e-300 < abs(rows[place, output]) < 1e300:
                raise ValueError("a coefficient is too small or too large")
        offsets[place] = math.nextafter(float(-limit), -math.inf)
    if not (np.abs(offsets) < 1e300).all() or any(abs(end) > 10**300 for ends in region.box for end in ends):
        raise ValueError("a bound is too large")
    plain = all(compares(coefficients, limit) for _, coefficients, limit in constraints)
    return Condition(rows, offsets, np.array([number for number, _, _ in constraints]), plain)
