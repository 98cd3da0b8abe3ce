"""A case out of a review package: only out of one that is intact.

Read by the first four steps of `assurance verify` (package/intact.py), with the enclosed key. Who signed is not asked, and the
evidence is not re-checked: that is what `assurance verify` is for. Statuses are derived again with the catalogues and patterns
on board here; where the package was built with others, a warning says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assurance import __version__
from assurance.case import Case
from assurance.package import layout
from assurance.package.derive import relative, unpack
from assurance.package.intact import Contents, read_file, read_package
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import AssuranceError, InputError

T_PACKAGE = code(
    "T141",
    Severity.ERROR,
    "package is not intact",
    "do not compare it: `assurance verify` lists what is wrong; ask the sender for the original",
)
T_OTHER_RULES = code(
    "T142",
    Severity.WARNING,
    "package was built with other rules",
    "its statuses are derived with the rules on board here; to see what changed rules do, compare named baselines",
)
T_UNUSABLE = code("T154", Severity.ERROR, "case of the package cannot be used", "see the finding that is quoted")


def open_package(path: Path) -> tuple[Contents, layout.Manifest, str]:
    """Read a package: its contents, its manifest, and the id of the key that signed it, for which nobody vouches.

    Raises InputError: P110 when the file cannot be read, T141 when it is not intact.
    """
    contents = read_package(read_file(path))
    wrong = [item for item in contents.findings if item.severity is Severity.ERROR]
    if wrong or contents.manifest is None or contents.signer is None:
        first = f"{wrong[0].code} {wrong[0].message}" if wrong else "it is not signed"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise InputError.of(T_PACKAGE, f"{first}{more}", Place(str(path)))
    return contents, contents.manifest, contents.signer.key_id


def unpack_case(members: Mapping[str, bytes], manifest: layout.Manifest, root: Path, shown: Path) -> Path:
    """Write case and evidence below `root`; the case file's path. Raises InputError T154."""
    file = manifest.case.file
    if not file.startswith(layout.CASE) or file.count("/") != 1 or file not in members:
        raise InputError.of(T_UNUSABLE, f"there is no case file {file!r:.120}", Place(str(shown)))
    unpack({name: data for name, data in members.items() if name.startswith((layout.CASE, layout.EVIDENCE))}, root)
    return root / file


def unusable(error: AssuranceError, root: Path, shown: Path) -> InputError:
    """What stopped the derivation, with places relative to the package."""
    first = relative(error.finding, root)
    return InputError.of(
        T_UNUSABLE, f"{first.code}: {first.message}", Place(str(shown), element=str(first.place) or None)
    )


def other_rules(manifest: layout.Manifest, case: Case, shown: Path) -> list[Finding]:
    """A warning when the package was built with another version of the tool, its catalogues or its patterns."""
    here = layout.rules_of(case)
    rules = manifest.rules
    names = sorted(name for name in here.keys() | rules.keys() if here.get(name) != rules.get(name))
    if manifest.tool.version != __version__:
        names.insert(0, f"assurance {manifest.tool.version}")
    return [T_OTHER_RULES.finding(f"other here: {', '.join(names)}", Place(str(shown)))] if names else []
