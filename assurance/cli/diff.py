"""`assurance diff`: change impact between two states of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from assurance.cli.common import json_option, print_json, print_table, say
from assurance.execution import chosen_device
from assurance.impact import Impact, Side, compare, read_sides
from assurance.impact.outdated import brief
from assurance.impact.report import Affected, AffectedObjective, Changed, Effect, Part
from assurance.words import counted
from evidence.diagnostics import Severity, code
from evidence.digest import short
from evidence.errors import InputError

T_WORD = code("T152", Severity.ERROR, "unknown word in --fail-on", "use the words that are listed, separated by commas")

_WORDS = {
    "changed": "something changed",
    "stale": "evidence is stale or has to be looked at again",
    "worse": "a requirement, goal or objective has a worse status",
    "lost": "counterexamples or problem reports are not held against the case any more, though nobody answered them",
    "lapsed": "a person's word has lapsed",
    "rerun": "runs have to be repeated",
}
_RANK = ("contradicted", "stale", "in doubt", "open", "undeveloped", "partial", "supported")
"""Statuses of goals and objectives, worst first."""
_MOST_PARTS, _MOST_CAUSES, _LONGEST = 4, 4, 70


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
        return any(item.caution for item in (*impact.requirements, *impact.problems))
    if word == "lapsed":
        return any(item.before == "stands" and item.after != "stands" for item in impact.acceptances)
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
            [f"{item.kind} {item.id}", item.change, item.title if _whole(item) else _parts(item.parts)]
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
        [item.id, item.text, _arrow(item.before, item.after), "; ".join([_because(item.because), *_cautions(item)])]
        for item in (*impact.requirements, *impact.goals)
    ]
    if rows:
        print_table("Requirements and goals affected", ["id", "text", "status", "because of"], rows)
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
            if item.effect is not Effect.REASONS
        ]
        print_table(
            "Objectives affected", ["objective", "title", "proposed status", "at this level", "because of"], rows
        )
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
        print_table("Acceptances, deviations, dispositions and reviews", ["what", "by", "it", "because of"], rows)
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
    click.echo(summary(impact))


def summary(impact: Impact) -> str:
    """The comparison in one sentence."""
    worse = sum(map(_worse, impact.requirements)) + sum(map(_worse, impact.objectives))
    parts = [
        counted(len(impact.changed), "change"),
        f"{counted(len(impact.stale), 'item')} of evidence concerned",
        f"affected: {counted(len(impact.requirements), 'requirement')}, {counted(len(impact.goals), 'element')} of the argument, "
        f"{counted(sum(item.effect is not Effect.REASONS for item in impact.objectives), 'objective')} ({worse} requirements and objectives with a worse status)",
        f"{counted(len(impact.acceptances), 'word')} of named persons to look at again",
        f"{counted(len(impact.rerun), 'run')} to carry out",
    ]
    more = f" Of {impact.digest_only} further objectives only the digest that an acceptance is tied to is another one."
    return "; ".join(parts) + "." + (more if impact.digest_only else "")


def _arrow(before: str | None, after: str | None) -> str:
    if before == after:
        return f"{after} (same, but look again)"
    return f"{before or 'absent'} -> {after or 'absent'}"


def _parts(parts: tuple[Part, ...]) -> str:
    shown = [f"{item.part}: {_arrow_of(item)}" for item in parts[:_MOST_PARTS]]
    return "; ".join(shown) + (f"; {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else "")


def _whole(item: Changed) -> bool:
    """Added or removed, and its title says what it is."""
    return item.change != "changed" and bool(item.title)


def _arrow_of(item: Part) -> str:
    if item.before is None or item.after is None:
        return brief(item.after or item.before) + (" (new)" if item.before is None else " (gone)")
    return f"{brief(item.before)} -> {brief(item.after)}"


def _cautions(item: Affected) -> list[str]:
    return [f"BEWARE: {item.caution}"] if item.caution else []


def _because(causes: tuple[str, ...]) -> str:
    shown = ", ".join(causes[:_MOST_CAUSES])
    return f"{shown} and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else shown
