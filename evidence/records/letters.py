"""The letters of regions: one for each region, the verdict that follows from them, and what has to agree with them.

Every record whose regions are proved or refuted one by one is held against these rules, on writing and on reading.
Not here: how letters come about (evidence/recording.py, evidence/external/importing.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import StringConstraints

from evidence.digest import Digest
from evidence.records.base import Counterexample, Recheck
from evidence.verdict import Verdict

RegionVerdicts = Annotated[str, StringConstraints(pattern=r"^[PCRU]+$")]
"""One letter for each region: P proved and re-checked, C candidate that no checker confirmed, R refuted by a
replayed counterexample, U unknown."""


def overall(regions: str) -> Verdict:
    """PROVED when every region is proved and re-checked, REFUTED when any is refuted, else UNKNOWN."""
    if "R" in regions:
        return Verdict.REFUTED
    return Verdict.PROVED if regions and not regions.strip("P") else Verdict.UNKNOWN


def require_refutations(regions: str, verdict: Verdict, examples: Iterable[Counterexample]) -> None:
    """Raises ValueError unless exactly the refuted regions have counterexamples and the verdict follows."""
    refuted = {i for i, letter in enumerate(regions) if letter == "R"} if "R" in regions else set()
    if refuted != {example.region for example in examples}:
        raise ValueError("refuted regions and counterexamples differ")
    if verdict is not overall(regions):
        raise ValueError(f"verdict {verdict.value} does not follow from the regions")


def require_proofs(regions: str, rechecks: Iterable[Recheck], artefacts: Mapping[str, Digest]) -> None:
    """Raises ValueError unless proved regions have a certificate and the checker confirmed as many."""
    proved = regions.count("P")
    if proved and "certificate" not in artefacts:
        raise ValueError("proved regions need a certificate")
    confirmed = sum(check.agreed for check in rechecks if check.what == "bounds")
    if proved != confirmed:
        raise ValueError(f"{proved} regions are proved but the checker confirmed {confirmed}")
