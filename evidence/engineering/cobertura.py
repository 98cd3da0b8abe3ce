"""Cobertura XML: structural coverage as coverage.py, gcovr, Cobertura, JaCoCo converters and others write it.

Lines are counted from the listed classes; a line that is listed twice counts as covered only when it is covered every
time. Branch outcomes come from `condition-coverage="50% (1/2)"`, the form's own name for them. Decision, condition and MC/DC
coverage are no part of the format: they are taken from attributes that qualified tools add (`decision-coverage`,
`mcdc-coverage` on lines, `mcdc-covered` with `mcdc-valid` or `mcdc-rate` on the root), and are absent otherwise. A total
that is worse than what the lines give replaces it; one that is better is reported and changes nothing.
Not here: which artefact was measured, on which target, and whether the tests were derived from requirements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from evidence.engineering.source import E_LARGE, Source
from evidence.engineering.xml_events import XmlEvents, shortened
from evidence.records.engineering import CRITERIA, CoverageResults, Criterion, Measure, UncoveredFile

MAX_LINES = 5_000_000
MAX_CLASS = 500_000
"""Lines of one class: they are held until it ends."""
MAX_FILES = 200_000
MAX_LISTED = 50
MAX_SHOWN = 30
MAX_DISAGREEMENTS = 20
_OUTCOMES = re.compile(r"\s*[0-9.,]+\s*%\s*\(\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*\)\s*")
_RATE = re.compile(r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?|[0-9]+\.")
_ON_LINES: dict[str, Criterion] = {
    "condition-coverage": "branch",
    "branch-coverage": "branch",
    "decision-coverage": "decision",
    "mcdc-coverage": "mcdc",
    "mcdcpair-coverage": "mcdc",
}
_TOTALS: dict[Criterion, tuple[str, str]] = {
    "statement": ("lines-covered", "lines-valid"),
    "branch": ("branches-covered", "branches-valid"),
    "condition": ("conditions-covered", "conditions-valid"),
    "decision": ("decisions-covered", "decisions-valid"),
    "mcdc": ("mcdc-covered", "mcdc-valid"),
}
_RATES: dict[Criterion, str] = {
    "statement": "line-rate",
    "branch": "branch-rate",
    "condition": "condition-rate",
    "decision": "decision-rate",
    "mcdc": "mcdc-rate",
}


@dataclass(slots=True)
class _Line:
    covered: bool
    measures: dict[Criterion, tuple[int, int]]


@dataclass(slots=True)
class _Class:
    file: str
    lines: dict[int, _Line] = field(default_factory=dict)
    of_methods: dict[int, _Line] = field(default_factory=dict)
    """Most tools list them again below the class; they count only where none stands there."""


def read_cobertura(source: Source) -> CoverageResults:
    """Coverage from Cobertura XML. Raises InputError E160-E165 with the line."""
    reader = _Cobertura(source)
    reader.run()
    return reader.result()


class _Cobertura(XmlEvents):
    roots: ClassVar[frozenset[str]] = frozenset({"coverage"})
    form: ClassVar[str] = "Cobertura XML: <coverage> with packages, classes and lines"
    bare_doctype: ClassVar[re.Pattern[str] | None] = re.compile(r"(?:https?://)?[\w./-]{0,200}coverage-0[0-9]\.dtd")

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.files: dict[str, tuple[int, list[int]]] = {}
        """By file: how many lines are not covered, and the first of them. The files of all classes are keys."""
        self.counted: dict[Criterion, tuple[int, int]] = {}
        self.stated: dict[Criterion, tuple[int, int]] = {}
        self.rates: dict[Criterion, float] = {}
        self.uncounted = 0
        self.disagreements: list[str] = []
        self._lines = 0
        self._path: list[str] = []
        self._class: _Class | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if self.depth == 1:
            if not attributes.keys() & {"line-rate", "lines-valid"}:
                raise self.wrong("the <coverage> element states neither line-rate nor lines-valid")
            self._totals(attributes)
        elif tag == "class":
            if self._class is not None:
                raise self.wrong("a <class> stands inside a <class>")
            name = attributes.get("filename") or attributes.get("name")
            if not name:
                raise self.wrong("a <class> names no file")
            self._class = _Class(shortened(name, 300))
        elif tag == "line" and self._class is not None:
            self._line(self._class.of_methods if "methods" in self._path else self._class.lines, attributes)

    def end(self, tag: str) -> None:
        self._path.pop()
        if tag == "class" and self._class is not None:
            self._settle(self._class)
            self._class = None

    def result(self) -> CoverageResults:
        measures = {criterion: self._measure(criterion) for criterion in CRITERIA}
        rates: dict[Criterion, float] = {
            name: rate for name, rate in self.rates.items() if not measures[name] and name != "statement"
        }
        if "branch" in rates and not self.uncounted:
            # every file has a branch-rate, also where no branch was measured: alone it says nothing
            del rates["branch"]
        worst = sorted(
            (file for file, (count, _) in self.files.items() if count), key=lambda file: (-self.files[file][0], file)
        )
        return CoverageResults(
            files=len(self.files),
            statement=measures["statement"],
            branch=measures["branch"],
            condition=measures["condition"],
            decision=measures["decision"],
            mcdc=measures["mcdc"],
            rates=rates,
            uncounted=self.uncounted,
            disagreements=tuple(self.disagreements[:MAX_DISAGREEMENTS]),
            uncovered=tuple(
                UncoveredFile(file=file, lines=tuple(self.files[file][1]), count=self.files[file][0])
                for file in worst[:MAX_LISTED]
            ),
            left_out=max(0, len(worst) - MAX_LISTED),
        )

    def _totals(self, attributes: dict[str, str]) -> None:
        for criterion, (covered, valid) in _TOTALS.items():
            n, of = self.count(attributes, covered), self.count(attributes, valid)
            if n is None or of is None:
                continue
            if n > of:
                raise self.impossible(f"{covered}={n} of {valid}={of}")
            self.stated[criterion] = (n, of)
        for criterion, name in _RATES.items():
            written = attributes.get(name, "").strip()
            if not written or written.casefold() == "nan":  # some tools divide by the number of branches
                continue
            rate = float(written) if _RATE.fullmatch(written) and len(written) < 40 else -1.0
            if not 0 <= rate <= 1:
                raise self.impossible(f"{name}={shortened(written, 40)!r} is no share between 0 and 1")
            self.rates[criterion] = rate

    def _line(self, lines: dict[int, _Line], attributes: dict[str, str]) -> None:
        number, hits = self.count(attributes, "number"), self.count(attributes, "hits")
        if number is None or hits is None:
            raise self.impossible("a <line> lacks its number or its hits")
        measures: dict[Criterion, tuple[int, int]] = {}
        for name, criterion in _ON_LINES.items():
            written = attributes.get(name, "").strip()
            if not written:
                continue
            found = _OUTCOMES.fullmatch(written)
            if not found:
                self.uncounted += 1
                continue
            n, of = int(found[1]), int(found[2])
            if n > of:
                raise self.impossible(f"{name}={shortened(written, 40)!r}")
            measures[criterion] = (n, of)
        if attributes.get("branch", "").casefold() == "true" and "branch" not in measures:
            self.uncounted += "condition-coverage" not in attributes
        line = lines.get(number)
        if line is None:
            self._lines += 1
            if self._lines > MAX_LINES or len(lines) >= MAX_CLASS:
                message = f"more than {MAX_LINES} lines, or {MAX_CLASS} of one class"
                raise self.source.refuse(E_LARGE, message, self.line)
            lines[number] = _Line(hits > 0, measures)
            return
        line.covered = line.covered and hits > 0
        for criterion, (n, of) in measures.items():
            before = line.measures.get(criterion, (n, of))
            line.measures[criterion] = min(before, (n, of), key=lambda pair: pair[0] - pair[1])

    def _settle(self, owner: _Class) -> None:
        if owner.file not in self.files and len(self.files) >= MAX_FILES:
            raise self.source.refuse(E_LARGE, f"more than {MAX_FILES} files", self.line)
        count, shown = self.files.get(owner.file, (0, []))
        open_: list[int] = []
        for number, line in (owner.lines or owner.of_methods).items():
            self._add("statement", int(line.covered), 1)
            if not line.covered:
                open_.append(number)
            for criterion, (n, of) in line.measures.items():
                self._add(criterion, n, of)
        self.files[owner.file] = (count + len(open_), sorted([*shown, *open_])[:MAX_SHOWN])

    def _add(self, criterion: Criterion, n: int, of: int) -> None:
        before = self.counted.get(criterion, (0, 0))
        self.counted[criterion] = (before[0] + n, before[1] + of)

    def _measure(self, criterion: Criterion) -> Measure | None:
        """Counted from the lines; a stated total counts where no line tells, or where it is worse."""
        counted, stated = self.counted.get(criterion), self.stated.get(criterion)
        if counted is not None and not counted[1]:
            counted = None
        if stated is not None and not stated[1]:
            stated = None
        if counted is None and stated is None:
            return None
        if counted is None and criterion == "statement":
            self.disagreements.append(f"states {stated[1] if stated else 0} lines, lists none")
        if counted is None or stated is None:
            n, of = counted or stated or (0, 1)
            self._rate(criterion, n, of)
            return Measure(covered=n, of=of, by="lines" if counted else "totals")
        if stated == counted:
            return Measure(covered=counted[0], of=counted[1], by="lines")
        self.disagreements.append(f"{criterion}: states {stated[0]} of {stated[1]}, lists {counted[0]} of {counted[1]}")
        worse = stated[0] * counted[1] < counted[0] * stated[1]
        n, of = stated if worse else counted
        return Measure(covered=n, of=of, by="totals" if worse else "lines")

    def _rate(self, criterion: Criterion, n: int, of: int) -> None:
        rate = self.rates.get(criterion)
        if rate is not None and abs(rate - n / of) > 0.006 and criterion in ("statement", "decision", "mcdc"):
            self.disagreements.append(f"{criterion}: states a share of {rate:g}, lists {n} of {of}")
