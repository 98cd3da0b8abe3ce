"""Files by somebody who means harm: pipes, tables that multiply, words that hide, and markup in every text."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

HEAD = "schema: gsn/1\nmodule: m\nelements:\n"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>]]>--><svg/onload=alert(1)>&lt;"
SCRIPT = "javascript:alert(1)"


def said(answer: Any) -> str:
    assert "Traceback" not in answer.err and answer.code in (0, 1, 2), answer.err
    return str(answer.out + answer.err)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_not_waited_for(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for command in (("check",), ("render",), ("export", "--to", "sacm")):
        answer = cli("gsn", command[0], tmp_path / "pipe.yaml", *command[1:])
        assert answer.code == 2 and "error C101" in answer.err and "no plain file" in answer.err
    for name, text in {
        "x.yaml": "module: {name: x, uses: [pipe.yaml]}\nG1: {text: It is so., undeveloped: true}\n",
        "n.yaml": f"modules: [pipe.yaml]\n{HEAD}  G1: {{goal: It is so., undeveloped: true}}\n",
    }.items():
        (tmp_path / name).write_text(text)
        answer = cli("gsn", "check", tmp_path / name)
        assert answer.code == 1 and "no plain file" in said(answer)


def test_a_table_of_prefixes_for_each_element(cli: Cli, tmp_path: Path) -> None:
    """Fifty thousand prefixes, and ten thousand elements each of which would copy their table."""
    prefixes = " ".join(f'xmlns:x{index}="u"' for index in range(50_000))
    (tmp_path / "a.xmi").write_text(f"<a {prefixes}>" + '<b xmlns:y="u"/>' * 10_000 + "</a>")
    answer = cli("gsn", "check", tmp_path / "a.xmi")
    assert answer.code == 2 and "error G232" in answer.err and len(answer.err) < 2000


def test_keys_of_json_stand_once(cli: Cli, tmp_path: Path) -> None:
    fields = '"module": "m", "title": "", "elements": [], "relations": []'
    (tmp_path / "a.json").write_text(f'{{"schema": "gsn-argument/2", {fields}, "elements": []}}')
    answer = cli("gsn", "check", tmp_path / "a.json")
    assert answer.code == 2 and "'elements' stands twice" in answer.err
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"schema": ' + "9" * 100_000 + "}"):
        (tmp_path / "a.json").write_text(text)
        answer = cli("gsn", "check", tmp_path / "a.json")
        assert answer.code == 2 and len(answer.err) < 2000, answer.err[:300]


def test_messages_stay_short(cli: Cli, tmp_path: Path) -> None:
    """Each line of text, whatever it names."""
    count = 3000
    goals = "".join(f"  G{index}: {{goal: It is so., undeveloped: true}}\n" for index in range(count))
    circle = "".join(
        f"  C{index}: {{goal: It is so., supported_by: C{(index + 1) % count}}}\n" for index in range(count)
    )
    for name, elements in {"goals": goals, "circle": circle}.items():
        (tmp_path / f"{name}.yaml").write_text(HEAD + elements)
        assert max(map(len, said(cli("gsn", "check", tmp_path / f"{name}.yaml")).splitlines())) < 1000
    for key in ("G" * 100_000, '"' + "G" * 100_000 + '"'):
        (tmp_path / "long.yaml").write_text(f"{HEAD}  {key}: {{goal: It is so., supported_by: {'H' * 100_000}}}\n")
        answer = cli("gsn", "check", tmp_path / "long.yaml")
        assert answer.code in (1, 2) and max(map(len, said(answer).splitlines())) < 1000


def test_words_that_hide_are_told_and_drawn(cli: Cli, tmp_path: Path) -> None:
    hidden = "It is \u202enot\u202c so\u200b, \u2066really\u2069.\U000e0041"
    path = tmp_path / "a.yaml"
    path.write_text(f'{HEAD}  G1: {{goal: "{hidden}", undeveloped: true}}\n  "G\u202e2": {{goal: It is so.}}\n')
    answer = cli("gsn", "check", path, "--json")
    found = {item["code"]: item["message"] for item in answer.json()["findings"]}
    assert all(name in found["G254"] for name in ("U+202E", "U+200B", "U+2066", "U+E0041"))
    assert "G102" in found
    text = said(cli("gsn", "check", path))
    assert not set(text) & set(hidden) - set("It is not so, really.")
    cli("gsn", "render", path, "--out", tmp_path / "out")
    drawn = "".join(file.read_text("utf-8") for file in (tmp_path / "out").glob("*.svg"))
    assert "\N{REPLACEMENT CHARACTER}" in drawn and not set(drawn) & set("\u202e\u202c\u200b\u2066\u2069\U000e0041")


def test_writing_of_the_world_is_no_trick(cli: Cli, tmp_path: Path) -> None:
    words = ("النظام آمن", "می\u200cخواهم", "क्\u200dष", "系统是安全的", "👩\u200d🔬 is so")
    elements = "".join(f'  G{n}: {{goal: "{text}", undeveloped: true}}\n' for n, text in enumerate(words))
    (tmp_path / "a.yaml").write_text(HEAD + elements, "utf-8")
    assert "G254" not in said(cli("gsn", "check", tmp_path / "a.yaml"))
    cli("gsn", "render", tmp_path / "a.yaml", "--out", tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert "\N{REPLACEMENT CHARACTER}" not in drawn and "\u200d" in drawn


def test_nothing_steers_the_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f'{HEAD}  "G\\e[2J\\r1": {{goal: "It\\e[31m is so.", undeveloped: true, "s\\e[1m": 1}}\n')
    text = said(cli("gsn", "check", path))
    assert "\x1b" not in text and "\r" not in text and "\\x1b[2J" in text


class _Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("form", ["native", "gsn2x"])
def test_markup_in_texts_stays_text(cli: Cli, tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.yaml"
    text, name = json.dumps(MARKUP), json.dumps("G1" + MARKUP.replace(" ", ""))
    if form == "native":
        path.write_text(
            f"schema: gsn/1\nmodule: {text}\ntitle: {text}\nelements:\n"
            f"  {name}: {{goal: {text}, undeveloped: true, in_context_of: C1}}\n"
            f"  C1: {{context: {text}, extra: {{url: '{SCRIPT}'}}}}\n"
            f"  M1: {{module: {text}, from: {text}}}\n"
        )
    else:
        path.write_text(
            f"module: {{name: {text}, brief: {text}, stylesheets: ['{SCRIPT}']}}\n"
            f"G1: {{text: {text}, undeveloped: true, url: '{SCRIPT}', classes: ['x\" onload=\"alert(1)'],"
            f" inContextOf: C1}}\nC1: {{text: {text}, url: 'data:text/html,<script>alert(1)</script>'}}\n"
        )
    said(cli("gsn", "render", path, "--out", tmp_path / "out"))
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) > 1
    for file in files:
        assert file.resolve().parent == (tmp_path / "out").resolve()
        if file.suffix == ".html":
            reader = _Tags()
            reader.feed(file.read_text("utf-8"))
            assert set(reader.tags) <= {"html", "head", "meta", "title", "body", "h1", "h2", "ol", "li", "p", "a"}
            assert {name for name, _ in reader.attributes} <= {"lang", "charset", "http-equiv", "content", "href"}
            continue
        root = ElementTree.fromstring(file.read_text("utf-8"))
        tags = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert tags <= {"svg", "title", "style", "rect", "g", "a", "path", "text", "circle", "ellipse", "polygon"}
        for node in root.iter():
            for key, value in node.attrib.items():
                assert not key.lower().startswith("on")
                assert not value.lower().startswith(("javascript:", "data:"))
    for to in ("sacm", "graphml", "mermaid"):
        said(cli("gsn", "export", path, "--to", to, "--out", tmp_path / f"out.{to}"))
    for to in ("sacm", "graphml"):
        ElementTree.parse(tmp_path / f"out.{to}")
    mermaid = (tmp_path / "out.mermaid").read_text("utf-8")
    assert "<script" not in mermaid and "<img" not in mermaid and "click " not in mermaid


def test_crowds_are_drawn(cli: Cli, tmp_path: Path) -> None:
    """Thousands of claim points at one element, and of challenges of one goal: work in proportion."""
    points = "".join(f"  A{index}: {{elements: Sn1, goal: G1}}\n" for index in range(5000))
    (tmp_path / "points.yaml").write_text(
        f"schema: gsn/1\nmodule: m\nclaim_points:\n{points}elements:\n"
        "  G1: {goal: It is so., supported_by: Sn1}\n  Sn1: {solution: Record, evidence: x}\n"
    )
    assert cli("gsn", "render", tmp_path / "points.yaml", "--out", tmp_path / "points").code == 0
    doubts = "".join(f"  D{n}: {{goal: It is not so., undeveloped: true, challenges: G1}}\n" for n in range(500))
    (tmp_path / "doubts.yaml").write_text(f"{HEAD}  G1: {{goal: It is so., undeveloped: true}}\n{doubts}")
    assert cli("gsn", "render", tmp_path / "doubts.yaml", "--out", tmp_path / "doubts").code == 0
    drawn = "".join(file.read_text("utf-8") for file in (tmp_path / "doubts").glob("*.svg"))
    assert all(f">D{n}<" in drawn for n in range(500))
