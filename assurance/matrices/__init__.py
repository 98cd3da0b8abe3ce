"""Matrices: requirement <-> run <-> evidence <-> goal <-> objective in both directions, and a heat map of the coverage.

    chains.py   the links of a snapshot, and the rows of both matrices
    heat.py     how many objectives of each table stand where
    page.py     both as a page of HTML that stands beside the dossier, whose anchors it links to
    workbook.py both as XLSX, with every link in a row of its own

Statuses are those of the snapshot. Nothing here judges a link, and none is inferred: what the case, the argument and
the coverage do not say is a hole.
"""

from __future__ import annotations

from assurance.snapshot import Snapshot

__all__ = ["render_matrices", "render_matrices_xlsx"]


def render_matrices(snapshot: Snapshot, dossier: str = "dossier.html") -> str:
    """The page. `dossier`: how a link from it reaches the dossier."""
    from assurance.matrices.page import matrices_html

    return matrices_html(snapshot, dossier)


def render_matrices_xlsx(snapshot: Snapshot) -> bytes:
    """The workbook."""
    from assurance.matrices.workbook import matrices_xlsx

    return matrices_xlsx(snapshot)
