"""The prover: attack, bounds, then branch and bound until every region is proved, violated, or a limit is reached.

Networks that are chains of affine maps and ReLUs are treated by this package's own batched CROWN in float64: few
inputs are cut (inputs.py), many inputs keep their box and the phases of ReLUs are split (phases.py). On every other
network inputs are cut with auto_LiRPA's bounds (graphs.py). Every proof
leaves its partition and multipliers in the certificate; nothing counts until the independent checker has derived it
again (evidence/run.py). Time and memory limits end the search with what is proved so far.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from evidence.diagnostics import Place
from evidence.digest import short
from evidence.engines.base import BoundsDetails, Outcome, Task
from evidence.engines.bounds.engine import E_UNSUPPORTED, WITHOUT_SOFTMAX, one_thread, require_device
from evidence.engines.bounds.goals import goals_of
from evidence.engines.certificate import Proof, write_certificate
from evidence.engines.prover import resume_boxes, resume_phases
from evidence.engines.prover.arrays import place
from evidence.engines.prover.boxes import BoxSearch, fresh
from evidence.engines.prover.chain import chain_of
from evidence.engines.prover.graphs import GraphSearch, graph_search
from evidence.engines.prover.growth import Growth, Ints
from evidence.engines.prover.inputs import InputSearch
from evidence.engines.prover.kept import Keeper
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.parameters import Parameters, read_parameters
from evidence.engines.prover.phases import PhaseSearch
from evidence.engines.prover.rows import Rows, rows_of
from evidence.engines.prover.violations import Violations
from evidence.errors import InputError, UnsupportedError
from evidence.network import (
    Graph,
    Model,
    Network,
    compares_outputs,
    ends_in_softmax,
    read_graph,
    simplest,
    without_softmax,
)
from evidence.provenance import library_versions
from evidence.regions import N_SHAPE, Floats, RegionSet
from evidence.specification import InputBalls, L2Ball
from evidence.verdict import Arithmetic, Predictor

_FEW_INPUTS = 16
"""Up to so many inputs that are not constant, cutting inputs pays."""
_FIRST_LOOK = 2.0
"""Seconds of search before the thorough attack: most regions are decided by then."""

REALS = "The network is the function over the real numbers that its stored weights define."
SINGLES = (
    "Every operator of the model is executed in IEEE binary32 with rounding to nearest, in any order of summation, "
    "on float32 inputs; the graph is executed as it is written."
)


def run(task: Task) -> Outcome:
    """Examine a task. Raises InputError E111, N106, N11x; UnsupportedError E112, N11x; MissingLibraryError E110."""
    parameters = read_parameters(task.parameters)
    _supported(task)
    network, assumptions = _network(task)
    if (network.inputs, network.outputs) != (len(task.statement.inputs), len(task.statement.outputs)):
        raise InputError.of(
            N_SHAPE,
            f"{network.name} has {network.inputs} inputs and {network.outputs} outputs",
            Place(network.name),
            expected=f"{len(task.statement.inputs)} inputs and {len(task.statement.outputs)} outputs, as declared",
        )
    if isinstance(network, Network):
        return _prove(task, parameters, network, assumptions)
    require_device(task.device)
    with one_thread():
        return _prove(task, parameters, network, assumptions)


def _network(task: Task) -> tuple[Model, tuple[str, ...]]:
    """The network, a chain where it is one, and what is assumed of it. A final Softmax is left out where nothing
    changes by that; executions in float32 may round different outputs to equal ones."""
    graph = read_graph(task.network, f"model {short(task.statement.model)}")
    if task.statement.arithmetic is Arithmetic.FLOAT32:
        return simplest(graph), (SINGLES,)
    if ends_in_softmax(graph) and all(compares_outputs(condition) for condition in task.regions.conditions):
        return simplest(without_softmax(graph)), (REALS, WITHOUT_SOFTMAX)
    return simplest(graph), (REALS,)


def _prove(task: Task, parameters: Parameters, network: Model, assumptions: tuple[str, ...]) -> Outcome:
    started = time.monotonic()
    regions = task.regions
    deadline = started + parameters.timeout
    violations = Violations(network, task, lambda: time.monotonic() > deadline)
    everything = list(range(len(regions)))
    violations.attack(everything, parameters.attack, light=True)

    growth = Growth(network.inputs)
    roots = growth.add(len(regions))
    proved = np.zeros(len(regions))
    left = [region for region in everything if region not in violations.points]
    first = Limits(min(deadline, started + _FIRST_LOOK), parameters.max_parts, task.progress)
    limits = Limits(deadline, parameters.max_parts, task.progress)
    single = task.statement.arithmetic is Arithmetic.FLOAT32
    search: BoxSearch | None = None
    still_open, failure = set(left), ""
    if isinstance(network, Graph):
        try:
            search = graph_search(network, regions, growth, roots, left, violations, proved, single, task.device)
        except UnsupportedError as error:  # it names the node that cannot be bounded
            failure = error.finding.message
            violations.attack(left, parameters.attack, light=False)
    else:
        chain = chain_of(network, place(task.device), single)
        rows = rows_of(chain, goals_of(regions))
        if not chain.depth or _cuts_inputs(parameters, task):  # without ReLUs there is nothing else to split
            search = _search(rows, growth, violations, regions, roots, left, proved)
        else:
            still_open = _phases(rows, growth, violations, task, roots, left, proved, parameters, limits)
    resumable = bool(still_open) and search is None and limits.hit is not None
    if search is not None:
        keeper = Keeper(task.scratch, lambda: resume_boxes.saved(search, violations))
        if not resume_boxes.resume(task.scratch, search, violations, regions):
            search.run(first)
            if search.open():
                violations.attack(search.regions(), parameters.attack, light=False)
        search.run(limits, keeper.between)
        still_open = set(search.regions())
        resumable = bool(still_open) and limits.hit is not None
        if resumable:
            keeper.save()
        failure = search.failure if isinstance(search, GraphSearch) else ""
    candidates = np.array([r not in still_open and r not in violations.points for r in everything], dtype=np.bool_)
    proofs = []
    for region in np.flatnonzero(candidates).tolist():
        tree, leaves = growth.entries(int(roots[region]))
        proofs.append(Proof(region, tree, leaves))
    return Outcome(
        candidates=candidates,
        violations=violations.near_misses | violations.points,
        certificate=write_certificate(task.statement, proofs) if proofs else None,
        details=BoundsDetails(
            method="branch-and-bound",
            clean_correct=None,
            attack_method=violations.method,
            attack_restarts=violations.starts,
            attack_steps=violations.steps,
            attack_tried=violations.tried,
        ),
        complete=isinstance(network, Network) and not still_open,
        versions=library_versions("prover" if isinstance(network, Network) else "bounds"),
        assumptions=assumptions,
        arithmetics=(Arithmetic.FLOAT32 if single else Arithmetic.REAL,),
        reason=(failure or limits.hit or "parts became too thin to be cut") if still_open else "",
        resumable=resumable,
    )


def _cuts_inputs(parameters: Parameters, task: Task) -> bool:
    if parameters.split != "auto":
        return parameters.split == "inputs"
    moving = (task.regions.upper - task.regions.lower > 1e-12).any(axis=0)
    return int(moving.sum()) <= _FEW_INPUTS


def _search(
    rows: Rows,
    growth: Growth,
    violations: Violations,
    regions: RegionSet,
    roots: Ints,
    left: list[int],
    proved: Floats,
) -> InputSearch:
    which = np.array(left, dtype=np.int64)
    start = fresh(
        rows.chain.widths, regions.lower[which], regions.upper[which], roots[which], which, np.ones(len(which))
    )
    return InputSearch(
        growth=growth,
        width=regions.upper - regions.lower,
        found=violations.consider,
        violated=violations.points,
        proved=proved,
        stack=[start] if left else [],
        rows=rows,
    )


def _phases(
    rows: Rows,
    growth: Growth,
    violations: Violations,
    task: Task,
    roots: Ints,
    left: list[int],
    proved: Floats,
    parameters: Parameters,
    limits: Limits,
) -> set[int]:
    """Search region by region, each with its share of the time that is left; the regions that stay open."""
    regions = task.regions

    def search_of(region: int) -> PhaseSearch:
        def report(share: float) -> None:
            proved[region] = share
            limits.report(proved)

        return PhaseSearch(rows, growth, region, violations.consider, violations.points, limits, report)

    kept = resume_phases.resume(task.scratch, growth, violations, len(regions), search_of)
    closed, begun = kept.closed, kept.begun
    proved[list(closed)] = 1.0
    if not (closed or begun):
        violations.attack(left, parameters.attack, light=False)
    keeper = Keeper(task.scratch, lambda: resume_phases.saved(growth, violations, closed, begun))
    waiting = [region for region in left if region not in closed and region not in violations.points]
    for number, region in enumerate(waiting):
        search = begun.setdefault(region, search_of(region))
        search.limits = own = replace(limits, deadline=limits.fair_share(len(waiting) - number), hit=None)
        if search.run(int(roots[region]), regions.lower[region], regions.upper[region], keeper.between):
            closed.add(region)
            search.report(1.0)
        if region in closed or region in violations.points or search.stuck:
            del begun[region]
        limits.hit = limits.hit or own.hit or ("no undecided neuron was left to split" if search.stuck else None)
    still_open = {region for region in waiting if region not in closed and region not in violations.points}
    if still_open and limits.hit is not None:
        keeper.save()
    return still_open


def _supported(task: Task) -> None:
    if task.statement.predictor is not Predictor.BASE:
        raise UnsupportedError.of(
            E_UNSUPPORTED, "proofs speak of the base network, not of a smoothed classifier", Place(field="predictor")
        )
    regions = task.statement.regions
    if isinstance(regions, InputBalls) and isinstance(regions.perturbation, L2Ball):
        raise UnsupportedError.of(
            E_UNSUPPORTED,
            "the prover needs boxes, not Euclidean balls",
            Place(field="engine"),
            expected="engine: bounds",
        )
