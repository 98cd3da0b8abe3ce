"""Reviews, data-set reports, training logs and plans: what they show, and what they cannot be."""

from __future__ import annotations

import pytest
from engineering_toys import DATA_SET, REVIEW, read_text, refused

from evidence.errors import InputError
from evidence.limits_engineering import content_limits
from evidence.records.engineering import Shows

DIGEST = "sha256:" + "0" * 64
TIED = REVIEW.replace("{id: R1}", f"{{id: R1, digest: '{DIGEST}'}}")


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        (TIED, Shows.PASSES),
        (REVIEW, Shows.PARTLY),
        (TIED.replace("result: accepted", "result: rejected"), Shows.FAILS),
        (TIED.replace("state: closed", "state: open").replace("accepted", "accepted with open findings"), Shows.FAILS),
        (
            TIED.replace("state: closed", "state: open").replace("major", "minor")
            .replace("accepted", "accepted with open findings"),
            Shows.PARTLY,
        ),
        (TIED.replace('"yes"', '"no"'), Shows.PARTLY),
        (TIED.replace('"yes"', "open"), Shows.NOTHING),
        (TIED.replace('"yes"', "not applicable"), Shows.NOTHING),
        (TIED[: TIED.index("checklist:")] + TIED[TIED.index("findings:") :], Shows.PARTLY),
    ],
)  # fmt: skip
def test_what_a_review_shows(text: str, shows: Shows) -> None:
    assert read_text("review", text).shows is shows


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("state: closed, answer: added", "state: open"), "E165", 1),
        (("state: closed, answer: added", "state: closed"), "E165", 10),
        (("result: accepted", "result: accepted with open findings"), "E165", 1),
        (("result: accepted", "result: fine"), "E165", 11),
        (("items:\n  - {id: R1}", "items: []"), "E165", 2),
        (("items:\n  - {id: R1}", "items:\n  - {id: R1}\n  - {id: R1}"), "E165", 1),
        (("reviewers: [Rev Reviewer]", "reviewers: []"), "E165", 5),
        (('date: "2026-02-02"', "date: yesterday"), "E165", 6),
        (("assurance-review/1", "assurance-review/2"), "E164", 1),
        (("schema: assurance-review/1\n", ""), "E164", 1),
        (("author: Ann Author\n", "author: Ann Author\nauthor: Rev\n"), "E161", 5),
        (("author: Ann Author\n", "writer: Ann Author\n"), "E165", 1),
        (("author: Ann", "author: *ann"), "E161", 4),
        (("{id: R1}", "{id: R1, digest: sha256:12}"), "E165", 3),
    ],
)
def test_what_is_refused_of_a_review(change: tuple[str, str], code: str, line: int) -> None:
    assert change[0] in REVIEW
    assert refused("review", REVIEW.replace(*change)) == (code, line)


def test_the_author_is_found_among_the_reviewers_whatever_the_case() -> None:
    assert not read_text("review", REVIEW).by_author
    assert read_text("review", REVIEW.replace("[Rev Reviewer]", "[Rev Reviewer, ann  AUTHOR]")).by_author


@pytest.mark.parametrize(
    ("change", "shows"),
    [
        (("data_set: points", f"data_set: points\ndigest: '{DIGEST}'"), Shows.STATES),
        (("", ""), Shows.PARTLY),
        (("overlap: 0", "overlap: 1"), Shows.FAILS),
        (("{name: 5 to 10, count: 5}", "{name: 5 to 10, count: 0}"), Shows.PARTLY),
    ],
)
def test_what_a_data_set_report_shows(change: tuple[str, str], shows: Shows) -> None:
    assert read_text("dataset-report", DATA_SET.replace(*change)).shows is shows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("{name: 0 to 5, count: 5}, {name: 5 to 10, count: 5}", "{name: all, count: 9}"), "fewer samples"),
        (("count: 6", "count: 10"), "1 split"),
        (("use: test", "use: other"), "does not tell test data"),
        (("use: training", "use: test"), "does not tell test data"),
        (("use: training", "use: other"), "does not tell test data"),
    ],
)
def test_a_data_set_report_that_separates_or_counts_nothing_is_never_the_whole(
    change: tuple[str, str], words: str
) -> None:
    text = DATA_SET.replace("data_set: points", f"data_set: points\ndigest: '{DIGEST}'").replace(*change)
    if "10" in change[1]:
        text = text.replace("count: 4}", "count: 0}")
    found = read_text("dataset-report", text)
    assert found.shows is Shows.PARTLY
    assert any(words in text for _, text in content_limits(found)), list(content_limits(found))


def test_samples_in_training_and_validation_are_told() -> None:
    text = DATA_SET.replace("use: test}", "use: test}").replace(
        "  - {name: hold, use: test, count: 4}",
        "  - {name: tune, use: validation, count: 1}\n  - {name: hold, use: test, count: 3}",
    )
    both = "  - {splits: [tune, hold], overlap: 0, method: looked}\n  - {splits: [learn, tune], overlap: 1, method: looked}\n"
    text = text.replace("odd:\n", both + "odd:\n").replace("data_set: points", f"data_set: points\ndigest: '{DIGEST}'")
    found = read_text("dataset-report", text)
    assert found.shows is Shows.PARTLY and not found.overlapping
    assert any("learn and tune" in text for _, text in content_limits(found))


def test_splits_of_the_same_bytes_are_refused() -> None:
    same = DATA_SET.replace("count: 6}", f"count: 6, digest: '{DIGEST}'}}").replace(
        "count: 4}", f"count: 4, digest: '{DIGEST}'}}"
    )
    assert refused("dataset-report", same)[0] == "E165"


def test_splits_whose_independence_nobody_states_are_named() -> None:
    without = DATA_SET[: DATA_SET.index("independence:")] + DATA_SET[DATA_SET.index("odd:") :]
    found = read_text("dataset-report", without)
    assert found.not_compared == ("learn and hold",) and found.shows is Shows.PARTLY
    empty = read_text("dataset-report", DATA_SET.replace("{name: 5 to 10, count: 5}", "{name: 5 to 10, count: 0}"))
    assert empty.empty_cells == ("x: 5 to 10",)
    nothing = "\n".join(
        line.replace("count: 6", "count: 0").replace("count: 4", "count: 0").replace("total: 10", "total: 0")
        for line in DATA_SET.splitlines() if "parameter:" not in line and line != "odd:"
    )  # fmt: skip
    assert read_text("dataset-report", nothing).shows is Shows.NOTHING


@pytest.mark.parametrize(
    "change",
    [
        ("count: 6", "count: -6"),
        ("count: 6", "count: 7"),
        ("total: 10", "total: 11"),
        ("count: 6", "count: 6.5"),
        ("name: hold", "name: learn"),
        ("[learn, hold]", "[learn, learn]"),
        ("[learn, hold]", "[learn, other]"),
        ("[learn, hold]", "[learn]"),
        ("overlap: 0", "overlap: 5"),
        ("parameter: y", "parameter: x"),
        ("count: 10", "count: 11"),
        ("use: test", "use: exam"),
    ],
)
def test_counts_of_data_that_cannot_be_are_refused(change: tuple[str, str]) -> None:
    assert change[0] in DATA_SET
    assert refused("dataset-report", DATA_SET.replace(*change))[0] == "E165"


# --- training logs ---------------------------------------------------------------------------------------------

CSV = "# seed: 7\n# torch: 2.6\nepoch,loss,val_loss\n1,0.5,0.6\n2,0.25,0.7\n3,0.3,0.65\n"
LINES = (
    '{"seed": 7, "environment": {"torch": "2.6"}}\n{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.25}\n'
    '{"epoch": 3, "loss": 0.3}\n'
)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        LINES,
        '{"seed": 7, "environment": {"torch": "2.6"}, "curve": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}, '
        '{"epoch": 3, "loss": 0.3}]}',
        '{\n"seed": 7, "torch": "2.6",\n"curve": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25},\n'
        '{"epoch": 3, "loss": 0.3}]}',
    ],
)
def test_logs_in_each_form(text: str) -> None:
    found = read_text("training-log", text)
    assert (found.rows, found.step, found.first_step, found.last_step, found.seeds) == (3, "epoch", 1, 3, (7,))
    loss = found.loss
    assert (loss.count, loss.first, loss.last, loss.least, loss.greatest) == (3, 0.5, 0.3, 0.25, 0.5)
    assert "2.6" in found.environment.values() and found.missing == () and found.shows is Shows.STATES


def test_rows_of_the_transformers_library_count_steps_not_epochs() -> None:
    found = read_text(
        "training-log", '[{"epoch": 0.5, "step": 10, "loss": 1}, {"epoch": 1.0, "step": 20, "loss": 0.5}]'
    )
    assert (found.step, found.last_step, found.loss.last) == ("step", 20, 0.5)


@pytest.mark.parametrize("name", ["Loss", "train/loss", "train.loss", "train-loss", "epoch_loss", "loss_train"])
def test_a_loss_is_known_by_its_usual_names(name: str) -> None:
    assert read_text("training-log", f"epoch,{name}\n1,0.5\n2,nan\n").shows is Shows.FAILS
    assert read_text("training-log", f"epoch,{name}\n1,0.5\n2,-nan(ind)\n").shows is Shows.FAILS
    held = read_text(
        "training-log", f'{{"epoch": 1, "{name}": 0.5, "seed": 1, "os": "x"}}\n{{"epoch": 2, "{name}": null}}'
    )
    assert held.loss.not_finite == 1 and held.shows is Shows.PARTLY, "null may be nan, or nothing"
    assert any(f"{name} (1)" in text for _, text in content_limits(held))


def test_a_word_among_numbers_is_not_passed_over() -> None:
    found = read_text("training-log", "# seed: 1\n# os: x\nepoch,loss,grad,note\n1,0.5,1,a\n2,0.4,#INF,b\n")
    assert [(item.name, item.not_finite, item.last) for item in found.series] == [("loss", 0, 0.4), ("grad", 1, None)]
    assert found.shows is Shows.PARTLY


def test_a_row_without_step_is_no_setting() -> None:
    for text in ("epoch,loss\n1,0.5\n,nan\n", '{"epoch": 1, "loss": 0.5}\n{"loss": NaN}'):
        assert refused("training-log", text)[0] == "E165"


def test_what_a_log_lacks_is_named() -> None:
    found = read_text("training-log", "step;reward\n0;1\n10;2\n")
    assert found.missing == ("the loss", "a seed", "the environment") and found.shows is Shows.PARTLY


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "NaN"])
def test_a_training_that_diverged_fails(value: str) -> None:
    found = read_text("training-log", f"epoch,loss\n1,0.5\n2,{value}\n")
    assert found.loss.last is None and found.loss.not_finite == 1 and found.shows is Shows.FAILS
    assert read_text("training-log", '{"epoch": 1, "loss": 1e999}\n{"epoch": 2, "loss": NaN}').shows is Shows.FAILS
    passing = read_text("training-log", f"# seed: 1\n# os: x\nepoch,loss\n1,{value}\n2,0.5\n")
    assert passing.shows is Shows.PARTLY


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("epoch,loss\n2,0.5\n1,0.5\n", "E165"),
        ("epoch,loss\n-1,0.5\n", "E165"),
        ("epoch,loss\n1.5,0.5\n", "E165"),
        ("epoch,loss\none,0.5\n", "E165"),
        ("loss\n0.5\n", "E164"),
        ("just a text", "E164"),
        ('{"epoch": 1}\n[1]\n', "E164"),
        ('{"epoch": 1}\n{"epoch": 2\n', "E161"),
        ("[1, 2]", "E164"),
        ("[" * 300 + "]" * 300, "E161"),
        ('{"epoch": ' + "9" * 5000 + "}", "E161"),
        ("epoch," + ",".join(f"c{i}" for i in range(70)) + "\n" + ",".join("1" for _ in range(71)) + "\n", "E163"),
    ],
)
def test_what_is_refused_of_a_log(text: str, code: str) -> None:
    assert refused("training-log", text)[0] == code


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[{"epoch": 1},\n {"epoch": 2},\n  x]', (3, 3)),
        ('{"epoch": 1}\n{"epoch": 2}\n{"epoch" 3}\n', (3, 10)),
    ],
)
def test_what_is_no_json_in_a_log_has_a_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(InputError) as caught:
        read_text("training-log", text)
    finding = caught.value.finding
    assert finding.code == "E161" and (finding.place.line, finding.place.column) == place
    assert " line " not in finding.message, "the parser counts from the row that it was given"


def test_an_empty_log_shows_nothing() -> None:
    assert read_text("training-log", "").shows is Shows.NOTHING
    assert read_text("training-log", "epoch,loss\n").shows is Shows.NOTHING


# --- plans -----------------------------------------------------------------------------------------------------


def test_a_plan_is_known_by_title_and_headings() -> None:
    found = read_text("plan", "# Plan #\n\n```\n# no heading\n```\n## Means of compliance\ntext\n#hash\n")
    assert found.title == "Plan" and found.form == "markdown"
    assert [(item.text, item.level, item.line) for item in found.headings] == [
        ("Plan", 1, 1),
        ("Means of compliance", 2, 6),
    ]
    assert found.shows is Shows.STATES


@pytest.mark.parametrize(
    ("data", "form", "title"),
    [
        (b"Plan for software aspects\n\nmore", "text", "Plan for software aspects"),
        (b"%PDF-1.7\n# no heading", "pdf", None),
        (b"\x00\x01", "other", None),
        ("Größe".encode("latin-1"), "other", None),
        (b"PK\x03\x04\x00", "other", None),
    ],
)
def test_other_plans(data: bytes, form: str, title: str | None) -> None:
    found = read_text("plan", data)
    assert (found.form, found.title, found.headings, found.size) == (form, title, (), len(data))


def test_an_empty_plan_shows_nothing() -> None:
    for text in ("", "\n \n", "\ufeff\n"):
        assert read_text("plan", text).shows is Shows.NOTHING
