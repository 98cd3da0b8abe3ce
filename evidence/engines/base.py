"""What an engine gets and gives. Engines produce *candidates*; `evidence/run.py` turns them into records.

An engine never writes PROVED or REFUTED: it says which regions its bounds support, which inputs it believes
violate the condition, and leaves a certificate. `run.py` replays each violation on another runtime and has
the independent checker re-derive each bound before either word is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from evidence.records.base import Scalar
from evidence.regions import Floats, RegionSet
from evidence.specification import Statement
from evidence.verdict import Arithmetic

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and a short note of what is going on."""


def silent(done: int, total: int, note: str) -> None:
    """A progress receiver that shows nothing."""


class Scratch(Protocol):
    """Room for a search that was set aside, so that a later run of the same search goes on from there."""

    def load(self) -> bytes | None:
        """What was kept, or None. It may be damaged."""
        ...

    def save(self, data: bytes) -> None:
        """Keep this in place of what was kept before."""
        ...

    def clear(self) -> None:
        """Drop what was kept."""
        ...


@dataclass(frozen=True)
class Task:
    """One examination: a statement, its expanded regions, the network's bytes, the engine's parameters.

    scratch: where a long search may be set aside, if anywhere.
    """

    statement: Statement
    regions: RegionSet
    network: bytes
    parameters: Mapping[str, Scalar]
    seed: int = 0
    device: Literal["cpu", "cuda"] = "cpu"
    progress: Progress = silent
    scratch: Scratch | None = None


@dataclass(frozen=True)
class BoundsDetails:
    """What only the bounds engine knows."""

    method: Literal["ibp", "crown-ibp", "crown", "alpha-crown", "branch-and-bound"]
    clean_correct: int | None
    attack_method: str
    attack_restarts: int
    attack_steps: int
    attack_tried: int
    radius_unit: str | None = None
    radius_limit: float = 0.0
    radius_candidate: tuple[float, ...] = ()
    radius_attack: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class RangeDetails:
    """What only output reachability knows: arrays [boxes, outputs], and plot data as stored artefacts."""

    star_lower: Floats
    star_upper: Floats
    sampled_lower: Floats
    sampled_upper: Floats
    exact: tuple[bool, ...]
    stars: tuple[int, ...]


@dataclass(frozen=True)
class SmoothingDetails:
    """Counts of randomized smoothing, one entry for each listed input."""

    sigma: float
    noise: Literal["independent", "shared"]
    selection_samples: int
    estimation_samples: int
    error_probability: float
    """Over all listed inputs together when `simultaneous`, else for each alone."""
    simultaneous: bool
    predicted: NDArray[np.int64]
    successes: NDArray[np.int64]


Details = BoundsDetails | RangeDetails | SmoothingDetails


@dataclass(frozen=True)
class Outcome:
    """What an engine hands over.

    candidates: [R] True where its bounds say that the condition holds on the whole region.
    violations: region -> an input [n] inside it that the engine believes to violate the condition.
    certificate: bytes for the checker (format in docs/certificates.md), or None when there is nothing to check.
    """

    candidates: NDArray[np.bool_]
    violations: Mapping[int, Floats]
    certificate: bytes | None
    details: Details
    complete: bool
    versions: Mapping[str, str]
    assumptions: tuple[str, ...] = ()
    artefacts: Mapping[str, bytes] = field(default_factory=dict)
    arithmetics: tuple[Arithmetic, ...] = (Arithmetic.REAL,)
    """Of which arithmetic the bounds speak."""
    reason: str = ""
    """Why regions stayed open, where something other than the bounds themselves ended the search."""
    resumable: bool = False
    """Whether a limit ended the search, which was set aside and can go on."""


class Engine(Protocol):
    """A function that examines one task. Raises UnsupportedError or InputError for what it cannot treat."""

    def __call__(self, task: Task) -> Outcome: ...
