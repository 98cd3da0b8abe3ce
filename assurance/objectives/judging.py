"""What the items in an objective's scope come to: the best that their evidence earns, and what that rests on.

Items with the same evidence are judged once. Full credit needs more than a credit rule: whoever verified the item did
not make it, the tools that it rests on are qualified, the assumptions of formal analyses are justified. These are
noted beside the credit (`ItemState`); `status.py` decides what they cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from assurance.case_compliance import StandardChoice
from assurance.catalogue import Entry
from assurance.catalogue_vocabulary import PROOF_KINDS, CreditLevel, EvidenceKind
from assurance.objectives.bits import Naming, Pool, Signature
from assurance.objectives.credit import Earned, earned, serves_means
from assurance.objectives.held import Evidence
from assurance.objectives.means import Agreements, Means
from assurance.objectives.qualification import Tools
from assurance.objectives.status import ItemState
from assurance.support import Reason, reason
from evidence.diagnostics import Severity, code

O_SUPPLEMENT = code(
    "O214",
    Severity.WARNING,
    "credit needs a supplement in the agreed basis",
    "agree the supplement with the authority",
)

_STRONGEST = (CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING)
_CLAIMED = (CreditLevel.FULL, CreditLevel.PARTIAL)


class Judged(NamedTuple):
    """What items with the same evidence come to, for one entry."""

    state: ItemState
    counted: frozenset[Signature]
    reasons: tuple[Reason, ...]
    stale: bool
    tools: frozenset[str]
    """Tools that claimed credit rests on."""
    formal: bool
    """Credit is claimed under a supplement on formal methods."""
    missing: tuple[EvidenceKind, ...]
    """Kinds that an agreed means asks for and that are not there."""


class Group(NamedTuple):
    """Items, by position, that come to the same: lists of positions, each in order."""

    found: Judged
    items: tuple[list[int], ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.items))


class Judge:
    """Judges items for the entries of one standard."""

    def __init__(
        self,
        evidence: Evidence,
        choice: StandardChoice,
        tools: Tools,
        agreements: Agreements,
    ) -> None:
        self._evidence, self._choice, self._tools = evidence, choice, tools
        self._agreed = agreements.state(agreements.find(choice.agreement)) == "agreed"
        self.unjustified = self._unjustified()
        """Requirements with formal results whose assumptions no document justifies."""

    def groups(self, entry: Entry, pool: Pool, means: Means, naming: Naming) -> list[Group]:
        """Groups of items with what they come to. What cannot be told apart is judged once."""
        known: dict[Signature, Earned] = {}
        groups: dict[tuple[Signature, ...], list[list[int]]] = {}
        single: dict[int, list[int]] = {}
        for position in sorted(naming.at):
            single.setdefault(pool.group[position], []).append(position)
        for number, alike in enumerate(pool.alike):
            sample = pool.items[alike.items[0]]
            common = [self._evidence.document(item, sample, entry.scope, True).signature for item in naming.everywhere]
            plain = alike.items
            for position in single.get(number, ()):
                own = [
                    self._evidence.document(item, pool.items[position], entry.scope, True).signature
                    for item in naming.at[position]
                ]
                groups.setdefault(tuple(dict.fromkeys((*alike.signatures, *common, *own))), []).append([position])
            if number in single:
                plain = [position for position in plain if position not in naming.at]
            if plain:
                groups.setdefault(tuple(dict.fromkeys((*alike.signatures, *common))), []).append(plain)
        return [Group(self._judged(entry, key, means, known), tuple(items)) for key, items in groups.items()]

    def _judged(
        self, entry: Entry, signatures: tuple[Signature, ...], means: Means, known: dict[Signature, Earned]
    ) -> Judged:
        for item in signatures:
            if item not in known:
                known[item] = earned(entry, item)
        given = [(item, known[item]) for item in signatures]
        best = min((found.level for _, found in given if found.level), key=_STRONGEST.index, default=None)
        at_best = [
            (item.independent, self._trusted(entry, item, found, False)) for item, found in given if found.level is best
        ]
        independent, trusted = max(at_best, key=lambda pair: (all(pair), pair), default=(False, True))
        state = ItemState(best, independent, trusted) if best else ItemState(None)
        counted_ones = {item for item, found in given if found.level}
        claimed = [(item, found) for item, found in given if found.level in _CLAIMED]
        tools = {tool for item, _ in claimed for tool in item.tools}
        missing: tuple[EvidenceKind, ...] = ()
        if means.kinds:
            serving = {kind: [item for item in signatures if serves_means(kind, item)] for kind in means.kinds}
            missing = tuple(kind for kind, items in serving.items() if not items)
            used = [item for items in serving.values() for item in items]
            counted_ones.update(used)
            tools.update(tool for item in used for tool in item.tools)
            if not missing:
                state = max(state, self._by_means(entry, serving), key=lambda item: _rank(item))
            elif state.level is CreditLevel.FULL or (used and state.level is not CreditLevel.PARTIAL):
                state = ItemState(CreditLevel.PARTIAL)  # what was agreed to is asked for, whatever else there is
        # a document that names the entry is also about the whole case: what that alone lacks is no reason
        twins = {item._replace(general=True) for item in signatures if not item.general}
        supplements = {found.row.supplement for _, found in claimed if found.row and found.row.supplement}
        return Judged(
            state,
            frozenset(counted_ones),
            (*(why for item, found in given if item not in twins for why in found.reasons), *self._basis(supplements)),
            any(found.stale for _, found in given),
            frozenset(tools),
            bool(supplements),
            missing,
        )

    def _by_means(self, entry: Entry, serving: Mapping[EvidenceKind, list[Signature]]) -> ItemState:
        """Full, with independence only when each kind asked for was verified independently."""
        independent = all(any(item.independent for item in items) for items in serving.values())
        trusted = all(any(self._trusted(entry, item, None, True) for item in items) for items in serving.values())
        return ItemState(CreditLevel.FULL, independent, trusted)

    def _trusted(self, entry: Entry, item: Signature, found: Earned | None, alternative: bool) -> bool:
        formal = item.kind in PROOF_KINDS if found is None else bool(found.row and found.row.supplement)
        if formal and self.unjustified:
            return False
        return all(need.shown for need in self._tools.needs(item.tools, entry, alternative))

    def _basis(self, supplements: set[str]) -> list[Reason]:
        """What the credit under supplements lacks: the supplement in the basis, or the agreement on the basis."""
        agreed = self._agreed
        found = []
        for name in sorted(supplements):
            if name not in self._choice.basis:
                found.append(reason(O_SUPPLEMENT, f"formal credit rests on {name}; the case records no agreement"))
            elif not agreed:
                found.append(reason(O_SUPPLEMENT, f"formal credit rests on {name}; the basis it is in is not agreed"))
        return found

    def _unjustified(self) -> tuple[str, ...]:
        """Requirements with formal results whose assumptions no declared document justifies."""
        justified = {
            name
            for item in self._evidence.case.documents
            if item.id in self._choice.assumptions and item.id in self._evidence.held
            for name in item.about
        }
        if "case" in justified:
            return ()
        return tuple(name for name in self._evidence.assuming if name not in justified)


def _rank(item: ItemState) -> tuple[int, bool, bool]:
    """Greater is better."""
    strength = len(_STRONGEST) - _STRONGEST.index(item.level) if item.level else 0
    return strength, item.independent and item.trusted, item.trusted
