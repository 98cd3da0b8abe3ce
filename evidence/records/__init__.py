"""The union of all record families, selected by `kind`, and reading a record from its stored bytes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

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
_ADAPTER: TypeAdapter[RunRecord | DocumentRecord] = TypeAdapter(Record)

E_RECORD = code("E101", Severity.ERROR, "not a valid evidence record", "repeat the run; do not edit stored records")
MAX_RECORD_BYTES = 64_000_000


def record_bytes(record: RunRecord | DocumentRecord) -> bytes:
    """The bytes under which a record is stored and identified."""
    return canonical_json(record.model_dump(mode="json"))


def read_record(data: bytes, name: str) -> RunRecord | DocumentRecord:
    """A record from stored bytes. Raises StoreError E101 when it is malformed or incoherent."""
    if len(data) > MAX_RECORD_BYTES:
        raise StoreError.of(E_RECORD, f"{name}: {len(data)} bytes", Place(name))
    try:
        return _ADAPTER.validate_python(parse_json(data), strict=False)
    except ValueError as error:
        detail = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise StoreError.of(E_RECORD, f"{name}: {detail}", Place(name)) from None
