"""View -> PDF bytes, with WeasyPrint, which needs the Pango library of the system.

The same HTML is set for paper by the print rules of the style sheet. The same view gives the same bytes: the dates
in the document's metadata are the dossier's own, and the file identifier follows from its content. Nothing is
fetched: only data that the document itself carries. Not here: signatures (package), attachments.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from assurance.dossier import html
from assurance.dossier.view import DossierView
from evidence.diagnostics import Severity, code
from evidence.errors import MissingLibraryError

E_NO_PDF = code(
    "E150",
    Severity.ERROR,
    "PDF cannot be made: a library is missing",
    "install WeasyPrint with pip install 'assurance[pdf]', and Pango: on Debian or Ubuntu apt-get install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; on macOS brew install weasyprint; on Windows Pango of MSYS2",
)


def require_weasyprint() -> ModuleType:
    """WeasyPrint, imported now. Raises MissingLibraryError E150 when it or the system's Pango is absent."""
    try:
        import weasyprint
    except ModuleNotFoundError as error:
        raise MissingLibraryError.of(E_NO_PDF, f"the Python package {error.name} is not installed") from None
    except OSError as error:
        raise MissingLibraryError.of(E_NO_PDF, f"a library of the system is missing: {error}") from None
    module: ModuleType = weasyprint
    return module


def render(view: DossierView) -> bytes:
    """The dossier as PDF. Raises MissingLibraryError E150."""
    weasyprint: Any = require_weasyprint()
    text = html.render(view, for_print=True)
    return bytes(weasyprint.HTML(string=text, url_fetcher=_fetcher(weasyprint)).write_pdf())


def _fetcher(weasyprint: Any) -> Callable[..., Any]:
    """Data URIs only: a hostile case can name no file and no host."""
    if hasattr(weasyprint.urls, "URLFetcher"):
        fetcher: Callable[..., Any] = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
        return fetcher

    def fetch(url: str, *rest: Any, **named: Any) -> Any:
        if not url.startswith("data:"):
            raise ValueError("only data URIs are fetched")
        return weasyprint.default_url_fetcher(url, *rest, **named)

    return fetch
