"""Randomized smoothing (Cohen, Rosenfeld & Kolter, ICML 2019): counts for the listed inputs, under an L2 ball.

Two samples, never mixed: the selection sample chooses a class for each input, the estimation sample counts how
often that class comes out. From the counts follows, with the stated error probability, a radius within which the
*smoothed* classifier keeps that class (evidence/smoothing_radius.py, used again by whoever checks the record).
By default the error probability covers all listed inputs together, by a union bound, which holds however the
inputs' counts depend on each other; so one noise sample can serve all inputs.

Noise is added to the model's raw input vector, in its unit, before the network's first layer, and not clipped. The
forward pass is float32; the radius assumes real arithmetic, which floating point can break (Jin et al., 2022;
Voracek & Hein, 2023). On a CPU one thread is used, so that a seed gives the same counts again.
Nothing here speaks of the base network, nor violates anything: there are no counterexamples and no certificate.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from evidence.diagnostics import Place, Severity, code
from evidence.digest import short
from evidence.engines.base import Outcome, SmoothingDetails, Task
from evidence.engines.smoothing.sampling import Noise, Sampler, cache_batch
from evidence.errors import InputError, MissingLibraryError, UnsupportedError
from evidence.network import Model, read_graph, simplest
from evidence.provenance import E_LIBRARY, library_versions, require
from evidence.regions import N_SHAPE
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import Frozen, InputBalls, KeepLabel, L2Ball, Statement
from evidence.verdict import Predictor

E_STATEMENT = code(
    "E130",
    Severity.ERROR,
    "statement that randomized smoothing cannot treat",
    "state keep-label of the smoothed predictor over L2 balls around listed inputs",
    "Cohen et al. 2019, theorem 1",
)
E_PARAMETER = code(
    "E131",
    Severity.ERROR,
    "unknown or unusable parameter of randomized smoothing",
    "correct the run's parameters in the case file",
)


class Parameters(Frozen):
    """What a run of randomized smoothing can be told. sigma is in the unit of the model's inputs."""

    sigma: Annotated[float, Field(gt=0, le=1e6, strict=True)]
    n_selection: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] = 100
    n_estimation: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] = 100_000
    error_probability: Annotated[float, Field(gt=0, lt=0.5, strict=True)] = 0.001
    simultaneous: Annotated[bool, Field(strict=True)] = True
    """The error probability is for all listed inputs together; false: for each of them alone."""
    noise: Noise = "shared"
    batch: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    """Noise samples taken through the network at a time; by default as many as fit the cache. Part of the seed's
    meaning: another batch gives other random numbers."""


def run(task: Task) -> Outcome:
    """Count for every listed input. Deterministic on a CPU for a seed.

    Raises UnsupportedError E130 (statement), N11x (network); InputError E131 (parameters), N106 (shapes);
    MissingLibraryError E110 (no torch, no CUDA device).
    """
    parameters = _parameters(task)
    statement = task.statement
    radius = _radius(task)
    network = simplest(read_graph(task.network, f"model {short(statement.model)}"))
    _require_fit(network, statement)
    _require_device(task.device)
    predicted, successes = _count(task, network, parameters)
    count = len(task.regions)
    error = error_per_input(parameters.error_probability, count, parameters.simultaneous)
    found = [smoothed_radius(hits, parameters.n_estimation, error, parameters.sigma) for hits in successes.tolist()]
    reached = np.array([not item.abstained and item.radius >= radius for item in found])
    return Outcome(
        candidates=reached & (predicted == task.regions.labels),
        violations={},
        certificate=None,
        details=SmoothingDetails(
            sigma=parameters.sigma,
            noise=parameters.noise,
            selection_samples=parameters.n_selection,
            estimation_samples=parameters.n_estimation,
            error_probability=parameters.error_probability,
            simultaneous=parameters.simultaneous,
            predicted=predicted,
            successes=successes,
        ),
        complete=False,
        versions=library_versions("smoothing"),
        assumptions=_assumptions(statement, parameters),
    )


def _count(task: Task, network: Model, parameters: Parameters) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    sampler = Sampler(
        network,
        task.regions.centers,
        parameters.sigma,
        -1 if task.statement.decision == "argmin" else 1,
        parameters.noise,
        task.seed,
        parameters.batch or cache_batch(network, task.device),
        task.device,
    )
    selection = len(task.regions) * parameters.n_selection
    total = selection + len(task.regions) * parameters.n_estimation
    with _one_thread():
        chosen = sampler.select(parameters.n_selection, lambda done: task.progress(done, total, "choosing classes"))
        predicted = chosen.argmax(axis=1)
        successes = sampler.estimate(
            predicted,
            parameters.n_estimation,
            lambda done: task.progress(selection + done, total, "estimating probabilities"),
        )
    return predicted, successes


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


def _radius(task: Task) -> float:
    """The radius that the statement asks for, after checking that it is one for this technique."""
    statement, regions = task.statement, task.statement.regions
    wrong = None
    if not isinstance(regions, InputBalls) or not isinstance(regions.perturbation, L2Ball):
        wrong = "the regions are not L2 balls around listed inputs"
    elif statement.predictor is not Predictor.SMOOTHED:
        wrong = "the statement is about the base network"
    elif not isinstance(statement.condition, KeepLabel):
        wrong = f"the condition is {statement.condition.kind}"
    elif task.regions.l2_radius is None:
        wrong = "the regions have no L2 radius"
    if wrong is not None or task.regions.l2_radius is None:
        raise UnsupportedError.of(
            E_STATEMENT, f"randomized smoothing: {wrong}", expected="keep-label, smoothed predictor, L2 balls"
        )
    return task.regions.l2_radius


def _require_fit(network: Model, statement: Statement) -> None:
    if (network.inputs, network.outputs) != (len(statement.inputs), len(statement.outputs)):
        raise InputError.of(
            N_SHAPE,
            f"the network has {network.inputs} inputs and {network.outputs} outputs",
            expected=f"{len(statement.inputs)} inputs and {len(statement.outputs)} outputs, as the statement says",
        )


def _require_device(device: Literal["cpu", "cuda"]) -> None:
    torch = require("torch")
    if device == "cuda" and not torch.cuda.is_available():
        raise MissingLibraryError.of(E_LIBRARY, "no CUDA device", remedy="run on the CPU, or install a CUDA build")


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """One thread: sums are then formed in the same order on every machine of a kind."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _assumptions(statement: Statement, parameters: Parameters) -> tuple[str, ...]:
    shared = (
        "One noise sample serves all inputs: each input's count is valid by itself, the counts depend on each other"
        + (", and the union bound over the inputs allows for that." if parameters.simultaneous else ".")
    )
    return (
        f"The deployed predictor is the smoothed classifier: Gaussian noise of standard deviation "
        f"{parameters.sigma:g} {statement.inputs[0].unit} is added to each raw model input, before the network's "
        "first layer, and not clipped.",
        "The radius follows from the counts over the real numbers; the counts are those of one float32 "
        "implementation, and floating-point effects on the radius are not covered.",
        "Pseudo-random numbers (Philox) stand for independent normal noise.",
        *((shared,) if parameters.noise == "shared" else ()),
    )
