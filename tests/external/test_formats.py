"""Result files of each tool as they are written, and everything else as one coded message."""

from __future__ import annotations

import pickle
from fractions import Fraction

import pytest

from evidence.errors import InputError
from evidence.external import TOOLS, read_result
from evidence.external import text as text_module
from evidence.records.external import ToolName

PAIRS = "((X_0 0.5)\n(X_1 -1e-3)\n(Y_0 2.0))"
INPUTS, OUTPUTS = (Fraction(1, 2), Fraction(-1, 1000)), (Fraction(2),)


def read(tool: ToolName, text: str | bytes) -> tuple[str, str, tuple[Fraction, ...] | None, tuple[Fraction, ...]]:
    said = read_result(tool, text.encode() if isinstance(text, str) else text, "result.txt")
    return said.word, said.claimed, said.inputs, said.outputs


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("word", "claimed"),
    [("unsat", "holds"), ("holds", "holds"), ("unknown", "unknown"), ("timeout", "timeout"), ("error", "error")],
)
def test_verdicts_without_witness(tool: ToolName, word: str, claimed: str) -> None:
    for text in (word, word + "\n", f"\n{word}\r\n\n"):
        assert read(tool, text) == (word, claimed, None, ())


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("word", ["sat", "violated"])
def test_the_competition_form(tool: ToolName, word: str) -> None:
    assert read(tool, f"{word}\n{PAIRS}") == (word, "violated", INPUTS, OUTPUTS)
    assert read(tool, f"{word}\n(X_1 -0.001)\n  (X_0  5e-1)(Y_0 2)\n") == (word, "violated", INPUTS, OUTPUTS)
    assert read(tool, word) == (word, "violated", None, ())


def test_a_saved_example_of_alpha_beta_crown_stands_alone() -> None:
    assert read("alpha-beta-crown", "((X_0  0.5)\n(X_1  -0.001)\n(Y_0  2.0))")[1:] == ("violated", INPUTS, OUTPUTS)


def test_summary_and_assignments_of_marabou() -> None:
    assert read("marabou", "unsat 12 345 67\n") == ("unsat", "holds", None, ())
    assert read("marabou", "TIMEOUT 60 1 1\n")[1] == "timeout"
    assert read("marabou", "NOT_DONE 60 1 1\n")[1] == "unknown"
    printed = "sat\nInput assignment:\n\tx0 = 0.500000\n\tx1 = -0.001000\n\nOutput:\n\ty0 = 2.000000\n\n"
    assert read("marabou", printed) == ("sat", "violated", INPUTS, OUTPUTS)
    python = "input 0 = 0.5\ninput 1 = -0.001\noutput 0 = 2.0\n"
    assert read("marabou", "sat 3 2 1\n" + python) == ("sat", "violated", INPUTS, OUTPUTS)
    assert read("marabou", python)[1:] == ("violated", INPUTS, OUTPUTS)


def test_unconfirmed_counterexamples_of_nnenum_are_claims_like_others() -> None:
    assert read("nnenum", "unsafe (unconfirmed)")[1] == "violated"


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "N138"),
        ("satisfied", "N138"),
        ("unsat\n" + PAIRS, "N138"),
        ("sat\n((X_0 0.5)", "N138"),
        ("sat\n(X_0 0.5) junk", "N138"),
        ("sat\n((X_0 0.5)(X_1 (+ 1 2)))", "N138"),
        ("sat\n" + "(" * 100_000, "N138"),
        ("sat\n(X_0 0.5)(X_0 0.5)", "N139"),
        ("sat\n(X_1 0.5)", "N139"),
        ("sat\n(Y_0 0.5)", "N139"),
        ("sat\n(X_0 nan)", "N139"),
        ("sat\n(X_0 -inf)", "N139"),
        ("sat\n(X_0 1e999999999)", "N139"),
        ("sat\n(X_0 1e9999)", "N139"),
        ("sat\n(X_9999999 1)", "N139"),
        ("sat\n(X_0 1/3)", "N139"),
        ("sat\n(X_0 \u0661)", "N139"),
        (b"\xff\xfesat", "N137"),
        (b"sat\x00", "N137"),
        (pickle.dumps({"summary": "sat"}), "N137"),
    ],
)
def test_anything_else_is_one_message(tool: ToolName, text: str | bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tool, text)
    assert caught.value.finding.code == code
    assert len(caught.value.finding.message) < 200


def test_lines_that_marabou_does_not_write() -> None:
    for text in ("sat 1 2 3 4 5\n", "sat\nx0 = 0.5\nz0 = 1\n", "sat\nx0 = 0.5\nx0 = 1\n"):
        with pytest.raises(InputError) as caught:
            read("marabou", text)
        assert caught.value.finding.code in ("N138", "N139")


def test_size_and_number_of_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "MAX_RESULT", 100)
    monkeypatch.setattr(text_module, "MAX_VALUES", 2)
    with pytest.raises(InputError) as large:
        read("nnenum", "sat" + " " * 100)
    with pytest.raises(InputError) as many:
        read("nnenum", "sat\n" + PAIRS)
    assert (large.value.finding.code, many.value.finding.code) == ("N137", "N139")
