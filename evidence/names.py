"""Names of people as they are compared: two spellings of one name are one name.

`folded_name` gives what is left of a name when spelling does not count: case, blanks, accents, punctuation, the order of
its words, invisible characters, and letters of other scripts that look like Latin ones. Whoever really has a namesake is
told apart in the name. `may_be_one` finds initials that stand for a full name. Neither knows who anybody is: two people
behind one name, or one behind two unlike ones, no tool can see.
"""

from __future__ import annotations

import unicodedata

_LOOKALIKE = str.maketrans(
    "авеёкмнорстухіјѕһԁԛԝ" + "αβεζηικμνορτυχ" + "ıłøđſɑɡ",
    "abeekmhopctyxijshdqw" + "abezhikmnoptyx" + "ilodsag",
)
"""Small letters of Cyrillic and Greek, by what they or their capitals look like, and Latin ones without decomposition."""

_OPTIONAL = ("COMBINING", "VARIATION SELECTOR", "ARABIC", "HEBREW")
"""Beginnings of the names of marks without which a name is still the same name."""


def folded_name(name: str) -> str:
    """What two spellings of the same name have in common; never empty for a name with anything visible in it."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(sign for sign in plain if sign.isspace() or not _is_dropped(sign))
    spaced = "".join(sign if sign.isalnum() or _is_mark(sign) else " " for sign in kept.translate(_LOOKALIKE))
    return " ".join(sorted(spaced.split())) or " ".join(kept.split())


def _is_dropped(sign: str) -> bool:
    """Whether a sign is an accent, a point that may be left out, or cannot be seen. Marks of other scripts are vowels:
    they tell names apart."""
    return unicodedata.category(sign)[0] == "C" or (_is_mark(sign) and unicodedata.name(sign, "").startswith(_OPTIONAL))


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M"


def may_be_one(one: str, other: str) -> bool:
    """Whether two different folded names are alike but for initials: a whole word in common, and of each other word one
    is the initial of the other."""
    first, second = one.split(), other.split()
    common = set(first) & set(second)
    if all(len(word) == 1 for word in common):
        return False
    left = [word for word in first if word not in common]
    right = [word for word in second if word not in common]
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) > 0 and all(a[0] == b[0] and (is_initial(a) or is_initial(b)) for a, b in pairs)


def is_initial(word: str) -> bool:
    """A single letter; a number tells namesakes apart."""
    return len(word) == 1 and word.isalpha()
