"""Training logs: a row for each epoch or step, as CSV, as JSON lines, or as one JSON list.

Numbers are series: count, first, last, least, greatest, and how many values were not finite. Seeds, environment, settings
and digests of files come from JSON objects without a step, from fields beside a list of rows, or from `# key: value`
lines above a table; seeds also from a column. In rows a word where a number stands elsewhere in its series counts as not
finite; so does a loss that is null, though it is not taken for the last one: some writers make null of nan, others of
what was not logged. Other words are ignored. Not here: whether the training was good; the log says what was logged.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.digest import is_digest, parse_json
from evidence.engineering.source import E_LARGE, E_OTHER, E_SYNTAX, E_VALUE, Source
from evidence.engineering.table import read_table
from evidence.records.engineering import Series, TrainingLog, is_loss

STEPS = ("epoch", "step", "iteration", "global_step", "iter")
ENVIRONMENT = frozenset(
    {"environment", "versions", "version", "platform", "os", "python", "torch", "pytorch", "tensorflow", "keras", "jax"}
    | {"numpy", "sklearn", "onnx", "onnxruntime", "cuda", "cudnn", "hardware", "device", "gpu", "cpu", "framework"}
    | {"host", "container", "image", "commit", "code"}
)
"""Names, alone or as a part of a dotted name, that tell on what a training ran."""
SEEDS = ("seed", "random_seed", "global_seed")
MAX_ROWS = 200_000
MAX_SERIES = 60
MAX_LINE = 1_000_000
MAX_JSON = 8_000_000
_REMARK = re.compile(r"#\s*([\w .-]{1,60}?)\s*[:=]\s*(.{1,300})")
_WHERE = re.compile(r"(.*) at line ([0-9]+) column ([0-9]+)", re.DOTALL)
"""What the parser says of bad JSON; it counts the columns in bytes."""
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}(\.0*)?")


def read_training_log(source: Source) -> TrainingLog:
    """A training log. Raises InputError E160-E165 with the line."""
    text = source.text()
    first = text.lstrip()[:1]
    log = _Log(source)
    if first in ("{", "["):
        _json(source, text, log)
    elif first:
        _table(source, text, log)
    return log.result()


def _json(source: Source, text: str, log: _Log) -> None:
    """JSON lines, or one JSON value that is a row, a list of rows, or an object that holds such a list."""
    first = next(line for line in io.StringIO(text) if line.strip())
    alone = not text[text.index(first) + len(first) :].strip()
    if not alone and _complete(first):
        for number, line in enumerate(io.StringIO(text), 1):
            if len(line) > MAX_LINE:
                raise source.refuse(E_LARGE, f"a line of more than {MAX_LINE} characters", number)
            if line.strip():
                value = _loads(source, line, number)
                if not isinstance(value, dict):
                    raise source.refuse(E_OTHER, "a line that is no JSON object", number)
                log.take(value, number)
        return
    if len(text) > MAX_JSON:
        raise source.refuse(E_LARGE, f"one JSON value of more than {MAX_JSON} characters; write a line for each row")
    whole = _loads(source, text, 1)
    rows: Any = whole
    if isinstance(whole, dict):
        lists = {key: value for key, value in whole.items() if isinstance(value, list) and value}
        name = next((key for key, value in lists.items() if all(isinstance(item, dict) for item in value)), None)
        rows = [whole] if name is None else lists[name]
        if name is not None:
            log.about({key: value for key, value in whole.items() if key != name})
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict):
            raise source.refuse(E_OTHER, "a row that is no JSON object", 1, expected="a list of objects, one a row")
        log.take(row, 1)


def _complete(line: str) -> bool:
    """Whether the first line is a JSON value by itself, so that the file is one of JSON lines."""
    if len(line) > MAX_LINE:
        return False
    try:
        parse_json(line.encode())
    except ValueError:
        return False
    return True


def _loads(source: Source, text: str, line: int) -> Any:
    try:
        return parse_json(text.encode())
    except ValueError as error:
        found = _WHERE.fullmatch(str(error))
        if found is None:
            raise source.refuse(E_SYNTAX, f"not JSON: {error}", line) from None
        row, column = line + int(found[2]) - 1, max(int(found[3]), 1)
        raise source.refuse(E_SYNTAX, f"not JSON: {found[1]}", row, column) from None


def _table(source: Source, text: str, log: _Log) -> None:
    above, begins = 0, 0
    for line in io.StringIO(text):
        if line.strip() and not line.startswith("#"):
            break
        found = _REMARK.fullmatch(line.strip())
        if found:
            log.about({found[1]: found[2]})
        above += 1
        begins += len(line)
    table = read_table(source, text[begins:], above + 1)
    if table.columns and not any(name.casefold() in STEPS for name in table.columns):
        message = f"columns {', '.join(table.columns)[:200]}"
        raise source.refuse(E_OTHER, message, above + 1, expected=f"one column called {', '.join(STEPS)}")
    for row in table.rows:
        log.take({key: _number(cell) for key, cell in row.cells.items() if cell}, row.line)


def _number(cell: str) -> float | str:
    """A cell as a number where it is one. Python would also read '1_000'; a log that writes that is odd."""
    try:
        return float(cell) if "_" not in cell else cell
    except ValueError:
        return cell


@dataclass(slots=True)
class _Running:
    count: int
    first: float
    last: float
    least: float
    greatest: float
    not_finite: int


class _Log:
    """Collects rows into series."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rows = 0
        self.step: str | None = None
        self.first_step: int | None = None
        self.last_step: int | None = None
        self.series: dict[str, _Running] = {}
        self.seeds: dict[int, None] = {}
        self.environment: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    def take(self, row: Mapping[str, Any], line: int) -> None:
        """One object or row: with a step it is a row of the log, without one it tells about the training."""
        flat = dict(_flat(row))
        step = self.step or _step(flat)
        if step is None or step not in flat:
            if self.series.keys() & flat.keys():
                raise self.source.refuse(E_VALUE, f"a row without {self.step}", line)
            self.about(row)
            return
        self.step = step
        number = flat[step]
        if isinstance(number, str) or not math.isfinite(number) or number != int(number) or number < 0:
            raise self.source.refuse(E_VALUE, f"{step} is {str(number)[:40]!r}, no count", line)
        if self.last_step is not None and number < self.last_step:
            raise self.source.refuse(E_VALUE, f"{step} falls from {self.last_step} to {int(number)}", line)
        self.first_step = int(number) if self.first_step is None else self.first_step
        self.last_step = int(number)
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise self.source.refuse(E_LARGE, f"more than {MAX_ROWS} rows", line)
        for key, value in flat.items():
            if key.casefold() in SEEDS:
                self._seed(value)
            elif key == step:
                continue
            elif not isinstance(value, str):
                self._note(key, value, line)
            elif value and (is_loss(key) or key in self.series):
                self._note(key, math.nan, line)  # such as "-nan(ind)"
            elif is_loss(key) and key in self.series:
                self.series[key].not_finite += 1

    def about(self, fields: Mapping[str, Any]) -> None:
        """Seed, environment, digests and settings from fields that stand beside the rows."""
        for key, value in _flat(fields):
            parts = [part.casefold().strip().replace(" ", "_") for part in key.split(".")]
            shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
            short = " ".join(shown.split())[:400]
            if parts[-1] in SEEDS:
                self._seed(value)
            elif short and key.strip():
                group = self.settings
                if is_digest(short):
                    group = self.digests
                elif ENVIRONMENT.intersection(parts):
                    group = self.environment
                if len(group) < 60:
                    group[key.strip()[:400]] = short

    def result(self) -> TrainingLog:
        if self.rows == 0 and (self.seeds or self.environment or self.settings or self.digests):
            message = "no row tells its step"
            raise self.source.refuse(E_OTHER, message, 1, expected=f"one of {', '.join(STEPS)} in each row")
        return TrainingLog(
            rows=self.rows,
            step=self.step or "step",
            first_step=self.first_step,
            last_step=self.last_step,
            series=tuple(
                Series(
                    name=name[:400],
                    count=item.count,
                    first=_finite(item.first),
                    last=_finite(item.last),
                    least=_finite(item.least),
                    greatest=_finite(item.greatest),
                    not_finite=item.not_finite,
                )
                for name, item in self.series.items()
            ),
            seeds=tuple(self.seeds)[:20],
            environment=self.environment,
            settings=self.settings,
            digests=self.digests,
        )

    def _seed(self, value: float | str) -> None:
        if _INTEGER.fullmatch(str(value).strip()):
            self.seeds.setdefault(int(float(value)))

    def _note(self, name: str, value: float, line: int) -> None:
        held = self.series.get(name)
        finite = math.isfinite(value)
        if held is None:
            if len(self.series) >= MAX_SERIES:
                raise self.source.refuse(E_LARGE, f"more than {MAX_SERIES} logged quantities", line)
            start = value if finite else math.nan
            self.series[name] = _Running(1, value, value, start, start, int(not finite))
            return
        held.count += 1
        held.last = value
        held.not_finite += not finite
        if finite:
            held.least = value if math.isnan(held.least) else min(held.least, value)
            held.greatest = value if math.isnan(held.greatest) else max(held.greatest, value)


def _step(row: Mapping[str, float | str]) -> str | None:
    """The column that counts: the first that is called so and holds a whole number; epochs are often fractions."""
    known = [key for name in STEPS for key in row if key.casefold() == name]
    whole = (key for key in known if isinstance(value := row[key], float) and value.is_integer())
    return next(whole, known[0] if known else None)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _flat(fields: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float | str]]:
    """Fields of nested mappings by dotted names; numbers as floats, the rest as text (null is empty), lists left out."""
    items: Iterable[tuple[str, Any]] = fields.items()
    for key, value in items:
        name = f"{prefix}{str(key).strip()}"
        if isinstance(value, Mapping):
            if depth < 4:
                yield from _flat(value, f"{name}.", depth + 1)
        elif value is None:
            yield name, ""
        elif isinstance(value, bool | str):
            yield name, str(value)
        elif isinstance(value, int | float):
            try:
                yield name, float(value)
            except OverflowError:
                yield name, math.inf
