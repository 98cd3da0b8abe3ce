"""`assurance gaps` from the outside: formats, exit codes, policies, skeletons, bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

Cli = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "gaps.schema.json"
DAY = ("--today", "2026-06-01")


def conforms(value: object) -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(value)


def policy(folder: Path, **parts: Any) -> Path:
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump({"schema": "assurance-gap-policy/1"} | parts, sort_keys=False), "utf-8")
    return file


def bears(**parts: Any) -> dict[str, Any]:
    return {"owner": "Ines Okafor", "reason": "the guideline is being written", "until": "2026-12-31"} | parts


def open_keys(cli: Cli, built: Path) -> list[str]:
    keys = []
    for standard in cli("gaps", built, "--json").json()["standards"]:
        gaps = [item for item in standard["objectives"] if item["gap"] and item["status"] == "open"]
        keys += [f"{standard['standard']}:{item['id']}" for item in gaps]
        keys += [f"{standard['standard']}:{item['table']}" for item in standard["choices"]]
    return keys


def test_text_names_gaps_actions_and_orphans(cli: Cli, built: Path) -> None:
    answer = cli("gaps", built)
    assert answer.code == 0
    for part in ("ISO 26262-6:2018", "Requirements that are not supported", "Orphans", "--only bounds-d2", "no choice"):
        assert part in answer.out
    assert "no recommendation" not in answer.out and "no recommendation" in cli("gaps", built, "--all").out


@pytest.mark.parametrize("style", ["json", "csv", "sarif", "junit", "text"])
def test_a_file_holds_what_would_be_printed(cli: Cli, built: Path, tmp_path: Path, style: str) -> None:
    target = tmp_path / "out" / f"gaps.{style}"
    printed, written = cli("gaps", built, "--format", style), cli("gaps", built, "--format", style, "--out", target)
    assert written.code == 0 and written.out == ""
    assert target.read_text("utf-8") == printed.out


def test_machine_formats_can_be_read(cli: Cli, built: Path, tmp_path: Path) -> None:
    data = cli("gaps", built, "--json").json()
    conforms(data)
    listed = list(csv.DictReader(io.StringIO(cli("gaps", built, "--format", "csv").out)))
    assert len(listed) == sum(len(item["objectives"]) for item in data["standards"]) >= 90
    assert json.loads(cli("gaps", built, "--format", "sarif").out)["version"] == "2.1.0"
    assert ElementTree.fromstring(cli("gaps", built, "--format", "junit").out).tag == "testsuites"
    first, second = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    for target in (first, second):
        assert cli("gaps", built, "--format", "xlsx", "--out", target).code == 0
    assert first.read_bytes() == second.read_bytes() and first.read_bytes()[:2] == b"PK"


def test_no_output_names_the_folder_that_the_case_lies_in(cli: Cli, built: Path) -> None:
    for style in ("csv", "sarif", "junit"):
        assert str(built) not in cli("gaps", built, "--format", style).out, style


def test_a_workbook_is_not_printed(cli: Cli, built: Path) -> None:
    answer = cli("gaps", built, "--format", "xlsx")
    assert answer.code == 2 and "O277" in answer.err


def test_an_output_that_cannot_be_written_is_refused(cli: Cli, built: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    answer = cli("gaps", built, "--format", "csv", "--out", tmp_path / "file" / "gaps.csv")
    assert answer.code == 2 and "C125" in answer.err


def test_no_output_overwrites_what_the_case_rests_on(cli: Cli, built: Path, tmp_path: Path) -> None:
    rules = policy(tmp_path, fail_on={"statuses": ["stale"]})
    kept = [built / "case.yaml", next((built / "documents").iterdir()), built / "evidence" / "journal.jsonl", rules]
    (tmp_path / "link.yaml").symlink_to(built / "case.yaml")
    before = [path.read_bytes() for path in kept]
    for target in (*kept, tmp_path / "link.yaml", built / "evidence" / "gaps.csv"):
        answer = cli("gaps", built, "--format", "csv", "--policy", rules, "--out", target)
        assert answer.code == 2 and "O283" in answer.err, target
    assert [path.read_bytes() for path in kept] == before


def test_a_skeleton_overwrites_no_document(cli: Cli, built: Path, tmp_path: Path) -> None:
    """The command of a next action, pasted once more, must not undo what somebody wrote."""
    target = tmp_path / "document.md"
    target.write_text("filled in", "utf-8")
    answer = cli("gaps", built, "--template", "iso-26262-6:6-T7.1c", "--out", target)
    assert answer.code == 2 and "O283" in answer.err and target.read_text("utf-8") == "filled in"


def test_a_pipe_is_written_to_and_not_replaced(cli: Cli, built: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert cli("gaps", built, "--template", "iso-26262-6:6-T7.1c", "--out", pipe).code == 0
    assert os.read(reader, 2) == b"# " and stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


# --- policies ------------------------------------------------------------------------------------------------------------------


def test_a_policy_decides_the_exit_code(cli: Cli, built: Path, tmp_path: Path) -> None:
    every = [bears(objective=key) for key in open_keys(cli, built)]
    file = policy(tmp_path, fail_on={"statuses": ["open"]}, allowed=every)
    answer = cli("gaps", built, "--policy", file, "--json", *DAY)
    judged = answer.json()["policy"]
    conforms(answer.json())
    blocked = [item for item in answer.json()["problems"] if item["blocks"]]
    assert {item["code"] for item in judged["failures"]} == ({"O271"} if blocked else set())
    assert answer.code == int(bool(blocked))
    later = cli("gaps", built, "--policy", file, "--json", "--today", "2027-01-01")
    assert later.code == 1
    assert {"O268", "O269"} <= {item["code"] for item in later.json()["policy"]["failures"]}


def test_fail_on_takes_statuses_codes_and_severities(cli: Cli, built: Path) -> None:
    assert cli("gaps", built, "--fail-on", "open").code == 1
    assert cli("gaps", built, "--fail-on", "stale").code == 0
    assert cli("gaps", built, "--fail-on", "contradicted").code == 1, "the chosen method of formal verification"
    answer = cli("gaps", built, "--fail-on", "C120")
    assert answer.code == 1 and "O268" in answer.err and "D3" in answer.err
    assert cli("gaps", built, "--fail-on", "T118").code == 0
    assert cli("gaps", built, "--fail-on", "warning").code == 1


@pytest.mark.parametrize("words", ["", " ", ",", " , "])
def test_a_fail_on_that_names_nothing_is_refused(cli: Cli, built: Path, words: str) -> None:
    """A variable of the CI that is not set must not be a policy that everything passes."""
    answer = cli("gaps", built, "--fail-on", words)
    assert answer.code == 2 and "O265" in answer.err


def test_an_empty_level_is_no_level(cli: Cli, built: Path) -> None:
    answer = cli("gaps", built, "--standard", "iso-26262-6", "--level", "")
    assert answer.code == 2 and "O102" in answer.err


def test_an_allowance_for_another_standard_is_idle_only_when_all_are_shown(
    cli: Cli, built: Path, tmp_path: Path
) -> None:
    entry = bears(objective="do-178c:A-1.6")
    file = policy(tmp_path, fail_on={"statuses": ["stale"]}, allowed=[entry])
    assert "O270" in cli("gaps", built, "--policy", file, *DAY).err
    assert "O270" not in cli("gaps", built, "--policy", file, "--standard", "iso-26262-6", *DAY).err


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "C10"),
        ("{{", "C10"),
        ("schema: assurance-gap-policy/2\nfail_on: {statuses: [open]}\n", "C106"),
        ("schema: assurance-gap-policy/1\n", "O265"),
        ("schema: assurance-gap-policy/1\nfail_on: {statuses: [opened]}\n", "C106"),
        ("schema: assurance-gap-policy/1\nfail_on: {codes: [T999]}\n", "O267"),
        (
            "schema: assurance-gap-policy/1\nfail_on: {statuses: [open]}\nallowed:\n"
            '  - {objective: "do-178c:A-99", owner: a, reason: a reason that is long enough, until: "2026-12-31"}\n',
            "O266",
        ),
    ],
)
def test_a_wrong_policy_is_one_clear_message(cli: Cli, built: Path, tmp_path: Path, content: str, code: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(content, "utf-8")
    answer = cli("gaps", built, "--policy", file)
    assert answer.code == 2 and answer.out == ""
    assert code in answer.err and "policy.yaml" in answer.err and "Traceback" not in answer.err


def test_missing_policy_and_wrong_day(cli: Cli, built: Path, tmp_path: Path) -> None:
    assert cli("gaps", built, "--policy", tmp_path / "none.yaml").code == 2
    answer = cli("gaps", built, "--today", "tomorrow")
    assert answer.code == 2 and "O278" in answer.err


def test_a_changed_file_fails_whatever_the_policy_bears(cli: Cli, case: Path, tmp_path: Path) -> None:
    with (case / "documents" / "hazard_analysis.md").open("a", encoding="utf-8") as stream:
        stream.write("\nchanged\n")
    file = policy(tmp_path, fail_on={"codes": ["T118"]})
    answer = cli("gaps", case, "--policy", file, "--json", *DAY)
    assert answer.code == 1
    assert [item["code"] for item in answer.json()["files"]] == ["C117"]


# --- skeletons and looks at other levels ---------------------------------------------------------------------------------------


def test_a_skeleton_is_printed_or_written(cli: Cli, built: Path, tmp_path: Path) -> None:
    printed = cli("gaps", built, "--template", "iso-26262-6:6-T7.1c")
    assert printed.code == 0 and printed.out.startswith("# ") and "iso-26262-6:6-T7.1c" in printed.out
    target = tmp_path / "review.md"
    assert cli("gaps", built, "--template", "iso-26262-6:6-T7.1c", "--out", target).code == 0
    assert target.read_text("utf-8") == printed.out


def test_no_skeleton(cli: Cli, built: Path) -> None:
    answer = cli("gaps", built, "--template", "iso-26262-6:nothing")
    assert answer.code == 2 and "O279" in answer.err


def test_another_level_asks_for_more(cli: Cli, built: Path) -> None:
    def asked(level: str) -> int:
        (found,) = cli("gaps", built, "--standard", "iso-26262-6", "--level", level, "--json").json()["standards"]
        return sum(item["required"] is True for item in found["objectives"])

    assert asked("A") < asked("D")
    assert cli("gaps", built, "--level", "D").code == 2


def test_the_commands_that_are_named_exist(cli: Cli, built: Path) -> None:
    """Every command of every action is one that this program takes."""
    data = cli("gaps", built, "--json").json()
    commands = {
        line
        for one in data["standards"]
        for row in one["objectives"]
        if row["action"]
        for line in row["action"]["commands"]
    }
    commands |= {line for item in data["requirements"] for line in item["commands"]}
    assert commands
    for line in commands:
        assert re.fullmatch(r"assurance run CASE( --only \S+)?|assurance gaps CASE --template \S+ --out \S+", line), (
            line
        )
    runs = {line.split()[-1] for line in commands if "--only" in line}
    declared = {item["id"] for item in yaml.safe_load((built / "case.yaml").read_text("utf-8"))["runs"]}
    assert runs <= declared | {f"run-{item['id']}" for item in data["requirements"]}
