"""Writing certificates: what an engine leaves for the independent checker (format: docs/certificates.md).

Shared by the engines. The checker reads certificates with its own code; nothing here is evidence by itself.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.digest import canonical_json, of_bytes
from evidence.specification import Statement

Cut = tuple[int, float]
"""Input number and coordinate of a cut."""

Tree = tuple[Cut | None, ...]
"""Partition of a box in pre-order: a cut is followed by its lower part and its upper part; None is a leaf."""

LEAF: Tree = (None,)

Slopes = Sequence[Sequence[Sequence[float]]]
"""Lower slopes of one leaf: [ReLU layer][condition row][neuron]."""


@dataclass(frozen=True)
class Proof:
    """How one region is proved: its partition, and for each leaf the slopes that need not be the default ones."""

    region: int
    tree: Tree = LEAF
    slopes: tuple[Slopes | None, ...] = ()


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
        "format": "assurance-certificate/1",
        "statement": statement_digest(statement),
        "proofs": [[proof.region, _tree(proof.tree), _slopes(proof.slopes)] for proof in proofs],
    }
    if radii is not None:
        document["radii"] = [float(radius) for radius in radii]
    if ranges:
        document["ranges"] = [[item.region, _tree(item.tree)] for item in ranges]
    return gzip.compress(canonical_json(document), mtime=0)


def _tree(tree: Tree) -> list[list[int | float] | None] | None:
    if tree == LEAF:
        return None
    return [None if cut is None else [int(cut[0]), float(cut[1])] for cut in tree]


def _slopes(slopes: tuple[Slopes | None, ...]) -> list[object] | None:
    if all(leaf is None for leaf in slopes):
        return None
    return [
        None if leaf is None else [[[float(value) for value in row] for row in layer] for layer in leaf]
        for leaf in slopes
    ]
