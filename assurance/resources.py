"""Where the data folders are: `standards`, `templates`, `examples`.

A wheel carries them as `assurance/_data/<name>`; a checkout, which editable installs use, has them beside the
package at the repository root. This module only finds folders; it reads nothing in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

O_NO_DATA = code(
    "O107",
    Severity.ERROR,
    "a data folder of the tool is missing",
    "install the tool again: the wheel and the repository both hold its data folders",
)

Name = Literal["standards", "templates", "examples"]
_PACKAGE = Path(__file__).resolve().parent


def folder(name: Name) -> Path:
    """The data folder of that name. Raises InputError (O107) when the installation has none."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise InputError.of(O_NO_DATA, f"the data folder {name!r} of the tool was not found", Place(element=name))
