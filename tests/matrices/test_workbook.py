"""The workbook of the matrices: both directions, every link once, the map, watermarks, no formula."""

from __future__ import annotations

from case_toys import Kit
from test_sheets import parts, texts

from assurance.matrices import render_matrices_xlsx
from assurance.matrices.chains import links
from assurance.snapshot import Snapshot


def test_sheets_and_rows(sample: tuple[Snapshot, str]) -> None:
    made = parts(render_matrices_xlsx(sample[0]))
    names = [b"From requirements", b"From objectives", b"Links", b"Heat map"]
    assert all(b'name="' + name + b'"' in made["xl/workbook.xml"] for name in names)
    found = links(sample[0])
    for number, count in ((1, len(list(found.forward()))), (2, len(list(found.backward())))):
        assert made[f"xl/worksheets/sheet{number}.xml"].count(b"<row ") == count + 2


def test_watermarks_and_bytes(sample: tuple[Snapshot, str]) -> None:
    data = render_matrices_xlsx(sample[0])
    assert data == render_matrices_xlsx(sample[0])
    assert any("DRAFT-INFORMED" in text for text in texts(data))
    assert b"DRAFT-INFORMED" in parts(data)["xl/worksheets/sheet3.xml"]


def test_no_formula(toy: Kit) -> None:
    toy.requirement("R1")["title"] = "=1+1"
    made = parts(render_matrices_xlsx(toy.take()))
    assert all(b"<f>" not in data for name, data in made.items() if name.startswith("xl/worksheets"))
