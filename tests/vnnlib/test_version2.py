"""VNN-LIB 2.0: the given samples, indices, and agreement with the `vnnlib` package where that is installed."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from evidence.errors import AssuranceError
from evidence.vnnlib import read_property

HEAD = '(vnnlib-version <2.0>)\n(declare-network n (declare-input A Real [2, 3]) (declare-output B Real [2] "out"))\n'
BOX = "".join(
    f"(assert (and (<= 0.0 A[{i},{j}]) (<= A [ {i}, {j} ] {i * 3 + j + 1}.0)))" for i in (0, 1) for j in (0, 1, 2)
)


def test_indices_count_row_by_row() -> None:
    found = read_property((HEAD + BOX + "(assert (< B[1] 0.5))").encode())
    assert (found.version, found.input_shape, found.output_shape, found.inputs) == ("2.0", (2, 3), (2,), 6)
    assert found.regions[0].box.upper == tuple(Fraction(i) for i in range(1, 7))
    assert found.cases[0].constraints[0].factors == ((1, Fraction(1)),)


def test_the_number_type_is_kept() -> None:
    text = HEAD.replace("Real", "float32") + BOX + "(assert (<= B[0] 0.0))"
    assert read_property(text.encode()).element == "float32"
    assert read_property((HEAD.replace("Real", "real") + BOX + "(assert (<= B[0] 0.0))").encode()).element == "real"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cartpole", (4, 2, 1)),
        ("drones", (12, 1, 2)),
        ("dubinsrejoin", (8, 8, 1)),
        ("lunarlander", (8, 4, 1)),
        ("acc", "N131"),  # a constraint joins two inputs
        ("single_network", "N131"),
        ("multiple_networks", "N131"),
        ("intermediate_nodes", "N131"),
        ("initialized", "N131"),  # version 2.1
        ("mnist", "N127"),  # most of the sample's bounds are left out
        ("test_linearise", "N130"),
    ],
)
def test_the_given_samples(shared: Path, name: str, expected: tuple[int, int, int] | str) -> None:
    data = (shared / "vnncomp" / "vnnlib2" / f"{name}.vnnlib").read_bytes()
    if isinstance(expected, str):
        with pytest.raises(AssuranceError) as caught:
            read_property(data, name)
        assert caught.value.finding.code == expected
        return
    found = read_property(data, name)
    assert (found.inputs, found.outputs, len(found.cases)) == expected


@pytest.mark.parametrize("name", ["cartpole", "drones", "dubinsrejoin", "lunarlander"])
def test_the_package_reads_the_same(shared: Path, name: str) -> None:
    """The registry's package parses 2.0; its numbers are float64, its comparisons are taken one by one."""
    library = pytest.importorskip("vnnlib", reason="the optional package vnnlib is not installed")
    text = (shared / "vnncomp" / "vnnlib2" / f"{name}.vnnlib").read_text("utf-8")
    query = library.parse_query_string(text)
    theirs = set()
    for assertion in query.assertions:
        for conjunction in assertion.expr.to_dnf():
            theirs.update(re.sub(r"\s+", "", str(item)) for item in conjunction)
    found = read_property(text.encode(), name)
    bounds = {text for text in theirs if "X" in text}
    assert len(bounds) == 2 * found.inputs
    shown = {f"{float(value)}" for region in found.regions for value in (*region.box.lower, *region.box.upper)}
    numbers = {f"{float(found[0])}" for item in bounds for found in [re.findall(r"-?[0-9.]+(?=\)$)", item)]}
    assert shown == numbers
    assert len(theirs - bounds) == len({item for case in found.cases for item in case.constraints})
