"""The HTML file: links that resolve, status and limits as in the snapshot, words, escaping, same bytes, self-contained."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import dossier_sample
import pytest
from dossier_page import Page, read_page

from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import Scheme
from assurance.dossier import html, render_html
from assurance.dossier.parts import (
    anchor,
    command_words,
    left_out,
    moment,
    noun,
    objective_link,
    regions_of,
    title_of,
)
from assurance.dossier.signs import slug
from assurance.dossier.view import DossierView, build_view
from assurance.dossier.view_evidence import asked_radius, brief_limits
from assurance.dossier.view_objectives import open_tables, single_gaps, standing_tag
from assurance.gsn.elements import Goal
from assurance.loading import load
from assurance.snapshot import Snapshot, take
from assurance.status import Status
from assurance.words import arithmetic_words
from evidence.digest import of_bytes
from evidence.records import SmoothingRecord
from evidence.store import Store
from evidence.verdict import Arithmetic

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOSTILE = "</style><script>alert(1)</script> {{ 7*7 }} {% raw %} <b>&amp; \"quoted\" 'x' " + "long" * 80


def test_every_internal_link_resolves_and_ids_are_unique(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids)), sorted({i for i in page.ids if page.ids.count(i) > 1})[:5]
    links = page.root.links
    assert len(links) > 500
    outside = [link for link in links if not link.startswith("#")]
    assert outside == []
    assert sorted({link for link in links if link[1:] not in page.by_id}) == []


def test_print_form_has_the_same_links_and_resolves(view: DossierView, page: Page) -> None:
    paper = read_page(html.render(view, for_print=True))
    assert len(paper.ids) == len(set(paper.ids))
    assert {link for link in paper.root.links if link[1:] not in paper.by_id} == set()
    assert set(page.root.links) == set(paper.root.links)


def test_statuses_are_those_of_the_snapshot(page: Page, snapshot: Snapshot) -> None:
    for name, standing in snapshot.standings.items():
        section = page.by_id[anchor("req", name)]
        assert not section.all("h3")[0].classes, "a status behind a requirement's title reads as one of the requirement"
        assert section.all("p", "standings")[0].classes[:2] == ["st", slug(standing.status.value)]
    for name, status in snapshot.built.status.items():
        row = page.by_id[anchor("el", name)]
        assert slug(status.value) in row.classes
        assert sum(item.startswith("st-") for item in row.classes) == 1
    for covered in snapshot.coverage:
        for item in covered.rows:
            row = page.by_id[anchor("obj", f"{covered.catalogue.id}:{item.entry.id}")]
            assert [name for name in row.classes if name.startswith("st-")] == [slug(item.status.value)]
            assert (f"{item.n} of {item.of}" in row.words) == (
                covered.catalogue.scored and item.of > 0 and bool(item.required)
            )


def test_summary_sorts_requirements_by_what_is_shown(view: DossierView, snapshot: Snapshot) -> None:
    shown = {group.title: [row.requirement.text for row in group.rows] for group in view.summary.groups}
    assert shown["Formal property shown"] == [n for n, s in snapshot.standings.items() if s.status.value == "supported"]
    assert {n for rows in shown.values() for n in rows} == set(snapshot.standings)
    alarms = {(item.word, item.requirement.text) for item in view.summary.alarms}
    refuted = {("REFUTED", name) for name, standing in snapshot.standings.items() if standing.refuted}
    names = ("R3", "R6", "R9", "R10")  # what refutes R3 lies in cells of R6's table that ask for something else
    assert refuted == {item for item in alarms if item[0] == "REFUTED"} == {("REFUTED", name) for name in names}
    assert ("UNKNOWN", "R2") in alarms and ("STALE", "R7") in alarms


def test_no_guarantee_stands_without_its_limits(page: Page, view: DossierView, snapshot: Snapshot) -> None:
    for item in snapshot.register.runs:
        block = page.by_id[anchor("rec", item.digest)].all("div", "beside")[0]
        left, right = block.children
        assert "Guarantee" in left.words and "What it does not cover" in right.words
        assert item.limits
        for limit in item.limits:
            assert limit.code in right.words and limit.text in right.words
    for document in view.evidence.documents:
        assert document.limits
    for group in view.summary.groups:
        for row in group.rows:
            assert row.limits, row.requirement
            assert bool(row.why) == bool(snapshot.standings[row.requirement.text].reasons)
    for threat in view.threats.threats:
        assert threat.exclusions


def test_trace_links_run_both_ways(page: Page, snapshot: Snapshot) -> None:
    def leads(source: str, target: str) -> bool:
        return f"#{target}" in page.by_id[source].links

    claims = {item.id: item.claim for item in snapshot.built.argument if isinstance(item, Goal) and item.claim}
    for goal, requirement in claims.items():
        assert leads(anchor("el", goal), anchor("req", str(requirement)))
        assert leads(anchor("req", str(requirement)), anchor("el", goal))
    for item in snapshot.register.runs:
        if item.requirement in snapshot.standings:
            assert leads(anchor("rec", item.digest), anchor("req", item.requirement))
            if snapshot.standings[item.requirement].assessments:
                assert leads(anchor("req", item.requirement), anchor("rec", item.digest))
    records = {item.digest for item in snapshot.register.runs} | {item.digest for item in snapshot.register.documents}
    checked = 0
    for element in snapshot.built.argument:
        for name in getattr(element, "evidence", ()):
            if name in records:
                assert leads(anchor("el", element.id), anchor("rec", name))
                for parent in snapshot.built.argument.parents(element.id):
                    assert leads(anchor("rec", name), anchor("el", parent.id))
                    checked += 1
    assert checked >= 8
    checked = 0
    for covered in snapshot.coverage:
        for row in covered.rows:
            objective = anchor("obj", f"{covered.catalogue.id}:{row.entry.id}")
            for digest in row.evidence:
                if digest in records:
                    assert leads(objective, anchor("rec", digest)) and leads(anchor("rec", digest), objective)
                    checked += 1
            for goal in row.goals:
                assert leads(objective, anchor("el", goal)) and leads(anchor("el", goal), objective)
                assert leads(anchor("req", str(claims[goal])), objective)
    assert checked >= 10


def test_words_that_overclaim_do_not_occur(page: Page) -> None:
    """Outside the glossary, and outside the catalogues' own texts (objective matrix, next actions)."""
    forbidden = re.compile(
        r"\bcertif(ied|ies|y)\b|\brobust|\bcompl(y|ies|iant|iance)\b|\bguaranteed\b|\bsafe\b", re.IGNORECASE
    )
    sections = ["cover", "identity", "contents", "summary", "system", "requirements", "threats", "argument", "evidence"]
    sections += ["gaps-requirements", "gaps-goals", "risks", "provenance", "findings"]
    for name in sections:
        assert not forbidden.search(page.by_id[name].words), name
    glossary = page.by_id["glossary"].words
    for word in ("Certified radius", "verified radius", "Robustness", "no failure rate"):
        assert word in glossary


def test_draft_standard_is_marked_and_not_scored(page: Page, view: DossierView) -> None:
    section = page.by_id["std-arp6983"]
    watermark = next(item.watermark for item in view.objectives if item.id == "arp6983")
    assert section.words.count(watermark) >= 2  # above the matrix, and in its head, which is repeated on each page
    assert watermark in page.by_id["cover"].words and watermark in page.by_id["gaps"].words
    assert not re.search(r"\b\d+ of \d+\b", section.all("table", "matrix")[0].words.replace("nothing accepted", ""))
    assert not page.by_id["std-do-178c"].all("p", "watermark")


def test_statistical_and_unchecked_are_named(page: Page, snapshot: Snapshot) -> None:
    digest = next(item.digest for item in snapshot.register.runs if item.run == "run-r4")
    words = page.by_id[anchor("rec", digest)].words
    assert "error probability 0.001" in words.lower() or "0.001 over the method's own sampling" in words
    assert "it is no failure rate" in words and "smoothed classifier" in words
    older = next(item.digest for item in snapshot.register.runs if item.run == "run-r2" and not item.current)
    section = page.by_id[anchor("rec", older)]
    assert "unchecked" in section.words and "history" in section.words


def test_stale_data_and_missing_requirement_are_said(page: Page, snapshot: Snapshot) -> None:
    assert "CHANGED" in page.by_id["file-old-encounters"].words
    actual = next(item.actual for item in snapshot.loaded.files if item.id == "old-encounters")
    assert str(actual) in page.by_id["file-old-encounters"].words
    gone = next(item.digest for item in snapshot.register.runs if item.run == "run-gone")
    assert "no longer has this requirement" in page.by_id[anchor("rec", gone)].words


def test_each_full_digest_of_the_configuration_is_shown(page: Page, snapshot: Snapshot) -> None:
    words = page.by_id["identity"].words
    for item in snapshot.loaded.files:
        assert item.declared in words
    assert snapshot.loaded.digest in words
    for run in snapshot.register.runs:
        assert run.digest in page.by_id[anchor("rec", run.digest)].words


def test_no_path_of_this_machine(text: str, snapshot: Snapshot) -> None:
    assert str(snapshot.loaded.folder) not in text


def test_chapters_without_input_say_so(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(dossier_sample.network(1, 2, 0))
    (tmp_path / "case.yaml").write_text(
        f"""\
schema: assurance-case/1
id: bare
title: Bare case
organisation: Example
issue: "1"
system: {{name: System, function: Function, description: Description}}
constituent: {{description: network, boundary: boundary, preprocessing: none here, postprocessing: none here}}
odd: {{description: Everything., parameters: [{{name: a, title: An input, range: {{lower: 0, upper: 1, unit: m}}}}]}}
hazards: [{{id: H1, title: A hazard, failure_condition: major}}]
people: [{{id: ana, name: Ana, role: engineer}}]
standards: [{{id: do-178c, level: C}}]
safety_requirements: [{{id: SR1, text: Something shall hold., hazards: [H1]}}]
requirements: [{{id: R1, title: Nothing yet, text: Something shall hold., parents: [SR1], author: ana}}]
models:
  - {{id: m, title: Model, path: m.onnx, digest: "{of_bytes((tmp_path / "m.onnx").read_bytes())}", role: low-level-requirement,
     arithmetic: float32, predictor: base, inputs: [{{name: a, unit: m}}], outputs: [x, y]}}
""",
        encoding="utf-8",
    )
    from assurance.loading import load

    loaded = load(tmp_path)
    store = Store(loaded.evidence_folder)
    page = read_page(render_html(take(loaded, store), store))
    for name in ("system", "requirements", "threats", "evidence", "documents", "risks", "provenance"):
        assert "not provided" in page.by_id[name].words.lower(), name
    assert {link for link in page.root.links if link[1:] not in page.by_id} == set()
    assert not loaded.evidence_folder.exists()


def test_hostile_text_is_shown_and_never_becomes_markup(tmp_path: Path) -> None:
    snapshot, store = dossier_sample.make(
        tmp_path / "case", title=HOSTILE, requirement=HOSTILE, name=HOSTILE, box='<i>"b&x'
    )
    text = render_html(snapshot, store)
    page = read_page(text)
    assert len(page.root.all("script")) == 1 and len(page.root.all("style")) == 1
    assert text.count("<script>") == 1 and "<i>" not in text and "<b>" not in text
    assert "49" not in page.by_id["cover"].all("h1")[0].words
    assert page.by_id["cover"].all("h1")[0].words == " ".join(HOSTILE.split())
    assert " ".join(HOSTILE.split()) in page.by_id["req-R1"].words
    assert {link for link in page.root.links if link[1:] not in page.by_id} == set()
    paper = html.render(build_view(snapshot, store), for_print=True)
    assert "<script" not in paper and "<i>" not in paper


def test_page_is_self_contained_and_its_policy_fits(text: str, page: Page) -> None:
    policy = next(m.attributes["content"] for m in page.root.all("meta") if "http-equiv" in m.attributes)
    style, script = page.root.all("style")[0], page.root.all("script")[0]
    for node, directive in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256("".join(node.text).encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r'\s(?:style|on[a-z]+)="', text.split("</style>")[1])
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert not re.search(r"https?://", text.replace("http://www.w3.org/2000/svg", ""))
    assert len(text.encode()) < 5_000_000


def test_same_bytes_twice(case: tuple[Snapshot, Store], text: str) -> None:
    snapshot, store = case
    assert render_html(take(snapshot.loaded, store), store) == text


def test_anchors_tell_names_apart() -> None:
    names = ["a b", "a_b", "a-b", "a_20_b", "a\nb", "ä", "A", "a"]
    assert len({anchor("x", name) for name in names}) == len(names)
    assert all(re.fullmatch(r"x-[A-Za-z0-9._-]*", anchor("x", name)) for name in names)


def test_a_misspelt_name_in_a_template_is_an_error(
    view: DossierView, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from jinja2 import UndefinedError

    from assurance.resources import folder

    for sub in ("dossier", "css", "js"):
        (tmp_path / sub).symlink_to(folder("templates") / sub) if sub != "dossier" else (tmp_path / sub).mkdir()
    (tmp_path / "dossier" / "dossier.html.j2").write_text("{{ view.head.titel }}", encoding="utf-8")
    monkeypatch.setattr(html, "folder", lambda name: tmp_path)
    with pytest.raises(UndefinedError):
        html.render(view)


def test_summary_tells_the_property_from_the_requirement(page: Page, view: DossierView, snapshot: Snapshot) -> None:
    rows = {row.requirement.text: row for group in view.summary.groups for row in group.rows}
    for name in snapshot.standings:
        found = snapshot.built.status.get(f"G3-{name}")
        assert rows[name].met == (found.value if found else "")
    assert any(row.status == "supported" and row.met != "supported" for row in rows.values())
    words = page.by_id["summary"].words
    assert "formal property" in words and "requirement met" in words and "Weakest link" in words


def test_a_requirements_own_section_tells_them_apart_too(page: Page, view: DossierView, snapshot: Snapshot) -> None:
    for item in view.requirements:
        said = page.by_id[item.anchor].all("p", "standings")[0].words
        if not item.property:
            assert said == f"requirement {item.status}"
            continue
        found = snapshot.built.status.get(f"G3-{item.id}")
        assert said == f"formal property {item.status}, requirement met {found.value if found else 'not argued'}"


def test_a_statistical_criterion_speaks_of_the_sampled_implementation(view: DossierView, snapshot: Snapshot) -> None:
    found = 0
    for item in view.requirements:
        claim = snapshot.loaded.claims.get(item.id)
        criterion = next((fact.value for fact in item.property if fact.name == "Criterion"), None)
        if claim is not None and criterion is not None:
            assert criterion.endswith(arithmetic_words(claim.statement.arithmetic))
            found += claim.statement.arithmetic is Arithmetic.FLOAT32_ONE
    assert found


@pytest.mark.parametrize(
    ("id", "tag"),
    [("do-178c", ""), ("iso-21448", "list of our own"), ("arp6983", "draft"), ("easa-npa-2025-07", "proposal")],
)
def test_only_a_draft_is_called_a_draft(id: str, tag: str) -> None:
    assert standing_tag(load_catalogue(id)) == tag


def test_short_limits_name_place_predictor_and_arithmetic(snapshot: Snapshot) -> None:
    said = ("L101", "L102", "L115", "L106", "L104", "L108")
    for item in snapshot.register.runs:
        brief = brief_limits(item.limits)
        codes = {limit.code for limit in item.limits}
        assert all(title_of(code) in brief for code in said if code in codes)
        left = sum(title_of(code) not in brief for code in codes)
        assert (f"; {left} more" in brief) == (left > 0)


def test_nothing_offered_reads_none(view: DossierView, snapshot: Snapshot) -> None:
    for group in view.summary.groups:
        for row in group.rows:
            standing = snapshot.standings[row.requirement.text]
            if standing.best is None and standing.status is Status.UNDEVELOPED:
                assert row.guarantee == "none" and row.limits == "nothing is shown"


def test_undecided_statistical_inputs_are_residual_risks(view: DossierView, snapshot: Snapshot) -> None:
    rows = {row.run: row for row in view.risks.problems if row.verdict == "statistical"}
    checked = 0
    for item in snapshot.register.runs:
        record = item.record
        if isinstance(record, SmoothingRecord):
            missing = record.count - record.established(asked_radius(record))
            checked += missing > 0
            if missing:
                assert f"not established {missing} of {record.count}" in rows[item.run].what
    assert checked


def test_plain_words(text: str, page: Page) -> None:
    shown = " ".join(page.by_id[name].words for name in ("summary", "requirements", "evidence", "risks", "provenance"))
    assert "`" not in shown and ".;" not in shown
    assert moment("2026-11-22T12:20:31+01:00") == "2026-11-22 11:20 UTC" and moment("2026-11-22") == "2026-11-22"
    assert command_words("/usr/bin/assurance run /home/x/case --out=/tmp/a/b --only r1") == (
        "assurance run case --out=b --only r1"
    )
    assert command_words("assurance run case/a.yaml") == "assurance run case/a.yaml"
    assert left_out(1, "box", "see it") == "1 further box left out here; see it."
    assert regions_of(1, 1) == "1 of 1 region" and noun(2, "property", "properties") == "properties"


def test_alternative_methods_are_no_gaps_of_their_own(snapshot: Snapshot) -> None:
    for covered in snapshot.coverage:
        grouped = [row for _, rows in open_tables(covered) for row in rows]
        single = single_gaps(covered)
        assert len(grouped) + len(single) == sum(row.is_gap for row in covered.rows)
        assert not grouped or covered.catalogue.scheme is Scheme.METHODS


def test_next_actions_are_those_of_what_is_asked_for(tmp_path: Path) -> None:
    """An alternative that nobody has chosen is no task; its table stands in the list of open choices."""
    store = Store(tmp_path / "evidence")
    snapshot = take(load(EXAMPLES / "digit_reader"), store)
    gaps = build_view(snapshot, store).gaps
    served = [link.text for action in gaps.actions for link in action.objectives]
    wanted = [objective_link(c.catalogue.id, row.entry.id).text for c in snapshot.coverage for row in single_gaps(c)]
    assert sorted(served) == sorted(wanted)
    alternatives = [row for covered in snapshot.coverage for _, rows in open_tables(covered) for row in rows]
    assert len(alternatives) > 50 and len(gaps.choices) == 14


def test_what_is_contradicted_asks_to_dispose_of_counterexamples(view: DossierView, snapshot: Snapshot) -> None:
    """Another run would find the same counterexamples: the gap list says so, and so does the dossier."""
    first_ones = [item for item in view.gaps.actions if item.urgent == "contradicted"]
    assert first_ones and view.gaps.actions[0] in first_ones
    refuted = {name for name, standing in snapshot.standings.items() if standing.status is Status.CONTRADICTED}
    for item in first_ones:
        assert item.kind == "dispose of counterexamples"
        assert refuted & {step.partition(":")[0] for step in item.steps}
