"""Read a case: parse, validate, check that it makes sense, and compare its files with their declared digests.

`load` raises InputError when the file cannot be used at all; everything else that is wrong with a readable case
comes back as findings in `LoadedCase`. Nothing is written, nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from assurance.case import Case
from assurance.case_checks import check
from assurance.claims import Claim, claim_of
from assurance.collector import cycles_left_alone
from assurance.gsn.patterns.library import OwnPattern
from evidence.diagnostics import Finding, Place, Severity, code, has_errors
from evidence.digest import of_bytes, of_file
from evidence.errors import InputError
from evidence.regions import check_boxes, tolerances
from evidence.strict_yaml import Document, Path_, read_yaml, validate

C_NO_CASE = code(
    "C109", Severity.ERROR, "no case file", "name a folder that holds case.yaml, or start one with `assurance new`"
)
C_STATEMENT = code("C113", Severity.ERROR, "formal property is inconsistent", "mend the property as the message says")
C_LAPSED = code(
    "C127",
    Severity.WARNING,
    "meaning review is of another sentence or property",
    "have them compared again and record the digest that is expected",
)
C_FILE = code(
    "C116", Severity.ERROR, "declared file is missing or outside the case folder", "restore the file or mend the path"
)
C_STALE = code(
    "C117",
    Severity.ERROR,
    "file differs from its declared digest: evidence about it is stale",
    "if the change is meant, declare the new digest and repeat the runs; else restore the file",
)


@dataclass(frozen=True)
class CaseFile:
    """A file that the case declares, and whether it still is what was declared."""

    id: str
    path: Path
    declared: str
    actual: str | None
    """Digest of the file as it is now; None when it is missing."""

    @property
    def fresh(self) -> bool:
        return self.actual == self.declared


@dataclass(frozen=True)
class LoadedCase:
    """A valid case with where it lies, what was found in it, and the state of its files."""

    case: Case
    file: Path
    digest: str
    document: Document
    findings: tuple[Finding, ...]
    files: tuple[CaseFile, ...]
    claims: dict[str, Claim]
    """Claims by requirement id, for requirements with a formal property."""

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def evidence_folder(self) -> Path:
        return self.folder / self.case.evidence_folder

    @cached_property
    def stale(self) -> frozenset[str]:
        """Declared digests whose file is missing or has changed."""
        return frozenset(item.declared for item in self.files if not item.fresh)

    @cached_property
    def own_patterns(self) -> dict[str, OwnPattern]:
        """The organisation's own patterns by id."""
        files = {item.id: item for item in self.files}
        return {
            item.id: OwnPattern(files[item.id].path, item.path, item.digest, files[item.id].fresh)
            for item in self.case.pattern_files
        }

    def path_of(self, digest: str) -> Path | None:
        """The unchanged file with this digest, if the case declares one."""
        return next((item.path for item in self.files if item.declared == digest and item.fresh), None)


@cycles_left_alone()
def load(where: Path) -> LoadedCase:
    """Load the case in a folder or file. Raises InputError (C1xx, all mistakes found) when it is not usable."""
    try:
        file = where / "case.yaml" if where.is_dir() else where
        found = file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        file, found = where, False
    if not found:
        raise InputError.of(C_NO_CASE, f"there is no case file at {file}", Place(str(file)))
    document = read_yaml(file)
    if not isinstance(document.value, dict):
        raise InputError.of(
            C_NO_CASE, "the file is not a mapping of fields", document.place(), expected="schema: assurance-case/1 ..."
        )
    case = validate(document, Case)
    findings = list(check(case, document))
    if has_errors(findings):
        raise InputError(*[finding for finding in findings if finding.severity is Severity.ERROR])
    claims, broken = _claims(case, document)
    if broken:
        raise InputError(*broken)
    files = tuple(_files(case, file.parent))
    findings += list(_reviews(case, document, claims))
    findings += list(_file_findings(files, case, document, file.parent))
    return LoadedCase(case, file, of_bytes(file.read_bytes()), document, tuple(findings), files, claims)


def require_fresh(loaded: LoadedCase) -> None:
    """Refuse to go on when a declared file changed or is missing. Raises InputError (C116, C117)."""
    bad = [finding for finding in loaded.findings if finding.code in (C_STALE.id, C_FILE.id)]
    if bad:
        raise InputError(*bad)


def _claims(case: Case, document: Document) -> tuple[dict[str, Claim], list[Finding]]:
    claims: dict[str, Claim] = {}
    broken: list[Finding] = []
    for number, requirement in enumerate(case.requirements):
        where = ("requirements", number, "property")
        try:
            claim = claim_of(case, requirement)
            if claim is not None:
                _check_units(claim)
                claims[requirement.id] = claim
        except ValidationError as error:
            place = document.place(where)
            broken += [
                C_STATEMENT.finding(str(item.get("ctx", {}).get("error", item["msg"])), place)
                for item in error.errors()
            ]
        except InputError as error:
            finding, place = error.finding, document.place(where)
            broken.append(
                Finding(finding.code, finding.severity, finding.message, place, finding.expected, finding.remedy)
            )
    return claims, broken


def _check_units(claim: Claim) -> None:
    regions, ports = claim.statement.regions, claim.statement.inputs
    if regions.kind == "input-balls":
        tolerances(regions.perturbation, ports)
    elif regions.kind == "boxes":
        check_boxes(regions, ports)


def _reviews(case: Case, document: Document, claims: dict[str, Claim]) -> Iterator[Finding]:
    """Meaning reviews that lapsed because sentence or property changed."""
    for i, requirement in enumerate(case.requirements):
        claim = claims.get(requirement.id)
        if claim is None or requirement.meaning_review is None:
            continue
        if claim.review_lapsed:
            place = document.place(("requirements", i, "meaning_review"), requirement.id)
            message = f"requirement {requirement.id}: its review is of {requirement.meaning_review.of}"
            yield C_LAPSED.finding(message, place, expected=f"of: {claim.meaning}")


def _declared(case: Case) -> Iterator[tuple[str, str, str, Path_]]:
    """Id, path, digest and place of every file that the case declares."""
    for name in ("models", "data_sets", "tables", "property_files", "pattern_files", "documents", "external_verdicts"):
        for i, item in enumerate(getattr(case, name)):
            yield item.id, item.path, item.digest, (name, i, "digest")
    for i, choice in enumerate(case.standards):
        if choice.sign_off:
            yield (
                choice.sign_off_id,
                choice.sign_off.path,
                choice.sign_off.digest,
                ("standards", i, "sign_off", "digest"),
            )


def _files(case: Case, folder: Path) -> Iterator[CaseFile]:
    root = folder.resolve()
    for id, name, digest, _ in _declared(case):
        path = folder / name
        try:
            inside = path.resolve().is_relative_to(root)
            actual = of_file(path) if inside and path.is_file() else None
        except (OSError, RuntimeError):  # unreadable, a name too long, a loop of links
            actual = None
        yield CaseFile(id, path, digest, actual)


def _file_findings(files: tuple[CaseFile, ...], case: Case, document: Document, folder: Path) -> Iterator[Finding]:
    places = {id: document.place(path) for id, _, _, path in _declared(case)}
    for item in files:
        if item.actual is None:
            yield C_FILE.finding(f"{item.id}: there is no file {item.path.relative_to(folder)}", places[item.id])
        elif not item.fresh:
            yield C_STALE.finding(
                f"{item.id}: the file has digest {item.actual}",
                places[item.id],
                expected=f"the declared {item.declared}",
            )
