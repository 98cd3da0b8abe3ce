"""A pattern's elements, prepared to be instantiated: what is the same wherever they stand is worked out once.

Not here: data, and what becomes of an element there (instantiate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assurance.gsn.elements import ElementType
from assurance.gsn.patterns.format import Pattern, PatternElement
from assurance.gsn.patterns.paths import Path, Template, common
from evidence.diagnostics import Place
from evidence.strict_yaml import Document


@dataclass(frozen=True)
class Form:
    """An element before instantiation, its texts taken apart."""

    name: str
    element: PatternElement
    place: Place
    """Where it stands in the pattern's file."""
    type: ElementType
    steps: tuple[str, ...]
    text: Template
    claim: Template | None
    evidence: Template | None
    status: Template | None
    leg: Path | None
    when: Path | None
    shared: Mapping[str, int]
    """For each target, how many of its collections it is joined by: those that both stand for."""


def forms_of(pattern: Pattern, document: Document) -> dict[str, Form]:
    """The elements of a pattern that makes sense (checks.py), in their order."""
    steps = {name: element.steps for name, element in pattern.elements.items()}
    return {
        name: Form(
            name,
            element,
            document.place(("elements", name), name),
            element.type,
            steps[name],
            Template(element.text),
            _template(element.claim),
            _template(element.evidence),
            _template(element.status),
            Path(element.leg) if element.leg else None,
            Path(element.when) if element.when else None,
            {target: common(steps[name], steps[target]) for target in element.targets},
        )
        for name, element in pattern.elements.items()
    }


def _template(text: str | None) -> Template | None:
    return Template(text) if text else None
