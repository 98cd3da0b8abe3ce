"""What people said of a case, and whether it counts: acceptances, deviations, dispositions, meaning reviews, agreements,
exemptions, sign-offs of catalogues.

Whether a word counts is decided elsewhere (objectives/, challenges.py, status.py); here it is read off. What people recorded about
problem reports stands with these (state.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assurance.case import Deviation
from assurance.case_compliance import Agreement
from assurance.challenges import blanket_refusal, resting_on, threat_digest
from assurance.impact.beneath import Beneath, digest_of
from assurance.impact.facts import SignOffFact
from assurance.impact.grounds import MEANING
from assurance.impact.items import numbered
from assurance.objectives import Coverage
from assurance.objectives.rows import Row
from assurance.objectives.tailoring import O_NOT_APPLICABLE
from assurance.status import disposes

_MEANT = tuple(f"{kind} " for kind in ("model", *sorted(MEANING)))
"""How keys begin of the items that a claim is made of."""


def sign_offs(beneath: Beneath) -> Iterator[SignOffFact]:
    """All words of a case, in the order of their kinds."""
    yield from _Words(beneath).all()


class _Words:
    def __init__(self, beneath: Beneath) -> None:
        self.beneath = beneath
        self.snapshot, self.loaded, self.case = beneath.snapshot, beneath.loaded, beneath.case

    def all(self) -> Iterator[SignOffFact]:
        for objective in dict.fromkeys(item.objective for item in self.case.acceptances):
            yield self._acceptance(objective, self.beneath.rows.get(objective))
        for deviation in self.case.deviations:
            yield self._deviation(deviation)
        for number, id in enumerate(self.beneath.dispositions):
            yield self._disposition(number, id)
        for requirement in self.case.requirements:
            review, claim = requirement.meaning_review, self.loaded.claims.get(requirement.id)
            if review is not None:
                yield self._by_person(
                    review.by,
                    kind="meaning review",
                    id=requirement.id,
                    about=requirement.id,
                    date=review.date,
                    of=review.of,
                    stands=claim is not None and claim.reviewed,
                    beneath=self.beneath.meaning(requirement.id),
                    rests_on=(f"meaning review {requirement.id}",),
                )
        yield from map(self._agreement, self.case.agreements)
        for covered in self.snapshot.coverage:
            yield from self._of_standard(covered)

    def _acceptance(self, objective: str, row: Row | None) -> SignOffFact:
        """The acceptance that the coverage shows: the newest that counts, else the newest that fits, else the newest."""
        given = [item for item in self.case.acceptances if item.objective == objective]
        state = row.acceptance if row is not None else None
        fitting = [item for item in given if row is not None and item.digest == row.digest] or given
        named = [item for item in fitting if state and (self._name(item.by), item.date) == (state.by, state.date)]
        chosen = (named or fitting)[-1]
        return self._by_person(
            chosen.by,
            kind="acceptance",
            id=objective,
            about=objective,
            date=chosen.date,
            of=chosen.digest,
            stands=state is not None and state.counts,
            beneath=row.digest if row is not None else digest_of("no such objective"),
            rests_on=tuple(f"acceptance {item}" for item in numbered(objective for _ in given)),
        )

    def _deviation(self, deviation: Deviation) -> SignOffFact:
        about, rests_on, stands = deviation.about, [f"deviation {deviation.id}"], True
        beneath = digest_of(about)
        claim = self.loaded.claims.get(about)
        threat = next((item for item in self.case.threat_models if item.id == about), None)
        if claim is not None:
            refuted = self.snapshot.standings[about].refuted
            stands, beneath = disposes(deviation, claim, refuted), digest_of([claim.identity, refuted])
            rests_on.append(f"requirement text {about}")
        elif threat is not None:
            stands, beneath = not blanket_refusal(self.case, deviation, threat), threat_digest(threat)
            resting = resting_on(self.case, about)
            rests_on += [f"threat model {about}", *(f"requirement text {item}" for item in resting)]
        elif about in self.beneath.rows:
            row = self.beneath.rows[about]
            beneath = digest_of([row.status.value, row.n, row.of, [item.code for item in row.reasons]])
        return self._by_person(
            deviation.accepted_by,
            kind="deviation",
            id=deviation.id,
            about=about,
            date=deviation.date,
            of=deviation.of,
            stands=stands,
            beneath=beneath,
            rests_on=tuple(rests_on),
        )

    def _disposition(self, number: int, id: str) -> SignOffFact:
        given = self.case.dispositions[number]
        doubt = self.beneath.doubts.get(given.challenge)
        rests_on = [f"disposition {id}"]
        if doubt is not None:
            rests_on += self.beneath.decided(doubt)
            for requirement in doubt.requirements:
                rests_on += [key for key in self.beneath.resting[requirement] if key.startswith(_MEANT)]
        return self._by_person(
            given.by,
            kind="disposition",
            id=id,
            about=given.challenge,
            date=given.date,
            of=given.of,
            stands=doubt is not None and doubt.recorded == f"{self.loaded.digest}#disposition-{number + 1}",
            beneath=doubt.digest if doubt is not None else digest_of("no such doubt"),
            rests_on=tuple(dict.fromkeys(rests_on)),
        )

    def _agreement(self, agreement: Agreement) -> SignOffFact:
        """It stands while it was reached and the document that records it is the one that was declared."""
        files = {item.id: item for item in self.loaded.files}
        document = files.get(agreement.document or "")
        fresh = document is not None and document.fresh
        return SignOffFact(
            kind="agreement",
            id=agreement.id,
            about=agreement.reference,
            by=agreement.authority,
            role=f"authority, {agreement.kind}",
            date=agreement.date,
            of=document.declared if document is not None else None,
            stands=agreement.state == "agreed" and fresh,
            beneath=digest_of(
                [agreement.state, agreement.reference, document.actual if document is not None else None]
            ),
            rests_on=(f"agreement {agreement.id}", *([f"document {agreement.document}"] if agreement.document else [])),
        )

    def _of_standard(self, covered: Coverage) -> Iterator[SignOffFact]:
        """Approvals that objectives do not apply, and the sign-off of the catalogue."""
        id = covered.catalogue.id
        choice = next(item for item in self.case.standards if item.id == id)
        rows = {row.entry.id: row for row in covered.rows}
        for item in choice.not_applicable:
            row = rows.get(item.objective)
            yield self._by_person(
                item.approved_by,
                kind="not applicable",
                id=f"{id}:{item.objective}",
                about=f"{id}:{item.objective}",
                date=item.date,
                of=None,
                stands=row is not None and any(reason.code == O_NOT_APPLICABLE.id for reason in row.reasons),
                beneath=digest_of([row and row.entry.model_dump(mode="json"), covered.level, item.justification]),
                rests_on=(f"standard {id}", f"catalogue entry {id}:{item.objective}"),
            )
        if choice.sign_off is not None:
            signed = covered.sign_off
            verified = sorted(signed.verified) if signed else []
            entries = [rows[name].entry.model_dump(mode="json") for name in verified if name in rows]
            yield SignOffFact(
                kind="sign-off",
                id=id,
                about=f"catalogue {id}",
                by=signed.by if signed else choice.sign_off.path,
                role=f"{signed.role}, {signed.organisation}" if signed else "the file cannot be used",
                date=signed.date if signed else "",
                of=choice.sign_off.digest,
                stands=signed is not None,
                beneath=digest_of([covered.catalogue.edition, entries]),
                rests_on=(f"standard {id}", f"catalogue {id}", *(f"catalogue entry {id}:{name}" for name in verified)),
            )

    def _name(self, person: str) -> str:
        return self.case.person(person).name

    def _by_person(self, by: str, *, rests_on: tuple[str, ...], **facts: Any) -> SignOffFact:
        person = self.case.person(by)
        return SignOffFact(by=person.name, role=person.role, rests_on=(*rests_on, f"person {by}"), **facts)
