"""Case and evidence -> argument: the data that the pattern is instantiated with, and the status of every goal.

All texts come from the case file or are generated from records (`words.py`). A leg that nothing fills is there
all the same, undeveloped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from assurance.binding import bind, document_reference, documents_on, documents_status, leg_of, vocabulary
from assurance.case import BallsOf, Case, Requirement
from assurance.challenges import Doubt, doubts_of
from assurance.claims import Claim
from assurance.confidence import mark_evidence_links
from assurance.domain import Domain
from assurance.doubts import Challenged, exclusions_status, residual_risks, weave
from assurance.gsn.model import Argument
from assurance.gsn.patterns.data import G_KEY
from assurance.gsn.patterns.instantiate import Instance, instantiate
from assurance.gsn.patterns.library import load_pattern
from assurance.gsn.rules import check
from assurance.gsn.rules.dialectic import G190, G193
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register
from assurance.status import RESULT_KINDS, Standing, Status, roll_up
from assurance.strength import Strengths
from assurance.words import claim_words, counted, result_words
from evidence.diagnostics import Finding
from evidence.digest import short
from evidence.errors import InputError
from evidence.specification import InputBalls
from evidence.threat import describe
from evidence.verdict import Artefact

_LEG_KINDS = {
    "requirements": {"review-record", "safety-analysis"},
    "implementation": {"implementation-equivalence", "numerical-soundness", "performance-test"},
    "preprocessing": {"implementation-equivalence", "performance-test", "review-record"},
    "postprocessing": {"implementation-equivalence", "performance-test", "review-record"},
}
"""Kinds of documents that can show a leg; others that name it are listed and leave it partial."""
_BUILT = {Artefact.SOURCE_CODE, Artefact.EXECUTABLE_ON_TARGET}


_HOUSE = "ml-constituent"
_MOST_EXCLUDED = 4_000
"""So many characters of exclusions a context holds."""


@dataclass(frozen=True)
class BuiltArgument:
    """The instantiated argument with its challenges, the status and strength of its goals, the findings of the rules."""

    argument: Argument
    status: dict[str, Status]
    strength: Strengths
    doubts: tuple[Doubt, ...]
    challenges: tuple[Challenged, ...]
    findings: tuple[Finding, ...]


_LEGS = (
    ("implementation", "The deployed implementation on its target computes what the analysed model describes."),
    ("preprocessing", "Pre-processing hands the model the inputs that the examined regions stand for: {what}"),
    ("postprocessing", "Post-processing turns the model's outputs into the function's outputs: {what}"),
)


def build_argument(loaded: LoadedCase, register: Register, standings: dict[str, Standing]) -> BuiltArgument:
    """Instantiate the case's patterns, each under a top goal of its own, with the pattern's id before each identifier.
    Only the elements of the house pattern go without: dossier and gap list refer to them.

    Raises InputError (G14x, G27x, G28x) for patterns and data that do not fit."""
    supplied = vocabulary(loaded, register, standings, _data(loaded, register, standings))
    instances: list[Instance] = []
    findings: list[Finding] = []
    for number, id in enumerate(loaded.case.patterns):
        try:
            pattern = load_pattern(id, loaded.own_patterns)
            data = bind(loaded, register, pattern, supplied)
            place = loaded.document.place(("patterns", number), id)
            instances.append(instantiate(pattern, data, prefix="" if id == _HOUSE else f"{id}.", place=place))
        except InputError as error:
            findings += error.findings
    for id in loaded.case.pattern_data:
        if id not in loaded.case.patterns:
            place = loaded.document.place(("pattern_data", id), id)
            findings.append(G_KEY.finding(f"the case names no pattern {id!r}", place))
    if findings:
        raise InputError(*findings)
    argument = _joined([instance.argument for instance in instances])
    known = {item.value: item for item in Status}
    given = {id: known[word] for instance in instances for id, word in instance.status.items()}
    woven = weave(argument, given, loaded, register, standings)
    mark_evidence_links(argument, register)
    # what stands is said by weave, with everything that it affects
    found = [item for item in check(argument) if item.code not in (G190.id, G193.id)]
    status = roll_up(argument, given, woven.caps)
    return BuiltArgument(
        argument,
        status,
        Strengths(argument, register, status),
        woven.doubts,
        woven.challenges,
        (*found, *woven.findings),
    )


def _joined(parts: list[Argument]) -> Argument:
    if len(parts) == 1:
        return parts[0]
    argument = Argument("+".join(part.module for part in parts), "; ".join(part.title for part in parts))
    for part in parts:
        argument.add(*part)
        argument.relate(*part.relations)
    return argument


def _data(loaded: LoadedCase, register: Register, standings: dict[str, Standing]) -> dict[str, Any]:
    case = loaded.case
    about_requirements = documents_on(register, "requirements")
    doubts = doubts_of(loaded, register)
    domain = Domain(loaded)
    return {
        "system": case.system.name,
        "function": case.system.function,
        "constituent": case.constituent.description.rstrip("."),
        "boundary": case.constituent.boundary,
        "odd": case.odd.description,
        "standards": "; ".join(
            f"{item.id}{f' level {item.level}' if item.level else ', no level'}" for item in case.standards
        ),
        "hazards": "; ".join(f"{item.id} {item.title} ({', '.join(item.classes)})" for item in case.hazards),
        "requirements_shown": leg_of(about_requirements, documentary_status("requirements", about_requirements)),
        "requirements": [
            _requirement(loaded, register, domain, standings[item.id], item) for item in case.requirements
        ],
        "legs": [_leg(case, register, name, text) for name, text in _LEGS],
        "residual_risks": residual_risks(doubts),
        "exclusions_status": exclusions_status(doubts).value,
        "exclusions_summary": _exclusions_summary(case),
    }


def documentary_status(leg: str, documents: tuple[DocumentEntry, ...]) -> Status:
    """Status of one of the fixed legs, by kinds that fit it and, for the implementation, by what was examined."""
    examined = frozenset(item.value for item in _BUILT) if leg == "implementation" else frozenset()
    return documents_status(documents, frozenset(_LEG_KINDS[leg]), examined)


def _leg(case: Case, register: Register, name: str, text: str) -> dict[str, Any]:
    documents = documents_on(register, name)
    what = getattr(case.constituent, name, "")
    return {"id": name, "text": text.format(what=what), "shown": leg_of(documents, documentary_status(name, documents))}


def _requirement(
    loaded: LoadedCase, register: Register, domain: Domain, standing: Standing, requirement: Requirement
) -> dict[str, Any]:
    claim = loaded.claims.get(requirement.id)
    domain_status, domain_text = _domain(domain, claim, standing)
    return {
        "id": requirement.id,
        "text": requirement.text,
        "claim": claim_words(claim, standing.total)
        if claim
        else f"What {requirement.id} asks for is shown by reported results.",
        "status": standing.status.value,
        "threats": _threats(loaded.case, requirement),
        "assumptions": _assumptions(standing),
        "evidence": _evidence(register, standing, requirement),
        "meaning_status": _meaning(claim).value,
        "reviews": _reviews(loaded, requirement),
        "domain": domain_text,
        "domain_status": domain_status.value,
        "domain_evidence": _domain_evidence(standing, domain_status),
    }


def _threats(case: Case, requirement: Requirement) -> list[dict[str, str]]:
    formal = requirement.property
    if formal is None or not isinstance(formal.regions, BallsOf):
        return []
    wanted = formal.regions.threat_model
    return [
        {"id": item.id, "text": f"{describe(item.perturbation)}. Excluded: {_excluded(item.exclusions)}"}
        for item in case.threat_models
        if item.id == wanted
    ]


def _excluded(exclusions: tuple[str, ...]) -> str:
    """The exclusions, as many as an element can hold; each is a challenge or a residual risk of its own anyway."""
    kept, room = list[str](), _MOST_EXCLUDED
    for text in exclusions:
        room -= len(text) + 1
        if room < 0:
            return " ".join([*kept, f"And {len(exclusions) - len(kept)} more."])
        kept.append(text)
    return " ".join(kept)


def _assumptions(standing: Standing) -> list[dict[str, str]]:
    texts = standing.best.record.assumptions if standing.best else ()
    return [{"id": str(number), "text": text} for number, text in enumerate(texts, 1)]


def _evidence(register: Register, standing: Standing, requirement: Requirement) -> list[dict[str, str]]:
    """The current best record, unless it only refutes, and documents. What speaks against the claim challenges it
    (doubts.py)."""
    items = []
    best = standing.best
    if best is not None and (standing.established or not standing.refuted):
        kind = best.record.kind.replace("-", " ").capitalize()
        text = f"{kind} record {short(best.digest)}: {result_words(best.record)}"
        items.append({"id": short(best.digest), "digest": best.digest, "text": text})
    if requirement.property is None:  # beside a formal property, documents speak of the requirement, not of the claim
        documents = register.documents_about(requirement.id)
        items += [document_reference(item) for item in documents if item.record.evidence_kind in RESULT_KINDS]
    return list({item["id"]: item for item in items}.values())


def _meaning(claim: Claim | None) -> Status:
    if claim is None or not claim.reviewed:
        return Status.UNDEVELOPED
    return Status.SUPPORTED if claim.review_independent else Status.PARTIAL


def _reviews(loaded: LoadedCase, requirement: Requirement) -> list[dict[str, str]]:
    review = requirement.meaning_review
    if review is None:
        return []
    person = loaded.case.person(review.by)
    independent = "independent" if review.independent and review.by != requirement.author else "not independent"
    return [
        {
            "id": "review",
            "digest": f"{loaded.digest}#meaning-review-{requirement.id}",
            "text": f"Meaning review of {review.date} by {person.name}, {person.role}, {independent}",
        }
    ]


def _domain_evidence(standing: Standing, status: Status) -> list[dict[str, str]]:
    """The record whose regions the covered share is computed from."""
    if standing.best is None or status is Status.UNDEVELOPED:
        return []
    digest = standing.best.digest
    return [{"id": "regions", "digest": digest, "text": f"Volume of the regions that record {short(digest)} examined"}]


def _domain(domain: Domain, claim: Claim | None, standing: Standing) -> tuple[Status, str]:
    """Status and text of the goal that joins the examined regions to the operational design domain."""
    if claim is None:
        return Status.UNDEVELOPED, "What is shown holds throughout the operational design domain."
    if isinstance(claim.statement.regions, InputBalls):
        text = f"The {counted(standing.total, 'listed input')} of {claim.requirement} represent the operational design domain."
        return Status.UNDEVELOPED, text
    share = domain.share(claim, standing)
    shown = (
        "their volume cannot be compared with it"
        if share is None
        else f"those proved hold {math.floor(share * 10_000) / 100:.2f} % of its volume"
    )
    text = f"What is shown for {claim.requirement} extends to the whole operational design domain ({shown})."
    whole = share is not None and share >= 1 - 1e-12 and standing.status not in (Status.UNDEVELOPED, Status.STALE)
    return (Status.SUPPORTED if whole else Status.UNDEVELOPED), text


def _exclusions_summary(case: Case) -> str:
    total = sum(len(item.exclusions) for item in case.threat_models)
    if not case.threat_models:
        return "No threat model is declared: no kind of attack is covered."
    return f"{counted(len(case.threat_models), 'threat model')} with {counted(total, 'explicit exclusion')}."
