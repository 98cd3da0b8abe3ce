"""Where cross-checks disagree with the record that they are kept in: read from the record, nothing is asked again."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import short
from evidence.records import BoundsRecord

E_CROSS = code(
    "E116",
    Severity.ERROR,
    "a cross-check disagrees with the record",
    "rely on neither result: find out which method is wrong, with the regions that the record lists; keep both records",
)

_MOST_LISTED = 5


def cross_findings(record: object, digest: str) -> tuple[Finding, ...]:
    """An error for each cross-check of a record that disagrees with it."""
    if not isinstance(record, BoundsRecord):
        return ()
    return tuple(
        E_CROSS.finding(
            f"record {short(digest)}: {check.by} disagrees on {len(check.disagreed)} of {check.examined} regions "
            f"({_listed(check.disagreed)}): {check.note}",
            Place(element=digest),
        )
        for check in record.cross_checks
        if check.disagreed
    )


def _listed(regions: Sequence[int]) -> str:
    more = f" and {len(regions) - _MOST_LISTED} more" if len(regions) > _MOST_LISTED else ""
    return ", ".join(map(str, regions[:_MOST_LISTED])) + more
