"""`python -m evidence.checker STATEMENT.json CERTIFICATE.gz FOLDER`: run the checker alone.

STATEMENT.json: a stored record (its field `statement` is taken) or the statement itself. FOLDER: an evidence store,
or any folder that holds the model, data or table under whatever names; files are found by their digest.
Prints the report as JSON. Exit codes: 0 all that is offered is confirmed, 1 something is not, 2 refused.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from evidence.checker import Report, check
from evidence.checker import certificate as certificates


def main(arguments: list[str]) -> int:
    """Run one check and print its report. Returns the exit code."""
    if len(arguments) != 3 or arguments[0].startswith("-"):
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    statement, certificate, folder = map(Path, arguments)
    try:
        value = json.loads(statement.read_bytes())
        data = certificate.read_bytes()
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot read the statement or the certificate: {error}", file=sys.stderr)
        return 2
    if isinstance(value, dict) and isinstance(value.get("statement"), dict):
        value = value["statement"]
    report = check(value, data, lambda digest: _find(folder, digest), _progress if sys.stderr.isatty() else None)
    print(json.dumps({**dataclasses.asdict(report), "confirmed": sum(report.proved)}, indent=2, sort_keys=True))
    radii = () if report.refusal is not None else certificates.read(data).radii or ()
    return _exit_code(report, sum(radius > 0 for radius in radii))


def _exit_code(report: Report, offered_radii: int) -> int:
    """0 when all that was offered is confirmed; an offered radius of 0 asks for nothing."""
    if report.refusal is not None:
        return 2
    offered = any(report.proved) or report.radii or report.lower
    lost = report.reasons or sum(radius > 0 for radius in report.radii or ()) < offered_radii
    return 1 if lost or not offered else 0


def _find(folder: Path, digest: str) -> bytes:
    """The file with this digest: first by the name that a store gives it, then by looking at all. KeyError: none."""
    name = digest.removeprefix("sha256:")
    candidates = [folder / name, folder / "objects" / name[:2] / name]
    for path in (*candidates, *sorted(folder.rglob("*"))):
        if path.is_file():
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() == name:
                    return path.read_bytes()
    raise KeyError(f"no file in {folder.name} has this digest")


def _progress(done: int, total: int, note: str) -> Any:
    end = "\n" if done == total else ""
    print(f"\r{note}: {done} of {total}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
