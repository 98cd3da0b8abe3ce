"""Data-set reports: provenance, splits, their independence, spread over the operational design domain."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.digest import Digest
from evidence.records.engineering.common import Count, Long, Short, Shows
from evidence.specification import Frozen


class Split(Frozen):
    """A part of the data with its use."""

    name: Short
    use: Literal["training", "validation", "test", "other"]
    count: Count
    digest: Digest | None = None


class SplitsCompared(Frozen):
    """What is known about the independence of two splits."""

    splits: tuple[Short, Short]
    overlap: Count
    """Samples, or groups of samples, that are in both."""
    method: Short
    """How this was found out."""


class OddCell(Frozen):
    """A part of the operational design domain with the number of samples in it."""

    name: Short
    count: Count


class OddCells(Frozen):
    """How the samples spread over one parameter of the operational design domain."""

    parameter: Short
    cells: Annotated[tuple[OddCell, ...], Field(min_length=1, max_length=5000)]


class DataSetFields(Frozen):
    """A report on a data set: where it is from, how it is split, what of the domain it covers."""

    data_set: Short
    digest: Digest | None = None
    """Of the data set that the report is about."""
    provenance: Long
    labelled_by: Short | None = None
    total: Count
    splits: Annotated[tuple[Split, ...], Field(min_length=1, max_length=100)]
    independence: Annotated[tuple[SplitsCompared, ...], Field(max_length=500)] = ()
    odd: Annotated[tuple[OddCells, ...], Field(max_length=200)] = ()
    limitations: Annotated[tuple[Long, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _coherent(self) -> DataSetFields:
        names = [item.name for item in self.splits]
        if len(set(names)) < len(names):
            raise ValueError("a split stands twice")
        together = sum(item.count for item in self.splits)
        if together != self.total:
            raise ValueError(f"the splits hold {together} samples together, total says {self.total}")
        counts = {item.name: item.count for item in self.splits}
        known: dict[str, str] = {}
        for item in self.splits:
            if item.digest is not None and known.setdefault(item.digest, item.name) != item.name:
                raise ValueError(f"splits {known[item.digest]} and {item.name} have one digest: they are the same data")
        seen: set[frozenset[str]] = set()
        for compared in self.independence:
            pair = frozenset(compared.splits)
            if len(pair) < 2 or not pair <= set(names):
                raise ValueError(f"independence compares {' and '.join(compared.splits)}: name two different splits")
            if pair in seen:
                raise ValueError(f"independence of {' and '.join(compared.splits)} stands twice")
            seen.add(pair)
            if compared.overlap > min(counts[name] for name in compared.splits):
                raise ValueError(f"{compared.overlap} samples cannot be in both {' and '.join(compared.splits)}")
        parameters = [item.parameter for item in self.odd]
        if len(set(parameters)) < len(parameters):
            raise ValueError("a parameter of the domain stands twice")
        for spread in self.odd:
            if (held := sum(cell.count for cell in spread.cells)) > self.total:
                raise ValueError(f"the cells of {spread.parameter} hold {held} samples, total says {self.total}")
        return self


class DataSetReport(DataSetFields):
    """A data-set report as it was read."""

    kind: Literal["data-set-report"] = "data-set-report"

    @property
    def empty_cells(self) -> tuple[str, ...]:
        """Parts of the domain without any sample, as 'parameter: cell'."""
        return tuple(f"{item.parameter}: {cell.name}" for item in self.odd for cell in item.cells if not cell.count)

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Parameters of whose cells the samples are fewer than there are: some lie in no cell, or were not looked at."""
        return tuple(
            f"{item.parameter} ({held} of {self.total})"
            for item in self.odd
            if (held := sum(cell.count for cell in item.cells)) < self.total
        )

    @property
    def empty_splits(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.splits if not item.count)

    @property
    def separated(self) -> bool:
        """Whether test data and other data are told apart; where they are not, independence is stated of nothing."""
        return {True, False} == {item.use == "test" for item in self.splits if item.count and item.use != "other"}

    @property
    def not_compared(self) -> tuple[str, ...]:
        """Pairs of a training or validation split and a test split whose independence nobody states."""
        known = {frozenset(item.splits) for item in self.independence}
        return tuple(
            f"{one.name} and {test.name}"
            for test in self.splits
            if test.use == "test"
            for one in self.splits
            if one.use in ("training", "validation") and frozenset((one.name, test.name)) not in known
        )

    @property
    def overlapping(self) -> tuple[SplitsCompared, ...]:
        """Compared splits that share samples although one of them is for testing."""
        tests = {item.name for item in self.splits if item.use == "test"}
        return tuple(item for item in self.independence if item.overlap and tests & set(item.splits))

    @property
    def shows(self) -> Shows:
        if not self.total:
            return Shows.NOTHING
        if self.overlapping:
            return Shows.FAILS
        shared = any(item.overlap for item in self.independence)
        unknown = self.not_compared or self.not_counted or not self.separated or not self.odd or self.digest is None
        open_ = shared or unknown or self.empty_cells or self.empty_splits
        return Shows.PARTLY if open_ else Shows.STATES
