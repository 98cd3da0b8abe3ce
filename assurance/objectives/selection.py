"""Traps in the selection of standards: what is selected but does not apply so, and what the case needs beside it.

Everything here is a finding, never a status: whether a standard applies is for the applicant and the authority. The
case is judged by what it declares: hazards with failure conditions or aviation standards speak of civil aviation,
hazards with HARA classes or road-vehicle standards of type-approved vehicles, models with many alike inputs (pixels,
samples) of perception.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.case import Case, InputFamily, Model
from assurance.loading import LoadedCase
from assurance.objectives.references import choice_path
from evidence.diagnostics import Finding, Severity, code

O_AI_ACT = code(
    "O234",
    Severity.WARNING,
    "EU AI Act selected where it does not apply directly",
    "answer to the sector's own rules; keep the selection only as an internal checklist",
    "Regulation (EU) 2024/1689 Article 2(2), Annex I section B",
)
O_NO_SOTIF = code(
    "O235",
    Severity.WARNING,
    "perception without safety of the intended functionality",
    "select iso-21448, and iso-pas-8800 for the AI element: misreadings without a fault are theirs",
    "ISO 21448; ISO/PAS 8800",
)
O_NO_SECURITY = code(
    "O236",
    Severity.WARNING,
    "adversary in a threat model without a security standard",
    "select the security standard of the domain: adversaries are not a matter of functional safety",
    "ISO/SAE 21434; DO-326A, DO-356A; IEC 81001-5-1; IEC 62443",
)
O_OUTSIDE_NPA = code(
    "O237",
    Severity.WARNING,
    "guidance that leaves out systems contributing to fatalities",
    "agree with the authority what stands in its place for this function",
    "EASA NPA 2025-07",
)

AVIATION = ("do-178c", "do-254", "do-326a", "do-330", "do-333", "do-356a", "arp4754b", "arp4761a", "arp6983", "easa-")
ROAD = ("iso-26262", "iso-21448", "iso-pas-8800", "iso-sae-21434", "iso-21434")
SECURITY = ("iso-sae-21434", "iso-21434", "do-326", "do-356", "iec-81001-5-1", "iec-62443")
MANY = 64
"""So many inputs of one unit are a picture or a scan, an 8 by 8 one at least."""
_FATAL = ("catastrophic", "hazardous")
_ADVERSE = ("adversar", "attack", "malicious", "sabot", "spoof", "tamper")
"""Stems by which requirements and threat models speak of somebody who means harm."""


def traps(loaded: LoadedCase) -> Iterator[Finding]:
    """Findings on the standards that a case selects, each at the selection that it is about."""
    case = loaded.case
    chosen = [item.id for item in case.standards]
    aviation = any(item.failure_condition for item in case.hazards) or _any(chosen, AVIATION)
    road = any(item.hara for item in case.hazards) or _any(chosen, ROAD)
    for choice in case.standards:
        place = loaded.document.place(choice_path(loaded, choice), choice.id)
        if choice.id.startswith("eu-ai-act") and (aviation or road):
            sector = "civil aviation" if aviation else "type-approved vehicles"
            message = (
                f"for {sector} only a few articles apply; the sector's own acts take its requirements into account"
            )
            yield O_AI_ACT.finding(message, place)
        if choice.id.startswith("easa-") and aviation:
            yield from _fatal(loaded, choice.id)
    everything = loaded.document.place(("standards",))
    pictures = [item.id for item in case.models if _perceives(item)]
    if road and pictures and not _any(chosen, ("iso-21448",)):
        message = f"{', '.join(pictures)} reads many alike inputs, and iso-21448 is not selected"
        yield O_NO_SOTIF.finding(message, everything)
    adverse = _adverse(case)
    if adverse and not _any(chosen, SECURITY):
        yield O_NO_SECURITY.finding(f"{', '.join(adverse)}: no security standard is selected", everything)


def _perceives(model: Model) -> bool:
    """Whether a model reads many inputs that are alike, declared as a family or one by one."""
    if isinstance(model.inputs, InputFamily):
        return True
    return len(model.inputs) >= MANY and len({port.unit for port in model.inputs}) == 1


def _any(chosen: list[str], wanted: tuple[str, ...]) -> bool:
    return any(name.startswith(wanted) for name in chosen)


def _fatal(loaded: LoadedCase, standard: str) -> Iterator[Finding]:
    """NPA 2025-07, and with it what builds on the concept paper, leaves out what contributes to fatalities."""
    case = loaded.case
    worst = [item.id for item in case.hazards if item.failure_condition in _FATAL]
    avoids = "collision" in f"{case.system.name} {case.system.function}".casefold()
    if not worst and not avoids:
        return
    why = f"hazards {', '.join(worst)} can be fatal" if worst else "the function avoids collisions"
    choice = next(item for item in case.standards if item.id == standard)
    place = loaded.document.place(choice_path(loaded, choice), standard)
    yield O_OUTSIDE_NPA.finding(f"{why}: NPA 2025-07 excludes direct contributors to fatalities", place)


def _adverse(case: Case) -> list[str]:
    """Threat models and requirements that speak of an adversary.

    A worst case over a perturbation set needs none, so the default words of a threat model are not counted; a target,
    limited knowledge, or the words of the text are.
    """
    found = []
    for threat in case.threat_models:
        text = f"{threat.title} {threat.rationale}".casefold()
        if threat.goal == "targeted" or threat.knowledge == "black-box" or any(stem in text for stem in _ADVERSE):
            found.append(threat.id)
    for requirement in case.requirements:
        text = f"{requirement.title} {requirement.text}".casefold()
        if any(stem in text for stem in _ADVERSE):
            found.append(requirement.id)
    return found
