"""By which means each objective is shown, and whether an authority agreed to it.

The standard's own means needs no agreement before its evidence counts, but a refusal holds it; the state of the
agreement is shown all the same. An alternative, and any means for an objective without an accepted one, shows nothing in full until an agreement
is recorded as reached, in a declared document that has not changed; even then it asks for its evidence.
"""

from __future__ import annotations

from typing import NamedTuple

from assurance.case import Case
from assurance.case_compliance import Agreement, MeansChoice, StandardChoice
from assurance.catalogue import Entry
from assurance.catalogue_vocabulary import EvidenceKind
from assurance.objectives.rows import MeansState
from assurance.support import Reason, reason
from evidence.diagnostics import Severity, code

_GAP = Severity.WARNING
O_NO_MEANS = code(
    "O206", _GAP, "no accepted means exists for learned weights", "agree an alternative means with the authority"
)
O_NOT_AGREED = code(
    "O227",
    _GAP,
    "means of compliance is not agreed",
    "put it to the authority and record the agreement with its document",
    "DO-178C 12.3, AC 20-115D",
)
O_AGREED = code("O228", Severity.NOTE, "means agreed with the authority", "read the agreement and its conditions")
O_AGREEMENT_LAPSED = code(
    "O251",
    _GAP,
    "document of an agreement does not stand",
    "record the agreement that stands now, with its document's digest; dispose of challenges of the document",
)

OWN_MEANS = "as the standard describes"
NO_MEANS = "none accepted, none proposed"


class Means(NamedTuple):
    """The means for one objective."""

    state: MeansState
    agreed: bool
    """False while an agreement is needed and not reached."""
    kinds: tuple[EvidenceKind, ...]
    """What an agreed means asks for besides the catalogue's credit rules; empty where those rules decide."""
    reasons: tuple[Reason, ...]


class Agreements:
    """The agreements of a case, as far as they stand."""

    def __init__(self, case: Case, held: frozenset[str]) -> None:
        """`held`: ids of the documents that stand."""
        self._known = {item.id: item for item in case.agreements}
        self._held = held

    def find(self, id: str | None) -> Agreement | None:
        """The agreement of that id, if it is declared."""
        return self._known.get(id) if id else None

    def lapsed(self, agreement: Agreement) -> bool:
        """It was reached, and the document that records it has changed since, cannot be read, or is challenged."""
        return agreement.state == "agreed" and agreement.document not in self._held

    def state(self, agreement: Agreement | None) -> str:
        """agreed, submitted, refused, or not agreed."""
        if agreement is None or self.lapsed(agreement):
            return "not agreed"
        return agreement.state


def means_of(entry: Entry, choice: StandardChoice, agreements: Agreements) -> Means:
    """The means that the case names for an entry, else the standard's own."""
    chosen = next((item for item in choice.means if entry.id in item.objectives), None)
    agreement = agreements.find(chosen.agreement if chosen else None)
    unaccepted = entry.accepted_means is False
    if agreement is None and not unaccepted and not (chosen and chosen.alternative):
        agreement = agreements.find(choice.agreement)  # the agreement on the plan covers what the standard describes
    word = agreements.state(agreement)
    state = MeansState(
        text=chosen.means if chosen else NO_MEANS if unaccepted else (entry.means[0] if entry.means else OWN_MEANS),
        alternative=chosen.alternative if chosen else False,
        rationale=chosen.rationale if chosen else None,
        agreement=word,
        reference=f"{agreement.kind} {agreement.reference}, {agreement.authority}" if agreement else None,
    )
    lapsed = []
    if agreement and agreements.lapsed(agreement):
        lapsed = [
            reason(
                O_AGREEMENT_LAPSED, f"{agreement.id}: {agreement.document} has changed, cannot be read or is challenged"
            )
        ]
    if not unaccepted and not state.alternative:
        if word != "refused":
            return Means(state, True, (), tuple(lapsed))
        return Means(state, False, (), (reason(O_NOT_AGREED, f"{state.text}: is refused ({state.reference})"),))
    agreed = word == "agreed" and chosen is not None and bool(chosen.evidence)
    kinds = tuple(EvidenceKind(kind) for kind in chosen.evidence) if chosen and agreed else ()
    return Means(state, agreed, kinds, (*_reasons(state, chosen, unaccepted, agreed), *lapsed))


def _reasons(state: MeansState, chosen: MeansChoice | None, unaccepted: bool, agreed: bool) -> tuple[Reason, ...]:
    if agreed and chosen is not None:
        asks = ", ".join(chosen.evidence)
        return (reason(O_AGREED, f"{chosen.means} ({state.reference}); it asks for: {asks}"),)
    found = []
    if unaccepted:
        found.append(
            reason(O_NO_MEANS, "structure of weights and accuracy of learned algorithms have no accepted means")
        )
    if chosen is not None:
        lacks = "names no kinds of evidence" if state.agreement == "agreed" else f"is {state.agreement}"
        found.append(reason(O_NOT_AGREED, f"{chosen.means}: {lacks}"))
    return tuple(found)
