"""A record that a cross-check contradicts is built and packaged with the contradiction in sight, and nothing is green."""

from __future__ import annotations

import json

import pytest
from package_toys import Toy, bounds_record

from assurance.cli import main
from assurance.dossier import render_html
from assurance.package import archive, layout
from assurance.package.verify import verify_package
from assurance.snapshot import take
from evidence.records import BoundsRecord, CrossCheck

CONTRARY = CrossCheck(by="MILP, toy", examined=4, agreed=3, disagreed=(2,), undecided=0, note="region 2: margin -0.5")


@pytest.fixture
def disputed(toy: Toy) -> Toy:
    """R1 proved by a certificate that the checker confirms, and contradicted by another method."""
    true = bounds_record(toy, "R1", "PPPP")
    toy.instead("R1", BoundsRecord.model_validate(true.model_dump() | {"cross_checks": (CONTRARY,)}), "not-met")
    return toy


def test_it_is_packaged_with_the_contradiction(disputed: Toy) -> None:
    built = disputed.build()
    result = verify_package(built.file, disputed.public)
    assert result.ok, "the package says what its evidence says"
    assert "answers of cross-checks in records of bounds" in {item.what for item in result.unchecked}
    members = archive.read(built.file.read_bytes()).members
    findings = json.loads(members[layout.FINDINGS])["findings"]
    (finding,) = [item for item in findings if item["code"] == "E116"]
    assert finding["severity"] == "error" and "region 2: margin -0.5" in finding["message"]
    standings = {item["id"]: item for item in json.loads(members[layout.STANDINGS])["requirements"]}
    assert (standings["R1"]["status"], standings["R1"]["established"]) == ("in doubt", 0)
    assert "S122" in {reason["code"] for reason in standings["R1"]["reasons"]}
    status = json.loads(members[layout.ARGUMENT])["status"]
    for goal in ("G1", "G3-R1", "G4-R1"):
        assert status[goal] not in ("supported", "partial"), goal


def test_without_the_disagreement_the_same_package_supports(toy: Toy) -> None:
    agreeing = CONTRARY.model_copy(update={"agreed": 4, "disagreed": ()})
    true = bounds_record(toy, "R1", "PPPP")
    toy.instead("R1", BoundsRecord.model_validate(true.model_dump() | {"cross_checks": (agreeing,)}))
    members = archive.read(toy.build().file.read_bytes()).members
    assert json.loads(members[layout.ARGUMENT])["status"]["G4-R1"] == "supported"
    assert "E116" not in members[layout.FINDINGS].decode()


def test_the_dossier_never_shows_it_as_proved(disputed: Toy) -> None:
    snapshot = take(disputed.loaded, disputed.store)
    page = " ".join(render_html(snapshot, disputed.store).split())
    (kept,) = snapshot.register.of_requirement("R1")
    assert isinstance(kept.record, BoundsRecord) and kept.record.verdict.value == "PROVED", "both results are kept"
    result = "<strong>Of 4 listed inputs: 4 proved, but a cross-check disagrees in 1 region"
    assert f'<span class="st st-UNKNOWN">UNKNOWN</span> {result}' in page
    assert "none to rely on: a cross-check disagrees in 1 region" in page
    assert "E116" in page and "DISAGREES on 1 region" in page
    summary = page[page.index('id="summary"') : page.index("</section>", page.index('id="summary"'))]
    assert "<td>none established</td><td><strong>a cross-check disagrees" in summary
    assert "run run-1: a cross-check disagrees in 1 region, so nothing rests on it" in summary


def test_check_ends_with_one(disputed: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(disputed.folder)])
    assert ended.value.code == 1 and "E116" in capsys.readouterr().out
