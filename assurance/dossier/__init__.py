"""The dossier: what a snapshot shows, as one self-contained HTML file and as PDF.

    Snapshot, Store -> view.py (frozen texts, links, pictures) -> html.py (templates) -> pdf.py (WeasyPrint)

`view.py` and its chapters `view_*.py` hold everything that is shown; `trace.py` the links between requirement, goal,
record and objective; `parts.py` anchors, links, tables; `plots.py` pictures; `signs.py` status marks. Templates are
`templates/dossier/*.html.j2`, one for each chapter; they compute nothing and make no claims.
Both functions give the same bytes for the same inputs: no clock is read, dates come from case and evidence.
Not here: what is claimed (words, status, coverage decide that), xlsx and csv tables, signatures.
"""

from __future__ import annotations

from assurance.snapshot import Snapshot
from evidence.store import Store

__all__ = ["render_html", "render_pdf"]


def render_html(snapshot: Snapshot, store: Store) -> str:
    """The dossier as one HTML file. Raises StoreError when the store's index cannot be read."""
    from assurance.dossier import html
    from assurance.dossier.view import build_view

    return html.render(build_view(snapshot, store))


def render_pdf(snapshot: Snapshot, store: Store) -> bytes:
    """The dossier as PDF. Raises MissingLibraryError E150 without WeasyPrint or Pango, StoreError as above."""
    from assurance.dossier import pdf
    from assurance.dossier.view import build_view

    pdf.require_weasyprint()
    return pdf.render(build_view(snapshot, store))
