"""The prover's own CROWN against auto_LiRPA's, in one run, on one thread; and checking against proving.

Boxes are random parts of an ACAS Xu property's box (benchmark data beside the checkout), small enough that the bounds
are what branch and bound meets. `from scratch` derives every inner bound anew, as auto_LiRPA does; `inherited` starts
from the bounds of the box that each was cut from, as the search does.
"""

from __future__ import annotations

import time

import numpy as np

from assurance.cli.prove import statement_of
from benchmarks.common import best_of
from benchmarks.vnncomp import DATA
from evidence.checker.check import check
from evidence.digest import of_bytes
from evidence.engines import load_engine
from evidence.engines.base import Task
from evidence.engines.bounds.goals import goals_of
from evidence.engines.bounds.lirpa import Bounder, Sets
from evidence.engines.prover.arrays import place
from evidence.engines.prover.boxes import fresh
from evidence.engines.prover.chain import chain_of
from evidence.engines.prover.crown import Parts, bound, derive
from evidence.engines.prover.rows import rows_of
from evidence.network import read_network
from evidence.regions import expand
from evidence.vnnlib import read_property

NETWORK, PROPERTY = "acasxu/onnx/ACASXU_run2a_1_1_batch_2000.onnx", "acasxu/vnnlib/prop_3.vnnlib"
HARD = (("4_2", "2"), ("3_3", "9"), ("4_6", "1"))
BOXES, BATCH, PARENTS = 2_000, 256, 20


def prover() -> list[str]:
    """Boxes per second of our CROWN and of auto_LiRPA's, and checking over proving on hard instances."""
    if not DATA.is_dir():
        return ["skipped: the benchmark data is not beside the checkout"]
    import torch

    torch.set_num_threads(1)
    data, text = (DATA / NETWORK).read_bytes(), (DATA / PROPERTY).read_bytes()
    statement = statement_of(read_property(text, "property"), of_bytes(data), of_bytes(text))
    regions = expand(statement, {of_bytes(text): text}.__getitem__)
    network, goals = read_network(data, "benchmark"), goals_of(regions)
    chain = chain_of(network, place("cpu"), False)
    rows = rows_of(chain, goals)
    generator = np.random.default_rng(0)
    wide_low, wide_high = _cut(
        generator, np.repeat(regions.lower, PARENTS, 0), np.repeat(regions.upper, PARENTS, 0), 0.5
    )
    low, high = _cut(
        generator, np.repeat(wide_low, BOXES // PARENTS, 0), np.repeat(wide_high, BOXES // PARENTS, 0), 0.5
    )
    none = np.zeros(PARENTS, dtype=np.int64)
    parents = fresh(chain.widths, wide_low, wide_high, none, none, np.ones(PARENTS)).parts
    derive(chain, parents)

    def ours(inherit: bool) -> np.ndarray:
        found = []
        for at in range(0, BOXES, BATCH):
            lower, upper = low[at : at + BATCH], high[at : at + BATCH]
            parent = (np.arange(at, at + len(lower)) * PARENTS) // BOXES
            parts = fresh(chain.widths, lower, upper, parent, parent * 0, np.ones(len(lower))).parts
            if inherit:
                parts = Parts(lower, upper, [v[parent] for v in parents.low], [v[parent] for v in parents.high])
            layers = derive(chain, parts)
            of = np.repeat(np.arange(len(lower)), rows.offsets.shape[1])
            weights = np.tile(rows.weights[0], (len(lower), 1))
            found.append(bound(chain, parts, weights, np.tile(rows.offsets[0], len(lower)), of, layers).least)
        return np.concatenate(found)

    bounder = Bounder(network, BATCH)
    sets = Sets(low, high, low / 2 + high / 2)
    matrix = goals.matrix(np.zeros(BOXES, dtype=np.int64))
    theirs = best_of(2, lambda: bounder.bound("crown", sets, matrix))
    scratch, inherited = best_of(3, lambda: ours(False)), best_of(3, lambda: ours(True))
    own, peer = ours(False), (bounder.bound("crown", sets, matrix).lower + goals.offsets[0]).reshape(-1)
    return [
        f"auto_LiRPA CROWN: {BOXES / theirs:,.0f} boxes/s (1.0)",
        f"own CROWN from scratch: {BOXES / scratch:,.0f} boxes/s ({theirs / scratch:.2f}), mean bound {own.mean():.4f} "
        f"against {peer.mean():.4f}, above it by {(own - peer).min():.1e} at least",
        f"own CROWN inherited: {BOXES / inherited:,.0f} boxes/s ({theirs / inherited:.2f})",
        *(_checking(network, number) for network, number in HARD),
    ]


def _cut(
    generator: np.random.Generator, lower: np.ndarray, upper: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """A random part of each box, `share` of its width along every input."""
    width = (upper - lower) * share
    start = lower + generator.random(lower.shape) * (upper - lower - width)
    return start, start + width


def _checking(network: str, number: str) -> str:
    data = (DATA / f"acasxu/onnx/ACASXU_run2a_{network}_batch_2000.onnx").read_bytes()
    text = (DATA / f"acasxu/vnnlib/prop_{number}.vnnlib").read_bytes()
    statement = statement_of(read_property(text, "property"), of_bytes(data), of_bytes(text))
    files = {of_bytes(data): data, of_bytes(text): text}
    regions = expand(statement, files.__getitem__)
    start = time.perf_counter()
    outcome = load_engine("prover")(Task(statement, regions, data, {}))
    proving = time.perf_counter() - start
    start = time.perf_counter()
    report = check(statement.model_dump(mode="json"), outcome.certificate or b"", files.__getitem__)
    checking = time.perf_counter() - start
    return (
        f"N{network} p{number}: {'proved' if all(report.proved) else 'not proved'}, proving {proving:.2f} s, "
        f"checking {checking:.2f} s, ratio {checking / proving:.2f}; certificate {len(outcome.certificate or b'') / 1e3:,.0f} kB"
    )
