"""Files that mean harm: entity bombs, deep nesting, gigantic tokens, 200 MB. Bounded memory, one finding each."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import cast, get_args

import pytest
from engineering_toys import GCOVR, PYTEST, Repeated, read_stream, read_text, refused, suite
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.digest import of_bytes
from evidence.engineering import KINDS, READERS, read
from evidence.engineering.xml_events import MAX_ATTRIBUTES, MAX_DEPTH
from evidence.errors import InputError
from evidence.records.engineering import Format, Plan

XML: tuple[Format, ...] = ("junit", "cobertura", "reqif")
ROOTS = {"junit": "testsuite", "cobertura": 'coverage line-rate="1"', "reqif": "REQ-IF"}

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><x>&j;</x>"
)


@pytest.mark.parametrize("format", XML)
@pytest.mark.parametrize(
    "text",
    [
        BOMB.encode(),
        BOMB.replace('"1.0"?', '"1.0" encoding="UTF-16"?').encode("utf-16"),
        b'<!DOCTYPE testsuite SYSTEM "file:///etc/passwd"><testsuite/>',
        b'<!DOCTYPE testsuite [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite>&e;</testsuite>',
        b'<!DOCTYPE testsuite [<!ENTITY % p SYSTEM "http://127.0.0.1/x">%p;]><testsuite/>',
        b'<!DOCTYPE testsuite [<!ATTLIST testsuite failures CDATA "0">]><testsuite/>',
        b'<!DOCTYPE coverage PUBLIC "x" "coverage-04.dtd"><coverage/>',
        b"<!DOCTYPE x><x/>",
    ],
)
def test_declarations_are_refused(format: Format, text: bytes) -> None:
    assert refused(format, text)[0] == "E162"


@pytest.mark.parametrize("place", ['version="gcovr &x;"', 'version="&lt;" complexity="&x;0"'])
@pytest.mark.parametrize("pad", [0, 262_100, 262_130, 262_140, 524_270])
def test_a_dropped_reference_is_seen_wherever_it_stands(place: str, pad: int) -> None:
    text = GCOVR.replace('version="gcovr 7.0"', place).replace('complexity="0.0" timestamp', "timestamp", 1)
    assert refused("cobertura", text.replace("<packages>", " " * pad + "<packages>"))[0] == "E162"
    late = GCOVR.replace("<packages>", " " * pad + '<packages name="&amp;&#65;&quot;">')
    assert read_text("cobertura", late).statement is not None, "what XML itself knows is fine, at any boundary"
    assert refused("cobertura", late.replace("&#65;", "&aa;"))[0] == "E162"


@pytest.mark.parametrize("format", XML)
def test_deep_nesting_and_many_attributes(format: Format) -> None:
    root, name = ROOTS[format], ROOTS[format].split()[0]
    assert refused(format, f"<{root}>" + "<a>" * 100_000)[0] == "E163"
    inside = MAX_DEPTH - 1
    read_text(format, f"<{root}>" + "<a>" * inside + "</a>" * inside + f"</{name}>")
    many = " ".join(f'a{i}="1"' for i in range(MAX_ATTRIBUTES + 1))
    assert refused(format, f"<{root}><b {many}/></{name}>")[0] == "E163"


@pytest.mark.parametrize("format", XML)
def test_one_gigantic_token_ends_early(format: Format) -> None:
    name = ROOTS[format].split()[0]
    for head in (f'<{ROOTS[format]} x="', f"<{ROOTS[format]}><!--", f"<{ROOTS[format]}><?p "):
        stream = Repeated(head.encode(), b"a" * 1024, 200_000, f"</{name}>".encode())
        with pytest.raises(InputError) as caught:
            read_stream(format, stream)
        assert caught.value.finding.code == "E163"


LIMITED = """
import resource, sys
sys.path[:0] = {paths!r}
from engineering_toys import Repeated, read_stream
limit = {limit} * 1024 * 1024
case = b'<testcase classname="tests.table" name="c"><system-out>' + b"x" * {size} + b"</system-out></testcase>"
stream = Repeated(b'<testsuite tests="{count}">', case, {count}, b"</testsuite>")
assert stream.size > 200_000_000, stream.size
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read_stream("junit", stream)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
assert grown < limit, grown
print(found.tests, found.repeated, grown)
"""


def test_200_megabytes_are_read_in_bounded_memory() -> None:
    """In a process of its own, so that its peak is its own."""
    here = Path(__file__).resolve().parent
    script = LIMITED.format(paths=[str(here), str(here.parents[1])], limit=64, size=2000, count=100_000)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] == ["100000", "99999"]


def test_more_cases_or_bytes_than_are_read_is_a_refusal() -> None:
    with pytest.raises(InputError) as caught:
        read_stream("junit", Repeated(b"<testsuite>", b"<testcase/>" * 100, 10_001, b"</testsuite>"))
    assert caught.value.finding.code == "E163" and "1000000 test cases" in caught.value.finding.message
    with pytest.raises(InputError) as caught:
        read_stream("junit", Repeated(b"<testsuite>", b" " * 65_536, 4_000, b"</testsuite>"))
    assert "256000000 bytes" in caught.value.finding.message
    for format in ("requirements-csv", "training-log", "review", "dataset-report", "problem-reports"):
        with pytest.raises(InputError) as caught:
            read_stream(cast(Format, format), Repeated(b"", b"a,b\n" * 1000, 200_000, b""))
        assert caught.value.finding.code == "E163"


@pytest.mark.parametrize("data", [b'<?xml version="1.0" encoding="klingon"?><testsuite/>', PYTEST.encode("utf-16-le")])
def test_encodings_that_cannot_be_read(data: bytes) -> None:
    assert refused("junit", data)[0] == "E161"


@pytest.mark.parametrize("format", [*XML, "requirements-csv", "review", "training-log"])
@pytest.mark.parametrize("data", [gzip.compress(PYTEST.encode()), b"PK\x03\x04\x00\x00", b"7z\xbc\xaf'\x1c"])
def test_archives_are_named_as_such(format: Format, data: bytes) -> None:
    assert refused(format, data) == ("E160", None)


def test_utf_16_and_latin_1_are_read_where_they_are_declared() -> None:
    text = suite('<testcase name="größe"><failure/></testcase>')
    for encoding in ("UTF-16", "ISO-8859-1"):
        data = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
        assert read_text("junit", data).notes[0].name == "größe"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(get_args(Format)), st.binary(max_size=200))
def test_no_bytes_get_through_as_a_traceback(format: Format, data: bytes) -> None:
    try:
        read_text(format, data)
    except InputError as error:
        assert error.finding.code in {f"E16{n}" for n in range(6)}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_damaged_byte_is_read_or_refused(data: st.DataObject) -> None:
    import engineering_toys as toys

    format, text = data.draw(
        st.sampled_from(
            [("junit", toys.GTEST), ("cobertura", toys.GCOVR), ("reqif", toys.REQIF), ("review", toys.REVIEW),
             ("dataset-report", toys.DATA_SET), ("problem-reports", toys.PROBLEMS)]
        )
    )  # fmt: skip
    whole = bytearray(text.encode())
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_text(cast(Format, format), bytes(whole))
    except InputError as error:
        assert error.finding.code.startswith("E16") and len(error.findings) == 1


def test_every_format_has_a_reader_and_kinds() -> None:
    from assurance.catalogue_vocabulary import EvidenceKind

    assert set(READERS) == set(KINDS) == set(get_args(Format))
    assert all(kinds <= {kind.value for kind in EvidenceKind} for kinds in KINDS.values())


def test_what_a_reader_did_not_foresee_is_one_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READERS, "plan", lambda _: Plan(form="pdf", size=-1))
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF-")
    with pytest.raises(InputError) as caught:
        read("plan", path, "plan.pdf")
    assert caught.value.finding.code == "E165"


def test_a_file_that_changes_or_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_text(PYTEST, "utf-8")
    assert read("junit", path, "r.xml", of_bytes(PYTEST.encode())).kind == "test-results"
    for other, digest in ((path, of_bytes(b"x")), (tmp_path / "none.xml", None), (tmp_path, None)):
        with pytest.raises(InputError) as caught:
            read("junit", other, "r.xml", digest)
        assert caught.value.finding.code == "E160"
