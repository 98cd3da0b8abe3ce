"""Digests that are worked out when asked for: once, and equal where what they give is equal."""

from __future__ import annotations

from assurance.objectives.later import Later


def test_nothing_is_worked_out_before_somebody_asks_and_then_once() -> None:
    asked = []
    later = Later(lambda: asked.append("asked") or "digest")  # type: ignore[func-returns-value]
    assert not asked
    assert (later(), later()) == ("digest", "digest")
    assert asked == ["asked"]


def test_it_is_what_it_gives() -> None:
    assert Later(lambda: "a") == Later(lambda: "a")
    assert Later(lambda: "a") != Later(lambda: "b")
    assert Later(lambda: "a") != "a"
    assert len({Later(lambda: "a"), Later(lambda: "a"), Later(lambda: "b")}) == 2
