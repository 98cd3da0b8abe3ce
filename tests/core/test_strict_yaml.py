"""Strict YAML: what is refused, where findings stand, and that no bytes whatever get through as a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from evidence import strict_yaml
from evidence.errors import AssuranceError, InputError
from evidence.specification import Frozen
from evidence.strict_yaml import MAX_BYTES, MAX_DEPTH, parse_yaml, read_yaml, validate


def refused(text: str | bytes) -> tuple[str, int | None, int | None]:
    """Code, line and column of the refusal."""
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "case.yaml")
    place = caught.value.finding.place
    assert place.file == "case.yaml"
    return caught.value.finding.code, place.line, place.column


# --- what is refused, and where --------------------------------------------------------------------------------


def test_a_duplicate_key_is_refused_at_its_second_place() -> None:
    assert refused("a: 1\nb:\n  c: 2\n  c: 3\n") == ("C104", 4, 3)
    assert refused("{a: 1, a: 2}") == ("C104", 1, 8)
    assert refused("1: a\n'1': b\n") == ("C104", 2, 1), "keys are text, however they are written"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x 1", 1),
        ("a: 1\nb: *x", 2),
        ("a: !!python/object/apply:os.system ['true']", 1),
        ("a: !!str 1", 1),
        ("a: ! 1", 1),
        ("? [a]\n: b", 1),
        ("a: 1\n---\nb: 2", 2),
    ],
)
def test_features_beyond_plain_data_are_refused(text: str, line: int) -> None:
    code, where, _ = refused(text)
    assert (code, where) == ("C105", line)


def test_an_alias_bomb_is_refused_before_it_is_expanded() -> None:
    bomb = "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n" for i in range(60))
    assert refused(bomb)[0] == "C105"


def test_depth_is_bounded_and_the_bound_itself_is_accepted() -> None:
    at = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    parse_yaml(at, "f")
    assert refused("[" + at + "]") == ("C102", 1, MAX_DEPTH + 1)
    assert refused("- " * 5000)[0] == "C102"
    assert refused("{a: " * 5000)[0] == "C102"


def test_size_is_bounded_in_bytes_and_in_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert refused(b"#" * (MAX_BYTES + 1))[0] == "C102"
    large = tmp_path / "large.yaml"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError) as caught:
        read_yaml(large)
    assert caught.value.finding.code == "C102"
    monkeypatch.setattr(strict_yaml, "MAX_NODES", 100)
    parse_yaml("[" + "1," * 99 + "]", "f")
    assert refused("[" + "1," * 100 + "]")[0] == "C102"


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"a: 'x", b"a: b: c", b"a:\n\t- x", b"\x00", "a: \ud800", b'a: "\\ud800"']
)
def test_broken_text_is_a_finding(text: bytes | str) -> None:
    assert refused(text)[0] == "C103"


def test_unreadable_files_are_findings(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(InputError) as caught:
            read_yaml(path)
        assert caught.value.finding.code == "C101"


# --- what values mean --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["12:30", "0o17", "0x1F", "1_000", "yes", "No", "on", "2026-01-31", ".inf", ".nan", "NaN", "TRUE", "Null", "="],
)
def test_what_other_readers_convert_stays_text(text: str) -> None:
    assert parse_yaml(f"a: {text}", "f").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("010", 10), ("-7", -7), ("1e3", 1000.0), (".5", 0.5), ("true", True), ("~", None), ("", None), ("'1'", "1")],
)
def test_plain_values(text: str, value: Any) -> None:
    found = parse_yaml(f"a: {text}", "f").value["a"]
    assert found == value and type(found) is type(value)


# --- findings of validation --------------------------------------------------------------------------------------


class Circle(Frozen):
    kind: Literal["circle"]
    radius: Annotated[float, Field(gt=0)]


class Boxes(Frozen):
    """A variant with a field that is called like its tag."""

    kind: Literal["boxes"]
    boxes: tuple[int, ...]


class Drawing(Frozen):
    name: str
    shapes: tuple[Annotated[Circle | Boxes, Field(discriminator="kind")], ...] = Field(min_length=1)
    size: tuple[int, ...] | Literal["all"] = "all"


def findings(text: str) -> list[tuple[str, int | None, int | None, str | None]]:
    with pytest.raises(InputError) as caught:
        validate(parse_yaml(text, "d.yaml"), Drawing)
    return [(f.code, f.place.line, f.place.column, f.place.field) for f in caught.value.findings]


def test_unknown_missing_and_wrong_fields_have_place_and_path() -> None:
    assert findings("nmae: x\nshapes:\n  - kind: circle\n    radius: -1\n") == [
        ("C108", 1, 1, "name"),
        ("C106", 4, 5, "shapes[0].radius"),
        ("C107", 1, 1, "nmae"),
    ]


def test_unions_give_one_readable_finding_for_one_mistake() -> None:
    head = "name: x\nshapes:\n"
    assert findings(head + "  - {kind: triangle}\n") == [("C106", 3, 5, "shapes[0]")]
    assert findings(head + "  - {radius: 1}\n") == [("C106", 3, 5, "shapes[0]")]
    assert findings(head + "  - {kind: circle}\n") == [("C108", 3, 5, "shapes[0].radius")]
    assert findings(head + "  - {kind: boxes, boxes: [1], bxs: 2}\n") == [("C107", 3, 31, "shapes[0].bxs")]
    assert findings(head + "  - {kind: boxes}\n") == [("C108", 3, 5, "shapes[0].boxes")]
    assert findings(head + "  - {kind: boxes, boxes: [1, x]}\n") == [("C106", 3, 30, "shapes[0].boxes[1]")]
    good = head + "  - {kind: boxes, boxes: [1]}\n"
    assert findings(good + "size: [1, x]\n") == [("C106", 4, 11, "size[1]")]
    assert findings(good + "size: some\n") == [("C106", 4, 1, "size")]


def test_an_empty_list_is_reported_where_it_stands() -> None:
    assert findings("name: x\nshapes: []\n") == [("C106", 2, 1, "shapes")]


def test_messages_are_short_and_free_of_python() -> None:
    with pytest.raises(InputError) as caught:
        validate(
            parse_yaml(f"name: x\nshapes: [{{kind: {'y' * 9999}, radius: 1}}]\nsize: {'z' * 9999}\n", "d"), Drawing
        )
    for finding in caught.value.findings:
        assert len(finding.message) < 200
        assert "pydantic" not in str(finding) and "Traceback" not in str(finding)


# --- no bytes get through as a traceback -----------------------------------------------------------------------------


def swallow(data: bytes | str) -> None:
    try:
        validate(parse_yaml(data, "junk"), Drawing)
    except AssuranceError as error:
        assert all(len(str(finding)) < 2000 for finding in error.findings)


_NESTED = st.recursive(
    st.integers(-9, 9) | st.sampled_from(["x", "two words", "1.2.3"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=12,
)


def written(value: Any, places: dict[tuple[str | int, ...], tuple[int, int]]) -> str:
    """A value in block style, and the line and column of its key, of its item or of itself, by path."""
    lines = [] if isinstance(value, dict | list) and value else [""]

    def write(value: Any, path: tuple[str | int, ...], indent: int) -> None:
        if not isinstance(value, dict | list) or not value:
            lines[-1] += str(value)
            return
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            lines.append(" " * indent + (f"{step}: " if isinstance(step, str) else "- "))
            places[*path, step] = (len(lines), indent + 1)
            if isinstance(step, int):  # an item's place is that of its value, in the next line if it has parts
                block = isinstance(inner, dict | list) and inner
                places[*path, step] = (len(lines) + 1, indent + 3) if block else (len(lines), indent + 3)
            write(inner, (*path, step), indent + 2)

    places[()] = (1, 1)
    write(value, (), 0)
    return "\n".join(lines)


@given(_NESTED)
def test_every_value_is_read_and_has_the_place_where_it_is_written(value: Any) -> None:
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    document = parse_yaml(written(value, places), "f")
    assert document.value == value
    for path, (line, column) in places.items():
        for asked in (path, (*path, "z"), (*path, 9), (*path, -1, "a")):  # what is not there is where its parent is
            place = document.place(asked)
            assert (place.line, place.column) == (line, column), asked
    assert parse_yaml("", "f").place(("a",)).line == 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_junk_bytes_raise_nothing_but_findings(data: bytes) -> None:
    swallow(data)


_WORDS = ["a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "&a ", "*a", "!t ", "|", ">", "'", '"', "#", "---", "?", "%", "\t", "é", "1", "<<", "kind", "circle"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=60))
def test_junk_that_looks_like_yaml_raises_nothing_but_findings(words: list[str]) -> None:
    swallow("".join(words))


@pytest.mark.parametrize("seed", range(6))
def test_100_kilobytes_of_junk(seed: int) -> None:
    import random

    rng = random.Random(seed)
    if seed % 2:
        swallow(bytes(rng.randrange(256) for _ in range(100_000)))
    else:
        swallow("".join(rng.choice(_WORDS) for _ in range(60_000)))
