"""Texts in XML files that we write."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BETWEEN = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_QUOTED = _BETWEEN | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


def clean(value: str) -> str:
    """A text with the characters that XML cannot hold replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", value)


def quoted(value: str) -> str:
    """A clean text as the value of an attribute, line breaks and tabs kept."""
    return f'"{value.translate(_QUOTED)}"'


def text(value: str) -> str:
    """A clean text between tags."""
    return value.translate(_BETWEEN)
