"""The bounds engine: regions whose bounds support the condition, inputs that seem to violate it, a certificate.

Steps: bounds on every region as a whole; an attack on every region; boxes that are still open are split
(`max_leaves`); on request the radius around each listed input. One thread, fixed seeds and limits that count work,
not time: repeating a run gives the same outcome.
The bounds speak of the network over the reals. Nothing here is a verdict: see evidence/run.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evidence.diagnostics import Place, Severity, code
from evidence.digest import short
from evidence.engines.attack import METHOD, Attack, attack
from evidence.engines.base import BoundsDetails, Outcome, Task
from evidence.engines.bounds.goals import Goals, goals_of
from evidence.engines.bounds.lirpa import Bounder, Sets
from evidence.engines.bounds.parameters import Parameters, read_parameters
from evidence.engines.bounds.radius import Balls, attacked_radii, clean_margins, verified_radii
from evidence.engines.bounds.splitting import assess, split
from evidence.engines.certificate import LEAF, Proof, write_certificate
from evidence.errors import InputError, MissingLibraryError, UnsupportedError
from evidence.network import Model, compares_outputs, ends_in_softmax, read_graph, simplest, without_softmax
from evidence.provenance import E_LIBRARY, library_versions, require
from evidence.regions import N_SHAPE, Floats
from evidence.specification import InputBalls, L2Ball, SensorError, Statement
from evidence.verdict import Predictor

E_UNSUPPORTED = code(
    "E112",
    Severity.ERROR,
    "the engine cannot examine this statement this way",
    "change the parameters or use another engine",
)

ASSUMPTIONS = ("The network is the function over the real numbers that its stored weights define.",)

WITHOUT_SOFTMAX = (
    "The network's final Softmax is left out: over the real numbers it keeps the order of outputs, and the condition "
    "only compares outputs."
)


def run(task: Task) -> Outcome:
    """Examine a task by bound propagation. Raises InputError E111, N106, N11x; UnsupportedError E112, N11x;
    MissingLibraryError E110."""
    parameters = read_parameters(task.parameters)
    _supported(task.statement, parameters)
    network, assumptions = _network(task)
    _fits(network, task.statement)
    require_device(task.device)
    with one_thread():
        return _examine(task, parameters, network, assumptions)


def _network(task: Task) -> tuple[Model, tuple[str, ...]]:
    """The network to bound, a chain where it is one, and what is assumed of it.

    Raises UnsupportedError E112 when a final Softmax cannot be left out.
    """
    graph = read_graph(task.network, f"model {short(task.statement.model)}")
    if not ends_in_softmax(graph):
        return simplest(graph), ASSUMPTIONS
    if not all(compares_outputs(condition) for condition in task.regions.conditions):
        raise UnsupportedError.of(
            E_UNSUPPORTED,
            "the network ends in Softmax, and the condition does more than to compare two outputs",
            Place(field="condition"),
            expected="a condition on which output is larger, or a network without the Softmax",
        )
    return simplest(without_softmax(graph)), (*ASSUMPTIONS, WITHOUT_SOFTMAX)


def _examine(task: Task, parameters: Parameters, network: Model, assumptions: tuple[str, ...]) -> Outcome:
    regions, goals = task.regions, goals_of(task.regions)
    every = np.arange(len(regions))
    radius = None if regions.l2_radius is None else np.full(len(regions), regions.l2_radius)
    sets = Sets(regions.lower, regions.upper, regions.centers, radius)
    bounder = Bounder(network, parameters.batch, task.device)

    whole = assess(bounder, parameters.method, sets, goals, every, notify=task.progress)
    held = whole.margins > 0
    proofs = {
        int(region): Proof(int(region), LEAF, (whole.slopes.get(int(region)),)) for region in np.flatnonzero(held)
    }
    found = _attack(task, parameters, network, ~held)
    violations = found.violations
    if parameters.max_leaves > 1:
        left = np.flatnonzero(~held & ~np.isin(every, list(violations)))
        parts = split(
            bounder,
            network,
            parameters.method,
            sets.take(left),
            goals,
            left,
            parameters.max_leaves,
            task.progress,
        )
        proofs |= parts.proofs
        violations = {region: _single(point) for region, point in parts.violating.items()} | violations

    centred = isinstance(task.statement.regions, InputBalls)
    correct = clean_margins(network, goals, regions.centers) > 0
    verified, attacked = _radii(task, parameters, network, bounder, goals, correct) if parameters.radius else ((), ())
    candidates = np.isin(every, list(proofs))
    certificate = write_certificate(
        task.statement,
        [proofs[region] for region in sorted(proofs)],
        radii=verified if parameters.radius else None,
    )
    perturbation = task.statement.regions.perturbation if isinstance(task.statement.regions, InputBalls) else None
    unit = None if perturbation is None or isinstance(perturbation, SensorError) else perturbation.eps.unit
    return Outcome(
        candidates=candidates,
        violations=violations,
        certificate=certificate if proofs or any(verified) else None,
        details=BoundsDetails(
            method=parameters.method,
            clean_correct=_clean_correct(task, network) if centred else None,
            attack_method=METHOD,
            attack_restarts=parameters.attack_restarts,
            attack_steps=parameters.attack_steps,
            attack_tried=int(found.tried.sum()),
            radius_unit=unit if parameters.radius else None,
            radius_limit=parameters.radius_limit or 0.0,
            radius_candidate=verified,
            radius_attack=attacked,
        ),
        complete=False,
        versions=library_versions("bounds"),
        assumptions=assumptions,
    )


def _attack(task: Task, parameters: Parameters, network: Model, descend: NDArray[np.bool_]) -> Attack:
    return attack(
        network,
        task.regions,
        descend,
        parameters.attack_restarts,
        parameters.attack_steps,
        task.seed,
        device=task.device,
        notify=lambda done, total: task.progress(done, total, "attack"),
    )


def _radii(
    task: Task,
    parameters: Parameters,
    network: Model,
    bounder: Bounder,
    goals: Goals,
    correct: NDArray[np.bool_],
) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    limit = parameters.radius_limit or 0.0
    balls = Balls(task.regions, task.regions.l2_radius is not None)
    verified = verified_radii(
        bounder, parameters.method, balls, goals, correct, limit, parameters.radius_steps, task.progress
    )
    attacked = attacked_radii(
        network,
        balls,
        goals,
        correct,
        verified,
        limit,
        parameters.radius_steps,
        parameters.attack_restarts,
        parameters.attack_steps,
        task.seed,
        task.device,
        task.progress,
    )
    return tuple(verified.tolist()), attacked


def _clean_correct(task: Task, network: Model) -> int | None:
    """Listed inputs whose unperturbed decision is their label, strictly ahead; None without a decision rule."""
    if task.statement.decision == "none":
        return None
    outputs = network.forward(task.regions.centers) * (-1.0 if task.statement.decision == "argmin" else 1.0)
    own = np.take_along_axis(outputs, task.regions.labels[:, None], axis=1)
    others = outputs.copy()
    np.put_along_axis(others, task.regions.labels[:, None], -np.inf, axis=1)
    return int((own[:, 0] > others.max(axis=1)).sum())


def _single(point: Floats) -> Floats:
    """The nearest float32 input, which is what an execution would get."""
    return point.astype(np.float32).astype(np.float64)


def _supported(statement: Statement, parameters: Parameters) -> None:
    if statement.predictor is not Predictor.BASE:
        raise UnsupportedError.of(
            E_UNSUPPORTED, "bounds speak of the base network, not of a smoothed classifier", Place(field="predictor")
        )
    perturbation = statement.regions.perturbation if isinstance(statement.regions, InputBalls) else None
    if isinstance(perturbation, L2Ball) and parameters.max_leaves > 1:
        raise UnsupportedError.of(
            E_UNSUPPORTED, "Euclidean balls cannot be split", Place(field="max_leaves"), expected="max_leaves: 1"
        )
    if parameters.radius and (perturbation is None or isinstance(perturbation, SensorError)):
        raise UnsupportedError.of(
            E_UNSUPPORTED,
            "a radius search needs Linf or L2 balls around listed inputs",
            Place(field="radius"),
            expected="radius: false",
        )


def _fits(network: Model, statement: Statement) -> None:
    if (network.inputs, network.outputs) != (len(statement.inputs), len(statement.outputs)):
        raise InputError.of(
            N_SHAPE,
            f"{network.name} has {network.inputs} inputs and {network.outputs} outputs",
            Place(network.name),
            expected=f"{len(statement.inputs)} inputs and {len(statement.outputs)} outputs, as declared",
        )


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Sums in a fixed order, so that a repeated run has equal results."""
    torch = require("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def require_device(device: str) -> None:
    """Raise MissingLibraryError E110 when a CUDA device is asked for and there is none."""
    if device == "cuda" and not require("torch").cuda.is_available():
        raise MissingLibraryError.of(
            E_LIBRARY, "no CUDA device can be used", Place(field="device"), remedy="run with --device cpu"
        )
