"""The elements of a SACM file before they are written, and the writing: identifiers, paths, XML text.

Which elements an argument needs is for `sacm_writer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from assurance.gsn.exchange.sacm_words import XSI, Form
from assurance.xml_text import quoted

LANGUAGE: Final = "en"
_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass
class Thing:
    """An element of the file before it is written; references are to other things."""

    role: str
    cls: str
    package: str
    name: str
    text: str = ""
    languages: list[tuple[str, str]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    refs: dict[str, list[Thing]] = field(default_factory=dict)
    tags: list[tuple[str, str]] = field(default_factory=list)
    children: list[Thing] = field(default_factory=list)
    id: str = ""
    path: str = ""


def render(root: Thing, form: Form, *, paths: bool) -> str:
    """The file with an assurance case package as its root. `paths`: references by Eclipse path, not by identifier."""
    _identify(root)
    return _Text(form, paths).file(root)


def _identify(root: Thing) -> None:
    """Identifiers and paths for all things; identifiers are readable and unique."""
    taken: set[str] = set()
    numbers: dict[str, int] = {}

    def visit(thing: Thing, path: str, above: str) -> None:
        stem = _NOT_NAME.sub("_", f"{above}.{thing.name}" if above else thing.name)[:120] or "_"
        stem = stem if stem[0].isalpha() or stem[0] == "_" else f"_{stem}"
        number, tried = numbers.get(stem, 1), stem
        while tried.lower() in taken:
            number += 1
            tried = f"{stem}.{number}"
        numbers[stem] = number
        taken.add(tried.lower())
        thing.id, thing.path = tried, path
        counts: dict[str, int] = {}
        for child in thing.children:
            count = counts.get(child.role, 0)
            counts[child.role] = count + 1
            visit(child, f"{path}/@{child.role}.{count}", "" if thing is root else thing.name)

    visit(root, "/", "")


class _Text:
    """XML text in one dialect."""

    def __init__(self, form: Form, paths: bool) -> None:
        self.form = form
        self.paths = paths

    def file(self, root: Thing) -> str:
        """The whole file."""
        name = f"{self.form.prefix['assurancecase']}:AssuranceCasePackage"
        spaces = {**self.form.namespaces, "xmi": self.form.xmi, "xsi": XSI}
        head = "".join(f" xmlns:{prefix}={quoted(uri)}" for prefix, uri in spaces.items())
        lines = ['<?xml version="1.0" encoding="UTF-8"?>']
        lines.append(f'<{name}{head} xmi:version="2.0"{self._attributes(root)}>')
        lines += self._inside(root, "  ")
        lines.append(f"</{name}>\n")
        return "\n".join(lines)

    def _attributes(self, thing: Thing) -> str:
        pairs = {} if self.paths else {"xmi:id": thing.id}
        pairs["gid"] = thing.id
        pairs.update(thing.attributes)
        for feature, others in thing.refs.items():
            pairs[feature] = " ".join(other.path if self.paths else other.id for other in others)
        return "".join(f" {name}={quoted(value)}" for name, value in pairs.items())

    def _element(self, thing: Thing, indent: str) -> Iterator[str]:
        role = thing.role
        implied = role[:1].upper() + role[1:] == thing.cls
        kind = "" if implied else f' xsi:type="{self.form.prefix[thing.package]}:{thing.cls}"'
        yield f"{indent}<{role}{kind}{self._attributes(thing)}>"
        yield from self._inside(thing, indent + "  ")
        yield f"{indent}</{role}>"

    def _inside(self, thing: Thing, indent: str) -> Iterator[str]:
        yield f'{indent}<name lang="{LANGUAGE}" content={quoted(thing.name)}/>'
        texts = [(LANGUAGE, thing.text), *thing.languages] if thing.text or thing.languages else []
        if texts:
            yield f"{indent}<description><content>"
            for language, text in texts:
                yield f'{indent}  <value lang="{language}" content={quoted(text)}/>'
            yield f"{indent}</content></description>"
        for key, value in thing.tags:
            yield f"{indent}<taggedValue>"
            yield f"{indent}  <key><value content={quoted(key)}/></key>"
            yield f"{indent}  <content><value content={quoted(value)}/></content>"
            yield f"{indent}</taggedValue>"
        for child in thing.children:
            yield from self._element(child, indent)
