"""The JSON Schema that editors use is the one of the models. UPDATE_GOLDENS=1 rewrites it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from assurance.case import Case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "case.schema.json"


def test_case_schema_is_current() -> None:
    now = json.dumps(Case.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        PAGE.write_text(now, "utf-8")
    assert PAGE.read_text("utf-8") == now
