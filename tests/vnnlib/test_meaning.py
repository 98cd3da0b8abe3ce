"""The cases that the reader gives mean what the file says: compared with evaluating the formulas at points."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import vnnlib_naive as naive
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import AssuranceError
from evidence.vnnlib import Property, read_property

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
HEAD = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)\n"
BOX = "(assert (and (<= X_0 2) (>= X_0 -2) (<= X_1 2) (>= X_1 -2)))\n"


def meets(found: Property, x: list[Fraction], y: list[Fraction]) -> bool:
    """Whether some case admits x and is violated by y; regions must agree with cases."""
    by_case = any(case.admits(x) and case.violated_by(y) for case in found.cases)
    by_region = any(found.refuted_by(region, x, y) for region in range(len(found.regions)))
    assert by_case == by_region
    return by_case


INPUT = st.tuples(st.sampled_from(["<=", "<", ">=", ">"]), st.sampled_from(["X_0", "X_1"]), st.integers(-1, 1))
OUTPUT = st.tuples(
    st.sampled_from(["<=", "<", ">=", ">", "=="]),
    st.sampled_from(["Y_0", "Y_1", "(- Y_0 Y_1)", "(+ (* 2 Y_0) Y_1 -1)", "(- Y_1)", "(* -1 (- Y_0 1) 2)"]),
    st.sampled_from(["0", "1", "Y_1", "Y_0", "(- 1)", "(* 2 Y_0)", "1e0", "0.5"]),
)


def _comparison(parts: tuple[str, str, object]) -> str:
    return f"({parts[0]} {parts[1]} {parts[2]})"


FORMULA = st.recursive(
    st.one_of(INPUT, OUTPUT).map(_comparison),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda made: f"({made[0]} {' '.join(made[1])})"
    ),
    max_leaves=7,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(FORMULA, min_size=1, max_size=3))
def test_small_formulas_at_every_grid_point(parts: list[str]) -> None:
    text = HEAD + BOX + "".join(f"(assert {part})\n" for part in parts)
    try:
        found = read_property(text.encode())
    except AssuranceError as error:
        assert error.finding.code in ("N128", "N129", "N130"), str(error.finding)
        assert _refusable(text, error.finding.code)
        return
    half = [Fraction(i, 2) for i in (-5, -4, -2, -1, 0, 1, 2, 4, 5)]
    whole = [Fraction(i, 2) for i in range(-4, 5)]
    asserted = naive.formulas(text)
    outputs = list(product(whole, repeat=2))
    for x0, x1 in product(half, repeat=2):
        # outputs differ from input to input so that the whole grid of pairs is covered by samples of fixed size
        for y0, y1 in outputs[int(4 * x0 + x1) % 9 :: 9]:
            point = {"X_0": x0, "X_1": x1, "Y_0": y0, "Y_1": y1}
            expected = all(naive.holds(formula, point) for formula in asserted)
            assert meets(found, [x0, x1], [y0, y1]) == expected, point


def _refusable(text: str, code: str) -> bool:
    """Whether plain expansion shows a case that is contradictory or vacuous, or a comparison of constants."""
    cases = naive.listed(["and", *naive.formulas(text)])
    if code == "N130":
        return any(_variables(left) == _variables(right) for case in cases for _, left, right in case)
    for case in cases:
        if code == "N129" and all(left[0] == "X" for _, left, _ in case):
            return True
        if code == "N128" and not any(
            all(naive.holds(item, {"X_0": a, "X_1": b}) for item in case if str(item[1])[0] == "X")
            for a, b in product([Fraction(i, 4) for i in range(-9, 10)], repeat=2)
        ):
            return True
    return False


def _variables(term: Any) -> set[str]:
    if isinstance(term, str):
        return {term} if term[0].isalpha() else set()
    return set().union(*(_variables(part) for part in term[1:]))


@pytest.fixture(scope="module")
def real() -> dict[Path, Property]:
    """The properties of all 251 instances of three benchmarks, by file."""
    if not SHARED.is_dir():
        pytest.skip("the benchmark data beside the checkout (../shared/data) are absent")
    found: dict[Path, Property] = {}
    count = 0
    for name, shape in (("acasxu", (5, 5)), ("mnist_fc", (784, 10)), ("oval21", (3072, 10))):
        folder = SHARED / "vnncomp" / name
        for line in (folder / "instances.csv").read_text("utf-8").split():
            file = folder / line.split(",")[1]
            if file not in found:
                found[file] = read_property(file.read_bytes(), file.name)
            assert (found[file].inputs, found[file].outputs) == shape
            count += 1
    assert count == 186 + 60 + 5
    return found


def _sampled(found: Property, source: random.Random) -> Iterator[tuple[list[Fraction], list[Fraction]]]:
    """Inputs at ends, inside and just outside of a region's box; outputs at random, with ties."""
    for region in found.regions:
        for where in ("inside", "ends", "outside"):
            x = []
            for low, high in zip(region.box.lower, region.box.upper, strict=True):
                part = source.choice([0, 1]) if where != "inside" else Fraction(source.randrange(0, 1001), 1000)
                x.append(low + part * (high - low))
            if where == "outside":
                x[source.randrange(len(x))] += source.choice([-1, 1]) * Fraction(10)
            for _ in range(3):
                yield x, [Fraction(source.choice([-2, -1, 0, 1, 2, 4])) for _ in range(found.outputs)]


def test_the_benchmark_files_mean_what_they_say(real: dict[Path, Property]) -> None:
    source = random.Random(3)
    seen = {True: 0, False: 0}
    for file, found in real.items():
        asserted = naive.formulas(file.read_text("utf-8"))
        samples = list(_sampled(found, source))
        for x, y in samples if found.inputs < 100 else samples[:5]:
            point = {f"X_{i}": item for i, item in enumerate(x)} | {f"Y_{j}": item for j, item in enumerate(y)}
            expected = all(naive.holds(formula, point) for formula in asserted)
            assert meets(found, x, y) == expected, file.name
            seen[expected] += 1
    assert min(seen.values()) > 50


def test_disjunctive_inputs_make_regions(real: dict[Path, Property]) -> None:
    """ACAS Xu property 6: two boxes, four alternatives on the outputs in each."""
    (found,) = (item for file, item in real.items() if file.name == "prop_6.vnnlib")
    assert [region.cases for region in found.regions] == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert [region.name for region in found.regions] == ["cases 1-4", "cases 5-8"]
    assert found.regions[0].box.lower[1] == Fraction("0.11140846")
    assert found.regions[1].box.upper[1] == Fraction("-0.11140846")
    assert [case.constraints[0].factors for case in found.cases[:4]] == [
        ((0, Fraction(-1)), (j, Fraction(1))) for j in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        # the first `or` varies slowest; a repeated box joins its region wherever it stands
        ("(assert (or (<= X_0 1) (<= X_0 0)))(assert (or (<= Y_0 1) (<= Y_1 2)))", [(0, 1), (2, 3)]),
        ("(assert (or (<= Y_0 1) (<= Y_1 2)))(assert (or (<= X_0 1) (<= X_0 0)))", [(0, 2), (1, 3)]),
        ("(assert (or (and (<= X_0 1) (<= Y_0 1)) (<= Y_0 1) (and (<= X_0 1) (<= Y_0 2))))", [(0, 2), (1,)]),
        # bounds that do not move the common box do not make a region of their own
        ("(assert (or (and (<= X_0 5) (<= Y_0 1)) (<= Y_0 2) (and (<= X_0 2) (<= Y_0 3))))", [(0, 1, 2)]),
    ],
)
def test_order_of_cases_and_regions(text: str, boxes: list[tuple[int, ...]]) -> None:
    found = read_property((HEAD + BOX + text).encode())
    assert [region.cases for region in found.regions] == boxes


def test_rows_in_the_order_of_the_file_and_equality_as_two() -> None:
    found = read_property((HEAD + "(assert (< Y_1 3))" + BOX + "(assert (or (== Y_0 1) (>= Y_1 (* 2 Y_0))))").encode())
    first, second = found.cases
    assert [(item.factors, item.bound, item.strict) for item in first.constraints] == [
        (((1, Fraction(1)),), Fraction(3), True),
        (((0, Fraction(1)),), Fraction(1), False),
        (((0, Fraction(-1)),), Fraction(-1), False),
    ]
    assert second.constraints[1].factors == ((0, Fraction(2)), (1, Fraction(-1)))
    assert not second.constraints[1].strict


def test_decimals_are_exact() -> None:
    text = "(assert (<= Y_0 0.1))(assert (or (<= X_0 1.5e-3) (<= X_0 (* 0.1 3)) (<= (* 3 X_0) 1) (>= (- X_0) .25)))"
    found = read_property((HEAD + BOX + text).encode())
    assert [region.box.upper[0] for region in found.regions] == [
        Fraction(3, 2000), Fraction(3, 10), Fraction(1, 3), Fraction(-1, 4),
    ]  # fmt: skip
    assert found.cases[0].constraints[0].bound == Fraction(1, 10)
