"""A case folder as it was at a git revision: read from git's objects into a temporary folder, without any checkout.

The user's work tree, index and configuration are not touched. git is called with a list of arguments and no shell, with a time limit,
without prompts, and without any protocol, so that a missing object is an error and never a download. Names are checked before a file is
written and sizes before a byte is read. Only the case file, the files that it declares and its evidence are taken; symbolic links
and submodules count as missing. Nothing of the content is run: no hook, no filter, no text conversion.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assurance.package.archive import MAX_BYTES, MAX_MEMBER_BYTES, MAX_MEMBERS, unsafe_names
from evidence.diagnostics import Code, Finding, Place, Severity, code
from evidence.digest import PREFIX, of_bytes
from evidence.errors import InputError

T_NO_GIT = code(
    "T143",
    Severity.ERROR,
    "git cannot be used",
    "install git and call the command inside the repository, or compare folders, packages or named baselines",
)
T_REVISION = code(
    "T144",
    Severity.ERROR,
    "git revision or path not found",
    "write REVISION:PATH as git does, with the path from the top of the repository, as in HEAD~1:examples/my_case; "
    "a shallow clone holds only its newest revisions",
)
T_BOUNDS = code(
    "T145",
    Severity.ERROR,
    "content of the git revision cannot be taken out",
    "a case holds at most 20000 files, 512 MB in one file and 1 GB in all, with names that every system can hold",
)
T_POINTER = code(
    "T156",
    Severity.WARNING,
    "content of a file is not in git",
    "`git lfs fetch` gets it for this revision; until then the file counts as changed",
)

_SECONDS = 120
_MAX_LISTING = 64_000_000
_LONGEST = 300
_FILE_MODES = frozenset({"100644", "100755"})
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,12})\n?"
)
"""What Git LFS puts in place of a large file (its specification, version 1)."""


@dataclass(frozen=True)
class Blob:
    """A file of a revision: its object name in git and its size in bytes."""

    object: str
    size: int


@dataclass(frozen=True)
class Tree:
    """A case folder at a revision: files by path below it."""

    repository: Path
    commit: str
    path: str
    files: dict[str, Blob]
    case_file: str
    """Name of the case file in it."""


def read_tree(revision: str, path: str, where: Path) -> Tree:
    """The folder, or the folder of the case file, at a revision of the repository around `where`.

    Raises InputError: T143 without git or repository, T144 for revision or path, T145 when it is too large.
    """
    shown = f"{revision}:{path}"
    if not revision or revision.startswith("-") or len(shown) > _LONGEST or not shown.isprintable():
        raise InputError.of(T_REVISION, f"{shown[:80]!r} names no revision of a case")
    repository = _repository(where)
    commit = _line(
        repository,
        ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"],
        T_REVISION,
        f"no revision {revision!r} in {repository}",
    )
    folder, case_file = _normal(path, where, repository), "case.yaml"
    files = _listed(repository, commit, folder)
    if files is None and folder:
        parent, _, name = folder.rpartition("/")
        files = _listed(repository, commit, parent)
        folder, case_file = parent, name
    if files is None or case_file not in files:
        message = f"revision {revision!r} holds no case at {path or '.'!r}"
        raise InputError.of(T_REVISION, message, Place(shown))
    return Tree(repository, commit, folder, files, case_file)


def take_out(tree: Tree, names: Iterable[str], root: Path) -> list[Finding]:
    """Write files of the tree below `root`. Names that the tree does not have are passed over.

    A pointer of Git LFS is followed as far as this clone holds the content; else T156 comes back. Raises InputError T145, T143.
    """
    wanted = [name for name in dict.fromkeys(names) if name in tree.files]
    bad = next(unsafe_names(wanted), None)
    if bad is not None:
        raise InputError.of(T_BOUNDS, bad.message)
    sizes = [tree.files[name].size for name in wanted]
    if len(wanted) > MAX_MEMBERS or sum(sizes) > MAX_BYTES or max(sizes, default=0) > MAX_MEMBER_BYTES:
        raise InputError.of(T_BOUNDS, f"{len(wanted)} files with {sum(sizes)} bytes at {tree.commit[:12]}:{tree.path}")
    asked = "".join(f"{tree.files[name].object}\n" for name in wanted).encode()
    data = _git(tree.repository, ["cat-file", "--batch"], asked) if wanted else b""
    if data is None:
        raise InputError.of(T_NO_GIT, f"git cannot read the objects of {tree.commit[:12]}")
    at, absent = 0, []
    for name in wanted:
        blob = tree.files[name]
        head = f"{blob.object} blob {blob.size}\n".encode()
        start, end = at + len(head), at + len(head) + blob.size
        if data[at:start] != head or data[end : end + 1] != b"\n":
            raise InputError.of(T_BOUNDS, f"git does not have the content of {name} (a partial clone?)")
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content, found = data[start:end], _POINTER.fullmatch(data[start:end])
        if found is not None:
            large = _large_file(tree.repository, found[1].decode(), int(found[2]))
            content = content if large is None else large
            if large is None:
                absent.append(T_POINTER.finding(f"{tree.commit[:12]}: {name} is a pointer of Git LFS", Place(name)))
        target.write_bytes(content)
        at = end + 1
    return absent


def _large_file(repository: Path, digest: str, size: int) -> bytes | None:
    """The content that a pointer of Git LFS stands for, where this clone holds it unaltered."""
    folder = (_git(repository, ["rev-parse", "--git-common-dir"]) or b"").decode("utf-8", "surrogateescape").strip()
    path = repository / folder / "lfs" / "objects" / digest[:2] / digest[2:4] / digest
    try:
        if size > MAX_MEMBER_BYTES or path.stat().st_size != size:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return content if of_bytes(content) == PREFIX + digest else None


def _repository(where: Path) -> Path:
    """The top of the work tree around a folder, or the repository itself where it is bare. Raises InputError T143."""
    top = _git(where, ["rev-parse", "--show-toplevel"])
    if top is None and (_git(where, ["rev-parse", "--is-bare-repository"]) or b"").strip() == b"true":
        top = _git(where, ["rev-parse", "--absolute-git-dir"])
    if not top:
        message = (
            f"git takes {where} for no repository of its own (none around it, or one that belongs to somebody else)"
        )
        raise InputError.of(T_NO_GIT, message)
    return Path(top.decode("utf-8", "surrogateescape").removesuffix("\n"))


def _normal(path: str, where: Path, repository: Path) -> str:
    """The path from the top of the repository; with a leading './' it starts where the command was called, as in git."""
    if path.startswith("./") or path in (".", ".."):
        try:
            path = (where / path).resolve().relative_to(repository.resolve()).as_posix()
        except ValueError:
            raise InputError.of(T_REVISION, f"{path!r} lies outside the repository {repository}") from None
    parts = [part for part in PurePosixPath(path).parts if part != "."]
    if ".." in parts or path.startswith("/"):
        raise InputError.of(T_REVISION, f"{path!r} is no path from the top of the repository")
    return "/".join(parts)


def _listed(repository: Path, commit: str, folder: str) -> dict[str, Blob] | None:
    """The files of a folder at a commit; None when there is no such folder. Raises InputError T145."""
    data = _git(repository, ["ls-tree", "-r", "-z", "-l", "--full-tree", f"{commit}:{folder}"])
    if data is None:
        if (_git(repository, ["cat-file", "-t", f"{commit}:{folder}"]) or b"").strip() == b"tree":
            message = (
                f"git does not have all objects of {commit[:12]}:{folder} (a partial clone?); nothing is downloaded"
            )
            raise InputError.of(T_BOUNDS, message)
        return None
    if len(data) > _MAX_LISTING:
        raise InputError.of(T_BOUNDS, f"{folder or 'the repository'} holds too many files")
    files = {}
    for line in data.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = line.partition("\t")
        fields = facts.split()
        if len(fields) == 4 and fields[0] in _FILE_MODES and fields[3].isdigit():
            files[name] = Blob(fields[2], int(fields[3]))
    return files


def _line(where: Path, arguments: list[str], otherwise: Code, message: str) -> str:
    found = _git(where, arguments)
    text = found.decode("utf-8", "replace").strip() if found else ""
    if not text:
        raise InputError.of(otherwise, message)
    return text


def _git(where: Path, arguments: list[str], given: bytes = b"") -> bytes | None:
    """What git answers; None when it says no. Raises InputError T143 when it is absent or takes too long."""
    repositories = {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    }
    environment = {name: value for name, value in os.environ.items() if name not in repositories}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_REPLACE_OBJECTS": "1"}
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(
            command, cwd=where, env=environment, input=given, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise InputError.of(T_NO_GIT, "git is not installed, or the folder is gone", Place(str(where))) from None
    except OSError as error:
        raise InputError.of(T_NO_GIT, f"git cannot be started: {error.strerror}", Place(str(where))) from None
    except subprocess.TimeoutExpired:
        raise InputError.of(T_NO_GIT, f"git did not answer within {_SECONDS} seconds", Place(str(where))) from None
    return done.stdout if done.returncode == 0 else None
