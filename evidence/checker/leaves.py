"""Whether the condition holds on the parts at leaves, by what is offered for them and by the checker's own rules.

The condition is read as one more layer: outputs rows @ y + offsets. An offered combination of the rows of a clause
with weights that are not negative has a positive lower bound only where, at every point, some row of the clause is
positive. The combination with all weights zero is the number 0: if its lower bound is positive, the part holds no
point, and everything is true on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evidence.checker.bounds import RULES, Bounds, Known, Refine, forward
from evidence.checker.dual import Betas, Query, lower_bounds, refined
from evidence.checker.layers import Network
from evidence.checker.linear import Ints
from evidence.checker.offers import Entry, stacked
from evidence.checker.problem import Condition, Sets
from evidence.checker.rounding import Floats
from evidence.checker.walk import Parts

STAGES: tuple[tuple[str, ...], ...] = ((), RULES[:1], RULES)
"""Rules for the bounds of inner layers at a leaf that inherits none: intervals alone, CROWN, and the best of
three. Each is sound; the next is tried on what the one before left open. A leaf that inherits bounds gets bounds of
its own only where those do not suffice: there the last stage is tried, starting from what it inherits."""

AT_ONCE = 4_000_000
"""Weights or slopes of offered entries that are looked at together."""


def margins(net: Network, condition: Condition, sets: Sets, parts: Parts, offered: Sequence[Sequence[Entry]]) -> Floats:
    """For each part a number that is positive only if the condition holds on it [K].

    net: with the condition as its last layer (`Network.followed_by`); offered: entries for each part.
    """
    margin = np.full(len(parts), -np.inf)
    inherited = np.flatnonzero(parts.derived)
    if len(inherited):
        known = forward(net, *_box(parts, inherited), None, derive=False)
        margin[inherited] = _least(known, condition, sets.take(inherited), parts, inherited, offered, RULES)
    for rules in STAGES:
        # what inherited bounds leave open gets bounds of its own, by the last stage only
        left = np.flatnonzero(~(margin > 0) & (~parts.derived | (rules == STAGES[-1])))
        if not len(left):
            break
        some = sets.take(left)
        known = forward(net, *_box(parts, left), _refining(some, rules))
        found = _least(known, condition, some, parts, left, offered if rules else (), rules or RULES[:1])
        empty = np.any([(known.layers[i].lower > known.layers[i].upper).any(axis=1) for i in net.bent], axis=0)
        margin[left] = np.where(empty, np.inf, np.maximum(margin[left], found))
    return margin


def _refining(sets: Sets, rules: tuple[str, ...]) -> Refine:
    def refine(known: Known, depth: int, bounds: Bounds) -> Bounds:
        return refined(known, depth, bounds, sets, rules)

    return refine


def _box(parts: Parts, index: Ints) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    return parts.lower[index], parts.upper[index], (parts.low[index], parts.high[index])


def _least(
    known: Known,
    condition: Condition,
    sets: Sets,
    parts: Parts,
    index: Ints,
    offered: Sequence[Sequence[Entry]],
    rules: Sequence[str],
) -> Floats:
    """The margin of the worst of the clauses that are asked for, over the parts with these numbers [B]."""
    best = np.where(parts.asked[index, : condition.clauses], -np.inf, np.inf)
    depth = len(known.net.layers) - 1
    own = known.layers[depth]
    listed = [(b, entry) for b, k in enumerate(index.tolist()) for entry in (offered[k] if offered else ())]
    step = max(1, AT_ONCE // max(len(condition.rows), known.net.neurons, 1))
    for at in range(0, len(listed), step):
        of = np.array([b for b, _ in listed[at : at + step]])
        entries = [entry for _, entry in listed[at : at + step]]
        query = _query(known.net, depth, of, entries, parts.phases[index])
        found = lower_bounds(known, own, sets, query)
        np.maximum.at(best, (of, np.array([entry.clause for entry in entries])), found)
        none = np.array([not entry.weights.any() for entry in entries])
        best[of[none & (found > 0)]] = np.inf
    for rule in rules:
        of, row = np.nonzero(~(best > 0)[:, condition.clause])
        if not len(of):
            break
        query = Query(depth, of, neuron=row, sign=np.ones(len(of)))
        np.maximum.at(best, (of, condition.clause[row]), lower_bounds(known, own, sets, query, rule))
    return np.asarray(best.min(axis=1))


def _query(net: Network, depth: int, of: Ints, entries: Sequence[Entry], phases: Ints) -> Query:
    slopes = {}
    for m, layer in enumerate(net.relus):
        rows = [entry.slopes[m] for entry in entries]
        if any(row is not None for row in rows):
            slopes[layer] = stacked(rows, net.layers[layer].outputs)
    weights = np.zeros((len(entries), net.outputs))
    for q, entry in enumerate(entries):
        weights[q, entry.rows] = entry.weights
    return Query(depth, of, weights, slopes=slopes, betas=_betas(net, of, entries, phases))


def _betas(net: Network, of: Ints, entries: Sequence[Entry], phases: Ints) -> Betas | None:
    """The multipliers of all entries that offer some, at the layer and neuron of their phase."""
    given = [(q, entry.betas) for q, entry in enumerate(entries) if entry.betas is not None and len(entry.betas)]
    if not given:
        return None
    row = np.concatenate([np.full(len(betas), q) for q, betas in given])
    code = np.concatenate([phases[of[q], : len(betas)] for q, betas in given])
    neuron = np.abs(code) - 1
    starts = np.array([net.starts[layer] for layer in net.bent])
    place = np.searchsorted(starts, neuron, side="right") - 1
    beta = np.concatenate([betas for _, betas in given])
    return Betas(row, np.array(net.bent)[place], neuron - starts[place], np.sign(code), beta)


def ranges(net: Network, sets: Sets, parts: Parts) -> Floats:
    """Lower bounds of the outputs, then of their negatives, on each part [K, 2 m]."""
    m, depth = net.outputs, len(net.layers) - 1
    known = forward(net, *_box(parts, np.arange(len(parts))), _refining(sets, RULES))
    of, output = np.divmod(np.arange(len(parts) * 2 * m), 2 * m)
    query = Query(depth, of, neuron=output % m, sign=np.where(output < m, 1.0, -1.0))
    found = [lower_bounds(known, known.layers[depth], sets, query, rule) for rule in RULES]
    return np.asarray(np.max(found, axis=0)).reshape(len(parts), 2 * m)
