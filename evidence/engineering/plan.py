"""Plans and other documents that only people can judge: identity, title and an index of headings.

Nothing of what such a document says is taken over. Of Markdown and plain text the headings are listed; of PDF and
everything else only the size is known.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice

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
    headings = tuple(islice(_headings(text), MAX_HEADINGS))
    if headings:
        return Plan(form="markdown", size=size, title=headings[0].text, headings=headings)
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    return Plan(form="text", size=size, title=shortened(first, 200) or None)


def _headings(text: str) -> Iterator[Heading]:
    fenced = False
    for number, line in enumerate(io.StringIO(text), 1):
        if _FENCE.match(line):
            fenced = not fenced
        match = None if fenced else _HEADING.fullmatch(line.strip())
        if match:
            title = shortened(match[2].rstrip("# "), 300)
            if title:
                yield Heading(text=title, level=len(match[1]), line=number)
