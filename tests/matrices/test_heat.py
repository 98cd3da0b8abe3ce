"""Heat map: numbers are those of the rows, shades follow the numbers, drafts have none."""

from __future__ import annotations

from collections import Counter

from case_toys import Kit

from assurance.matrices.heat import COLUMNS, STEPS, UNDECIDED, column_of, heat_map
from assurance.objectives import ObjectiveStatus
from assurance.snapshot import Snapshot


def test_numbers_add_up(sample: tuple[Snapshot, str]) -> None:
    for covered in sample[0].coverage:
        found = heat_map(covered)
        assert sum(len(line.rows) for line in found.rows) == len(covered.rows)
        for line in found.rows:
            counts = Counter(column_of(row) for row in line.rows)
            if covered.catalogue.scored:
                assert {name: line.count(name) for name in COLUMNS} == {name: counts[name] for name in COLUMNS}
                assert line.asked == sum(row.required is True for row in line.rows)
            else:
                assert line.cells == () and line.asked is None


def test_only_all_is_shaded_as_all(sample: tuple[Snapshot, str]) -> None:
    seen = set()
    for covered in sample[0].coverage:
        for line in heat_map(covered).rows:
            for cell in line.cells:
                seen.add(cell.step)
                assert (cell.step == 0) == (cell.count == 0)
                assert (cell.step == STEPS) == (cell.count == len(line.rows))
    assert {0, STEPS} < seen


def test_methods_without_a_choice_are_not_counted_as_open(toy: Kit) -> None:
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"] = [{"id": "iso-26262-6", "level": "B"}]
    (covered,) = toy.take().coverage
    for line in heat_map(covered).rows:
        assert line.count(ObjectiveStatus.OPEN.value) == 0
        assert line.count(UNDECIDED) == sum(row.undecided for row in line.rows)


def test_every_status_has_a_column() -> None:
    assert set(COLUMNS) == {item.value for item in ObjectiveStatus} | {UNDECIDED}
