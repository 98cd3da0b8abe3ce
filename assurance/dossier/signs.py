"""Status marks of the document as CSS: the signs of the diagrams, so that text and picture speak one language.

A mark is told by its shape as well as by its colour, and the word always stands beside it. The vocabularies of
objectives and verdicts are put on the signs of the goals; what those lack has a sign of its own here.
"""

from __future__ import annotations

import base64

from assurance.gsn.marks import INK, LOOKS, PAPER, status_mark

_SAME_AS = {
    "open": "undeveloped",
    "PROVED": "supported",
    "REFUTED": "contradicted",
    "UNKNOWN": "undeveloped",
    "STALE": "stale",
}
_GREY = "#5c5c5c"
_OWN = {
    "not applicable": f'<path d="M-3.6 0h7.2" stroke="{_GREY}" stroke-width="1.4"/>',
    "applicability unknown": (
        f'<circle r="3.6" fill="{PAPER}" stroke="{_GREY}" stroke-width="1" stroke-dasharray="1.4 1.2"/>'
    ),
    "statistical": f'<path d="M0 -4l4 4l-4 4l-4 -4z" fill="{PAPER}" stroke="{INK}" stroke-width="1.1"/>',
}


def slug(word: str) -> str:
    """The CSS class that belongs to a status word."""
    return "st-" + word.replace(" ", "-")


def mark_css() -> str:
    """One rule for each status word: its sign in front of it, and its colour."""
    rules = []
    for word in (*LOOKS, *_SAME_AS, *_OWN):
        known = _SAME_AS.get(word, word)
        sign = _OWN[word] if word in _OWN else status_mark(known, 0, 0)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" viewBox="-5 -5 10 10">{sign}</svg>'
        uri = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
        colour = LOOKS[known].line if known in LOOKS else _GREY
        rules.append(f".{slug(word)}{{color:{colour}}}.{slug(word)}::before{{content:url({uri})}}")
    return "\n".join(rules)
