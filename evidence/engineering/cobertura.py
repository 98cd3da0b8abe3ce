"""Cobertura XML: structural coverage as coverage.py, gcovr, Cobertura, JaCoCo converters and others write it.

Lines are counted from the listed classes, each line of a file once: where it is listed several times, in one class or
in several, the worst counts. Branch outcomes come from `condition-coverage="50% (1/2)"`, the form's own name for them.
Decision, condition and MC/DC coverage are no part of the format: they are taken from attributes that other tools add
(`decision-coverage`, `mcdc-coverage`, `mcdcpair-coverage` on lines, `mcdc-covered` with `mcdc-valid` or `mcdc-rate` on the
root), and are absent otherwise; they are never made of branches. A total that is worse than what the lines give
replaces it; one that is better, or a share that does not fit, is reported and changes nothing.
Not here: which artefact was measured, on which target, what was excluded from measuring (the format does not tell), and
whether the tests were derived from requirements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from evidence.engineering.source import E_LARGE, Source
from evidence.engineering.xml_events import XmlEvents, shortened
from evidence.records.engineering import CRITERIA, CoverageResults, Criterion, Measure, UncoveredFile

MAX_LINES = 2_000_000
"""Lines and outcomes on lines: all are held until the end, about 100 bytes each."""
MAX_CLASS = 500_000
MAX_FILES = 200_000
MAX_LISTED = 50
MAX_SHOWN = 30
MAX_DISAGREEMENTS = 20
_OUTCOMES = re.compile(r"\s*([0-9]{1,3}(?:[.,][0-9]{0,30})?)\s*%\s*\(\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*\)\s*")
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


_Counts = dict[int, int]
"""By line number and criterion (`_key`): how many outcomes were covered, and of how many (`_packed`)."""
_SHIFT = 20
"""Of an outcome's counts, which have up to 6 digits."""


def _key(number: int, criterion: Criterion) -> int:
    return number * len(CRITERIA) + CRITERIA.index(criterion)


def _packed(n: int, of: int) -> int:
    return n << _SHIFT | of


def _counts(packed: int) -> tuple[int, int]:
    return packed >> _SHIFT, packed & ((1 << _SHIFT) - 1)


def _note(into: _Counts, key: int, packed: int) -> None:
    """Of what is said twice about one thing, what misses more counts."""
    before = into.get(key)
    if before is not None:
        packed = max((before, packed), key=lambda item: _counts(item)[1] - _counts(item)[0])
    into[key] = packed


@dataclass(slots=True)
class _Class:
    file: str
    lines: _Counts = field(default_factory=dict)
    of_methods: _Counts = field(default_factory=dict)
    """Most tools list them again below the class; they count only where they stand nowhere else."""


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
        self.files: dict[str, _Counts] = {}
        self.listed: dict[Criterion, tuple[int, int]] = {}
        """Sums over all that is listed: what stands there twice is in it twice, as in the totals of some tools."""
        self.counted: dict[Criterion, tuple[int, int]] = {}
        """Sums over the files."""
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
        elif tag == "line":
            if self._class is None:
                raise self.wrong("a <line> stands outside of a <class>")
            if "methods" in self._path:
                self._line(self._class.of_methods, attributes)
            else:
                for key, packed in self._line(self._class.lines, attributes):
                    self._list(key, packed)

    def end(self, tag: str) -> None:
        self._path.pop()
        if tag == "class" and self._class is not None:
            self._settle(self._class)
            self._class = None

    def result(self) -> CoverageResults:
        uncovered: dict[str, list[int]] = {}
        for file, counts in self.files.items():
            for key, packed in counts.items():
                number, index = divmod(key, len(CRITERIA))
                n, of = _counts(packed)
                _add(self.counted, CRITERIA[index], n, of)
                if CRITERIA[index] == "statement" and not n:
                    uncovered.setdefault(file, []).append(number)
        measures = {criterion: self._measure(criterion) for criterion in CRITERIA}
        rates: dict[Criterion, float] = {
            name: rate for name, rate in self.rates.items() if not measures[name] and name != "statement"
        }
        if rates.get("branch") in (0, 1) and not self.uncounted:
            # every file has a branch-rate, also where no branch was measured: alone it says nothing
            del rates["branch"]
        worst = sorted(uncovered, key=lambda file: (-len(uncovered[file]), file))
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
                UncoveredFile(file=file, lines=tuple(sorted(uncovered[file])[:MAX_SHOWN]), count=len(uncovered[file]))
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

    def _line(self, lines: _Counts, attributes: dict[str, str]) -> list[tuple[int, int]]:
        """Note what a line tells; what it tells is also the answer."""
        number, hits = self.count(attributes, "number"), self.count(attributes, "hits", most=10**20)
        if number is None or hits is None:
            raise self.impossible("a <line> lacks its number or its hits")
        told = [(_key(number, "statement"), _packed(int(hits > 0), 1))]
        without = 0
        for name, criterion in _ON_LINES.items():
            written = attributes.get(name)
            if written is None:
                continue
            found = _OUTCOMES.fullmatch(written)
            if not found:
                without += 1
                continue
            n, of = int(found[2]), int(found[3])
            if n > of or (of and abs(float(found[1].replace(",", ".")) - 100 * n / of) > 1.01):
                raise self.impossible(f"{name}={shortened(written, 40)!r}")
            told.append((_key(number, criterion), _packed(n, of)))
        branches = attributes.get("branch", "").strip().casefold() == "true"
        self.uncounted += without or (branches and all(key != _key(number, "branch") for key, _ in told))
        for key, packed in told:
            _note(lines, key, packed)
        if len(lines) > MAX_CLASS:
            raise self.source.refuse(E_LARGE, f"more than {MAX_CLASS} lines of one class", self.line)
        return told

    def _list(self, key: int, packed: int) -> None:
        _add(self.listed, CRITERIA[key % len(CRITERIA)], *_counts(packed))

    def _settle(self, owner: _Class) -> None:
        if owner.file not in self.files and len(self.files) >= MAX_FILES:
            raise self.source.refuse(E_LARGE, f"more than {MAX_FILES} files", self.line)
        held = self.files.setdefault(owner.file, {})
        self._lines -= len(held)
        for key in owner.of_methods.keys() - owner.lines.keys():
            self._list(key, owner.of_methods[key])
            _note(held, key, owner.of_methods[key])
        for key, packed in owner.lines.items():
            _note(held, key, packed)
        self._lines += len(held)
        if self._lines > MAX_LINES:
            raise self.source.refuse(E_LARGE, f"more than {MAX_LINES} lines and outcomes", self.line)

    def _measure(self, criterion: Criterion) -> Measure | None:
        """Counted from the lines; a stated total counts where no line tells, or where it is worse."""
        counted, stated = _some(self.counted, criterion), _some(self.stated, criterion)
        if counted is None and stated is None:
            return None
        n, of = counted or stated or (0, 1)
        if counted is None and criterion == "statement":
            self.disagreements.append(f"states {of} lines, lists none")
        if counted and stated and stated not in (counted, _some(self.listed, criterion)):
            self.disagreements.append(
                f"{criterion}: states {stated[0]} of {stated[1]}, lists {counted[0]} of {counted[1]}"
            )
            if stated[0] * of < n * stated[1]:
                counted, (n, of) = None, stated
        rate = self.rates.get(criterion)
        known = [pair for pair in (counted, stated, _some(self.listed, criterion)) if pair]
        if rate is not None and all(abs(rate - pair[0] / pair[1]) > 0.006 for pair in known):
            self.disagreements.append(f"{criterion}: states a share of {rate:g}, lists {n} of {of}")
        return Measure(covered=n, of=of, by="lines" if counted else "totals")


def _some(sums: dict[Criterion, tuple[int, int]], criterion: Criterion) -> tuple[int, int] | None:
    """A sum over something; None where there is nothing."""
    pair = sums.get(criterion)
    return pair if pair and pair[1] else None


def _add(sums: dict[Criterion, tuple[int, int]], criterion: Criterion, n: int, of: int) -> None:
    before = sums.get(criterion, (0, 0))
    sums[criterion] = (before[0] + n, before[1] + of)
