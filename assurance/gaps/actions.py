"""The next useful action for each objective: what to do, the commands to type, the lines to add, the document to write.

The catalogue says what would serve (`next_action`); the case says what is at hand. Contradictions and stale files
come before everything else. Where no means is accepted the action is to agree one with the authority, never a run. Where
all is there that the catalogue credits, nobody is told to provide it again: what remains is for people to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

from assurance.catalogue import Credit, Entry
from assurance.catalogue_vocabulary import PROOF_KINDS, CreditLevel, EvidenceKind, NextKind, Scope
from assurance.gaps.advice import Advice, advise
from assurance.gaps.model import CASE, Action, ActionKind, Stanza
from assurance.objectives import Coverage, ObjectiveStatus, Row
from assurance.objectives.acceptance import O_LAPSED
from assurance.objectives.assembly import O_ASSUMPTIONS, O_INDEPENDENCE, O_UNNAMED
from assurance.objectives.concerns import result_kinds, results_accepted
from assurance.objectives.credit import O_CHALLENGED, O_GENERAL, O_MEASURE, O_REMAINS
from assurance.objectives.judging import O_SUPPLEMENT
from assurance.objectives.means import O_NOT_AGREED
from assurance.snapshot import Snapshot
from assurance.status import Status
from evidence.diagnostics import Severity, registered
from evidence.engineering import KINDS
from evidence.records.engineering import Format
from evidence.verdict import Artefact, GuaranteeKind

MOST_STEPS = 4
_REPORTS: tuple[Format, ...] = ("junit", "cobertura")
"""Formats of what a tool observed."""
_COMPUTED = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS}
_KINDS = {
    NextKind.RUN: ActionKind.RUN,
    NextKind.DOCUMENT: ActionKind.DOCUMENT,
    NextKind.AGREE_WITH_AUTHORITY: ActionKind.AGREE,
}
_LEVELS = (CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING)
_Which = Literal["open", "contradicted", "stale"]


class Steps(NamedTuple):
    """What several requirements ask for together, the first few of them in full."""

    texts: tuple[str, ...]
    commands: tuple[str, ...]
    stanzas: tuple[Stanza, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What actions are derived from, made once for a report."""

    advice: dict[str, Advice]
    contradicted: frozenset[str]
    stale: frozenset[str]
    derived: frozenset[str]
    changed: tuple[str, ...]
    """Ids of declared files that changed or are missing."""
    results: Mapping[str, frozenset[EvidenceKind]]
    """By requirement: the kinds of results that can speak of it."""
    known: dict[tuple[_Which, bool, frozenset[EvidenceKind]], Steps] = field(default_factory=dict)
    """Steps that were already put together: many objectives ask for the same."""

    def steps(self, which: _Which, entry: Entry, wanted: frozenset[EvidenceKind] = frozenset()) -> Steps:
        """Of the requirements in an entry's scope that are in this state and can give what is wanted."""
        derived = entry.scope is Scope.DERIVED_REQUIREMENT
        key = (which, derived, wanted)
        if key not in self.known:
            self.known[key] = _joined([item for item in self.advice.values() if self._fits(item, *key)])
        return self.known[key]

    def _fits(self, item: Advice, which: _Which, derived: bool, wanted: frozenset[EvidenceKind]) -> bool:
        if derived and item.requirement not in self.derived:
            return False
        if which != "open":
            among = self.contradicted if which == "contradicted" else self.stale
            return item.requirement in among and bool(self.results[item.requirement] & wanted)
        return item.kinds is None or not wanted or bool(item.kinds & wanted)


def situation(snapshot: Snapshot) -> Situation:
    """The state of a case as far as actions depend on it."""
    standings = snapshot.standings.values()
    return Situation(
        advice=advise(snapshot),
        contradicted=frozenset(item.requirement for item in standings if item.status is Status.CONTRADICTED),
        stale=frozenset(item.requirement for item in standings if item.status is Status.STALE),
        derived=frozenset(item.id for item in snapshot.loaded.case.requirements if item.derived),
        changed=tuple(file.id for file in snapshot.loaded.files if not file.fresh),
        results={item.id: result_kinds(item) for item in snapshot.loaded.case.requirements},
    )


def next_action(now: Situation, covered: Coverage, row: Row) -> Action | None:
    """What to do about one objective; None where nothing is to be done."""
    if row.next is None:
        return None
    action = _action(now, covered, row)
    return action._replace(steps=(*action.steps, *_besides(row)))


def _action(now: Situation, covered: Coverage, row: Row) -> Action:
    if row.status is ObjectiveStatus.CONTRADICTED:
        text = "What the objective rests on is contradicted: settle that before anything else."
        return _with(ActionKind.DISPOSE, text, now.steps("contradicted", row.entry, results_accepted(row.entry)))
    if row.status is ObjectiveStatus.STALE:
        steps = now.steps("stale", row.entry, results_accepted(row.entry))
        return _with(ActionKind.REPEAT, _changed(now, bool(steps.commands)), steps)
    kind, text = _parts(row)
    key = f"{covered.catalogue.id}:{row.entry.id}"
    if kind is ActionKind.RUN:
        wanted = frozenset(item.evidence for item in row.entry.credit if item.artefact is Artefact.MODEL_DESCRIPTION)
        steps = now.steps("open", row.entry, wanted)
        if steps.texts:
            return _with(kind, text, steps)
        kind, text = ActionKind.DOCUMENT, "Every run that could serve stands: show what runs do not show."
    if _all_there(row):
        return _accept(key, row)
    stanzas = (agreement_stanza(covered.catalogue.id, row.entry.id),) if needs_agreement(row) else ()
    if not stanzas and row.entry.credit and not documents_for(row.entry):
        return Action(kind, text)
    return Action(kind, text, commands=(template_command(key),), stanzas=stanzas, template=key)


def needs_agreement(row: Row) -> bool:
    """No means is accepted for the objective, and the case records no agreement on another one."""
    return row.entry.accepted_means is False and (row.means is None or row.means.agreement != "agreed")


def _all_there(row: Row) -> bool:
    """Every item has evidence, nothing else is amiss, and what is there is all that a document could give at this
    level of credit: then the reasons name what remains, and no further document of these kinds changes that."""
    if row.status is not ObjectiveStatus.PARTIAL or row.problems:
        return False
    if any(_severity(item.code) is not Severity.NOTE for item in row.reasons if item.code not in _REMAINING):
        return False
    remains = {item.message for item in row.reasons}
    return all(item.remains in remains for item in documents_for(row.entry) if item.level is not CreditLevel.SUPPORTING)


_REMAINING = (O_REMAINS.id, O_LAPSED.id)
_BESIDES = (
    O_INDEPENDENCE, O_SUPPLEMENT, O_NOT_AGREED, O_ASSUMPTIONS, O_CHALLENGED, O_GENERAL, O_MEASURE, O_UNNAMED,
)  # fmt: skip
"""Reasons whose remedy is a task of its own, whatever the catalogue proposes."""


def _accept(key: str, row: Row) -> Action:
    text = (
        "All that the catalogue credits is there, and it is partial: see what remains under the reasons, show it where "
        "people can judge it, and have a named person accept the objective so."
    )
    if row.acceptance is not None and row.acceptance.counts:
        return Action(
            ActionKind.ACCEPT, f"Accepted by {row.acceptance.by} on {row.acceptance.date}: nothing to do now."
        )
    lines = (
        "acceptances:",
        f'  - objective: "{key}"',
        "    by: <a person who wrote nothing of what it rests on>",
        '    date: "<yyyy-mm-dd>"',
        "    digest: ",
    )
    return Action(ActionKind.ACCEPT, text, stanzas=(Stanza(f"the acceptance of {key}", "\n".join(lines), row.tied),))


@cache
def _severity(code: str) -> Severity | None:
    return next((item.severity for item in registered() if item.id == code), None)


def _besides(row: Row) -> tuple[str, ...]:
    """What stands in the way beside the action: what the reasons ask for, tools whose confidence is not shown, open
    problem reports."""
    codes = {item.code for item in row.reasons}
    tools = [f"{item.title}: {item.remedy}" for item in _BESIDES if item.id in codes]
    tools += [
        f"{need.tool}: qualification data for {need.level} are missing ({need.because})"
        for need in row.qualification
        if not need.shown
    ]
    if not row.problems:
        return tuple(tools)
    more = f" and {len(row.problems) - MOST_STEPS} more" if len(row.problems) > MOST_STEPS else ""
    return (*tools, f"open problem reports: {', '.join(row.problems[:MOST_STEPS])}{more}")


def agreement_stanza(standard: str, objective: str) -> Stanza:
    """The lines that put another means to an authority, and record what it says."""
    name = f"AGR-{objective}"[:64]
    lines = (
        "agreements:",
        f"  - id: {name}",
        "    kind: <PSAC or issue paper or CRI or safety plan or other>",
        "    reference: <number of the letter or paper>",
        "    authority: <name of the authority or assessor>",
        "    state: submitted",
        '    date: "<yyyy-mm-dd>"',
        f"    document: <DOC-{objective}>",
        "standards:",
        f"  - id: {standard}",
        "    means:",
        f"      - objectives: [{objective}]",
        "        means: <what is done instead>",
        "        alternative: true",
        "        rationale: <why it shows the objective as well>",
        "        evidence: [<kinds of evidence that it asks for>]",
        f"        agreement: {name}",
    )
    return Stanza(f"a means for {standard}:{objective}, put to the authority", "\n".join(lines))


def template_command(key: str) -> str:
    """The command that writes the skeleton of a document."""
    return f"assurance gaps {CASE} --template {key} --out {key.replace(':', '_')}.md"


def documents_for(entry: Entry) -> tuple[Credit, ...]:
    """The credit rows that a document can serve, strongest first; those of what only runs can show are not among them."""
    served = [row for row in entry.credit if row.earned(GuaranteeKind.DOCUMENTARY) or report_format(row)]
    return tuple(sorted(served, key=lambda row: _LEVELS.index(row.level)))


def report_format(credit: Credit) -> Format | None:
    """The format of the report that earns a credit which nobody's word earns; None where a written document does, or
    where no document can."""
    if credit.earned(GuaranteeKind.DOCUMENTARY) and credit.measure is None:
        return None
    return next((name for name in _REPORTS if credit.evidence.value in KINDS[name]), None)


def _parts(row: Row) -> tuple[ActionKind, str]:
    """Kind and text of what the coverage proposes: `kind: text`, else the catalogue's own advice."""
    word, _, text = (row.next or "").partition(": ")
    found = next((kind for kind in _KINDS.values() if kind.value == word), None)
    if found is not None and text:
        return found, text
    return _KINDS[row.entry.next_action.kind], row.next or row.entry.next_action.text


def _changed(now: Situation, runs: bool) -> str:
    files = ", ".join(now.changed[:MOST_STEPS])
    more = len(now.changed) - MOST_STEPS
    named = f" ({files}{f' and {more} more' if more > 0 else ''})" if files else ""
    again = "repeat the runs" if runs else "review what rests on them"
    return f"Files of the case have changed{named}: restore them, or declare the new digests and {again}."


def _with(kind: ActionKind, text: str, steps: Steps) -> Action:
    return Action(kind, text, steps.texts, steps.commands, steps.stanzas)


def _joined(advice: list[Advice]) -> Steps:
    shown = advice[:MOST_STEPS]
    texts = [f"{item.requirement}: {item.text}" for item in shown]
    if len(advice) > len(shown):
        texts.append(f"and {len(advice) - len(shown)} more requirements")
    commands = dict.fromkeys(command for item in shown for command in item.commands)
    stanzas = dict.fromkeys(stanza for item in shown for stanza in item.stanzas)
    return Steps(tuple(texts), tuple(commands), tuple(stanzas))
