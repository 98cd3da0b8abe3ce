"""The examples of docs/gsn.md do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assurance.gsn import native_form
from assurance.gsn.native import parse_argument, read_arguments
from assurance.gsn.rules import judge

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "gsn.md").read_text("utf-8")
NETWORK = """\
schema: gsn/1
module: network
elements:
  G1: {goal: The network detects pedestrians at the listed inputs., public: true, undeveloped: true}
"""


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_native_example_is_read_and_judged(tmp_path: Path) -> None:
    (tmp_path / "braking.gsn.yaml").write_text(block("yaml"), "utf-8")
    (tmp_path / "network.gsn.yaml").write_text(NETWORK, "utf-8")
    arguments, findings = read_arguments(tmp_path / "braking.gsn.yaml")
    assert findings == []
    judgement = judge(arguments)
    assert {item.code for item in judgement.findings} == set()
    assert {finding.code for finding, _ in judgement.accepted} == {"G193"}


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(block("python"), {})
    argument, findings = parse_argument(capsys.readouterr().out, "printed")
    assert findings == [] and argument.module == "braking" and len(argument) == 6


def test_every_key_is_on_the_page() -> None:
    keys = {*native_form.KIND_KEYS, *native_form.MODULE, *native_form.ELEMENT, *native_form.DECORATED}
    keys |= {key for fields in native_form.ONLY.values() for key in fields} | set(native_form.INTERFACE)
    words = set(re.findall(r"[a-z_-]+", PAGE))
    assert keys <= words, keys - words
