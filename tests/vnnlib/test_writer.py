"""Writing VNN-LIB: reading it again gives the same cases, exactly; what cannot be stated is refused."""

from __future__ import annotations

import io
import random
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.digest import of_bytes
from evidence.errors import UnsupportedError
from evidence.exact import property_of
from evidence.regions import expand
from evidence.replay import lies_inside, violates
from evidence.specification import Statement
from evidence.vnnlib import read_property
from evidence.vnnlib.writer import decimal_text, write_property

Version = Literal["1.0", "2.0"]
VERSIONS: tuple[Version, Version] = ("1.0", "2.0")
PORTS = [{"name": "h", "unit": "ft"}, {"name": "v", "unit": "kt"}]
OUTPUTS = ["left", "right", "stay"]


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


DATA = npz(inputs=np.array([[0.1, -7.25], [1e-3, 3.3]], dtype=np.float32), labels=np.array([2, 0], dtype=np.int64))
TABLE = npz(grid_h=np.array([0.0, 0.1, 0.4]), grid_v=np.array([1.0, 2.0]), advisory=np.array([[0, 0], [0, 0], [0, 1]]))
BALLS = {
    "kind": "input-balls",
    "data": of_bytes(DATA),
    "perturbation": {"kind": "sensor-error", "tolerances": {"h": "0.3 ft"}},
}
RANGES = {"h": {"lower": 0.1, "upper": 0.7, "unit": "ft"}, "v": {"lower": -3, "upper": 1e-7, "unit": "kt"}}
BOXES = {
    "kind": "boxes",
    "boxes": [
        {"id": "a", "ranges": RANGES},
        {"id": "b", "ranges": RANGES | {"h": {"lower": 2, "upper": 3, "unit": "ft"}}},
    ],
}
CELLS = {"kind": "table-cells", "table": of_bytes(TABLE)}


def stated(regions: Any, condition: Any, **more: Any) -> Statement:
    return Statement.model_validate(
        {"model": of_bytes(b""), "inputs": PORTS, "outputs": OUTPUTS, "regions": regions, "condition": condition} | more
    )


def blobs(digest: str) -> bytes:
    return {of_bytes(DATA): DATA, of_bytes(TABLE): TABLE}[digest]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("regions", "condition"),
    [
        (BALLS, {"kind": "keep-label"}),
        (BALLS, {"kind": "never-chosen", "outputs": ["left"]}),
        (BOXES, {"kind": "chosen-among", "outputs": ["left", "stay"]}),
        (BOXES, {"kind": "within", "ranges": {"left": {"lower": 0.1, "upper": 0.3, "unit": "1"}}}),
        (BOXES, {"kind": "linear", "all_of": [{"coefficients": {"left": 0.1, "stay": -2.5}, "greater_than": -0.7}]}),
        (CELLS, {"kind": "corner-entry"}),
    ],
)
@pytest.mark.parametrize("decision", ["argmax", "argmin"])
def test_what_is_written_reads_as_the_statement_means(
    version: Version, regions: Any, condition: Any, decision: str
) -> None:
    statement = stated(regions, condition, decision=decision)
    expanded = expand(statement, blobs)
    every = property_of(statement, expanded, range(len(expanded)))
    again = read_property(write_property(every, version, ("a comment\nof two lines",)).encode())
    assert (again.version, again.cases) == (version, every.cases)
    source = random.Random(5)
    for region in range(len(expanded)):
        single = property_of(statement, expanded, range(region, region + 1))
        found = read_property(write_property(single, version).encode())
        assert found.cases == single.cases
        condition_ = expanded.conditions[int(expanded.condition_of[region])]
        box = found.regions[0].box
        for _ in range(40):
            x = np.array(
                [source.choice([float(low), float(high), float(low) + 0.01]) for low, high in zip(box.lower, box.upper, strict=True)]
            ).astype(np.float32)  # fmt: skip
            y = np.array([source.choice([-1.0, 0.1, 0.2, 0.3, 0.5]) for _ in OUTPUTS])
            expected = lies_inside(statement, expanded, region, x) and violates(statement, condition_, y)
            exact = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
            assert found.refuted_by(0, *exact) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_the_benchmark_files_survive_writing(shared: Path, version: Version) -> None:
    for name in ("acasxu/vnnlib/prop_6", "acasxu/vnnlib/prop_7", "acasxu/vnnlib/prop_2", "mnist_fc/vnnlib/prop_1_0.05"):
        found = read_property((shared / "vnncomp" / f"{name}.vnnlib").read_bytes())
        again = read_property(write_property(found, version).encode())
        assert (again.cases, again.regions) == (found.cases, found.regions)


def test_strict_ends_survive_writing() -> None:
    head = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (and (> X_0 0) (<= X_0 1)))"
    found = read_property((head + "(assert (or (< Y_0 0.5) (and (< X_0 1) (> Y_0 2))))").encode())
    for version in VERSIONS:
        again = read_property(write_property(found, version).encode())
        assert again.cases == found.cases
        assert again.cases[1].open_upper == {0}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(-(10**12), 10**12), st.integers(0, 40), st.integers(0, 40))
def test_decimals_are_exact_and_finite(numerator: int, twos: int, fives: int) -> None:
    value = Fraction(numerator, 2**twos * 5**fives)
    text = decimal_text(value)
    assert Fraction(text) == value
    assert "e" not in text
    assert "." in text


def test_numbers_without_a_short_decimal_are_refused() -> None:
    for value in (Fraction(1, 3), Fraction(1, 2**200), Fraction(10**200)):
        with pytest.raises(UnsupportedError) as caught:
            decimal_text(value)
        assert caught.value.finding.code == "N135"


def test_l2_balls_and_smoothed_classifiers_cannot_be_stated() -> None:
    ball = BALLS | {"perturbation": {"kind": "l2", "eps": "0.5 ft"}}
    ports = [{"name": "h", "unit": "ft"}, {"name": "v", "unit": "ft"}]
    for statement in (
        stated(ball, {"kind": "keep-label"}, inputs=ports),
        stated(BALLS, {"kind": "keep-label"}, predictor="smoothed"),
    ):
        expanded = expand(statement, blobs)
        with pytest.raises(UnsupportedError) as caught:
            property_of(statement, expanded, range(1))
        assert caught.value.finding.code == "N134"


def test_too_many_cases_for_one_file() -> None:
    statement = stated(BOXES, {"kind": "chosen-among", "outputs": ["left"]})
    expanded = expand(statement, blobs)
    many = property_of(statement, expanded, range(2))
    crowded = type(many)(
        many.version, many.input_shape, many.output_shape, many.element, many.cases * 5_000, many.regions
    )
    with pytest.raises(UnsupportedError) as caught:
        write_property(crowded, "1.0")
    assert caught.value.finding.code == "N135"
