"""The output conditions of many regions as arrays, and what lower bounds of their rows say about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.regions import Floats, OutputCondition, RegionSet

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Goals:
    """Conditions of R regions. All of them have k rows: short ones repeat their first row, which changes nothing.

    rows: [C, k, outputs]; offsets: [C, k]; clause: [C, k]; of: [R] which of the C conditions a region has.
    """

    rows: Floats
    offsets: Floats
    clause: Index
    of: Index

    def matrix(self, regions: Index) -> Floats:
        """Rows [B, k, outputs] whose lower bounds over the regions are wanted."""
        return self.rows[self.of[regions]]

    def clauses(self, regions: Index, lower: Floats) -> list[Floats]:
        """Bound [B] of each clause: the best of its rows; infinite for clauses that a region does not have."""
        values = lower + self.offsets[self.of[regions]]
        member = self.clause[self.of[regions]]
        bounds = []
        for clause in range(int(self.clause.max()) + 1):
            mine = member == clause
            best = np.where(mine, values, -np.inf).max(axis=1)
            bounds.append(np.where(mine.any(axis=1), best, np.inf))
        return bounds

    def margins(self, regions: Index, lower: Floats) -> Floats:
        """Least clause bound [B]: where it is positive, the condition holds on the whole set."""
        return np.asarray(np.min(np.stack(self.clauses(regions, lower)), axis=0))

    def leading(self, region: int, lower: Floats) -> list[tuple[int, int]]:
        """For each clause of a region's condition: the row whose bound in `lower` [k] leads, and its place within
        the clause (rows that repeat the first one stand in its place)."""
        which = self.of[region]
        values, member = lower + self.offsets[which], self.clause[which]
        found = []
        for clause in range(int(member.max()) + 1):
            mine = np.flatnonzero(member == clause)
            row = int(mine[values[mine].argmax()])
            same = (self.rows[which, row] == self.rows[which, 0]).all() and bool(
                self.offsets[which, row] == self.offsets[which, 0]
            )
            found.append((row, 0 if clause == member[0] and same else int(np.flatnonzero(mine == row)[0])))
        return found

    def undecided(self, regions: Index, lower: Floats) -> NDArray[np.bool_]:
        """[B, k] rows of clauses that the bounds leave open."""
        open_clauses = np.stack(self.clauses(regions, lower), axis=1) <= 0
        return np.asarray(np.take_along_axis(open_clauses, self.clause[self.of[regions]], axis=1))


def goals_of(regions: RegionSet) -> Goals:
    """The conditions of a region set, stacked."""
    return Goals(*_stacked(regions.conditions), regions.condition_of)


def _stacked(conditions: Sequence[OutputCondition]) -> tuple[Floats, Floats, Index]:
    most = max(len(condition.rows) for condition in conditions)

    def filled(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.concatenate([array, np.repeat(array[:1], most - len(array), axis=0)])

    rows = np.stack([filled(condition.rows) for condition in conditions])
    offsets = np.stack([filled(condition.offsets) for condition in conditions])
    clause = np.stack([filled(condition.clause) for condition in conditions])
    return rows.astype(np.float64), offsets.astype(np.float64), clause.astype(np.int64)
