"""The check itself: statement, certificate and files in; what is confirmed, and why the rest is not, out.

    statement JSON -> regions.py -> input sets, conditions \\
    ONNX bytes     -> onnx_reader.py -> layers               > walk.py -> leaves.py -> bounds > 0 ? -> Report
    certificate    -> certificate.py, tree.py, offers.py    /

A region is proved when on each of its leaves, for every clause of the condition, some row is positive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evidence.checker import certificate, leaves, offers, onnx_reader, regions, rounding, tree
from evidence.checker.certificate import Certificate, Offer
from evidence.checker.layers import Network
from evidence.checker.linear import Ints
from evidence.checker.offers import Entry
from evidence.checker.problem import Problem, Sets
from evidence.checker.refusals import N_BLOB, N_CERTIFICATE, N_CLAIM, N_NETWORK, N_OTHER, N_STATEMENT, Refused
from evidence.checker.tree import Tree
from evidence.checker.walk import Parts, Walk

VERSION = "2.0"
CHECKER = f"assurance checker {VERSION}"
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
    net = onnx_reader.read(fetch(problem.model))
    shape = (net.inputs, net.outputs)
    if shape != (problem.inputs, problem.outputs):
        raise Refused.of(
            N_NETWORK, f"it maps {shape[0]} to {shape[1]} numbers, the statement {problem.inputs} to {problem.outputs}"
        )
    assert isinstance(statement, dict)
    net = replace(net, executed=statement["arithmetic"] == "float32")
    if net.executed and (net.softmax or not net.single):
        raise Refused.of(
            N_CLAIM, "float32 executions of networks with a Softmax or with double numbers are not checked"
        )
    if net.softmax and (offered.ranges or not all(condition.compares for condition in problem.conditions)):
        raise Refused.of(N_NETWORK, "it ends in a Softmax, of which only the order of the outputs is checked")
    return _Run(problem, net, progress).report(offered)


def _statement_digest(statement: object) -> str:
    """Digest of the canonical JSON (docs/certificates.md): sorted keys, no spaces, UTF-8."""
    level: list[object] = [statement]
    for _ in range(certificate.MAX_DEPTH):
        inside = [list(value.values()) if isinstance(value, dict) else value for value in level]
        level = [part for parts in inside if isinstance(parts, list | tuple) for part in parts]
    if level:  # `json` would overflow the stack where the recursion limit was raised
        raise Refused.of(N_STATEMENT, "it is nested too deep")
    try:
        text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return _sha256(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused.of(N_STATEMENT, f"not plain JSON: {error!s:.200}") from None


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class _Run:
    """One certificate against one problem and network."""

    def __init__(self, problem: Problem, net: Network, progress: Progress) -> None:
        self.problem, self.net, self.progress = problem, net, progress
        self.nets = [net.followed_by(condition.rows, condition.offsets) for condition in problem.conditions]
        self.relus = [net.layers[i].outputs for i in net.relus]
        self.reasons: dict[int, str] = {}

    def report(self, offered: Certificate) -> Report:
        proved = self._proofs(offered.proofs)
        radii = None if offered.radii is None else self._radii(offered.radii)
        lower, upper = self._ranges(offered.ranges)
        return Report(
            regions=len(self.problem.sets),
            proved=proved,
            reasons=dict(sorted(self.reasons.items())),
            radii=radii,
            lower=lower,
            upper=upper,
        )

    def _trees(self, offers: Sequence[Offer]) -> tuple[list[Offer], list[Tree]]:
        """The offers whose tree is well formed, with it; the others get their reason."""
        kept, trees = [], []
        for offer in offers:
            if offer.region >= len(self.problem.sets):
                raise Refused.of(
                    N_CERTIFICATE, f"region {offer.region} of a statement with {len(self.problem.sets)} regions"
                )
            try:
                found = tree.read(offer.tree, self.problem.inputs, self.relus, self.net.splits)
                if offer.leaves is not None and len(offer.leaves) != found.leaves:
                    raise ValueError(f"entries for {len(offer.leaves)} leaves of {found.leaves}")
            except ValueError as error:
                self.reasons[offer.region] = str(error)
                continue
            kept.append(offer)
            trees.append(found)
        return kept, trees

    def _proofs(self, offers: Sequence[Offer]) -> tuple[bool, ...]:
        kept, trees = self._trees(offers)
        region = np.array([offer.region for offer in kept], dtype=np.int64)
        failed = self._failed(self.problem.sets.take(region), region, trees, [offer.leaves for offer in kept], "leaves")
        for number, reason in failed.items():
            self.reasons[int(region[number])] = reason
        proved = np.zeros(len(self.problem.sets), dtype=bool)
        proved[region] = True
        proved[list(self.reasons)] = False
        return tuple(proved.tolist())

    def _failed(
        self, sets: Sets, region: Ints, trees: Sequence[Tree], given: Sequence[list[Any] | None], note: str
    ) -> dict[int, str]:
        """Which of these sets are not proved, each with a reason. A set is proved when all its leaves are."""
        failed: dict[int, str] = {}
        if not len(sets):
            return failed
        which = self.problem.condition_of[region]
        total, done = sum(one.leaves for one in trees), 0

        def settle(parts: Parts) -> None:
            nonlocal done
            done += len(parts)
            self.progress(min(done, total), total, note)
            for number in np.unique(which[parts.owner]).tolist():
                self._settle(walk, parts.take(which[parts.owner] == number), number, given)

        rows = max(len(self.problem.conditions[number].rows) for number in set(which.tolist()))
        clauses = np.array([condition.clauses for condition in self.problem.conditions])
        walk = Walk(self.net, sets, trees, failed, settle, clauses[which], rows)
        walk.run()
        self.progress(total, total, note)
        return failed

    def _settle(self, walk: Walk, parts: Parts, number: int, given: Sequence[list[Any] | None]) -> None:
        """Judge the leaves of one condition."""
        condition = self.problem.conditions[number]
        first = walk.forest.first_leaf
        offered: list[list[Entry]] = []
        for owner, leaf, splits in zip(
            parts.owner.tolist(),
            walk.forest.leaf[parts.token].tolist(),
            np.count_nonzero(parts.phases, axis=1).tolist(),
            strict=True,
        ):
            listed, entries = given[owner], []
            try:
                if listed is not None and listed[leaf - first[owner]] is not None:
                    entries = offers.entries(listed[leaf - first[owner]], condition.clause, splits, self.relus)
            except ValueError as error:
                walk.failed.setdefault(owner, str(error))
            offered.append(entries)
        margin = leaves.margins(self.nets[number], condition, walk.sets_of(parts), parts, offered)
        for k in np.flatnonzero(~(margin > 0)).tolist():
            walk.failed.setdefault(int(parts.owner[k]), f"a leaf is not proved: its margin is {margin[k]:.3g}")

    def _radii(self, offered: tuple[float, ...]) -> tuple[float, ...]:
        count = len(self.problem.sets)
        if self.problem.resized is None or len(offered) != count:
            raise Refused.of(N_CERTIFICATE, f"{len(offered)} radii for a statement that has no ball of each input")
        tried = np.flatnonzero(np.array(offered) > 0)
        radii = np.nextafter(np.array(offered)[tried], np.inf)
        leaf = tree.read(None, self.problem.inputs, self.relus, False)
        sets = self.problem.resized(tried, radii)
        failed = self._failed(sets, tried, [leaf] * len(tried), [None] * len(tried), "radii")
        confirmed = {number for k, number in enumerate(tried.tolist()) if k not in failed}
        return tuple(radius if number in confirmed else 0.0 for number, radius in enumerate(offered))

    def _ranges(self, listed: Sequence[Offer]) -> tuple[dict[int, tuple[float, ...]], dict[int, tuple[float, ...]]]:
        kept, trees = self._trees(listed)
        m = self.problem.outputs
        best = np.full((len(kept), 2 * m), np.inf)
        region = [offer.region for offer in kept]
        failed: dict[int, str] = {}

        def settle(parts: Parts) -> None:
            np.minimum.at(best, parts.owner, leaves.ranges(self.net, walk.sets_of(parts), parts))

        if kept:
            sets, none = self.problem.sets.take(np.array(region)), np.zeros(len(region), dtype=np.int64)
            walk = Walk(self.net, sets, trees, failed, settle, none, 2 * m)
            walk.run()
            self.progress(len(kept), len(kept), "output ranges")
        lower, upper = {}, {}
        for k, number in sorted(enumerate(region), key=lambda pair: pair[1]):
            if k not in failed and np.isfinite(best[k]).all():
                lower[number] = tuple(best[k, :m].tolist())
                upper[number] = tuple((-best[k, m:]).tolist())
            else:
                self.reasons[number] = failed.get(k, "no finite bound on the outputs was found")
        return lower, upper
