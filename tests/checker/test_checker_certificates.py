"""Forged, damaged and misdirected certificates: each is refused or not confirmed."""

from __future__ import annotations

import gzip
import json
import math
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from checker_toys import (
    Files,
    Toy,
    balls,
    boxes,
    certificate,
    digest,
    linear,
    load,
    named,
    packed,
    random_toy,
    run,
    statement,
    toy,
    whole,
)
from onnx import numpy_helper

from evidence.checker import Report, check, onnx_reader
from evidence.checker import certificate as reader
from evidence.checker import tree as trees
from evidence.checker.problem import Sets
from evidence.checker.walk import Parts, Walk
from evidence.engines.certificate import ClauseOffer, Proof, Ranged, write_certificate
from evidence.specification import Statement

FILES = Files()
NET = random_toy(np.random.default_rng(0), [2, 8, 8, 3])
MODEL = FILES.add(NET.onnx())
CENTERS = np.random.default_rng(1).normal(size=(4, 2))
LOWER, UPPER = CENTERS - 0.01, CENTERS + 0.01
OUT = NET.rough(CENTERS)
VALUE = statement(MODEL, 2, 3, boxes(LOWER, UPPER), linear([1, 0, 0], above=float(OUT[:, 0].min()) - 1))


def checked(data: bytes, value: dict[str, Any] = VALUE) -> Report:
    return check(value, data, FILES.__getitem__)


def refused(report: Report, code: str) -> bool:
    assert report.refusal is not None, report
    assert report.refusal.startswith(code), report.refusal
    assert not any(report.proved) and not report.radii and not report.lower and not report.upper
    return True


def test_an_honest_certificate_is_confirmed() -> None:
    steps: list[tuple[int, int, str]] = []
    data = certificate(VALUE, whole(4), ranges=[[2, None]])
    report = check(VALUE, data, FILES.__getitem__, lambda *step: steps.append(step))
    assert report.refusal is None and report.proved == (True,) * 4 and report.reasons == {} and report.radii is None
    assert report.regions == 4 and set(report.lower) == set(report.upper) == {2}
    assert steps[-1][0] == steps[-1][1]
    assert all(low < y < high for low, y, high in zip(report.lower[2], OUT[2], report.upper[2], strict=True))


def test_the_engines_writer_is_understood() -> None:
    """The only meeting point of writer and reader is the format."""
    typed = Statement.model_validate(VALUE)
    tree = ((0, float(CENTERS[1, 0])), None, (1, float(CENTERS[1, 1])), None, None)
    slopes = [[0.5] * 8, [0.25] * 8]
    data = write_certificate(
        typed,
        [Proof(0), Proof(1, tree, (None, [ClauseOffer(0, slopes)], None))],
        None,
        [Ranged(3, tree[:1] * 0 or (None,))],
    )
    report = check(typed.model_dump(mode="json"), data, FILES.__getitem__)
    assert report.refusal is None and report.proved == (True, True, False, False) and list(report.lower) == [3]


def test_only_offered_regions_are_proved() -> None:
    assert checked(certificate(VALUE, [])).proved == (False,) * 4
    assert checked(certificate(VALUE, [[2, None, None]])).proved == (False, False, True, False)


def test_false_statements_are_not_confirmed() -> None:
    value = statement(MODEL, 2, 3, boxes(LOWER, UPPER), linear([1, 0, 0], above=float(np.median(OUT[:, 0]))))
    report = checked(certificate(value, whole(4)), value)
    assert sum(report.proved) == 2 and set(report.reasons) == {r for r in range(4) if not report.proved[r]}
    assert all("margin" in reason for reason in report.reasons.values())


def test_another_statement_is_refused() -> None:
    other = {**VALUE, "condition": linear([1, 0, 0], above=-100.0)}
    assert refused(check(VALUE, certificate(other, whole(4)), FILES.__getitem__), "N156")
    forged = packed({"format": "assurance-certificate/2", "statement": "sha256:" + "0" * 64, "proofs": whole(4)})
    assert refused(checked(forged), "N156")


def test_whole_numbers_are_not_floats() -> None:
    """1 and 1.0 have different canonical JSON: a statement that was rewritten is another one."""
    rewritten = json.loads(json.dumps(VALUE).replace(".0,", ","))
    assert named(rewritten) != named(VALUE)
    assert refused(check(rewritten, certificate(VALUE, whole(4)), FILES.__getitem__), "N156")


def test_swapped_or_missing_files_are_refused() -> None:
    data = certificate(VALUE, whole(4))
    other = random_toy(np.random.default_rng(0), [2, 8, 8, 3], bias=0.4).onnx()
    assert refused(check(VALUE, data, lambda name: other), "N154")
    assert refused(check(VALUE, data, Files().__getitem__), "N154")
    assert refused(check(VALUE, data, lambda name: None), "N154")  # type: ignore[arg-type, return-value]
    changed = bytearray(FILES[MODEL])
    changed[-40] ^= 1
    assert refused(check(VALUE, data, lambda name: bytes(changed)), "N154")
    for name in ("sha256:xyz", "../../secret", ""):
        assert refused(checked(certificate({**VALUE, "model": name}, []), {**VALUE, "model": name}), "N15")


def test_a_certificate_for_a_misread_network_is_not_confirmed() -> None:
    """An engine that transposes a Gemm or drops a bias proves things about another network."""
    rng = np.random.default_rng(4)
    weight, bias = rng.normal(size=(3, 3)) * 3, np.array([2.0, -1.0, 0.0])
    right = toy((weight, bias), (np.eye(3), [0, 0, 0]))
    files = Files()
    model = files.add(right.onnx())
    for wrong in (toy((weight.T, bias), (np.eye(3), [0, 0, 0])), toy((weight, bias * 0), (np.eye(3), [0, 0, 0]))):
        proved = 0
        for _ in range(30):
            x = rng.normal(size=3)
            believed = int(wrong.rough(x[None])[0].argmax())
            row = [-1.0] * 3
            row[believed] = 0.5
            margin = float((wrong.rough(x[None])[0] * row).sum())
            if margin == float((right.rough(x[None])[0] * row).sum()):
                continue
            value = statement(model, 3, 3, boxes([x - 1e-6], [x + 1e-6]), linear(row, above=margin - 1e-3))
            report = run(value, files, whole(1))
            truth = float((right.rough(x[None])[0] * row).sum()) > margin - 1e-3
            assert report.proved == (truth,)
            proved += truth
        assert proved < 25


@pytest.mark.parametrize(
    "entry",
    [
        [4, None, None],
        [10**6, None, None],
        [-1, None, None],
        [2**70, None, None],
        [True, None, None],
        [0.0, None, None],
    ],
)
def test_regions_out_of_range_are_refused(entry: Any) -> None:
    assert refused(checked(certificate(VALUE, [[0, None, None], entry])), "N155")
    assert refused(checked(certificate(VALUE, [], ranges=[entry[:2]])), "N155")


def test_a_region_offered_twice_is_refused() -> None:
    assert refused(checked(certificate(VALUE, [[0, None, None], [1, None, None], [0, None, None]])), "N155")


MID = [float(v) for v in CENTERS[0]]


@pytest.mark.parametrize(
    "tree",
    [
        [],
        [[0, MID[0]]],
        [[0, MID[0]], None],
        [[0, MID[0]], None, None, None],
        [None, None],
        [None, [0, MID[0]], None],
        [[0, MID[0]], [1, MID[1]], None, None],
        [[2, MID[0]], None, None],
        [[-1, MID[0]], None, None],
        [[0, MID[0] + 1.0], None, None],
        [[0, MID[0]], [0, MID[0] + 0.005], None, None, None],
        [[0, 1e308], None, None],
        [[0, 10**400], None, None],
        [[0, True], None, None],
        [[0.0, MID[0]], None, None],
        [[0, "0.0"], None, None],
        [[0, None], None, None],
        [[0], None, None],
        [[0, MID[0], 1], None, None],
        [0, None, None],
        ["x"],
        [{}, None, None],
        [[[0, MID[0]], None, None]],
    ],
)
def test_malformed_trees_are_not_confirmed(tree: Any) -> None:
    report = checked(certificate(VALUE, [[0, tree, None], [1, None, None]], ranges=[[0, tree]]))
    assert report.refusal is None
    assert report.proved == (False, True, False, False) and set(report.reasons) == {0}
    assert report.lower == {} and report.upper == {}


def test_nan_and_infinity_are_not_json() -> None:
    for text in ("NaN", "Infinity", "-Infinity"):
        for proofs in (f"[[0, [[0, {text}], null, null], null]]", f"[[0, null, [[[0, null, [[{text}]]]]]]]"):
            body = f'{{"format": "assurance-certificate/2", "statement": "{named(VALUE)}", "proofs": {proofs}}}'
            assert refused(checked(gzip.compress(body.encode())), "N155")


def leaves_of(tree: Any, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the leaves, as the walk reaches them, in pre-order."""
    seen: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def settle(parts: Parts) -> None:
        for leaf, low, high in zip(walk.forest.leaf[parts.token].tolist(), parts.lower, parts.upper, strict=True):
            assert leaf not in seen
            seen[leaf] = (low, high)

    net = onnx_reader.read(toy((np.ones((1, len(lower))), [0])).onnx())
    walk = Walk(
        net, Sets(lower[None], upper[None]), [trees.read(tree, len(lower), [], True)], {}, settle, np.array([1]), 1
    )
    walk.run()
    assert not walk.failed
    return np.array([seen[n][0] for n in range(len(seen))]), np.array([seen[n][1] for n in range(len(seen))])


def test_leaves_of_a_tree_cover_the_box_exactly() -> None:
    """Leaves in pre-order, sharing faces, with volumes that add up to that of the box."""
    rng = np.random.default_rng(3)
    lower, upper = np.array([0.0, -1.0, 2.0]), np.array([1.0, 1.0, 2.5])

    def grow(low: np.ndarray, high: np.ndarray, depth: int) -> list[Any]:
        if depth == 0 or rng.uniform() < 0.2:
            return [None]
        axis = int(rng.integers(3))
        at = float(rng.choice([low[axis], high[axis], rng.uniform(low[axis], high[axis])], p=[0.1, 0.1, 0.8]))
        below, above = high.copy(), low.copy()
        below[axis] = above[axis] = at
        return [[axis, at], *grow(low, below, depth - 1), *grow(above, high, depth - 1)]

    points = rng.uniform(lower, upper, size=(2000, 3))
    for _ in range(20):
        tree = grow(lower, upper, 6)
        lows, highs = leaves_of(tree, lower, upper)
        assert len(lows) == tree.count(None) == (len(tree) + 1) // 2
        assert (lows >= lower).all() and (highs <= upper).all() and (lows <= highs).all()
        assert math.isclose(np.prod(highs - lows, axis=1).sum(), np.prod(upper - lower))
        inside = np.all((points[:, None] >= lows) & (points[:, None] <= highs), axis=2)
        assert np.any(inside, axis=1).all()


@pytest.mark.parametrize(
    "slopes",
    [
        [],
        [[0.5] * 8],
        [[0.5] * 8, [0.5] * 7],
        [[[0.5] * 8], [[0.5] * 8]],
        [[0.5] * 8, [0.5] * 8, [0.5] * 3],
        [["a"] * 8, ["b"] * 8],
        [[{}] * 8, [[]] * 8],
        [[10**400] * 8, [1] * 8],
        [[10**400, None] * 4, [1] * 8],
        [[True] * 8, None],
        [0.5],
        "slopes",
    ],
)
def test_malformed_slopes_are_not_confirmed(slopes: Any) -> None:
    """Where the default slopes do not prove the region, malformed ones give a reason and no proof."""
    value = statement(MODEL, 2, 3, boxes(LOWER, UPPER), linear([1, 0, 0], above=float(OUT[0, 0])))
    report = checked(certificate(value, [[0, None, [[[0, None, slopes]]]]]), value)
    assert report.refusal is None and report.proved == (False,) * 4 and set(report.reasons) == {0}
    assert "slopes" in report.reasons[0]


def test_garbage_slopes_never_forge_a_proof() -> None:
    """Any numbers as slopes: a threshold that samples violate is never proved."""
    rng = np.random.default_rng(6)
    net = random_toy(rng, [2, 6, 6, 1])
    files = Files()
    model = files.add(net.onnx())
    lower, upper = np.array([[-1.0, -1.0]]), np.array([[1.0, 1.0]])
    least = float(net.rough(rng.uniform(-1, 1, size=(10_000, 2))).min())
    value = statement(model, 2, 1, boxes(lower, upper), linear([1], above=least + 1e-9))
    for trial in range(300):
        scale = 10.0 ** rng.uniform(-2, 3 if trial % 2 else 308)
        with np.errstate(over="ignore"):
            drawn = np.clip(rng.normal(size=(2, 6)) * scale, -1e308, 1e308)
        text = json.dumps([[0, None, [[[0, None, drawn.tolist()]]]]])
        if trial % 5 == 0:
            text = text.replace(repr(float(drawn[0, 0])), "1e999", 1)
            assert "1e999" in text
        body = f'{{"format": "assurance-certificate/2", "statement": "{named(value)}", "proofs": {text}}}'
        report = check(value, gzip.compress(body.encode()), files.__getitem__)
        assert report.refusal is None and report.proved == (False,)


BODY = json.dumps({"format": "assurance-certificate/2", "statement": named(VALUE), "proofs": whole(4)}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        BODY,
        zlib.compress(BODY),
        gzip.compress(b""),
        gzip.compress(b"{"),
        gzip.compress(b"\xff\xfe"),
        gzip.compress(b"null"),
        gzip.compress(b"[" * 1_000_000),
        gzip.compress(b"[" * 1_000_000 + b"]" * 1_000_000),
        gzip.compress(b'{"a":' * 1_000_000),
        gzip.compress(BODY.replace(b"/2", b"/1")),
        gzip.compress(BODY.replace(b"[0, null, null]", b"[" + b"9" * 100_000 + b", null, null]")),
        gzip.compress(BODY[:-1] + b', "proofs": []}'),
        gzip.compress(BODY[:-1] + b', "trusted": true}'),
        gzip.compress(BODY) + b"x",
        gzip.compress(BODY) + gzip.compress(BODY),
        gzip.compress(BODY)[:-1],
        gzip.compress(BODY)[:-9] + b"\0" * 9,
    ],
)
def test_damaged_certificates_are_refused(data: bytes) -> None:
    assert refused(checked(data), "N155")


def test_deep_nesting_inside_a_tree_is_refused() -> None:
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    assert refused(checked(gzip.compress(BODY.replace(b"[0, null, null]", b"[0, " + deep + b", null]"))), "N155")


def test_deep_nesting_is_refused_where_the_recursion_limit_was_raised() -> None:
    """A bound-propagation library raises it to a million on import; Python's JSON parser then overflows the stack."""
    million, limit = 1_000_000, sys.getrecursionlimit()
    hidden = b'{"a": "' + b"]" * million + b'", "b": ' + b"[" * million + b"]" * million + b"}"
    escaped = b'{"a": "\\"' + b"]" * million + b'", "b": ' + b"[" * million + b"]" * million + b"}"
    value: Any = []
    for _ in range(100_000):
        value = [value]
    sys.setrecursionlimit(million)
    try:
        # in UTF-16 the second quote is half a character, behind which all brackets would look like a text
        wide = '{"a": "\u2201", "b": '.encode("utf-16-le") + "[".encode("utf-16-le") * million
        assert refused(checked(gzip.compress(wide + '"'.encode("utf-16-le"))), "N155")
        for deep in (b"[" * million, b'{"a":' * million, b"]" * million + b"[" * million, hidden, escaped):
            assert refused(checked(gzip.compress(deep)), "N155")
        assert refused(check({**VALUE, "condition": value}, gzip.compress(BODY), FILES.__getitem__), "N150")
    finally:
        sys.setrecursionlimit(limit)


def test_a_gzip_bomb_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1_000_000)
    bomb = gzip.compress(BODY[:-1] + b" " * 50_000_000 + b"}")
    assert len(bomb) < 100_000
    assert refused(checked(bomb), "N155")


def test_too_many_leaves_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_TOKENS", 4)
    assert refused(checked(certificate(VALUE, [[0, [[0, MID[0]], None, [1, MID[1]], None, None], None]])), "N155")


@pytest.mark.parametrize(
    "change",
    [
        {"proofs": None},
        {"proofs": {}},
        {"proofs": [0]},
        {"proofs": [[0]]},
        {"proofs": [[0, None]]},
        {"proofs": [[0, None, None, None]]},
        {"proofs": [["0", None, None]]},
        {"proofs": [[0, "null", None]]},
        {"proofs": [[0, None, "null"]]},
        {"proofs": [[0, {}, None]]},
        {"ranges": [[0, None, None]]},
        {"ranges": "all"},
        {"radii": "all"},
        {"radii": [-1.0]},
        {"radii": [True]},
        {"radii": ["1"]},
        {"radii": [0.1, 0.1, 0.1, 0.1]},
        {"statement": 0},
        {"statement": "sha256:"},
        {"statement": None},
        {"format": None},
    ],
)
def test_wrong_types_are_refused(change: dict[str, Any]) -> None:
    """The last radii are well formed, but a statement about boxes has none."""
    document = {"format": "assurance-certificate/2", "statement": named(VALUE), "proofs": whole(4), **change}
    assert refused(checked(packed(document)), "N155")


def test_statements_about_other_networks_or_predictors_are_refused() -> None:
    for change in ({"predictor": "smoothed"}, {"arithmetic": "float64"}, {"predictor": None}):
        value = {**VALUE, **change}
        assert refused(checked(certificate(value, whole(4)), value), "N151")
    others: list[Any] = [[], "x", None, {1: 2}, {}]
    for other in others:
        data = packed({**json.loads(BODY), "statement": _digest(other)})
        assert refused(check(other, data, FILES.__getitem__), "N150")
    assert refused(check({"x": math.nan}, gzip.compress(BODY), FILES.__getitem__), "N150")
    assert refused(check({"x": {1}}, gzip.compress(BODY), FILES.__getitem__), "N150")
    value = statement(FILES.add(b"no network"), 2, 3, boxes(LOWER, UPPER), linear([1, 0, 0]))
    assert refused(checked(certificate(value, whole(4)), value), "N152")
    value = statement(MODEL, 2, 4, boxes(LOWER, UPPER), linear([1, 0, 0]))
    assert refused(checked(certificate(value, whole(4)), value), "N152")


def _digest(value: Any) -> str:
    return digest(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def test_a_network_with_nan_weights_proves_nothing() -> None:
    model = load(NET.onnx())
    array = np.array(numpy_helper.to_array(model.graph.initializer[1]))
    array[0, 0] = np.nan
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(array, model.graph.initializer[1].name))
    value = {**VALUE, "model": FILES.add(bytes(model.SerializeToString()))}
    assert refused(checked(certificate(value, whole(4)), value), "N152")


def test_radii_are_confirmed_one_by_one() -> None:
    """Zero is never confirmed; a radius that reaches the other side of the boundary is not either."""
    net: Toy = toy(([[1.0], [-1.0]], [0.0, 0.0]))
    net = Toy((type(net.steps[0])(net.steps[0].weight, net.steps[0].bias, False),))
    files = Files()
    data = files.arrays(inputs=np.array([[1.0], [-2.0], [3.0], [0.5]]), labels=np.array([0, 1, 1, 0]))
    value = statement(files.add(net.onnx()), 1, 2, balls(data, "linf", 0.75), {"kind": "keep-label"})
    report = run(value, files, whole(4), radii=[0.999999, 2.000001, 0.1, 0.0])
    assert report.radii == (0.999999, 0.0, 0.0, 0.0)
    assert report.proved == (True, True, False, False)
    assert refused(run(value, files, [], radii=[0.1]), "N155")
    assert refused(run(value, files, [], radii=[-0.1, 0.1, 0.1, 0.1]), "N155")
    assert refused(run(value, files, [], radii=[1e400, 0, 0, 0]), "N155")


def test_nothing_untrusted_raises() -> None:
    """Random damage to certificate, network, data and statement: a report each time, and nothing proved wrongly."""
    rng = np.random.default_rng(8)
    points = np.random.default_rng(9).normal(size=(3, 2))
    labels = NET.rough(points).argmax(axis=1)
    files = Files()
    data, model = files.arrays(inputs=points, labels=labels), files.add(NET.onnx())
    value = statement(model, 2, 3, balls(data, "l2", 0.01), {"kind": "keep-label"})
    body = json.dumps({"format": "assurance-certificate/2", "statement": named(value), "proofs": whole(3)}).encode()
    assert check(value, gzip.compress(body), files.__getitem__).proved == (True,) * 3

    def damaged(content: bytes) -> bytes:
        changed = bytearray(content)
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(len(changed)))
            kind = int(rng.integers(3))
            if kind == 0:
                changed[at] = int(rng.integers(256))
            elif kind == 1:
                del changed[at : at + int(rng.integers(1, 9))]
            else:
                changed[at:at] = bytes(rng.integers(32, 127, size=int(rng.integers(1, 5))).tolist())
        return bytes(changed)

    confirmed = 0
    for _ in range(300):
        check(value, gzip.compress(damaged(body)), files.__getitem__)
        check(value, damaged(gzip.compress(body)), files.__getitem__)
        for role, name in (("model", model), ("data", data)):
            other = Files({**files})
            swapped = other.add(damaged(files[name]))
            changed = json.loads(json.dumps(value).replace(name, swapped))
            report = check(changed, certificate(changed, whole(3)), other.__getitem__)
            confirmed += role == "model" and any(report.proved)
        text = damaged(json.dumps(value).encode())
        try:
            changed = json.loads(text)
        except ValueError:
            continue
        check(changed, packed({**json.loads(body), "statement": _digest(changed)}), files.__getitem__)
    assert confirmed > 10  # most damage to weights leaves a network that can be read: then its proofs are its own


def test_pieces_give_the_same_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cutting the work into other pieces changes nothing but rounding."""
    lower, upper = CENTERS - 0.3, CENTERS + 0.3
    value = statement(MODEL, 2, 3, boxes(lower, upper), linear([1, 0, 0]))
    given = [[[1.0], None, [[0.25] * 8, [0.75] * 8]]]
    data = certificate(value, [[r, None, [given]] for r in range(4)], ranges=[[r, None] for r in range(4)])
    wanted = checked(data, value)
    for block, least in ((1, 1), (40, 1), (500, 3)):
        monkeypatch.setattr("evidence.checker.dual.BLOCK", block)
        monkeypatch.setattr("evidence.checker.dual.LEAST_ROWS", least)
        found = checked(data, value)
        assert found.proved == wanted.proved and found.reasons.keys() == wanted.reasons.keys()
        for r in range(4):
            np.testing.assert_allclose(found.lower[r], wanted.lower[r], rtol=1e-12)
            np.testing.assert_allclose(found.upper[r], wanted.upper[r], rtol=1e-12)


def test_absurd_sizes_are_refused_quickly() -> None:
    """A wide layer in a small file, and a condition that would need a huge table of rows."""
    wide = toy((np.zeros((300_000, 1)), np.zeros(300_000)), (np.zeros((1, 300_000)), [0]))
    value = statement(FILES.add(wide.onnx()), 1, 1, boxes([[0]], [[1]]), linear([1]))
    assert refused(checked(certificate(value, []), value), "N152")
    names = [f"y{i}" for i in range(1000)]
    condition = {"kind": "chosen-among", "outputs": names[:500]}
    value = statement(MODEL, 2, 1000, boxes(LOWER, UPPER), condition)
    assert refused(checked(certificate(value, []), value), "N150")
