"""The evidence store: kept bytes, detected changes, the journal, and names that lead out of the folder."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.digest import PREFIX, canonical_json, of_bytes, of_file, parse_json, short
from evidence.errors import AssuranceError, StoreError
from evidence.store import Entry, Store

KEY = "sha256:" + "1" * 64


def object_path(store: Store, digest: str) -> Path:
    name = digest.removeprefix(PREFIX)
    return store.root / "objects" / name[:2] / name


def code_of(caught: pytest.ExceptionInfo[StoreError]) -> str:
    return caught.value.finding.code


def entry(**changes: str) -> Entry:
    fields = {"requirement": "R1", "criterion": KEY, "record": KEY, "run": "run-1", "outcome": "met"}
    return Entry(**(fields | changes))


# --- digests -------------------------------------------------------------------------------------------------------------


def test_digests_are_sha256_over_the_bytes(tmp_path: Path) -> None:
    assert of_bytes(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "f").write_bytes(b"abc")
    assert of_file(tmp_path / "f") == of_bytes(b"abc")
    assert short(of_bytes(b"abc")) == "ba7816bf8f01"


def test_hashed_json_has_one_form_and_no_nan() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'.encode()
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            canonical_json([value])


def test_json_is_read_to_a_bounded_depth_whatever_the_interpreter_allows() -> None:
    at = b"[" * 150 + b"]" * 150
    assert parse_json(at) == json.loads(at)
    text = b'{"a": "[[[[{{", "b\\"[": "\\\\", "c": [' + b'["]"],' * 500 + b"[]]}"
    assert parse_json(text) == json.loads(text), "brackets inside strings are no levels"
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        for deep in (
            b"[" * 250 + b"]" * 250,
            b"[" * 1_000_000,
            b'{"a":' * 1_000_000,
            b'["' + b'\\"' * 500_000,
            b'"' * 500_001,
        ):
            with pytest.raises(ValueError):
                parse_json(deep)
    finally:
        sys.setrecursionlimit(limit)


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 40), st.integers(-(10**30), 10**30))
def test_numbers_are_read_to_the_nearest_double(value: float, digits: int, whole: int) -> None:
    """A bound that a reader rounds the wrong way would be another bound."""
    for text in (repr(value), f"{value:.{digits}e}", f"{Decimal(value) / 3:.40e}", f"{whole}.5e-17"):
        assert float(parse_json(text.encode())).hex() == float(text).hex()
    assert parse_json(str(whole).encode()) == whole


# --- objects ---------------------------------------------------------------------------------------------------------------


def test_opening_a_store_creates_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "evidence")
    assert list(store.digests()) == [] and store.journal() == [] and KEY not in store
    assert store.answer(KEY) is None and store.sidecar(KEY) == {}
    assert not (tmp_path / "evidence").exists()


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=300))
def test_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    digest = store.put(data)
    assert digest == of_bytes(data) and store.get(digest) == data and digest in store
    assert store.put(data) == digest and list(store.digests()) == [digest]
    assert Store(store.root).get(digest) == data


@pytest.mark.parametrize("size", [0, 1, *(step * 2**14 + more for step in (1, 2, 5) for more in (-1, 0, 1)), 3_000_000])
def test_objects_of_every_size_come_back_whole(tmp_path: Path, size: int) -> None:
    """Larger files are read in several steps."""
    store, data = Store(tmp_path), (b"0123456" * (size // 7 + 1))[:size]
    assert store.get(store.put(data)) == data


def test_only_unknown_digests_are_listed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one, two, three = sorted(store.put(data) for data in (b"1", b"2", b"3"))
    assert list(store.digests({two})) == [one, three] and list(store.digests({one, two, three})) == []
    (object_path(store, one).parent / "no digest").write_bytes(b"")
    assert list(store.digests({three})) == [one, two]


def test_a_changed_object_is_never_given_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(b"evidence")
    path = object_path(store, digest)
    for altered in (b"evidencf", b"", b"evidence "):
        path.write_bytes(altered)
        with pytest.raises(StoreError) as caught:
            store.get(digest)
        assert code_of(caught) == "E103" and str(path) in str(caught.value.finding)
    path.unlink()
    with pytest.raises(StoreError) as caught:
        store.get(digest)
    assert code_of(caught) == "E102"


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        "sha256:../../../etc/passwd",
        "sha256:" + "0" * 63,
        "sha256:" + "0" * 65,
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 64 + "\n",
        "sha256:" + "0" * 62 + "/.",
        "md5:" + "0" * 64,
        "None",
    ],
)
def test_only_digests_name_objects(tmp_path: Path, digest: str) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    store = Store(tmp_path / "evidence")
    with pytest.raises(StoreError) as caught:
        store.get(digest)
    assert code_of(caught) == "E102"
    with pytest.raises(StoreError):
        store.__contains__(digest)
    for call in (store.answer, store.sidecar):
        with pytest.raises(StoreError) as caught:
            call(digest)
        assert code_of(caught) == "E104"


def test_a_failing_write_leaves_neither_object_nor_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError) as caught:
        store.put(b"evidence")
    assert code_of(caught) == "E105" and "No space left" in caught.value.finding.message
    with pytest.raises(StoreError):
        store.remember(KEY, KEY, {})
    with pytest.raises(StoreError):
        store.note(entry())
    monkeypatch.undo()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "journal.jsonl"] == []
    assert of_bytes(b"evidence") not in store


def test_a_store_in_the_place_of_a_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = Store(tmp_path / "file")
    for call in (lambda: store.put(b"x"), lambda: store.note(entry()), lambda: store.remember(KEY, KEY, {})):
        with pytest.raises(StoreError) as caught:
            call()
        assert code_of(caught) == "E105"
    with pytest.raises(StoreError) as caught:
        store.get(KEY)
    assert code_of(caught) == "E102"


def test_concurrent_writers_leave_whole_objects(tmp_path: Path) -> None:
    payloads = [bytes([i % 4]) * 50_000 for i in range(64)]
    with ThreadPoolExecutor(16) as pool:
        digests = list(pool.map(lambda data: Store(tmp_path).put(data), payloads))
    store = Store(tmp_path)
    assert [store.get(digest) for digest in digests] == payloads
    assert len(list(store.digests())) == 4
    assert not list(tmp_path.rglob(".writing-*"))


def test_strange_files_in_the_store_are_no_objects(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(b"x")
    (object_path(store, digest).parent / "README").write_text("x")
    (object_path(store, digest).parent / ".writing-abc").write_text("x")
    assert list(store.digests()) == [digest]


# --- requests ----------------------------------------------------------------------------------------------------------------


def test_requests_remember_their_record_and_sidecar(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.remember(KEY, "sha256:" + "2" * 64, {"seconds": 1.5})
    assert store.answer(KEY) == "sha256:" + "2" * 64 and store.sidecar(KEY) == {"seconds": 1.5}
    store.remember(KEY, "sha256:" + "3" * 64, {})
    assert store.answer(KEY) == "sha256:" + "3" * 64


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 200_000, b'{"record": 5}', b"{}", b'{"record": null}']
)
def test_a_broken_request_is_a_finding(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.remember(KEY, KEY, {})
    (tmp_path / "requests" / ("1" * 64 + ".json")).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        store.answer(KEY)
    assert code_of(caught) == "E104"


@pytest.mark.parametrize("sidecar", [5, "text", [1, 2], None])
def test_a_strange_sidecar_is_as_good_as_none(tmp_path: Path, sidecar: Any) -> None:
    store = Store(tmp_path)
    store.remember(KEY, KEY, {})
    (tmp_path / "requests" / ("1" * 64 + ".json")).write_text(json.dumps({"record": KEY, "sidecar": sidecar}))
    assert store.sidecar(KEY) == {}


# --- the journal ---------------------------------------------------------------------------------------------------------------


def test_the_journal_keeps_order_and_repeats_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = entry(), entry(run="run-2", outcome="refuted")
    for item in (first, second, first, second, first):
        store.note(item)
    assert store.journal() == [first, second] == Store(tmp_path).journal()


def test_going_back_to_an_earlier_state_is_noted(tmp_path: Path) -> None:
    """Else the record of the abandoned state would stay the newest of its run for ever."""
    store = Store(tmp_path)
    before, after = entry(record="sha256:" + "2" * 64), entry(record="sha256:" + "3" * 64)
    for item in (before, after, before, before):
        store.note(item)
    assert store.journal() == [before, after, before]


@pytest.mark.parametrize("left", [None, 0, 1])
def test_a_journal_that_somebody_cut_is_read_anew(tmp_path: Path, left: int | None) -> None:
    """What was noted once and is gone now has to be noted again."""
    store = Store(tmp_path)
    entries = [entry(run=f"run-{i}") for i in range(3)]
    for item in entries:
        store.note(item)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    if left is None:
        journal.unlink()
    else:
        journal.write_bytes(b"".join(lines[:left]))
    for item in entries:
        store.note(item)
    assert store.journal() == entries


def test_lines_of_other_processes_are_seen(tmp_path: Path) -> None:
    one, two = Store(tmp_path), Store(tmp_path)
    before, after = entry(record="sha256:" + "2" * 64), entry(record="sha256:" + "3" * 64)
    one.note(before)
    two.note(after)
    one.note(before)
    assert one.journal() == [before, after, before]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"5",
        b"[]",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"requirement": "R1"}',
        b'{"requirement": "R1", "criterion": "c", "record": 5, "run": "r", "outcome": "met"}',
        b'{"requirement": ["R1"], "criterion": "c", "record": "d", "run": "r", "outcome": "met"}',
        b'{"requirement": "R1", "criterion": "c", "record": "d", "run": "r", "outcome": "met", "more": 1}',
        b'{"requirement": "R1", "criterion": "c", "record": "d", "run": "r", "outcome": "met", "more": "1"}',
        b'["R1", "c", "d", "r", "met"]',
    ],
)
def test_a_broken_journal_line_is_named(tmp_path: Path, line: bytes) -> None:
    store = Store(tmp_path)
    store.note(entry())
    with (tmp_path / "journal.jsonl").open("ab") as stream:
        stream.write(line + b"\n")
    with pytest.raises(StoreError) as caught:
        store.journal()
    assert code_of(caught) == "E104" and caught.value.finding.place.line == 2


def test_an_unreadable_journal_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.note(entry())

    def fail(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(StoreError) as caught:
        store.journal()
    assert code_of(caught) == "E104"


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_a_junk_journal_raises_nothing_but_findings(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    (store.root / "journal.jsonl").write_bytes(data)
    try:
        store.journal()
    except AssuranceError as error:
        assert error.finding.code == "E104"
