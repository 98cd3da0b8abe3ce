"""View of the requirements: sentence, formal property in words, rationale, review, standing with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from assurance.binding import documents_on
from assurance.case import BallsOf, BoxesOf, CellsOf, FileOf, FormalProperty, Requirement
from assurance.claims import statement_of
from assurance.dossier.parts import (
    Coded,
    Fact,
    Grid,
    Link,
    anchor,
    box_cells,
    box_heads,
    coded,
    first,
    left_out,
    noun,
    number,
    record_link,
    requirement_link,
    share,
    tidy,
)
from assurance.dossier.trace import Trace
from assurance.dossier.view_system import person_words
from assurance.doubts import above
from assurance.gsn.elements import Goal, Strategy
from assurance.loading import LoadedCase
from assurance.snapshot import Snapshot
from assurance.status import Standing, worst
from assurance.words import arithmetic_words, claim_words, counted
from evidence.specification import Linear, NamedBox, Within
from evidence.verdict import GuaranteeKind

MOST_BOXES = 12
MOST_INPUTS = 12


@dataclass(frozen=True)
class OfferedRow:
    """A record held against the requirement's claim."""

    record: Link
    when: str
    level: str
    established: str
    reasons: tuple[Coded, ...]


@dataclass(frozen=True)
class RequirementView:
    """One requirement with all that is known of it."""

    id: str
    anchor: str
    title: str
    text: str
    status: str
    met: str
    """Worst status of the goals that the requirement is met; empty where the argument has none."""
    origin: str
    parents: tuple[Link, ...]
    hazards: tuple[Link, ...]
    author: str
    claim: str
    property: tuple[Fact, ...]
    boxes: Grid | None
    terms: Grid | None
    rationale: str
    review: str
    review_anchor: str
    counted: str
    unit: str
    reasons: tuple[Coded, ...]
    offered: tuple[OfferedRow, ...]
    documents: tuple[Link, ...]
    deviations: tuple[Link, ...]
    goals: tuple[Link, ...]
    objectives: tuple[Link, ...]


def requirements_view(snapshot: Snapshot, trace: Trace) -> tuple[RequirementView, ...]:
    """All requirements in the order of the case file."""
    met = met_by_requirement(snapshot)
    return tuple(
        _requirement(snapshot, trace, item, met.get(item.id, "")) for item in snapshot.loaded.case.requirements
    )


def _requirement(snapshot: Snapshot, trace: Trace, item: Requirement, met: str) -> RequirementView:
    loaded = snapshot.loaded
    case, standing = loaded.case, snapshot.standings[item.id]
    safety = {parent.id for parent in case.safety_requirements}
    formal = item.property
    return RequirementView(
        id=item.id,
        anchor=anchor("req", item.id),
        title=item.title,
        text=item.text,
        status=standing.status.value,
        met=met,
        origin=f"derived: {tidy(item.derived)}" if item.derived else "",
        parents=tuple(
            Link(name, anchor("safety", name)) if name in safety else requirement_link(name) for name in item.parents
        ),
        hazards=tuple(Link(name, anchor("hazard", name)) for name in item.hazards),
        author=person_words(case.person(item.author)),
        claim=_claim(loaded, standing),
        property=_property(loaded, formal) if formal else (),
        boxes=_boxes(formal.regions.boxes) if formal and isinstance(formal.regions, BoxesOf) else None,
        terms=_terms(formal) if formal else None,
        rationale=formal.rationale if formal else "",
        review=_review(loaded, item),
        review_anchor=anchor("review", item.id),
        counted=counted_words(standing),
        unit=noun(standing.total, "region"),
        reasons=coded(standing.reasons),
        offered=tuple(
            OfferedRow(
                record_link(run.digest),
                "current" if run.current else "earlier",
                found.level.value,
                share(found.established, found.total),
                coded(found.reasons),
            )
            for run, found in standing.assessments
        ),
        documents=tuple(record_link(found.digest, found.item.id) for found in documents_on(snapshot.register, item.id)),
        deviations=tuple(
            Link(found.id, anchor("dev", found.id)) for found in case.deviations if found.about == item.id
        ),
        goals=trace.goals_of_requirement.get(item.id, ()),
        objectives=trace.objectives_of_requirement.get(item.id, ()),
    )


def counted_words(standing: Standing) -> str:
    """n of N regions; empty where there is nothing to count."""
    return share(standing.established, standing.total) if standing.total else ""


def _claim(loaded: LoadedCase, standing: Standing) -> str:
    claim = loaded.claims.get(standing.requirement)
    if claim is None:
        return ""
    if not standing.total:
        return "The regions cannot be counted while the data that define them are missing or changed."
    return claim_words(claim, standing.total)


def _property(loaded: LoadedCase, formal: FormalProperty) -> tuple[Fact, ...]:
    regions = formal.regions
    links = [Link(formal.model, anchor("model", formal.model))]
    if isinstance(regions, BallsOf):
        chosen = "all inputs" if isinstance(regions.inputs, str) else _chosen(regions.inputs)
        what = f"model, {chosen} of the data set, threat model:"
        links.append(Link(regions.data_set, anchor("file", regions.data_set)))
        links.append(Link(regions.threat_model, anchor("threat", regions.threat_model)))
    elif isinstance(regions, CellsOf):
        what = "model, and the cells whose corners hold one entry of the table:"
        links.append(Link(regions.table, anchor("file", regions.table)))
    elif isinstance(regions, FileOf):
        what = "model, and the VNN-LIB file whose counterexamples are excluded:"
        links.append(Link(regions.property_file, anchor("file", regions.property_file)))
    else:
        what = f"{counted(len(regions.boxes), 'box')} in physical units; model:"
    return (Fact("Stated of", what, tuple(links)), Fact("Criterion", _criterion(loaded, formal)))


def _criterion(loaded: LoadedCase, formal: FormalProperty) -> str:
    demanded = "a proof, re-checked" if formal.guarantee is GuaranteeKind.PROVED else "a statistical statement"
    if formal.error_probability is not None:
        demanded += f" with error probability at most {formal.error_probability:g} over its own sampling, for all inputs together"
    share_needed = f"at least {formal.at_least:g} of the regions" if formal.at_least < 1 else "every region"
    arithmetic = arithmetic_words(statement_of(loaded.case, formal).arithmetic)
    return f"{share_needed}; {demanded}; {arithmetic}"


def _chosen(inputs: tuple[int, ...]) -> str:
    shown, more = first(inputs, MOST_INPUTS)
    text = f"{counted(len(inputs), 'input')} ({', '.join(map(str, shown))}"
    return text + (f" and {more} more)" if more else ")")


def _boxes(boxes: tuple[NamedBox, ...]) -> Grid:
    names = list(boxes[0].ranges)
    shown, more = first(boxes, MOST_BOXES)
    rows = tuple((box.id, *box_cells(names, box.ranges)) for box in shown)
    return Grid(("box", *box_heads(names)), rows, left_out(more, "box", "the case file holds all"))


def _terms(formal: FormalProperty) -> Grid | None:
    condition = formal.condition
    if isinstance(condition, Within):
        rows = tuple((name, str(bounds)) for name, bounds in condition.ranges.items())
        return Grid(("output", "strictly within"), rows)
    if isinstance(condition, Linear):
        rows = tuple(
            (
                " + ".join(f"{number(value)} {name}" for name, value in part.coefficients.items()),
                number(part.greater_than),
            )
            for part in condition.all_of
        )
        return Grid(("sum", "greater than"), rows, numeric=(False, True))
    return None


def _review(loaded: LoadedCase, item: Requirement) -> str:
    review = item.meaning_review
    if review is None:
        return ""
    independent = "independent" if review.independent and review.by != item.author else "NOT independent"
    note = f" Note: {review.note}" if review.note else ""
    return f"{review.date}, {person_words(loaded.case.person(review.by))}; {independent}.{note}"


def met_by_requirement(snapshot: Snapshot) -> dict[str, str]:
    """By requirement the worst status of the goals that state the requirement itself, on which no other such goal
    rests."""
    argument, status = snapshot.built.argument, snapshot.built.status
    claims: dict[str, set[str]] = {}
    for item in argument:
        if isinstance(item, Goal) and item.claim:
            claims.setdefault(item.claim, set()).add(item.id)
    met = {}
    for requirement, ids in claims.items():
        upper = [id for id in ids if not above(argument, [id]) & ids]
        # a goal that evidence decides by itself, with no other beneath, states the examined claim alone
        stated = [id for id in upper if any(isinstance(child, Strategy | Goal) for child in argument.children(id))]
        if stated:
            met[requirement] = reduce(worst, (status[id] for id in stated)).value
    return met
