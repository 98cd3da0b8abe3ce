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
from pydantic_core import from_json

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


def parse_json(data: bytes) -> Any:
    """JSON (UTF-8) from bytes that nobody should have to trust. Raises ValueError, also for more than some 200 levels.

    pydantic's parser counts levels by itself. For Python's own the interpreter's recursion limit is the only bound;
    libraries raise it (auto_LiRPA does), and deep nesting would then end the process.
    """
    return from_json(data)


def short(digest: str) -> str:
    """The first 12 hexadecimal digits, for people to compare; never used as an identity."""
    return digest.removeprefix(PREFIX)[:12]
