"""Advice of the standard's second part, as notes: plain signs of weak arguments. They never fail a check.

Rather silent than wrong, and English only, as in `wording`. Whether evidence really bears on the goal that it
closes, and what review and audit have to ask (2:7.4), only people can judge: docs/gsn.md lists it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assurance.gsn.elements import Context, Element, ElementType, Goal, Solution
from assurance.gsn.model import Argument
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G128 = code(
    "G128",
    Severity.NOTE,
    "a context seems to carry evidence or an assumption",
    "make evidence a solution below the goal that it supports, and what is taken for granted an assumption",
    "GSN 2:6.2",
)
G129 = code(
    "G129",
    Severity.NOTE,
    "a top goal rests on evidence alone",
    "say by a strategy and goals between them how the evidence leads to the claim",
    "GSN 2:6.3",
)
G195 = code(
    "G195",
    Severity.NOTE,
    "a goal rests both on evidence and on further argument",
    "put a goal that states what the evidence shows between them",
    "GSN 2:3.7.3",
)
G196 = code(
    "G196",
    Severity.NOTE,
    "a solution seems to cite a whole document",
    "name the section, table or record that the goal above rests on",
    "GSN 2:3.7.4",
)

_EVIDENCE_WORDS = re.compile(
    r"^\s*(the\s+)?(evidence|proof|(test|verification|analysis|simulation|validation|review)\s+(results?|evidence))\b",
    re.IGNORECASE,
)
_ASSUMING = re.compile(r"^\s*(assumption|assumed|assuming|we assume|it is assumed)\b", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"\b(reports?|documents?|manuals?|handbooks?|plans?|specifications?|standards?)\b", re.IGNORECASE
)
_PART = re.compile(
    r"\b(sections?|sect?|clauses?|chapters?|ch|pages?|pp?|tables?|figures?|fig|annex|appendix|paragraphs?|items?|"
    r"records?|rows?|entry|entries|requirements?|§)\b|§|#|\d+\.\d+",
    re.IGNORECASE,
)
_EVIDENCE = frozenset({ElementType.SOLUTION, ElementType.AWAY_SOLUTION})


def check(argument: Argument) -> Iterator[Finding]:
    """Each element, in the order given."""
    tops = {root.id for root in argument.roots()}
    for element in argument:
        place, named = places.of_element(element), f"{element.type} {element.id}"
        if isinstance(element, Context):
            if _EVIDENCE_WORDS.search(element.text):
                yield G128.finding(f"{named} names evidence", place)
            elif _ASSUMING.search(element.text):
                yield G128.finding(f"{named} names an assumption", place)
        elif isinstance(element, Solution) and _whole_document(element):
            yield G196.finding(f"{named} names no part of its document", place)
        elif isinstance(element, Goal):
            kinds = [child.type for child in argument.children(element.id)]
            count = sum(kind in _EVIDENCE for kind in kinds)
            if count and count < len(kinds):
                yield G195.finding(f"{named} rests on {count} solutions and {len(kinds) - count} others", place)
            elif (
                count
                and element.id in tops
                and not argument.challengers(element.id)
                and not _challenges(argument, element)
            ):
                yield G129.finding(f"{named} rests on {count} solutions", place)


def _whole_document(element: Solution) -> bool:
    named = (element.text, *element.evidence)
    return bool(_DOCUMENT.search(element.text)) and not any(_PART.search(text) for text in named)


def _challenges(argument: Argument, element: Element) -> bool:
    return any(relation.type.value == "challenges" for relation in argument.relations_from(element.id))
