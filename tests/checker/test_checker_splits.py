"""Phases, inherited bounds and multipliers: by hand where it can be, and never against the truth."""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from checker_toys import Files, Toy, boxes, linear, random_toy, run, statement, toy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.checker import Report, walk

BAD = object()


def split(k: int, j: int) -> list[Any]:
    return ["relu", k, j]


def offered(net: Toy, tree: Any, leaves: Any, above: float = 0.0, row: Any = (1,), **more: Any) -> Report:
    """One region [-1, 1]^n with rows @ y > above."""
    n, m = net.sizes
    files = Files()
    rows = [row] if np.ndim(row) == 1 else row
    value = statement(files.add(net.onnx()), n, m, boxes([[-1.0] * n], [[1.0] * n]), linear(*rows, above=above))
    return run(value, files, [[0, tree, leaves]], **more)


# y = max(x, 0) - x / 2, at least 0
HALF = toy(([[1], [1]], [0, 8]), ([[1, -0.5]], [4]))
BETAS = [[[0, [0.5], None]]] * 2  # for the two phases of its first neuron
# with z = x0 - x1: y = z + 2 max(-z, 0) + 1/8 = |z| + 1/8; the first neuron has pre-activation z, the last -z
ABS = toy(([[1, -1], [1, -1], [-1, 1]], [0, 4, 0]), ([[0, 1, 2]], [-4 + 0.125]))


def test_a_split_by_phase_proves_what_the_relaxation_cannot() -> None:
    assert offered(HALF, None, None, above=-0.125).proved == (False,)
    for tree in ([split(0, 0), None, None], ["bounds", split(0, 0), None, None], [split(0, 0), "bounds", None, None]):
        assert offered(HALF, tree, None, above=-0.125).proved == (False,), tree
        assert offered(HALF, tree, BETAS, above=-1e-9).proved == (True,), tree
        assert offered(HALF, tree, BETAS, above=0.0).proved == (False,)  # attained at 0, on the shared face


def test_betas_carry_a_phase_to_other_neurons() -> None:
    """Split by z, the neuron with pre-activation -z is decided only through a multiplier."""
    tree = [split(0, 0), None, None]
    assert offered(ABS, tree, None).proved == (False,)
    # z <= 0: y = z - 2 z (slope 1) + 1/8, and nu = beta = 1 adds z <= 0. z >= 0: slope 0, nu = mu - 1.
    right = [[[0, [1.0], [[0, 1, 1]]]], [[0, [1.0], [[0, 1, 0]]]]]
    assert offered(ABS, tree, right).proved == (True,)
    assert offered(ABS, ["bounds", *tree], right).proved == (True,)
    assert offered(ABS, tree, right, above=0.1249).proved == (True,)
    assert offered(ABS, tree, right, above=0.125).proved == (False,)
    for wrong in (-1.0, 0.0, 0.9, 1.1, 1e300, 5e-324):
        for leaf in (0, 1):
            altered = [[[*right[0][0]]], [[*right[1][0]]]]
            altered[leaf][0][1] = [wrong]
            assert offered(ABS, tree, altered).proved == (abs(wrong - 1) < 0.11 and False,), (wrong, leaf)
    swapped = [right[1], right[0]]
    assert offered(ABS, tree, swapped).proved == (False,)


def test_weights_combine_the_rows_of_a_clause() -> None:
    """One clause with two rows, x and 1/4 - x, of which one is positive everywhere: their sum is."""
    net = toy(([[1], [-1], [0]], [2, 2, 1]), ([[1, 0, 0], [0, 1, 0], [0, 0, 2]], [0, 0.25, 0]))
    files = Files()
    value = statement(
        files.add(net.onnx()), 1, 3, boxes([[-1.0]], [[1.0]]), {"kind": "never-chosen", "outputs": ["y2"]}
    )
    for leaf, proved in (
        (None, False),
        ([None], False),
        ([[0, None, None]], False),
        ([[1, None, None]], False),
        ([[[1, 1], None, None]], True),
        ([[[3.0, 3], None, None]], True),
        ([[[1, 0.5], None, None]], False),
        ([[[0, 0], None, None]], False),
        ([[[1e308, 1e308], None, None]], False),
    ):
        assert run(value, files, [[0, None, [leaf]]]).proved == (proved,), leaf
    for bad in (
        [-1, 1],
        [1],
        [1, 1, 1],
        2,
        -1,
        "1",
        True,
        [True, True],
        [None, 1],
        0.5,
        None,
        [[1], [1]],
        [1e308, "x"],
    ):
        report = run(value, files, [[0, None, [[[bad, None, None]]]]])
        assert report.proved == (False,) and "weights" in report.reasons[0], bad


def test_all_weights_zero_shows_that_a_part_is_empty() -> None:
    """z0 = x0 - x1 >= 0 and z1 = x1 - x0 - 1/2 >= 0 exclude each other: -z0 - z1 = 1/2 > 0."""
    net = toy(([[1, -1], [-1, 1]], [0, -0.5]), ([[-1, -1]], [2.0]))  # y = 2 - max(z0, 0) - max(z1, 0) >= 0
    tree = [split(0, 0), None, split(0, 1), None, None]
    # only the last leaf is empty; on it y = 5/2, so that the rest is what needs the proof
    for betas, fine in (([1.0, 1.0], True), ([0.5, 0.5], True), ([1.0, 0.0], False), ([-1.0, -1.0], False)):
        seen: list[float] = []
        leaves = [None, None, [[[0], betas, None]]]
        report = offered(net, tree, leaves, above=-0.01)
        assert report.refusal is None
        margins = margin_of_empty(net, tree, betas)
        seen.append(margins)
        assert (margins == np.inf) == fine


def margin_of_empty(net: Toy, tree: Any, betas: list[float]) -> float:
    """The margin of the last leaf for a hopeless condition, with zero weights."""
    from evidence.checker import leaves, offers, onnx_reader, problem
    from evidence.checker import tree as trees

    chain = onnx_reader.read(net.onnx())
    condition = problem.Condition(np.array([[1.0]]), np.array([-100.0]), np.array([0]), False)
    found: dict[int, float] = {}

    def settle(parts: walk.Parts) -> None:
        entries = [
            offers.entries([[[0], betas, None]], condition.clause, 2, [2]) if splits == 2 and leaf == 2 else []
            for leaf, splits in zip(
                going.forest.leaf[parts.token].tolist(), np.count_nonzero(parts.phases, axis=1).tolist(), strict=True
            )
        ]
        with np.errstate(all="ignore"):
            margin = leaves.margins(
                chain.followed_by(condition.rows, condition.offsets), condition, going.sets_of(parts), parts, entries
            )
        found.update(zip(going.forest.leaf[parts.token].tolist(), margin.tolist(), strict=True))

    sets = problem.Sets(np.full((1, 2), -1.0), np.full((1, 2), 1.0))
    going = walk.Walk(chain, sets, [trees.read(tree, 2, [2], True)], {}, settle, np.array([1]), 1)
    going.run()
    assert sorted(found) == [0, 1, 2] and max(found[0], found[1]) < 0
    return found[2]


def test_a_part_whose_bounds_cross_is_proved_whatever_is_asked() -> None:
    """The second neuron is at least 7 on the box: its part z <= 0 holds no point. The other side decides."""
    for tree in (["bounds", split(0, 1), None, None], [split(0, 1), None, None]):
        assert offered(HALF, tree, None, above=-0.6).proved == (True,)
        assert offered(HALF, tree, None, above=0.0).proved == (False,)
    crossing = ["bounds", split(0, 1), [0, 99.0], None, None, None]  # what stands below an empty part says nothing
    assert offered(HALF, crossing, None, above=-0.6).proved == (True,)
    touching = toy(([[1], [1]], [1, 8]), ([[-1, 0]], [0.5]))  # z = x + 1 in [0, 2]: z <= 0 at one point, where y = 1/2
    assert offered(touching, ["bounds", split(0, 0), None, None], None, above=-2.0).proved == (True,)
    assert offered(touching, ["bounds", split(0, 0), None, None], None, above=-1.5).proved == (False,)


def test_a_separation_asks_for_one_clause_and_then_for_the_others() -> None:
    """Three clauses x > -2, -x > -2 and |z| + 1/8 > 0: each leaf answers for its own, and none is forgotten."""
    net = toy(([[1, -1], [1, -1], [-1, 1], [1, 0], [-1, 0]], [0, 4, 0, 2, 2]), (np.eye(5), [0, -4, 0, 0, 0]))
    rows = [[0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 1, 2, 0, 0]]
    tree = [split(0, 0), None, None]
    betas = [[None, None, [0, [1.0], [[0, 1, 1, 1, 1]]]], [None, None, [0, [1.0], [[0, 1, 0, 1, 1]]]]]
    assert offered(net, None, None, above=-0.1, row=rows).proved == (False,)
    assert offered(net, tree, betas, above=-0.1, row=rows).proved == (True,)
    apart = [["clause", 2], *tree, None]
    assert offered(net, apart, [*betas, None], above=-0.1, row=rows).proved == (True,)
    twice = [["clause", 0], None, ["clause", 2], *tree, None]
    assert offered(net, twice, [None, *betas, None], above=-0.1, row=rows).proved == (True,)
    assert offered(net, [["clause", 0], None, None], None, above=-0.1, row=rows).proved == (False,)
    assert offered(net, [["clause", 2], None, *tree], [None, *betas], above=-0.1, row=rows).proved == (False,)
    for number in range(3):  # each clause in turn is false: whatever the order, some leaf is left with it
        false = [[-c if i == number else c for c in row] for i, row in enumerate(rows)]
        for clause in range(3):
            parts = [["clause", clause], *tree, *tree]
            assert offered(net, parts, [*betas, *betas], above=-0.1, row=false).proved == (False,)
    assert offered(net, [["clause", 3], None, None], None, above=-0.1, row=rows).proved == (False,)


def test_packed_slopes_are_255ths() -> None:
    net = toy(([[1], [1]], [0, 8]), ([[1, -0.5]], [4]))
    pack = base64.b64encode(bytes([128, 255])).decode()
    assert offered(net, None, [[[0, None, [pack]]]], above=-0.003).proved == (True,)
    assert offered(net, None, [[[0, None, [pack]]]], above=-0.001).proved == (False,)  # 128/255 is not 1/2
    for bad in (pack[:-1], "", "AA==", "AAAA", "A*==", "\u00e9" * 4, " " + pack, pack + "\n"):
        report = offered(net, None, [[[0, None, [bad]]]], above=-0.6)
        assert not any(report.proved) and (report.refusal or "slopes" in report.reasons[0]), bad


def test_bounds_that_meet_hold_a_point() -> None:
    """Only bounds that cross are those of an empty part."""
    low, high = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, np.nan]]), np.array([[0.0, 2.0], [-1e-300, 2.0], [1.0, 0.0]])
    index, none = np.arange(3), np.zeros((3, 0))
    parts = walk.Parts(index, index, none, none, low, high, index > 0, none, none, index)
    assert parts.empty().tolist() == [False, True, False]


def test_slopes_for_inner_bounds_are_used_and_cannot_forge() -> None:
    """z = max(x, 0) - x / 2 + 1/8 is positive, which only slope 1/2 below shows; then y = z - max(z, 0) is 0."""
    net = toy(([[1], [1]], [0, 8]), ([[1, -0.5], [1, -0.5]], [4.125, 12.125]), ([[-1, 1]], [-8]))
    slopes = [[0.5, 1]]
    assert offered(net, ["bounds", None], None, above=-0.01).proved == (False,)
    assert offered(net, [["bounds", [[1, 0, 1, slopes]]], None], None, above=-0.01).proved == (True,)
    assert offered(net, [["bounds", [[1, 0, 1, slopes]]], None], None, above=0.0).proved == (False,)
    for bad in ([[0.9, 1]], [[-3.0, 1]], [None], [[None, 1]], [[1e308, 1e308]], None):
        report = offered(net, [["bounds", [[1, 0, 1, bad]]], None], None, above=-0.01)
        assert report.proved == (False,) and "margin" in report.reasons[0]
    assert offered(net, [["bounds", [[1, 0, -1, slopes]]], None], None, above=-0.01).proved == (False,)
    for item in (
        [1, 0, 0, slopes],
        [1, 0, 2, slopes],
        [2, 0, 1, slopes],
        [-1, 0, 1, slopes],
        [1, 2, 1, slopes],
        [1, -1, 1, slopes],
        [1, 0, 1, [[0.5]]],
        [1, 0, 1, [[0.5, 1], [1]]],
        [1, 0, 1],
        [1.0, 0, 1, slopes],
        [True, 0, 1, slopes],
        "x",
        None,
    ):
        report = offered(net, [["bounds", [item]], None], None, above=-0.01)
        assert report.refusal is None and report.proved == (False,) and "margin" not in report.reasons[0], item


def test_slopes_for_inner_bounds_stay_in_force_below() -> None:
    """z = max(x, 0) - x / 4 + 1/8 is positive. Slope 1/2 shows it on [-1/4, 1], not on [-1, 1]; slope 1 on neither."""
    net = toy(([[1], [1]], [0, 8]), ([[1, -0.25], [1, -0.25]], [2.125, 10.125]), ([[-1, 1]], [-8]))
    good, bad = ([1, 0, 1, [[slope, 1]]] for slope in (0.5, 1.0))
    cut = [[0, -0.25], "bounds", None, "bounds", None]
    assert offered(net, ["bounds", *cut], None, above=-0.01).proved == (False,)
    assert offered(net, [["bounds", [good]], None], None, above=-0.01).proved == (False,)
    assert offered(net, [["bounds", [good]], *cut], None, above=-0.01).proved == (True,)
    assert offered(net, [["bounds", [good]], *cut], None, above=0.0).proved == (False,)
    assert offered(net, [["bounds", [bad]], *cut], None, above=-0.01).proved == (False,)
    for first, second, proved in ((good, bad, False), (bad, good, True)):
        tree = [["bounds", [first]], ["bounds", [second]], *cut]
        assert offered(net, tree, None, above=-0.01).proved == (proved,)


@pytest.mark.parametrize(
    "tree",
    [
        ["bounds"],
        ["bounds", None, None],
        [None, "bounds"],
        ["bound", None],
        [["bounds"], None],
        [["bounds", None], None],
        [["bounds", {}], None],
        [["bounds", [], []], None],
        [["clause", 1], None, None],
        [["clause", -1], None, None],
        [["clause", True], None, None],
        [["clause", 0.0], None, None],
        [["clause", 2**40], None, None],
        [["clause", 0, 0], None, None],
        [["clause", 0], None],
        [["relu", 0], None, None],
        [["relu", 0, 0, 0], None, None],
        [["relu", 1, 0], None, None],
        [["relu", -1, 0], None, None],
        [["relu", 0, 2], None, None],
        [["relu", 0, -1], None, None],
        [["relu", 0.0, 0], None, None],
        [["relu", True, 0], None, None],
        [["relu", 0, "0"], None, None],
        [["Relu", 0, 0], None, None],
        [["relu", 0, 2**70], None, None],
        [["relu", 0, 0], None],
        [["relu", 0, 0], None, None, None],
        [["relu", 0, 0], ["relu", 0, 0], None, None, None],
        [["relu", 0, 0], None, ["relu", 0, 1], None, ["relu", 0, 0], None, None],
    ],
)
def test_malformed_trees_are_not_confirmed(tree: Any) -> None:
    assert offered(HALF, [split(0, 0), None, None], None, above=-0.6).proved == (True,)
    report = offered(HALF, tree, None, above=-0.6, ranges=[[0, tree]])
    assert report.refusal is None and report.proved == (False,) and set(report.reasons) == {0} and report.lower == {}


@pytest.mark.parametrize(
    "leaves",
    [
        [],
        [None],
        [None, None, None],
        [[], None],
        [[None, None], None],
        [[[0, [], None]], None],
        [[[0, [1.0, 2.0], None]], None],
        [[[0, ["x"], None]], None],
        [[[0, [None], None]], None],
        [[[0, {}, None]], None],
        [[[0, 1.0, None]], None],
        [[[0, None]], None],
        [[[0, None, None, None]], None],
        [[{}], None],
        [{}, None],
        [0, None],
        ["leaf", None],
    ],
)
def test_malformed_leaves_are_not_confirmed(leaves: Any) -> None:
    """Even where the checker's own rules would do."""
    assert offered(HALF, [split(0, 0), None, None], BETAS, above=-0.6).proved == (True,)
    report = offered(HALF, [split(0, 0), None, None], leaves, above=-0.6)
    assert report.refusal is None and report.proved == (False,) and set(report.reasons) == {0}
    assert "margin" not in report.reasons[0]


def test_trees_too_deep_for_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = [*([0, 0.0] for _ in range(9)), *[None] * 10]
    monkeypatch.setattr(walk, "BATCH", 1)
    monkeypatch.setattr(walk, "MAX_WAITING", 88)
    assert offered(HALF, tree, None, above=-0.6).proved == (True,)
    monkeypatch.setattr(walk, "MAX_WAITING", 40)
    report = offered(HALF, tree, None, above=-0.6)
    assert report.refusal is not None and report.refusal.startswith("N155")


def test_too_many_slopes_for_inner_bounds_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where one entry offers too much; several are looked at apart where together they are too many."""
    inner = [[0, 0, 1, []]] * 4
    tree = [[0, 0.0], ["bounds", inner], None, ["bounds", inner], None]
    for limit, proved in ((100, True), (8, True), (7, False)):
        monkeypatch.setattr(walk, "MAX_SLOPES", limit)
        assert offered(HALF, tree, None, above=-0.6).proved == (proved,)


# --- random trees ------------------------------------------------------------------------------------------------


def random_tree(rng: np.random.Generator, net: Toy, low: Any, high: Any, size: int) -> tuple[list[Any], list[int]]:
    """Tokens over a box, and for each leaf in order how many phases are split above it."""
    relus = [len(step.bias) for step in net.steps if step.relu]
    tokens: list[Any] = []
    leaves: list[int] = []
    stack: list[tuple[Any, Any, frozenset[tuple[int, int]]]] = [(low, high, frozenset())]
    while stack:
        low, high, done = stack.pop()
        free = [(k, j) for k, n in enumerate(relus) for j in range(n) if (k, j) not in done]
        kind = rng.choice(["leaf", "cut", "relu"], p=[0.3, 0.3, 0.4]) if len(tokens) < size else "leaf"
        if rng.uniform() < 0.4:
            tokens.append("bounds" if rng.uniform() < 0.5 else ["bounds", random_inner(rng, relus)])
        if kind == "cut":
            axis = int(rng.integers(len(low)))
            at = float(rng.uniform(low[axis], high[axis]))
            below, above = high.copy(), low.copy()
            below[axis] = above[axis] = at
            tokens.append([axis, at])
            stack += [(above, high, done), (low, below, done)]
        elif kind == "relu" and free:
            neuron = free[int(rng.integers(len(free)))]
            tokens.append(split(*neuron))
            stack += [(low, high, done | {neuron})] * 2
        else:
            tokens.append(None)
            leaves.append(len(done))
    return tokens, leaves


def drawn(rng: np.random.Generator, count: int, signed: bool = True) -> list[float]:
    scale = 10.0 ** rng.integers(-3, 3) if rng.uniform() < 0.8 else 10.0 ** rng.integers(-300, 300)
    values = rng.normal(size=count) * scale
    values[rng.uniform(size=count) < 0.3] = 0.0
    return (values if signed else np.abs(values)).tolist()


def random_slopes(rng: np.random.Generator, relus: list[int]) -> Any:
    if rng.uniform() < 0.3:
        return None
    return [None if rng.uniform() < 0.3 else rng.uniform(-0.3, 1.3, size=n).tolist() for n in relus]


def random_inner(rng: np.random.Generator, relus: list[int]) -> list[Any]:
    return [
        [k, int(rng.integers(relus[k])), int(rng.choice([1, -1])), random_slopes(rng, relus[:k])]
        for k in rng.integers(len(relus), size=int(rng.integers(4))).tolist()
    ]


def random_leaves(rng: np.random.Generator, net: Toy, leaves: list[int], clauses: int) -> list[Any]:
    relus = [len(step.bias) for step in net.steps if step.relu]

    def entry(splits: int) -> Any:
        if rng.uniform() < 0.2:
            return None
        weights: Any = 0 if rng.uniform() < 0.5 else drawn(rng, 1, signed=False)
        return [weights, drawn(rng, splits) if rng.uniform() < 0.8 else None, random_slopes(rng, relus)]

    return [None if rng.uniform() < 0.2 else [entry(splits) for _ in range(clauses)] for splits in leaves]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    inputs=st.integers(1, 3),
    width=st.sampled_from([0.0, 1e-9, 0.1, 1.0, 2.0]),
    bias=st.sampled_from([0.0, 0.3]),
)
def test_no_tree_and_no_multipliers_confirm_a_false_region(
    seed: int, widths: list[int], inputs: int, width: float, bias: float
) -> None:
    """Thresholds at and just above a point's exact value: whatever is offered, the region is not confirmed."""
    rng = np.random.default_rng(seed)
    net = random_toy(rng, [inputs, *widths, 2], bias=bias)
    lower = rng.normal(size=inputs)
    upper = lower + width
    unit = rng.uniform(size=(400, inputs))
    unit[:50] = np.round(unit[:50])
    points = lower + unit * (upper - lower)
    rows = [[1.0, 0.0], [0.25, -1.0]]
    least = []
    for row in rows:
        best = points[(net.rough(points) @ np.array(row)).argsort()[:2]]
        values = [sum(Fraction(c) * y for c, y in zip(row, net.exact(x.tolist()), strict=True)) for x in best]
        least.append(float(min(values)))
    files = Files()
    model = files.add(net.onnx())
    above = float(np.nextafter(least[0], np.inf))
    condition = linear(rows[0], above=above)
    condition["all_of"] += linear(rows[1], above=least[1] - 10)["all_of"]  # easy
    value = statement(model, inputs, 2, boxes([lower], [upper]), condition)
    for _ in range(3):
        tree, leaves = random_tree(rng, net, lower, upper, int(rng.integers(1, 25)))
        report = run(value, files, [[0, tree, random_leaves(rng, net, leaves, 2)]], ranges=[[0, tree]])
        assert report.refusal is None and report.proved == (False,)
        if 0 in report.lower:
            outputs = net.rough(points)
            assert (outputs >= np.array(report.lower[0]) - 1e-9).all()
            assert (outputs <= np.array(report.upper[0]) + 1e-9).all()


def test_splitting_every_neuron_is_complete() -> None:
    """With all phases split and one beta each chosen by a linear program, thresholds just below the minimum hold."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(3)
    done = 0
    for _ in range(12):
        net = random_toy(rng, [2, 3, 1])
        first, last = net.steps
        least = 1e9
        tree: list[Any] = []
        entries: list[Any] = []
        for pattern in range(8):  # pre-order: the first split is the highest bit; z <= 0 comes first
            signs = [1 if pattern >> (2 - j) & 1 else -1 for j in range(3)]
            tree += [split(0, j) for j in range(3) if pattern % (1 << (3 - j)) == 0] + [None]
            w, b = first.weight.astype(float), first.bias.astype(float)
            active = np.array([s > 0 for s in signs])
            cost = (last.weight[0].astype(float) * active) @ w
            const = (last.weight[0].astype(float) * active) @ b + float(last.bias[0])
            sign = np.array(signs, dtype=float)
            found = linprog(cost, A_ub=-sign[:, None] * w, b_ub=sign * b, bounds=[(-1, 1)] * 2)
            if found.status == 2:  # empty: Farkas multipliers from the program that relaxes all phases by t
                relaxed = linprog(
                    [0, 0, 1],
                    A_ub=np.concatenate([-sign[:, None] * w, -np.ones((3, 1))], axis=1),
                    b_ub=sign * b,
                    bounds=[(-1, 1)] * 2 + [(0, None)],
                )
                entries.append([[[0], (-relaxed.ineqlin.marginals).tolist(), None]])
            else:
                least = min(least, found.fun + const)
                entries.append([[0, (-found.ineqlin.marginals).tolist(), None]])
        assert offered(net, tree, entries, above=least - 1e-7).proved == (True,)
        assert offered(net, tree, entries, above=least + 1e-7).proved == (False,)
        done += offered(net, None, None, above=least - 1e-7).proved == (False,)
    assert done > 3
