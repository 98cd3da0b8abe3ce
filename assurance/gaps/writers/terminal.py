"""Gap report -> text for people: tables on a terminal of any width, tab-separated lines when piped.

Gaps only, unless everything is asked for; what is left out is counted. Colour repeats what a word says already.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assurance.catalogue import Table as StandardTable
from assurance.gaps.model import (
    CASE,
    Action,
    Allowance,
    GapChoice,
    GapReport,
    GapRow,
    ItemState,
    StageState,
    StandardGaps,
    Stanza,
)
from assurance.gaps.writers.columns import count_words, stage_words, totals_words
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Finding

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

WIDE = 130
"""From this width on, reasons and next actions have columns of their own."""
NARROW = 70
"""Below this width there are no tables."""
MOST_REASONS = 2
MOST_ALIKE = 8
MOST_STANZAS = 6
MOST_REQUIREMENTS = 20
MOST_ROWS = 500
"""Rows of one table on a terminal. No catalogue on board has as many in one table."""
_STYLES = {
    ObjectiveStatus.CONTRADICTED: "bold red",
    ObjectiveStatus.STALE: "bold magenta",
    ObjectiveStatus.OPEN: "yellow",
    ObjectiveStatus.PARTIAL: "cyan",
    ObjectiveStatus.SUPPORTED: "green",
    ObjectiveStatus.NOT_APPLICABLE: "dim",
    ObjectiveStatus.APPLICABILITY_UNKNOWN: "dim",
}


def print_gaps(report: GapReport, console: Console, case: str, everything: bool = False) -> None:
    """Print a report on a terminal. `case`: how the user named it, for commands that can be pasted."""
    if console.width < NARROW:  # columns would be a word wide
        for line in gap_lines(report, case, everything):
            console.print(_text(line.replace("\t", " | ")))
        return
    for standard in report.standards:
        console.print(_text(f"\n{standard.heading}", style="bold"))
        if standard.watermark:
            console.print(_text(standard.watermark, style="bold reverse"))
        console.print(_text(totals_words(standard)))
        for renderable in _tables(standard, console.width, case, everything):
            console.print(renderable)
        if hidden := _hidden(standard, everything):
            console.print(_text(hidden, style="dim"))
        if standard.stages:
            console.print(_text(f"\n{_stages_head(standard)}", style="bold"))
            if note := standard.covered.catalogue.stages_note:
                console.print(_text(note, style="dim"))
            for line in stage_lines(standard.stages):
                console.print(_text(line))
    for line in _closing(report, case):
        console.print(_text(line))


def gap_lines(report: GapReport, case: str, everything: bool = False) -> Iterator[str]:
    """The lines of a report for a pipe: tables with tabs between columns."""
    return (harmless(line) for line in _lines(report, case, everything))


def harmless(text: str) -> str:
    """A text from a file without characters that command a terminal."""
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return text  # nearly always, and far quicker than letter by letter
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)


def _flat(text: str) -> str:
    """A text in one line: a title with line breaks must not look like lines of the report."""
    return " ".join(text.split())


def _lines(report: GapReport, case: str, everything: bool) -> Iterator[str]:
    for standard in report.standards:
        yield f"# {standard.heading}"
        if standard.watermark:
            yield standard.watermark
        yield totals_words(standard)
        rows = _shown(standard, everything)
        if rows or standard.choices:
            yield "\t".join(("objective", "title", "proposed status", "n of N", "why", "next", "command"))
        for item in rows:
            cells = (
                item.row.entry.id,
                item.row.entry.title,
                _status(item),
                count_words(item, standard.covered.catalogue.scored),
                "; ".join(f"{reason.code} {reason.message}" for reason in item.row.reasons),
                "; ".join(_next(item.action).splitlines()),
                "; ".join(typed(item.action.commands, case)) if item.action else "",
            )
            yield "\t".join(" ".join(cell.split()) for cell in cells)
        for choice in standard.choices:
            cells = (
                choice.table.ref,
                choice.table.title,
                _allowed("no choice", choice.allowance),
                "",
                "",
                _choice_text(choice),
                "",
            )
            yield "\t".join(" ".join(cell.split()) for cell in cells)
        if hidden := _hidden(standard, everything):
            yield hidden
        if standard.stages:
            yield f"\n{_stages_head(standard)}"
            yield from stage_lines(standard.stages)
        yield ""
    yield from _closing(report, case)


def typed(commands: tuple[str, ...], case: str) -> tuple[str, ...]:
    """Commands with the case as the user named it, ready to be pasted."""
    words = (command.split(" ") for command in commands)
    return tuple(" ".join(shlex.quote(case) if word == CASE else word for word in line) for line in words)


def _stages_head(standard: StandardGaps) -> str:
    involved = bool(standard.covered.catalogue.stages_of_involvement)
    return "Data at the stages of involvement" if involved else "Data for the safety case"


def stage_lines(states: tuple[StageState, ...]) -> Iterator[str]:
    """Each stage in a line, then its data items by state."""
    for state in states:
        yield f"{state.stage.id} {state.stage.name} ({state.stage.when}): {stage_words(state)}"
        for word in ItemState:
            items = [item for item in state.items if item.state is word]
            if items:
                shown = items[:MOST_REQUIREMENTS]
                named = [f"{item.name} ({', '.join(item.evidence)})" if item.evidence else item.name for item in shown]
                more = [f"and {len(items) - len(shown)} more: --json holds all"] if len(items) > len(shown) else []
                yield f"    {word.value}: {'; '.join(named + more)}"


def _text(value: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(harmless(value), style=style)


def _shown(standard: StandardGaps, everything: bool) -> tuple[GapRow, ...]:
    return tuple(row for row in standard.rows if everything or row.is_gap)


def _choice_text(choice: GapChoice) -> str:
    methods = ", ".join(f"{row.row.entry.id} {row.row.entry.title}" for row in choice.rows)
    return f"choose methods that suffice together and record the combination with its reason; open: {methods}"


def _allowed(status: str, allowance: Allowance | None) -> str:
    """A status; an allowance is said beside it and changes nothing of it."""
    if allowance is None:
        return status
    return f"{status} ({'allowance expired' if allowance.expired else f'allowed until {allowance.until}'})"


def _hidden(standard: StandardGaps, everything: bool) -> str:
    """What is left out, counted."""
    if everything:
        return ""
    left = [row.row for row in standard.rows if not row.row.is_gap]
    unknown = sum(row.status is ObjectiveStatus.APPLICABILITY_UNKNOWN for row in left)
    words = [f"{len(left) - unknown} that are no gaps"] if len(left) > unknown else []
    words += [f"{unknown} of unknown applicability"] if unknown else []
    return f"Not shown: {' and '.join(words)} (--all shows them)" if words else ""


def _tables(standard: StandardGaps, width: int, case: str, everything: bool) -> Iterator[RenderableType]:
    """One table for each table of the standard that has something to show."""
    groups: dict[str, list[GapRow]] = {}
    for row in _shown(standard, everything):
        groups.setdefault(row.table.id, []).append(row)
    choices = {choice.table.id: choice for choice in standard.choices}
    for table in standard.covered.catalogue.tables:
        if table.id in groups or table.id in choices:
            yield _table(standard, table, groups.get(table.id, []), choices.get(table.id), width, case)


def _table(
    standard: StandardGaps, head: StandardTable, rows: list[GapRow], choice: GapChoice | None, width: int, case: str
) -> Table:
    from rich import box
    from rich.table import Table

    every = [row for row in standard.rows if row.table.id == head.id]
    gaps = sum(row.is_gap for row in every) + (choice is not None)
    title = f"{head.ref}: {head.title} ({gaps} {'gap' if gaps == 1 else 'gaps'}, {len(every)} entries)"
    scored = standard.covered.catalogue.scored
    table = Table(
        title=_text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1), expand=True
    )
    table.add_column("objective", no_wrap=True)
    table.add_column("status", overflow="fold", max_width=14)
    if scored:
        table.add_column("n of N", no_wrap=True)
    wide = width >= WIDE
    for name, ratio in (("title", 2), ("why", 3), ("what next", 4)) if wide else (("what, why, what next", 1),):
        table.add_column(name, ratio=ratio, overflow="fold")
    for row in rows[:MOST_ROWS]:
        cells: list[RenderableType] = [row.row.entry.id, _colour(row)]
        if scored:
            cells.append(count_words(row, scored))
        title_, why, next_ = _texts(row, case)
        table.add_row(*cells, *((title_, why, next_) if wide else (_stacked(title_, why, next_),)))
    if len(rows) > MOST_ROWS:
        table.caption = f"and {len(rows) - MOST_ROWS} more: --format csv holds all"
    if choice is not None:
        cells = [head.id, _text(_allowed("no choice", choice.allowance), style=_STYLES[ObjectiveStatus.OPEN])]
        cells += [""] if scored else []
        table.add_row(
            *cells,
            *(
                (_text(head.title), "no combination is recorded", _text(_choice_text(choice)))
                if wide
                else (_text(_choice_text(choice)),)
            ),
        )
    return table


def _colour(item: GapRow) -> RenderableType:
    return _text(_status(item), style=_STYLES[item.row.status])


def _status(item: GapRow) -> str:
    return _allowed(item.row.status.value, item.allowance)


def _texts(item: GapRow, case: str) -> tuple[RenderableType, RenderableType, RenderableType]:
    reasons = item.row.reasons[:MOST_REASONS]
    why = "\n".join(f"{reason.code} {reason.message}" for reason in reasons)
    more = len(item.row.reasons) - len(reasons)
    if more > 0:
        why += f"\nand {more} more"
    action = _text(_next(item.action))
    for command in typed(item.action.commands, case) if item.action and item.action.template is None else ():
        action.append(harmless(f"\n$ {command}"), style="bold")
    return _text(item.row.entry.title, style="bold"), _text(why, style="dim"), action


def _stacked(*parts: RenderableType) -> RenderableType:
    from rich.console import Group

    return Group(*(part for part in parts if str(part)))


def _next(action: Action | None) -> str:
    if action is None:
        return ""
    return "\n".join((f"{action.kind.value}: {action.text}", *action.steps))


def _closing(report: GapReport, case: str) -> Iterator[str]:
    """What stands under all tables: how to start a document, requirements, orphans, lines for the case file, policy."""
    example = next((row.key for row in report.rows() if row.is_gap and row.action and row.action.template), None)
    if example:
        yield "\nThe skeleton of a document for an objective:"
        yield f"    $ assurance gaps {shlex.quote(case)} --template {example}"
    yield from _requirements(report, case)
    yield from _problems(report)
    yield from _orphans(report)
    stanzas: dict[Stanza, None] = dict.fromkeys(stanza for item in report.requirements for stanza in item.stanzas)
    stanzas |= dict.fromkeys(stanza for item in report.problems for stanza in item.stanzas)
    if stanzas:
        yield "\nLines for the case file (fill in what stands in angle brackets)"
    for stanza in list(stanzas)[:MOST_STANZAS]:
        yield f"# {stanza.purpose}"
        yield stanza.yaml
    if len(stanzas) > MOST_STANZAS:
        yield f"and {len(stanzas) - MOST_STANZAS} more: --json holds all"
    yield from _policy(report)


def _requirements(report: GapReport, case: str) -> Iterator[str]:
    if report.requirements:
        yield "\nRequirements that are not supported"
    for item in report.requirements[:MOST_REQUIREMENTS]:
        count = f", {item.established} of {item.total} regions established" if item.total else ""
        yield _flat(f"{item.requirement} {item.title}: {item.status}{count}")
        yield f"    {item.text}"
        yield from (f"    $ {command}" for command in typed(item.commands, case))
    if len(report.requirements) > MOST_REQUIREMENTS:
        yield f"and {len(report.requirements) - MOST_REQUIREMENTS} more: --json holds all"


def _problems(report: GapReport) -> Iterator[str]:
    if report.problems:
        yield "\nProblem reports that are not closed"
    for item in report.problems[:MOST_REQUIREMENTS]:
        state = f"{item.classification or 'not classified, so significant'}{'' if item.blocks else ', mitigated'}"
        yield _flat(f"{item.id} ({state}): {item.text}")
    if len(report.problems) > MOST_REQUIREMENTS:
        yield f"and {len(report.problems) - MOST_REQUIREMENTS} more: --json holds all"


def _orphans(report: GapReport) -> Iterator[str]:
    groups: dict[str, list[Finding]] = {}
    for item in report.orphans:
        groups.setdefault(item.code, []).append(item)
    if groups:
        yield "\nOrphans: used by nothing, or answered by nothing"
    for alike in groups.values():
        yield from (_flat(f"{item.severity.value} {item.code}: {item.message}") for item in alike[:MOST_ALIKE])
        if len(alike) > MOST_ALIKE:
            yield f"    and {len(alike) - MOST_ALIKE} more of this kind: --json holds all"


def _policy(report: GapReport) -> Iterator[str]:
    judgement = report.judgement
    if judgement is None:
        return
    verdict = "passed" if judgement.passed else f"failed: {len(judgement.failures)} failures"
    yield f"\nPolicy on {judgement.today}: {verdict}"
