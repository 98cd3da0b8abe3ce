"""Points that violate a region's condition: found by attack or met by the search, always float32 inputs inside it.

A violation is kept when the runtime that replays counterexamples (evidence/replay.py) shows it, exactly; where that is
not installed, when the network's own evaluation does. Where the time is up, every search ends between two evaluations;
the point in hand is executed all the same, because a violation that was found is not to be lost.
Not here: the attack itself (evidence/engines/attack.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evidence.engines.attack import METHOD as SHARED_METHOD
from evidence.engines.attack import Stop, attack, inward, never
from evidence.engines.base import Task
from evidence.engines.prover.descent import descend
from evidence.engines.prover.growth import Ints
from evidence.errors import MissingLibraryError
from evidence.exact import box_of
from evidence.network import Affine, Model, Network
from evidence.regions import Floats, OutputCondition, RegionSet
from evidence.replay import Runtime, executed

METHOD = (
    "projected gradient descent from the centre and random points, each against one clause; points met by the search"
)
CUT_SHORT = "; ended by the time limit"
"""Follows the name of a method that was not carried through."""
_LIGHT, _LIGHT_STEPS, _STEPS = 64, 20, 100
_RESTARTS = 3
_REPLAYS = 32
_NEAR = 1e-3
_EXACT = 200_000
_OPERATIONS = 1e11
_DOWNHILL = tuple(0.25 * 0.8**i for i in range(40))
"""Steps downhill from a point that the search met, as shares of the region's width."""


class Violations:
    """The violations of one run: region -> input [n]. `stop` tells whether the run's time is up."""

    def __init__(self, network: Model, task: Task, stop: Stop = never) -> None:
        self.network, self.task, self.regions, self.stop = network, task, task.regions, stop
        self._runtime: Runtime | Literal["unknown"] | None = "unknown"
        self.points: dict[int, Floats] = {}
        self.near_misses: dict[int, Floats] = {}
        self._tried: set[int] = set()
        self.method, self.starts, self.steps = "no attack", 0, 0
        """What was tried, for the record: the most thorough attack of the run."""
        self._lower, self._upper = self._singles()

    @property
    def tried(self) -> int:
        """How many regions an attack evaluated at all."""
        return len(self._tried)

    def attack(self, which: Sequence[int], starts: int, light: bool) -> None:
        """Search these regions from `starts` points together: few steps when `light`, else several restarts; without
        starts corners and random points alone are tried."""
        which = [region for region in which if region not in self.points]
        if not which or self.stop():
            return
        if not starts:
            if light:
                self._together(which, 1, light, descents=0)
            return
        points = max(1, min(_LIGHT if light else starts, self._affordable(light)) // len(which))
        if points == 1 or not isinstance(self.network, Network):
            self._together(which, points, light)
            return
        steps = _LIGHT_STEPS if light else _STEPS
        self.method, self.starts, self.steps = METHOD, points, steps
        for region in which:
            if self.stop():
                break
            lower, upper = self._lower[region], self._upper[region]
            if not (lower <= upper).all():
                continue
            self._tried.add(region)
            condition = self.regions.conditions[int(self.regions.condition_of[region])]
            inputs, margins = descend(self.network, lower, upper, condition, points, steps, self.task.seed, self.stop)
            near = np.flatnonzero(margins <= _NEAR * np.abs(margins).max())[:_REPLAYS]
            for number, place in enumerate(near):
                if number and self.stop():
                    break
                self.consider(region, inputs[place].astype(np.float64), bool(margins[place] <= 0))
        if self.stop():
            self.method = METHOD + CUT_SHORT

    def _together(self, which: list[int], copies: int, light: bool, descents: int = _RESTARTS) -> None:
        """Few points for each of many regions, or a graph: the attack that all engines share."""
        self.method, self.starts, self.steps = SHARED_METHOD, descents * copies, _LIGHT_STEPS if light else _STEPS
        index = np.repeat(np.array(which, dtype=np.int64), copies)
        found = attack(
            self.network,
            _repeated(self.regions, index),
            np.ones(len(index), dtype=np.bool_),
            min(descents, 1) if light else descents,
            _LIGHT_STEPS if light else _STEPS,
            self.task.seed,
            device=self.task.device,
            stop=self.stop,
        )
        self._tried.update(index[found.tried].tolist())
        if found.stopped:
            self.method = SHARED_METHOD + CUT_SHORT
        order = np.argsort(found.margins, kind="stable")
        for number, place in enumerate(order[(found.margins[order] <= 0) & found.tried[order]][:_REPLAYS]):
            if number and self.stop():
                break
            self.consider(int(index[place]), found.inputs[place].astype(np.float64), True)

    def _singles(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The float32 boxes inside the regions: exact against their decimal text where there are not too many."""
        regions = self.regions
        lower, upper = inward(regions.lower, np.inf), inward(regions.upper, -np.inf)
        if regions.lower.size > _EXACT:
            return lower, upper
        for region in range(len(regions)):
            box = box_of(self.task.statement, regions, region)
            for i, (low, high) in enumerate(zip(box.lower, box.upper, strict=True)):
                if Fraction(float(lower[region, i])) < low:
                    lower[region, i] = np.nextafter(lower[region, i], np.float32(np.inf))
                if Fraction(float(upper[region, i])) > high:
                    upper[region, i] = np.nextafter(upper[region, i], np.float32(-np.inf))
        return lower, upper

    def _affordable(self, light: bool) -> int:
        """How many starts a few seconds pay for."""
        if not isinstance(self.network, Network):
            return _LIGHT
        weights = sum(layer.weight.size for layer in self.network.layers if isinstance(layer, Affine))
        steps = _LIGHT_STEPS if light else _RESTARTS * _STEPS
        return int(max(4, _OPERATIONS / (6 * weights * steps)))

    def consider(self, region: int, point: Floats, believed: bool = False) -> None:
        """Keep a point [n] near which the float32 execution violates; small steps downhill are tried from it.

        believed: a float32 evaluation violates at the point: it is executed even where float64 says otherwise."""
        lower, upper = self._lower[region], self._upper[region]
        if region in self.points or not (lower <= upper).all():
            return
        condition = self.regions.conditions[int(self.regions.condition_of[region])]
        single = np.clip(point.astype(np.float32), lower, upper)
        margin = self._margin(condition, single)
        if (believed or margin <= 0) and self._keep(region, single.astype(np.float64)):
            return
        if not isinstance(self.network, Network):
            return  # graphs have no gradient here
        width = (upper - lower).astype(np.float64)
        for step in _DOWNHILL:
            if self.stop():
                return
            slope = self._slope(condition, single)
            moved = np.clip((single - step * width * np.sign(slope)).astype(np.float32), lower, upper)
            found = self._margin(condition, moved)
            if found < margin:
                margin, single = found, moved
                if margin <= 0 and self._keep(region, single.astype(np.float64)):
                    return

    def _margin(self, condition: OutputCondition, point: NDArray[np.float32]) -> float:
        return float(condition.margins(self.network.forward(point[None].astype(np.float64)))[0])

    def _slope(self, condition: OutputCondition, point: NDArray[np.float32]) -> Floats:
        """Gradient of the least clause's best row in the input [n] of a chain, in float64."""
        assert isinstance(self.network, Network)
        values, active = point[None].astype(np.float64), []
        for layer in self.network.layers:
            active.append(values > 0)
            values = values @ layer.weight.T + layer.bias if isinstance(layer, Affine) else np.maximum(values, 0.0)
        rows = (values @ condition.rows.T + condition.offsets)[0]
        best = [np.where(condition.clause == c, rows, -np.inf).argmax() for c in range(int(condition.clause.max()) + 1)]
        slope = condition.rows[[min(best, key=lambda row: rows[row])]]
        for layer, passes in zip(reversed(self.network.layers), reversed(active), strict=True):
            slope = slope @ layer.weight if isinstance(layer, Affine) else slope * passes
        return np.asarray(slope[0])

    def _keep(self, region: int, point: Floats) -> bool:
        """Keep a violation that the runtime shows too: one that does not replay must not end the search."""
        if self._runtime == "unknown":
            try:
                self._runtime = Runtime(self.task.network, "model")
            except MissingLibraryError:
                self._runtime = None
        runtime = self._runtime
        if runtime is None or executed(self.task.statement, self.regions, region, point.astype(np.float32), runtime):
            self.points[region] = point
            return True
        self.near_misses[region] = point
        return False


def _repeated(regions: RegionSet, index: Ints) -> RegionSet:
    return replace(
        regions,
        lower=regions.lower[index],
        upper=regions.upper[index],
        centers=regions.centers[index],
        condition_of=regions.condition_of[index],
        labels=regions.labels[index],
        names=tuple(regions.names[i] for i in index.tolist()),
    )
