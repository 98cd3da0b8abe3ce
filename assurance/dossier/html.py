"""View -> HTML text: one self-contained file with fonts, style, script and pictures inside.

The only file that imports jinja2. Every value is escaped, except the argument diagrams, which `gsn.svg` escapes; a
name that a template misspells is an error, never a blank. The content security policy permits this page's own style
and script by their digests and nothing else: no network, no inline handlers. Without script the page is complete.
`for_print` leaves out script and policy and lays links over the diagrams, for `pdf.py`.
"""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assurance.dossier.signs import mark_css, slug
from assurance.dossier.view import DossierView
from assurance.gsn import text
from assurance.resources import folder


def render(view: DossierView, *, for_print: bool = False) -> str:
    """The dossier as HTML. The same view gives the same text."""
    return page("dossier.html.j2", stylesheet(), _script(), view=view, print=for_print)


def page(template: str, style: str, script: str, **values: object) -> str:
    """A self-contained page from one of the templates, with its own style and script and a policy that permits these."""
    environment = Environment(
        loader=FileSystemLoader(folder("templates") / "dossier", encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["slug"] = slug
    environment.filters["drawn"] = Markup
    return environment.get_template(template).render(
        style=Markup(style), script=Markup(script), policy=_policy(style, script), **values
    )


def stylesheet() -> str:
    """Fonts, status marks and the dossier's own rules."""
    css = (folder("templates") / "css" / "dossier.css").read_text(encoding="utf-8")
    return "\n".join((_fonts(), mark_css(), css))


def _fonts() -> str:
    rules = []
    for style, weight in (("Regular", 400), ("Bold", 700)):
        data = (folder("templates") / "css" / "fonts" / f"AssuranceSans-{style}.woff2").read_bytes()
        source = f"data:font/woff2;base64,{base64.b64encode(data).decode()}"
        rules.append(
            f'@font-face{{font-family:"{text.family()}";font-weight:{weight};src:url({source})format("woff2")}}'
        )
    return "\n".join(rules)


def _script() -> str:
    names = sorted((folder("templates") / "js").glob("*.js"))
    return "\n".join(name.read_text(encoding="utf-8") for name in names)


def _policy(style: str, script: str) -> str:
    def digest(content: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
