"""Arguments as files to look at: one SVG, or a folder with pages for each module, an index and views of the modules.

Every element is a link: to the place where it stands in full, away elements and references into the other module.
The files stand alone (the font is inside) and hold no script. Reads nothing and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from assurance.gsn import svg
from assurance.gsn.arguments import Arguments
from assurance.gsn.containment import containment
from assurance.gsn.elements import AwayElement, ContractReference, Element, ModuleReference
from assurance.gsn.layout import A4, Page, layout, pages
from assurance.gsn.model import Argument
from assurance.gsn.module_view import module_view
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

G290 = code("G290", Severity.ERROR, "a diagram cannot be written", "name a file or folder that can be written")
G291 = code(
    "G291",
    Severity.ERROR,
    "one picture was asked for, but there is not just one module",
    "name a folder: it gets pages for each module",
)
G292 = code(
    "G292",
    Severity.ERROR,
    "an argument has more relations than can be drawn in reasonable time",
    "divide it into modules; `gsn check` and `gsn export` take it as it is",
)
MOST_RELATIONS: Final = 60_000
"""Of one module. A tree of 30,000 elements, which nobody reads on paper any more, has half as many."""

INDEX: Final = "index.html"
MODULES: Final = "modules.svg"
CONTAINMENT: Final = "containment.svg"


@dataclass(frozen=True)
class _Drawn:
    """A module with its pages and the names of their files."""

    argument: Argument
    pages: list[Page]
    stem: str
    home: dict[str, int]
    """Element -> page on which it stands in full."""

    def file(self, number: int) -> str:
        return f"{self.stem}.svg" if len(self.pages) == 1 else f"{self.stem}-{number}.svg"

    def place(self, identifier: str) -> str:
        """Where an element stands in full."""
        return f"{self.file(self.home[identifier])}#{svg.anchor(identifier)}"


def render(arguments: Arguments, output: Path, size_mm: tuple[float, float] | None = A4) -> tuple[Path, ...]:
    """Write the drawings of some modules and return the files, the one to open first.

    `output` that ends in ".svg": the picture of the only module. Otherwise a folder with pages of a size, or with
    `size_mm` None one picture for each module. Raises InputError: G290 where a file cannot be written, G291 for one
    picture of none or several modules, G292 where there is too much to draw.
    """
    for argument in (*arguments, *arguments.duplicates):
        if len(argument.relations) > MOST_RELATIONS:
            message = f"module {argument.module!r} has {len(argument.relations):,} relations"
            raise InputError.of(G292, message, argument.place, expected=f"at most {MOST_RELATIONS:,}")
    if output.suffix.lower() == ".svg":
        if len(arguments) + len(arguments.duplicates) != 1:
            count = len(arguments) + len(arguments.duplicates)
            raise InputError.of(G291, f"{output} is one file, but {count} modules were given", Place(str(output)))
        (argument,) = arguments
        return (_write(output, svg.render(layout(argument), href=_own(argument), embed_font=True)),)
    return tuple(_write(output / name, words) for name, words in drawings(arguments, size_mm).items())


def drawings(arguments: Arguments, size_mm: tuple[float, float] | None = A4) -> dict[str, str]:
    """The files of a folder: name -> text, the index first. Modules with the same name are all drawn."""
    modules = [*arguments, *arguments.duplicates]
    taken = {MODULES.removesuffix(".svg"), CONTAINMENT.removesuffix(".svg"), INDEX.removesuffix(".html")}
    drawn: list[_Drawn] = []
    for argument in modules:
        made = pages(argument, size_mm) if size_mm is not None else [layout(argument)]
        home = {box.element.id: page.number for page in made for box in page.boxes if box.anchor}
        drawn.append(_Drawn(argument, made, _stem(argument.module, taken), home))
    by_name = {item.argument.module: item for item in reversed(drawn)}
    files = {INDEX: ""}
    view = module_view(arguments)
    href = {name: item.file(1) for name, item in by_name.items()}
    if len(view) > 1:
        files[MODULES] = svg.render(layout(view), href=href, embed_font=True)
    frames = containment(arguments)
    if frames is not None:
        files[CONTAINMENT] = svg.render(frames, href=href, embed_font=True)
    for item in drawn:
        for page in item.pages:
            name = item.file(page.number)
            links = dict(_links(by_name, item, page, name))
            files[name] = svg.render(page, href=links, page_link=item.file, embed_font=True)
    files[INDEX] = _index(drawn, files)
    return files


def _own(argument: Argument) -> dict[str, str]:
    return {element.id: f"#{svg.anchor(element.id)}" for element in argument}


def _links(by_name: dict[str, _Drawn], item: _Drawn, page: Page, name: str) -> Iterator[tuple[str, str]]:
    """Where the elements of a page lead."""
    for box in page.boxes:
        element = box.element
        away = _elsewhere(by_name, item.argument, element)
        yield element.id, away if away is not None else item.place(element.id).removeprefix(name)


def _elsewhere(by_name: dict[str, _Drawn], argument: Argument, element: Element) -> str | None:
    """The place in another module that an element refers to, None where there is none at hand."""
    if not isinstance(element, AwayElement | ModuleReference | ContractReference):
        return None
    other = by_name.get(element.module)
    if other is None or other.argument is argument:
        return None
    if not isinstance(element, AwayElement):
        return other.file(1)
    return other.place(element.original) if element.original in other.home else None


def _index(drawn: list[_Drawn], files: Collection[str]) -> str:
    """A page that lists all others."""
    rows = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">',
        "<title>Argument diagrams</title></head><body>",
        "<h1>Argument diagrams</h1>",
    ]
    if MODULES in files:
        rows.append(f'<p><a href="{MODULES}">Modules and how they support each other</a></p>')
    if CONTAINMENT in files:
        rows.append(f'<p><a href="{CONTAINMENT}">Modules inside modules</a></p>')
    for item in drawn:
        argument = item.argument
        title = f" — {escape(argument.title)}" if argument.title and argument.title != argument.module else ""
        rows.append(
            f"<h2>{'Contract' if argument.kind == 'contract' else 'Module'} {escape(argument.module)}{title}</h2>"
        )
        rows.append("<ol>")
        rows.extend(
            f'<li><a href="{escape(item.file(page.number))}">{escape(svg.subject(page))}</a></li>'
            for page in item.pages
        )
        rows.append("</ol>")
    return "\n".join([*rows, "</body></html>"]) + "\n"


def _stem(module: str, taken: set[str]) -> str:
    """A file name for a module that no other has, also where capitals do not count."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", module).strip("-")[:80] or "module"
    # page numbers follow a hyphen, so a module's name never looks like another one's page
    number = 1
    stem = plain
    while stem.lower() in taken or re.fullmatch(r".*-\d+", stem):
        number += 1
        stem = f"{plain}_{number}"
    taken.add(stem.lower())
    return stem


def _write(path: Path, words: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError.of(G290, f"cannot write {path}: {error.strerror}", Place(str(path))) from None
    return path
