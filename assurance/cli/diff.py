"""`assurance diff`: change impact between two states of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from assurance.cli.common import json_option, print_json, print_table, say
from assurance.execution import chosen_device
from assurance.impact import Impact, Side, compare, read_sides
from assurance.impact.facts import LAPSED
from assurance.impact.outdated import brief, contrast
from assurance.impact.report import Affected, AffectedObjective, Changed, Effect, Kept, Part
from assurance.words import counted
from evidence.diagnostics import Severity, code
from evidence.digest import short
from evidence.errors import InputError

T_WORD = code("T152", Severity.ERROR, "unknown word in --fail-on", "use the words that are listed, separated by commas")

_WORDS = {
    "changed": "something changed",
    "stale": "evidence is stale or has to be looked at again",
    "worse": "a requirement, goal or objective has a worse status",
    "lost": "counterexamples, problem reports or entries of the journal are gone, though nobody answered them",
    "lapsed": "a person's word has lapsed",
    "rerun": "runs have to be repeated",
}
_RANK = ("contradicted", "stale", "in doubt", "open", "undeveloped", "partial", "supported")
"""Statuses of goals and objectives, worst first."""
_MOST_PARTS, _MOST_CAUSES, _MOST_KEPT = 4, 4, 30


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--fail-on", default="", help=f"What gives exit code 1, separated by commas: {', '.join(_WORDS)}.")
@json_option
def diff(old: str, new: str, device: Literal["auto", "cpu", "cuda"], fail_on: str, as_json: bool) -> None:
    """Show what changed between two states of a case, and what that breaks.

    OLD and NEW are case folders or files, review packages, git revisions (HEAD~1:path/of/case) or named baselines
    (CASE@NAME, or NAME beside a case). Nothing is run, and nothing is written. Runs to repeat are those that `assurance run`
    would carry out on the same device.

    Exit code 0 when the comparison was made, whatever it shows; 1 when --fail-on applies.
    """
    policy = _policy(fail_on)
    sides = read_sides(old, new, chosen_device(device), Path.cwd())
    impact = compare(sides[0].baseline, sides[1].baseline)
    for side in sides:
        for finding in side.findings:
            say(str(finding))
    if as_json:
        print_json(as_document(sides, impact))
    else:
        _print(sides, impact)
    failing = [_WORDS[word] for word in _WORDS if word in policy and _applies(word, impact)]
    for text in failing:
        say(f"--fail-on: {text}")
    raise click.exceptions.Exit(1 if failing else 0)


def as_document(sides: tuple[Side, Side], impact: Impact) -> dict[str, object]:
    """What `--json` prints (docs/schemas/diff.schema.json)."""
    old, new = sides
    findings = [item.as_json() for side in sides for item in side.findings]
    return {"old": old.as_json(), "new": new.as_json(), **impact.model_dump(mode="json"), "findings": findings}


def _policy(fail_on: str) -> set[str]:
    words = {word.strip() for word in fail_on.split(",") if word.strip()}
    for word in sorted(words - _WORDS.keys()):
        raise InputError.of(T_WORD, f"{word!r}", expected=f"one of: {', '.join(_WORDS)}")
    return words


def _applies(word: str, impact: Impact) -> bool:
    if word == "worse":
        claims = (*impact.requirements, *impact.goals)
        return any(map(_worse, claims)) or any(map(_worse, impact.objectives))
    if word == "lost":
        affected = (*impact.requirements, *impact.problems)
        return any(item.caution for item in affected) or any(item.caution for item in impact.changed)
    if word == "lapsed":
        lapsed = any(item.before == "stands" and item.after != "stands" for item in impact.acceptances)
        return lapsed or any(
            (item.after or "").endswith(LAPSED) and not (item.before or "").endswith(LAPSED) for item in impact.problems
        )
    return bool(getattr(impact, word))


def _worse(item: Affected | AffectedObjective) -> bool:
    before, after = item.before, item.after
    return before in _RANK and after in _RANK and _RANK.index(after) < _RANK.index(before)


# --- for people ------------------------------------------------------------------------------------------------------


def _print(sides: tuple[Side, Side], impact: Impact) -> None:
    for name, side in zip(("OLD", "NEW"), sides, strict=True):
        case = side.baseline.case
        click.echo(f"{name}: {side.given} ({side.kind}): {case.id}, issue {case.issue}, case file {short(case.digest)}")
        click.echo(f"     verified: {side.verified}")
    if impact.empty:
        click.echo("Nothing changed, and no run has to be carried out.")
        return
    if impact.changed:
        rows = [
            [f"{item.kind} {item.id}", item.change, "; ".join([_what(item), *_cautions(item)])]
            for item in impact.changed
        ]
        print_table("Changed", ["what", "how", "fields"], rows)
    if impact.stale:
        rows = [
            [f"{item.kind} {short(item.digest)}", item.source, item.requirement, item.state.value, item.reason]
            for item in impact.stale
        ]
        print_table("Evidence", ["evidence of OLD", "from", "requirement", "it", "why"], rows)
    rows = [
        [
            item.id,
            item.text,
            _arrow(item.before, item.after),
            "; ".join([_because(item.because), *_twin(item), *_cautions(item)]),
        ]
        for item in (*impact.requirements, *impact.goals)
    ]
    if rows:
        print_table("Requirements and goals affected", ["id", "text", "status", "because of"], rows)
    whole = _standards(impact)
    if impact.objectives:
        rows = [
            [
                f"{item.standard}:{item.id}",
                item.title,
                _arrow(item.before, item.after),
                "asked for" if item.required else "not asked for" if item.required is False else "unknown",
                _because(item.because),
            ]
            for item in impact.objectives
            if item.effect is not Effect.REASONS and item.standard not in whole
        ]
        if rows:
            print_table(
                "Objectives affected", ["objective", "title", "proposed status", "at this level", "because of"], rows
            )
        for standard, text in whole.items():
            click.echo(f"{standard} as a whole: {text}")
        others = [f"{item.standard}:{item.id}" for item in impact.objectives if item.effect is Effect.REASONS]
        if others:
            click.echo(f"Same status and evidence, other reasons: {', '.join(others)}")
    if impact.problems:
        rows = [
            [item.id, item.text, _arrow(item.before, item.after), "; ".join([_because(item.because), *_cautions(item)])]
            for item in impact.problems
        ]
        print_table("Problem reports", ["report", "text", "state", "because of"], rows)
    if impact.acceptances:
        rows = [
            [
                f"{item.kind} {item.id}",
                f"{item.by}, {item.date}",
                _arrow(item.before, item.after),
                _because(item.because),
            ]
            for item in impact.acceptances
        ]
        print_table("Words that people gave", ["what", "by", "it", "because of"], rows)
    if impact.rerun:
        rows = [
            [
                item.run,
                item.requirement,
                item.reason,
                item.hindrance or ("" if item.answered_before else "was open in OLD"),
            ]
            for item in impact.rerun
        ]
        print_table("Runs that `assurance run` would carry out", ["run", "requirement", "why", "note"], rows)
        if sides[1].kind == "case":
            click.echo(f"Just these: assurance run {sides[1].given}")
    if impact.note:
        listed = ", ".join(f"{item.run} ({item.requirement}, record {short(item.record)})" for item in impact.note)
        click.echo(
            f"Known answers that `assurance run` only has to note, computing nothing (what the journal does not name for a run and its criterion counts for nothing, or for the old criterion): {listed}"
        )
    _print_kept(impact.kept)
    click.echo(summary(impact))


def _print_kept(kept: Kept) -> None:
    rows = [[f"{item.kind} {short(item.digest)}", item.source, item.requirement, item.reason] for item in kept.evidence]
    if rows:
        print_table("Evidence that is kept", ["evidence", "from", "requirement", "why it may be"], rows)
    if kept.requirements:
        click.echo(f"Requirements that no change reaches: {_some(kept.requirements)}.")
    if kept.words:
        click.echo(f"Words that stand as they stood: {_some(kept.words)}.")


def _standards(impact: Impact) -> dict[str, str]:
    """Standards that only one of the states selects, with how many of their objectives have which status."""
    found = {}
    for change, words in (("added", "new"), ("removed", "gone")):
        for id in [item.id for item in impact.changed if (item.kind, item.change) == ("catalogue", change)]:
            statuses = [item.after or item.before or "" for item in impact.objectives if item.standard == id]
            counts = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
            found[id] = (
                f"{words}, {counted(len(statuses), 'objective')} ({', '.join(f'{n} {s}' for s, n in counts.items())})"
            )
    return found


def summary(impact: Impact) -> str:
    """The comparison in three sentences: what is affected, what is to be redone, what is kept."""
    worse = sum(map(_worse, impact.requirements)) + sum(map(_worse, impact.objectives))
    objectives = sum(item.effect is not Effect.REASONS for item in impact.objectives)
    papers = [item.source for item in impact.stale if item.kind == "document"]
    kept = impact.kept
    affected = (
        f"{counted(len(impact.changed), 'change')} affect{'s' if len(impact.changed) == 1 else ''} {counted(len(impact.requirements), 'requirement')}, "
        f"{counted(len(impact.goals), 'element')} of the argument and {counted(objectives, 'objective')}; worse than before: {worse}"
    )
    again = [
        f"{counted(len(impact.rerun), 'run')} to carry out",
        *([f"{counted(len(impact.note), 'known answer')} to note"] if impact.note else []),
        f"{counted(len(papers), 'document')} to look at" + (f" ({', '.join(papers)})" if papers else ""),
        f"{counted(len(impact.acceptances), 'word')} of named persons to look at",
        f"{counted(len(impact.problems), 'problem report')} to look at",
    ]
    left = (
        f"{counted(len(kept.evidence), 'item')} of evidence, {counted(len(kept.requirements), 'requirement')}, "
        f"{counted(kept.goals, 'element')} of the argument, {counted(kept.objectives, 'objective')}, "
        f"{counted(len(kept.words), 'word')} of named persons"
    )
    more = f" An acceptance of {counted(impact.digest_only, 'objective')} among these would name another digest now."
    return f"{affected}.\nTo be redone: {'; '.join(again)}.\nKept: {left}.{more if impact.digest_only else ''}"


def _arrow(before: str | None, after: str | None) -> str:
    if before == after:
        return f"{after} (same, but look again)"
    return f"{before or 'absent'} -> {after or 'absent'}"


def _what(item: Changed) -> str:
    """The fields of a change; of something that was added or removed its title, where that says what it is."""
    if item.change != "changed" and item.title:
        return item.title
    shown = [f"{part.part}: {_arrow_of(part, item.change == 'changed')}" for part in item.parts[:_MOST_PARTS]]
    return "; ".join(shown) + (f"; {len(item.parts) - _MOST_PARTS} more" if len(item.parts) > _MOST_PARTS else "")


def _arrow_of(item: Part, marked: bool) -> str:
    if item.before is None or item.after is None:
        mark = " (new)" if item.before is None else " (gone)"
        return brief(item.after or item.before) + (mark if marked else "")
    return " -> ".join(contrast(item.before, item.after))


def _cautions(item: Affected | Changed) -> list[str]:
    return [f"BEWARE: {item.caution}"] if item.caution else []


def _twin(item: Affected) -> list[str]:
    return (
        [f"{item.same_as} asks for the same: if only the id changed, evidence and decisions name the other"]
        if item.same_as
        else []
    )


def _because(causes: tuple[str, ...]) -> str:
    return _some(causes, _MOST_CAUSES)


def _some(names: tuple[str, ...], most: int = _MOST_KEPT) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
