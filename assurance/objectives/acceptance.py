"""Acceptance of a proposed status by a named person: what it is tied to, and when it does not count.

An acceptance holds a digest over the objective, its status and all that lies beneath, so that it lapses when any of
that changes; rows hold it as `Later`. Where the level asks for independence, the acceptance of somebody who made an
item in scope or wrote counted evidence is a finding and does not count. An acceptance never improves a status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assurance.case import Acceptance, Case
from assurance.case_compliance import StandardChoice
from assurance.catalogue import Catalogue
from assurance.loading import LoadedCase
from assurance.objectives.later import Later
from assurance.objectives.rows import AcceptanceState
from evidence.diagnostics import Severity, code
from evidence.digest import canonical_json, of_bytes

O_LAPSED = code("O215", Severity.WARNING, "acceptance has lapsed", "look at what changed and accept again")
O_OWN = code(
    "O233",
    Severity.ERROR,
    "accepted by an author of what lies beneath, where independence is required",
    "have somebody accept it who wrote neither the items in scope nor the evidence",
)

_ABOVE = frozenset(
    {
        "schema_", "id", "title", "organisation", "issue", "people", "standards", "patterns", "pattern_data",
        "acceptances", "evidence_folder",
    }
)  # fmt: skip
"""What of the case file no acceptance rests on. Everything else lies beneath, sections that are yet to come included:
of people those who are named there, and of standards each under its own objectives."""


def beneath(loaded: LoadedCase) -> str:
    """Digest of what all acceptances of a case rest on: declarations, files, claims, and who did what."""
    case = loaded.case
    declared = case.model_dump(mode="json", exclude=set(_ABOVE))
    named = _among(
        {item.id for item in case.people}, [declared, [choice.model_dump(mode="json") for choice in case.standards]]
    )
    return of_bytes(
        canonical_json(
            {
                "files": {item.id: item.actual or "missing" for item in loaded.files},
                "claims": {name: claim.criterion_digest for name, claim in loaded.claims.items()},
                "declared": declared,
                "people": [item.model_dump(mode="json") for item in case.people if item.id in named],
            }
        )
    )


def _among(ids: set[str], value: Any) -> set[str]:
    """Which of these ids are texts somewhere in nested data; what comes first in it is looked at first."""
    found = set[str]()
    waiting = [value]
    while waiting and len(found) < len(ids):
        item = waiting.pop()
        if isinstance(item, str):
            if item in ids:
                found.add(item)
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, list):
            waiting.extend(reversed(item))
    return found


def beneath_standard(base: str, choice: StandardChoice, catalogue: Catalogue) -> str:
    """The same for acceptances under one standard: `base`, the standard's edition and how the case uses it."""
    return of_bytes(
        canonical_json({"beneath": base, "edition": catalogue.edition, "choice": choice.model_dump(mode="json")})
    )


def row_digest(base: str, facts: Mapping[str, Any]) -> str:
    """What an acceptance of one objective is tied to: its proposed status with all that led there, and `base`."""
    return of_bytes(canonical_json({"beneath": base, **facts}))


def acceptance_of(
    given: tuple[Acceptance, ...], case: Case, tied: Later, independence: bool | None, authors: frozenset[str]
) -> tuple[AcceptanceState | None, Acceptance | None]:
    """The newest acceptance that still fits and counts, else the newest that fits, else the newest; the file lists them
    oldest first. Second: that acceptance where it fits but was given by an author although independence is required."""
    if not given:
        return None, None
    digest = tied()

    def rank(item: Acceptance) -> int:
        return (item.digest == digest) + (item.digest == digest and not (independence and item.by in authors))

    found = max(reversed(given), key=rank)
    own = bool(independence) and found.by in authors
    person = case.person(found.by)
    lapsed = found.digest != digest
    state = AcceptanceState(person.name, person.role, found.date, lapsed, counts=not lapsed and not own)
    return state, found if own and not lapsed else None
