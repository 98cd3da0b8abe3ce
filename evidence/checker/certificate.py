"""Reading a certificate (docs/certificates.md): untrusted bytes to plain numbers, in bounded time and memory.

Nothing in a certificate is believed. It says which regions to try, where to cut them and which multipliers to use;
a certificate that lies can only fail to convince. What it offers for a tree or a leaf is read where it is used
(tree.py, offers.py). There is no writer here: the engines have their own.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.checker.refusals import N_CERTIFICATE, Refused

FORMAT = "assurance-certificate/2"
MAX_BYTES = 128_000_000
"""Of the JSON text. Slopes need few digits: any number is a valid slope."""
MAX_TOKENS = 10_000_000
"""Entries of all trees together."""
MAX_DEPTH = 16
"""Of nested lists and objects. The format needs 8."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Offer:
    """A region, how to cut it (tokens in pre-order, or None), and what is offered for each leaf (or None)."""

    region: int
    tree: list[Any] | None
    leaves: list[Any] | None


@dataclass(frozen=True)
class Certificate:
    """What an engine offers: regions to prove, radii to try, regions whose outputs to bound."""

    statement: str
    proofs: tuple[Offer, ...]
    radii: tuple[float, ...] | None
    ranges: tuple[Offer, ...]


def read(data: bytes) -> Certificate:
    """Parse a certificate. Raises Refused N155 for anything that is not exactly of the format."""
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(data, MAX_BYTES)
        if not reader.eof or reader.unused_data:
            raise ValueError(f"the compressed stream is cut off, followed by other bytes, or above {MAX_BYTES} bytes")
        _require_shallow(text)
        value = json.loads(text.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object)
    except (zlib.error, ValueError, RecursionError) as error:
        raise _bad(f"{error!s:.200}") from None
    required, optional = {"format", "statement", "proofs"}, {"radii", "ranges"}
    if not isinstance(value, dict) or not required <= set(value) <= required | optional or value["format"] != FORMAT:
        raise _bad(f"expected an object of format {FORMAT} with the fields {', '.join(sorted(required | optional))}")
    if not isinstance(value["statement"], str) or not DIGEST.fullmatch(value["statement"]):
        raise _bad("the statement is not named by a SHA-256 digest")
    radii = value.get("radii")
    if radii is not None:
        sound = isinstance(radii, list) and all(type(r) in (int, float) and 0 <= r < 1e300 for r in radii)
        radii = tuple(float(r) for r in radii) if sound else None
        if radii is None:
            raise _bad("radii are not a list of finite numbers that are not negative")
    return Certificate(value["statement"], _offers(value["proofs"], 3), radii, _offers(value.get("ranges") or [], 2))


def _bad(reason: str) -> Refused:
    return Refused.of(N_CERTIFICATE, reason)


def _require_shallow(text: bytes) -> None:
    """Deep nesting overflows the parser's stack where a library has raised Python's recursion limit."""
    bare = re.sub(rb'"[^"]*"', b"", text)
    if b"\\" in text or b'"' in bare:
        raise ValueError("no text in a certificate needs a backslash, and every text ends")
    step = np.zeros(256, dtype=np.int8)
    step[list(b"[{")], step[list(b"]}")] = 1, -1
    level = 0
    for at in range(0, len(bare), 1 << 20):
        levels = level + np.cumsum(step[np.frombuffer(bare[at : at + (1 << 20)], dtype=np.uint8)], dtype=np.int64)
        level = int(levels[-1])
        if levels.max() > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a field is given twice")
    return dict(pairs)


def _offers(entries: object, length: int) -> tuple[Offer, ...]:
    if not isinstance(entries, list):
        raise _bad("proofs and ranges must be lists")
    offers = []
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != length:
            raise _bad(f"an entry has not the form of a list of {length}")
        region, tree, leaves = (*entry, None)[:3]
        lists = all(part is None or isinstance(part, list) for part in (tree, leaves))
        if type(region) is not int or not 0 <= region < 2**53 or not lists:
            raise _bad("an entry is not [region, tree, leaves] or [region, tree]")
        offers.append(Offer(region, tree, leaves))
    if len({offer.region for offer in offers}) != len(offers):
        raise _bad("a region is offered twice")
    if sum(len(offer.tree or ()) for offer in offers) > MAX_TOKENS:
        raise _bad(f"its trees have more than {MAX_TOKENS} entries")
    return tuple(offers)
