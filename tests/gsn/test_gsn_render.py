"""Files of drawings: every link leads somewhere, nothing is missing, no script; and the view of the modules."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import gsn_toys as toys
import page_geometry
import pytest

from assurance.gsn import svg
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayGoal, AwaySolution, ContractReference, Goal, ModuleReference, Solution
from assurance.gsn.layout import layout
from assurance.gsn.model import Argument
from assurance.gsn.module_view import ABSENT, module_view
from assurance.gsn.relations import RelationType
from assurance.gsn.render import INDEX, MODULES, drawings, render
from evidence.errors import InputError


def case() -> Arguments:
    """Three modules and a contract; one more module is only named."""
    top = Argument("Aeroplane", "The aeroplane is safe")
    top.add(
        Goal(id="G1", text="The aeroplane is acceptably safe."),
        Goal(id="G2", text="The landing is safe.", by_contract=True),
        AwayGoal(id="G8", text="The reader reads.", module="Reader & co", of="G1"),
        ModuleReference(id="Engines", module="Engines"),
        ContractReference(id="K", module="K"),
    )
    top.support("G1", "G2", "G8", "Engines")
    top.support("G2", "K")
    reader = Argument("Reader & co", "The reader reads")
    reader.add(Goal(id="G1", text="The reader reads.", public=True))
    reader.add(Solution(id="Sn1", text="Record", public=True), Goal(id="CG1", text="It does not."))
    reader.support("G1", "Sn1")
    reader.challenge("CG1", "G1")
    contract = Argument("K", "Landing rests on reading")
    contract.kind = "contract"
    contract.add(
        AwayGoal(id="G2", text="The landing is safe.", module="Aeroplane"),
        AwayGoal(id="G1", text="The reader reads.", module="Reader & co"),
    )
    contract.support("G2", "G1")
    large = toys.sound(3, 80)
    large.module = "Engines"
    large.add(AwaySolution(id="SnA", text="Record", module="Reader & co", of="Sn1"))
    large.support("G0", "SnA")
    return Arguments([top, reader, contract, large])


def ids_and_links(words: str) -> tuple[set[str], set[str]]:
    links = set(re.findall(r'<a [^>]*href="([^"]*)"', words)) | set(re.findall(r'<a href="([^"]*)"', words))
    return set(re.findall(r' id="([^"]*)"', words)), links


def test_every_link_leads_somewhere() -> None:
    files = drawings(case())
    ids = {name: ids_and_links(words)[0] for name, words in files.items()}
    assert len(files) > 6 and next(iter(files)) == INDEX
    for name, words in files.items():
        for link in ids_and_links(words)[1]:
            file, _, place = unquote(link).partition("#")
            assert (file or name) in files, (name, link)
            assert not place or place in ids[file or name], (name, link)
    assert set(files) - {INDEX} == {link.partition("#")[0] for link in ids_and_links(files[INDEX])[1]}


def test_away_elements_lead_into_their_module() -> None:
    files = drawings(case())
    root = ElementTree.fromstring(files["Aeroplane.svg"])
    links = {node.get("id"): node.get("href") for node in root.iter("{http://www.w3.org/2000/svg}a")}
    assert links[svg.anchor("G8")] == f"Reader-co.svg#{svg.anchor('G1')}"
    assert links[svg.anchor("K")] == "K.svg"
    assert links[svg.anchor("Engines")] == "Engines-1.svg"
    assert links[svg.anchor("G1")] == f"#{svg.anchor('G1')}"


def test_no_script_and_the_same_bytes() -> None:
    files = drawings(case())
    assert files == drawings(case())
    assert not any("<script" in words or "javascript:" in words for words in files.values())


def test_files_are_written(tmp_path: Path) -> None:
    made = render(case(), tmp_path / "out")
    assert made[0] == tmp_path / "out" / INDEX
    assert {path.name for path in made} == set(drawings(case()))
    (alone,) = render(Arguments([toys.notation()]), tmp_path / "one.svg")
    ElementTree.parse(alone)


def test_modules_whose_names_collide_keep_their_files() -> None:
    modules = []
    for name in ("A", "a", "A/", "index", "modules", "A-2", "", "É"):
        argument = toys.small()
        argument.module = name
        modules.append(argument)
    modules.append(toys.small())
    modules[-1].module = "A"  # a second module of that name
    files = drawings(Arguments(modules))
    assert len({name.lower() for name in files}) == len(files) == len(modules) + 2
    assert MODULES in files


def test_one_file_for_several_modules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="4 modules") as caught:
        render(case(), tmp_path / "all.svg")
    assert caught.value.finding.code == "G291"
    with pytest.raises(InputError, match="0 modules"):
        render(Arguments(), tmp_path / "none.svg")


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write") as caught:
        render(case(), tmp_path / "file" / "folder")
    assert caught.value.finding.code == "G290"


@pytest.mark.parametrize("name", ["a.svg", "folder"])
def test_what_is_too_dense_to_draw_is_refused_at_once(tmp_path: Path, name: str) -> None:
    argument = Argument("dense")
    argument.add(*(Goal(id=f"G{i}", text="It is so.") for i in range(350)))
    for i in range(350):
        argument.support(f"G{i}", *(f"G{j}" for j in range(i + 1, 350)))
    with pytest.raises(InputError) as caught:
        render(Arguments([argument]), tmp_path / name)
    assert caught.value.finding.code == "G292" and "61,075" in caught.value.finding.message
    assert not list(tmp_path.iterdir()), "nothing is half-written"


def test_the_module_view() -> None:
    view = module_view(case())
    assert [(element.type.value, element.id) for element in view] == [
        ("Module", "Aeroplane"),
        ("Module", "Reader & co"),
        ("Contract", "K"),
        ("Module", "Engines"),
    ]
    assert view["Reader & co"].text == "The reader reads"
    assert {(item.type, item.source, item.target) for item in view.relations} == {
        (RelationType.SUPPORTED_BY, "Aeroplane", "Reader & co"),
        (RelationType.SUPPORTED_BY, "Aeroplane", "Engines"),
        (RelationType.SUPPORTED_BY, "Aeroplane", "K"),
        (RelationType.SUPPORTED_BY, "K", "Reader & co"),
        (RelationType.SUPPORTED_BY, "Engines", "Reader & co"),
    }
    page = layout(view)
    assert page_geometry.faults(page) == []


def test_the_module_view_shows_modules_that_are_only_named_and_circles() -> None:
    first, second = Argument("A", "A"), Argument("B")
    first.add(Goal(id="G1", text="x"), AwayGoal(id="G2", text="y", module="B"), ModuleReference(id="C", module="C"))
    first.support("G1", "G2", "C")
    second.add(Goal(id="G2", text="y", public=True), AwayGoal(id="G1", text="x", module="A"))
    second.support("G2", "G1")
    view = module_view(Arguments([first, second]))
    assert view["C"].text == ABSENT
    ends = [(item.source, item.target) for item in view.relations]
    assert ends == [("A", "B"), ("A", "C"), ("B", "A")]
    assert page_geometry.faults(layout(view)) == []
