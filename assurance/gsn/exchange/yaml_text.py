"""Plain values as YAML text that the strict reader, and any other YAML reader, reads back as the same values.

Texts are always in double quotes, so that none can turn into a number, a date or a reference; only keys that look
like a name stand without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Characters that YAML readers refuse, fold or take for a line break when they stand there as themselves.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def quoted(text: str) -> str:
    """A text in double quotes."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return json.dumps(value)


def block(value: Mapping[str, Any], indent: str = "") -> str:
    """A mapping with one key to a line; mappings inside are blocks, lists stand on one line."""
    lines = []
    for key, item in value.items():
        name = key if _BARE.fullmatch(key) and key.lower() not in _WORDS else quoted(key)
        if isinstance(item, Mapping) and item:
            lines.append(f"{indent}{name}:\n{block(item, indent + '  ')}")
        else:
            lines.append(f"{indent}{name}: {flow(item)}\n")
    return "".join(lines)
