"""Building: the same bytes from the same input, everything that belongs in, refusals that leave no trace."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from package_toys import FILES, Members, Toy, bounds_record, identity, make_toy

from assurance.loading import load
from assurance.package import archive, gather, layout
from assurance.package.build import build_package
from assurance.package.verify import verify_package
from evidence.digest import of_bytes
from evidence.errors import AssuranceError, InputError


def refused(toy: Toy, **more: Any) -> str:
    """The code with which building is refused; nothing may be left behind."""
    out = toy.folder.parent / "refused.zip"
    before = sorted(toy.folder.parent.iterdir())
    with pytest.raises(AssuranceError) as error:
        build_package(toy.loaded, toy.store, **({"key": toy.key, "out": out} | more))
    assert sorted(toy.folder.parent.iterdir()) == before
    return error.value.finding.code


def test_same_input_gives_same_bytes_anywhere(toy: Toy, tmp_path: Path) -> None:
    first = toy.build("one.zip")
    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(toy.folder, moved)
    os.utime(moved / "case.yaml", (0, 0))
    again = load(moved)
    store = type(toy.store)(again.evidence_folder)
    store.remember(of_bytes(b"x"), of_bytes(b"y"), {"date": "2026-01-01", "host": "somewhere"})
    second = build_package(again, store, toy.key, tmp_path / "two.zip")
    assert first.digest == second.digest == of_bytes((tmp_path / "two.zip").read_bytes())
    assert first.file.read_bytes() == second.file.read_bytes()


def test_everything_that_belongs_in(members: Members, shared_toy: Toy) -> None:
    for name, data in FILES.items():
        assert members[f"case/{name}"] == data
    assert members["case/case.yaml"] == (shared_toy.folder / "case.yaml").read_bytes()
    assert members["evidence/journal.jsonl"] == (shared_toy.store.root / "journal.jsonl").read_bytes()
    for record in shared_toy.records.values():
        for digest in record.artefacts.values():
            assert of_bytes(members[layout.object_name(digest)]) == digest
    assert members["dossier/dossier.html"] == b"<p>dossier</p>"
    assert set(layout.DERIVED) < set(members)
    manifest = json.loads(members["manifest.json"])
    listed = {item["name"]: (item["digest"], item["size"]) for item in manifest["files"]}
    assert listed == {
        name: (of_bytes(data), len(data))
        for name, data in members.items()
        if name not in ("manifest.json", "attestation.dsse.json")
    }
    assert manifest["case"]["digest"] == shared_toy.loaded.digest
    assert set(manifest["rules"]) == {
        "standards/do-178c/catalogue.yaml",
        "standards/arp6983/catalogue.yaml",
        "templates/patterns/ml-constituent.yaml",
    }


def test_statement_is_in_toto(members: Members) -> None:
    import base64

    statement = json.loads(base64.b64decode(json.loads(members["attestation.dsse.json"])["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:assurance:review-package:1"
    subjects = {item["name"]: "sha256:" + item["digest"]["sha256"] for item in statement["subject"]}
    assert subjects == {name: of_bytes(data) for name, data in members.items() if name != "attestation.dsse.json"}


def test_no_path_of_the_builder_gets_in(members: Members, shared_toy: Toy) -> None:
    for name, data in members.items():
        assert str(shared_toy.folder.parent).encode() not in data, name
        assert b"/tmp/" not in data, name
    places = {item["file"] for item in json.loads(members["findings.json"])["findings"]}
    assert "case/case.yaml" in places


def test_files_of_an_earlier_model_travel_with_its_record(toy: Toy) -> None:
    earlier = identity(0.5)
    statement = toy.loaded.claims["R1"].statement.model_copy(update={"model": toy.store.put(earlier)})
    toy.instead("R1", bounds_record(toy, "R1", "UUUU", statement=statement), "not-met")
    toy.note("R1", bounds_record(toy, "R1", "PPPP"), "met")
    built = toy.build()
    assert archive.read(built.file.read_bytes()).members[layout.object_name(of_bytes(earlier))] == earlier
    assert verify_package(built.file, toy.public).ok


def test_a_case_without_evidence_can_be_packed(toy: Toy) -> None:
    shutil.rmtree(toy.store.root)
    result = verify_package(toy.build().file, toy.public)
    assert result.ok
    assert "proved regions" not in {item.kind for item in result.rechecked}


def test_stale_and_missing_files(toy: Toy) -> None:
    (toy.folder / "models/net.onnx").write_bytes(identity(3.0))
    assert refused(toy) == "P108"  # changed after loading
    toy.reload()
    assert refused(toy) == "C117"
    (toy.folder / "models/net.onnx").unlink()
    toy.reload()
    assert refused(toy) == "C116"


def test_case_file_that_changes_meanwhile(toy: Toy) -> None:
    with (toy.folder / "case.yaml").open("a") as stream:
        stream.write("\n# later\n")
    assert refused(toy) == "P108"


def test_missing_and_altered_evidence(toy: Toy) -> None:
    digest = toy.records["R1"].artefacts["certificate"]
    path = toy.store.root / layout.object_name(digest).removeprefix("evidence/")
    kept = path.read_bytes()
    path.write_bytes(kept + b"x")
    assert refused(toy) == "P109"
    path.unlink()
    assert refused(toy) == "P109"
    path.write_bytes(kept)
    record = toy.store.journal()[1].record
    (toy.store.root / layout.object_name(record).removeprefix("evidence/")).unlink()
    assert refused(toy) == "P109"


def test_unreadable_journal(toy: Toy) -> None:
    with (toy.store.root / "journal.jsonl").open("a") as stream:
        stream.write("not json\n")
    assert refused(toy) == "E104"


def test_evidence_that_appears_meanwhile(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is copied with an entry whose record was not gathered."""
    real = gather.evidence_files

    def late(*given: Any) -> Members:
        found = real(*given)
        del found[layout.object_name(toy.store.journal()[0].record)]
        return found

    monkeypatch.setattr("assurance.package.build.evidence_files", late)
    assert refused(toy) == "P109"


def test_keys_are_checked_first(toy: Toy, tmp_path: Path) -> None:
    assert refused(toy, key=tmp_path / "none") == "P101"
    assert refused(toy, key=toy.public) == "P101"


def test_sources_are_never_overwritten(toy: Toy) -> None:
    for path in (toy.folder / "case.yaml", toy.folder / "points.npz", toy.key, toy.folder / "models/../review.md"):
        kept = path.read_bytes()
        assert refused(toy, out=path) == "P106"
        assert path.read_bytes() == kept
    assert refused(toy, out=toy.folder) == "P103"


def test_an_older_package_is_replaced_in_one_step(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    out = toy.folder.parent / "toy.zip"
    out.write_bytes(b"older")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("assurance.package.build.os.fsync", full)
        assert refused(toy, out=out) == "P103"
    assert out.read_bytes() == b"older"

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("assurance.package.build.os.fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            toy.build()
    assert out.read_bytes() == b"older"
    assert not list(out.parent.glob(".writing*"))
    assert toy.build().file == out
    assert verify_package(out, toy.public).ok
    assert not list(out.parent.glob(".writing*"))


def test_output_that_cannot_be_written(toy: Toy) -> None:
    assert refused(toy, out=toy.key / "below" / "a.zip") == "P103"


def test_dossier_files(toy: Toy, tmp_path: Path) -> None:
    assert refused(toy, dossier=[tmp_path / "none.html"]) == "P107"
    (tmp_path / "d").mkdir()
    for path in (tmp_path / "d.html", tmp_path / "d" / "d.html"):
        path.write_text("x")
    shutil.rmtree(tmp_path / "refused", ignore_errors=True)
    assert refused(toy, dossier=[tmp_path / "d.html", tmp_path / "d" / "d.html"]) == "P107"


@pytest.mark.skipif(os.name != "posix", reason="other systems cannot hold such names")
def test_names_that_not_every_system_holds(toy: Toy) -> None:
    (toy.folder / "review.md").rename(toy.folder / "re:view.md")
    toy.edit_case("path: review.md", "path: 're:view.md'")
    assert refused(toy) == "P104"


def test_bounds_hold_for_the_builder_too(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 5)
    assert refused(toy) == "P105"


def test_toys_are_alike(tmp_path: Path) -> None:
    """The two cases differ in their keys only, so everything but signature and key agrees."""
    one, two = (make_toy(tmp_path / name).build() for name in ("a", "b"))
    first, second = (archive.read(item.file.read_bytes()).members for item in (one, two))
    differing = {name for name in first if first[name] != second[name]}
    assert differing == {"attestation.dsse.json", "manifest.json", "public-key.pem"}
    with pytest.raises(InputError):
        verify_package(tmp_path / "none.zip")
