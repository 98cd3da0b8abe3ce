"""Output reachability: ranges of every output over each input box, and whether a condition holds on all of it.

For each box: sampled outputs (from below), star sets (from above, or exact), and trees of cuts from which the
checker can derive ranges and proofs by itself (leaf_bounds.py). The engine's own bounds are candidates.
Works on chain ReLU networks and boxes: a single evaluation of the network, no closed loop. Where exact splitting
would need too many stars, the box is cut into a few parts and one relaxed star encloses the outputs over each.

The artefact "reach-set" is JSON for plots: polygons that enclose the outputs, pair by pair. It is a picture of
candidates, no evidence:
    {"format": "assurance-reach-set/1", "boxes": [{"name", "exact", "stars", "projections":
        [{"outputs": [x, y], "polygons": [[[x, y], ...], ...], "samples": [[x, y], ...]}]}]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError

from evidence.diagnostics import Place, Severity, code
from evidence.digest import canonical_json, short
from evidence.engines.base import Outcome, RangeDetails, Task
from evidence.engines.certificate import Proof, Ranged, write_certificate
from evidence.engines.reachability.leaf_bounds import layer_bounds, parts, proof_tree, range_tree
from evidence.engines.reachability.queries import condition_holds, output_bounds, shadow
from evidence.engines.reachability.star import Bounds, Star, box_star, enclose, patterns, split
from evidence.errors import InputError, UnsupportedError
from evidence.network import Network, read_network
from evidence.provenance import library_versions
from evidence.regions import N_SHAPE, Floats, OutputCondition
from evidence.specification import Frozen
from evidence.verdict import Predictor

E_STATEMENT = code(
    "E140",
    Severity.ERROR,
    "statement that output reachability cannot treat",
    "state it of the base network over boxes, Linf balls or sensor errors; use the bounds engine for L2 balls",
)
E_PARAMETER = code(
    "E141",
    Severity.ERROR,
    "unknown or unusable parameter of output reachability",
    "correct the run's parameters in the case file",
)
E_LARGE = code(
    "E142",
    Severity.ERROR,
    "too large for output reachability",
    "list fewer boxes, raise max_boxes, or use the bounds engine",
)

MAX_INPUTS = 1_000
MAX_RELUS = 4_000
MAX_PAIRS = 4
_MOST_PROBES = 50_000
"""Inputs at which ReLU signs are counted, to see early that exact splitting is out of reach."""
_PARTS = 16
_PARTS_INPUTS = 8
"""A box that needs too many stars is cut into so many parts, unless it has more inputs: few cuts help little then."""
_POLYGONS = 64
"""In the picture of one box and pair; more stars are drawn as hulls of neighbouring ones."""
_POLYGONS_IN_ALL = 1_000
_SHOWN_SAMPLES = 200


class Parameters(Frozen):
    """What a user may set. `projection`: output names 'x, y' to plot, further pairs after ';'."""

    max_stars: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 5_000
    """Stars for each box; when exact splitting would need more, undecided ReLUs are relaxed instead."""
    max_leaves: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 1_024
    """Parts into which a box may be cut for the checker, for the range and for the proof each."""
    max_boxes: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 100
    range_tolerance: Annotated[float, Field(gt=0, le=10, strict=True)] = 0.05
    """Cutting stops when the range is this close to the star's (or the samples') range, as a share of its width."""
    samples: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 10_000
    projection: str | None = None
    directions: Annotated[int, Field(ge=4, le=256, strict=True)] = 32


def run(task: Task) -> Outcome:
    """Examine every box of the task.

    Raises UnsupportedError E140 (statement), E142 (size), N11x (network); InputError E141 (parameters).
    """
    parameters = _parameters(task)
    _require_treatable(task, parameters)
    network = read_network(task.network, f"model {short(task.statement.model)}")
    _require_size(task, network)
    pairs = _pairs(parameters.projection, task.statement.outputs)
    found: list[_Found] = []
    for number in range(len(task.regions)):
        task.progress(number, len(task.regions), task.regions.names[number])
        found.append(_examine(task, number, network, parameters, pairs))
    task.progress(len(found), len(found), "boxes examined")
    artefacts = {}
    if pairs:
        boxes = [item.picture for item in found]
        artefacts["reach-set"] = canonical_json({"format": "assurance-reach-set/1", "boxes": boxes})
    return Outcome(
        candidates=np.array([item.holds for item in found]),
        violations={number: item.violation for number, item in enumerate(found) if item.violation is not None},
        certificate=write_certificate(
            task.statement,
            [item.proof for item in found if item.proof is not None],
            ranges=[item.ranged for item in found],
        ),
        details=RangeDetails(
            star_lower=np.stack([item.star[0] for item in found]),
            star_upper=np.stack([item.star[1] for item in found]),
            sampled_lower=np.stack([item.sampled[0] for item in found]),
            sampled_upper=np.stack([item.sampled[1] for item in found]),
            exact=tuple(item.exact for item in found),
            stars=tuple(item.stars for item in found),
        ),
        complete=all(item.exact for item in found),
        versions=library_versions("reachability"),
        assumptions=(
            "The network is the function over the real numbers that its stored weights define.",
            "Star ranges come from linear programs in floating point and are candidates; the checked ranges are not.",
            f"Sampled ranges come from {parameters.samples} inputs in each box; the true range is at least as wide.",
        ),
        artefacts=artefacts,
    )


# --- what can be treated -----------------------------------------------------------------------------------------


def _parameters(task: Task) -> Parameters:
    try:
        return Parameters.model_validate(dict(task.parameters))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        expected = f"one of {', '.join(Parameters.model_fields)}" if first["type"] == "extra_forbidden" else None
        raise InputError.of(
            E_PARAMETER, f"parameter {name!r}: {first['msg']}", Place(field=name), expected=expected
        ) from None


def _require_treatable(task: Task, parameters: Parameters) -> None:
    if task.statement.predictor is not Predictor.BASE:
        raise UnsupportedError.of(
            E_STATEMENT, "the statement is about the smoothed classifier", expected="the base network"
        )
    if task.regions.l2_radius is not None:
        raise UnsupportedError.of(E_STATEMENT, "the regions are L2 balls", expected="boxes")
    if len(task.regions) > parameters.max_boxes:
        raise UnsupportedError.of(
            E_LARGE, f"{len(task.regions)} boxes", expected=f"at most max_boxes = {parameters.max_boxes}"
        )


def _require_size(task: Task, network: Network) -> None:
    if network.inputs > MAX_INPUTS or sum(network.relus) > MAX_RELUS:
        raise UnsupportedError.of(
            E_LARGE,
            f"{network.inputs} inputs and {sum(network.relus)} ReLUs",
            expected=f"at most {MAX_INPUTS} inputs and {MAX_RELUS} ReLUs",
        )
    if (network.inputs, network.outputs) != (len(task.statement.inputs), len(task.statement.outputs)):
        raise InputError.of(
            N_SHAPE,
            f"the network has {network.inputs} inputs and {network.outputs} outputs",
            expected=f"{len(task.statement.inputs)} and {len(task.statement.outputs)}, as the statement says",
        )


def _pairs(projection: str | None, outputs: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Pairs of outputs to plot; the first two unless others are named."""
    if projection is None:
        return ((0, 1),) if len(outputs) > 1 else ()
    pairs = []
    for part in projection.split(";"):
        names = [name.strip() for name in part.split(",")]
        if len(names) != 2 or names[0] == names[1] or any(name not in outputs for name in names):
            raise InputError.of(
                E_PARAMETER,
                f"projection {part.strip()!r}",
                Place(field="projection"),
                expected=f"two of the outputs {', '.join(outputs)}, as in '{outputs[0]}, {outputs[-1]}'",
            )
        pairs.append((outputs.index(names[0]), outputs.index(names[1])))
    if len(pairs) > MAX_PAIRS:
        raise InputError.of(E_PARAMETER, f"{len(pairs)} projections", expected=f"at most {MAX_PAIRS}")
    return tuple(pairs)


# --- one box -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What was found about one box. star, sampled: lower and upper [outputs]."""

    star: tuple[Floats, Floats]
    sampled: tuple[Floats, Floats]
    exact: bool
    stars: int
    holds: bool
    violation: Floats | None
    proof: Proof | None
    ranged: Ranged
    picture: dict[str, object]


def _examine(
    task: Task, number: int, network: Network, parameters: Parameters, pairs: tuple[tuple[int, int], ...]
) -> _Found:
    regions = task.regions
    lower, upper = regions.lower[number], regions.upper[number]
    condition = regions.conditions[regions.condition_of[number]]
    points = sample_box(lower, upper, parameters.samples, task.seed, number)
    outputs = network.forward(points)
    stars, complete = _stars(network, lower, upper, points, parameters.max_stars)
    star_lower, star_upper, closed = output_bounds(stars)
    exact = complete and closed
    answer = condition_holds(stars, condition)
    proposed = np.array(answer.witnesses).reshape(-1, len(lower))
    violation = _worst(network, condition, np.vstack([points, representable(proposed, lower, upper)]))
    tree = None if violation is not None else proof_tree(network, lower, upper, condition, parameters.max_leaves)
    sampled = outputs.min(axis=0), outputs.max(axis=0)
    near = (star_lower, star_upper) if exact else sampled
    room = parameters.range_tolerance * (near[1] - near[0])
    ranged = range_tree(network, lower, upper, (near[0] - room, near[1] + room), parameters.max_leaves)
    count = max(1, min(_POLYGONS, _POLYGONS_IN_ALL // len(regions)))
    return _Found(
        (star_lower, star_upper),
        sampled,
        exact,
        len(stars),
        violation is None and (answer.holds or tree is not None),
        violation,
        None if tree is None else Proof(number, tree),
        Ranged(number, ranged.tree),
        {
            "name": regions.names[number],
            "exact": exact,
            "stars": len(stars),
            "projections": [
                _projection(task, stars, pair, star_upper - star_lower, outputs, count, parameters.directions)
                for pair in pairs
            ],
        },
    )


def _stars(
    network: Network, lower: Floats, upper: Floats, points: Floats, max_stars: int
) -> tuple[tuple[Star, ...], bool]:
    """Stars that enclose the outputs over the box, and True when their union is the set of outputs."""
    probes = sample_box(lower, upper, min(8 * max_stars, _MOST_PROBES), 0, 0)
    if patterns(network, probes) <= max_stars:
        exact = split(network, box_star(lower, upper, points), _bounds(network, lower, upper), max_stars)
        if exact is not None:
            return exact, True
    relaxed = []
    count = min(_PARTS, max_stars) if network.inputs <= _PARTS_INPUTS else 1
    for low, high in parts(network, lower, upper, count):
        members = points[((points >= low) & (points <= high)).all(axis=1)]
        relaxed.append(enclose(network, box_star(low, high, members), _bounds(network, low, high)))
    return tuple(relaxed), False


def _bounds(network: Network, lower: Floats, upper: Floats) -> list[Bounds]:
    return [(low[0], high[0]) for low, high in layer_bounds(network, lower[None], upper[None])]


def sample_box(lower: Floats, upper: Floats, count: int, seed: int, stream: int) -> Floats:
    """Inputs [count, n] of a box: corners first, then half of the rest uniform and half with inputs at their ends.

    They are float32 numbers inside the box wherever an input's range holds one, so that a replay can take them as
    they are. All corners are there when they are few enough, else random ones.
    """
    n = len(lower)
    generator = np.random.Generator(np.random.Philox(key=np.array([seed % 2**64, stream], dtype=np.uint64)))
    if 2**n <= max(count // 4, 1):
        ends = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.float64)
    else:
        ends = generator.integers(0, 2, (max(count // 4, 1), n)).astype(np.float64)
    inner = generator.random((count - len(ends), n))
    pushed = generator.integers(0, 3, inner.shape)
    pushed[::2] = 2
    shares = np.vstack([ends, np.where(pushed < 2, pushed, inner)])
    return representable(lower + (upper - lower) * shares, lower, upper)


def representable(points: Floats, lower: Floats, upper: Floats) -> Floats:
    """The points [p, n] moved to float32 numbers inside the box where there are any, else clipped to the box."""
    clipped = np.clip(points, lower, upper)
    near = clipped.astype(np.float32)
    near = np.where(near > upper, np.nextafter(near, np.float32(-np.inf)), near)
    near = np.where(near < lower, np.nextafter(near, np.float32(np.inf)), near)
    moved = near.astype(np.float64)
    return np.asarray(np.where((moved >= lower) & (moved <= upper), moved, clipped))


def _worst(network: Network, condition: OutputCondition, points: Floats) -> Floats | None:
    """The point [n] that violates the condition most in float64, or None when none does."""
    margins = condition.margins(network.forward(points))
    worst = int(np.argmin(margins))
    return points[worst] if margins[worst] <= 0 else None


def _projection(
    task: Task,
    stars: Sequence[Star],
    pair: tuple[int, int],
    widths: Floats,
    outputs: Floats,
    count: int,
    directions: int,
) -> dict[str, object]:
    """Polygons of one pair of outputs: one for each star, or for each group of neighbouring stars when many."""
    unit = np.maximum(widths[list(pair)], 1e-9)
    groups = np.array_split(np.arange(len(stars)), min(count, len(stars)))
    polygons = [shadow([stars[i] for i in group], pair, unit, directions) for group in groups]
    shown = np.linspace(0, len(outputs) - 1, min(_SHOWN_SAMPLES, len(outputs))).astype(int)
    return {
        "outputs": [task.statement.outputs[i] for i in pair],
        "polygons": polygons,
        "samples": [[float(f"{value:.6g}") for value in outputs[i, list(pair)]] for i in shown],
    }
