"""Objectives x evidence -> proposed status and gaps, every status with coded reasons and the next useful action.

Puts the parts together, standard by standard: which items are in scope and what evidence they have (held.py), what it
earns (credit.py), how the standard is tailored and by which means it is shown, which tools the credit rests on, the
status (status.py), the acceptance. An objective is supported only when every item is, with full credit; one record
usually gives partial. The tool proposes; a named person accepts.
Not here: what the catalogues say (catalogue.py), what a record shows (support.py).
"""

from __future__ import annotations

import dataclasses
import heapq
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from assurance.case import Acceptance
from assurance.case_compliance import StandardChoice
from assurance.catalogue import Entry, Selected
from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import (
    Applicability,
    CreditLevel,
    EvidenceKind,
    NextKind,
    Scope,
)
from assurance.loading import LoadedCase
from assurance.objectives.acceptance import O_LAPSED, O_OWN, acceptance_of, beneath, beneath_standard, row_digest
from assurance.objectives.bits import Gathered, Naming, Pool, Signature
from assurance.objectives.concerns import Concern, Concerns
from assurance.objectives.held import Evidence
from assurance.objectives.judging import Group, Judge
from assurance.objectives.later import Later
from assurance.objectives.means import Agreements, Means, means_of
from assurance.objectives.qualification import Tools
from assurance.objectives.references import choice_path, dangling
from assurance.objectives.rows import Choice, Coverage, ObjectiveStatus, Row, ToolNeed
from assurance.objectives.sign_off import overlay
from assurance.objectives.status import Facts, ItemState, Proposal, propose
from assurance.objectives.tailoring import O_NOT_APPLICABLE, O_OWN_APPROVAL, Tailoring, method_findings
from assurance.register import Register
from assurance.status import Standing, deviations_about
from assurance.support import Reason, reason
from evidence.diagnostics import Finding, Severity, code
from evidence.errors import InputError

_GAP = Severity.WARNING
O_NONE = code("O201", _GAP, "no evidence that the objective accepts", "see the next action of the objective")
O_INDEPENDENCE = code(
    "O204",
    _GAP,
    "independence is not shown",
    "have somebody other than the maker of the item verify it, and record who (author, made_by, operator, reviewer)",
)
O_UNKNOWN = code(
    "O210", Severity.NOTE, "applicability unknown", "settle it from the organisation's own copy of the standard"
)
O_NOT_ASKED = code("O211", Severity.NOTE, "not asked for at this level", "nothing to do")
O_NO_ITEMS = code("O212", _GAP, "no item in scope", "state why there is none, and have it accepted")
O_DEVIATION = code("O216", Severity.NOTE, "deviation accepted by name", "read the deviation")
O_NEUTRAL = code(
    "O221",
    Severity.NOTE,
    "no recommendation for or against at this level",
    "use the method where it helps; what exists for it stays listed",
)
O_ASKED_BY_MEANS = code(
    "O229", _GAP, "agreed means asks for evidence that is missing", "give the evidence that the agreement names"
)
O_UNNAMED = code(
    "O255",
    Severity.NOTE,
    "document of a fitting kind names no objective",
    "name the objectives that the document was made for under `objectives`, if it was made for this one",
)
O_ASSUMPTIONS = code(
    "O232",
    _GAP,
    "assumptions of formal analyses are not justified",
    "justify them in a document and name it under the standard's assumptions",
    "DO-333 FM.6.2.1",
)


def coverage(
    loaded: LoadedCase,
    register: Register,
    standings: Mapping[str, Standing],
    goals: Mapping[str, tuple[str, ...]] | None = None,
    problems: Mapping[str, tuple[str, ...]] | None = None,
    challenged: frozenset[str] = frozenset(),
) -> tuple[Coverage, ...]:
    """Coverage of every standard that the case selects.

    `goals`: by requirement, the goals of the argument that restate it; `problems`: by requirement, its open problem
    reports; `challenged`: digests of documents under a challenge that stands or was upheld. Raises InputError (O10x) for unknown standards or levels.
    """
    evidence = Evidence(loaded, register, standings, goals or {}, challenged)
    concerns = Concerns(evidence, problems or {})
    base = Later(lambda: beneath(loaded))
    return tuple(_Standard(evidence, concerns, base, choice).cover() for choice in loaded.case.standards)


# --- one standard -----------------------------------------------------------------------------------------------------


class _Standard:
    """One selected standard. `cover` gives its coverage."""

    def __init__(self, evidence: Evidence, concerns: Concerns, base: Later, choice: StandardChoice) -> None:
        loaded = evidence.loaded
        signed = next((item.path for item in loaded.files if item.id == choice.sign_off_id and item.fresh), None)
        self.evidence, self.concerns, self.choice, self.loaded = evidence, concerns, choice, loaded
        self.catalogue, self.sign_off, self.findings = overlay(load_catalogue(choice.id), choice, signed)
        self.at = choice_path(loaded, choice)
        self.tailoring = Tailoring(self.catalogue, choice)
        self.agreements = Agreements(loaded.case, evidence.held)
        kind = EvidenceKind.TOOL_QUALIFICATION.value
        qualifying = frozenset(item.id for item in loaded.case.documents if item.evidence == kind)
        self.tools = Tools(choice, qualifying & evidence.held)
        self.acceptances: dict[str, tuple[Acceptance, ...]] = {}
        for item in loaded.case.acceptances:
            self.acceptances[item.objective] = (*self.acceptances.get(item.objective, ()), item)
        self.deviations = deviations_about(loaded.case)
        catalogue = self.catalogue
        self.base = Later(lambda: beneath_standard(base(), choice, catalogue))
        self.judge = Judge(evidence, choice, self.tools, self.agreements)
        self._silent_about: dict[tuple[int, EvidenceKind], list[str]] = {}

    def cover(self) -> Coverage:
        """Rows for all entries, and findings on what the case says about the standard."""
        found = [*self.findings, *dangling(self.loaded, self.choice, self.catalogue)]
        found += method_findings(self.catalogue, self.choice.methods, self.loaded.document, self.at)
        rows = []
        for selected in self._selected():
            row, more = self._row(selected)
            rows.append(row)
            found += more
        return Coverage(self.catalogue, self.choice.level, tuple(rows), tuple(found), self.sign_off)

    def _selected(self) -> list[Selected]:
        """The entries as the level sees them. Marks that only a sign-off brings in may make a level needed."""
        try:
            return self.catalogue.select(self.choice.level)
        except InputError as error:
            place = self.loaded.document.place(self.at, self.catalogue.id)
            raise InputError(*(dataclasses.replace(item, place=place) for item in error.findings)) from None

    def _row(self, selected: Selected) -> tuple[Row, list[Finding]]:
        entry = selected.entry
        name = f"{self.catalogue.id}:{entry.id}"
        pool = self.evidence.pool(entry)
        means = means_of(entry, self.choice, self.agreements)
        naming = self.evidence.naming(self.catalogue.id, entry, pool)
        groups = self.judge.groups(entry, pool, means, naming)
        states = Counter[ItemState]()
        for group in groups:
            states[group.found.state] += group.size
        gathered = self._gather(entry, pool, groups, naming)
        authors = gathered.people | pool.makers
        exempt, own_approval = self._not_applicable(entry, authors)
        choice = self.tailoring.choice(entry, selected.level)
        concern = self.concerns.of(entry, means.kinds)
        facts = Facts(
            applicability=selected.applicability,
            items=states,
            standings=concern.states,
            stale=any(group.found.stale for group in groups),
            independence=selected.independence,
            not_applicable=exempt is not None,
            choice=choice,
            none_needed=entry.scope is Scope.PARAMETER_DATA_ITEM,
            agreed=means.agreed,
        )
        proposal = propose(facts)
        exempted = proposal.status is ObjectiveStatus.NOT_APPLICABLE  # then nothing is claimed
        tools = (tool for group in groups for tool in group.found.tools if not exempted)
        needs = self.tools.needs(tools, entry, bool(means.kinds))
        undecided = choice is Choice.NONE_RECORDED and proposal.status in (
            ObjectiveStatus.OPEN,
            ObjectiveStatus.PARTIAL,
        )
        reasons = [
            *([reason(O_NOT_APPLICABLE, exempt)] if exempt else self._asked(selected, choice, pool)),
            *concern.reasons,
            *(item for group in groups for item in group.found.reasons),
            *means.reasons,
            *([] if exempted else self._lacking(entry, pool, groups, means)),
            *([] if exempted or proposal.status is ObjectiveStatus.SUPPORTED else self._unnamed(entry, pool)),
            *([] if exempted else self._shortfalls(facts, states, groups, needs)),
            *self.tailoring.explain(entry, choice, undecided),
            *(reason(O_DEVIATION, f"{item.id}: {item.rationale}") for item in self.deviations.get(name, ())),
        ]
        tied = _tied(self.base, name, selected, proposal, choice, gathered, concern)
        given = self.acceptances.get(name, ())
        acceptance, own = acceptance_of(given, self.loaded.case, tied, selected.independence, authors)
        if acceptance and acceptance.lapsed:
            lapsed = f"accepted by {acceptance.by} on {acceptance.date}; what lies beneath has changed since"
            reasons.append(reason(O_LAPSED, lapsed))
        findings = own_approval
        if own is not None:
            number = self.loaded.case.acceptances.index(own)
            place = self.loaded.document.place(("acceptances", number, "by"), name)
            message = f"{name} was accepted by {own.by!r}, an author of what it rests on"
            findings = [*findings, O_OWN.finding(message, place)]
            reasons.append(reason(O_OWN, message))
        row = Row(
            entry,
            selected,
            proposal.status,
            proposal.n,
            proposal.of,
            gathered.evidence,
            gathered.goals,
            tuple(dict.fromkeys(reasons)),
            self._next(entry, proposal, means, groups),
            tied,
            acceptance,
            means.state,
            self._independence_shown(selected, states),
            needs,
            concern.problems,
            choice,
        )
        return row, findings

    # --- items ------------------------------------------------------------------------------------------------------

    def _gather(self, entry: Entry, pool: Pool, groups: list[Group], naming: Naming) -> Gathered:
        """Evidence, goals and authors of all that counts."""
        counting = frozenset[Signature]().union(*(group.found.counted for group in groups))
        samples = [pool.items[alike.items[0]] for alike in pool.alike]
        offered = [(item, sample) for item in naming.everywhere for sample in samples]
        offered += [(item, pool.items[position]) for position, items in naming.at.items() for item in items]
        named = [
            item
            for item, about in offered
            if self.evidence.document(item, about, entry.scope, True).signature in counting
        ]
        return self.evidence.with_documents(self.evidence.gather(pool, counting), named)

    # --- what the case says -------------------------------------------------------------------------------------------

    def _not_applicable(self, entry: Entry, authors: frozenset[str]) -> tuple[str | None, list[Finding]]:
        """The justification that an entry does not apply, where it was approved as it has to be."""
        declared = self.tailoring.not_applicable(entry)
        if declared is None:
            return None, []
        if declared.approved_by in authors:
            number = self.choice.not_applicable.index(declared)
            place = self.loaded.document.place((*self.at, "not_applicable", number, "approved_by"), entry.id)
            message = f"{entry.id}: {declared.approved_by!r} is an author of what it concerns"
            return None, [O_OWN_APPROVAL.finding(message, place)]
        person = self.loaded.case.person(declared.approved_by)
        return f"{declared.justification} (approved by {person.name}, {person.role}, {declared.date})", []

    def _asked(self, selected: Selected, choice: Choice | None, pool: Pool) -> list[Reason]:
        """Why an entry is not asked for, or has nothing in scope."""
        entry = selected.entry
        if selected.applicability is Applicability.UNKNOWN:
            where = f"{self.catalogue.level_name} {selected.level}" if selected.level else "any level"
            return [reason(O_UNKNOWN, f"the catalogue has no mark of this entry for {where}")]
        if choice is Choice.LEFT_OUT:
            return []  # said by the tailoring
        if choice is not Choice.CHOSEN:
            if selected.applicability is Applicability.NO_RECOMMENDATION:
                return [reason(O_NEUTRAL, "no recommendation for or against at this level: it may be used")]
            if not selected.asked_for:
                return [reason(O_NOT_ASKED, f"mark at this level: {selected.applicability.value}")]
        if pool.items:
            return []
        if entry.scope is Scope.PARAMETER_DATA_ITEM:
            agreed = "whether the weights are one is to be agreed with the authority"
            return [reason(O_NO_ITEMS, f"the case declares no parameter data item; {agreed}")]
        return [reason(O_NO_ITEMS, f"the case declares no {entry.scope.value}")]

    def _lacking(self, entry: Entry, pool: Pool, groups: list[Group], means: Means) -> list[Reason]:
        """Items without any evidence, or without what an agreed means asks for."""
        if means.kinds:
            asked = dict.fromkeys(kind.value for group in groups for kind in group.found.missing)
            if asked:
                items = [group for group in groups if group.found.missing]
                return [reason(O_ASKED_BY_MEANS, f"{', '.join(asked)}, for: {self._names(entry, pool, items)}")]
            return []
        without = [group for group in groups if group.found.state.level is None]
        if entry.accepted_means is False or not without:
            return []
        return [reason(O_NONE, f"no evidence that this objective accepts, for: {self._names(entry, pool, without)}")]

    def _unnamed(self, entry: Entry, pool: Pool) -> list[Reason]:
        """Documents that could count here if they named the objective, and name none at all."""
        kinds = dict.fromkeys(row.evidence for row in entry.credit if row.must_name_entry)
        ids = [name for kind in kinds for name in self._silent_on(kind, entry, pool)]
        if not ids:
            return []
        more = f" and {len(ids) - 4} more" if len(ids) > 4 else ""
        kind, they = ("is of a kind", "names") if len(ids) == 1 else ("are of kinds", "name")
        return [reason(O_UNNAMED, f"{', '.join(ids[:4])}{more} {kind} that can count here, but {they} no objective")]

    def _silent_on(self, kind: EvidenceKind, entry: Entry, pool: Pool) -> list[str]:
        key = (id(pool), kind)
        if key not in self._silent_about:
            about = (
                one for one in self.evidence.silent.get(kind, ()) if self.evidence.is_about(one, entry.scope, pool)
            )
            self._silent_about[key] = [document.item.id for document in about]
        return self._silent_about[key]

    def _names(self, entry: Entry, pool: Pool, groups: list[Group]) -> str:
        """The first four items by name, and how many more there are."""
        documents = entry.scope is Scope.DOCUMENT and bool(entry.data_items)
        names = {item.id: item.name for item in self.catalogue.data_items} if documents else {}
        names |= {} if documents else {"case": "the case as a whole"}
        ordered = heapq.merge(*(positions for group in groups for positions in group.items))
        first = [pool.items[position] for position in islice(ordered, 4)]
        more = sum(group.size for group in groups) - len(first)
        return ", ".join(names.get(item, item) for item in first) + (f" and {more} more" if more else "")

    def _shortfalls(
        self,
        facts: Facts,
        states: Mapping[ItemState, int],
        groups: list[Group],
        needs: tuple[ToolNeed, ...],
    ) -> list[Reason]:
        """Independence, tool confidence and justified assumptions, where credit is claimed without them."""
        found = []
        if facts.independence and any(item.level is CreditLevel.FULL and not item.independent for item in states):
            found.append(
                reason(O_INDEPENDENCE, "asked for at this level; no verifier is recorded who did not make the item")
            )
        found += self.tools.reasons(needs)
        if self.judge.unjustified and any(group.found.formal for group in groups):
            first = ", ".join(self.judge.unjustified[:4])
            more = f" and {len(self.judge.unjustified) - 4} more" if len(self.judge.unjustified) > 4 else ""
            found.append(reason(O_ASSUMPTIONS, f"of the analyses for {first}{more}"))
        return found

    @staticmethod
    def _independence_shown(selected: Selected, states: Mapping[ItemState, int]) -> bool | None:
        if not selected.independence:
            return None
        return bool(states) and all(item.level is CreditLevel.FULL and item.independent for item in states)

    @staticmethod
    def _next(entry: Entry, proposal: Proposal, means: Means, groups: list[Group]) -> str | None:
        if proposal.status in (ObjectiveStatus.SUPPORTED, ObjectiveStatus.NOT_APPLICABLE):
            return None
        label = {
            NextKind.RUN: "run",
            NextKind.DOCUMENT: "document",
            NextKind.AGREE_WITH_AUTHORITY: "agree with the authority",
        }
        agree = label[NextKind.AGREE_WITH_AUTHORITY]
        if entry.accepted_means is False and not means.agreed:
            return f"{agree}: {entry.next_action.text}"
        if not means.agreed:
            asked = "Settle the refusal of" if means.state.agreement == "refused" else "Agree"
            return f"{agree}: {asked} the means ({means.state.text}) with the authority and record what it says."
        missing = dict.fromkeys(kind.value for group in groups for kind in group.found.missing)
        if missing:
            return (
                f"{label[NextKind.DOCUMENT]}: Give the evidence that the agreed means asks for: {', '.join(missing)}."
            )
        kind = NextKind.DOCUMENT if entry.accepted_means is False else entry.next_action.kind
        return f"{label[kind]}: {entry.next_action.text}"


def _tied(
    base: Later,
    name: str,
    selected: Selected,
    proposal: Proposal,
    choice: Choice | None,
    gathered: Gathered,
    concern: Concern,
) -> Later:
    """What an acceptance of the objective is tied to: its proposed status with all that led there, and what lies beneath."""
    return Later(
        lambda: row_digest(
            base(),
            {
                "objective": name,
                "entry": selected.entry.model_dump(mode="json"),
                "level": selected.level,
                "applicability": selected.applicability.value,
                "status": proposal.status.value,
                "n": proposal.n,
                "of": proposal.of,
                "evidence": gathered.digest(),
                "choice": choice.value if choice else None,
                "standings": concern.digest(),
                "problems": list(concern.problems),
            },
        )
    )
