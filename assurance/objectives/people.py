"""Who made an item in scope, and who may therefore not be the one that verifies it, approves it or accepts it.

People are the declared persons of the case. What the case has no field for (the author of a plan, of a data set) has
no known maker: there the declaration of the document that verifies it stands. Where the case has a field and nobody
is named in it, independence cannot be shown, and is not.
DO-178C also lets a tool do an independent person's part. That is for the plans to say, and no field of the case says it:
here only people are independent. Nothing is lost by it, because no record alone is the whole of an item; where an
agreement makes it so, the run names an operator who made neither requirement nor model.
"""

from __future__ import annotations

from typing import NamedTuple

from assurance.case import Case


class Makers(NamedTuple):
    """Who made one item: `known` is False where the case could name somebody and does not."""

    people: frozenset[str]
    known: bool = True

    def independent(self, verifier: str | None) -> bool:
        """Whether this person can verify the item independently."""
        return verifier is not None and self.known and verifier not in self.people


UNNAMED = Makers(frozenset())
"""For what the case has no field to name a maker in."""


def makers(case: Case) -> dict[str, Makers]:
    """Makers of requirements and models by identifier; other items have none that the case could name."""
    made_by = {item.id: item.author for item in case.requirements} | {item.id: item.made_by for item in case.models}
    return _shared(made_by)


def operators(case: Case) -> dict[str, Makers]:
    """Who carries out the runs, by their identifiers, which may be those of other items as well."""
    return _shared({run.id: run.operator for run in case.runs})


def _shared(made_by: dict[str, str | None]) -> dict[str, Makers]:
    known = {name: Makers(frozenset({name} if name else ()), name is not None) for name in {*made_by.values()}}
    return {item: known[name] for item, name in made_by.items()}


def examined(known: dict[str, Makers], requirement: str, model: str | None) -> Makers:
    """Makers of what a run examines: the requirement and the network."""
    wrote, trained = known.get(requirement, UNNAMED), known.get(model or "", UNNAMED)
    return Makers(wrote.people | trained.people, wrote.known and trained.known)
