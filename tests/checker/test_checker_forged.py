"""An honest certificate, altered in every way that comes to mind: nothing false is ever confirmed.

The region is split by a phase and a cut, its leaves carry weights, betas and slopes. Each alteration is offered for
statements that hold and for such that do not. Alterations that leave a gap are not confirmed even where the
statement holds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checker_toys import Files, Toy, boxes, certificate, linear, run, statement, toy, whole

from evidence.checker import check

# with z = x0 - x1: y = z + 2 max(-z, 0) + 1/8 = |z| + 1/8; pre-activations z, z + 4, -z
NET = toy(([[1, -1], [1, -1], [-1, 1]], [0, 4, 0]), ([[0, 1, 2]], [-4 + 0.125]))
LOWER, UPPER = [-1.0, -1.0], [1.0, 1.0]
TREE: list[Any] = ["bounds", ["relu", 0, 0], None, [0, 0.25], "bounds", None, None]
RIGHT = [[0.0, [1.0], [[0, 1, 0]]]]
LEAVES: list[Any] = [[[[1.0], [1.0], [[0, 1, 1]]]], [[[1.0], [1.0], [[0, 1, 0]]]], [[0, [1.0], [[0, 1, 0]]]]]


def offered(tree: Any, leaves: Any, above: float, net: Toy = NET, lower: Any = LOWER, upper: Any = UPPER) -> bool:
    files = Files()
    value = statement(files.add(net.onnx()), 2, 1, boxes([lower], [upper]), linear([1], above=above))
    report = run(value, files, [[0, tree, leaves]])
    assert report.refusal is None and len(report.proved) == 1
    return report.proved[0]


def edited(change: Callable[[list[Any], list[Any]], object]) -> tuple[list[Any], list[Any]]:
    tree, leaves = copy.deepcopy(TREE), copy.deepcopy(LEAVES)
    change(tree, leaves)
    return tree, leaves


GAPS: dict[str, Callable[[list[Any], list[Any]], object]] = {
    "a missing leaf": lambda t, v: (t.pop(), v.pop()),
    "a missing half": lambda t, v: (t.__delitem__(slice(3, None)), v.__delitem__(slice(1, None))),
    "a leaf too many": lambda t, v: (t.append(None), v.append(None)),
    "entries for too few leaves": lambda t, v: v.pop(),
    "entries for too many leaves": lambda t, v: v.append(None),
    "a cut outside": lambda t, v: t.__setitem__(3, [0, 1.5]),
    "a cut outside, below": lambda t, v: t.__setitem__(3, [0, -1.5]),
    "a cut of an input that is not there": lambda t, v: t.__setitem__(3, [2, 0.25]),
    "a phase of a Relu that is not there": lambda t, v: t.__setitem__(1, ["relu", 1, 0]),
    "a phase of a neuron that is not there": lambda t, v: t.__setitem__(1, ["relu", 0, 3]),
    "a phase twice": lambda t, v: t.__setitem__(3, ["relu", 0, 0]),
    "a clause that is not there": lambda t, v: t.__setitem__(3, ["clause", 1]),
    "a negative weight": lambda t, v: v[0][0].__setitem__(0, [-1.0]),
    "two weights for one row": lambda t, v: v[0][0].__setitem__(0, [1.0, 1.0]),
    "a row that is not there": lambda t, v: v[0][0].__setitem__(0, 1),
    "no weight": lambda t, v: v[0][0].__setitem__(0, [0.0]),
    "too many betas": lambda t, v: v[0][0].__setitem__(1, [1.0, 1.0]),
    "too few betas": lambda t, v: v[0][0].__setitem__(1, []),
    "no betas": lambda t, v: v[1][0].__setitem__(1, None),
    "the other sign of a beta": lambda t, v: v[1][0].__setitem__(1, [-1.0]),
    "slopes for another layer": lambda t, v: v[1][0].__setitem__(2, [[0, 1, 0], [0]]),
    "slopes for fewer neurons": lambda t, v: v[1][0].__setitem__(2, [[0, 1]]),
    "slopes of another leaf": lambda t, v: v[1][0].__setitem__(2, [[0, 1, 1]]),
    "the phase of another neuron": lambda t, v: t.__setitem__(1, ["relu", 0, 1]),
}
OTHERS: dict[str, Callable[[list[Any], list[Any]], object]] = {
    "nothing": lambda t, v: None,
    "the phase of the mirrored neuron": lambda t, v: t.__setitem__(1, ["relu", 0, 2]),
    "another cut": lambda t, v: t.__setitem__(3, [1, -0.5]),
    "a cut on the face": lambda t, v: t.__setitem__(3, [0, 1.0]),
    "no bounds": lambda t, v: (t.pop(4), t.pop(0)),
    "a huge weight": lambda t, v: v[0][0].__setitem__(0, [1e300]),
    "a tiny weight": lambda t, v: v[0][0].__setitem__(0, [1e-300]),
    "a huge beta": lambda t, v: v[0][0].__setitem__(1, [1e308]),
    "huge slopes": lambda t, v: v[0][0].__setitem__(2, [[1e308, -1e308, 1e308]]),
    "wild slopes": lambda t, v: v[1][0].__setitem__(2, [[9.0, -7.0, 3.0]]),
    "leaves in another order": lambda t, v: v.reverse(),
    "wild inner slopes": lambda t, v: t.__setitem__(0, ["bounds", [[0, 0, 1, []], [0, 2, -1, []]]]),
    "the cut before the phase": lambda t, v: (t.__setitem__(1, [0, 0.25]), t.__setitem__(3, ["relu", 0, 0])),
}


def test_the_certificate_itself_is_confirmed() -> None:
    assert offered(TREE, LEAVES, 0.1) and offered(TREE, LEAVES, 0.125 - 1e-9)
    assert not offered(None, None, 0.1)


@pytest.mark.parametrize("name", GAPS)
def test_alterations_that_leave_a_gap_are_not_confirmed(name: str) -> None:
    assert not offered(*edited(GAPS[name]), 0.1)


@pytest.mark.parametrize("name", [*GAPS, *OTHERS])
def test_forged_certificates_of_a_true_region_confirm_nothing_false(name: str) -> None:
    """The least value 1/8 is taken where x0 = x1: thresholds from there on are false, and so are shifted boxes."""
    tree, leaves = edited({**GAPS, **OTHERS}[name])
    for above in (0.125, 0.1250001, 0.2, 1.0):
        assert not offered(tree, leaves, above)
    # y > 0.6 holds where x0 - x1 > 1/2, and on no box that is shifted or made wider
    far = ([0.7, -1.0], [1.0, 0.1])
    offered(tree, leaves, 0.6, lower=far[0], upper=far[1])
    for lower, upper in (([0.5, -1.0], [0.8, 0.1]), ([0.7, -1.0], [1.0, 0.3]), ([-1.0, 0.0], [1.0, 0.1])):
        assert not offered(tree, leaves, 0.6, lower=lower, upper=upper)


@pytest.mark.parametrize("name", ["nothing", "no bounds", "the cut before the phase"])
def test_certificates_for_a_misread_network_confirm_nothing_false(name: str) -> None:
    """An engine that reads another bias or a transposed matrix makes an honest certificate for another network."""
    tree, leaves = edited(OTHERS[name])
    first, last = NET.steps
    real = [
        toy((first.weight, first.bias), (last.weight, last.bias - 0.25)),  # the engine dropped this -1/4
        toy((first.weight[[0, 1, 0]], first.bias), (last.weight, last.bias)),  # the engine mixed up two rows
        toy((-first.weight, first.bias), (last.weight, last.bias)),
        toy((first.weight, first.bias[[1, 0, 2]]), (last.weight, last.bias)),
    ]
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, size=(4000, 2))
    for net in real:
        least = float(net.rough(points).min())
        for above in (0.1, 0.12):
            if least < above:
                assert not offered(tree, leaves, above, net=net)


def test_a_square_matrix_that_is_transposed_is_noticed() -> None:
    """The certificate was made for W, the file holds the transposed one: the region is false and not confirmed."""
    weight = np.array([[1.0, -2.0], [0.5, 1.0]])
    believed, real = (toy((w, [6, 6]), ([[1, 3]], [0])) for w in (weight, weight.T))
    points = np.random.default_rng(1).uniform(-1, 1, size=(2000, 2))
    above = float(real.rough(points).min()) + 0.1
    assert float(believed.rough(points).min()) > above
    files = Files()
    lower, upper = [LOWER], [UPPER]
    good = statement(files.add(believed.onnx()), 2, 1, boxes(lower, upper), linear([1], above=above))
    bad = statement(files.add(real.onnx()), 2, 1, boxes(lower, upper), linear([1], above=above))
    assert run(good, files, whole(1)).proved == (True,)
    assert run(bad, files, whole(1)).proved == (False,)
    swapped = check(bad, certificate(good, whole(1)), files.__getitem__)
    assert swapped.refusal is not None and swapped.refusal.startswith("N156") and swapped.proved == ()
