"""Texts in XML files that we write."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
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
