"""SHA-256 over bytes as they are, and JSON in the one form that is hashed.

Nothing is re-serialised to be hashed; records are hashed as stored.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints

PREFIX = "sha256:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A digest as it is written everywhere: the algorithm, a colon, lower-case hexadecimal."""


def is_digest(text: str) -> bool:
    """Whether a text is a digest in the one form in which digests are written."""
    return _DIGEST.fullmatch(text) is not None


def of_bytes(data: bytes) -> str:
    """Digest of a byte string."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """Digest of a file, read in blocks. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        return PREFIX + hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """The one byte form in which the tool writes JSON that it will hash: sorted keys, no spaces, no NaN.

    Raises ValueError for NaN or infinity, which JSON cannot hold.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


MAX_JSON_DEPTH = 100
_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def parse_json(data: bytes) -> Any:
    """JSON from bytes that nobody should have to trust. Raises ValueError, also for more than 100 levels.

    The levels are counted first: a library can raise the interpreter's recursion limit (auto_LiRPA does), and then
    deep nesting would not raise RecursionError but end the process.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_JSON_DEPTH:
        return json.loads(data)  # so few brackets open no more levels
    depth = 0
    for token in _BRACKET.finditer(data):
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"more than {MAX_JSON_DEPTH} levels of nesting")
    return json.loads(data)


def short(digest: str) -> str:
    """The first 12 hexadecimal digits, for people to compare; never used as an identity."""
    return digest.removeprefix(PREFIX)[:12]
