"""A VNN-LIB file, version 1 or 2.0, to its normal form (property.py). Strict: what is not understood is refused.

    text.forms -> declarations (X_i, Y_j; or one network with one input and one output tensor) -> formula.cases
    -> a box and output constraints for every case -> regions of cases with the same box

Every case needs a lower and an upper end for every input (else it is unbounded), ends that are not contradictory and
at least one output constraint (else it is vacuous). Version 1 follows the competition's files (Demarchi et al. 2023),
version 2.0 the standard of December 2025; exponents, which its grammar lacks, are read in both.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Literal

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError, UnsupportedError
from evidence.vnnlib.formula import (
    MAX_CASES,
    N_ARITY,
    N_CASES,
    N_SYMBOL,
    N_UNSUPPORTED,
    Conjunction,
    Formulas,
    InputBound,
    Variable,
)
from evidence.vnnlib.property import Box, Case, Property, Region
from evidence.vnnlib.text import N_SYNTAX, Atom, Form, Node, Source, decode, forms, shown

N_DECLARATION = code(
    "N124",
    Severity.ERROR,
    "declaration that does not fit",
    "declare X_0, X_1, ... and Y_0, Y_1, ... without gaps, each once; in 2.0 one input and one output tensor",
)
N_UNBOUNDED = code("N127", Severity.ERROR, "input without a bound", "bound every input on both sides in every case")
N_CONTRADICTION = code(
    "N128", Severity.ERROR, "contradictory bounds of an input", "mend the bounds: over no inputs everything would hold"
)
N_VACUOUS = code(
    "N129",
    Severity.ERROR,
    "case without output constraint",
    "state which outputs are a violation: without, every input would be one",
)

MAX_VARIABLES = 1_000_000
MAX_ENDS = 4_000_000
_NAME_1 = re.compile(r"([XY])_(0|[1-9][0-9]{0,6})")
_NAME_2 = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TYPED = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\[([0-9,]*)\]")
_INDEX = re.compile(r"[0-9]{1,7}(?:,[0-9]{1,7})*")
_ELEMENTS: dict[str, Literal["real", "float32"]] = {
    "Real": "real",
    "real": "real",
    "float32": "float32",
}
_Ends = dict[tuple[int, bool], tuple[Fraction, bool]]
"""By input and side (True: upper): the tightest end and whether it is excluded."""


def read_property(data: bytes, name: str = "property") -> Property:
    """The property in a VNN-LIB file, plain or gzip; `name` is shown in messages.

    Raises InputError (N120-N130) for what is malformed, unbounded, contradictory or vacuous, UnsupportedError
    (N131, N132) for what is well formed but cannot be treated.
    """
    source = decode(data, name)
    reader: _Reader | None = None
    for form in forms(source):
        if reader is None:
            reader = _Version2(source) if _head(source, form) == "vnnlib-version" else _Version1(source)
        reader.take(form)
    if reader is None:
        raise InputError.of(N_SYNTAX, "the file holds no declaration and no assertion", Place(name))
    return reader.finish()


def _head(source: Source, form: Form) -> str:
    head = form.items[0]
    if not isinstance(head, Atom):
        raise source.error(N_SYNTAX, head.at, "a list stands where a command is expected")
    return head.text


# --- the two versions --------------------------------------------------------------------------------------------


class _Reader(ABC):
    """Takes the commands of a file one by one."""

    version: Literal["1.0", "2.0"]
    element: Literal["real", "float32"] = "real"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.formulas = Formulas(source, self.variable)
        self.asserted = _Asserted(source)

    @abstractmethod
    def take(self, form: Form) -> None:
        """One command. Raises InputError, UnsupportedError."""

    @abstractmethod
    def variable(self, atom: Atom) -> Variable:
        """A declared variable. Raises InputError N123."""

    @abstractmethod
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Declared shapes of inputs and outputs. Raises InputError N124."""

    def finish(self) -> Property:
        """The property, after the last command."""
        input_shape, output_shape = self.shapes()
        cases, regions = self.asserted.expand(prod(input_shape), self.formulas)
        return Property(self.version, input_shape, output_shape, self.element, cases, regions)

    def assertion(self, form: Form) -> None:
        """`(assert formula)`."""
        self.operands(form, 1)
        self.asserted.add(self.formulas.cases(form.items[1]), form.at)

    def operands(self, form: Form, count: int) -> None:
        """Raises InputError N125 unless a command has `count` operands."""
        if len(form.items) != count + 1:
            message = f"{_head(self.source, form)} with {len(form.items) - 1} operands"
            raise self.source.error(N_ARITY, form.at, message, f"{count}")

    def name(self, node: Node) -> str:
        """The text of an atom. Raises InputError N122 for a list."""
        if not isinstance(node, Atom):
            raise self.source.error(N_SYNTAX, node.at, "a list stands where a name is expected")
        return node.text

    def unknown(self, form: Form) -> InputError | UnsupportedError:
        """The error of a command that is not known here."""
        return self.source.error(N_SYMBOL, form.at, f"unknown command {shown(_head(self.source, form))}")


class _Version1(_Reader):
    """`(declare-const X_0 Real)` and `(assert ...)`."""

    version = "1.0"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._declared: dict[str, Variable] = {}

    def take(self, form: Form) -> None:
        head = _head(self.source, form)
        if head == "assert":
            self.assertion(form)
        elif head == "declare-const":
            self._declare(form)
        else:
            raise self.unknown(form)

    def _declare(self, form: Form) -> None:
        self.operands(form, 2)
        name, type_ = self.name(form.items[1]), self.name(form.items[2])
        found = _NAME_1.fullmatch(name)
        if not found:
            raise self.source.error(N_DECLARATION, form.items[1].at, f"{shown(name)}", "X_0, X_1, ... or Y_0, Y_1, ...")
        if type_ != "Real":
            raise self.source.unsupported(N_UNSUPPORTED, form.items[2].at, f"variables of type {shown(type_)}", "Real")
        if name in self._declared:
            raise self.source.error(N_DECLARATION, form.items[1].at, f"{name} is declared twice")
        self._declared[name] = (found[1], int(found[2]))

    def variable(self, atom: Atom) -> Variable:
        found = self._declared.get(atom.text)
        if found is None:
            raise self.source.error(N_SYMBOL, atom.at, f"{shown(atom.text)} is not declared")
        return found

    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (self._count("X"),), (self._count("Y"),)

    def _count(self, kind: str) -> int:
        indices = {index for letter, index in self._declared.values() if letter == kind}
        if not indices:
            raise InputError.of(N_DECLARATION, f"no variable {kind}_0 is declared", Place(self.source.name))
        if max(indices) != len(indices) - 1:
            absent = next(i for i in range(len(indices)) if i not in indices)
            message = f"{kind}_{max(indices)} is declared but {kind}_{absent} is not"
            raise InputError.of(N_DECLARATION, message, Place(self.source.name))
        return len(indices)


@dataclass(frozen=True)
class _Tensor:
    kind: Literal["X", "Y"]
    element: Literal["real", "float32"]
    shape: tuple[int, ...]


class _Version2(_Reader):
    """`(vnnlib-version <2.0>)`, one `(declare-network ...)`, then assertions on `X[0,1]`, or `Y` for a scalar."""

    version = "2.0"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._seen_version = False
        self._tensors: dict[str, _Tensor] = {}

    def take(self, form: Form) -> None:
        head = _head(self.source, form)
        if head == "vnnlib-version":
            self._version(form)
        elif head == "declare-network":
            self._network(form)
        elif head == "assert":
            self.assertion(form)
        else:
            raise self.unknown(form)

    def _version(self, form: Form) -> None:
        self.operands(form, 1)
        text = self.name(form.items[1])
        if self._seen_version:
            raise self.source.error(N_SYNTAX, form.at, "the version stands twice")
        if text != "<2.0>":
            raise self.source.unsupported(N_UNSUPPORTED, form.items[1].at, f"version {shown(text)}", "<2.0>")
        self._seen_version = True

    def _network(self, form: Form) -> None:
        if self._tensors:
            raise self.source.unsupported(N_UNSUPPORTED, form.at, "several networks in one property", "one network")
        if len(form.items) < 2 or not isinstance(form.items[1], Atom):
            raise self.source.error(N_ARITY, form.at, "declare-network without a name", "a name, an input, an output")
        for item in form.items[2:]:
            if not isinstance(item, Form):
                raise self.source.error(N_SYNTAX, item.at, f"{shown(item.text)} stands where '(' is expected")
            head = _head(self.source, item)
            if head in ("declare-hidden", "equal-to", "isomorphic-to"):
                raise self.source.unsupported(N_UNSUPPORTED, item.at, f"{head} is not supported")
            if head not in ("declare-input", "declare-output"):
                raise self.unknown(item)
            self._tensor(item, "X" if head == "declare-input" else "Y")
        for kind, what in (("X", "input"), ("Y", "output")):
            if all(tensor.kind != kind for tensor in self._tensors.values()):
                raise self.source.error(N_DECLARATION, form.at, f"the network has no {what}")

    def _tensor(self, form: Form, kind: Literal["X", "Y"]) -> None:
        if len(form.items) not in (3, 4):
            raise self.source.error(N_ARITY, form.at, f"{len(form.items) - 1} operands", "a name, a type with a shape")
        name, typed = self.name(form.items[1]), self.name(form.items[2])
        found = _TYPED.fullmatch(typed)
        if not _NAME_2.fullmatch(name) or not found:
            raise self.source.error(N_DECLARATION, form.items[1].at, shown(f"{name} {typed}"), "as in: X Real [2,3]")
        if len(form.items) == 4 and self.name(form.items[3])[0] != '"':
            raise self.source.unsupported(N_UNSUPPORTED, form.items[3].at, f"{shown(self.name(form.items[3]))} here")
        if found[1] not in _ELEMENTS:
            message = f"tensors of type {shown(found[1])}"
            raise self.source.unsupported(N_UNSUPPORTED, form.items[2].at, message, ", ".join(_ELEMENTS))
        if name in self._tensors:
            raise self.source.error(N_DECLARATION, form.items[1].at, f"{shown(name)} is declared twice")
        if any(tensor.kind == kind for tensor in self._tensors.values()):
            what = "input" if kind == "X" else "output"
            raise self.source.unsupported(N_UNSUPPORTED, form.at, f"several {what} tensors", "one")
        tensor = _Tensor(kind, _ELEMENTS[found[1]], self._shape(found[2], form.items[2].at))
        if any(other.element != tensor.element for other in self._tensors.values()):
            raise self.source.unsupported(N_UNSUPPORTED, form.items[2].at, "input and output of different types")
        self._tensors[name] = tensor
        self.element = tensor.element

    def _shape(self, text: str, at: int) -> tuple[int, ...]:
        if not text:
            return ()
        sizes = [int(part) for part in text.split(",")] if _INDEX.fullmatch(text) else [0]
        if min(sizes) < 1 or len(sizes) > 16 or prod(sizes) > MAX_VARIABLES:
            expected = f"sizes of at least 1, {MAX_VARIABLES} elements in all at most"
            raise self.source.error(N_DECLARATION, at, f"the shape {shown(f'[{text}]')}", expected)
        return tuple(sizes)

    def variable(self, atom: Atom) -> Variable:
        name, bracket, index = atom.text.partition("[")
        tensor = self._tensors.get(name)
        if tensor is None:
            raise self.source.error(N_SYMBOL, atom.at, f"{shown(atom.text)} is not declared")
        index = index.removesuffix("]")
        if not bracket:
            if tensor.shape:
                raise self.source.error(N_SYMBOL, atom.at, f"{name} has shape {list(tensor.shape)}", "an index")
            return tensor.kind, 0
        position = [int(part) for part in index.split(",")] if _INDEX.fullmatch(index) else []
        fits = len(position) == len(tensor.shape) and all(i < n for i, n in zip(position, tensor.shape, strict=True))
        if not position or not fits:
            raise self.source.error(N_SYMBOL, atom.at, f"{shown(atom.text)} is outside shape {list(tensor.shape)}")
        flat = 0
        for i, n in zip(position, tensor.shape, strict=True):
            flat = flat * n + i
        return tensor.kind, flat

    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if not self._tensors:
            raise InputError.of(N_DECLARATION, "no network is declared", Place(self.source.name))
        by_kind = {tensor.kind: tensor.shape for tensor in self._tensors.values()}
        return by_kind["X"], by_kind["Y"]


# --- from assertions to cases ------------------------------------------------------------------------------------


@dataclass
class _Asserted:
    """What the assertions say together. Bounds that hold in every case are kept once."""

    source: Source
    common: _Ends = field(default_factory=dict)
    factors: list[list[Conjunction]] = field(default_factory=list)
    count: int = 1
    last: int = 0

    def add(self, cases: list[Conjunction], at: int) -> None:
        """One more assertion, a conjunction with those before. Raises UnsupportedError N132."""
        self.last = at
        if len(cases) == 1:
            rest = tuple(item for item in cases[0] if not isinstance(item, InputBound))
            for item in cases[0]:
                if isinstance(item, InputBound):
                    _tighten(self.common, item)
            if rest:
                self.factors.append([rest])
            return
        self.count *= len(cases)
        if self.count > MAX_CASES:
            message = f"the alternatives multiply to more than {MAX_CASES} cases"
            raise self.source.unsupported(N_CASES, at, message)
        self.factors.append(cases)

    def expand(self, inputs: int, formulas: Formulas) -> tuple[tuple[Case, ...], tuple[Region, ...]]:
        """All cases, with one box for each region. Raises InputError N127-N129, UnsupportedError N132."""
        listed = formulas.conjunction(self.factors, self.last) if self.factors else [()]
        base = _Base(self.source.name, inputs, self.common)
        cases: list[Case] = []
        boxes: dict[frozenset[tuple[int, bool, Fraction]], Box] = {}
        members: dict[frozenset[tuple[int, bool, Fraction]], list[int]] = {}
        for number, conjunction in enumerate(listed):
            ends = base.changed(conjunction, number)
            key = frozenset((i, upper, value) for (i, upper), (value, _) in ends.items() if base.moves(i, upper, value))
            if key not in boxes:
                if (len(boxes) + 1) * inputs > MAX_ENDS:
                    message = f"more than {MAX_ENDS // inputs} different boxes of {inputs} inputs"
                    raise UnsupportedError.of(N_CASES, message, Place(self.source.name))
                boxes[key] = base.box(ends, number)
            box = boxes[key]
            constraints = tuple(item for item in conjunction if not isinstance(item, InputBound))
            if not constraints:
                message = f"{_case(number, len(listed))} has no constraint on the outputs"
                raise InputError.of(N_VACUOUS, message, Place(self.source.name))
            members.setdefault(key, []).append(number)
            cases.append(Case(box, constraints, *base.open_ends(ends, box, number)))
        return tuple(cases), tuple(Region(boxes[key], tuple(numbers)) for key, numbers in members.items())


class _Base:
    """The ends that hold in every case, and what single cases change."""

    def __init__(self, name: str, inputs: int, common: _Ends) -> None:
        self.name, self.inputs, self.common = name, inputs, common
        self.ends: tuple[list[Fraction | None], list[Fraction | None]] = ([None] * inputs, [None] * inputs)
        for (index, upper), (value, _) in common.items():
            self.ends[upper][index] = value
        self.open = {side for side, (_, strict) in common.items() if strict}
        self._shared: dict[frozenset[int], frozenset[int]] = {}
        self._size = 0

    def changed(self, conjunction: Conjunction, number: int) -> _Ends:
        """The ends that a case sets, together with the common ones of the same inputs."""
        ends: _Ends = {}
        for item in conjunction:
            if isinstance(item, InputBound):
                side = (item.input, item.upper)
                if side not in ends and side in self.common:
                    ends[side] = self.common[side]
                _tighten(ends, item)
        return ends

    def moves(self, index: int, upper: bool, value: Fraction) -> bool:
        """Whether an end differs from the common one."""
        return self.ends[upper][index] != value

    def box(self, ends: _Ends, number: int) -> Box:
        """The box of a case. Raises InputError N127, N128."""
        lower, upper = list(self.ends[0]), list(self.ends[1])
        for (index, is_upper), (value, _) in ends.items():
            (upper if is_upper else lower)[index] = value
        found: tuple[list[Fraction], list[Fraction]] = ([], [])
        for index, (low, high) in enumerate(zip(lower, upper, strict=True)):
            if low is None or high is None:
                missing = "lower" if low is None else "upper"
                message = f"input {index} (of {self.inputs}, from 0) has no {missing} bound in case {number + 1}"
                raise InputError.of(N_UNBOUNDED, message, Place(self.name))
            if low > high:
                message = f"input {index} in case {number + 1}: lower bound {_text(low)}, upper bound {_text(high)}"
                raise InputError.of(N_CONTRADICTION, message, Place(self.name))
            found[0].append(low)
            found[1].append(high)
        return Box(tuple(found[0]), tuple(found[1]))

    def open_ends(self, ends: _Ends, box: Box, number: int) -> tuple[frozenset[int], frozenset[int]]:
        """Excluded lower and upper ends of a case. Raises InputError N128 where only an excluded point is left."""
        strict = {side for side in self.open if side not in ends} | {side for side, (_, open_) in ends.items() if open_}
        for index, _ in strict:
            if box.lower[index] == box.upper[index]:
                message = f"input {index} in case {number + 1}: an end that is excluded meets the other end"
                raise InputError.of(N_CONTRADICTION, message, Place(self.name))
        return self._share(i for i, upper in strict if not upper), self._share(i for i, upper in strict if upper)

    def _share(self, inputs: Iterable[int]) -> frozenset[int]:
        """Equal sets are kept once, and not without bound. Raises UnsupportedError N132."""
        wanted = frozenset(inputs)
        if wanted not in self._shared:
            self._size += len(wanted)
            if self._size > MAX_ENDS:
                raise UnsupportedError.of(N_CASES, "too many different excluded ends", Place(self.name))
            self._shared[wanted] = wanted
        return self._shared[wanted]


def _tighten(ends: _Ends, bound: InputBound) -> None:
    """The tighter of two ends; where they are equal, the one that excludes it."""
    side = (bound.input, bound.upper)
    known = ends.get(side)
    if known is not None:
        value, strict = known
        inside = value < bound.value if bound.upper else value > bound.value
        if inside or (value == bound.value and strict):
            return
    ends[side] = (bound.value, bound.strict)


def _case(number: int, count: int) -> str:
    return "the property" if count == 1 else f"case {number + 1}"


def _text(value: Fraction) -> str:
    return f"{float(value):.12g}"
