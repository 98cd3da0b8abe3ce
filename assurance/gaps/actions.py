"""The next useful action for each objective: what to do, the commands to type, the lines to add, the document to write.

The catalogue says what would serve (`next_action`); the case says what is at hand. Contradictions and stale files
come before everything else. Where no means is accepted the action is to agree one with the authority, never a run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from assurance.catalogue import Credit, Entry
from assurance.catalogue_vocabulary import PROOF_KINDS, CreditLevel, EvidenceKind, NextKind, Scope
from assurance.gaps.advice import Advice, advise
from assurance.gaps.model import CASE, Action, ActionKind, Stanza
from assurance.objectives import Coverage, ObjectiveStatus, Row
from assurance.snapshot import Snapshot
from assurance.status import Status
from evidence.verdict import Artefact

MOST_STEPS = 4
_COMPUTED = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS}
_KINDS = {
    NextKind.RUN: ActionKind.RUN,
    NextKind.DOCUMENT: ActionKind.DOCUMENT,
    NextKind.AGREE_WITH_AUTHORITY: ActionKind.AGREE,
}
_LEVELS = (CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING)
_Which = Literal["open", "contradicted", "stale"]


@dataclass(frozen=True, slots=True)
class Steps:
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
        if which == "contradicted":
            return item.requirement in self.contradicted
        if which == "stale":
            return item.requirement in self.stale
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
    )


def next_action(now: Situation, covered: Coverage, row: Row) -> Action | None:
    """What to do about one objective; None where nothing is to be done."""
    if row.next is None:
        return None
    action = _action(now, covered, row)
    return replace(action, steps=(*action.steps, *_besides(row)))


def _action(now: Situation, covered: Coverage, row: Row) -> Action:
    if row.status is ObjectiveStatus.CONTRADICTED:
        text = "Counterexamples stand against what the objective rests on: dispose of them before anything else."
        return _with(ActionKind.DISPOSE, text, now.steps("contradicted", row.entry))
    if row.status is ObjectiveStatus.STALE:
        return _with(ActionKind.REPEAT, _changed(now), now.steps("stale", row.entry))
    kind, text = _parts(row)
    key = f"{covered.catalogue.id}:{row.entry.id}"
    if kind is ActionKind.RUN:
        wanted = frozenset(item.evidence for item in row.entry.credit if item.artefact is Artefact.MODEL_DESCRIPTION)
        steps = now.steps("open", row.entry, wanted)
        if steps.texts or all(item.evidence in _COMPUTED for item in row.entry.credit):
            return _with(kind, text, steps)
        kind = ActionKind.DOCUMENT  # every run that could serve stands: what is missing is what runs do not show
    stanzas = (agreement_stanza(covered.catalogue.id, row.entry.id),) if needs_agreement(row) else ()
    return Action(kind, text, commands=(template_command(key),), stanzas=stanzas, template=key)


def needs_agreement(row: Row) -> bool:
    """No means is accepted for the objective, and the case records no agreement on another one."""
    return row.entry.accepted_means is False and (row.means is None or row.means.agreement != "agreed")


def _besides(row: Row) -> tuple[str, ...]:
    """What stands in the way beside the action: tools whose confidence is not shown, open problem reports."""
    tools = [
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
    """The credit rows that a document can serve, strongest first; those of runs only where there are no others."""
    written = [row for row in entry.credit if row.evidence not in _COMPUTED]
    return tuple(sorted(written or entry.credit, key=lambda row: _LEVELS.index(row.level)))


def _parts(row: Row) -> tuple[ActionKind, str]:
    """Kind and text of what the coverage proposes: `kind: text`, else the catalogue's own advice."""
    word, _, text = (row.next or "").partition(": ")
    found = next((kind for kind in _KINDS.values() if kind.value == word), None)
    if found is not None and text:
        return found, text
    return _KINDS[row.entry.next_action.kind], row.next or row.entry.next_action.text


def _changed(now: Situation) -> str:
    files = ", ".join(now.changed[:MOST_STEPS])
    more = len(now.changed) - MOST_STEPS
    named = f" ({files}{f' and {more} more' if more > 0 else ''})" if files else ""
    return f"Files beneath have changed{named}: restore them, or declare the new digests and repeat the runs."


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
