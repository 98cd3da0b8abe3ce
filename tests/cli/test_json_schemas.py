"""What `--json` prints is what docs/schemas says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"

Cli = Callable[..., Any]


def conforms(value: object, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("command", "name"),
    [("check", "findings"), ("gaps", "gaps"), ("run", "run")],
)
def test_commands_on_a_case(cli: Cli, built: Path, command: str, name: str) -> None:
    conforms(cli(command, built, "--json").json(), name)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("doctor",), "doctor"),
        (("catalogue", "list"), "catalogue-list"),
        (("catalogue", "show", "do-178c"), "catalogue"),
        (("catalogue", "show", "arp6983"), "catalogue"),
    ],
)
def test_commands_without_a_case(cli: Cli, arguments: tuple[str, ...], name: str) -> None:
    conforms(cli(*arguments, "--json").json(), name)


def test_build_package_and_verify(cli: Cli, case: Path, tmp_path: Path) -> None:
    conforms(cli("build", case, "--format", "json", "--json").json(), "build")
    key, package = tmp_path / "key.pem", tmp_path / "review.zip"
    conforms(cli("package", case, "--key", key, "--new-key", "--out", package, "--json").json(), "package")
    conforms(cli("verify", package, "--json").json(), "verify")


def test_a_case_that_cannot_be_used_still_answers_in_json(cli: Cli, tmp_path: Path) -> None:
    answer = cli("check", tmp_path, "--json")
    assert answer.code == 2
    conforms(answer.json(), "findings")
