"""What OLD and NEW may name: packages, git revisions, named baselines; and one clear finding for everything that cannot be used."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from case_toys import Kit
from impact_toys import (
    RUNS,
    Pair,
    declare,
    epsilon,
    git,
    keys,
    names,
    objectives,
    read,
    refused,
    reruns,
    stale_by,
    state,
    weight,
)

from assurance.impact import baselines, packages
from assurance.package import archive, layout, new_key
from assurance.package.build import build_package
from evidence.digest import canonical_json, of_bytes
from evidence.errors import InputError, StoreError

# --- folders and files -------------------------------------------------------------------------------------------------


def test_a_folder_and_its_file_are_the_same(pair: Pair, tmp_path: Path) -> None:
    impact, first, last = read(pair.new.folder, pair.new.folder / "case.yaml", tmp_path)
    assert impact.empty and first.kind == last.kind == "case"


def test_reading_writes_nothing(pair: Pair, tmp_path: Path) -> None:
    before = sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    read(pair.old.folder, pair.new.folder, tmp_path)
    assert before == sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("given", ["no-such-thing", "", "x" * 5000, "nothing.zip", "a\0b"])
def test_nothing_of_that_name(pair: Pair, tmp_path: Path, given: str) -> None:
    refused("T140", given, pair.new.folder, tmp_path)
    refused("T140", given, "another", tmp_path)


def test_another_case_is_said(pair: Pair, tmp_path: Path) -> None:
    pair.new.write(id="another")
    _, _, last = read(pair.old.folder, pair.new.folder, tmp_path)
    assert [item.code for item in last.findings] == ["T151"]


def test_a_file_that_nobody_declared_is_said(pair: Pair, tmp_path: Path) -> None:
    (pair.new.folder / "net.onnx").write_bytes(b"other")
    _, first, last = read(pair.old.folder, pair.new.folder, tmp_path)
    assert not first.findings and [item.code for item in last.findings] == ["T153"]


def test_runs_that_cannot_be_carried_out_are_said(pair: Pair, tmp_path: Path) -> None:
    """`assurance run` reads networks before it begins, and refuses; what is listed is what it would do otherwise."""
    pair.new.requirement("R2")["property"]["regions"]["boxes"][0]["ranges"]["x"]["upper"] = 4
    assert not read(pair.old.folder, pair.new.write().folder, tmp_path)[2].findings
    (pair.new.folder / "net.onnx").write_bytes(b"no network")
    declare(pair.new, "models", "net")
    impact, first, last = read(pair.old.folder, pair.new.write().folder, tmp_path)
    assert reruns(impact) == set(RUNS) and not first.findings and {item.code for item in last.findings} == {"T157"}
    assert "net.onnx" in str(last.findings[0])


# --- packages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(pair: Pair, tmp_path: Path) -> Path:
    """The review package of the finished case."""
    key = tmp_path / "key.pem"
    new_key(key)
    out = tmp_path / "review.zip"
    build_package(pair.new.load(), pair.new.store, key, out)
    return out


def test_a_package_is_the_case_that_it_was_built_from(pair: Pair, package: Path, tmp_path: Path) -> None:
    for old, new in ((package, pair.new.folder), (pair.new.folder, package), (package, package)):
        impact, first, last = read(old, new, tmp_path)
        assert impact.empty, impact
        assert "package" in (first.kind, last.kind) and not first.findings and not last.findings
    assert first.verified.startswith("intact, signed with key") and "nobody vouches" in first.verified
    epsilon(pair.new)
    pair.new.write()
    impact, *_ = read(package, pair.new.folder, tmp_path)
    assert keys(impact) == {"threat model TM"} and reruns(impact) == {"run-1"}
    back, *_ = read(pair.new.folder, package, tmp_path)
    assert not back.rerun, "the package holds its answers"


def test_a_package_without_an_answer_says_so(pair: Pair, tmp_path: Path) -> None:
    key, out = tmp_path / "key.pem", tmp_path / "review.zip"
    new_key(key)
    epsilon(pair.new)
    pair.new.case["acceptances"] = []
    build_package(pair.new.load(), pair.new.store, key, out)
    impact, *_ = read(pair.old.folder, out, tmp_path)
    assert reruns(impact) == {"run-1"} and stale_by(impact)["run-1"] == "no longer counts"


def test_a_package_of_other_rules_is_said(
    pair: Pair, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "__version__", "99.0")
    real = packages.layout.rules_of
    other = {"standards/do-178c/catalogue.yaml": "sha256:" + 64 * "a"}
    monkeypatch.setattr(packages.layout, "rules_of", lambda case: real(case) | other)
    monkeypatch.setattr("assurance.impact.state.rules_of", lambda case: real(case) | other)
    impact, first, _ = read(package, pair.new.folder, tmp_path)
    assert [item.code for item in first.findings] == ["T142"]
    assert "assurance 0" in first.findings[0].message and "do-178c/catalogue.yaml" in first.findings[0].message
    assert keys(impact) == {"catalogue do-178c"} and impact.changed[0].parts[0].part == "file"


def _flipped(data: bytes) -> bytes:
    at = data.index(b"requirements")
    return data[:at] + b"R" + data[at + 1 :]


def _forged(data: bytes) -> bytes:
    """A consistent archive with one file changed: only manifest and signature can tell."""
    members = dict(archive.read(data).members)
    members["case/case.yaml"] = members["case/case.yaml"].replace(b"Toy case", b"Toy cast")
    return archive.write(members)


def _unsigned(data: bytes) -> bytes:
    members = dict(archive.read(data).members)
    del members["attestation.dsse.json"]
    return archive.write(members)


def _stated_anew(data: bytes) -> bytes:
    """Case, manifest and statement are changed together: only the signature can tell."""
    members = dict(archive.read(data).members)
    members["case/case.yaml"] = members["case/case.yaml"].replace(b"Toy case", b"Toy cast")
    manifest = json.loads(members["manifest.json"])
    for item in manifest["files"]:
        item["digest"] = of_bytes(members[item["name"]])
    members["manifest.json"] = canonical_json(manifest)
    envelope = json.loads(members["attestation.dsse.json"])
    envelope["payload"] = base64.b64encode(layout.statement_of(members["manifest.json"])).decode()
    members["attestation.dsse.json"] = canonical_json(envelope)
    return archive.write(members)


def _more(data: bytes) -> bytes:
    return archive.write(dict(archive.read(data).members) | {"case/more.txt": b"more"})


def _no_manifest(data: bytes) -> bytes:
    members = dict(archive.read(data).members)
    del members["manifest.json"]
    return archive.write(members)


@pytest.mark.parametrize(
    "spoil",
    [
        _flipped,
        _forged,
        _stated_anew,
        _unsigned,
        _more,
        _no_manifest,
        lambda data: data[:-7],
        lambda data: b"PK\3\4" + b"x" * 100,
    ],
)
def test_a_corrupt_package_is_refused(
    pair: Pair, package: Path, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    package.write_bytes(spoil(package.read_bytes()))
    refused("T141", package, pair.new.folder, tmp_path)
    refused("T141", pair.new.folder, package, tmp_path)


def test_the_attestation_of_another_package_is_refused(pair: Pair, package: Path, tmp_path: Path) -> None:
    """Signed by the same key, but about something else."""
    other = tmp_path / "other.zip"
    epsilon(pair.new)
    build_package(pair.new.load(), pair.new.store, tmp_path / "key.pem", other)
    members = dict(archive.read(package.read_bytes()).members)
    members["attestation.dsse.json"] = archive.read(other.read_bytes()).members["attestation.dsse.json"]
    package.write_bytes(archive.write(members))
    assert "P126" in refused("T141", package, pair.new.folder, tmp_path)


# --- git -------------------------------------------------------------------------------------------------------------------


def test_a_revision_is_the_text_of_that_time(pair: Pair, repository: Path) -> None:
    epsilon(pair.new)
    pair.new.write()
    status = git(repository, "status", "--porcelain")
    spec = "HEAD:cases/toy"
    for here, given in (
        (repository, spec),
        (repository, f"git:{spec}"),
        (repository, "HEAD:cases/toy/case.yaml"),
        (pair.new.folder, "main:cases/toy/"),
        (pair.new.folder, "HEAD:./"),
    ):
        impact, first, _ = read(given, pair.new.folder, here)
        assert keys(impact) == {"threat model TM"} and reruns(impact) == {"run-1"}, given
        assert first.kind == "git" and [item.code for item in first.findings] == ["T146"]
        assert stale_by(impact)["run-1"] == "no longer counts", (
            "the evidence beside the case is held against its old text"
        )
    assert git(repository, "status", "--porcelain") == status
    assert git(repository, "worktree", "list").count("\n") == 1


def test_a_revision_with_evidence_uses_its_own(pair: Pair, repository: Path) -> None:
    (repository / ".gitignore").unlink()
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "with evidence")
    shutil.rmtree(pair.new.folder / "evidence")
    impact, first, _ = read("HEAD:cases/toy", pair.new.folder, repository)
    assert not first.findings and reruns(impact) == set(RUNS) and set(stale_by(impact)) == set(RUNS)
    impact, *_ = read("HEAD:cases/toy", "HEAD:cases/toy", repository)
    assert impact.empty
    impact, *_ = read("HEAD~1:cases/toy", "HEAD:cases/toy", repository)
    assert not keys(impact)


def test_two_revisions(pair: Pair, repository: Path) -> None:
    weight(pair.new)
    pair.new.write()
    git(repository, "commit", "-q", "-a", "-m", "second")
    impact, *_ = read("HEAD~1:cases/toy", "HEAD:cases/toy", repository)
    assert keys(impact) == {"model net"} and reruns(impact) == set(RUNS)


def test_a_link_counts_as_missing(pair: Pair, repository: Path) -> None:
    """What a link points at is outside the revision, perhaps outside the repository."""
    target = pair.new.folder / "net.onnx"
    shutil.move(target, repository / "elsewhere.onnx")
    target.symlink_to(repository / "elsewhere.onnx")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "link")
    _, first, _ = read("HEAD:cases/toy", pair.new.folder, repository)
    assert any(item.code == "T153" and "net.onnx" in item.message for item in first.findings)


@pytest.mark.parametrize(
    "given",
    [
        "no-such:cases/toy",
        "HEAD:no/such",
        "HEAD:",
        "HEAD:../toy",
        "--help:cases/toy",
        "git::x",
    ],
)
def test_a_missing_revision_or_path(pair: Pair, repository: Path, given: str) -> None:
    refused("T144", given, pair.new.folder, repository)


def test_no_repository_and_no_git(
    pair: Pair, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    refused("T143", "HEAD:cases/toy", pair.new.folder, tmp_path)
    monkeypatch.setenv("PATH", "")
    refused("T143", "HEAD:cases/toy", pair.new.folder, repository)


def test_git_runs_nothing_of_the_repository(pair: Pair, repository: Path, tmp_path: Path) -> None:
    """Neither hooks nor filters nor text conversions of a repository get to run."""
    trace = tmp_path / "ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {trace}\ncat\n", "utf-8")
    script.chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n", "utf-8")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "attributes")
    for name in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "core.fsmonitor", "core.pager"):
        git(repository, "config", name, str(script))
    impact, *_ = read("HEAD:cases/toy", "HEAD~1:cases/toy", repository)
    assert not keys(impact) and not trace.exists()


def test_nothing_is_downloaded(pair: Pair, repository: Path, tmp_path: Path) -> None:
    """A partial clone lacks the files: that is an error, and git does not go and fetch them."""
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repository}", str(clone))
    before = git(clone, "count-objects", "-v")
    assert "partial clone" in refused("T145", "HEAD:cases/toy", pair.old.folder, clone)
    assert git(clone, "count-objects", "-v") == before


def test_a_tree_with_a_name_that_leaves_its_folder(pair: Pair, repository: Path) -> None:
    """git's own commands make no such tree; somebody else's can."""
    blob = git(repository, "rev-parse", "HEAD:cases/toy/plan.md").strip()
    entries = git(repository, "ls-tree", "HEAD:cases/toy")
    above = _tree(repository, f"100644 blob {blob}\tstolen.txt\n")
    evidence = _tree(repository, f"040000 tree {above}\t..\n100644 blob {blob}\tjournal.jsonl\n")
    case = _tree(repository, entries + f"040000 tree {evidence}\tevidence\n")
    top = _tree(repository, f"040000 tree {case}\ttoy\n")
    commit = git(repository, "commit-tree", "-m", "forged", top).strip()
    assert "evidence/../stolen.txt" in git(repository, "ls-tree", "-r", "--name-only", f"{commit}:toy")
    refused("T145", f"{commit}:toy", pair.new.folder, repository)


def _tree(folder: Path, entries: str) -> str:
    done = subprocess.run(["git", "mktree"], cwd=folder, input=entries, capture_output=True, text=True, check=True)
    return done.stdout.strip()


# --- named baselines ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(pair: Pair) -> Kit:
    """The finished case with the baseline `release-1`."""
    label, fresh = baselines.write(state(pair.new), "release-1", pair.new.store)
    assert fresh and label.name == "release-1"
    return pair.new


def test_a_baseline_is_diffed_without_the_old_files(named: Kit, tmp_path: Path) -> None:
    epsilon(named)
    named.write()
    for given in (
        "release-1",
        "baseline:release-1",
        f"{named.folder}@release-1",
        f"{named.folder}/case.yaml@release-1",
    ):
        impact, first, _ = read(given, named.folder, tmp_path)
        assert keys(impact) == {"threat model TM"} and reruns(impact) == {"run-1"} and first.kind == "baseline"
    back, *_ = read(named.folder, "release-1", tmp_path)
    assert keys(back) == {"threat model TM"} and not back.rerun
    baselines.write(state(named), "release-2", named.store)
    both, *_ = read(f"{named.folder}@release-1", f"{named.folder}@release-2", tmp_path)
    assert (names(both.goals), objectives(both)) == (names(impact.goals), objectives(impact))


def test_the_file_of_a_baseline_can_be_given(named: Kit, tmp_path: Path) -> None:
    data = named.store.get(baselines.listed(named.store)[0][0][0].digest)
    file = tmp_path / "release-1.json"
    file.write_bytes(data)
    impact, first, _ = read(file, named.folder, tmp_path)
    assert impact.empty and first.kind == "baseline"


def test_a_name_stands_for_one_content(named: Kit) -> None:
    again, fresh = baselines.write(state(named), "release-1", named.store)
    assert not fresh
    epsilon(named)
    with pytest.raises(InputError) as caught:
        baselines.write(state(named), "release-1", named.store)
    assert caught.value.finding.code == "T149" and again.digest in caught.value.finding.message
    assert [label for label, _ in baselines.listed(named.store)[0]] == [again], "nothing was overwritten"


def test_a_baseline_leaves_the_case_as_it_was(named: Kit, tmp_path: Path) -> None:
    impact, *_ = read("release-1", named.folder, tmp_path)
    assert impact.empty
    label, _ = baselines.write(state(named), "release-2", named.store)
    assert label.digest != baselines.listed(named.store)[0][0][0].digest, "its name is part of a baseline"


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 65, ".hidden"])
def test_names_that_no_baseline_can_have(named: Kit, name: str) -> None:
    with pytest.raises(InputError) as caught:
        baselines.write(state(named), name, named.store)
    assert caught.value.finding.code == "T150"
    refused("T147", f"{named.folder}@{name}", named.folder, named.folder)


def test_a_baseline_that_is_not_there(named: Kit, tmp_path: Path) -> None:
    refused("T140", "release-9", named.folder, tmp_path)
    refused("T147", "baseline:release-9", named.folder, tmp_path)
    refused("T147", f"{named.folder}@release-9", named.folder, tmp_path)
    refused("T140", "baseline:release-1", "elsewhere", tmp_path)


def test_a_tampered_baseline_is_refused(named: Kit, tmp_path: Path) -> None:
    ((label, _),), wrong = baselines.listed(named.store)
    assert not wrong
    path = named.store.path(label.digest)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"undeveloped"', b'"supported"', 1))
    assert "E103" in refused("T148", "release-1", named.folder, tmp_path)
    found, wrong = baselines.listed(named.store)
    assert not found and [item.code for item in wrong] == ["T148"]
    path.unlink()
    assert "E102" in refused("T148", "release-1", named.folder, tmp_path)


def test_a_name_put_on_another_baseline_is_refused(named: Kit, tmp_path: Path) -> None:
    epsilon(named)
    baselines.write(state(named), "release-2", named.store)
    folder = named.folder / "evidence" / "baselines"
    shutil.copy(folder / "release-2.json", folder / "release-1.json")
    refused("T148", "release-1", named.folder, tmp_path)
    text = (folder / "release-2.json").read_text("utf-8")
    (folder / "release-1.json").write_text(text.replace("release-2", "release-1"), "utf-8")
    refused("T148", "release-1", named.folder, tmp_path)
    (folder / "release-1.json").write_text("{", "utf-8")
    refused("T148", "release-1", named.folder, tmp_path)


@pytest.mark.parametrize(
    "text", ["{}", "{", '{"format": "assurance-baseline/2"}', '{"format": "assurance-baseline/1"}', "[" * 9000]
)
def test_what_is_no_baseline(named: Kit, tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        baselines.parse(text.encode(), "x")
    assert caught.value.finding.code == "T155"
    if text.startswith("{"):
        (tmp_path / "other.json").write_text(text, "utf-8")
        refused("T155", tmp_path / "other.json", named.folder, tmp_path)


def test_a_store_that_cannot_be_written(named: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", _no_space)
    with pytest.raises(StoreError) as caught:
        baselines.write(state(named), "release-2", named.store)
    assert caught.value.finding.code == "E105"
    assert [label.name for label, _ in baselines.listed(named.store)[0]] == ["release-1"]


def _no_space(*arguments: object) -> None:
    raise OSError(28, "No space left on device")
