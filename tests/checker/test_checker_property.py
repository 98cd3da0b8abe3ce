"""The checker's own reading of VNN-LIB files: against exact evaluation of the text, and against the engines' reader."""

from __future__ import annotations

import gzip
import itertools
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checker_toys import Files, random_toy, run, statement, toy, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.checker import property as properties
from evidence.checker import regions
from evidence.checker.property import Property, read
from evidence.checker.refusals import Refused

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "vnncomp"
FILES = [
    *sorted(SHARED.glob("acasxu/vnnlib/*")),
    *sorted(SHARED.glob("mnist_fc/vnnlib/*"))[:2],
    *sorted(SHARED.glob("oval21/vnnlib/*"))[:1],
]
SIZES = {"acasxu": (5, 5), "mnist_fc": (784, 10), "oval21": (3072, 10)}


def declared(n: int, m: int) -> str:
    names = [f"X_{i}" for i in range(n)] + [f"Y_{j}" for j in range(m)]
    return "".join(f"(declare-const {name} Real)\n" for name in names)


def asserted(*formulas: str) -> str:
    return "".join(f"(assert {formula})\n" for formula in formulas)


UNIT = asserted("(<= X_0 1)", "(>= X_0 0)", "(<= X_1 2.5)", "(>= X_1 -1e-1)")


def parsed(text: str, n: int = 2, m: int = 2) -> Property:
    return read(text.encode(), n, m)


def test_boxes_and_rows_by_hand() -> None:
    found = parsed(declared(2, 2) + UNIT + asserted("(or (and (<= Y_0 Y_1) (> (* 2 Y_1) 0.3)) (== Y_0 1))"))
    low, high = found.lower, found.upper
    assert low.shape == (1, 2) and low[0, 0] == -5e-324 and low[0, 1] == np.nextafter(-0.1, -1)
    assert high[0, 0] == np.nextafter(1, 2) and high[0, 1] == np.nextafter(2.5, 3)
    (condition,) = found.conditions
    rows, offsets, clause = condition.rows, condition.offsets, condition.clause
    np.testing.assert_array_equal(rows, [[1, -1], [0, -2], [1, 0], [-1, 0]])
    np.testing.assert_array_equal(clause, [0, 0, 1, 1])
    wanted = [np.nextafter(v, -np.inf) for v in (0.0, 0.3, -1.0, 1.0)]
    np.testing.assert_array_equal(offsets, wanted)


def test_cases_with_the_same_box_are_one_region_in_order_of_first_appearance() -> None:
    text = declared(1, 1) + asserted(
        "(or (and (<= X_0 1) (>= X_0 0) (<= Y_0 1)) (and (<= X_0 2) (>= X_0 0) (<= Y_0 2)) "
        "(and (>= X_0 0.0) (<= (* 2 X_0) 2) (<= Y_0 3)))"
    )
    found = parsed(text, 1, 1)
    assert found.upper[:, 0].tolist() == [np.nextafter(1, 9), np.nextafter(2, 9)]
    assert [condition.clause.tolist() for condition in found.conditions] == [[0, 1], [0]]
    assert [np.round(condition.offsets, 9).tolist() for condition in found.conditions] == [[-1, -3], [-2]]


def test_the_tightest_of_several_bounds_counts() -> None:
    found = parsed(
        declared(2, 2) + UNIT + asserted("(<= X_0 0.5)", "(<= X_0 3)", "(>= X_1 1)", "(>= X_1 -5)", "(<= Y_0 0)")
    )
    assert found.upper[0, 0] == np.nextafter(0.5, 1) and found.lower[0, 1] == np.nextafter(1.0, 0)


def test_choices_of_earlier_assertions_vary_slowest() -> None:
    text = declared(1, 2) + asserted(
        "(or (<= Y_0 1) (<= Y_0 2))", "(and (<= X_0 1) (>= X_0 0))", "(<= Y_0 Y_1)", "(or (>= Y_1 3) (>= Y_1 4))"
    )
    (condition,) = parsed(text, 1, 2).conditions
    rows, offsets, clause = condition.rows, condition.offsets, condition.clause
    assert clause.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert np.round(offsets, 9).tolist() == [-1, 0, 3, -1, 0, 4, -2, 0, 3, -2, 0, 4]
    assert rows[:3].tolist() == [[1, 0], [1, -1], [0, -1]]


def test_version_2_reads_the_same() -> None:
    old = declared(4, 2) + asserted(
        *(f"(>= X_{i} -{i}.5)" for i in range(4)), *(f"(<= X_{i} 0.5)" for i in range(4)), "(<= (- Y_0 Y_1) 3)"
    )
    new = "(vnnlib-version <2.0>) ; comment (\n"
    new += "(declare-network n (declare-input X Real [2,2]) (declare-output Z Real [2]))"
    cells = list(itertools.product(range(2), repeat=2))
    new += asserted(*(f"(>= X[{i},{j}] -{2 * i + j}.5)" for i, j in cells))
    new += asserted(*(f"(<= (* 2 X[{i}, {j}] 1) (+ 0.5 0.5))" for i, j in cells), "(<= (+ (- Z[1]) Z[0]) 3)")
    a, b = parsed(old, 4, 2), parsed(new, 4, 2)
    np.testing.assert_array_equal(a.lower, b.lower)
    np.testing.assert_array_equal(a.upper, b.upper)
    for field in ("rows", "offsets", "clause", "compares"):
        np.testing.assert_array_equal(getattr(a.conditions[0], field), getattr(b.conditions[0], field))


def test_one_output_without_index_in_version_2() -> None:
    text = "(vnnlib-version <2.0>)(declare-network n (declare-input X Real [1]) (declare-output Y Real []))"
    text += asserted("(<= X[0] 1)", "(>= X[0] 0)", "(>= Y 3)")
    assert parsed(text, 1, 1).conditions[0].rows.tolist() == [[-1.0]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        ")",
        "()",
        "x",
        "(assert)",
        declared(2, 2),
        declared(2, 2) + UNIT,
        declared(2, 2) + asserted("(<= Y_0 0)"),
        declared(2, 2) + UNIT.replace("(assert (<= X_0 1))\n", "") + asserted("(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(<= X_0 -0.5)", "(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(< X_0 0)", "(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(or (<= Y_0 0) (<= X_0 0.5))"),
        declared(2, 2) + UNIT + asserted("(<= (+ X_0 X_1) 1)", "(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(<= X_0 Y_0)"),
        declared(2, 2) + UNIT + asserted("(<= (* Y_0 Y_1) 0)"),
        declared(2, 2) + UNIT + asserted("(<= (- Y_0 Y_0) 0)"),
        declared(2, 2) + UNIT + asserted("(<= 0 1)", "(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(<= Y_2 0)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 0 1)"),
        declared(2, 2) + UNIT + asserted("(not (<= Y_0 0))"),
        declared(2, 2) + UNIT + asserted("(=> (<= Y_0 0) (<= Y_0 0))"),
        declared(2, 2) + UNIT + asserted("(!= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(and)"),
        declared(2, 2) + UNIT + asserted("(or)"),
        declared(2, 2) + UNIT + asserted("(<= (/ Y_0 2) 0)"),
        declared(2, 2) + UNIT + asserted("(<= (+) Y_0)"),
        declared(2, 2) + UNIT + asserted("Y_0"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 0x10)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 nan)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 1e99999999)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 1e400)"),
        declared(2, 2) + UNIT + asserted("(<= (* 1e-400 Y_0) 1)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 " + "9" * 2000 + ")"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 " + "(* 1e300 " * 40 + "1" + ")" * 40 + ")"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 0)") + declared(1, 0),
        declared(2, 3) + UNIT + asserted("(<= Y_0 0)"),
        declared(3, 2) + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 1) + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 2) + declared(1, 0) + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 2).replace("Real", "Int", 1) + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 2).replace("X_1", "X_01") + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 2).replace("X_1", "Z_1") + UNIT + asserted("(<= Y_0 0)"),
        declared(2, 2) + UNIT + asserted("(<= Y_0 0)") + "(check-sat)",
        declared(2, 2) + UNIT + "(assert (<= Y_0 0)",
        declared(2, 2) + UNIT + asserted("(<= Y_0 0)") + ")",
        declared(2, 2) + UNIT + asserted("(<= Y_0 0)") + "loose",
        "(" * 1_000_000,
        "(" * 1_000_000 + ")" * 1_000_000,
        declared(2, 2) + UNIT + asserted("(<= Y_0 " + "(+ " * 1000 + "1" + ")" * 1000 + ")"),
        declared(2, 2) + UNIT + asserted(*["(or (<= Y_0 0) (<= Y_1 0))"] * 14),
        declared(2, 2) + UNIT + asserted(*["(or (<= Y_0 0) (<= Y_1 0))"] * 10_000),
        declared(2, 2) + UNIT + asserted("(or " + ("(and " + "(or (<= Y_0 0) (<= Y_1 0)) " * 13 + ")") * 400 + ")"),
        declared(2, 2) + UNIT + asserted(("(and " + "(or (<= Y_0 0) (<= Y_1 0)) " * 13 + ")") * 400),
        declared(2, 2) + UNIT + asserted(*[("(and " + "(or (<= Y_0 0) (<= Y_1 0)) " * 13 + ")")] * 400),
        "(vnnlib-version <2.1>)(declare-network n (declare-input X Real [2]) (declare-output Y Real [2]))",
        "(vnnlib-version <2.0>)" + declared(2, 2) + UNIT + asserted("(<= Y_0 0)"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parsed(text)
    assert refusal.value.finding.code == "N158" and len(refusal.value.finding.message) < 1000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Real [2])", "float16 [2])"),
        ("Real [2])", "Real [3])"),
        ("Real [2])", "Real [-2])"),
        ("Real [2])", "Real [0])"),
        ("Real [2])", "Real [2] initialized)"),
        ("Real [2])", "Real [2]) (declare-hidden N Real [1])"),
        ("Real [2])", "Real [2]) (declare-input W Real [2])"),
        ("declare-output Y", "declare-output X"),
        ("declare-network", "declare-networks"),
        ("X[1]", "X[2]"),
        ("X[1]", "X[1,0]"),
        ("X[1]", "X"),
        ("X[1]", "X_1"),
        ("X[1]", "W[1]"),
        ("X[1]", "X[-1]"),
        ("X[1]", "X[1"),
        ("(assert (<= Y[0] 0))", "(assert (<= Y[0] 0))(declare-network o (declare-input A Real [2]))"),
    ],
)
def test_other_uses_of_version_2_are_refused(old: str, new: str) -> None:
    text = "(vnnlib-version <2.0>)(declare-network n (declare-input X Real [2]) (declare-output Y Real [2]))"
    text += asserted(*(f"({op} X[{i}] {v})" for i in range(2) for op, v in (("<=", 1), (">=", 0))), "(<= Y[0] 0)")
    parsed(text)
    with pytest.raises(Refused) as refusal:
        parsed(text.replace(old, new, 1))
    assert refusal.value.finding.code == "N158"


def test_bytes_that_are_no_text() -> None:
    good = (declared(2, 2) + UNIT + asserted("(<= Y_0 0)")).encode()
    np.testing.assert_array_equal(read(gzip.compress(good), 2, 2).lower, read(good, 2, 2).lower)
    for data in (b"\xff\xfe", b"\x1f\x8b", gzip.compress(good)[:-3], gzip.compress(good) + b"x", b"\x00" * 9):
        with pytest.raises(Refused):
            read(data, 2, 2)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "MAX_BYTES", 100_000)
    with pytest.raises(Refused):
        read(gzip.compress(b" " * 50_000_000), 2, 2)


# --- against exact evaluation of the text ---------------------------------------------------------------------------


def random_formula(rng: random.Random, depth: int) -> Any:
    """A nested list of comparisons of outputs."""
    if depth == 0 or rng.random() < 0.3:

        def number() -> str:
            return f"{rng.choice(['', '-'])}{rng.randint(0, 9)}.{rng.randint(0, 9)}"

        def term() -> Any:
            kind = rng.randint(0, 4)
            return [f"Y_{rng.randint(0, 1)}", number(), ["*", number(), "Y_0"], ["-", "Y_1"], ["+", "Y_0", number()]][
                kind
            ]

        return [rng.choice(["<=", "<", ">=", ">", "=="]), ["-", "Y_0", ["*", "7.5", "Y_1"]], term()]
    return [rng.choice(["and", "or"]), *(random_formula(rng, depth - 1) for _ in range(rng.randint(1, 3)))]


def shown(formula: Any) -> str:
    return formula if isinstance(formula, str) else "(" + " ".join(map(shown, formula)) + ")"


def value_of(term: Any, y: list[Fraction]) -> Fraction:
    if isinstance(term, str):
        return y[int(term[2:])] if term[0] == "Y" else Fraction(term)
    parts = [value_of(part, y) for part in term[1:]]
    if term[0] == "+":
        return sum(parts, Fraction(0))
    if term[0] == "*":
        return parts[0] * parts[1]
    return -parts[0] if len(parts) == 1 else parts[0] - parts[1]


def truth(formula: Any, y: list[Fraction]) -> bool:
    head, *rest = formula
    if head in ("and", "or"):
        found = [truth(part, y) for part in rest]
        return all(found) if head == "and" else any(found)
    a, b = (value_of(term, y) for term in rest)
    return {"<=": a <= b, "<": a < b, ">=": a >= b, ">": a > b, "==": a == b}[head]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_conditions_exclude_the_counterexample_exactly(seed: int) -> None:
    """Where every clause has a row that is positive in rationals, the text is false, near misses aside; and back."""
    rng = random.Random(seed)
    formulas = [random_formula(rng, 2) for _ in range(rng.randint(1, 2))]
    text = declared(2, 2) + UNIT + asserted(*map(shown, formulas))
    (condition,) = parsed(text).conditions
    rows, offsets, clause = condition.rows, condition.offsets, condition.clause
    for _ in range(30):
        y = [Fraction(rng.randint(-40, 40), rng.choice([1, 10, 3])) for _ in range(2)]
        counterexample = all(truth(formula, y) for formula in formulas)
        values = [
            sum(Fraction(c) * v for c, v in zip(row, y, strict=True)) + Fraction(o)
            for row, o in zip(rows.tolist(), offsets.tolist(), strict=True)
        ]
        excluded = all(
            max(v for v, c in zip(values, clause, strict=True) if c == k) > 0 for k in range(clause.max() + 1)
        )
        if excluded:
            margin = min(max(v for v, c in zip(values, clause, strict=True) if c == k) for k in range(clause.max() + 1))
            assert not counterexample or margin < Fraction(1, 10**12)  # only by the rounding of coefficients
        elif not counterexample:
            least = min(max(v for v, c in zip(values, clause, strict=True) if c == k) for k in range(clause.max() + 1))
            assert least > -Fraction(1, 10**12)  # a strict constraint that is met with equality, up to rounding


# --- against the engines' own reader --------------------------------------------------------------------------------


@pytest.mark.parametrize("place", FILES or [None], ids=lambda p: "absent" if p is None else p.name)
def test_agrees_with_the_derivation_of_the_engines(place: Path | None) -> None:
    if place is None:
        pytest.skip("the shared benchmark properties are not at hand")
    from evidence.regions import expand
    from evidence.specification import Statement

    files = Files()
    n, m = SIZES[place.parts[-3]]
    value = holds(files.add(place.read_bytes()), "sha256:" + "0" * 64, n, m)
    theirs = expand(Statement.model_validate(value), files.__getitem__)
    own = regions.read(value, files.__getitem__)
    assert len(own.sets) == len(theirs)
    assert (own.sets.lower <= theirs.lower).all() and (own.sets.upper >= theirs.upper).all()
    np.testing.assert_allclose(own.sets.lower, theirs.lower, rtol=1e-15, atol=1e-300)
    np.testing.assert_allclose(own.sets.upper, theirs.upper, rtol=1e-15, atol=1e-300)
    for r in range(len(theirs)):
        wanted, given = theirs.conditions[theirs.condition_of[r]], own.conditions[own.condition_of[r]]
        np.testing.assert_array_equal(given.rows, wanted.rows)
        np.testing.assert_array_equal(given.clause, wanted.clause)
        np.testing.assert_allclose(given.offsets, wanted.offsets, rtol=1e-15, atol=1e-300)


def holds(file: str, model: str, n: int, m: int, **changes: Any) -> dict[str, Any]:
    """A statement that a property file has no counterexample."""
    value = statement(
        model, n, m, {"kind": "property-file", "file": file}, {"kind": "property-holds"}, decision="none", **changes
    )
    value["inputs"] = [{"name": f"X_{i}", "unit": "1"} for i in range(n)]
    value["outputs"] = [f"Y_{j}" for j in range(m)]
    return value


def test_a_property_is_proved_and_its_negation_is_not() -> None:
    """y in [0, 2] on the box: the counterexample y >= 3 does not exist, y >= 1 does; several regions, two clauses."""
    net = toy(([[1], [-1]], [0, 0]), ([[1, 1]], [0]))
    files = Files()
    model = files.add(net.onnx())
    box = "(<= X_0 {}) (>= X_0 {})"
    for text, proved in (
        (f"(and {box.format(2, -1)} (>= Y_0 3))", (True,)),
        (f"(and {box.format(2, -1)} (>= Y_0 1))", (False,)),
        (f"(and {box.format(2, -1)} (> Y_0 2))", (False,)),
        (f"(or (and {box.format(2, -1)} (>= Y_0 3)) (and {box.format(2, 1)} (<= Y_0 0.5)))", (True, True)),
        (f"(or (and {box.format(2, -1)} (>= Y_0 3)) (and {box.format(2, -1)} (<= Y_0 0.5)))", (False,)),
        (f"(and {box.format(2, -1)} (>= Y_0 1) (<= Y_0 0.5))", (False,)),  # excluded, but by no single row
    ):
        file = files.add((declared(1, 1) + asserted(text)).encode())
        value = holds(file, model, 1, 1)
        assert run(value, files, whole(len(proved))).proved == proved, text
    # the last one by weights: (1 - y) / 1 + (y - 1/2) ... no row is positive everywhere, their sum is
    assert run(value, files, [[0, None, [[[[1, 1], None, None]]]]]).proved == (True,)


def test_swapped_or_malformed_property_files_are_refused() -> None:
    net = random_toy(np.random.default_rng(0), [1, 3, 1])
    files = Files()
    model = files.add(net.onnx())
    easy = (declared(1, 1) + asserted("(<= X_0 1)", "(>= X_0 0)", "(>= Y_0 1e6)")).encode()
    hard = easy.replace(b"1e6", b"-1e6")
    value = holds(files.add(easy), model, 1, 1)
    assert run(value, files, whole(1)).proved == (True,)
    assert run(holds(files.add(hard), model, 1, 1), files, whole(1)).proved == (False,)
    swapped = Files(files)
    swapped[value["regions"]["file"]] = hard
    refused = run(value, swapped, whole(1)).refusal
    assert refused is not None and refused.startswith("N154")
    for data, code in ((b"(", "N158"), (easy.replace(b"Y_0", b"Y_1"), "N158")):
        refused = run(holds(files.add(data), model, 1, 1), files, whole(1)).refusal
        assert refused is not None and refused.startswith(code)
    for change in ({"condition": {"kind": "keep-label"}}, {"regions": {"kind": "property-file"}}):
        refused = run({**value, **change}, files, whole(1)).refusal
        assert refused is not None and refused.startswith("N150")
    mixed = {
        **value,
        "regions": {"kind": "boxes", "boxes": [{"id": "b", "ranges": {"X_0": {"lower": 0, "upper": 1, "unit": "1"}}}]},
    }
    refused = run(mixed, files, whole(1)).refusal
    assert refused is not None and refused.startswith("N150")
