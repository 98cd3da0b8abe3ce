"""SACM's own rules for a file, checked on import and, in the tests, on what is exported.

Clauses of OMG SACM 2.3 (formal/23-05-08). Where the specification contradicts itself, only what all of its readings
agree on is asked for: interfaces and bindings may lie inside a package that holds other things (11.4 against 11.6).
Whether the argument is well-formed GSN is for `assurance.gsn.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.exchange.sacm_document import Document, Item
from assurance.gsn.exchange.sacm_words import (
    ARGUMENT_PACKAGES,
    ARTIFACTS,
    ASSERTIONS,
    ASSETS,
    DECLARATIONS,
    PACKAGES,
    RELATIONSHIPS,
)
from evidence.diagnostics import Finding, Severity, code

G234 = code(
    "G234",
    Severity.ERROR,
    "a SACM element refers to what the file does not have",
    "add the element, or mend the reference; parts in other files have to be joined into one first",
    "SACM 2.3, 8.2",
)
G235 = code(
    "G235",
    Severity.ERROR,
    "two SACM elements have the same identifier",
    "give one of them another xmi:id or gid",
    "SACM 2.3, 8.2",
)
G236 = code(
    "G236",
    Severity.WARNING,
    "a SACM element has no name",
    "name it; an element of the argument gets its identifier instead",
    "SACM 2.3, 8.6",
)
G237 = code(
    "G237",
    Severity.ERROR,
    "a SACM relationship has no source, or not exactly one target",
    "give at least one source and one target",
    "SACM 2.3, 11.13",
)
G238 = code(
    "G238",
    Severity.ERROR,
    "a SACM element refers to one of a class that does not fit",
    "let the reference name an element of the expected class",
    "SACM 2.3, 11.13-11.18",
)
G239 = code(
    "G239",
    Severity.ERROR,
    "a SACM element is a citation without cited element, or the reverse",
    "set isCitation exactly where there is a citedElement",
    "SACM 2.3, 8.2",
)
G240 = code(
    "G240",
    Severity.WARNING,
    "a SACM element has an implementation constraint and is not abstract",
    "set isAbstract, or remove the constraint",
    "SACM 2.3, 8.6",
)
G241 = code(
    "G241",
    Severity.WARNING,
    "a SACM text stands twice in one language",
    "keep one of the two",
    "SACM 2.3, 8.5",
)
G242 = code(
    "G242",
    Severity.ERROR,
    "a SACM package holds packages and other elements",
    "put the inner packages beside it",
    "SACM 2.3, 11.4",
)
G243 = code(
    "G243",
    Severity.ERROR,
    "a SACM package binding has fewer than two participants",
    "name the packages that it joins",
    "SACM 2.3, 11.5",
)
G244 = code(
    "G244",
    Severity.ERROR,
    "a SACM assertion has an unknown declaration",
    "write asserted, needsSupport, assumed, axiomatic, defeated or asCited",
    "SACM 2.3, 11.2",
)

# feature -> classes that it may name, by class of the element that has it ("" for all others)
_ENDS: dict[str, dict[str, frozenset[str]]] = {
    "source": {
        "AssertedEvidence": frozenset({"ArtifactReference"}),
        "AssertedArtifactSupport": frozenset({"ArtifactReference"}),
        "AssertedArtifactContext": frozenset({"ArtifactReference"}),
        "": ASSETS,
    },
    "target": {
        "AssertedArtifactSupport": frozenset({"ArtifactReference"}),
        "AssertedArtifactContext": frozenset({"ArtifactReference"}),
        "": ASSETS,
    },
    "reasoning": {"": frozenset({"ArgumentReasoning"})},
    "metaClaim": {"": frozenset({"Claim"})},
    "structure": {"": ARGUMENT_PACKAGES},
    "participantPackage": {"": PACKAGES},
    "implements": {"": PACKAGES},
}
_NO_ENDS: frozenset[str] = frozenset()


def check(document: Document) -> list[Finding]:
    """All findings about a file, in its order."""
    findings = [
        G235.finding(f"{item.called} has the identifier {identifier!r} of {other.called}", item.place)
        for identifier, other, item in document.doubled
    ]
    for item in document.items:
        findings += _check(item)
    return findings


def _check(item: Item) -> Iterator[Finding]:
    if not item.name:
        yield G236.finding(f"{item.called} has no name", item.place)
    for feature, written in item.dangling:
        yield G234.finding(f"{item.called}: {feature} {written!r} is not in this file", item.place)
    if item.cls in RELATIONSHIPS:
        yield from _ends(item)
    yield from _classes(item)
    cited = bool(item.refs.get("citedElement")) or any(feature == "citedElement" for feature, _ in item.dangling)
    if item.flag("isCitation") != cited:
        wrong = "isCitation without citedElement" if not cited else "citedElement without isCitation"
        yield G239.finding(f"{item.called}: {wrong}", item.place)
    constrained = any(child.tag == "implementationConstraint" for child in item.node)
    if constrained and not item.flag("isAbstract"):
        yield G240.finding(item.called, item.place)
    languages = [language for language, _ in item.texts]
    if len(set(languages)) < len(languages):
        yield G241.finding(f"{item.called}: its description", item.place)
    if item.cls in ARGUMENT_PACKAGES:
        yield from _package(item)
    if item.cls in ASSERTIONS and item.declaration not in DECLARATIONS:
        yield G244.finding(f"{item.called}: assertionDeclaration {item.declaration!r}", item.place)


def _ends(item: Item) -> Iterator[Finding]:
    lost = [feature for feature, _ in item.dangling]
    sources = len(item.refs.get("source", ())) + lost.count("source")
    targets = len(item.refs.get("target", ())) + lost.count("target")
    if sources < 1 or targets != 1:
        yield G237.finding(f"{item.called} has {sources} sources and {targets} targets", item.place)


def _classes(item: Item) -> Iterator[Finding]:
    for feature, by_class in _ENDS.items():
        if feature in ("source", "target") and item.cls not in RELATIONSHIPS:
            continue  # relationships between artifacts have ends of their own kind
        expected = by_class.get(item.cls, by_class.get("", _NO_ENDS))
        for other in item.refs.get(feature, ()):
            if other.cls not in expected:
                message = f"{item.called}: {feature} is {other.called}"
                yield G238.finding(message, item.place, expected=", ".join(sorted(expected)))
    for other in item.refs.get("referencedArtifactElement", ()):
        if other.cls not in ARTIFACTS | PACKAGES:
            yield G238.finding(f"{item.called} refers to {other.called}", item.place, expected="an artifact")


def _package(item: Item) -> Iterator[Finding]:
    inner = [child for child in item.children if child.cls == "ArgumentPackage"]
    others = [child for child in item.children if child.cls not in ARGUMENT_PACKAGES]
    if inner and others:
        yield G242.finding(f"{item.called} holds {inner[0].called} and {others[0].called}", item.place)
    if item.cls == "ArgumentPackageBinding":
        count = len(item.refs.get("participantPackage", ()))
        if count < 2:
            yield G243.finding(f"{item.called} names {count}", item.place)
