"""Arguments of other tools, and for other tools. docs/exchange.md says what is carried and what is not.

    gsn2x     YAML of the tool gsn2x, both ways    gsn2x_words, gsn2x_file, gsn2x_reader, gsn2x_writer
    SACM 2.3  OMG's exchange format, both ways     xml_reader, sacm_words, sacm_document, sacm_rules, sacm_reader,
                                                   sacm_writer
    GraphML, Mermaid  for drawing, export only     drawing, graphml, mermaid

Reading and writing again gives equal arguments: what a format has no words for is `carried` along. The native form
is not here but in `assurance.gsn.native`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from assurance.gsn import native
from assurance.gsn.arguments import Arguments
from assurance.gsn.exchange.graphml import write_graphml
from assurance.gsn.exchange.gsn2x_reader import read_gsn2x
from assurance.gsn.exchange.gsn2x_writer import write_gsn2x
from assurance.gsn.exchange.mermaid import write_mermaid
from assurance.gsn.exchange.sacm_reader import read_sacm
from assurance.gsn.exchange.sacm_words import Dialect
from assurance.gsn.exchange.sacm_writer import write_sacm
from assurance.gsn.exchange.xml_reader import G232, MAX_BYTES
from assurance.gsn.model import G130, Argument
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError
from evidence.strict_yaml import C_TOO_LARGE, C_UNREADABLE
from evidence.strict_yaml import MAX_BYTES as MAX_YAML_BYTES

__all__ = [
    "FORMATS",
    "Dialect",
    "Exported",
    "Source",
    "detect",
    "export",
    "read_any",
    "read_gsn2x",
    "read_sacm",
    "write_any",
    "write_graphml",
    "write_gsn2x",
    "write_mermaid",
    "write_sacm",
]

Source = Literal["native", "json", "gsn2x", "sacm"]
"""Forms that are read: our YAML, the JSON of `Argument.as_json`, gsn2x, SACM."""

FORMATS: Final = ("native", "gsn2x", "sacm", "sacm-emf", "graphml", "mermaid")
"""Forms that are written."""

G224 = code(
    "G224",
    Severity.ERROR,
    "an export has no sound place to go",
    "name a folder for several files, a file for one, and never the file that is read",
)

_NATIVE_KEY = re.compile(r"""^["']?(schema|elements)["']?\s*:""", re.MULTILINE)
_NATIVE_SCHEMA = re.compile(r"""["']?schema["']?\s*:\s*["']?gsn/""")
_SUFFIXES: Final = {
    "sacm": ".sacm.xmi",
    "sacm-emf": ".sacm.xmi",
    "graphml": ".graphml",
    "mermaid": ".mmd",
}


def detect(data: bytes) -> Source:
    """Which form a file has, by its content."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")):
        return "sacm"
    if start.startswith(b"{") and not _NATIVE_SCHEMA.search(data.decode("utf-8", "replace")):
        return "json"
    native_file = start.startswith(b"{") or _NATIVE_KEY.search(data.decode("utf-8", "replace"))
    return "native" if native_file else "gsn2x"


def read_any(path: Path, *more: Path) -> tuple[Arguments, list[Finding]]:
    """Read a file in any form, with the files that it uses; `more` are further files of the same set.

    Raises InputError when nothing of it can be read.
    """
    source = detect(_bytes(path))
    if source == "gsn2x":
        return read_gsn2x([path, *more])
    if source == "native" and all(detect(_bytes(one)) == "native" for one in more):
        return native.read_arguments(path, *more)
    if more:
        arguments = Arguments()
        findings: list[Finding] = []
        for one in (path, *more):
            found, said = read_any(one)
            arguments.add(*found, *found.duplicates)
            findings += said
        return arguments, findings
    if source == "sacm":
        return read_sacm(_bytes(path), str(path))
    return Arguments([_from_json(_bytes(path), str(path))]), []


def write_any(arguments: Arguments, to: str, stem: str = "argument") -> dict[str, bytes]:
    """File names and contents in a form of `FORMATS`. The native form may refuse (see `native.write_arguments`)."""
    if to == "native":
        return _encoded(native.write_arguments(arguments))
    if to == "gsn2x":
        return _encoded(write_gsn2x(arguments))
    name = f"{stem}{_SUFFIXES[to]}"
    if to == "graphml":
        return _encoded({name: write_graphml(arguments)})
    if to == "mermaid":
        return _encoded({name: write_mermaid(arguments)})
    return {name: write_sacm(arguments, Dialect.EMF if to == "sacm-emf" else Dialect.XMI)}


@dataclass(frozen=True)
class Exported:
    """What was written, what was read, and what reading found."""

    files: tuple[Path, ...]
    arguments: Arguments
    findings: tuple[Finding, ...]


def export(path: Path, to: str, output: Path | None = None, *more: Path) -> Exported:
    """Read a file and write it in a form of `FORMATS`: to a file, or into a folder when there are several.

    Without `output` the result stands beside the source. Raises InputError when nothing can be read (see
    `read_any`), or when the source would be overwritten or several files have only one name (G224).
    """
    arguments, findings = read_any(path, *more)
    stem = path.name.split(".")[0] or "argument"
    contents = write_any(arguments, to, stem)
    targets = _targets(path, to, output, list(contents))
    for source in (path, *more):
        if any(target.resolve() == source.resolve() for target in targets):
            raise InputError.of(G224, f"{source} would be overwritten", Place(str(source)))
    for target, data in zip(targets, contents.values(), strict=True):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise InputError.of(G224, f"cannot write {target}: {error.strerror}", Place(str(target))) from None
    return Exported(tuple(targets), arguments, tuple(findings))


def _targets(path: Path, to: str, output: Path | None, names: list[str]) -> list[Path]:
    if output is None:
        folder = path.parent if len(names) == 1 else path.parent / f"{path.name.split('.')[0]}.{to}"
        return [folder / name for name in names]
    if output.is_dir() or len(names) > 1:
        if output.exists() and not output.is_dir():
            raise InputError.of(G224, f"{len(names)} files do not fit into the file {output}", Place(str(output)))
        return [output / name for name in names]
    return [output]


def _encoded(files: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode("utf-8") for name, text in files.items()}


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not (path.is_file() or path.is_dir()):  # a pipe or device may never end
            raise InputError.of(C_UNREADABLE, f"{path} is no plain file", Place(str(path)))
        if size <= MAX_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise InputError.of(C_UNREADABLE, f"cannot read {path}: {error.strerror}", Place(str(path))) from None
    with path.open("rb") as file:
        xml = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
    raise InputError.of(G232 if xml else C_TOO_LARGE, f"{size} bytes in one file", Place(str(path)))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, each key once."""
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:80]!r} stands twice in one object")
            seen.add(key)
    return made


def _from_json(data: bytes, file: str) -> Argument:
    if len(data) > MAX_YAML_BYTES:
        raise InputError.of(C_TOO_LARGE, f"{len(data)} bytes in one file", Place(file))
    try:
        value = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InputError.of(G130, f"not JSON: {error}", Place(file)) from None
    return Argument.from_json(value, file)
