"""What OLD and NEW of `assurance diff` name, and the state that lies there.

    my-case, my-case/case.yaml        a case folder or case file
    review.zip                        a review package, if it is intact
    baseline.json                     the file of a baseline, taken out of a store
    HEAD~1:path/of/case, git:REV:PATH a git revision; the path counts from the top of the repository ('./': from here)
    my-case@release-1                 a named baseline of a case
    baseline:release-1, release-1     a named baseline of the case that the other operand names

What exists as a file or folder is taken as such; 'git:' and 'baseline:' settle it otherwise. Reading writes nothing outside a
temporary folder. Where a revision holds no evidence (it is usually kept out of git), the evidence is read that lies beside that case
now, and a note says so: its statuses are then what today's evidence shows of the old text.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assurance.impact import baselines, git, packages
from assurance.impact.facts import Baseline
from assurance.impact.state import state_of
from assurance.loading import C_FILE, C_STALE, LoadedCase, load
from assurance.package.archive import MAX_BYTES
from assurance.package.derive import relative
from assurance.package.layout import EVIDENCE
from assurance.preflight import examine
from assurance.snapshot import take
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import AssuranceError, InputError
from evidence.store import Store

T_NOTHING = code(
    "T140",
    Severity.ERROR,
    "nothing to compare",
    "name a case folder, a case file, a review package, REVISION:PATH, or a named baseline (CASE@NAME)",
)
T_BORROWED = code(
    "T146",
    Severity.NOTE,
    "evidence of a git revision is not its own",
    "keep the evidence folder in git, or make named baselines, to compare with the statuses of that time",
)
T_OTHER_CASE = code(
    "T151", Severity.WARNING, "two different cases are compared", "check OLD and NEW; a new case usually keeps its id"
)
T_STALE = code(
    "T153",
    Severity.WARNING,
    "declared file differs: `assurance run` refuses for now",
    "declare the new digest, if the change is meant; the runs to repeat are listed as for the new digest",
)
T_UNUSABLE_FILE = code(
    "T157",
    Severity.WARNING,
    "runs cannot be carried out: `assurance run` refuses for now",
    "mend what the quoted finding says; the list of runs holds for then",
)

Kind = Literal["case", "package", "git", "baseline"]
_LONGEST_PATH = 400
_ZIP = (b"PK\3\4", b"PK\5\6")


@dataclass(frozen=True)
class Side:
    """One operand: what it is, what was verified about it, and its state."""

    given: str
    kind: Kind
    verified: str
    """What was checked about its bytes, in words."""
    baseline: Baseline
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, object]:
        """How `diff --json` names an operand."""
        case = self.baseline.case
        return {
            "given": self.given,
            "kind": self.kind,
            "verified": self.verified,
            "case": {"id": case.id, "issue": case.issue, "digest": case.digest},
            "tool": self.baseline.tool,
        }


def read_sides(old: str, new: str, device: Literal["cpu", "cuda"], here: Path) -> tuple[Side, Side]:
    """The states that two operands name; `here`: the folder from which git is asked.

    Raises InputError: T140 for nothing that is known, T141/T154 for packages, T143-T145 for git, T147-T155 for baselines, and
    whatever reading a case raises; StoreError when a journal cannot be read.
    """
    sides = [_side(given, other, device, here) for given, other in ((old, new), (new, old))]
    first, last = sides
    if first.baseline.case.id != last.baseline.case.id:
        message = f"{first.baseline.case.id!r} and {last.baseline.case.id!r}"
        last = replace(last, findings=(*last.findings, T_OTHER_CASE.finding(message)))
    return first, last


def _side(given: str, other: str, device: Literal["cpu", "cuda"], here: Path) -> Side:
    path = _existing(given, here)
    if path is not None:
        if path.is_dir() or path.suffix in (".yaml", ".yml"):
            return _folder(given, path, device)
        head = _head(path)
        if head in _ZIP or path.suffix == ".zip":
            return _package(given, path, device)
        if head[:1] == b"{":
            return Side(
                given, "baseline", "format only: a file outside its store has no name to hold it to", _file(path)
            )
        return _folder(given, path, device)
    if given.startswith("baseline:"):
        return _named(given, given.removeprefix("baseline:"), _case_of(other, here), device)
    if given.startswith("git:") or ":" in given:
        return _git(given, other, device, here)
    case, at, name = given.rpartition("@")
    if at and _existing(case, here) is not None:
        return _named(given, name, load(here / case), device)
    if baselines.is_name(given) and _is_case(other, here):
        loaded = _case_of(other, here)
        if baselines.exists(given, Store(loaded.evidence_folder)):
            return _named(given, given, loaded, device)
    raise InputError.of(T_NOTHING, f"{given[:200]!r} is neither a file nor a folder, a revision or a baseline")


def _existing(given: str, here: Path) -> Path | None:
    try:
        path = here / given
        return path if given and path.exists() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError as error:
        raise InputError.of(T_NOTHING, f"cannot read {path}: {error.strerror}", Place(str(path))) from None


def _is_case(given: str, here: Path) -> bool:
    path = _existing(given.rpartition("@")[0] or given, here)
    return path is not None and (path.is_dir() or path.suffix in (".yaml", ".yml"))


def _case_of(other: str, here: Path) -> LoadedCase:
    """The case of the other operand, whose named baselines are meant."""
    if not _is_case(other, here):
        message = f"a baseline's name needs a case beside it, and {other[:200]!r} is none"
        raise InputError.of(T_NOTHING, message, expected="CASE@NAME")
    path = _existing(other, here) or _existing(other.rpartition("@")[0], here)
    assert path is not None
    return load(path)


# --- the four kinds ------------------------------------------------------------------------------------------------


def _folder(given: str, path: Path, device: Literal["cpu", "cuda"]) -> Side:
    loaded = load(path)
    store = Store(loaded.evidence_folder)
    baseline = state_of(take(loaded, store), store, device)
    findings = _stale(loaded) or _unusable(loaded, {run.id for run in baseline.runs if run.answer is None})
    return Side(given, "case", "files against their declared digests", baseline, findings)


def _package(given: str, path: Path, device: Literal["cpu", "cuda"]) -> Side:
    contents, manifest, key = packages.open_package(path)
    with tempfile.TemporaryDirectory(prefix="assurance-") as temporary:
        root = Path(temporary).resolve()
        file = packages.unpack_case(contents.members, manifest, root, path)
        store = Store(root / EVIDENCE.rstrip("/"))
        try:
            snapshot = take(load(file), store)
            baseline = state_of(snapshot, store, device, manifest.tool.version, manifest.rules)
        except AssuranceError as error:
            raise packages.unusable(error, root, path) from None
        notes = packages.other_rules(manifest, snapshot.loaded.case, path)
        notes += [relative(item, root) for item in _stale(snapshot.loaded)]
    verified = f"intact, signed with key {key}, for which nobody vouches here; evidence not re-checked"
    return Side(given, "package", verified, baseline, tuple(notes))


def _git(given: str, other: str, device: Literal["cpu", "cuda"], here: Path) -> Side:
    revision, _, name = given.removeprefix("git:").partition(":")
    tree = git.read_tree(revision, name, here)
    with tempfile.TemporaryDirectory(prefix="assurance-") as temporary:
        root = Path(temporary).resolve()
        git.take_out(tree, [tree.case_file], root)
        try:
            case = load(root / tree.case_file).case
            kept = [item for item in tree.files if item.startswith(f"{_plain(case.evidence_folder)}/")]
            notes = git.take_out(tree, [*_paths(case.model_dump(mode="json")), *kept], root)
            loaded = load(root / tree.case_file)
            store = Store(loaded.evidence_folder)
            if not (store.root / "journal.jsonl").is_file():
                store, note = _borrowed(tree, loaded, other, here)
                notes.append(note)
            snapshot = take(loaded, store)
            baseline = state_of(snapshot, store, device)
        except AssuranceError as error:
            found = [relative(item, root) for item in error.findings]
            raise InputError(*(replace(item, message=f"{given}: {item.message}") for item in found)) from None
        notes += [relative(item, root) for item in _stale(loaded)]
    verified = f"git objects of commit {tree.commit}"
    return Side(given, "git", verified, baseline, tuple(notes))


def _paths(value: Any) -> Iterator[str]:
    """Every text of a case file that can be the path of a file of the case, whatever field it stands in."""
    if isinstance(value, str):
        if len(value) <= _LONGEST_PATH:
            yield _plain(value)
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _paths(part)


def _plain(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _borrowed(tree: git.Tree, loaded: LoadedCase, other: str, here: Path) -> tuple[Store, Finding]:
    """The evidence that lies beside this case now: in the work tree, else with the other operand."""
    candidates = [tree.repository / tree.path / loaded.case.evidence_folder]
    if _is_case(other, here):
        candidates.append(_case_of(other, here).evidence_folder)
    for folder in candidates:
        if (folder / "journal.jsonl").is_file():
            message = f"{tree.commit[:12]} holds no evidence: what lies in {folder} now is held against its text"
            return Store(folder), T_BORROWED.finding(message)
    return Store(loaded.evidence_folder), T_BORROWED.finding(
        f"{tree.commit[:12]} holds no evidence, and there is none here"
    )


def _named(given: str, name: str, loaded: LoadedCase, device: Literal["cpu", "cuda"]) -> Side:
    baseline = baselines.read(name, Store(loaded.evidence_folder))
    return Side(given, "baseline", "the bytes against the digest of its name", baseline)


def _file(path: Path) -> Baseline:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError.of(baselines.T_FORMAT, "the file is too large", Place(str(path)))
        return baselines.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError.of(T_NOTHING, f"cannot read {path}: {error.strerror}", Place(str(path))) from None


def _unusable(loaded: LoadedCase, open_: set[str]) -> tuple[Finding, ...]:
    """Why runs without an answer cannot be carried out, as `assurance run` looks before it begins; one run of a kind is enough."""
    kinds = {(run.requirement, run.engine): run for run in loaded.case.runs if run.id in open_}
    chosen = loaded.case.model_copy(update={"runs": tuple(kinds.values())})
    return tuple(
        T_UNUSABLE_FILE.finding(f"{item.code}: {item.message}", item.place, expected=item.expected)
        for item in examine(replace(loaded, case=chosen))
    )


def _stale(loaded: LoadedCase) -> tuple[Finding, ...]:
    """What stops `assurance run` for now."""
    found = [item for item in loaded.findings if item.code in (C_STALE.id, C_FILE.id)]
    return tuple(T_STALE.finding(item.message, item.place, expected=item.expected) for item in found)
