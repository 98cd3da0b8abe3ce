"""Writing certificates: what an engine leaves for the independent checker (format: docs/certificates.md).

Shared by the engines. The checker reads certificates with its own code; nothing here is evidence by itself.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evidence.digest import canonical_json, of_bytes
from evidence.specification import Statement

Cut = tuple[int, float]
"""Input number and coordinate of a cut."""

Token = Cut | list[Any] | str | None
"""One entry of a tree: [input, at] a cut, ["relu", layer, neuron] a split by phase, ["clause", number] a separation
of one clause from the others, "bounds" or ["bounds", inner] where inner bounds are derived, None a leaf."""

Tree = Sequence[Token]
"""Partition of a box in pre-order: a cut, split or separation is followed by its two parts."""

LEAF: Tree = (None,)
BOUNDS = "bounds"

Slopes = Sequence[Sequence[float] | str | None]
"""Lower slopes of one backward pass, for each ReLU layer: one number for each neuron, or the text of `packed`, or
None for the checker's rule."""


class ClauseOffer(NamedTuple):
    """What proves one clause on a leaf. weights: number of a row within the clause, or a weight for each of its rows;
    slopes: of the backward pass; betas: one for each split by phase above the leaf."""

    weights: int | Sequence[float]
    slopes: Slopes | None = None
    betas: Sequence[float] | None = None


LeafOffer = Sequence[ClauseOffer | None]
"""For one leaf: an entry for each clause of the condition."""


@dataclass(frozen=True)
class Proof:
    """How one region is proved: its partition, and what is offered for leaves that the checker's rules may not prove."""

    region: int
    tree: Tree = LEAF
    leaves: Sequence[LeafOffer | None] = ()


@dataclass(frozen=True)
class Ranged:
    """One region whose outputs the checker is asked to bound, with its partition."""

    region: int
    tree: Tree = LEAF


def statement_digest(statement: Statement) -> str:
    """The digest that ties a certificate to its statement: of the statement's canonical JSON."""
    return of_bytes(canonical_json(statement.model_dump(mode="json")))


def write_certificate(
    statement: Statement,
    proofs: Sequence[Proof],
    radii: Sequence[float] | None = None,
    ranges: Sequence[Ranged] = (),
) -> bytes:
    """Certificate bytes; equal content gives equal bytes. Raises ValueError for NaN or infinite numbers."""
    document: dict[str, object] = {
        "format": "assurance-certificate/2",
        "statement": statement_digest(statement),
        "proofs": [[proof.region, _tree(proof.tree), _leaves(proof.leaves)] for proof in proofs],
    }
    if radii is not None:
        document["radii"] = [float(radius) for radius in radii]
    if ranges:
        document["ranges"] = [[item.region, _tree(item.tree)] for item in ranges]
    return gzip.compress(canonical_json(document), mtime=0)


def packed(slopes: NDArray[np.floating[Any]]) -> str:
    """Slopes between 0 and 1 as text, one byte each, in 255ths, rounded to the nearest."""
    return base64.b64encode(np.rint(np.clip(slopes, 0.0, 1.0) * 255).astype(np.uint8).tobytes()).decode("ascii")


def unpacked(slopes: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The slopes that the checker reads from `packed`."""
    return np.asarray(np.rint(np.clip(slopes, 0.0, 1.0) * 255) / 255, dtype=np.float64)


def _tree(tree: Tree) -> list[Token] | None:
    return None if len(tree) == 1 and tree[0] is None else list(tree)


def _leaves(leaves: Sequence[LeafOffer | None]) -> list[object] | None:
    if all(leaf is None for leaf in leaves):
        return None
    return [None if leaf is None else [None if entry is None else _entry(entry) for entry in leaf] for leaf in leaves]


def _entry(entry: ClauseOffer) -> list[object]:
    weights = entry.weights if isinstance(entry.weights, int) else [float(value) for value in entry.weights]
    betas = None if entry.betas is None else [float(value) for value in entry.betas]
    slopes = None
    if entry.slopes is not None:
        slopes = [
            layer if layer is None or isinstance(layer, str) else [float(value) for value in layer]
            for layer in entry.slopes
        ]
    return [weights, betas, slopes]
