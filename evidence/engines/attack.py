"""Searching for violations: corner and random points first, then projected gradient descent on the margin.

Everything is tried at float32 inputs that lie in the region, on the network in float32, because that is what is
executed; a hit is a belief about this arithmetic until evidence/replay.py reproduces it. Finding nothing proves
nothing. Equal arguments give equal results: one generator, seeded, no clock of its own; a caller's `stop` may end it.
Not here: replaying and the exact test that an input lies in its region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evidence.network import Affine, Graph, Model, Network, to_torch
from evidence.provenance import require
from evidence.regions import Floats, OutputCondition, RegionSet

METHOD = "corner and random points on every region; projected gradient descent where bounds were undecided"

_CORNERS = 32
_RANDOM = 32
_NUMBERS = 16_000_000
"""Numbers in the largest tensor of a graph that is evaluated at a time."""
_EVALUATIONS = 65_536
"""Inputs evaluated at a time: enough to be quick, few enough to stay in the cache."""

Singles = NDArray[np.float32]
Notify = Callable[[int, int], None]
Stop = Callable[[], bool]
"""Asked between two evaluations: True ends the search with what was found so far."""


def never() -> bool:
    """For a search without a deadline."""
    return False


@dataclass(frozen=True)
class Attack:
    """What was found. margins: [R] least margin seen in float32 (infinite where the region holds no float32 input).

    inputs: [R, n] the float32 input with that margin; tried: [R] whether the region was searched at all; stopped: whether
    the search was ended before it was through.
    """

    margins: Floats
    inputs: Singles
    tried: NDArray[np.bool_]
    stopped: bool = False

    @property
    def violations(self) -> dict[int, Floats]:
        """Region -> input for every region where the margin was not positive."""
        hits = np.flatnonzero(self.tried & (self.margins <= 0))
        return {int(region): self.inputs[region].astype(np.float64) for region in hits}


@dataclass
class _Search:
    """The state of one search: float32 boxes [R, n], balls where there are some, the best points so far."""

    model: Callable[[Singles], Singles]
    gradient: Callable[[Singles, Singles], Singles]
    conditions: Sequence[OutputCondition]
    condition_of: NDArray[np.int64]
    lower: Singles
    upper: Singles
    centers: Floats
    radius: Floats | None
    best: Floats = field(init=False)
    point: Singles = field(init=False)

    def __post_init__(self) -> None:
        self.best = np.full(len(self.lower), np.inf)
        self.point = self.project(np.arange(len(self.lower)), self.centers)

    def project(self, regions: NDArray[np.int64], points: Floats) -> Singles:
        """The float32 point of each region nearest to the given one, up to rounding that stays inside."""
        if self.radius is not None:
            offset = points - self.centers[regions]
            length = np.linalg.norm(offset, axis=1)
            # rounding to float32 moves each coordinate by at most half a spacing: keep that much distance
            slack = np.linalg.norm(np.spacing(np.abs(points).astype(np.float32)).astype(np.float64), axis=1)
            room = np.maximum(self.radius[regions] - slack, 0.0)
            scale = np.where(length > room, room / np.maximum(length, 1e-300), 1.0)
            points = self.centers[regions] + offset * scale[:, None]
        return np.clip(points.astype(np.float32), self.lower[regions], self.upper[regions])

    def margins(self, regions: NDArray[np.int64], outputs: Singles) -> Floats:
        """Condition margin [B] of float32 outputs, evaluated in float64."""
        result = np.empty(len(regions))
        for number, condition in enumerate(self.conditions):
            mine = self.condition_of[regions] == number
            if mine.any():
                result[mine] = condition.margins(outputs[mine].astype(np.float64))
        return result

    def try_points(self, regions: NDArray[np.int64], points: Singles) -> None:
        """Evaluate points [B, n] of regions [B] (each region at most once) and keep the better ones."""
        margins = self.margins(regions, self.model(points))
        better = margins < self.best[regions]
        self.best[regions[better]] = margins[better]
        self.point[regions[better]] = points[better]

    def weights(self, regions: NDArray[np.int64], outputs: Singles, rank: int) -> Singles:
        """Output weights [B, m] whose descent lowers the clause that is `rank`-th closest to being violated."""
        result = np.zeros_like(outputs)
        for number, condition in enumerate(self.conditions):
            mine = np.flatnonzero(self.condition_of[regions] == number)
            if len(mine):
                result[mine] = _clause_weights(condition, outputs[mine].astype(np.float64), rank)
        return result


def attack(
    network: Model,
    regions: RegionSet,
    descend: NDArray[np.bool_],
    restarts: int,
    steps: int,
    seed: int,
    radius: Floats | None = None,
    device: str = "cpu",
    notify: Notify = lambda done, total: None,
    stop: Stop = never,
) -> Attack:
    """Search every region for an input that violates its condition.

    descend: [R] where gradient descent runs (`restarts` of `steps` steps) if no sampled point is a violation.
    radius: [R] ball radii in place of `regions.l2_radius` (radius search of evidence/engines/bounds/radius.py).
    Raises MissingLibraryError E110 without torch.
    """
    model, gradient = _float32(network, device)
    lower, upper = inward(regions.lower, np.inf), inward(regions.upper, -np.inf)
    holds = np.asarray((lower <= upper).all(axis=1))
    if radius is None and regions.l2_radius is not None:
        radius = np.full(len(regions), regions.l2_radius)
    search = _Search(
        model,
        gradient,
        regions.conditions,
        regions.condition_of,
        np.minimum(lower, upper),
        upper,
        regions.centers,
        radius,
    )
    generator = np.random.default_rng(seed)
    chosen = np.flatnonzero(holds)
    pieces = [chosen[start : start + _EVALUATIONS] for start in range(0, len(chosen), _EVALUATIONS)]
    total = max(1, restarts) * len(chosen)
    tried = np.zeros(len(holds), dtype=np.bool_)
    for piece in pieces:
        if stop():
            break
        tried[piece] = True
        _sample(search, piece, generator, stop)
    notify(len(chosen) if restarts == 0 else 0, total)
    for restart in range(restarts):
        for number, piece in enumerate(pieces):
            open_ones = piece[descend[piece] & (search.best[piece] > 0)]
            if stop():
                break
            if len(open_ones):
                _descend(search, open_ones, restart, steps, generator, stop)
            notify(restart * len(chosen) + min((number + 1) * _EVALUATIONS, len(chosen)), total)
    return Attack(search.best, search.point, tried, stop())


def _sample(search: _Search, regions: NDArray[np.int64], generator: np.random.Generator, stop: Stop) -> None:
    """Centre, corners (all of them where there are few) and random points of every region."""
    lower, upper = search.lower[regions].astype(np.float64), search.upper[regions].astype(np.float64)
    inputs = lower.shape[1]
    search.try_points(regions, search.project(regions, search.centers[regions]))
    if 2**inputs <= _CORNERS:
        bits = (np.arange(2**inputs)[:, None] >> np.arange(inputs)) & 1
        corners = [np.broadcast_to(pattern == 1, lower.shape) for pattern in bits]
    else:
        corners = [generator.random(lower.shape) < 0.5 for _ in range(_CORNERS)]
    for corner in corners:
        if stop():
            return
        search.try_points(regions, search.project(regions, np.where(corner, upper, lower)))
    for _ in range(_RANDOM):
        if stop():
            return
        points = lower + generator.random(lower.shape) * (upper - lower)
        search.try_points(regions, search.project(regions, points))


def _descend(
    search: _Search,
    regions: NDArray[np.int64],
    restart: int,
    steps: int,
    generator: np.random.Generator,
    stop: Stop,
) -> None:
    """One run of projected gradient descent; the first starts at the best point so far, the others at random."""
    lower, upper = search.lower[regions].astype(np.float64), search.upper[regions].astype(np.float64)
    width = upper - lower
    if restart == 0:
        points = search.point[regions]
    else:
        points = search.project(regions, lower + generator.random(lower.shape) * width)
    for step in range(steps):
        if stop():
            return
        outputs = search.model(points)
        slope = search.gradient(points, search.weights(regions, outputs, restart)).astype(np.float64)
        length = 0.5 * (1.0 - step / steps)  # of the region's half-width, shrinking to nothing
        if search.radius is None:
            move = np.sign(slope) * width / 2 * length
        else:
            norm = np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-300)
            move = slope / norm * search.radius[regions, None] * length
        points = search.project(regions, points.astype(np.float64) - move)
        search.try_points(regions, points)


def _clause_weights(condition: OutputCondition, outputs: Floats, rank: int) -> Floats:
    """Rows [B, m] to descend on: of each sample's chosen clause the row that keeps it satisfied."""
    values = outputs @ condition.rows.T + condition.offsets
    clauses = int(condition.clause.max()) + 1
    best = np.stack(
        [np.where(condition.clause == clause, values, -np.inf).argmax(axis=1) for clause in range(clauses)], axis=1
    )
    satisfied = np.take_along_axis(values, best, axis=1)
    order = np.argsort(satisfied, axis=1, kind="stable")[:, rank % clauses]
    return np.asarray(condition.rows[best[np.arange(len(outputs)), order]])


def inward(bounds: Floats, direction: float) -> Singles:
    """Float32 bounds that are not outside the given ones; `direction` is where inward lies."""
    with np.errstate(over="ignore"):
        rounded = bounds.astype(np.float32)
    outside = rounded.astype(np.float64) < bounds if direction > 0 else rounded.astype(np.float64) > bounds
    return np.where(outside, np.nextafter(rounded, np.float32(direction)), rounded)


def _float32(network: Model, device: str) -> tuple[Callable[[Singles], Singles], Callable[[Singles, Singles], Singles]]:
    """The network in float32, and the gradient in its inputs of weighted outputs."""
    return of_chain(network) if isinstance(network, Network) and device == "cpu" else _of_module(network, device)


def of_chain(network: Network) -> tuple[Callable[[Singles], Singles], Callable[[Singles, Singles], Singles]]:
    """A chain in float32 on numpy: outputs [B, m] of inputs [B, n], and the gradient of weighted outputs."""
    layers = [
        (layer.weight.astype(np.float32), layer.bias.astype(np.float32)) if isinstance(layer, Affine) else None
        for layer in network.layers
    ]

    def model(points: Singles) -> Singles:
        values = points
        for layer in layers:
            values = np.maximum(values, np.float32(0)) if layer is None else values @ layer[0].T + layer[1]
        return values

    def gradient(points: Singles, weights: Singles) -> Singles:
        values, active = points, []
        for layer in layers:
            active.append(values > 0)
            values = np.maximum(values, np.float32(0)) if layer is None else values @ layer[0].T + layer[1]
        slope = weights.astype(np.float32)
        for layer, passes in zip(reversed(layers), reversed(active), strict=True):
            slope = slope * passes if layer is None else slope @ layer[0]
        return np.asarray(slope, dtype=np.float32)

    return model, gradient


def _of_module(
    network: Model, device: str
) -> tuple[Callable[[Singles], Singles], Callable[[Singles, Singles], Singles]]:
    torch = require("torch")
    module = to_torch(network, torch.float32).to(device)
    step = max(1, _NUMBERS // network.widest) if isinstance(network, Graph) else _EVALUATIONS

    def model(points: Singles) -> Singles:
        with torch.no_grad():
            parts = [module(part).cpu().numpy() for part in torch.tensor(points, device=device).split(step)]
        return np.concatenate(parts, dtype=np.float32)

    def gradient(points: Singles, weights: Singles) -> Singles:
        found = []
        for start in range(0, len(points), step):
            x = torch.tensor(points[start : start + step], device=device, requires_grad=True)
            weight = torch.tensor(weights[start : start + step], dtype=torch.float32, device=device)
            (module(x) * weight).sum().backward()
            found.append(torch.zeros_like(x) if x.grad is None else x.grad)
        return np.asarray(torch.cat(found).cpu().numpy(), dtype=np.float32)

    return model, gradient
