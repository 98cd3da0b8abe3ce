"""The check itself: statement, certificate and files in; what is confirmed, and why the rest is not, out.

    statement JSON -> regions.py -> input sets, conditions    \\
    ONNX bytes     -> onnx_reader.py -> layers                  > dual.py -> lower bounds > 0 ? -> Report
    certificate    -> certificate.py -> leaves, slopes, radii /

A region is proved when on each of its leaves every clause of the condition has a row with a positive lower bound.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evidence.checker import certificate, onnx_reader, regions, rounding
from evidence.checker.certificate import Certificate, Offer
from evidence.checker.dual import ADAPTIVE, ONE, ZERO, Network, Query, layer_bounds, lower_bounds
from evidence.checker.refusals import N_BLOB, N_CERTIFICATE, N_NETWORK, N_OTHER, N_STATEMENT, Refused
from evidence.checker.regions import Condition, Ints, Problem, Sets
from evidence.checker.rounding import Floats

VERSION = "1.0"
CHECKER = f"assurance checker {VERSION}"
STAGES: tuple[tuple[str, ...], ...] = ((), (ADAPTIVE,), (ADAPTIVE, ZERO, ONE))
"""Rules for the bounds of inner layers: intervals alone, CROWN, and the best of three. Each is sound; the next is
tried on what the one before left open."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Report:
    """What the checker confirms. With a `refusal` it confirms nothing at all.

    proved: for each region of the statement; True only where the certificate offers it and the bound was derived.
    reasons: why an offered region is not confirmed. radii: the confirmed radius of each listed input, 0.0 where
    none is, or None where the certificate offers none. lower, upper: outer bounds on each output, for each region
    of the certificate's `ranges` where finite ones were found.
    """

    checker: str = CHECKER
    regions: int = 0
    proved: tuple[bool, ...] = ()
    reasons: dict[int, str] = field(default_factory=dict)
    radii: tuple[float, ...] | None = None
    lower: dict[int, tuple[float, ...]] = field(default_factory=dict)
    upper: dict[int, tuple[float, ...]] = field(default_factory=dict)
    refusal: str | None = None


def check(
    statement: dict[str, Any],
    certificate: bytes,
    blobs: Callable[[str], bytes],
    progress: Progress | None = None,
) -> Report:
    """Derive again what a certificate offers for a statement. Raises nothing for bad input: see `Report.refusal`.

    statement: the JSON object as the record stores it. blobs: gives the bytes of model, data or table by digest
    (they are hashed again here; what it raises becomes a refusal). progress: called with leaves done, leaves in
    all, and a note.
    """
    try:
        with np.errstate(all="ignore"):  # overflow and NaN are data here: they become "no bound"
            return _check(statement, certificate, blobs, progress or (lambda done, total, note: None))
    except Refused as refusal:
        return Report(refusal=f"{refusal.finding.code}: {refusal.finding.message}")


def _check(statement: object, data: bytes, blobs: Callable[[str], bytes], progress: Progress) -> Report:
    rounding.require_ieee()
    offered = certificate.read(data)
    if offered.statement != _statement_digest(statement):
        raise Refused.of(N_OTHER, f"it names {offered.statement}")

    def fetch(digest: str) -> bytes:
        try:
            content = blobs(digest)
        except Exception as error:  # the caller's own function: whatever it raises, the file is not at hand
            raise Refused.of(N_BLOB, f"{digest}: {type(error).__name__}: {error!s:.200}") from None
        if not isinstance(content, bytes) or _sha256(content) != digest:
            raise Refused.of(N_BLOB, f"{digest}: the bytes at hand have another digest")
        return content

    problem = regions.read(statement, fetch)
    net = Network(onnx_reader.read(fetch(problem.model)))
    shape = (net.layers[0].inputs, net.layers[-1].outputs)
    if shape != (problem.inputs, problem.outputs):
        raise Refused.of(
            N_NETWORK, f"it maps {shape[0]} to {shape[1]} numbers, the statement {problem.inputs} to {problem.outputs}"
        )
    return _Run(problem, net, progress).report(offered)


def _statement_digest(statement: object) -> str:
    """Digest of the canonical JSON (docs/certificates.md): sorted keys, no spaces, UTF-8."""
    level, depth = [statement], 0
    while level:
        level = [part for value in level for part in _parts(value)]
        depth += 1
        if depth > certificate.MAX_DEPTH:  # `json` would overflow the stack where the recursion limit was raised
            raise Refused.of(N_STATEMENT, "it is nested too deep")
    try:
        text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return _sha256(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused.of(N_STATEMENT, f"not plain JSON: {error!s:.200}") from None


def _parts(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class _Leaves:
    """Input sets to prove: `sets` [K], the region of each, and the slopes offered for each (or None)."""

    sets: Sets
    region: Ints
    slopes: list[Any]


class _Run:
    """One certificate against one problem and network."""

    def __init__(self, problem: Problem, net: Network, progress: Progress) -> None:
        self.problem, self.net, self.progress = problem, net, progress
        self.most_rows = max(2 * problem.outputs, *(len(condition.rows) for condition in problem.conditions))
        self.widths = [layer.outputs for layer in net.layers if layer.relu]
        self.reasons: dict[int, str] = {}

    def report(self, offered: Certificate) -> Report:
        count, leaves = len(self.problem.sets), self._leaves(offered.proofs)
        margin = self._margins(leaves, "leaves")
        proved = np.zeros(count, dtype=bool)
        proved[leaves.region] = True
        proved[leaves.region[~(margin > 0)]] = False
        for leaf in np.flatnonzero(~(margin > 0)).tolist():
            self.reasons.setdefault(int(leaves.region[leaf]), f"a leaf is not proved: its margin is {margin[leaf]:.3g}")
        self.reasons = {region: why for region, why in sorted(self.reasons.items()) if not proved[region]}
        radii = None if offered.radii is None else self._radii(offered.radii)
        lower, upper = self._ranges(offered.ranges)
        return Report(
            regions=count,
            proved=tuple(proved.tolist()),
            reasons=self.reasons,
            radii=radii,
            lower=lower,
            upper=upper,
        )

    def _leaves(self, offers: Sequence[Offer]) -> _Leaves:
        """The leaves of all offers that are well formed; the others get their reason."""
        sets = self.problem.sets
        lowers: list[Floats] = []
        uppers: list[Floats] = []
        region: list[int] = []
        slopes: list[Any] = []
        for offer in offers:
            if offer.region >= len(sets):
                raise Refused.of(N_CERTIFICATE, f"region {offer.region} of a statement with {len(sets)} regions")
            if (len(lowers) + len(offer.tree or ())) * self.problem.inputs > certificate.MAX_NUMBERS:
                raise Refused.of(N_CERTIFICATE, "it has more leaves than the checker holds in memory")
            try:
                low, high = certificate.cut(offer.tree, sets.lower[offer.region], sets.upper[offer.region])
                if offer.slopes is not None and len(offer.slopes) != len(low):
                    raise ValueError(f"slopes for {len(offer.slopes)} leaves of {len(low)}")
            except ValueError as error:
                self.reasons[offer.region] = str(error)
                continue
            lowers += low
            uppers += high
            region += [offer.region] * len(low)
            slopes += offer.slopes or [None] * len(low)
        numbers, shape = np.array(region, dtype=np.int64), (len(region), self.problem.inputs)
        boxes = Sets(np.array(lowers).reshape(shape), np.array(uppers).reshape(shape))
        return _Leaves(replace(sets.take(numbers), lower=boxes.lower, upper=boxes.upper), numbers, slopes)

    def _margins(self, leaves: _Leaves, note: str) -> Floats:
        """The margin that is derived for each leaf [K]: positive where the condition is proved on it."""
        margin = np.full(len(leaves.region), -np.inf)
        which = self.problem.condition_of[leaves.region]
        order = np.argsort(which, kind="stable")
        done = 0
        for chunk in self._chunks(order, which[order]):
            condition = self.problem.conditions[int(which[chunk[0]])]
            offered = [leaves.slopes[leaf] for leaf in chunk.tolist()]
            margin[chunk] = self._chunk(leaves.sets.take(chunk), leaves.region[chunk], condition, offered)
            done += len(chunk)
            self.progress(done, len(order), note)
        return margin

    def _chunks(self, order: Ints, key: Ints) -> Iterator[Ints]:
        """Pieces of `order` with one key each, small enough for the arrays of `dual.py`."""
        widest = max(self.net.operations, self.most_rows * self.problem.outputs)
        size = max(1, min(512, (1 << 21) // widest))
        for run in np.split(order, np.flatnonzero(np.diff(key)) + 1):
            for at in range(0, len(run), size):
                yield run[at : at + size]

    def _chunk(self, sets: Sets, region: Ints, condition: Condition, offered: list[Any]) -> Floats:
        margin = np.full(len(sets), -np.inf)
        for rules in STAGES:
            left = np.flatnonzero(~(margin > 0))
            if not len(left):
                break
            part = sets.take(left)
            bounds = layer_bounds(self.net, part, rules)
            query = self._query(len(part), condition.rows, condition.offsets)
            found = [lower_bounds(self.net, part, bounds, query, rule) for rule in rules or (ADAPTIVE,)]
            if rules and any(offered[leaf] is not None for leaf in left.tolist()):
                slopes = self._slopes([offered[leaf] for leaf in left.tolist()], region[left], len(condition.rows))
                found.append(lower_bounds(self.net, part, bounds, replace(query, slopes=slopes)))
            best = np.max(found, axis=0).reshape(len(part), -1)
            margin[left] = np.maximum(margin[left], condition.margin(best))
        return margin

    def _query(self, sets: int, rows: Floats, offsets: Floats | None = None) -> Query:
        """The same rows for each set."""
        return Query(
            len(self.net.layers) - 1,
            np.tile(rows, (sets, 1)),
            np.repeat(np.arange(sets), len(rows)),
            None if offsets is None else np.tile(offsets, sets),
        )

    def _slopes(self, offered: list[Any], region: Ints, rows: int) -> list[Floats]:
        leaves = []
        for slopes, number in zip(offered, region.tolist(), strict=True):
            try:
                leaves.append(certificate.slope_arrays(slopes, rows, self.widths))
            except ValueError as error:
                self.reasons[number] = str(error)
                leaves.append(certificate.slope_arrays(None, rows, self.widths))
        return [np.concatenate(layer) for layer in zip(*leaves, strict=True)]

    def _radii(self, offered: tuple[float, ...]) -> tuple[float, ...]:
        count = len(self.problem.sets)
        if self.problem.resized is None or len(offered) != count:
            raise Refused.of(N_CERTIFICATE, f"{len(offered)} radii for a statement that has no ball of each input")
        tried = np.flatnonzero(np.array(offered) > 0)
        radii = np.nextafter(np.array(offered)[tried], np.inf)
        leaves = _Leaves(self.problem.resized(tried, radii), tried, [None] * len(tried))
        margin = self._margins(leaves, "radii")
        confirmed = set(tried[margin > 0].tolist())
        return tuple(radius if number in confirmed else 0.0 for number, radius in enumerate(offered))

    def _ranges(self, offers: Sequence[Offer]) -> tuple[dict[int, tuple[float, ...]], dict[int, tuple[float, ...]]]:
        leaves, m = self._leaves(offers), self.problem.outputs
        rows = np.concatenate([np.eye(m), -np.eye(m)])
        best = np.full((len(self.problem.sets), 2 * m), np.inf)
        done = 0
        for chunk in self._chunks(np.arange(len(leaves.region)), np.zeros(len(leaves.region), dtype=np.int64)):
            sets, rules = leaves.sets.take(chunk), STAGES[-1]
            bounds = layer_bounds(self.net, sets, rules)
            query = self._query(len(sets), rows)
            found = np.max([lower_bounds(self.net, sets, bounds, query, rule) for rule in rules], axis=0)
            np.minimum.at(best, leaves.region[chunk], found.reshape(len(sets), -1))
            done += len(chunk)
            self.progress(done, len(leaves.region), "output ranges")
        lower, upper = {}, {}
        for region in sorted(set(leaves.region.tolist())):
            if np.isfinite(best[region]).all():
                lower[region] = tuple(best[region, :m].tolist())
                upper[region] = tuple((-best[region, m:]).tolist())
            else:
                self.reasons[region] = "no finite bound on the outputs was found"
        return lower, upper
