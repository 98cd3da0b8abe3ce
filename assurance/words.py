"""Claim texts, generated from typed statements and records. No template writes a number or a strength by hand.

A sentence says over which inputs, under which perturbation, for which predictor and in which arithmetic it holds.
Pointwise results read "at the N listed inputs". The word "robust" does not occur.
"""

from __future__ import annotations

from decimal import Decimal

from assurance.claims import Claim
from evidence.digest import short
from evidence.records import BoundsRecord, DocumentRecord, ExternalVerdictRecord, RunRecord, SmoothingRecord
from evidence.specification import (
    Boxes,
    ChosenAmong,
    CornerEntry,
    InputBalls,
    KeepLabel,
    Linear,
    LinearConstraint,
    NeverChosen,
    PropertyFile,
    PropertyHolds,
    Statement,
    TableCells,
    Within,
    decimal_text,
)
from evidence.threat import describe
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor, Verdict


def listed(names: tuple[str, ...] | list[str]) -> str:
    """`a, b and c`."""
    items = list(names)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def counted(number: int, noun: str) -> str:
    """`1 box`, `2 boxes`: the noun with its number."""
    plural = noun + ("es" if noun.endswith(("x", "s", "ch")) else "s")
    return f"{number} {noun if number == 1 else plural}"


def share_words(share: float) -> str:
    """A share as a percentage with all digits that were written: rounding could state another criterion."""
    return f"{(Decimal(repr(share)) * 100).normalize():f} %"


def predictor_words(predictor: Predictor) -> str:
    return "the smoothed classifier" if predictor is Predictor.SMOOTHED else "the network"


def arithmetic_words(arithmetic: Arithmetic) -> str:
    """Where a statement holds, as an adverbial."""
    return {
        Arithmetic.REAL: "over real arithmetic",
        Arithmetic.FLOAT32: "in every float32 execution",
        Arithmetic.FLOAT32_ONE: "in the float32 implementation that was sampled",
        Arithmetic.NOT_APPLICABLE: "",
    }[arithmetic]


def condition_words(statement: Statement) -> str:
    """What the outputs do, as a verb phrase."""
    condition = statement.condition
    if isinstance(condition, KeepLabel):
        return "decides for the stored label"
    if isinstance(condition, CornerEntry):
        return "decides for the entry that the cell's corners share"
    if isinstance(condition, ChosenAmong):
        return f"decides for {listed(condition.outputs).replace(' and ', ' or ')}"
    if isinstance(condition, NeverChosen):
        return f"never decides for {listed(condition.outputs).replace(' and ', ' or ')}"
    if isinstance(condition, Within):
        return "keeps " + listed([f"{name} within {bounds}" for name, bounds in condition.ranges.items()])
    if isinstance(condition, Linear):
        return "keeps " + listed([_linear(part) for part in condition.all_of])
    if isinstance(condition, PropertyHolds):
        return "gives no counterexample"
    raise TypeError(condition)


def _linear(part: LinearConstraint) -> str:
    """`2 up - 1 down above 0.5`."""
    terms = " ".join(
        f"{'-' if value < 0 else '+'} {decimal_text(abs(value))} {name}" for name, value in part.coefficients.items()
    )
    return f"{terms.removeprefix('+ ')} above {decimal_text(part.greater_than)}"


def regions_words(statement: Statement, count: int) -> str:
    """Over which inputs, as an adverbial; a count of 0 stands for an unknown one."""
    regions = statement.regions

    def number(noun: str) -> str:
        return counted(count, noun).removeprefix("0 ")  # nothing was counted: the data are not at hand

    if isinstance(regions, InputBalls):
        return f"at the {number('listed input')} under {describe(regions.perturbation)}"
    if isinstance(regions, TableCells):
        return f"throughout the {number('table cell')} whose corners hold one entry"
    if isinstance(regions, PropertyFile):
        boxes = "input box" if count == 1 else number("input box")
        return f"throughout the {boxes} of the property file (sha256 {short(regions.file)})"
    if isinstance(regions, Boxes) and count == 1:
        return f"throughout the stated box {regions.boxes[0].id}"
    return f"throughout the {count} stated boxes"


def claim_words(claim: Claim, count: int) -> str:
    """The goal statement of a claim over `count` regions."""
    statement, criterion = claim.statement, claim.criterion
    subject = predictor_words(statement.predictor).capitalize()
    text = f"{subject} {condition_words(statement)} {regions_words(statement, count)}"
    if criterion.at_least < 1:
        text += f", for at least {share_words(criterion.at_least)} of them"
    if criterion.guarantee is GuaranteeKind.STATISTICAL:
        return f"{text}, except with probability {criterion.error_probability:g} over the method's own sampling."
    return f"{text}, {arithmetic_words(statement.arithmetic)}."


def result_words(record: RunRecord | DocumentRecord) -> str:
    """What a record found, in one sentence, with counts from its own fields."""
    if isinstance(record, DocumentRecord):
        review = f"reviewed by {record.reviewer}" if record.reviewer else "not reviewed"
        return f"Document of {record.date} by {record.author}, {review}."
    if isinstance(record, SmoothingRecord):
        regions = record.statement.regions
        radius = (
            regions.perturbation.eps.value
            if isinstance(regions, InputBalls) and regions.perturbation.kind == "l2"
            else 0.0
        )
        abstained = sum(item.abstained for item in record.inputs)
        return (
            f"The smoothed classifier keeps the stored label within the stated L2 distance at {record.established(radius)} of "
            f"{record.count} listed inputs, except with probability {record.guarantee.error_probability:g}; it abstained at {abstained}."
        )
    if isinstance(record, ExternalVerdictRecord):
        return _external_words(record)
    parts = [
        f"{record.number(letter)} {word}"
        for letter, word in (("P", "proved"), ("C", "bounded but unchecked"), ("R", "refuted"), ("U", "undecided"))
        if record.number(letter)
    ]
    what = {
        "input-balls": "listed input",
        "boxes": "stated box",
        "table-cells": "table cell",
        "property-file": "input box",
    }[record.statement.regions.kind]
    disputed = disputed_words(record)
    return f"Of {counted(record.count, what)}: {listed(parts)}{f', but {disputed}' if disputed else ''}."


def disputed_words(record: RunRecord) -> str:
    """Where cross-checks contradict a record, so that nothing rests on it; empty where none does."""
    disputed = record.disputed if isinstance(record, BoundsRecord) else ()
    return f"a cross-check disagrees in {counted(len(disputed), 'region')}, so nothing rests on it" if disputed else ""


def _external_words(record: ExternalVerdictRecord) -> str:
    version = f" {record.tool_version}" if record.tool_version else ", version not stated,"
    found = {
        "none": "nothing was replayed",
        "near miss": "its counterexample did not replay exactly (near miss)",
        "replayed": "its counterexample was replayed",
    }[record.witness]
    if record.claimed == "holds":
        found = "its proof is unchecked"
    return f"{record.tool}{version} says {record.said!r}; {found}."


def verdict_words(record: RunRecord) -> str:
    """The verdict of a run for a table cell, as far as it may be relied on; statistical records have none."""
    if isinstance(record, SmoothingRecord):
        return "statistical"
    verdict: Verdict = record.relied_on if isinstance(record, BoundsRecord) else record.verdict
    return verdict.value
