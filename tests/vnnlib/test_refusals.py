"""What cannot be read is one clear, coded message with its place, in bounded time and memory."""

from __future__ import annotations

import gzip
import sys
import zlib

import pytest

from evidence.errors import AssuranceError, InputError, UnsupportedError
from evidence.vnnlib import read_property, reader
from evidence.vnnlib import text as text_module

HEAD = "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n"
BOX = "(assert (>= X_0 0))\n(assert (<= X_0 1))\n"
GOOD = HEAD + BOX + "(assert (<= Y_0 Y_1))\n"
HEAD2 = "(vnnlib-version <2.0>)\n(declare-network n (declare-input X Real [2]) (declare-output Y Real []))\n"
BOX2 = "(assert (and (>= X[0] 0) (<= X[0] 1) (>= X[1] 0) (<= X[1] 1)))\n"


def refused(data: bytes | str) -> AssuranceError:
    with pytest.raises(AssuranceError) as caught:
        read_property(data.encode() if isinstance(data, str) else data, "some.vnnlib")
    assert caught.value.exit_code == 2
    assert len(caught.value.finding.message) < 400
    assert caught.value.finding.place.file == "some.vnnlib"
    return caught.value


def test_the_good_ones_are_read() -> None:
    assert read_property(GOOD.encode()).version == "1.0"
    assert read_property((HEAD2 + BOX2 + "(assert (<= Y 0))").encode()).version == "2.0"


@pytest.mark.parametrize(
    ("tail", "code", "line"),
    [
        ("(assert (<= Y_9 0))", "N123", 7),
        ("(assert (<= Z 0))", "N123", 7),
        ("(assert (<= Y_00 0))", "N123", 7),
        ("(assert (foo Y_0 0))", "N123", 7),
        ("(check-sat)", "N123", 7),
        ("(assert Y_0)", "N123", 7),
        ("(assert ((<= Y_0 0)))", "N123", 7),
        ("(assert (<= (sin Y_0) 0))", "N123", 7),
        ("(declare-const X_0 Real)", "N124", 7),
        ("(declare-const A Real)", "N124", 7),
        ("(declare-const X_01 Real)", "N124", 7),
        ("(assert (<= Y_0))", "N125", 7),
        ("(assert (<= Y_0 1 2))", "N125", 7),
        ("(assert (and))", "N125", 7),
        ("(assert (or))", "N125", 7),
        ("(assert (<= Y_0 0) (<= Y_0 0))", "N125", 7),
        ("(assert)", "N125", 7),
        ("(assert (<= (+) Y_0))", "N125", 7),
        ("(declare-const Y_2)", "N125", 7),
        ("(assert (<= Y_0 1e999999999))", "N126", 7),
        ("(assert (<= Y_0 1e-999999999))", "N126", 7),
        ("(assert (<= Y_0 1e301))", "N126", 7),
        ("(assert (<= Y_0 (* 1e300 1e300)))", "N126", 7),
        ("(assert (<= (* 1e-300 X_0) 1e300))", "N126", 7),
        ("(assert (<= Y_0 1.2.3))", "N126", 7),
        ("(assert (<= Y_0 --1))", "N126", 7),
        ("(assert (<= Y_0 0x10))", "N126", 7),
        ("(assert (<= Y_0 1_000))", "N126", 7),
        ("(assert (<= Y_0 +inf))", "N126", 7),
        ("(assert (<= Y_0 -))", "N126", 7),
        ("(assert (<= Y_0 Y_0))", "N130", 7),
        ("(assert (<= 0 1))", "N130", 7),
        ("(assert (<= (* 0 Y_0) 1))", "N130", 7),
        ("\n\n   (assert (not (<= Y_0 0)))", "N131", 9),
        ("(assert (!= Y_0 0))", "N131", 7),
        ("(assert true)", "N131", 7),
        ("(assert (<= X_0 Y_0))", "N131", 7),
        ("(assert (<= (* Y_0 Y_1) 1))", "N131", 7),
        ("(assert (<= (/ Y_0 2) 1))", "N131", 7),
        ("(declare-const X_1 Int)", "N131", 7),
        (")", "N122", 7),
        ("()", "N122", 7),
        ("x", "N122", 7),
        ("(assert (<= Y_0 0)", "N122", 7),
        ('(assert (<= Y_0 "0', "N122", 7),
        ("(assert (<= [0] 0))", "N123", 7),
        ("(assert ([0] 0))", "N122", 7),
        ("((assert))", "N122", 7),
    ],
)
def test_mistakes_name_their_line(tail: str, code: str, line: int) -> None:
    error = refused(GOOD + tail)
    assert error.finding.code == code, str(error.finding)
    assert error.finding.place.line == line
    assert isinstance(error, UnsupportedError if code == "N131" else InputError)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "N122", "holds no"),
        ("; only a comment", "N122", "holds no"),
        (HEAD + BOX, "N129", "outputs"),
        (HEAD + "(assert (<= Y_0 0))", "N127", "lower"),
        (HEAD + "(assert (>= X_0 0))(assert (<= Y_0 0))", "N127", "upper"),
        (HEAD + "(assert (>= X_0 1))(assert (<= X_0 0))(assert (<= Y_0 0))", "N128", "input 0"),
        (HEAD + "(assert (> X_0 0))(assert (<= X_0 0))(assert (<= Y_0 0))", "N128", "excluded"),
        (HEAD + BOX + "(assert (or (<= Y_0 0) (and (>= X_0 2) (<= Y_0 0))))", "N128", "case 2"),
        (HEAD + BOX + "(assert (or (<= Y_0 0) (>= X_0 0.5)))", "N129", "case 2"),
        (HEAD + "(assert (or (and (>= X_0 0) (<= X_0 1) (<= Y_0 0)) (and (<= X_0 1) (<= Y_0 0))))", "N127", "case 2"),
        ("(declare-const X_0 Real)" + BOX + "(assert (<= X_0 1))", "N124", "Y_0"),
        ("(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)(assert (<= Y_0 1))", "N124", "X_1"),
    ],
)
def test_vacuous_unbounded_contradictory(text: str, code: str, words: str) -> None:
    error = refused(text)
    assert error.finding.code == code, str(error.finding)
    assert words in error.finding.message


def test_linear_constraints_between_inputs_are_not_supported() -> None:
    text = GOOD.replace("(declare-const Y_0", "(declare-const X_1 Real)(declare-const Y_0") + "(assert (<= X_0 X_1))"
    error = refused(text)
    assert isinstance(error, UnsupportedError)
    assert "several inputs" in error.finding.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD2.replace("2.0", "2.1"), "N131"),
        (HEAD2 + "(vnnlib-version <2.0>)", "N122"),
        (HEAD2 + "(declare-network m (declare-input A Real [2]) (declare-output B Real []))", "N131"),
        (HEAD2.replace("(declare-output", '(declare-hidden H Real [1] "h") (declare-output'), "N131"),
        (HEAD2.replace("(declare-output", "(declare-input Z Real [1]) (declare-output"), "N131"),
        (HEAD2.replace("X Real", "X int32"), "N131"),
        (HEAD2.replace("X Real", "X float32"), "N131"),
        (HEAD2.replace("X Real [2]", "X Real [2] initialized"), "N131"),
        (HEAD2.replace("Y Real", "X Real"), "N124"),
        (HEAD2.replace("(declare-output Y Real [])", ""), "N124"),
        (HEAD2.replace("[2]", "[0]"), "N124"),
        (HEAD2.replace("[2]", "[1000000,1000000,1000000]"), "N124"),
        (HEAD2.replace("[2]", "[-2]"), "N124"),
        (HEAD2.replace("X Real [2]", "X Real"), "N124"),
        (HEAD2 + "(declare-const X_0 Real)", "N123"),
        (HEAD2 + "(assert (<= X_0 0))", "N123"),
        (HEAD2 + "(assert (<= X[2] 0))", "N123"),
        (HEAD2 + "(assert (<= X[0,0] 0))", "N123"),
        (HEAD2 + "(assert (<= X 0))", "N123"),
        (HEAD2 + "(assert (<= Y[0] 0))", "N123"),
        (HEAD2 + "(assert (<= X[] 0))", "N123"),
        (HEAD2 + "(assert (<= X[99999999999999999999] 0))", "N123"),
        (HEAD2 + BOX2, "N129"),
        ("(vnnlib-version <2.0>)", "N124"),
        ("(vnnlib-version <2.0>)(assert (<= X[0] 1))", "N123"),
        ("(vnnlib-version)", "N125"),
        ("(vnnlib-version <2.0>)(declare-network)", "N125"),
        ("(vnnlib-version <2.0>)(declare-network n x)", "N122"),
    ],
)
def test_version_2_mistakes(text: str, code: str) -> None:
    assert refused(text).finding.code == code


# --- hostile files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", ["(", "(and ", "(assert (and ", "(- ", "(assert (<= "])
def test_a_million_nested_brackets(piece: str) -> None:
    limit = sys.getrecursionlimit()
    for text in (piece * 1_000_000, GOOD + piece * 1_000_000, GOOD + "(assert " + piece * 1_000_000 + ")" * 1_000_001):
        assert refused(text).finding.code in ("N121", "N122", "N123")
    assert sys.getrecursionlimit() == limit


def test_a_million_digits() -> None:
    assert refused(GOOD + f"(assert (<= Y_0 {'9' * 1_000_000}))").finding.code == "N126"
    assert refused(GOOD + f"(assert (<= Y_0 0.{'9' * 1_000_000}))").finding.code == "N126"
    assert refused(GOOD + f"(assert (<= Y_0 1e{'9' * 150}))").finding.code == "N126"


def test_growing_products_are_bounded() -> None:
    tower = "(* " + " ".join(["1.000000000000000000000000000001"] * 100_000) + ")"
    assert refused(GOOD + f"(assert (<= Y_0 {tower}))").finding.code == "N126"


def test_control_characters_and_encodings() -> None:
    assert refused(GOOD.encode() + b"\x00").finding.code == "N120"
    assert refused(b"\xff\xfe" + GOOD.encode()).finding.code == "N120"
    assert refused(b"\x7fELF" + bytes(100)).finding.code == "N120"
    assert read_property(GOOD.replace("\n", "\r\n").encode()).inputs == 1
    assert read_property(("; µ-Kommentar\n" + GOOD).encode()).inputs == 1


def test_gzip_says_the_same() -> None:
    assert read_property(gzip.compress(GOOD.encode())) == read_property(GOOD.encode())
    halves = gzip.compress(GOOD[:40].encode()) + gzip.compress(GOOD[40:].encode())
    assert read_property(halves) == read_property(GOOD.encode())


def test_broken_gzip_and_bombs() -> None:
    packed = gzip.compress(GOOD.encode())
    assert refused(packed[:-9]).finding.code == "N120"
    assert refused(packed[:20] + b"xxxx" + packed[24:]).finding.code == "N120"
    assert refused(packed + b"tail").finding.code == "N120"
    bomb = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    data = b"".join(bomb.compress(b" " * 1_000_000) for _ in range(300)) + bomb.flush()
    assert len(data) < 400_000
    assert refused(data).finding.code == "N121"


def test_too_many_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert text_module.MAX_TOKENS == 3_000_000
    monkeypatch.setattr(text_module, "MAX_TOKENS", 30_000)
    assert refused(HEAD + "(assert (and" + " (<= Y_0 0)" * 7_000 + "))").finding.code == "N121"
    assert refused(HEAD + "(assert (<= Y_0 0))" * 7_000).finding.code == "N121"


def test_explosive_disjunctions_are_refused_before_they_are_expanded() -> None:
    two = "(or (<= Y_0 0) (<= Y_1 0))"
    for text in (
        GOOD + f"(assert {two})" * 50,
        GOOD + f"(assert (and {' '.join([two] * 50)}))",
        GOOD + "(assert (or" + " (<= Y_0 0)" * 10_001 + "))",
        GOOD + "(assert (or" + f" (and {' '.join([two] * 13)})" * 3 + "))",
    ):
        error = refused(text)
        assert error.finding.code == "N132"
        assert isinstance(error, UnsupportedError)
    assert len(read_property((GOOD + f"(assert {two})" * 13).encode()).cases) == 2**13


def test_many_boxes_of_many_inputs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader.MAX_ENDS == 4_000_000
    monkeypatch.setattr(reader, "MAX_ENDS", 10_000)
    head = "".join(f"(declare-const X_{i} Real)" for i in range(100)) + "(declare-const Y_0 Real)"
    box = "".join(f"(assert (and (<= X_{i} 1) (>= X_{i} 0)))" for i in range(100))
    cases = [f"(and (<= X_0 {i / 1000}) (<= Y_0 0))" for i in range(1, 102)]
    assert len(read_property((head + box + f"(assert (or {' '.join(cases[:100])}))").encode()).regions) == 100
    assert refused(head + box + f"(assert (or {' '.join(cases)}))").finding.code == "N132"
