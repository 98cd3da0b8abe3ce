"""Records of documents: what a named person states, kept by digest. Documentary evidence proves nothing by itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from evidence.digest import Digest
from evidence.records.base import RecordBase
from evidence.records.engineering import Content


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
    content: Content | None = None
    """What was read from a document whose format is declared (evidence/engineering)."""

    @model_serializer(mode="wrap")
    def _without_nothing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A document without content keeps the bytes, and so the digest, that it had before contents were read."""
        fields: dict[str, Any] = handler(self)
        if self.content is None:
            fields.pop("content", None)
        return fields
