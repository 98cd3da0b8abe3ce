"""Records of documents: what a named person states, kept by digest. Documentary evidence proves nothing by itself."""

from __future__ import annotations

from typing import Literal

from evidence.digest import Digest
from evidence.records.base import RecordBase


class DocumentRecord(RecordBase):
    """An external document offered as evidence of a stated kind (vocabulary of the catalogues)."""

    kind: Literal["document"] = "document"
    document: Digest
    document_id: str
    evidence_kind: str
    author: str
    reviewer: str | None
    independent: bool
    date: str
    about: tuple[str, ...]
    """What the document covers: requirement ids, model ids, or 'case'."""
