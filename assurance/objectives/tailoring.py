"""Tailoring: what the case declares not applicable, and which methods of a table it chooses.

Not applicable counts with a justification and the approval of somebody who made neither what the objective would be
shown of nor evidence offered for it, as far as the case names people. A recorded combination asks for its own rows;
the others become not applicable, except a highly recommended one that nobody gives a reason for.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.case_compliance import MethodChoice, NotApplicable, StandardChoice
from assurance.catalogue import Catalogue, Entry
from assurance.catalogue_vocabulary import Mark
from assurance.objectives.rows import Choice
from assurance.support import Reason, reason
from evidence.diagnostics import Finding, Severity, code
from evidence.strict_yaml import Document, Path_

_GAP = Severity.WARNING
O_COMBINATION = code(
    "O220",
    Severity.NOTE,
    "one of several methods of a table",
    "choose an appropriate combination of the table's methods and write down the reason",
)
O_TABLE = code(
    "O222",
    Severity.ERROR,
    "recorded combination does not fit the table",
    "name a table of alternatives and methods of that table",
)
O_NO_REASON = code(
    "O223",
    _GAP,
    "highly recommended method left out without a reason",
    "give the reason under left_out, or choose the method",
)
O_LEFT_OUT = code("O224", Severity.NOTE, "method left out of the chosen combination", "read the reason")
O_NOT_APPLICABLE = code("O225", Severity.NOTE, "approved as not applicable", "read the justification")
O_OWN_APPROVAL = code(
    "O226",
    Severity.ERROR,
    "not applicable, approved by an author of what it concerns",
    "have somebody approve it who wrote neither the items in scope nor the evidence",
)


class Tailoring:
    """What the case says about the entries of one standard."""

    def __init__(self, catalogue: Catalogue, choice: StandardChoice) -> None:
        self._alternatives = {table.id for table in catalogue.tables if table.combination == "alternatives"}
        self._refs = {table.id: table.ref for table in catalogue.tables}
        self._methods = {item.table: item for item in choice.methods if item.table in self._alternatives}
        self._not_applicable = {item.objective: item for item in choice.not_applicable}

    def not_applicable(self, entry: Entry) -> NotApplicable | None:
        """The declaration that an entry does not apply, if there is one."""
        return self._not_applicable.get(entry.id)

    def choice(self, entry: Entry, level: str | None) -> Choice | None:
        """Where an entry stands in the combination of its table; None where the table offers no choice."""
        if entry.table not in self._alternatives:
            return None
        recorded = self._methods.get(entry.table)
        if recorded is None:
            return Choice.NONE_RECORDED
        if entry.id in recorded.chosen:
            return Choice.CHOSEN
        strongly = level is not None and entry.levels.get(level) is Mark.HIGHLY_RECOMMENDED
        if strongly and entry.id not in recorded.left_out:
            return Choice.LEFT_OUT_WITHOUT_REASON
        return Choice.LEFT_OUT

    def explain(self, entry: Entry, choice: Choice | None, undecided: bool) -> list[Reason]:
        """Why the choice leaves the entry where it is."""
        recorded = self._methods.get(entry.table)
        if choice is Choice.NONE_RECORDED and undecided:
            return [
                reason(
                    O_COMBINATION,
                    f"an appropriate combination of the methods of {self._refs[entry.table]} is to be chosen, with a "
                    "reason; a single row left out is no gap by itself",
                )
            ]
        if recorded is None:
            return []
        if choice is Choice.LEFT_OUT:
            own = recorded.left_out.get(entry.id)
            return [reason(O_LEFT_OUT, own or f"the chosen combination: {recorded.rationale}")]
        if choice is Choice.LEFT_OUT_WITHOUT_REASON:
            return [reason(O_NO_REASON, f"{self._refs[entry.table]}: not chosen, and nobody says why")]
        return []


def method_findings(
    catalogue: Catalogue, methods: tuple[MethodChoice, ...], document: Document, at: Path_
) -> Iterator[Finding]:
    """Recorded combinations that name unknown tables, tables without a choice, or methods of another table."""
    tables = {table.id: table for table in catalogue.tables}
    owner = {entry.id: entry.table for entry in catalogue.entries}
    for number, item in enumerate(methods):
        here: Path_ = (*at, "methods", number)
        table = tables.get(item.table)
        if table is None:
            place = document.place((*here, "table"), catalogue.id)
            yield O_TABLE.finding(
                f"{catalogue.id} has no table {item.table!r}", place, expected=f"one of: {', '.join(tables)}"
            )
            continue
        if table.combination != "alternatives":
            yield O_TABLE.finding(
                f"{table.ref} offers no choice: all of it applies", document.place((*here, "table"), catalogue.id)
            )
        for field, names in (("chosen", item.chosen), ("left_out", tuple(item.left_out))):
            for position, name in enumerate(names):
                if owner.get(name) != item.table:
                    step: str | int = position if field == "chosen" else name
                    yield O_TABLE.finding(
                        f"{table.ref} has no method {name!r}",
                        document.place((*here, field, step), catalogue.id),
                        expected=f"one of: {', '.join(id for id, of in owner.items() if of == item.table)}",
                    )
        for name in sorted(set(item.chosen) & set(item.left_out)):
            yield O_TABLE.finding(
                f"{name} is chosen and left out", document.place((*here, "left_out", name), catalogue.id)
            )
