"""View of the cover, of the system with its domain and hazards, and of the identity of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

import assurance
from assurance.case import Person, Requirement
from assurance.case_hazards import Hazard
from assurance.dossier.parts import Fact, Grid, Link, anchor, day, first, left_out, number, requirement_link
from assurance.loading import CaseFile, LoadedCase
from assurance.snapshot import Snapshot

MOST_PORTS = 8


@dataclass(frozen=True)
class FileRow:
    """A file of the configuration: what is declared, and how the file stands to it."""

    id: str
    anchor: str
    kind: str
    title: str
    path: str
    digest: str
    state: str
    actual: str
    """The digest that the file has now, where it is not the declared one."""
    fresh: bool
    source: str


@dataclass(frozen=True)
class Head:
    """What stands on the cover and in the header of each page."""

    case: str
    title: str
    organisation: str
    issue: str
    system: str
    function: str
    date: str
    tool: str
    digest: str
    watermarks: tuple[Link, ...]
    standards: tuple[str, ...]
    files: tuple[FileRow, ...]
    people: Grid
    acceptances: str


@dataclass(frozen=True)
class HazardRow:
    id: str
    anchor: str
    title: str
    classified: str
    level: str
    safety_requirements: tuple[Link, ...]
    requirements: tuple[Link, ...]


@dataclass(frozen=True)
class SafetyRequirementRow:
    id: str
    anchor: str
    text: str
    hazards: tuple[Link, ...]
    requirements: tuple[Link, ...]


@dataclass(frozen=True)
class ModelRow:
    id: str
    anchor: str
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class SystemView:
    """System, boundary of the constituent, operational design domain, hazards, models and data."""

    system: tuple[Fact, ...]
    constituent: tuple[Fact, ...]
    odd: str
    parameters: Grid
    hazards: tuple[HazardRow, ...]
    safety_requirements: tuple[SafetyRequirementRow, ...]
    models: tuple[ModelRow, ...]
    data: tuple[FileRow, ...]
    standards: tuple[Fact, ...]


def head_view(snapshot: Snapshot, dates: tuple[str, ...]) -> Head:
    """The cover. `dates`: those of the runs; the newest of them and of the case file's own is shown."""
    case = snapshot.loaded.case
    standing = [row.acceptance for covered in snapshot.coverage for row in covered.rows if row.acceptance]
    valid, lapsed = sum(item.counts for item in standing), sum(item.lapsed for item in standing)
    own = len(standing) - valid - lapsed
    accepted = f"{len(standing)} recorded, of which {valid} in force and {lapsed} lapsed"
    accepted += f"; {own} given by an author, where independence is required, and not counted" if own else ""
    return Head(
        case=case.id,
        title=case.title,
        organisation=case.organisation,
        issue=case.issue,
        system=case.system.name,
        function=case.system.function,
        date=max((*dates, *_dates(snapshot)), default=""),
        tool=f"assurance {assurance.__version__}",
        digest=snapshot.loaded.digest,
        watermarks=tuple(
            Link(f"{item.catalogue.id}: {item.catalogue.watermark}", anchor("std", item.catalogue.id))
            for item in snapshot.coverage
            if item.catalogue.watermark
        ),
        standards=tuple(
            f"{item.catalogue.id}, {f'level {item.level}' if item.level else 'no level'}: {item.catalogue.edition}"
            for item in snapshot.coverage
        ),
        files=_files(snapshot.loaded),
        people=_people(case.people),
        acceptances=accepted if standing else "none recorded",
    )


def _people(people: tuple[Person, ...]) -> Grid:
    """Persons and roles; no column for an organisation that nobody names."""
    if not any(item.organisation for item in people):
        return Grid(("name", "role", "id"), tuple((item.name, item.role, item.id) for item in people))
    rows = tuple((item.name, item.role, item.organisation or "not provided", item.id) for item in people)
    return Grid(("name", "role", "organisation", "id"), rows)


def _dates(snapshot: Snapshot) -> list[str]:
    case = snapshot.loaded.case
    found = [item.meaning_review.date for item in case.requirements if item.meaning_review]
    found += [item.date for item in case.documents]
    found += [item.date for item in case.deviations]
    found += [item.date for item in case.acceptances]
    return [day(item) for item in found]


def _files(loaded: LoadedCase) -> tuple[FileRow, ...]:
    kinds = (
        ("model", loaded.case.models),
        ("data set", loaded.case.data_sets),
        ("table", loaded.case.tables),
        ("property file", loaded.case.property_files),
        ("argument pattern", loaded.case.pattern_files),
        ("document", loaded.case.documents),
        ("external verdict", loaded.case.external_verdicts),
    )
    state = {item.id: item for item in loaded.files}
    return tuple(
        FileRow(
            item.id,
            anchor("file", item.id),
            kind,
            item.title,
            item.path,
            item.digest,
            _state(state[item.id]),
            "" if state[item.id].fresh else state[item.id].actual or "",
            state[item.id].fresh,
            getattr(item, "source", ""),
        )
        for kind, items in kinds
        for item in items
    )


def _state(file: CaseFile) -> str:
    if file.fresh:
        return "unchanged"
    return "CHANGED" if file.actual else "MISSING"


def system_view(loaded: LoadedCase) -> SystemView:
    """The system chapter, from the case file alone."""
    case = loaded.case
    parameters = tuple(
        (item.name, item.title, number(item.range.lower), number(item.range.upper), item.range.unit, item.input or "")
        for item in case.odd.parameters
    )
    return SystemView(
        system=(
            Fact("System", case.system.name),
            Fact("Function", case.system.function),
            Fact("Description", case.system.description),
        ),
        constituent=(
            Fact("Constituent", case.constituent.description),
            Fact("Boundary", case.constituent.boundary),
            Fact("Pre-processing", case.constituent.preprocessing),
            Fact("Post-processing", case.constituent.postprocessing),
        ),
        odd=case.odd.description,
        parameters=Grid(
            ("parameter", "meaning", "from", "to", "unit", "model input"),
            parameters,
            numeric=(False, False, True, True, False, False),
        ),
        hazards=tuple(_hazard(loaded, item) for item in case.hazards),
        safety_requirements=tuple(
            SafetyRequirementRow(
                item.id,
                anchor("safety", item.id),
                item.text,
                tuple(Link(name, anchor("hazard", name)) for name in item.hazards),
                tuple(requirement_link(child.id) for child in _children(loaded, item.id)),
            )
            for item in case.safety_requirements
        ),
        models=tuple(
            ModelRow(item.id, anchor("model", item.id), item.title, _model_facts(loaded, number))
            for number, item in enumerate(case.models)
        ),
        data=tuple(item for item in _files(loaded) if item.kind in ("data set", "table")),
        standards=tuple(Fact(item.id, f"level {item.level}" if item.level else "no level") for item in case.standards),
    )


def _children(loaded: LoadedCase, parent: str) -> list[Requirement]:
    return [item for item in loaded.case.requirements if parent in item.parents]


def _hazard(loaded: LoadedCase, hazard: Hazard) -> HazardRow:
    case = loaded.case
    return HazardRow(
        hazard.id,
        anchor("hazard", hazard.id),
        hazard.title,
        "; ".join(hazard.classes),
        "; ".join(hazard.levels),
        tuple(
            Link(item.id, anchor("safety", item.id)) for item in case.safety_requirements if hazard.id in item.hazards
        ),
        tuple(requirement_link(item.id) for item in case.requirements if hazard.id in item.hazards),
    )


_ROLES = {"low-level-requirement": "low-level requirement and design", "parameter-data-item": "parameter data item"}


def _model_facts(loaded: LoadedCase, index: int) -> tuple[Fact, ...]:
    model = loaded.case.models[index]
    ports, more = first(model.ports, MOST_PORTS)
    inputs = ", ".join(f"{port.name} [{port.unit}]" for port in ports)
    return (
        Fact("File", model.path, (Link("digest", anchor("file", model.id)),)),
        Fact("Role", _ROLES[model.role]),
        Fact("Deployed arithmetic", model.arithmetic.value),
        Fact("Deployed predictor", f"{model.predictor.value} predictor"),
        Fact(
            "Decision", f"{model.decision} of the outputs" if model.decision != "none" else "none: the outputs are used"
        ),
        Fact(
            "Inputs",
            f"{len(model.ports)}: {inputs}" + (f"; {left_out(more, 'input', 'see the case file')}" if more else ""),
        ),
        Fact("Outputs", f"{len(model.outputs)}: {', '.join(model.outputs)}"),
    )


def person_words(person: Person) -> str:
    """Name, role and organisation."""
    return ", ".join(part for part in (person.name, person.role, person.organisation) if part)
