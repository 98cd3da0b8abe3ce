"""Repositories and baselines that somebody prepared, broke, or uses at the same time."""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from case_toys import Kit
from impact_toys import Pair, epsilon, git, keys, names, read, refused, state

from assurance.impact import Baseline, baselines, compare
from evidence.errors import AssuranceError, InputError
from evidence.store import Store

# --- repositories --------------------------------------------------------------------------------------------------------------


def _pointer(path: Path) -> tuple[bytes, str]:
    """Put a pointer of Git LFS in place of a file; the content and its digest."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    head = "version https://git-lfs.github.com/spec/v1"
    path.write_text(f"{head}\noid sha256:{digest}\nsize {len(content)}\n", "utf-8")
    return content, digest


def test_large_files_of_git_are_found_in_the_clone(pair: Pair, repository: Path) -> None:
    """Weights are often kept by Git LFS: the revision itself holds a pointer only."""
    net = pair.new.folder / "net.onnx"
    content, digest = _pointer(net)
    git(repository, "commit", "-q", "-a", "-m", "pointer")
    net.write_bytes(content)
    impact, first, _ = read("HEAD:cases/toy", pair.new.folder, repository)
    assert {item.code for item in first.findings} == {"T146", "T153", "T156"} and names(impact.requirements)
    kept = repository / ".git" / "lfs" / "objects" / digest[:2] / digest[2:4] / digest
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content[:-1] + b"?")
    assert "T156" in {item.code for item in read("HEAD:cases/toy", pair.new.folder, repository)[1].findings}
    kept.write_bytes(content)
    impact, first, _ = read("HEAD:cases/toy", pair.new.folder, repository)
    assert impact.empty and [item.code for item in first.findings] == ["T146"]


def test_a_bare_repository_and_a_shallow_clone(pair: Pair, repository: Path, tmp_path: Path) -> None:
    epsilon(pair.new)
    pair.new.write()
    git(repository, "commit", "-q", "-a", "-m", "second")
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    impact, *_ = read("HEAD~1:cases/toy", "HEAD:cases/toy", tmp_path / "bare.git")
    assert keys(impact) == {"threat model TM"}
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert "no revision" in refused("T144", "HEAD~1:cases/toy", pair.new.folder, tmp_path / "shallow")


def test_a_submodule_is_no_folder_of_the_repository(pair: Pair, repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", "-b", "main")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repository), "inner")
    git(outer, "commit", "-q", "-m", "submodule")
    refused("T144", "HEAD:inner/cases/toy", pair.new.folder, outer)
    impact, *_ = read("HEAD:cases/toy", pair.new.folder, outer / "inner")
    assert not keys(impact)


def test_an_evidence_folder_that_is_written_otherwise(pair: Pair, repository: Path) -> None:
    (repository / ".gitignore").unlink()
    pair.new.case["evidence_folder"] = "./evidence"
    pair.new.write()
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "with evidence")
    assert not read("HEAD:cases/toy", pair.new.folder, repository)[1].findings


@pytest.mark.parametrize(
    "given",
    [
        "--upload-pack=touch x:cases/toy",
        "-c:cases/toy",
        "HEAD:--output=x",
        "HEAD:../../etc",
        "HEAD;ls:cases/toy",
        "HEAD:cases/toy\n",
        "HEAD^{tree}:cases/toy",
        "HEAD:cases/toy/net.onnx/x",
        "HEAD:/etc",
    ],
)
def test_revisions_that_are_none(pair: Pair, repository: Path, given: str) -> None:
    before = sorted(repository.rglob("*"))
    refused("T144", given, pair.new.folder, repository)
    assert sorted(repository.rglob("*")) == before


# --- baselines -------------------------------------------------------------------------------------------------------------------


def test_no_byte_of_a_baseline_can_change(pair: Pair) -> None:
    """Of its name's file only the date, which says when and nothing else."""
    store = pair.new.store
    label, _ = baselines.write(pair.before, "release-1", store)
    content, name = store.path(label.digest), store.root / "baselines" / "release-1.json"
    whole = content.read_bytes()
    for at in range(0, len(whole), max(len(whole) // 200, 1)):
        content.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InputError):
            baselines.read("release-1", store)
    content.write_bytes(whole)
    given = name.read_bytes()
    dated = given.index(label.created.encode())
    for at in range(len(given)):
        name.write_bytes(given[:at] + bytes([given[at] ^ 1]) + given[at + 1 :])
        try:
            found = baselines.read("release-1", store)
        except AssuranceError:
            continue
        assert found == pair.before.model_copy(update={"name": "release-1"})
        assert dated <= at < dated + len(label.created), given[at : at + 1]


def test_what_lies_there_already_is_not_taken_for_the_baseline(pair: Pair) -> None:
    """The store never overwrites: an altered object under the digest is said at once, not when it is needed."""
    label, _ = baselines.write(pair.before, "release-1", pair.new.store)
    shutil.rmtree(pair.new.store.root / "baselines")
    pair.new.store.path(label.digest).write_bytes(b"altered")
    with pytest.raises(InputError) as caught:
        baselines.write(pair.before, "release-1", pair.new.store)
    assert caught.value.finding.code == "T148" and not baselines.exists("release-1", pair.new.store)


def test_written_at_the_same_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """One content gets the name; equal ones are told that they have it, others that it is taken."""
    epsilon(pair.new)
    states = [pair.before, state(pair.new)] * 6

    def write(given: Baseline) -> str:
        try:
            return baselines.write(given, "release-1", Store(pair.new.folder / "evidence"))[0].digest
        except InputError as error:
            return error.finding.code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(write, states))
    digests = {item for item in answers if item.startswith("sha256:")}
    assert len(digests) == 1 and set(answers) == {*digests, "T149"} and answers.count("T149") == 6
    assert [item.name for item, _ in baselines.listed(pair.new.store)[0]] == ["release-1"]


def test_a_write_that_was_cut_off_leaves_nothing(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", stopped)
    with pytest.raises(KeyboardInterrupt):
        baselines.write(pair.before, "release-1", pair.new.store)
    folder = pair.new.store.root / "baselines"
    assert not list(folder.iterdir()) and baselines.listed(pair.new.store) == ([], [])
    (folder / ".writing-left").write_bytes(b"{")
    assert baselines.listed(pair.new.store) == ([], []), "what a killed process left is no baseline"


@pytest.mark.parametrize("name", ["é", "a/../b", "a\n", "a\\b", "a:b", "..", "a b", "a" * 65, "\u202ea", "-rf", "a\0"])
def test_names_that_would_leave_the_folder(pair: Pair, name: str) -> None:
    with pytest.raises(InputError) as caught:
        baselines.write(pair.before, name, pair.new.store)
    assert caught.value.finding.code == "T150" and not (pair.new.store.root / "baselines").exists()


def test_a_link_in_place_of_a_name(pair: Pair, tmp_path: Path) -> None:
    """Neither followed to be written nor replaced."""
    folder = pair.new.store.root / "baselines"
    folder.mkdir()
    (folder / "release-1.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(InputError):
        baselines.write(pair.before, "release-1", pair.new.store)
    assert not (tmp_path / "elsewhere.json").exists()


def test_swapped_sides_swap_the_answer(pair: Pair) -> None:
    """Of the words and of history as well."""
    epsilon(pair.new)
    there, back = compare(pair.before, state(pair.new)), compare(state(pair.new), pair.before)
    assert {(item.key, item.before, item.after) for item in there.acceptances} == {
        (item.key, item.after, item.before) for item in back.acceptances
    }
    assert there.kept.words == back.kept.words and there.kept.requirements == back.kept.requirements


def test_a_toy_of_another_case_is_said(pair: Pair, tmp_path: Path) -> None:
    other = Kit(Path(shutil.copytree(pair.new.folder, tmp_path / "other")), pair.new.case)
    other.write(id="other-case")
    impact, _, last = read(pair.old.folder, other.folder, tmp_path)
    assert [item.code for item in last.findings] == ["T151"] and not impact.rerun
