"""Plans and other documents that only people can judge: identity, title and an index of headings.

Nothing of what such a document says is taken over. Of Markdown and plain text the headings are listed; of PDF and
everything else only the size is known.
"""

from __future__ import annotations

import re

from evidence.engineering.source import MAX_STREAM, Source
from evidence.engineering.xml_events import shortened
from evidence.records.engineering import Heading, Plan

MAX_HEADINGS = 300
MAX_READ = 16_000_000
"""Bytes of a text in which headings are looked for; a longer document is kept by its digest alone."""
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


def read_plan(source: Source) -> Plan:
    """Identity and headings of a document. Raises InputError E160 or E163."""
    kept, size = bytearray(), 0
    for chunk in source.chunks(MAX_STREAM):
        size += len(chunk)
        if len(kept) < MAX_READ:
            kept += chunk[: MAX_READ - len(kept)]
    if kept.startswith(b"%PDF-"):
        return Plan(form="pdf", size=size)
    if size > MAX_READ or b"\0" in kept:
        return Plan(form="other", size=size)
    try:
        text = kept.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Plan(form="other", size=size)
    headings = _headings(text)
    if headings:
        return Plan(form="markdown", size=size, title=headings[0].text, headings=tuple(headings[:MAX_HEADINGS]))
    first = next((line for line in text.splitlines() if line.strip()), "")
    return Plan(form="text", size=size, title=shortened(first, 200) or None)


def _headings(text: str) -> list[Heading]:
    found, fenced = [], False
    for number, line in enumerate(text.split("\n"), 1):
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _HEADING.fullmatch(line.strip())
        if match:
            title = shortened(match[2].rstrip("# "), 300)
            if title:
                found.append(Heading(text=title, level=len(match[1]), line=number))
    return found
