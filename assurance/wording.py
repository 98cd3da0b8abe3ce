"""How requirements are worded: notes on phrases that make a sentence hard to verify or to understand in one way only.

After the rules of INCOSE's Guide to Writing Requirements, in own words and own lists, for English sentences. The notes are
an aid to reviewers: they find words, not meaning. They say nothing against a requirement and change no exit code; no note
does not mean that a requirement is good. A formal property settles what vague, negative and universal words mean, so those
are not noted where a requirement has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from assurance.case import Case
from evidence.diagnostics import Code, Finding, Place, Severity, code
from evidence.strict_yaml import Document

_NOTE = Severity.NOTE
_GUIDE = "INCOSE Guide to Writing Requirements: "
W_VAGUE = code(
    "W101",
    _NOTE,
    "vague term in a requirement",
    "say how much, with a unit, or define the term",
    _GUIDE + "vague terms",
)
W_ESCAPE = code(
    "W102",
    _NOTE,
    "escape clause in a requirement",
    "state the condition under which it applies",
    _GUIDE + "escape clauses",
)
W_UNVERIFIABLE = code(
    "W103",
    _NOTE,
    "phrase that no verification can settle",
    "give a limit that can be measured",
    _GUIDE + "measurable performance",
)
W_WHEN = code(
    "W104",
    _NOTE,
    "indefinite time in a requirement",
    "give a time limit with its unit",
    _GUIDE + "temporal dependencies",
)
W_SHALL = code(
    "W105", _NOTE, "requirement without 'shall'", "write what is binding with 'shall'", _GUIDE + "sentence structure"
)
W_NEGATIVE = code(
    "W106",
    _NOTE,
    "requirement that says what shall not happen",
    "say what shall be done instead, or over which inputs the absence can be shown",
    _GUIDE + "use of not",
)
W_UNIVERSAL = code(
    "W107",
    _NOTE,
    "absolute or universal word in a requirement",
    "name the set that is meant, or the share of cases that has to be met",
    _GUIDE + "absolutes and universal qualification",
)
W_INFINITIVE = code(
    "W108",
    _NOTE,
    "requirement on an ability instead of an action",
    "say what is done and when: 'shall ...'",
    _GUIDE + "superfluous infinitives",
)
W_COMPOUND = code(
    "W109",
    _NOTE,
    "several requirements in one",
    "give each its own identifier: they are verified one by one",
    _GUIDE + "single thought, combinators",
)
W_OPEN_LIST = code(
    "W111", _NOTE, "open-ended list in a requirement", "list what is meant completely", _GUIDE + "open-ended clauses"
)
W_REFERENCE = code(
    "W112",
    _NOTE,
    "unresolved reference or placeholder in a requirement",
    "put in what is meant, or the exact place where it stands",
    _GUIDE + "completeness of the expression",
)
W_PRONOUN = code(
    "W113", _NOTE, "requirement whose subject is a pronoun", "repeat the noun that is meant", _GUIDE + "pronouns"
)

W_HIDDEN = code(
    "W114",
    _NOTE,
    "character in a requirement that cannot be seen",
    "remove it: what people read and what is stored would differ",
    _GUIDE + "one reading only",
)

MAX_TEXT = 20_000
_LONGEST = 400
"""Lines of one text in a file, in which the words of a note are looked for."""
MAX_NOTES = 12
"""Notes on one requirement: more would only say that it has to be written anew."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that a note is about, as they stand, and what is wrong with them."""

    which: Code
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, looked for only in texts that hold one of its triggers: most sentences hold none of most rules.

    Patterns are text, which `re` compiles when it first looks for them: most commands look for few.
    """

    which: Code
    why: str
    pattern: str
    triggers: frozenset[str]
    """Words in lower case, cut at everything but letters and digits."""
    signs: tuple[str, ...] = ()
    flags: re.RegexFlag = re.IGNORECASE

    def applies(self, text: str, tokens: frozenset[str]) -> bool:
        return not self.triggers.isdisjoint(tokens) or any(map(text.__contains__, self.signs))


_TOKEN = re.compile(r"[a-z0-9]+")


def _listed(which: Code, why: str, words: str) -> _Rule:
    """A rule on whole words from a list with commas, in any case; a blank stands for any white space."""
    items = [item.split() for item in words.split(",")]
    escaped = (r"\s+".join(re.escape(word) for word in item) for item in items)
    pattern = rf"(?<![\w-])(?:{'|'.join(escaped)})(?![\w-])"
    return _Rule(which, why, pattern, frozenset(max(_TOKEN.findall(" ".join(item)), key=len) for item in items))


def _pattern(which: Code, why: str, pattern: str, triggers: str, *signs: str, exact: bool = False) -> _Rule:
    return _Rule(which, why, pattern, frozenset(triggers.split()), signs, re.NOFLAG if exact else re.IGNORECASE)


_SETTLED_BY_PROPERTY = frozenset({W_VAGUE.id, W_UNVERIFIABLE.id, W_NEGATIVE.id, W_UNIVERSAL.id, W_WHEN.id})
_ESCAPES = _listed(
    W_ESCAPE,
    "when does it not apply?",
    """
        as far as, so far as, insofar as, where possible, if possible, when possible, as
        possible, as appropriate, where appropriate, if appropriate, as required, if required,
        as necessary, if necessary, where necessary, when necessary, as needed, if needed, as
        applicable, where applicable, if applicable, if practicable, where practicable, as
        practicable, reasonably practicable, to the extent, unless otherwise, preferably,
        ideally, depending on, normally, usually, generally, in general, typically, in most cases, at the
        discretion of
    """,
)
_RULES: tuple[_Rule, ...] = (
    _listed(
        W_VAGUE,
        "how much is that?",
        """
        adequate, adequately, appropriate, appropriately, suitable, suitably, sufficient,
        sufficiently, reasonable, reasonably, acceptable, acceptably, satisfactory, significant,
        significantly, substantial, substantially, relevant, proper, properly, correctly,
        accurate, accurately, efficient, efficiently, effective, effectively, flexible, typical,
        robust, robustly, reliable, reliably, good, bad, easy, easily, fast, large, small, close
        to, close in, far from, several, multiple, various, numerous, many, few, a few, some,
        enough, almost, nearly, roughly, approximately, slightly, user-friendly, safely,
        tolerable, negligible, legible, readable, maintainable, scalable, lightweight, smooth,
        smoothly, gently, undue, unduly, unbiased, clearly, simple, simply, comfortable, comfortably, normal
        conditions, normal operating conditions, normal circumstances
        """,
    ),
    _pattern(
        W_VAGUE,
        "how much is that?",
        r"(?<![\w-])(?:low|high|short)\s+(?:[\w-]+\s+){0,3}?(?:rates?|latency|accuracy|precision|resolution|quality|"
        r"reliability|availability|performance|probability|workload)(?![\w-])(?!\s+(?:of|below|above|under|between)\b)",
        "low high short",
    ),
    _pattern(
        W_VAGUE,
        "how much, and compared with what?",
        r"(?<![\w-])(?:(?<!at\s)(?<!the\s)most(?!\s+(?:significant|recent))|better\s+than(?!\s+(?:[0-9]|or\b))|"
        r"(?:generali[sz]e|perform|work)s?\s+well|future\s+\w+)(?![\w-])",
        "most better well future",
    ),
    _ESCAPES,
    _listed(
        W_UNVERIFIABLE,
        "when is that reached?",
        """
        minimise, minimize, minimised, minimized, maximise, maximize, maximised, maximized,
        optimise, optimize, optimised, optimized, optimal, optimally, best, state of the art,
        state-of-the-art, seamless, seamlessly, intuitive, intuitively, as low as, as high as,
        as fast as, as little as, to a minimum, to a maximum, improve, improved, perfect, perfectly, ensure the quality
        """,
    ),
    _pattern(
        W_WHEN,
        "within which time?",
        r"(?<![\w-])(?:eventually|immediately|instantly|promptly|quickly|rapidly|soon|as\s+soon\s+as|timely|"
        r"in\s+a\s+timely\s+manner|(?<!close\s)in\s+time|without\s+delay|in\s+real\s+time|shortly|periodically|"
        r"regularly|frequently|occasionally|from\s+time\s+to\s+time)(?![\w-])",
        "eventually immediately instantly promptly quickly rapidly soon timely time delay shortly periodically regularly "
        "frequently occasionally",
    ),
    _pattern(
        W_NEGATIVE,
        "an absence is hard to verify; what shall happen instead?",
        r"(?<![\w-])(?:shall|must)\s+(?:not|never)(?![\w-])",
        "not never",
    ),
    _pattern(
        W_UNIVERSAL,
        "over which set, and can that be shown?",
        r"(?<![\w-])(?:always|(?<!shall\s)(?<!must\s)never|all|every|any(?!\s+other)|none|whenever|100\s?%|"
        r"at\s+all\s+times)(?![\w-])",
        "always never all every any none whenever 100",
    ),
    _listed(
        W_INFINITIVE,
        "what is done, and when?",
        "shall be able to, shall be capable of, shall be designed to, shall have the capability to",
    ),
    _listed(W_COMPOUND, "which part was verified?", "and/or, as well as, but also"),
    _pattern(
        W_OPEN_LIST,
        "what else belongs to it?",
        r"(?<![\w-])(?:etc\b\.?|and\s+so\s+on|and\s+so\s+forth|and\s+the\s+like|including\s+but\s+not\s+limited\s+to|"
        r"but\s+not\s+limited\s+to|e\.g\.|for\s+example|for\s+instance|such\s+as|among\s+others|inter\s+alia)|"
        r"\.\.\.|…",
        "etc so like limited e example instance such others alia",
        "...",
        "…",
    ),
    _pattern(
        W_REFERENCE,
        "what stands there?",
        r"(?<![\w-])(?:TB[CDNRS]|XXX+|TODO|FIXME|[Tt]o be (?:defined|determined|confirmed|decided|specified|agreed)|"
        r"(?:see|as (?:described|defined|stated|specified|shown)) (?:above|below|elsewhere)|"
        r"(?:applicable|relevant|current) (?:standards?|regulations?|laws?|documents?))(?![\w-])|\?\?+|<[a-z ]{2,30}>",
        "tbc tbd tbn tbr tbs todo fixme defined determined confirmed decided specified agreed above below elsewhere "
        "applicable relevant current",
        "XXX",
        "??",
        "<",
        exact=True,
    ),
    _pattern(
        W_PRONOUN,
        "who or what?",
        r"(?:^|(?<=[.!?]\s))\s*(?:it|they|this|these|those|that)\s+shall(?![\w-])",
        "it they this these those that",
    ),
)
_BESIDE_PROPERTY = tuple(rule for rule in _RULES if rule.which.id not in _SETTLED_BY_PROPERTY)
_NUMBER = r"(?:[0-9]+|two|three|four|five|six|seven|eight|nine|ten|twelve)(?![\w-])"
_SETTLED = (
    rf"(?<![\w-])(?:all\s+(?:of\s+)?(?:the\s+|these\s+)?{_NUMBER}|any\s+(?:one\s+)?of\s+(?:the\s+|these\s+)?{_NUMBER}|"
    r"every\s+(?:[0-9]|second\b|third\b|other\b)|(?:if|when|while|unless|until|whether|whenever)\s+any\b|"
    r"(?:shall|must)\s+not\s+(?:exceed|fall\s+below|rise\s+above|drop\s+below|be\s+(?:less|more|greater|higher|lower|smaller|"
    r"larger|longer|shorter|later|earlier)\s+than|(?:differ|deviate)\b[^.;]{1,60}\bby\s+more\s+than)\b|"
    r"in\s+time\s+(?:slots?|steps?|domain|order)\b|immediately\s+(?:before|after|preceding|following|above|below)\b|"
    r"as\s+(?:required|needed)\s+(?:by|in)\b|(?:shall|to)\s+close\s+(?:in|to)\b|(?:accurate|precise)\s+(?:to|within)\s+[0-9]|"
    r"significant\s+(?:digits?|figures?|bits?|bytes?)\b|bad\s+(?:pixels?|blocks?|sectors?)\b|fast\s+fourier\b|"
    r"best\s+estimates?\b|effective\s+(?:values?|radiated|temperature|area|length|mass|dose|date)\b)"
)
"""Words that would be noted, in company that settles what they mean: a bound, a number, a term of the trade."""
_QUOTED = re.compile(r'"[^"\n]{1,200}"|\u201c[^\u201d\n]{1,200}\u201d')
"""Texts that something shows or sends: their words are not the requirement's."""
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SHALL = re.compile(r"(?<![\w-])shall(?![\w-])", re.IGNORECASE)
_OTHER_MODAL = r"(?<![\w-])(?:must|should|will|may|might|could|can|would)(?![\w-])"
_SENTENCE_END = re.compile(r"[.!?;](?:\s|$)")
_SECOND_VERB = (
    r"(?<![\w-])and\s+(?:then\s+|also\s+|to\s+)?(?:shall|detect|send|receive|compute|calculate|provide|reject|accept|store|"
    r"transmit|notify|inform|ensure|verify|validate|generate|raise|indicate|announce|display|report|switch)(?=\s+(?:a|an|the|"
    r"this|that|it|its|each|every|all|any|to|on|off|when|if|whether|within)\b)"
)
_NUMBERED = re.compile(r"(?<![\w-])[A-Za-z][\w-]*+(?<=[0-9])")
_IDENTIFIER = re.compile(r"([A-Za-z][A-Za-z_-]*[A-Za-z_-])([0-9]+)")


@dataclass(frozen=True)
class Known:
    """Identifiers of a case. Others that are built like them count as unresolved references."""

    ids: frozenset[str]

    @cached_property
    def families(self) -> frozenset[str]:
        """What the identifiers begin with, without their numbers; single letters are too common in sentences."""
        return frozenset(match[1] for name in self.ids if (match := _IDENTIFIER.fullmatch(name)))


_NOBODY = Known(frozenset())


def phrases(text: str, formal: bool = False, known: Known = _NOBODY) -> list[Phrase]:
    """What there is to note about one sentence or text, in the order of the codes.

    `formal`: a formal property settles what it means.
    """
    text = text[:MAX_TEXT]
    found: dict[tuple[str, str], Phrase] = {}

    def note(which: Code, words: str, why: str) -> None:
        shown = " ".join(words.split())
        found.setdefault((which.id, shown.casefold()), Phrase(which, shown, why))

    whole = text[:40]
    for sign in _HIDDEN.findall(text):
        note(W_HIDDEN, f"U+{ord(sign):04X}", "it is not seen by who reads the text")
    text = _QUOTED.sub(lambda match: " " * len(match[0]), _HIDDEN.sub("", text))
    tokens = frozenset(_TOKEN.findall(text.lower()))
    matches = [
        (rule, match)
        for rule in (_BESIDE_PROPERTY if formal else _RULES)
        if rule.applies(text, tokens)
        for match in re.finditer(rule.pattern, text, rule.flags)
    ]
    settled = [match.span() for match in re.finditer(_SETTLED, text, re.IGNORECASE)] if matches else []
    # "as appropriate" is an escape clause, not a vague term beside
    escaped = [match.span() for rule, match in matches if rule is _ESCAPES]
    for rule, match in matches:
        spans = settled if rule is _ESCAPES else settled + escaped
        inside = any(begin <= match.start() and match.end() <= end for begin, end in spans)
        # capitals are the name of a state or a constant, where not everything is written in them
        name = rule.which.id in _SETTLED_BY_PROPERTY and match[0].isupper() and not text.isupper()
        if not inside and not name:
            note(rule.which, match[0], rule.why)
    binding = _SHALL.findall(text)
    if not binding:
        other = re.search(_OTHER_MODAL, text, re.IGNORECASE)
        note(W_SHALL, other[0] if other else whole, "is it binding?")
    elif len(binding) > 1:
        note(W_COMPOUND, f"shall ({len(binding)} times)", "which part was verified?")
    for sentence in _SENTENCE_END.split(text) if len(binding) == 1 and "and" in tokens else ():
        begins = _SHALL.search(sentence)
        second = re.compile(_SECOND_VERB, re.IGNORECASE).search(sentence, begins.end()) if begins else None
        if second:
            note(W_COMPOUND, second[0], "which part was verified?")
    for words in _undeclared(text, known):
        note(W_REFERENCE, words, "the case has nothing of that name")
    return sorted(found.values(), key=lambda item: item.which.id)[:MAX_NOTES]


def _undeclared(text: str, known: Known) -> Iterator[str]:
    """Words that are built like the case's identifiers (same letters, another number) and are none of them."""
    for word in _NUMBERED.findall(text) if known.families else ():
        match = _IDENTIFIER.fullmatch(word)
        if match and match[1] in known.families and word not in known.ids:
            yield word


def wording_finding(id: str, phrase: Phrase, place: Place) -> Finding:
    """The note on a phrase in requirement `id`."""
    return phrase.which.finding(f"{id}: {phrase.words!r}: {phrase.why}", place)


def wording_notes(case: Case, document: Document) -> Iterator[Finding]:
    """Notes on all safety requirements and requirements of a case, each at its words."""
    listed = (case.safety_requirements, case.requirements, case.hazards)
    known = Known(frozenset(item.id for items in listed for item in items))
    lines = _Lines(document)
    for i, safety in enumerate(case.safety_requirements):
        for phrase in phrases(safety.text, known=known):
            yield wording_finding(safety.id, phrase, lines.place(("safety_requirements", i, "text"), safety.id, phrase))
    for i, item in enumerate(case.requirements):
        for phrase in phrases(item.text, item.property is not None, known):
            yield wording_finding(item.id, phrase, lines.place(("requirements", i, "text"), item.id, phrase))


class _Lines:
    """The lines of a case file: a text may go over several, and a note stands where its words do."""

    def __init__(self, document: Document) -> None:
        self._document = document

    @cached_property
    def _lines(self) -> list[str]:
        try:
            return Path(self._document.file).read_text("utf-8").split("\n")
        except (OSError, ValueError):
            return []

    def place(self, path: tuple[str | int, ...], element: str, phrase: Phrase) -> Place:
        """The place of a phrase in a text, or of the text where the phrase is not found in one piece."""
        place = self._document.place(path, element)
        line, column = place.line or 1, place.column or 1
        text = self._lines[line - 1 : line]
        for more in self._lines[line : line + _LONGEST]:
            if more.strip() and len(more) - len(more.lstrip()) < column:
                break  # the next key
            text.append(more)
        raw = "\n".join(text)
        words = r"\s+".join(map(re.escape, phrase.words.split()))
        found = re.compile(rf"(?<![\w-]){words}").search(raw, raw.find(":", column - 1) + 1)
        if found is None:
            return place
        before = raw[: found.start()]
        return replace(place, line=line + before.count("\n"), column=found.start() - before.rfind("\n"))
