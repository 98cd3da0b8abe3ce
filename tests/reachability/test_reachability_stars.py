"""Linear programs, stars and quick bounds: hand-computed sets, brute force, and 10,000 points that must lie inside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from reachability_toys import chain, random_layers

from evidence.engines.reachability.leaf_bounds import layer_bounds, lower_bounds, proof_tree, range_tree
from evidence.engines.reachability.programs import Polytope, contracted, is_empty, maximise, maximise_all
from evidence.engines.reachability.queries import condition_holds, output_bounds, shadow, support
from evidence.engines.reachability.star import Star, box_star, enclose, patterns, split
from evidence.network import Affine, Network, Relu
from evidence.regions import OutputCondition

Floats = NDArray[np.float64]


def start(network: Network, lower: Floats, upper: Floats) -> tuple[Star, list[tuple[Floats, Floats]]]:
    bounds = [(low[0], high[0]) for low, high in layer_bounds(network, lower[None], upper[None])]
    return box_star(lower, upper, inside(lower, upper, 50, 1)), bounds


def exact_stars(network: Network, lower: Floats, upper: Floats) -> tuple[Star, ...]:
    found = split(network, *start(network, lower, upper), 2000)
    assert found is not None
    return found


def relaxed_star(network: Network, lower: Floats, upper: Floats) -> tuple[Star, ...]:
    return (enclose(network, *start(network, lower, upper)),)


def inside(lower: Floats, upper: Floats, count: int = 10_000, seed: int = 2) -> Floats:
    return np.asarray(lower + (upper - lower) * np.random.default_rng(seed).random((count, len(lower))))


def random_polytope(k: int, rows: int, seed: int) -> Polytope:
    rng = np.random.default_rng(seed)
    return Polytope(rng.standard_normal((rows, k)), rng.random(rows) * 0.5, -np.ones(k), np.ones(k))


def vertices(polytope: Polytope) -> Floats:
    """All vertices by brute force: every k of the inequalities taken as equations."""
    k = len(polytope.low)
    rows = np.vstack([polytope.rows, np.eye(k), -np.eye(k)])
    limits = np.concatenate([polytope.limits, polytope.high, -polytope.low])
    found = []
    for chosen in combinations(range(len(rows)), k):
        part = rows[list(chosen)]
        if abs(np.linalg.det(part)) > 1e-9:
            point = np.linalg.solve(part, limits[list(chosen)])
            if (rows @ point <= limits + 1e-9).all():
                found.append(point)
    return np.array(found)


# --- linear programs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_largest_values_agree_with_the_vertices(seed: int) -> None:
    polytope = random_polytope(3, 5, seed)
    objectives = np.random.default_rng(seed + 100).standard_normal((7, 3))
    found = maximise(objectives, polytope)
    exact = (objectives @ vertices(polytope).T).max(axis=1)
    assert (found.upper >= exact - 1e-12).all()
    assert found.upper == pytest.approx(exact, abs=1e-7)
    assert found.points is not None
    assert polytope.contains(found.points, 1e-6).all()
    assert (found.points * objectives).sum(axis=1) == pytest.approx(exact, abs=1e-6)


def test_many_programs_solved_together_agree_with_each_alone() -> None:
    questions = [(np.random.default_rng(i).standard_normal((3, 4)), random_polytope(4, i, i)) for i in range(8)]
    empty = Polytope(np.array([[1.0], [-1.0]]), np.array([-0.5, 0.0]), -np.ones(1), np.ones(1))
    together = maximise_all([*questions, (np.ones((1, 1)), empty), (np.zeros((0, 4)), questions[3][1])])
    for question, answer in zip(questions, together, strict=False):
        assert answer.upper == pytest.approx(maximise(*question).upper, abs=1e-7)
        assert answer.points is not None
    assert together[-2].points is None and together[-2].upper == [1.0]
    assert len(together[-1].upper) == 0 and together[-1].points is not None


def test_emptiness_is_found_and_never_claimed_of_a_set_with_points() -> None:
    low, high = -np.ones(2), np.ones(2)
    rows = np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert is_empty(Polytope(rows, np.array([-0.1, 0.05]), low, high))
    assert not is_empty(Polytope(rows, np.array([0.0, 0.0]), low, high))
    assert not is_empty(Polytope(rows[:0], np.zeros(0), low, high))
    for seed in range(10):
        assert not is_empty(random_polytope(3, 6, seed))


def test_a_cut_keeps_exactly_the_points_on_its_side() -> None:
    for seed in range(20):
        polytope = random_polytope(3, 2, seed)
        rng = np.random.default_rng(seed)
        row, limit = rng.standard_normal(3), 0.3 * rng.standard_normal()
        points = rng.uniform(-1, 1, (2000, 3))
        expected = polytope.contains(points, 0.0) & (points @ row <= limit)
        assert (polytope.cut(row, limit).contains(points, 1e-12) == expected).all()


def test_a_drawn_in_box_of_contradictory_rows_stays_a_box() -> None:
    low, high = contracted(np.array([[1.0, 0.0]]), np.array([-5.0]), -np.ones(2), np.ones(2))
    assert (low <= high).all()


# --- stars ---------------------------------------------------------------------------------------------------------


def test_an_affine_network_is_one_star_with_the_closed_form_range() -> None:
    weight, bias = np.array([[2.0, -1.0], [0.5, 3.0]]), np.array([1.0, -2.0])
    found = exact_stars(chain([(weight, bias)]), np.array([-1.0, 0.0]), np.array([1.0, 4.0]))
    lower, upper, exact = output_bounds(found)
    assert exact and len(found) == 1
    assert lower == pytest.approx([-2 - 4 + 1, -0.5 - 2], abs=1e-7)
    assert upper == pytest.approx([2 - 0 + 1, 0.5 + 12 - 2], abs=1e-7)


def test_the_absolute_value_on_an_interval() -> None:
    # y = max(x, 0) + max(-x, 0) = |x| on [-1, 2]: two stars, [0, 2].
    network = chain([([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0]], [0])])
    found = exact_stars(network, np.array([-1.0]), np.array([2.0]))
    lower, upper, exact = output_bounds(found)
    assert exact and len(found) == 2
    assert (lower[0], upper[0]) == (pytest.approx(0, abs=1e-7), pytest.approx(2, abs=1e-7))


def test_a_difference_of_relus_is_linear_and_its_relaxation_is_not() -> None:
    # y = max(s, 0) - max(-s, 0) with s = a + b on [-1, 1]^2 is s. With the lower relaxation of one and the upper of
    # the other, at s = 0: max(s, 0) <= (s + 2) / 2 = 1 and max(-s, 0) >= 0, so y - s reaches 1.
    network = chain([([[1.0, 1.0], [-1.0, -1.0]], [0, 0]), ([[1.0, -1.0]], [0])])
    lower, upper = -np.ones(2), np.ones(2)
    exact = exact_stars(network, lower, upper)
    assert len(exact) == 2
    relaxed = relaxed_star(network, lower, upper)
    assert output_bounds(exact)[0][0] == pytest.approx(-2, abs=1e-6)
    # the member with s = 0 and y = 1 belongs to the relaxed star and to no exact one
    star = relaxed[0]
    point = np.array([[0.0, 0.0, 0.5, 0.0]])  # a, b, then the shares of [0, 2] for the two ReLUs
    assert star.domain.contains(point, 1e-9).all()
    assert star.center + point[0] @ star.basis.T == pytest.approx([1.0])


def test_the_triangle_bound_of_a_bump_is_computed_by_hand() -> None:
    # y = a + 1.5 - 2 max(a, 0) on [-1, 3] is 0.5, 1.5, -1.5 at a = -1, 0, 3. The triangle over max(a, 0) has its upper
    # side on 3 (a + 1) / 4, which is 3 / 4 at a = 0.
    network = chain([([[1.0], [1.0]], [0.0, 1.0]), ([[-2.0, 1.0]], [0.5])])
    lower, upper = np.array([-1.0]), np.array([3.0])
    exact, relaxed = exact_stars(network, lower, upper), relaxed_star(network, lower, upper)
    assert np.concatenate(output_bounds(exact)[:2]) == pytest.approx([-1.5, 1.5], abs=1e-6)
    at_zero = np.zeros((1, 2))
    for share, fits in ((0.25, True), (0.26, False), (0.0, True), (-0.01, False)):
        at_zero[0] = [-0.5, share]  # a = 0, and max(a, 0) replaced by 3 * share
        assert bool(relaxed[0].domain.contains(at_zero, 1e-9)[0]) is fits


@pytest.mark.parametrize("seed", range(6))
def test_exact_stars_partition_the_box_and_reproduce_the_network(seed: int) -> None:
    sizes = ((2, 8, 8, 3), (3, 6, 6, 6, 2))[seed % 2]
    network = chain(random_layers(sizes, seed))
    lower, upper = -np.ones(sizes[0]), np.linspace(0.2, 1, sizes[0])
    found = exact_stars(network, lower, upper)
    assert len(found) > 1
    points = inside(lower, upper)
    placed = (points - (lower + upper) / 2) / ((upper - lower) / 2)
    outputs = network.forward(points)
    covered = np.zeros(len(points), dtype=bool)
    for star in found:
        members = star.domain.contains(placed, 1e-9)
        assert np.abs(star.center + placed[members] @ star.basis.T - outputs[members]).max(initial=0) < 1e-9
        covered |= members
    assert covered.all()


@pytest.mark.parametrize("seed", range(6))
def test_exact_bounds_equal_dense_sampling_and_relaxed_bounds_contain_them(seed: int) -> None:
    network = chain(random_layers((2, 10, 10, 10, 3), seed))
    lower, upper = np.array([-0.5, -1.0]), np.array([0.7, 0.4])
    grid = np.stack(np.meshgrid(*(np.linspace(lo, hi, 300) for lo, hi in zip(lower, upper, strict=True))), -1)
    outputs = network.forward(grid.reshape(-1, 2))
    least, most = outputs.min(axis=0), outputs.max(axis=0)
    found = exact_stars(network, lower, upper)
    low, high, exact = output_bounds(found)
    assert exact
    assert (low <= least).all() and (high >= most).all()
    assert (least - low <= 0.01 * (most - least) + 1e-9).all() and (high - most <= 0.01 * (most - least) + 1e-9).all()
    relaxed_low, relaxed_high, _ = output_bounds(relaxed_star(network, lower, upper))
    assert (relaxed_low <= low + 1e-7).all() and (relaxed_high >= high - 1e-7).all()


@pytest.mark.parametrize("stars_of", [exact_stars, relaxed_star])
def test_ten_thousand_outputs_lie_inside_in_every_direction(
    stars_of: Callable[[Network, Floats, Floats], tuple[Star, ...]],
) -> None:
    network = chain(random_layers((4, 12, 12, 3), 5))
    lower, upper = np.full(4, -0.4), np.full(4, 0.3)
    found = stars_of(network, lower, upper)
    directions = np.random.default_rng(0).standard_normal((20, 3))
    outputs = network.forward(inside(lower, upper))
    assert (outputs @ directions.T <= support(found, directions).upper).all()


def test_splitting_gives_up_beyond_its_limit() -> None:
    network = chain(random_layers((3, 6, 6, 2), 1))
    lower, upper = -np.ones(3), np.ones(3)
    count = len(exact_stars(network, lower, upper))
    assert split(network, *start(network, lower, upper), count) is not None
    assert split(network, *start(network, lower, upper), count - 1) is None
    seen = patterns(network, inside(lower, upper))
    assert count / 3 < seen <= count


def test_inputs_without_width_and_dead_neurons_need_no_split() -> None:
    network = chain([([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [0.0, 0.0, 0.0]), ([[1.0, 1.0, 5.0]], [0])])
    found = exact_stars(network, np.array([0.5, 0.0]), np.array([0.5, 2.0]))
    assert len(found) == 1
    assert output_bounds(found)[1][0] == pytest.approx(2.5)


def test_a_network_may_begin_and_end_with_a_relu() -> None:
    network = Network("toy", 2, 2, (Relu(2), Affine(np.array([[1.0, -1.0], [0, 1]]), np.zeros(2)), Relu(2)), (1, 2))
    lower, upper, exact = output_bounds(exact_stars(network, -np.ones(2), np.array([1.0, 2.0])))
    assert exact
    assert lower == pytest.approx([0, 0], abs=1e-6) and upper == pytest.approx([1, 2], abs=1e-6)


# --- conditions and shadows ------------------------------------------------------------------------------------------


def rows(*parts: tuple[list[float], float, int]) -> OutputCondition:
    return OutputCondition(
        np.array([row for row, _, _ in parts]),
        np.array([offset for _, offset, _ in parts]),
        np.array([clause for _, _, clause in parts], dtype=np.int64),
    )


def test_a_clause_may_need_all_of_its_rows_together() -> None:
    # On x in [-1, 1] neither x + 0.1 nor -x + 0.1 is positive throughout, but one of them always is.
    network = chain([([[1.0]], [0.0])])
    stars = exact_stars(network, -np.ones(1), np.ones(1))
    assert condition_holds(stars, rows(([1.0], 0.1, 0), ([-1.0], 0.1, 0))).holds
    both = condition_holds(stars, rows(([1.0], -0.1, 0), ([-1.0], -0.1, 0)))
    assert not both.holds
    assert min(abs(float(point[0])) for point in both.witnesses) <= 0.1
    assert not condition_holds(stars, rows(([1.0], 0.1, 0), ([-1.0], 0.1, 1))).holds
    assert condition_holds(stars, rows(([1.0], 1.1, 0), ([-1.0], 1.1, 1))).holds


@pytest.mark.parametrize("seed", range(4))
def test_conditions_agree_with_the_exact_range(seed: int) -> None:
    network = chain(random_layers((2, 8, 8, 2), seed))
    lower, upper = -np.ones(2), np.ones(2)
    found = exact_stars(network, lower, upper)
    low, high, _ = output_bounds(found)
    step = 1e-4 * (high - low)
    for output in range(2):
        row = np.eye(2)[output].tolist()
        back = [-value for value in row]
        assert condition_holds(found, rows((row, float(step[output] - low[output]), 0))).holds
        assert condition_holds(found, rows((back, float(step[output] + high[output]), 0))).holds
        beyond = condition_holds(found, rows((row, float(-step[output] - low[output]), 0)))
        assert not beyond.holds
        assert network.forward(np.stack(beyond.witnesses))[:, output].min() <= low[output] + step[output]


def test_a_shadow_contains_the_outputs_and_touches_them() -> None:
    network = chain([(np.eye(2), np.zeros(2))])
    stars = exact_stars(network, -np.ones(2), np.array([1.0, 3.0]))
    corners = np.array(shadow(stars, (0, 1), np.array([1.0, 1.0]), 8))
    assert {tuple(corner) for corner in corners.round(4).tolist()} >= {(1.0, 3.0), (-1.0, 3.0), (1.0, -1.0), (-1, -1)}
    ahead = np.roll(corners, -1, axis=0)
    area = float((corners[:, 0] * ahead[:, 1] - ahead[:, 0] * corners[:, 1]).sum() / 2)
    assert area == pytest.approx(8.0, rel=1e-3)  # anticlockwise, so positive


# --- quick bounds and trees ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_quick_bounds_hold_on_ten_thousand_points_and_close_on_a_point(seed: int) -> None:
    network = chain(random_layers((3, 10, 10, 10, 2), seed))
    directions = np.random.default_rng(seed).standard_normal((5, 2))
    rng = np.random.default_rng(seed)
    middle, half = rng.standard_normal((20, 3)), rng.uniform(0, 0.5, (20, 3))
    found, coefficients = lower_bounds(network, middle - half, middle + half, directions)
    assert coefficients.shape == (20, 5, 3)
    for box in range(20):
        outputs = network.forward(inside(middle[box] - half[box], middle[box] + half[box], 500))
        assert (outputs @ directions.T >= found[box] - 1e-9).all()
    at_points, _ = lower_bounds(network, middle, middle, directions)
    assert at_points == pytest.approx(network.forward(middle) @ directions.T)


def leaves_of(tree: tuple[tuple[int, float] | None, ...], lower: Floats, upper: Floats) -> list[tuple[Floats, Floats]]:
    """Leaves of a pre-order tree, read independently."""
    entries = iter(tree)

    def part(low: Floats, high: Floats) -> list[tuple[Floats, Floats]]:
        cut = next(entries)
        if cut is None:
            return [(low, high)]
        below, above = high.copy(), low.copy()
        below[cut[0]] = above[cut[0]] = cut[1]
        return part(low, below) + part(above, high)

    found = part(lower, upper)
    assert next(entries, "end") == "end"
    return found


def test_a_proof_tree_settles_every_leaf() -> None:
    network = chain([([[1.0], [-1.0]], [0, 0]), ([[1.0, 1.0], [0, 0]], [0, -0.05])])  # y0 = |x|, y1 = -0.05
    lower, upper = np.array([-1.0]), np.array([1.5])
    condition = rows(([1.0, -1.0], 0.0, 0))
    tree = proof_tree(network, lower, upper, condition, 64)
    assert tree is not None
    parts = leaves_of(tree, lower, upper)
    assert sum(float((high - low)[0]) for low, high in parts) == pytest.approx(2.5)
    for low, high in parts:
        assert lower_bounds(network, low[None], high[None], condition.rows)[0].min() > 0
    assert proof_tree(network, lower, upper, rows(([1.0, 1.0], 0.0, 0)), 10_000) is None  # false near 0


def test_a_range_tree_comes_close_and_respects_its_limit() -> None:
    network = chain(random_layers((2, 10, 10, 3), 3))
    lower, upper = -np.ones(2), np.ones(2)
    low, high, _ = output_bounds(exact_stars(network, lower, upper))
    room = 0.05 * (high - low)
    found = range_tree(network, lower, upper, (low - room, high + room), 4096)
    assert found.reached
    assert (found.lower >= low - room).all() and (found.upper <= high + room).all()
    assert (found.lower <= low + 1e-6).all() and (found.upper >= high - 1e-6).all()
    parts = leaves_of(found.tree, lower, upper)
    again = np.stack([lower_bounds(network, a[None], b[None], np.eye(3))[0][0] for a, b in parts]).min(axis=0)
    assert again == pytest.approx(found.lower)
    small = range_tree(network, lower, upper, (low - room, high + room), 7)
    assert not small.reached and len(leaves_of(small.tree, lower, upper)) == 7
    assert (small.lower <= found.lower).all()
