"""Texts in XML files that we write."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(value: str) -> str:
    """A text with the characters that XML cannot hold replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", value)


def quoted(value: str) -> str:
    """A clean text as the value of an attribute, line breaks and tabs kept."""
    return '"' + escape(value, {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}) + '"'


def text(value: str) -> str:
    """A clean text between tags."""
    return escape(value, {"\r": "&#13;"})
