"""What lies beneath anything that is derived, in two states: evidence with what may be said of it, and changed items.

Something is affected when anything that it is derived from differs, directly or further down. That is decided by comparing the two
derivations (goals.py, rows.py, words.py), so a change that reaches nothing affects nothing. This module answers what they all ask:
does the state of this evidence differ, and which changed items stand behind it?
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from assurance.impact.facts import Baseline, EvidenceFact
from assurance.impact.report import Changed, Effect

Because = tuple[str, ...]

MEANING = frozenset(
    {"requirement text", "formal property", "criterion", "threat model", "data set", "table", "property file"}
)
"""Kinds of items that the meaning of a requirement is made of; the model is no part of it."""
_BROUGHT = frozenset({"catalogue", "catalogue entry", "pattern", "tool", "record", "journal entry"})
_TITLES = frozenset({"title", "name"})
_TITLED = frozenset({"model", "data set", "table", "property file", "threat model"})
_WORD = re.compile(r"[A-Za-z0-9_.:-]+")
_LEGS = frozenset({"preprocessing", "postprocessing"})


class _Evidence:
    """The evidence of one state by digest."""

    def __init__(self, state: Baseline) -> None:
        answering = {run.answer for run in state.runs if run.answer is not None}
        self.held: dict[str, EvidenceFact] = {}
        for item in state.evidence:
            if item.digest not in self.held or item.current:
                self.held[item.digest] = item
        self.said = {
            digest: (item.usable, item.current, digest in answering, tuple(sorted(item.subjects.items())))
            for digest, item in self.held.items()
        }
        """By digest, whatever of an item a conclusion may rest on."""


class Grounds:
    """The evidence and the changed items of two states."""

    def __init__(self, old: Baseline, new: Baseline, changed: Iterable[Changed]) -> None:
        self.old, self.new = old, new
        self.notable = {item.key: item for item in changed if not _only_titles(item)}
        """Changed items by key, without those of which only the name is another one."""
        self.edited = [item.key for item in self.notable.values() if item.kind not in _BROUGHT]
        """Keys of what people changed in the case file."""
        self._states = (_Evidence(old), _Evidence(new))
        before, after = (evidence.said for evidence in self._states)
        self._outdated = {digest for digest in before.keys() | after.keys() if before.get(digest) != after.get(digest)}
        self._requirements = [{item.id: item for item in state.requirements} for state in (new, old)]
        self._tools = [key for key, item in self.notable.items() if item.kind == "tool"]

    def differs(self, names: Iterable[str]) -> bool:
        """Whether any of these items of evidence has another state: fresh, current, answering, about the same."""
        return any(name in self._outdated for name in names)

    def is_record(self, name: str) -> bool:
        """Whether this is the record of a run in one of the states."""
        return any(name in state.held and state.held[name].kind != "document" for state in self._states)

    def behind(self, names: Iterable[str], moved: Collection[str] = ()) -> Iterator[str]:
        """The changed items that stand behind evidence. `moved`: those of it that serve in one of the states only."""
        for name in names:
            for evidence in self._states:
                item = evidence.held.get(name)
                if item is not None:
                    yield from self._behind(item, name in self._outdated or name in moved)

    def _behind(self, item: EvidenceFact, outdated: bool) -> Iterator[str]:
        kinds = ("document",) if item.kind == "document" else ("run", "record", "external verdict")
        yield from self.known(f"{kind} {item.source}" for kind in kinds)
        if outdated and item.requirement:
            yield from self.rests_on(item.requirement)
        for subject in item.subjects if outdated else ():
            yield from self.rests_on(subject, MEANING)
            yield from self.known(f"{kind} {subject}" for kind in (*sorted(_TITLED), "document"))
            yield from self.known(["case text constituent"] if subject in _LEGS else [])

    def spoken_of(self, texts: Iterable[str]) -> list[str]:
        """The changed items whose identifiers stand in texts."""
        words = {word.strip(".:-") for text in texts for word in _WORD.findall(text)}
        return [item.key for item in self.notable.values() if item.id in words]

    def only(self) -> Because:
        """The one change, where there is no other: whatever differs follows from it."""
        return tuple(self.notable) if len(self.notable) == 1 else ()

    def known(self, keys: Iterable[str]) -> Iterator[str]:
        """Those of the keys that are of changed items."""
        return (key for key in keys if key in self.notable)

    def rests_on(self, requirement: str, kinds: frozenset[str] | None = None) -> Iterator[str]:
        """The changed items that a requirement is made of, of all kinds or of some."""
        for state in self._requirements:
            for key in self.known(state[requirement].rests_on if requirement in state else ()):
                if kinds is None or self.notable[key].kind in kinds:
                    yield key

    def tools(self, names: Iterable[str]) -> list[str]:
        """The changed tools, where evidence has another state."""
        return self._tools if self._tools and self.differs(names) else []


def _only_titles(item: Changed) -> bool:
    return item.kind in _TITLED and bool(item.parts) and {part.part for part in item.parts} <= _TITLES


def effect(before: str | None, after: str | None) -> Effect:
    """What happened to a status."""
    if before is None:
        return Effect.ADDED
    if after is None:
        return Effect.REMOVED
    return Effect.STATUS if before != after else Effect.BENEATH


def distinct(names: Iterable[str]) -> Because:
    """Each once, in order."""
    return tuple(dict.fromkeys(names))
