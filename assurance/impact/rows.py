"""Which objectives of the selected standards are affected.

An objective: its row in the coverage differs (all of it but the digest that an acceptance is tied to), or its catalogue entry, or the
state of the evidence that counts for it, or a goal that it names.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.impact.facts import Baseline, ObjectiveFact
from assurance.impact.grounds import Because, Grounds, distinct, effect
from assurance.impact.report import Affected, AffectedObjective, Effect

_NO_DIGEST = "sha256:" + 64 * "0"


def affected_objectives(
    grounds: Grounds, requirements: tuple[Affected, ...], goals: tuple[Affected, ...], problems: tuple[Affected, ...]
) -> Iterator[AffectedObjective]:
    """All objectives that are affected."""
    rows = _Rows(grounds, *({item.id: item.because for item in rows} for rows in (requirements, goals, problems)))
    then = {item.key: item for item in grounds.old.objectives}
    now = {item.key: item for item in grounds.new.objectives}
    for key in dict.fromkeys([*then, *now]):
        before, after = then.get(key), now.get(key)
        pair = [row for row in (before, after) if row is not None]
        because, one = rows.because(key, pair), pair[-1]
        if because is None:
            continue
        status = before.status if before else None, after.status if after else None
        yield AffectedObjective(
            standard=one.standard,
            id=one.id,
            title=one.title,
            level=one.level,
            required=one.required,
            effect=Effect.REASONS if rows.only_reasons(key, pair) else effect(*status),
            before=status[0],
            after=status[1],
            n=(before.n if before else None, after.n if after else None),
            of=(before.of if before else None, after.of if after else None),
            because=because,
        )


def digest_only(old: Baseline, new: Baseline, affected: tuple[AffectedObjective, ...]) -> int:
    """How many objectives have another acceptance digest and are not affected."""
    listed = {f"{item.standard}:{item.id}" for item in affected}
    then = {item.key: item.digest for item in old.objectives}
    return sum(then.get(item.key, item.digest) != item.digest for item in new.objectives if item.key not in listed)


class _Rows:
    """The rows of two coverages, with why requirements, goals and problem reports are affected."""

    def __init__(
        self,
        grounds: Grounds,
        requirements: dict[str, Because],
        goals: dict[str, Because],
        problems: dict[str, Because],
    ) -> None:
        self.grounds, self.requirements, self.goals, self.problems = grounds, requirements, goals, problems

    def because(self, key: str, rows: list[ObjectiveFact]) -> Because | None:
        """Why an objective is affected, or None when it is not. One row: it was added or removed."""
        names = distinct(name for row in rows for name in row.evidence)
        goals = distinct(name for row in rows for name in row.goals if name in self.goals)
        entry = list(self.grounds.known([f"catalogue entry {key}"]))
        outdated = self.grounds.differs(names)
        if not (entry or outdated or goals or len(rows) < 2 or _shown(rows[0]) != _shown(rows[1])):
            return None
        first, last = rows[0], rows[-1]
        because = entry
        moved = frozenset(first.evidence) ^ frozenset(last.evidence)
        if outdated or moved:
            because += [*self.grounds.behind(names, moved), *self.grounds.tools(names)]
        because += [item for goal in goals for item in self.goals[goal]]
        both = distinct([*first.scope, *last.scope])
        because += self.grounds.known(item for item in both if first.scope.get(item) != last.scope.get(item))
        because += self.grounds.known([f"standard {first.standard}", f"catalogue {first.standard}"])
        because += self._of_problems(rows)
        if not because:  # a reason can speak of requirements whose evidence earns nothing here
            spoken = [name for name in self.requirements if any(_speaks_of(row, name) for row in rows)]
            because += [item for name in spoken for item in self.requirements[name]]
            because += self.grounds.spoken_of(frozenset(first.reasons) ^ frozenset(last.reasons))
        return distinct(because) or self.grounds.only() or _fields(rows)

    def only_reasons(self, key: str, rows: list[ObjectiveFact]) -> bool:
        """Whether nothing that counts differs: refused evidence is named that was not there before, or the other way round."""
        if len(rows) < 2 or any(self.grounds.known([f"catalogue entry {key}"])):
            return False
        first, last = (_shown(row).model_copy(update={"reasons": ()}) for row in rows)
        return (
            first == last
            and not self.grounds.differs(first.evidence)
            and not any(name in self.goals for name in first.goals)
        )

    def _of_problems(self, rows: list[ObjectiveFact]) -> Iterator[str]:
        """What changed about the problem reports that only one of two rows lists."""
        listed = [frozenset(row.more.get("problems", "").split(", ")) for row in rows]
        for id in sorted(frozenset[str]().union(*listed) - frozenset.intersection(*listed)):
            yield from self.problems.get(id, ())


def _shown(row: ObjectiveFact) -> ObjectiveFact:
    return row.model_copy(update={"digest": _NO_DIGEST})


def _speaks_of(row: ObjectiveFact, requirement: str) -> bool:
    return any(f" {requirement}:" in text or f" {requirement} " in text for text in row.reasons)


def _fields(rows: list[ObjectiveFact]) -> Because:
    """For want of a changed item: which fields of the row differ."""
    if len(rows) < 2:
        return ("the selection of standards",)
    names = [name for name in ObjectiveFact.model_fields if name != "digest"]
    return tuple(f"its {name}" for name in names if getattr(rows[0], name) != getattr(rows[1], name))
