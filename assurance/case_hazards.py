"""Hazards of a case, how they are classified, and the level that the worst of them demands of a standard.

A hazard is classified in the terms of its field: by failure condition (aviation), by severity, exposure and
controllability (road vehicles), by the harm that the software can do (medical devices), or by the safety integrity level
that a risk assessment gave (industry). How likely a hazard is, and whether the classification is right, is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import model_validator

from assurance.case_fields import Id, Text
from evidence.specification import Frozen

_FIELDS = ("failure_condition", "hara", "harm", "sil")


class Hara(Frozen):
    """Hazard classification after ISO 26262-3: severity, exposure, controllability."""

    severity: Literal["S0", "S1", "S2", "S3"]
    exposure: Literal["E0", "E1", "E2", "E3", "E4"]
    controllability: Literal["C0", "C1", "C2", "C3"]


class Hazard(Frozen):
    """A hazard with its class in at least one field: each class determines a level."""

    id: Id
    title: Text
    failure_condition: Literal["catastrophic", "hazardous", "major", "minor", "no safety effect"] | None = None
    hara: Hara | None = None
    harm: Literal["none", "non-serious", "serious"] | None = None
    """The worst injury that a failure of the software can contribute to, death counted as serious, after risk controls
    outside the software (IEC 62304 4.3)."""
    sil: Literal["SIL1", "SIL2", "SIL3", "SIL4"] | None = None
    """What the risk assessment demands of the function that guards against the hazard (IEC 61508-1 7.6)."""

    @model_validator(mode="after")
    def _classified(self) -> Hazard:
        if all(getattr(self, name) is None for name in _FIELDS):
            raise ValueError(f"hazard {self.id} is not classified: give {', '.join(_FIELDS[:-1])} or {_FIELDS[-1]}")
        return self

    @property
    def classes(self) -> tuple[str, ...]:
        """The classification in words."""
        found = []
        if self.failure_condition:
            found.append(f"failure condition {self.failure_condition}")
        if self.hara:
            found.append(f"{self.hara.severity} {self.hara.exposure} {self.hara.controllability}")
        if self.harm:
            found.append("no injury possible" if self.harm == "none" else f"{self.harm} injury possible")
        if self.sil:
            found.append(f"demands {self.sil}")
        return tuple(found)

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that the hazard demands by itself."""
        found = []
        if self.failure_condition:
            found.append(f"DAL {DAL_OF_CONDITION[self.failure_condition]}")
        if self.hara:
            level = asil(self.hara)
            found.append(level if level == "QM" else f"ASIL {level}")
        if self.harm:
            found.append(f"class {CLASS_OF_HARM[self.harm]}")
        if self.sil:
            found.append(self.sil)
        return tuple(found)


DAL_OF_CONDITION = {"catastrophic": "A", "hazardous": "B", "major": "C", "minor": "D", "no safety effect": "E"}
"""Development assurance level by failure condition (ARP4754B; DO-178C 2.3.2)."""
CLASS_OF_HARM = {"none": "A", "non-serious": "B", "serious": "C"}
"""Software safety class by possible harm (IEC 62304 4.3)."""


def asil(hara: Hara) -> str:
    """The ASIL of a HARA class (ISO 26262-3, table 4): the sum of the three indices decides."""
    s, e, c = int(hara.severity[1]), int(hara.exposure[1]), int(hara.controllability[1])
    if s == 0 or e == 0 or c == 0:
        return "QM"
    return {10: "D", 9: "C", 8: "B", 7: "A"}.get(s + e + c, "QM")


def _dal(hazard: Hazard) -> str | None:
    return DAL_OF_CONDITION[hazard.failure_condition] if hazard.failure_condition else None


def _asil(hazard: Hazard) -> str | None:
    return asil(hazard.hara) if hazard.hara else None


def _class(hazard: Hazard) -> str | None:
    return CLASS_OF_HARM[hazard.harm] if hazard.harm else None


def _sil(hazard: Hazard) -> str | None:
    return hazard.sil


_DETERMINED: dict[str, tuple[str, Callable[[Hazard], str | None], str]] = {
    "software level": ("failure_condition", _dal, "E D C B A"),
    "design assurance level (DAL)": ("failure_condition", _dal, "E D C B A"),
    "ASIL": ("hara", _asil, "QM A B C D"),
    "software safety class": ("harm", _class, "A B C"),
    "SIL": ("sil", _sil, "SIL1 SIL2 SIL3 SIL4"),
}
"""By what a catalogue calls its levels: the field of a hazard that determines them, and the levels, worst last."""


def demanded(level_name: str | None, hazards: Iterable[Hazard]) -> tuple[str, str | None] | None:
    """The field of hazards that determines levels of this name, and the level that the worst of them demands (None
    when no hazard has the field). None for levels that hazards do not determine, such as AI levels."""
    if level_name not in _DETERMINED:
        return None
    field, of, order = _DETERMINED[level_name]
    found = [level for level in map(of, hazards) if level is not None]
    return field, max(found, key=order.split().index, default=None)
