"""The schemas of the YAML forms are those of the models, and the examples in the documentation are read as they stand."""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path

import jsonschema
import pytest
import yaml
from engineering_toys import DATA_SET, PROBLEMS, REVIEW, read_text

from evidence.engineering import FORMS

DOCS = Path(__file__).resolve().parents[2] / "docs"
SAMPLES = {"review": REVIEW, "data-set-report": DATA_SET, "problem-reports": PROBLEMS}
FORMATS = {"assurance-review/1": "review", "assurance-data-set-report/1": "dataset-report"}


@pytest.mark.parametrize("name", FORMS)
def test_schema_is_current(name: str) -> None:
    page = DOCS / "schemas" / f"{name}.schema.json"
    now = json.dumps(FORMS[name].model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        page.write_text(now, "utf-8")
    assert page.read_text("utf-8") == now
    schema = json.loads(now)
    jsonschema.validate(yaml.safe_load(SAMPLES[name]), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(SAMPLES[name]) | {"more": 1}, schema)


def test_the_forms_of_the_page_are_read() -> None:
    text = (DOCS / "engineering-evidence.md").read_text("utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)]
    forms = [block for block in blocks if block.lstrip().startswith("schema:")]
    assert len(forms) == 3
    for block in forms:
        whole = block.strip().replace("sha256:...", "sha256:" + "0" * 64)
        schema = re.search(r"assurance-[\w/-]+", whole)
        assert schema
        read_text(FORMATS.get(schema[0], "problem-reports"), whole)  # type: ignore[arg-type]
