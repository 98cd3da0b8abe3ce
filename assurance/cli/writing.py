"""Writing the files that a command makes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

C_OUT = code("C125", Severity.ERROR, "output folder cannot be written", "choose another folder with --out")


def write_file(path: Path, content: bytes) -> Path:
    """Write atomically: a reader sees the old file or the new one. A device or pipe (`/dev/stdout`) is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return path
        path = path.resolve()  # what a link leads to is written, the link stays
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise InputError.of(C_OUT, f"cannot write: {error.strerror}", Place(str(path))) from None
    return path
