"""Cross-checks: what other methods say of regions that a run has decided, and where they contradict it.

    auto_LiRPA      CROWN on each region as a whole; its lower bounds of rows are held against evaluated points
    MILP            the least margin of small ReLU chains (engines/milp.py), where the region is a box

Facts are margins that the network takes, over the reals up to float64 rounding, at points of a region: its centre,
some random points, counterexamples, the MILP's own points. A method disagrees where its bound lies above such a
margin, and it shows a disagreement where its point has a negative margin although the checker confirmed the region.
That a float32 execution violates what holds over the reals is rounding, no disagreement; the region is refuted anyhow.
No answer from here proves: HiGHS and auto_LiRPA leave nothing that the checker could derive again. A MILP's point that
violates the condition on the replaying runtime is a counterexample like any other.

Each method has a budget: at most so many regions, drawn with the run's seed where there are more, those that the run has
decided first; and at most so many seconds. The number of regions is what usually ends it, so that a repeated run gives the
same answer; what was not asked is counted in the record.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError, MissingLibraryError, UnsupportedError
from evidence.network import Model, Network, compares_outputs, ends_in_softmax, read_graph, simplest, without_softmax
from evidence.provenance import library_versions
from evidence.records import Counterexample, CrossCheck
from evidence.records.base import Scalar
from evidence.regions import Floats, RegionSet
from evidence.replay import Runtime, executed
from evidence.specification import Statement

MOST_UNDECIDED = 120
"""ReLUs that may be on or off: with more of them the MILP is not asked."""
MOST_INPUTS = 60
_NODES = 20_000
"""For each clause: a limit of work, so that a repeated run gives the same answer."""
_SECONDS = 30.0
"""For each region: far above what that many nodes take; what it ends is undecided."""
_ALL_SECONDS = 300.0
"""For all regions together, by each method: those that are left then are not asked."""
_MOST_SOLVED, _MOST_BOUNDED = 500, 100_000
"""Regions that the MILP and auto_LiRPA are asked about at most: on small networks well within the time."""
_RANDOM = 16
_TOLERANCE = 1e-6
"""Relative to the size of margins: above rounding in float64 and the widening of regions, below what matters."""
_BLOCK = 1024
_MOST_NOTES = 5


@dataclass(frozen=True)
class Crossed:
    """What the cross-checks say, and counterexamples that they found and that replayed."""

    checks: tuple[CrossCheck, ...]
    examples: tuple[Counterexample, ...] = ()


def wanted(parameters: Mapping[str, Scalar]) -> bool:
    """Whether a run's parameters ask for cross-checks."""
    return parameters.get("cross_check") is True


def cross_check(
    statement: Statement,
    regions: RegionSet,
    model: bytes,
    proved: Sequence[bool],
    examples: Sequence[Counterexample],
    seed: int = 0,
    progress: Progress = silent,
) -> Crossed:
    """Ask the other methods about every region, or about as many as their budgets allow.

    proved: for each region whether the checker confirmed it, whatever a float32 execution did; examples: replayed
    counterexamples. A method whose library is absent, or that cannot treat the network, is listed with the reason.
    Raises InputError when the model cannot be read.
    """
    by = _names()
    try:
        network = _network(model, regions)
    except UnsupportedError as error:
        return Crossed(tuple(_unasked(name, error) for name in by))
    facts = _Facts(network, regions, proved, examples, seed)
    found: list[CrossCheck] = []
    replayed: tuple[Counterexample, ...] = ()
    try:
        check, points = _by_milp(facts, by[1], _drawn(facts, _MOST_SOLVED, seed), progress)
        found.append(check)
        replayed = _replayed(statement, facts, model, points)
    except AssuranceError as error:
        found.append(_unasked(by[1], error))
    try:
        found.insert(0, _by_lirpa(facts, by[0], _drawn(facts, _MOST_BOUNDED, seed), progress))
    except (MissingLibraryError, UnsupportedError) as error:
        found.insert(0, _unasked(by[0], error))
    return Crossed(tuple(found), replayed)


def _drawn(facts: _Facts, most: int, seed: int) -> NDArray[np.int64]:
    """The regions that a method is asked about: all in their order, or `most` of them at random, decided ones first."""
    count = len(facts.regions)
    if count <= most:
        return np.arange(count)
    order = np.random.default_rng(seed).permutation(count)
    decided = (facts.proved | facts.refuted)[order]
    return order[np.argsort(~decided, kind="stable")][:most]


def _names() -> tuple[str, str]:
    versions = library_versions("cross-check")
    bounds = f"auto_LiRPA {versions['auto_LiRPA']}" if "auto_LiRPA" in versions else "auto_LiRPA (absent)"
    return f"{bounds}, CROWN on whole regions", f"MILP, HiGHS of scipy {versions.get('scipy', '(absent)')}"


def _unasked(by: str, error: AssuranceError) -> CrossCheck:
    return CrossCheck(by=by, examined=0, agreed=0, undecided=0, note=f"not asked: {error.finding.message}")


def _network(model: bytes, regions: RegionSet) -> Model:
    """The network that is asked about; a final Softmax is left out where the conditions only compare outputs."""
    graph = read_graph(model, "model")
    if ends_in_softmax(graph) and all(compares_outputs(condition) for condition in regions.conditions):
        graph = without_softmax(graph)
    return simplest(graph)


# --- facts -------------------------------------------------------------------------------------------------------


class _Facts:
    """What is known of each region without any of the methods: rows' values at points inside it."""

    def __init__(
        self,
        network: Model,
        regions: RegionSet,
        proved: Sequence[bool],
        examples: Sequence[Counterexample],
        seed: int,
    ) -> None:
        from evidence.engines.bounds.goals import goals_of

        count = len(regions)
        self.network, self.regions, self.seed = network, regions, seed
        self.goals = goals_of(regions)
        self.proved = np.array([region < len(proved) and bool(proved[region]) for region in range(count)])
        self.refuted = np.zeros(count, dtype=np.bool_)
        self.rows = np.full((count, self.goals.rows.shape[1]), np.inf)
        """[R, k] least value of each row, offset included, over all points so far."""
        self.margins = np.full(count, np.inf)
        """[R] least margin over all points so far."""
        self._sampled = np.zeros(count, dtype=np.bool_)
        for example in examples:
            self.refuted[example.region] = True
            self.learn(np.array([example.region]), np.array([example.input]))

    def sample(self, which: NDArray[np.int64]) -> None:
        """Evaluate the network at the centre and at random points of each of these regions [B], once."""
        which = which[~self._sampled[which]]
        if not len(which):
            return
        self._sampled[which] = True
        self.learn(which, self.regions.centers[which])
        lower, upper = self.regions.lower[which], self.regions.upper[which]
        generator = np.random.default_rng((self.seed, int(which[0])))
        for _ in range(_RANDOM if self.regions.l2_radius is None else 0):
            self.learn(which, lower + generator.random(lower.shape) * (upper - lower))

    def learn(self, which: NDArray[np.int64], points: Floats) -> None:
        """Evaluate the network at one point [B, n] of each of these regions [B]."""
        for start in range(0, len(which), _BLOCK):
            of = which[start : start + _BLOCK]
            values = np.einsum(
                "bkm,bm->bk", self.goals.matrix(of), self.network.forward(points[start : start + _BLOCK])
            )
            self.margins[of] = np.minimum(self.margins[of], self.goals.margins(of, values))
            self.rows[of] = np.minimum(self.rows[of], values + self.goals.offsets[self.goals.of[of]])


@dataclass
class _Tally:
    """Counts one method's answers and keeps the first few explanations."""

    by: str
    agreed: int = 0
    undecided: int = 0
    disagreed: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """About regions that it was not asked about, or that stay open."""

    def budgeted(self, asked: int, drawn: int, count: int) -> None:
        """Note it where a budget left out some of `count` regions: `drawn` were to be asked about, `asked` were."""
        if drawn < count:
            self.remarks.insert(0, f"{drawn} of {count} regions were drawn at random, decided ones first")
        if asked < drawn:
            self.remarks.insert(0, f"the time was spent after {asked} of {drawn} regions")

    def disagree(self, region: int, why: str) -> None:
        self.disagreed.append(region)
        self.reasons.append(f"region {region}: {why}")

    def check(self) -> CrossCheck:
        shown = self.reasons[:_MOST_NOTES] + self.remarks[:_MOST_NOTES]
        dropped = len(self.reasons) + len(self.remarks) - len(shown)
        return CrossCheck(
            by=self.by,
            examined=self.agreed + len(self.disagreed) + self.undecided,
            agreed=self.agreed,
            disagreed=tuple(sorted(self.disagreed)),
            undecided=self.undecided,
            note="; ".join(shown + ([f"and {dropped} more"] if dropped else [])),
        )


def _tolerance(*values: Any) -> Any:
    """[...] how far values of this size may be apart without meaning anything."""
    sizes = [np.where(np.isfinite(value), np.abs(value), 0.0) for value in values]
    return _TOLERANCE * np.maximum.reduce([np.ones_like(sizes[0]), *sizes])


# --- auto_LiRPA --------------------------------------------------------------------------------------------------


def _by_lirpa(facts: _Facts, by: str, drawn: NDArray[np.int64], progress: Progress) -> CrossCheck:
    """CROWN's lower bound of every row over the drawn regions. Raises MissingLibraryError, UnsupportedError."""
    from evidence.engines.bounds.lirpa import Bounder, Sets

    regions, goals = facts.regions, facts.goals
    radius = None if regions.l2_radius is None else np.full(len(regions), regions.l2_radius)
    sets = Sets(regions.lower, regions.upper, regions.centers, radius)
    bounder = Bounder(facts.network, device="cpu")
    tally, asked, deadline = _Tally(by), 0, time.monotonic() + _ALL_SECONDS
    while asked < len(drawn) and time.monotonic() <= deadline:
        of = drawn[asked : asked + bounder.batch]
        asked += len(of)
        facts.sample(of)
        lower = bounder.bound("crown", sets.take(of), goals.matrix(of)).lower
        margins = goals.margins(of, lower)
        lower = lower + goals.offsets[goals.of[of]]
        above = lower > facts.rows[of] + _tolerance(lower, facts.rows[of])
        for place, region in enumerate(of.tolist()):
            if above[place].any():
                row = int(above[place].argmax())
                tally.disagree(
                    region,
                    f"its lower bound of row {row} is {lower[place, row]:.6g}, yet at a point of the region the "
                    f"network gives {facts.rows[region, row]:.6g}{_standing(facts, region)}",
                )
            elif facts.proved[region] and not facts.refuted[region] and margins[place] > 0:
                tally.agreed += 1
            else:
                tally.undecided += 1
                if margins[place] > 0:
                    tally.remarks.append(_remark(facts, region, "its bounds hold"))
        progress(asked, len(drawn), "cross-check by auto_LiRPA")
    tally.budgeted(asked, len(drawn), len(regions))
    return tally.check()


def _standing(facts: _Facts, region: int) -> str:
    """What the run itself made of a region, for an explanation."""
    words = [word for word, holds in (("proved", facts.proved[region]), ("refuted", facts.refuted[region])) if holds]
    return f" ({' and '.join(words)} by the run)" if words else " (left open by the run)"


def _remark(facts: _Facts, region: int, answer: str) -> str:
    if facts.refuted[region]:
        return f"region {region}: {answer} over the reals, the counterexample is one of float32 rounding"
    return f"region {region}: {answer}, which is no proof"


# --- MILP --------------------------------------------------------------------------------------------------------


def _by_milp(
    facts: _Facts, by: str, drawn: NDArray[np.int64], progress: Progress
) -> tuple[CrossCheck, dict[int, Floats]]:
    """The least margin of every drawn box that is small enough, and the points where it is negative or zero."""
    network, regions = facts.network, facts.regions
    tally, points = _Tally(by), {}
    why = _unfit(network, regions)
    if why:
        return CrossCheck(by=by, examined=0, agreed=0, undecided=0, note=f"not asked: {why}"), {}
    assert isinstance(network, Network)
    from evidence.engines.milp import Encoding

    large, asked, deadline = 0, 0, time.monotonic() + _ALL_SECONDS
    for region in drawn.tolist():
        left = deadline - time.monotonic()
        if left < 0:
            break
        asked += 1
        progress(asked, len(drawn), "cross-check by MILP")
        encoding = Encoding(network, regions.lower[region], regions.upper[region])
        if encoding.undecided > MOST_UNDECIDED:
            large += 1
            continue
        condition = regions.conditions[int(regions.condition_of[region])]
        facts.sample(np.array([region]))
        found = encoding.least_margin(condition, _NODES, min(_SECONDS, left))
        seen = float(facts.margins[region])
        slack = float(_tolerance(found.bound, found.value, seen))
        if found.point is not None:
            facts.learn(np.array([region]), found.point[None])
            if found.value <= slack:
                points[region] = found.point
        if facts.proved[region] and found.value < -slack:
            tally.disagree(region, f"the checker confirmed it, yet at the MILP's point the margin is {found.value:.6g}")
        elif found.bound > seen + slack:
            tally.disagree(
                region,
                f"its least margin is {found.bound:.6g}, yet at a point of the region the network gives "
                f"{seen:.6g}{_standing(facts, region)}",
            )
        elif (facts.proved[region] and not facts.refuted[region] and found.bound > -slack) or (
            facts.refuted[region] and found.value <= slack
        ):
            tally.agreed += 1
        else:
            tally.undecided += 1
            if found.bound > slack:
                tally.remarks.append(_remark(facts, region, f"its least margin is {found.bound:.6g}"))
            elif found.optimal and found.bound < -slack:
                tally.remarks.append(
                    f"region {region}: its least margin is {found.bound:.6g}, which its own point does not reach "
                    "(tolerances of the solver)"
                )
    if large:
        tally.remarks.insert(0, f"{large} regions leave more than {MOST_UNDECIDED} ReLUs undecided: not asked")
    tally.budgeted(asked, len(drawn), len(regions))
    return tally.check(), points


def _unfit(network: Model, regions: RegionSet) -> str:
    """Why the MILP cannot be asked about any region; empty when it can."""
    if not isinstance(network, Network):
        return "the network is no chain of affine maps and ReLUs"
    if regions.l2_radius is not None:
        return "Euclidean balls are no boxes"
    if network.inputs > MOST_INPUTS:
        return f"{network.inputs} inputs, more than {MOST_INPUTS}"
    return ""


def _replayed(
    statement: Statement, facts: _Facts, model: bytes, points: Mapping[int, Floats]
) -> tuple[Counterexample, ...]:
    """The points, as float32 inputs inside their regions, that violate on the runtime; none where it is absent."""
    missing = {region: point for region, point in points.items() if not facts.refuted[region]}
    if not missing:
        return ()
    try:
        runtime = Runtime(model, "model")
    except MissingLibraryError:
        return ()
    regions, found = facts.regions, []
    for region, point in missing.items():
        x = np.clip(point.astype(np.float32), *_single_box(regions.lower[region], regions.upper[region]))
        example = executed(statement, regions, region, x, runtime)
        if example is not None:
            found.append(example)
    return tuple(found)


def _single_box(lower: Floats, upper: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The least and the largest float32 numbers between the ends [n] of a box."""
    low, high = lower.astype(np.float32), upper.astype(np.float32)
    low = np.where(low.astype(np.float64) < lower, np.nextafter(low, np.float32(np.inf)), low)
    high = np.where(high.astype(np.float64) > upper, np.nextafter(high, np.float32(-np.inf)), high)
    return low, high
