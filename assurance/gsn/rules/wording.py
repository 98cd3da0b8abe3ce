"""Notes on the grammar of statements (rule C6). They look for plain signs in English text and miss much.

Whether a reader sees all that stands there is a warning. Rather silent than wrong: a note comes only where a word list finds no candidate for a verb at all, or finds a
finite verb where the standard asks for a noun phrase. Other languages give chance results; notes never fail a
check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assurance.gsn.elements import Context, Element, ElementType
from assurance.gsn.model import Argument
from assurance.gsn.rules import places
from assurance.gsn.text import unseen
from evidence.diagnostics import Code, Finding, Severity, code

G120 = code(
    "G120",
    Severity.NOTE,
    "a goal does not read as a claim",
    "state something that is true or false: a subject and what holds of it",
    "GSN 1:2.3.2",
)
G121 = code(
    "G121",
    Severity.NOTE,
    "a goal makes several statements",
    "give each claim a goal of its own, and put explanations into a context",
    "GSN 1:2.3.2",
)
G122 = code(
    "G122",
    Severity.NOTE,
    "a solution reads as a claim",
    "name the item of evidence by a noun phrase, and put what it shows into the goal above",
    "GSN 1:2.3.4",
)
G123 = code(
    "G123",
    Severity.NOTE,
    "an assumption or justification is not a full sentence",
    "write a sentence with a verb",
    "GSN 1:2.3.6",
)
G124 = code(
    "G124",
    Severity.NOTE,
    "a statement is too long to be read in a diagram",
    "say it shorter and put the rest into a context or a document; the diagram shows the beginning only",
)
G125 = code(
    "G125",
    Severity.NOTE,
    "a context that refers to an artefact reads as a statement",
    "name the artefact by a noun phrase, or remove the mark if this is an explanation",
    "GSN 1:2.3.5",
)
G126 = code(
    "G126",
    Severity.NOTE,
    "a strategy reads as a claim",
    "describe how the goal above follows from the goals below; state claims as goals",
    "GSN 2:6.3.2",
)

G254 = code(
    "G254",
    Severity.WARNING,
    "a statement holds characters that nobody sees or that turn others round",
    "remove them: a reader must see what a tool reads; diagrams show a sign in their place",
)

LONGEST = 600
"""Characters of a statement that are surely shown in a diagram (`layout` cuts by the space that is there)."""

_AUXILIARY = "is|are|was|were|be|been|has|have|had|does|do|can|cannot|could|will|would|shall|should|must|may|might"


def _any_of(words: str) -> str:
    """Finds one of some words. That looks at first letters before it tries them all: most words are none of these."""
    return rf"\b(?=[{''.join(sorted({word[0] for word in words.split('|')}))}])({words})\b"


_FINITE = re.compile(_any_of(_AUXILIARY), re.IGNORECASE)
# Third persons and participles: nearly every English sentence has one, and many noun phrases do too.
_MAYBE_VERB = re.compile(r"\b[a-z]{2,}(?<!ss)(s|ed)\b|\b(hold|meet|satisfy|remain|lie|keep|work|exist)\b")
_COMMAND = re.compile(
    r"^\s*(to\s+[a-z]+|ensure|show|demonstrate|prove|verify|check|provide|argue|guarantee)\b(?!s)", re.IGNORECASE
)
_RELATIVE = re.compile(_any_of("that|which|who|whose|where|when|while|as|if"), re.IGNORECASE)
_REASONING = re.compile(r"\b(argu\w*|decompos\w*|divid\w*|split|reason\w*|consider\w*|by)\b", re.IGNORECASE)
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|cf|vs|no|fig|sec|ch|al|approx|resp|etc)\.$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])")


_GOAL, _STRATEGY, _SOLUTION = ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION
_SENTENCES = (ElementType.ASSUMPTION, ElementType.JUSTIFICATION)


def check(argument: Argument) -> Iterator[Finding]:
    """Each element with a statement, in the order given."""
    for element in argument:
        for found, message in _judge(element):
            yield found.finding(f"{element.type} {element.id} {message}", places.of_element(element))


def _judge(element: Element) -> Iterator[tuple[Code, str]]:
    text = element.text.strip()
    if not text:
        return
    if hidden := unseen(text):
        yield G254, f"holds {places.listed(hidden)}"
    if element.type is _GOAL:
        if text.endswith("?"):
            yield G120, "asks a question"
        elif _COMMAND.match(text):
            yield G120, f"opens with {text.split()[0]!r}: a task, not a claim"
        elif not _may_have_verb(text):
            yield G120, "has no verb"
        if (count := _sentences(text)) > 1:
            yield G121, f"has {count} sentences"
    elif element.type is _SOLUTION:
        if verb := _finite(text):
            yield G122, f"says what {verb!r} the case"
    elif isinstance(element, Context):
        if element.artefact and (verb := _finite(text)):
            yield G125, f"says what {verb!r} the case"
    elif element.type is _STRATEGY:
        # "Argument over ...", "Each part is argued separately" describe the reasoning; other sentences claim
        if not _REASONING.search(text) and (verb := _finite(text)):
            yield G126, f"says what {verb!r} the case"
    elif element.type in _SENTENCES and not _may_have_verb(text):
        yield G123, "has no verb"
    if len(text) > LONGEST:
        yield G124, f"has {len(text)} characters; {LONGEST} are surely shown"


def _may_have_verb(text: str) -> bool:
    return bool(_MAYBE_VERB.search(text) or _FINITE.search(text))


def _finite(text: str) -> str | None:
    """The first finite verb, unless a clause that says more of something begins before it."""
    verb = _FINITE.search(text)
    if verb is None or _RELATIVE.search(text, 0, verb.start()):
        return None
    return verb.group()


def _sentences(text: str) -> int:
    within = text[:-1]
    if "." not in within and "!" not in within and "?" not in within:
        return 1  # as most have
    ends = [
        match
        for match in _SENTENCE_END.finditer(text)
        if not _ABBREVIATION.search(text[max(0, match.end() - 12) : match.end()])  # all are shorter than that
    ]
    return 1 + len(ends)
