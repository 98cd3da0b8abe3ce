"""What the dossier, the commands and the package show of tailoring, means, tools, problem reports and sign-off."""

from __future__ import annotations

import contextlib
import html
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from case_toys import Kit, kit
from objectives_toys import RATIONALE, agree, aviation, choose, offer, refuting, row

from assurance.catalogue import load
from assurance.cli import main
from assurance.dossier import render_html
from evidence.digest import of_bytes


@pytest.fixture
def rich(tmp_path: Path) -> Kit:
    """A case that uses every section on compliance."""
    toy = aviation(kit(tmp_path), "A")
    toy.case["people"].append({"id": "zoe", "name": "Zoe Approver", "role": "head of airworthiness"})
    signed = yaml.safe_dump(
        {
            "schema": "assurance-sign-off/1",
            "standard": "do-178c",
            "edition": load("do-178c").edition,
            "organisation": "Nobody",
            "by": "Vera Verifier",
            "role": "librarian",
            "date": "2026-04-04",
            "entries": [{"id": "A-3.2"}, {"id": "A-1.1", "corrections": {"title": "Title of the copy"}}],
        }
    ).encode()
    (toy.folder / "signed.yaml").write_bytes(signed)
    agree(toy, "submitted")
    exempt = {
        "objective": "A-4.13",
        "justification": "the network shares its partition with nothing",
        "approved_by": "zoe",
        "date": "2026-05-05",
    }
    other = {
        "objectives": ["A-7.5"],
        "means": "coverage of the domain",
        "alternative": True,
        "rationale": RATIONALE,
        "evidence": ["safety-analysis"],
        "agreement": "AG",
    }
    choose(
        toy,
        sign_off={"path": "signed.yaml", "digest": of_bytes(signed)},
        not_applicable=[exempt],
        means=[other],
    )
    toy.prove("R2", "R3")
    toy.keep("R1", refuting(toy, "R1", "PPPR"), outcome="refuted")
    offer(toy, author="rev", reviewer="zoe", objectives=["do-178c:A-3.2"])
    toy.case["acceptances"] = [
        {"objective": "do-178c:A-3.2", "by": "ann", "date": "2026-06-01", "digest": row(toy, "A-3.2").digest}
    ]
    return toy


def assurance(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a command prints as JSON."""
    capsys.readouterr()
    with contextlib.suppress(SystemExit):
        main([*map(str, arguments), "--json"])
    return json.loads(capsys.readouterr().out)


def text_of(page: str, id: str) -> str:
    """The text of a table row by its anchor."""
    found = re.search(rf'<tr id="{re.escape(id)}">(.*?)</tr>', page, re.S)
    assert found is not None, id
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split())


def test_the_dossier_says_all_of_it(rich: Kit) -> None:
    page = render_html(rich.take(), rich.store)
    plain = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    assert "2 of 71 entries, by Vera Verifier, librarian, Nobody, 2026-04-04; corrected: A-1.1" in plain
    assert "Agreement on the standard's own means not agreed" in plain
    assert "corrected (title) and verified" in text_of(page, "obj-do-178c_3a_A-1.1")
    assert "Title of the copy" in text_of(page, "obj-do-178c_3a_A-1.1")
    assert "not verified" in text_of(page, "obj-do-178c_3a_A-4.1")
    means = text_of(page, "obj-do-178c_3a_A-7.5")
    assert "alternative means: coverage of the domain; submitted (issue paper IP-1, the authority)" in means
    exempt = text_of(page, "obj-do-178c_3a_A-4.13")
    assert "not applicable" in exempt and "Zoe Approver, head of airworthiness" in exempt
    proofs = text_of(page, "obj-do-178c_3a_A-4.1")
    assert "not shown" in proofs and "checker needs TQL-5" in proofs and "PR-R1-refuted" in proofs
    assert "does not count: given by an author" in text_of(page, "obj-do-178c_3a_A-3.2")
    assert "1 given by an author, where independence is required, and not counted" in plain
    report = text_of(page, "problem-PR-R1-refuted")
    assert "not classified: counts as significant" in report and "nobody" in report
    assert "1 report, of which 1 is significant and open without mitigation" in plain
    for target in re.findall(r'href="#(problem-[^"]+)"', page):
        assert f'id="{target}"' in page


def test_without_any_of_it_the_dossier_says_that_too(tmp_path: Path) -> None:
    toy = kit(tmp_path)
    page = render_html(toy.take(), toy.store)
    assert "no sign-off: none of these entries was verified by the organisation" in page
    section = re.search(r'id="gaps-problems">Problem reports</h3>\s*<p>None.</p>', page)
    assert section is not None
    watermark = load("arp6983").watermark
    assert watermark and html.escape(watermark, quote=False)[:40] in html.unescape(page)


def test_gaps_print_what_is_new_and_keep_what_was(rich: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    rich.write()
    shown = assurance(capsys, "gaps", rich.folder)
    assert {"standards", "shared"} <= set(shown)
    (covered,) = shown["standards"]
    by_id = {item["id"]: item for item in covered["objectives"]}
    promised = {"id", "title", "status", "required", "independence", "n", "of", "evidence", "goals", "reasons", "next"}
    for item in by_id.values():
        assert promised <= set(item)
        assert {"means", "qualification", "problems", "choice", "verified", "independence_shown"} <= set(item)
    assert by_id["A-4.1"]["problems"] == ["PR-R1-refuted"]
    assert by_id["A-7.5"]["means"]["agreement"] == "submitted"
    assert covered["sign_off"]["verified"] == 2


def test_another_level_keeps_the_tailoring(rich: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    rich.write()
    (covered,) = assurance(capsys, "gaps", rich.folder, "--standard", "do-178c", "--level", "B")["standards"]
    by_id = {item["id"]: item for item in covered["objectives"]}
    assert covered["level"] == "B" and by_id["A-4.13"]["status"] == "not applicable" and by_id["A-3.2"]["verified"]


def test_the_package_carries_the_sign_off_and_derives_the_same(rich: Kit, capsys: pytest.CaptureFixture[str]) -> None:
    """The records of the toy are made up, so that their proofs are not confirmed; what is derived agrees all the same."""
    rich.write()
    out, key = rich.folder.parent / "review.zip", rich.folder.parent / "key.pem"
    assurance(capsys, "package", rich.folder, "--key", key, "--new-key", "--out", out)
    shown = assurance(capsys, "verify", out)
    assert not {item["code"] for item in shown["findings"]} & {"P131", "P132", "P133", "P134", "P135", "P136", "P140"}
    with zipfile.ZipFile(out) as archive:
        assert any(name.endswith("signed.yaml") for name in archive.namelist())
        derived = json.loads(archive.read("coverage.json"))
    assert derived["standards"][0]["sign_off"]["by"] == "Vera Verifier"
    assert [item["id"] for item in derived["problems"]] == ["PR-R1-refuted"]
