"""The fact sheets that the catalogues were written from, and catalogues in their vocabulary."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from assurance.catalogue import Entry, load

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "standards"
SPLIT = {"formal-property": "formal-local-robustness", "output-reachability": "reachability"}
"""Kinds that the sheets do not tell apart, and the sheets' kind that each was split from."""


def facts(id: str) -> dict[str, Any]:
    """A sheet; the test is skipped where the sheets are absent."""
    path = FACTS / f"{id}.yaml"
    if not path.is_file():
        pytest.skip(f"fact sheet {id}.yaml is not at hand beside the repository (../shared)")
    sheet: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return sheet


def by_id(id: str) -> dict[str, Entry]:
    return {entry.id: entry for entry in load(id).entries}


def per_table(id: str) -> dict[str, int]:
    return dict(Counter(entry.table for entry in load(id).entries))


def spoken_of(entry: Entry) -> set[str]:
    """Kinds of evidence that an entry credits or refuses, in the sheets' vocabulary."""
    own = {row.evidence.value for row in entry.credit} | {row.evidence.value for row in entry.no_credit}
    return own | {SPLIT[kind] for kind in own & set(SPLIT)}
