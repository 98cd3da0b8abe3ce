"""`assurance catalogue`: readable for every catalogue, with its watermark, and one entry in full."""

import json

import pytest

from assurance.catalogue import available, load
from assurance.cli import main

EVERY = pytest.mark.parametrize("id", available())


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str, str]:
    """Exit code, standard output and standard error of `assurance catalogue ...`."""
    code: int | str | None = 0
    try:
        main(["catalogue", *arguments])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code or 0, said.out, said.err


def test_list_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "list")
    assert code == 0
    lines = [line.split("\t") for line in out.splitlines()[2:]]
    assert [line[0] for line in lines] == available()
    for line in lines:
        item = load(line[0])
        assert line[3:] == [
            item.status.value,
            str(len(item.entries)),
            item.confidence.file.value,
            "yes" if item.watermark else "",
        ]


@EVERY
def test_show_prints_watermark_first_and_each_entry(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(capsys, "show", id)
    assert code == 0
    item = load(id)
    if item.watermark:
        assert out.startswith(" ".join(item.watermark.split()))
    shown = [line.split("\t")[0] for line in out.splitlines()]
    assert [entry.id for entry in item.entries if entry.id not in shown] == []
    known = any(mark is not None for entry in item.entries for mark in entry.levels.values())
    assert ("no mark is on board" in out) == bool(item.levels and not known)
    assert ("no levels: each entry is" in out) == (not item.levels)


@EVERY
def test_an_entry_in_full_says_what_serves_it_and_what_is_refused(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    item = load(id)
    entry = max(item.entries, key=lambda each: len(each.credit) + len(each.no_credit) + len(each.activities))
    code, out, _ = ask(capsys, "show", id, "--entry", entry.id)
    assert code == 0
    if item.watermark:
        assert out.startswith(item.watermark)
    for text in (entry.title, entry.next_action.text, entry.confidence.source, *entry.means):
        assert text in out
    for row in entry.credit:
        assert f"{row.level.value}: {row.evidence.value} about {row.artefact.value}" in out and row.remains in out
    for refused in entry.no_credit:
        assert f"no credit: {refused.evidence.value}. {refused.why}" in out
    _, out, _ = ask(capsys, "show", id, "--entry", entry.id, "--json")
    assert json.loads(out)["id"] == entry.id


def test_an_entry_of_another_standard_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "show", "do-333", "--entry", "A-4.1")
    assert code == 2 and not out
    assert "O108" in err and "A-4.1" in err
