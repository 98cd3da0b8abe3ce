"""Verifying: what a good package shows, and that every change to it is found and named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from package_toys import Members, Toy, resign

from assurance.package import archive, layout, sign
from assurance.package.verify import Verification, verify_package
from evidence.digest import canonical_json
from evidence.errors import InputError, MissingLibraryError
from evidence.provenance import E_LIBRARY


def verify(tmp_path: Path, data: bytes, key: Path | None = None) -> Verification:
    path = tmp_path / "given.zip"
    path.write_bytes(data)
    return verify_package(path, key)


def errors(result: Verification) -> set[str]:
    return {item.code for item in result.findings if item.severity == "error"}


def named(result: Verification) -> set[str | None]:
    return {item.place.element for item in result.findings if item.severity == "error"}


def test_a_good_package(shared_toy: Toy, package: bytes, tmp_path: Path) -> None:
    result = verify(tmp_path, package, shared_toy.public)
    assert result.findings == ()
    assert result.ok
    assert result.trusted
    counts = {item.kind: (item.n, item.of) for item in result.rechecked}
    assert counts == {
        "files of the package": (19, 19),
        "documents": (1, 1),
        "derived documents": (4, 4),
        "records": (4, 4),
        "proved regions": (6, 6),
        "verified radii": (4, 4),
        "counterexamples": (1, 1),
        "output ranges": (1, 1),
        "smoothed radii": (4, 4),
        "journal outcomes": (4, 4),
    }
    whats = {item.what for item in result.unchecked}
    assert {"completeness of the journal", "texts of the dossier"} < whats
    assert any(what.startswith("what documents, people") for what in whats)
    assert any(what.startswith("counts of the samples") for what in whats)


def test_json_form(shared_toy: Toy, package: bytes, tmp_path: Path) -> None:
    value = json.loads(json.dumps(verify(tmp_path, package, shared_toy.public).as_json(), allow_nan=False))
    assert value["ok"] is True
    assert value["trusted"] is True
    assert value["case"]["id"] == "toy"
    assert {"kind": "proved regions", "n": 6, "of": 6} in value["rechecked"]
    assert value["signer"]["key"] == sign.load_public_key(shared_toy.public).id
    assert set(value) >= {"file", "digest", "tool", "not_rechecked", "findings"}


def test_without_a_key_it_is_integrity_only_and_says_so(package: bytes, tmp_path: Path) -> None:
    result = verify(tmp_path, package)
    assert result.ok
    assert not result.trusted
    assert [(item.code, item.severity.value) for item in result.findings] == [("P123", "warning")]
    assert "not who signed" in result.findings[0].message


def test_another_key_is_refused_before_anything_is_read(package: bytes, tmp_path: Path) -> None:
    other = sign.new_key(tmp_path / "other")
    result = verify(tmp_path, package, other.public)
    assert errors(result) == {"P122"}
    assert not result.trusted
    assert result.signer is None
    assert result.rechecked == ()


def test_signed_again_by_somebody_else(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    mallory = sign.new_key(tmp_path / "mallory")
    data = resign(members, mallory.private)
    assert verify(tmp_path, data).ok  # integrity, of a stranger's package
    assert errors(verify(tmp_path, data, shared_toy.public)) == {"P122"}


def test_enclosed_key_is_not_the_signer(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    mallory = sign.new_key(tmp_path / "mallory")
    own = sign.load_signing_key(shared_toy.key)
    members[layout.PUBLIC_KEY] = mallory.public.read_bytes()
    files = {name: data for name, data in members.items() if name not in (layout.MANIFEST, layout.ATTESTATION)}
    old = json.loads(members[layout.MANIFEST])
    members[layout.MANIFEST] = layout.manifest_of(layout.CaseIdentity(**old["case"]), old["rules"], files)
    members[layout.ATTESTATION] = sign.sign(layout.statement_of(members[layout.MANIFEST]), own)
    assert errors(verify(tmp_path, archive.write(members), shared_toy.public)) == {"P126"}
    assert errors(verify(tmp_path, archive.write(members))) == {"P122"}


def test_one_byte_anywhere_names_the_file(shared_toy: Toy, package: bytes, members: Members, tmp_path: Path) -> None:
    """A byte in the content of each member, checksum not mended: the member is named."""
    for name, data in members.items():
        at = package.index(name.encode() + data) + len(name.encode()) + len(data) // 2
        bad = package[:at] + bytes([package[at] ^ 1]) + package[at + 1 :]
        result = verify(tmp_path, bad, shared_toy.public)
        assert not result.ok
        assert name in named(result), name


def test_one_byte_with_mended_checksum_names_the_file(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    """The same, by somebody who writes a well-formed archive around the change."""
    for name, data in members.items():
        changed = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        result = verify(tmp_path, archive.write(members | {name: changed}), shared_toy.public)
        assert not result.ok
        assert name in named(result), name
        assert result.rechecked == ()


def test_one_byte_of_the_structure(shared_toy: Toy, package: bytes, tmp_path: Path) -> None:
    start = package.index(b"PK\1\2")
    for at in [*range(30), *range(start, start + 60), *range(len(package) - 22, len(package))]:
        result = verify(tmp_path, package[:at] + bytes([package[at] ^ 1]) + package[at + 1 :], shared_toy.public)
        assert not result.ok, at
        assert result.rechecked == ()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_truncated(package: bytes, tmp_path: Path, share: float) -> None:
    result = verify(tmp_path, package[: int(len(package) * share)])
    assert not result.ok
    assert errors(result) <= {"P111", "P112"}


def test_not_a_package(tmp_path: Path) -> None:
    assert errors(verify(tmp_path, b"hello")) == {"P111"}
    other = archive.write({"a.txt": b"a zip that is none of ours"})
    assert errors(verify(tmp_path, other)) == {"P132"}
    with pytest.raises(InputError) as refused:
        verify_package(tmp_path / "none.zip")
    assert refused.value.finding.code == "P110"
    with pytest.raises(InputError) as refused:
        verify_package(tmp_path)
    assert refused.value.finding.code == "P110"


def test_missing_and_additional_files(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    for name in members:
        rest = {other: data for other, data in members.items() if other != name}
        result = verify(tmp_path, archive.write(rest), shared_toy.public)
        assert "P132" in errors(result)
        assert name in named(result)
    for name in ("case/extra.txt", "dossier/extra.html", "extra.json"):
        result = verify(tmp_path, archive.write(members | {name: b"x"}), shared_toy.public)
        assert errors(result) == {"P133"}
        assert named(result) == {name}
        assert result.rechecked == ()


def test_manifest_and_attestation_of_another_package(
    shared_toy: Toy, toy: Toy, members: Members, tmp_path: Path
) -> None:
    toy.edit_case('issue: "1"', 'issue: "2"')
    other = archive.read(toy.build().file.read_bytes()).members
    swapped = members | {layout.ATTESTATION: other[layout.ATTESTATION], layout.PUBLIC_KEY: other[layout.PUBLIC_KEY]}
    assert {"P126", "P131"} <= errors(verify(tmp_path, archive.write(swapped), toy.public))
    swapped = members | {layout.MANIFEST: other[layout.MANIFEST]}
    assert {"P126", "P131"} <= errors(verify(tmp_path, archive.write(swapped), shared_toy.public))


def test_statement_about_something_else(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    """Payload of the right type, honestly signed, but not about a package: a signature is not good for everything."""
    own = sign.load_signing_key(shared_toy.key)
    statement = json.loads(layout.statement_of(members[layout.MANIFEST]))
    cases: list[tuple[Any, str]] = [
        (statement | {"predicateType": "urn:other"}, "P125"),
        (statement | {"_type": "https://in-toto.io/Statement/v0.1"}, "P125"),
        ([1, 2], "P125"),
        ("text", "P125"),
        (statement | {"subject": statement["subject"][:-1]}, "P126"),
        (statement | {"subject": []}, "P126"),
        (statement | {"extra": 1}, "P126"),
        (statement | {"predicate": statement["predicate"] | {"case": None}}, "P126"),
    ]
    for value, code in cases:
        members[layout.ATTESTATION] = sign.sign(canonical_json(value), own)
        assert errors(verify(tmp_path, archive.write(members), shared_toy.public)) == {code}
    members[layout.ATTESTATION] = sign.sign(layout.statement_of(members[layout.MANIFEST]) + b" ", own)
    assert errors(verify(tmp_path, archive.write(members), shared_toy.public)) == {"P125"}


def test_malformed_manifests(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    def broken(change: dict[str, Any]) -> set[str]:
        given = members | {layout.MANIFEST: canonical_json(json.loads(members[layout.MANIFEST]) | change)}
        return errors(verify(tmp_path, archive.write(given), shared_toy.public))

    files = json.loads(members[layout.MANIFEST])["files"]
    changes: list[dict[str, Any]] = [
        {"format": "assurance-package/2"},
        {"extra": 1},
        {"files": []},
        {"files": [*files, files[0]]},
        {"files": files[::-1]},
        {"files": [{**files[0], "size": -1}]},
        {"files": [{**files[0], "digest": "md5:0"}]},
        {"files": [{**files[0], "name": layout.MANIFEST}]},
        {"case": {}},
    ]
    for change in changes:
        assert "P130" in broken(change), change
    for data in (b"", b"{", b"null", members[layout.MANIFEST] + b"\n", b"[" * 50_000, b"\xff"):
        given = archive.write(members | {layout.MANIFEST: data})
        assert errors(verify(tmp_path, given, shared_toy.public)) == {"P130"}


def test_huge_manifest(shared_toy: Toy, members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_JSON_BYTES", 1000)
    result = verify(tmp_path, archive.write(members), shared_toy.public)
    assert "P130" in errors(result)
    assert "1000 bytes" in result.findings[0].message


def test_endless_file_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    assert errors(verify(tmp_path, b"PK\3\4" + b"\0" * 100_000)) == {"P105"}


def test_without_onnxruntime(shared_toy: Toy, package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise MissingLibraryError.of(E_LIBRARY, f"{name} is not installed")

    monkeypatch.setattr("evidence.replay.require", absent)
    result = verify(tmp_path, package, shared_toy.public)
    assert result.ok
    assert ("counterexamples", 0, 1) in {(item.kind, item.n, item.of) for item in result.rechecked}
    assert "onnxruntime is not installed" in {item.why for item in result.unchecked}


def test_other_catalogue_or_version_is_said(shared_toy: Toy, members: Members, tmp_path: Path) -> None:
    def older(manifest: dict[str, Any]) -> None:
        manifest["tool"]["version"] = "0.0.1"
        manifest["rules"]["standards/do-178c/catalogue.yaml"] = "sha256:" + "0" * 64

    result = verify(tmp_path, resign(members, shared_toy.key, older), shared_toy.public)
    assert result.ok
    assert [item.code for item in result.findings] == ["P134", "P134"]
    assert "standards/do-178c/catalogue.yaml" in result.findings[1].message


def test_progress_is_reported(shared_toy: Toy, tmp_path: Path, package: bytes) -> None:
    seen: list[tuple[int, int, str]] = []
    path = tmp_path / "given.zip"
    path.write_bytes(package)
    verify_package(path, shared_toy.public, lambda done, total, note: seen.append((done, total, note)))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert any("leaves" in note for _, _, note in seen)


def test_nothing_is_left_behind(package: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert verify(tmp_path, package).ok
    assert list(scratch.iterdir()) == []


def test_needs_no_torch(shared_toy: Toy) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom assurance.package import verify_package\n"
        "result = verify_package(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "heavy = {'torch', 'auto_LiRPA', 'weasyprint', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "print(result.ok, sorted(heavy))"
    )
    package = shared_toy.folder.parent / "toy.zip"
    done = subprocess.run(
        [sys.executable, "-c", program, str(package), str(shared_toy.public)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True []"
