"""What a result file said, and what all readers share: bounded text, numbers, values by index.

Files are untrusted: size, number of values and length of numbers are bounded; nothing is executed or unpickled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError
from evidence.records.external import Claimed

N_RESULT = code(
    "N137",
    Severity.ERROR,
    "result file of another tool is too large or no text",
    "give the text file that the tool wrote, of at most 64 MB; pickled summaries are not read",
)
N_FORMAT = code(
    "N138",
    Severity.ERROR,
    "result file does not have the tool's format",
    "give the file unchanged, and name the tool that wrote it; docs/external.md lists what is read",
)
N_WITNESS = code(
    "N139",
    Severity.ERROR,
    "counterexample in a result file cannot be used",
    "give each input of the network exactly once, as a finite decimal number",
)

MAX_RESULT = 64_000_000
MAX_VALUES = 1_000_000
MAX_EXPONENT = 400
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,60}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE]([-+]?[0-9]{1,4}))?")
_SHOWN = 40


@dataclass(frozen=True)
class Said:
    """What a file says: the tool's own word, its meaning, and the input and outputs of its counterexample."""

    word: str
    claimed: Claimed
    inputs: tuple[Fraction, ...] | None = None
    outputs: tuple[Fraction, ...] = ()
    """As the tool computed them; kept for people, never trusted."""


def decode(data: bytes, name: str) -> str:
    """The text of a result file. Raises InputError N137."""
    if len(data) > MAX_RESULT:
        raise InputError.of(N_RESULT, f"{len(data)} bytes", Place(name), expected=f"at most {MAX_RESULT}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError.of(N_RESULT, f"not UTF-8 text at byte {error.start}", Place(name)) from None
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise InputError.of(N_RESULT, "the file holds control characters", Place(name))
    return text


def shown(text: str) -> str:
    """A piece of a file for a message: quoted, of bounded length."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def number(text: str, name: str) -> Fraction:
    """The number that a decimal text says, exactly. Raises InputError N139, also for nan, inf and huge exponents."""
    found = _NUMBER.fullmatch(text)
    if found is None or abs(int(found[1] or 0)) > MAX_EXPONENT:
        raise InputError.of(N_WITNESS, f"{shown(text)} is no finite decimal number", Place(name))
    return Fraction(text)


def in_order(values: Mapping[int, Fraction], what: str, name: str) -> tuple[Fraction, ...]:
    """Values by index from 0 without gaps. Raises InputError N139."""
    if sorted(values) != list(range(len(values))):
        absent = next(i for i in range(len(values)) if i not in values)
        raise InputError.of(N_WITNESS, f"{what} {absent} is missing among {len(values)}", Place(name))
    return tuple(values[i] for i in range(len(values)))


def assigned(pairs: Iterable[tuple[str, str, str]], name: str) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Inputs and outputs from (letter x or y, index, number). Raises InputError N139."""
    found: dict[str, dict[int, Fraction]] = {"x": {}, "y": {}}
    for count, (letter, index, text) in enumerate(pairs):
        values, place = found[letter], int(index)
        if count >= MAX_VALUES or place >= MAX_VALUES:
            raise InputError.of(N_WITNESS, f"more than {MAX_VALUES} values", Place(name))
        if place in values:
            raise InputError.of(N_WITNESS, f"{letter.upper()}_{place} is given twice", Place(name))
        values[place] = number(text, name)
    if not found["x"]:
        raise InputError.of(N_WITNESS, "the counterexample gives no input", Place(name))
    return in_order(found["x"], "input", name), in_order(found["y"], "output", name)


def worded(word: str, words: Mapping[str, Claimed], name: str) -> Claimed:
    """The meaning of a tool's word. Raises InputError N138."""
    claimed = words.get(word.lower())
    if claimed is None:
        expected = "one of: " + ", ".join(words)
        raise InputError.of(N_FORMAT, f"the verdict {shown(word)} is not known", Place(name, 1), expected=expected)
    return claimed


def joined(
    word: str, claimed: Claimed, witness: tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None, name: str
) -> Said:
    """Verdict and counterexample together. Raises InputError N138 when they contradict each other."""
    if witness is None:
        return Said(word, claimed)
    if claimed != "violated":
        raise InputError.of(N_FORMAT, f"the verdict is {shown(word)}, yet a counterexample follows", Place(name))
    return Said(word, claimed, *witness)
