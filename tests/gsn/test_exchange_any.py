"""One door for all forms: told apart by content, read, and written elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import gsn_toys
import pytest

from assurance.gsn.arguments import Arguments
from assurance.gsn.exchange import FORMATS, detect, export, read_any, write_any
from assurance.gsn.exchange.gsn2x_words import OUR_CODES
from assurance.gsn.model import Argument
from evidence.errors import InputError

PAGE = Path(__file__).parents[2] / "docs" / "exchange.md"
READABLE = ("native", "gsn2x", "sacm", "sacm-emf")


def stored(folder: Path, to: str, arguments: Arguments) -> Path:
    files = write_any(arguments, to)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / next(iter(files))


def small() -> Arguments:
    return Arguments([gsn_toys.small()])


@pytest.mark.parametrize("to", READABLE)
def test_each_form_is_known_by_its_content(to: str, tmp_path: Path) -> None:
    path = stored(tmp_path, to, small())
    other = path.with_name("no-suffix")
    path.rename(other)
    arguments, findings = read_any(other)
    assert arguments == small() and findings == []
    assert detect(other.read_bytes()) == to.removesuffix("-emf")


def test_the_json_of_the_model_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(gsn_toys.small().as_json()))
    assert read_any(path) == (small(), [])
    path.write_text('{"schema": "gsn-argument/2", "module": 3}')
    with pytest.raises(InputError) as caught:
        read_any(path)
    assert {item.code for item in caught.value.findings} == {"G130"}


@pytest.mark.parametrize("source", READABLE)
@pytest.mark.parametrize("to", FORMATS)
def test_export_from_each_to_each(source: str, to: str, tmp_path: Path) -> None:
    path = stored(tmp_path, source, small())
    done = export(path, to, tmp_path / "out" / "result")
    assert done.files == (tmp_path / "out" / "result",) and done.findings == ()
    if to in READABLE:
        assert read_any(done.files[0])[0] == small()


def test_several_modules_go_into_a_folder(tmp_path: Path) -> None:
    other = Argument("other")
    other.add(*gsn_toys.small())
    both = Arguments([gsn_toys.small(), other])
    source = stored(tmp_path, "sacm", both)
    done = export(source, "gsn2x", tmp_path / "out")
    assert len(done.files) == 2 and all(file.parent == tmp_path / "out" for file in done.files)
    assert read_any(done.files[0])[0] == both
    assert export(source, "gsn2x").files[0].parent != source.parent
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="do not fit"):
        export(source, "gsn2x", tmp_path / "file")
    with pytest.raises(InputError, match="cannot write"):
        export(source, "sacm", tmp_path / "file" / "below")


def test_the_source_is_never_overwritten(tmp_path: Path) -> None:
    path = stored(tmp_path, "gsn2x", small())
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        export(path, "sacm", path)
    assert caught.value.finding.code == "G224" and path.read_bytes() == before
    beside = export(path, "sacm").files[0]
    assert beside.parent == path.parent and beside != path


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    for data, code in {
        b"": "G204",
        b"\x00\x01": "C103",
        b"{]": "G130",
        b"<x": "G230",
        b"a: &b [*b]": "C105",
        b"<!DOCTYPE x><x/>": "G231",
    }.items():
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_any(path)
        assert caught.value.finding.code == code, data
    with pytest.raises(InputError):
        read_any(tmp_path / "missing")
    with path.open("wb") as file:  # 100 MB, sparse
        file.truncate(100_000_000)
    with pytest.raises(InputError) as caught:
        read_any(path)
    assert caught.value.finding.code == "C102"


def test_the_page_maps_each_code_of_gsn2x() -> None:
    rows = [line.split("|")[1:3] for line in PAGE.read_text("utf-8").splitlines() if line.startswith(("| V", "| C"))]
    assert {code.strip(): tuple(ours.split()) for code, ours in rows} == OUR_CODES
