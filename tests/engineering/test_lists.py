"""Requirement lists in CSV and ReqIF, problem reports as tables: what is read, and each way in which they can be wrong."""

from __future__ import annotations

import pytest
from engineering_toys import PROBLEMS, REQIF, read_text, refused

from evidence.records.engineering import Shows

CSV = (
    'ID,Text,Parents,Priority\nR1,The network shall do what R1 says.,SR1,high\nR2,"It shall, too.",SR1;SR2,low\nH,,,\n'
)


def rows(text: str) -> list[tuple[str, str, tuple[str, ...], int]]:
    return [(item.id, item.text, item.parents, item.line) for item in read_text("requirements-csv", text).requirements]


def test_a_list_with_commas() -> None:
    assert rows(CSV) == [
        ("R1", "The network shall do what R1 says.", ("SR1",), 2),
        ("R2", "It shall, too.", ("SR1", "SR2"), 3),
    ]
    found = read_text("requirements-csv", CSV)
    assert found.without_text == 1 and found.ignored == ("Priority",) and found.shows is Shows.STATES


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_separators_byte_order_mark_and_line_ends(sign: str) -> None:
    text = f'\ufeffReq_ID{sign}Requirement Text\r\nR1{sign}"a{sign}b ""c"" \r\nd"\r\n\r\nR2{sign}e\r\n'
    found = rows(text)
    assert [item[0] for item in found] == ["R1", "R2"] and [item[3] for item in found] == [2, 5]
    assert found[0][1] == f'a{sign}b "c" \r\nd'


def test_columns_that_a_spreadsheet_left_behind_are_none() -> None:
    assert [item[:2] for item in rows("id;text;;\r\nR1;a;;\r\nR2;b; ;\r\n")] == [("R1", "a"), ("R2", "b")]
    assert refused("requirements-csv", "id;text;\r\nR1;a;\r\nR2;b;c\r\n") == ("E164", 1)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("id,text\nR1,a\nR1,b\n", "E165", 3),
        ("id,text\n,a\n", "E165", 2),
        ("id,text\nR1\n", "E161", 2),
        ("id,text\nR1,a,b\n", "E161", 2),
        ('id,text\nR1,"a\nb\n', "E161", 2),
        ('id,text\nR1,"a"b\n', "E161", 2),
        ("id,text,text\nR1,a,b\n", "E164", 1),
        ("id,Text,TEXT\nR1,a,b\n", "E164", 1),
        ("id,,text\nR1,a,b\n", "E164", 1),
        ("number,words\n1,a\n", "E164", 1),
        ("id,text\nR1,a\x00b\n", "E160", 2),
        ("id,text\nR1," + "x" * 20_001 + "\n", "E163", 2),
        ("id,text\nR1," + "x" * 140_000 + "\n", "E161", 2),
        ("id,text\n" + "".join(f"R{i},a\n" for i in range(50_001)), "E163", 50_002),
    ],
)
def test_what_is_refused_of_a_list(text: str, code: str, line: int) -> None:
    assert refused("requirements-csv", text) == (code, line)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252", "shift_jis"])
def test_another_encoding_is_refused_never_guessed(encoding: str) -> None:
    text = "id,text\nR1,日本\n" if encoding == "shift_jis" else "id,text\nR1,größer\n"
    assert refused("requirements-csv", text.encode(encoding))[0] == "E160"


def test_an_empty_list_shows_nothing() -> None:
    for text in ("", "\n\n", "id,text\n"):
        assert read_text("requirements-csv", text).shows is Shows.NOTHING


def test_reqif_gives_ids_texts_and_links() -> None:
    found = read_text("reqif", REQIF)
    assert [(item.id, item.text, item.parents) for item in found.requirements] == [
        ("R1", "The network shall do what R1 says.", ("SR1",)),
        ("SR1", "No harm shall come of it.", ()),
    ]
    assert found.without_text == 1 and found.ignored == ("Priority",)


def test_reqif_numbers_as_ids_defaults_and_simplified_values() -> None:
    """As DOORS writes them: an integer as foreign id, a default in the definition, the original beside the value."""
    text = REQIF.replace(
        '<ATTRIBUTE-DEFINITION-STRING IDENTIFIER="A-ID" LONG-NAME="ReqIF.ForeignID"/>',
        '<ATTRIBUTE-DEFINITION-INTEGER IDENTIFIER="A-ID" LONG-NAME="ReqIF.ForeignID"><DEFAULT-VALUE><ATTRIBUTE-VALUE-INTEGER '
        'THE-VALUE="7"/></DEFAULT-VALUE></ATTRIBUTE-DEFINITION-INTEGER>',
    )
    text = text.replace('<ATTRIBUTE-VALUE-STRING THE-VALUE="R1">', '<ATTRIBUTE-VALUE-STRING THE-VALUE="12">')
    original = "<THE-ORIGINAL-VALUE><xhtml:div>something else</xhtml:div></THE-ORIGINAL-VALUE></ATTRIBUTE-VALUE-XHTML>"
    found = read_text("reqif", text.replace("</ATTRIBUTE-VALUE-XHTML>", original, 1)).requirements
    assert [(item.id, item.text) for item in found] == [
        ("12", "The network shall do what R1 says."), ("SR1", "No harm shall come of it."),
    ]  # fmt: skip


def test_reqif_types_may_stand_last_and_ids_may_be_the_objects() -> None:
    begin, end = REQIF.index("<SPEC-TYPES>"), REQIF.index("</SPEC-TYPES>") + len("</SPEC-TYPES>")
    moved = REQIF[:begin] + REQIF[end:].replace("</REQ-IF-CONTENT>", REQIF[begin:end] + "</REQ-IF-CONTENT>")
    assert read_text("reqif", moved).requirements[0].text == "The network shall do what R1 says."
    anonymous = read_text("reqif", REQIF.replace("ReqIF.ForeignID", "Label"))
    assert [item.id for item in anonymous.requirements] == ["o1", "o2"]
    assert anonymous.requirements[0].parents == ("o2",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (REQIF.replace('IDENTIFIER="o2"', 'IDENTIFIER="o1"'), "E165"),
        (REQIF.replace('THE-VALUE="SR1"', 'THE-VALUE="R1"'), "E165"),
        (REQIF.replace('<SPEC-OBJECT IDENTIFIER="o2">', "<SPEC-OBJECT>"), "E165"),
        (REQIF.replace('IDENTIFIER="A-PRIO"', 'IDENTIFIER="A-TEXT"'), "E165"),
        (REQIF.replace("STRING-REF>A-PRIO<", "STRING-REF>A-ID<"), "E165"),
        (REQIF.replace("<TARGET><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></TARGET>", ""), "E165"),
        (REQIF.replace("</CORE-CONTENT>", ""), "E161"),
        ("<requirements/>", "E164"),
        ("<!DOCTYPE REQ-IF SYSTEM 'reqif.dtd'>" + REQIF[REQIF.index("<REQ-IF") :], "E162"),
        (REQIF.replace("No harm", "x" * 90_000), "E163"),
        (REQIF.replace("No harm", "x" * 30_000), "E163"),
    ],
)
def test_what_is_refused_of_reqif(text: str, code: str) -> None:
    assert refused("reqif", text)[0] == code


def test_problem_reports_as_form_and_as_table_are_the_same() -> None:
    table = (
        "Key,Summary,Status,Classification,Resolution\n"
        "PR1,wrong unit,Closed,functional,mended in issue 2\nPR2,slow,OPEN,,\n"
    )
    form, listed = read_text("problem-reports", PROBLEMS), read_text("problem-reports", table)
    assert form == listed and [item.id for item in form.standing] == ["PR2"]
    assert form.problem_reports[1].significant, "not classified counts as significant"
    assert form.shows is Shows.PARTLY and not form.shows.whole


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("id,title,state\nPR1,a,open\nPR1,b,open\n", "E165", 3),
        ("id,title,state\nPR1,a,gone\n", "E165", 2),
        ("id,title,state\nPR1,a,closed\n", "E165", 2),
        ("id,title,state,owner\nPR1,a,deferred,ann\n", "E165", 2),
        ("id,title\nPR1,a\n", "E164", 1),
        (PROBLEMS.replace("PR2", "PR1"), "E165", 1),
        (PROBLEMS.replace("state: open", "state: gone"), "E165", 4),
        (PROBLEMS.replace(", disposition: mended in issue 2", ""), "E165", 3),
        (PROBLEMS.replace("reports/1", "reports/2"), "E164", 1),
        (PROBLEMS.replace("schema: assurance-problem-reports/1\n", ""), "E164", 1),
    ],
)
def test_what_is_refused_of_problem_reports(text: str, code: str, line: int) -> None:
    assert refused("problem-reports", text) == (code, line)


def test_a_table_may_tell_the_time_of_day() -> None:
    table = "id,title,state,created\nP1,a,open,{}\n"
    for written in ("2026-01-31", "2026-01-31 10:00", "2026-01-31T10:00:00.5+01:00", "2026-01-31T10:00:00Z"):
        assert read_text("problem-reports", table.format(written)).problem_reports[0].opened == "2026-01-31"
    for written in ("31/Jan/26 3:04 PM", "2026-01-31x", "2026-02-31 10:00"):
        assert refused("problem-reports", table.format(written)) == ("E165", 2)


def test_a_form_may_begin_as_yaml_does() -> None:
    assert len(read_text("problem-reports", "---\n" + PROBLEMS).problem_reports) == 2


def test_no_problem_recorded_is_a_statement() -> None:
    empty = "schema: assurance-problem-reports/1\nproblem_reports: []\n"
    assert read_text("problem-reports", empty).shows is Shows.STATES
