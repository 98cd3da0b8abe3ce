"""The union of all record families, selected by `kind`, and reading a record from its stored bytes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from evidence.diagnostics import Place, Severity, code
from evidence.digest import canonical_json, parse_json
from evidence.errors import StoreError
from evidence.records.base import Counterexample, CrossCheck, Guarantee, Provenance, Recheck, RecordBase
from evidence.records.bounds import AttackSummary, BoundsRecord, VerifiedRadius
from evidence.records.document import DocumentRecord
from evidence.records.engineering import Content, Shows
from evidence.records.external import ExternalVerdictRecord
from evidence.records.letters import overall
from evidence.records.reachability import OutputRange, OutputRangeRecord
from evidence.records.smoothing import SmoothedInput, SmoothingRecord
from evidence.specification import Frozen

__all__ = [
    "AttackSummary",
    "BoundsRecord",
    "Content",
    "Counterexample",
    "CrossCheck",
    "DocumentRecord",
    "ExternalVerdictRecord",
    "Guarantee",
    "OutputRange",
    "OutputRangeRecord",
    "Provenance",
    "Recheck",
    "Record",
    "RecordBase",
    "RecordReader",
    "RunRecord",
    "Shows",
    "SmoothedInput",
    "SmoothingRecord",
    "VerifiedRadius",
    "overall",
    "read_record",
    "record_bytes",
]

RunRecord = BoundsRecord | OutputRangeRecord | SmoothingRecord | ExternalVerdictRecord
"""Records of certification runs, and of other tools' verdicts: they carry a statement about a network."""

Record = Annotated[
    BoundsRecord | OutputRangeRecord | SmoothingRecord | ExternalVerdictRecord | DocumentRecord,
    Field(discriminator="kind"),
]
_SHARED = ("statement", "guarantee", "provenance", "rechecks")
"""Parts that have one type in every family of records."""
_ADAPTER: TypeAdapter[RunRecord | DocumentRecord] = TypeAdapter(Record)

E_RECORD = code("E101", Severity.ERROR, "not a valid evidence record", "repeat the run; do not edit stored records")
MAX_RECORD_BYTES = 64_000_000


def record_bytes(record: RunRecord | DocumentRecord) -> bytes:
    """The bytes under which a record is stored and identified."""
    return canonical_json(record.model_dump(mode="json"))


def read_record(data: bytes, name: str) -> RunRecord | DocumentRecord:
    """A record from stored bytes. Raises StoreError E101 when it is malformed or incoherent."""
    return RecordReader()(data, name)


class RecordReader:
    """Reads many records. Those of one case share what they state and how they were made: what is written in the
    same way in several of them is read once, and they hold one object for it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Frozen | tuple[Frozen, ...]] = {}
        """By part, and by how it is written: values that differ in anything, types included, differ in that."""

    def __call__(self, data: bytes, name: str) -> RunRecord | DocumentRecord:
        """A record from stored bytes. Raises StoreError E101 when it is malformed or incoherent."""
        if len(data) > MAX_RECORD_BYTES:
            raise StoreError.of(E_RECORD, f"{name}: {len(data)} bytes", Place(name))
        try:
            return self._record(parse_json(data))
        except ValueError as error:
            detail = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise StoreError.of(E_RECORD, f"{name}: {detail}", Place(name)) from None

    def _record(self, value: Any) -> RunRecord | DocumentRecord:
        if not isinstance(value, dict):
            return _ADAPTER.validate_python(value)
        new = {}
        for part in _SHARED:
            if (written := value.get(part)) is not None:
                key = (part, to_json(written))
                if key in self._known:
                    value[part] = self._known[key]
                else:
                    new[key] = part
        record = _ADAPTER.validate_python(value)
        for key, part in new.items():
            self._known[key] = getattr(record, part)
        return record
