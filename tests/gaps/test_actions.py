"""Next useful actions: contradictions first, then stale files, then what the case lacks; never a run without a means."""

from __future__ import annotations

from case_toys import Kit, bounds, document, onnx_bytes
from gap_toys import report, row

from assurance.gaps.model import ActionKind
from assurance.gaps.writers.json_form import gaps_json
from assurance.objectives import ObjectiveStatus
from evidence.strict_yaml import parse_yaml


def test_every_gap_has_an_action_and_nothing_else_but_unknowns_has_one(toy: Kit) -> None:
    for item in report(toy).rows():
        if item.row.is_gap:
            assert item.action is not None and item.action.text, item.key
        elif item.row.status in (ObjectiveStatus.SUPPORTED, ObjectiveStatus.NOT_APPLICABLE):
            assert item.action is None, item.key


def test_runs_that_were_not_carried_out_are_named_as_commands(toy: Kit) -> None:
    action = row(report(toy), "do-178c:A-4.1").action
    assert action is not None and action.kind is ActionKind.RUN
    assert [f"assurance run CASE --only run-{n}" for n in (1, 2, 3)] == list(action.commands)
    assert len(action.steps) == 3 and not action.template


def test_many_waiting_runs_are_one_command(toy: Kit) -> None:
    toy.case["runs"] += [{"id": f"more-{n}", "requirement": "R1", "engine": "bounds"} for n in range(9)]
    action = row(report(toy), "do-178c:A-4.1").action
    assert action is not None and "assurance run CASE" in action.commands


def test_a_requirement_without_run_gets_the_lines_to_add(toy: Kit) -> None:
    toy.case["runs"] = toy.case["runs"][:2]
    action = row(report(toy), "do-178c:A-4.1").action
    assert action is not None
    (stanza,) = [item for item in action.stanzas if "R3" in item.purpose]
    lines = parse_yaml(stanza.yaml, "stanza").value
    toy.case["runs"] += lines["runs"]
    loaded = toy.load()  # the lines are good as they are
    assert any(run.id == "run-R3" and run.requirement == "R3" for run in loaded.case.runs)


def test_a_requirement_without_property_gets_a_form_to_fill_in(toy: Kit) -> None:
    del toy.case["requirements"][2]["property"]
    del toy.case["requirements"][2]["meaning_review"]
    toy.case["runs"] = toy.case["runs"][:2]
    (gap,) = [item for item in report(toy).requirements if item.requirement == "R3"]
    assert "no formal property" in gap.text
    assert "property:" in gap.stanzas[0].yaml and "<" in gap.stanzas[0].yaml


def test_counterexamples_come_before_everything_else(toy: Kit) -> None:
    toy.prove("R1", "R3")
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    found = report(toy)
    item = row(found, "do-178c:A-4.1")
    assert item.row.status is ObjectiveStatus.CONTRADICTED
    assert item.action is not None and item.action.kind is ActionKind.DISPOSE
    assert [step[:3] for step in item.action.steps if step.startswith("R")] == ["R2:"]
    assert "no deviation helps" in item.action.steps[0] and not item.action.stanzas


def test_counterexamples_that_the_criterion_bears_can_be_accepted_by_name(toy: Kit) -> None:
    toy.prove("R2", "R3")
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="met")
    (gap,) = report(toy).requirements
    deviation = parse_yaml(gap.stanzas[0].yaml, "stanza").value["deviations"][0]
    claim = toy.load().claims["R1"]
    assert gap.status == "in doubt" and deviation["of"] == claim.identity and deviation["regions_at_most"] == 1
    toy.case["deviations"] = [
        deviation | {"id": "DEV", "rationale": "limited by the monitor", "accepted_by": "rev", "date": "2026-03-03"}
    ]
    (gap,) = report(toy).requirements
    assert gap.status == "partial" and "deviation" in gap.text and not gap.stanzas


def test_a_standing_challenge_asks_for_its_disposition(proved: Kit) -> None:
    proved.case["challenges"] = [
        {
            "id": "CH1",
            "against": {"requirement": "R3"},
            "doubt": "The table may be of another issue.",
            "raised_by": "rev",
            "date": "2026-03-01",
        }
    ]
    (gap,) = report(proved).requirements
    assert gap.requirement == "R3" and "CH1" in gap.text
    made = parse_yaml(gap.stanzas[0].yaml, "stanza").value["dispositions"][0]
    assert made["of"] == proved.doubts()["CH1"].digest


def test_changed_files_are_named(proved: Kit) -> None:
    (proved.folder / "net.onnx").write_bytes(onnx_bytes(0.25))
    item = row(report(proved), "do-178c:A-4.1")
    assert item.row.status is ObjectiveStatus.STALE
    assert item.action is not None and item.action.kind is ActionKind.REPEAT
    assert "(net)" in item.action.text
    assert "assurance run CASE --only run-1" in item.action.commands


def test_without_an_accepted_means_the_action_is_never_a_run(toy: Kit) -> None:
    seen = 0
    for item in report(toy).rows():
        if item.row.entry.accepted_means is False and item.row.is_gap:
            seen += 1
            assert item.action is not None and item.action.kind is ActionKind.AGREE, item.key
            assert not any(command.startswith("assurance run") for command in item.action.commands)
            assert "agreements:" in item.action.stanzas[0].yaml
    assert seen


def test_documents_come_with_the_command_for_their_skeleton(toy: Kit) -> None:
    action = row(report(toy), "do-178c:A-1.6").action
    assert action is not None and action.kind is ActionKind.DOCUMENT
    assert action.template == "do-178c:A-1.6"
    assert action.commands == ("assurance gaps CASE --template do-178c:A-1.6 --out do-178c_A-1.6.md",)


def test_a_lapsed_review_is_said_to_be_made_again(proved: Kit) -> None:
    digest = "sha256:" + "0" * 64
    proved.requirement("R1")["meaning_review"]["of"] = digest
    (gap,) = report(proved).requirements
    assert gap.requirement == "R1" and "review" in gap.text
    review = parse_yaml(gap.stanzas[0].yaml.replace("    meaning", "meaning", 1), "stanza").value["meaning_review"]
    assert review["of"] == proved.load().claims["R1"].meaning


def test_steps_name_a_few_requirements_and_count_the_rest(toy: Kit) -> None:
    for number in range(4, 14):
        made = dict(toy.requirement("R2")) | {"id": f"R{number}"}
        toy.case["requirements"].append(made)
    action = row(report(toy), "do-178c:A-4.1").action
    assert action is not None and len(action.steps) == 5
    assert action.steps[-1] == "and 9 more requirements"


def test_all_lines_to_add_are_good_yaml(toy: Kit) -> None:
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"].append({"id": "iso-26262-6", "level": "B"})
    found = report(toy)
    stanzas = {stanza for item in found.rows() if item.action for stanza in item.action.stanzas}
    stanzas |= {choice.stanza for standard in found.standards for choice in standard.choices}
    assert len(stanzas) >= 15
    for stanza in stanzas:
        assert parse_yaml(stanza.yaml, stanza.purpose).value


def test_a_table_of_alternatives_is_one_open_choice(toy: Kit) -> None:
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"] = [{"id": "iso-26262-6", "level": "B"}]
    (standard,) = report(toy).standards
    choices = {choice.key: choice for choice in standard.choices}
    assert "iso-26262-6:T1" in choices
    assert not any(item.is_gap for item in standard.rows if item.undecided)
    assert standard.gaps == len(choices) + sum(item.is_gap for item in standard.rows)
    lines = parse_yaml(choices["iso-26262-6:T7"].stanza.yaml, "stanza").value
    (choice,) = lines["standards"]
    choice["methods"][0] |= {"chosen": ["6-T7.1c"], "rationale": "an inspection reaches all of the unit"}
    choice["methods"][0].pop("left_out", None)
    toy.case["standards"] = [choice | {"level": "B"}]
    assert "iso-26262-6:T7" not in {item.key for item in report(toy).standards[0].choices}


def test_tools_without_qualification_and_open_problem_reports_are_named_beside_the_action(toy: Kit) -> None:
    toy.prove("R1", "R3")
    toy.keep("R2", bounds(toy.statement("R2"), "PU"), outcome="not-met")
    item = row(report(toy), "do-178c:A-4.1")
    assert item.action is not None and item.row.qualification and item.row.problems
    assert any("TQL-5" in step for step in item.action.steps)
    assert any("PR-R2-unknown" in step for step in item.action.steps)


def test_only_requirements_that_the_objective_rests_on_are_to_be_disposed_of(toy: Kit) -> None:
    """A-4.7 takes stability results alone: a box property that is refuted is none of its concern."""
    toy.prove("R3")
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    toy.keep("R2", bounds(toy.statement("R2"), "RR"), outcome="refuted")
    found = report(toy)
    design, algorithms = (row(found, f"do-178c:{id}").action for id in ("A-4.1", "A-4.7"))
    assert design is not None and algorithms is not None and algorithms.kind is ActionKind.DISPOSE
    assert {step[:3] for step in design.steps if step.startswith("R")} == {"R1:", "R2:"}
    assert {step[:3] for step in algorithms.steps if step.startswith("R")} == {"R1:"}
    assert algorithms.commands == ("assurance run CASE --only run-1",)


def test_what_is_there_is_not_asked_for_again(toy: Kit) -> None:
    """An audit record is all that A-9.2 credits; it is partial by its nature, so what is left is for people to accept."""
    toy.case["documents"] = [document(toy.folder, "audit", evidence="quality-audit", objectives=["do-178c:A-9.2"])]
    item = row(report(toy), "do-178c:A-9.2")
    assert item.row.status is ObjectiveStatus.PARTIAL and item.is_gap
    assert item.action is not None and item.action.kind is ActionKind.ACCEPT and not item.action.commands
    given = parse_yaml(item.action.stanzas[0].yaml, "stanza").value["acceptances"][0]
    assert given["objective"] == "do-178c:A-9.2" and given["digest"] == item.row.digest


def test_an_acceptance_that_counts_is_not_asked_for_again(toy: Kit) -> None:
    toy.case["people"].append({"id": "cleo", "name": "Cleo", "role": "certification"})
    toy.case["documents"] = [document(toy.folder, "audit", evidence="quality-audit", objectives=["do-178c:A-9.2"])]
    digest = row(report(toy), "do-178c:A-9.2").row.digest
    toy.case["acceptances"] = [{"objective": "do-178c:A-9.2", "by": "cleo", "date": "2026-03-03", "digest": digest}]
    item = row(report(toy), "do-178c:A-9.2")
    assert item.row.acceptance is not None and item.row.acceptance.counts
    assert item.action is not None and "Accepted by Cleo" in item.action.text and not item.action.stanzas


def test_where_every_run_stands_the_action_is_no_run(proved: Kit) -> None:
    item = row(report(proved), "do-178c:A-4.1")
    assert item.row.status is not ObjectiveStatus.SUPPORTED
    assert item.action is not None and item.action.kind is not ActionKind.RUN
    assert not item.action.text.startswith("Run ")
    assert any("agree the supplement" in step for step in item.action.steps)


def test_the_json_says_one_next_action(toy: Kit) -> None:
    found = report(toy)
    shown = {
        f"{one['standard']}:{item['id']}": item for one in gaps_json(found)["standards"] for item in one["objectives"]
    }
    for item in found.rows():
        said = shown[item.key]
        assert (said["next"] is None) == (item.action is None)
        assert item.action is None or said["next"] == f"{said['action']['kind']}: {said['action']['text']}"
