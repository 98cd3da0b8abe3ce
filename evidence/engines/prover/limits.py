"""What ends a search, and telling how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from evidence.engines.base import Progress
from evidence.regions import Floats

_PROMILLE = 1000


@dataclass
class Limits:
    """deadline: in seconds of `time.monotonic`; nodes: how many parts a partition may have in all (memory)."""

    deadline: float
    nodes: int
    progress: Progress
    now: Callable[[], float] = time.monotonic
    hit: str | None = field(default=None)
    """Which limit was reached, in words."""

    def reached(self, nodes: int) -> bool:
        """True once a limit is reached."""
        if nodes > self.nodes:
            self.hit = f"the limit of {self.nodes} parts was reached"
        elif self.now() > self.deadline:
            self.hit = "the time limit was reached"
        return self.hit is not None

    def fair_share(self, among: int) -> float:
        """The deadline of the next of `among` searches that share the time left, later ones getting what is spared."""
        now = self.now()
        return now + max(0.0, self.deadline - now) / max(1, among)

    def report(self, proved: Floats, note: str = "volume proved, in 1/1000") -> None:
        """Tell the proved share of the volume of all regions."""
        share = float(np.clip(proved, 0.0, 1.0).mean()) if len(proved) else 1.0
        self.progress(int(share * _PROMILLE), _PROMILLE, note)
