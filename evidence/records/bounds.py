"""Records of bound propagation: which regions were proved, refuted or left open, and with which certificate."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from evidence.records.base import (
    Counterexample,
    CrossCheck,
    RecordBase,
    VerdictField,
    require_fitting,
    require_regions,
)
from evidence.records.letters import RegionVerdicts, require_proofs, require_refutations
from evidence.specification import Frozen, Statement
from evidence.verdict import Verdict


class VerifiedRadius(Frozen):
    """Per listed input the largest radius found by bisection, in the unit of the perturbation.

    `checked` holds what the independent checker confirmed (0 where it confirmed none); `candidate` what the
    engine's bounds gave; `attack` the smallest radius at which an attack succeeded (None: none found).
    """

    unit: str
    limit: float
    """Bisection stopped here: a radius equal to it means 'at least'."""
    candidate: tuple[float, ...]
    checked: tuple[float, ...]
    attack: tuple[float | None, ...]


class AttackSummary(Frozen):
    """What the empirical search did on the same regions. Finding nothing proves nothing."""

    method: str
    restarts: int
    steps: int
    tried: int
    """Regions on which the attack ran."""
    succeeded: int
    """Regions with a counterexample that replayed exactly."""
    near_misses: int = 0
    """Regions where the attack's own arithmetic saw a violation that the replay did not confirm."""


class BoundsRecord(RecordBase):
    """A deterministic statement about the base network over the stated regions."""

    kind: Literal["bounds"] = "bounds"
    statement: Statement
    method: Literal["ibp", "crown-ibp", "crown", "alpha-crown", "branch-and-bound"]
    verdict: VerdictField
    regions: RegionVerdicts
    clean_correct: int | None = None
    """Of the listed inputs, how many get their label without perturbation (None where regions carry no inputs)."""
    counterexamples: tuple[Counterexample, ...] = ()
    radius: VerifiedRadius | None = None
    attack: AttackSummary | None = None
    reason: str = ""
    """Why regions are unknown, where a limit of time or memory ended the search."""
    cross_checks: tuple[CrossCheck, ...] = ()
    """What other methods say of the same regions, where the run was told to ask them."""

    @property
    def count(self) -> int:
        return len(self.regions)

    @property
    def disputed(self) -> tuple[int, ...]:
        """Regions where a cross-check disagrees."""
        if not self.cross_checks:  # as in most records
            return ()
        return tuple(sorted({region for check in self.cross_checks for region in check.disagreed}))

    @property
    def relied_on(self) -> Verdict:
        """The verdict as far as it may be relied on: a proof that a cross-check contradicts anywhere is none."""
        return Verdict.UNKNOWN if self.verdict is Verdict.PROVED and self.disputed else self.verdict

    def number(self, letter: str) -> int:
        """How many regions have this letter."""
        return self.regions.count(letter)

    @model_validator(mode="after")
    def _coherent(self) -> BoundsRecord:
        require_regions(self.statement, self.count)
        require_fitting(self.statement, self.counterexamples)
        require_refutations(self.regions, self.verdict, self.counterexamples)
        require_proofs(self.regions, self.rechecks, self.artefacts)
        for check in self.cross_checks:
            if check.examined > self.count or any(region >= self.count for region in check.disagreed):
                raise ValueError("a cross-check speaks of regions that the record does not have")
        return self
