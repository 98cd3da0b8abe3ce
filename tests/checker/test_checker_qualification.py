"""Tool data: each operational requirement of docs/checker-qualification.md is traced to tests that exist."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "checker-qualification.md"
CHECKER = HERE.parents[1] / "evidence" / "checker"
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def test_each_requirement_names_tests_that_exist() -> None:
    defined = set()
    for path in HERE.glob("test_*.py"):
        defined |= set(re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE))
    rows = re.findall(r"^\| (R\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _, _ in rows] == [f"R{i}" for i in range(1, len(rows) + 1)] and len(rows) >= 15
    for number, _, tests in rows:
        named = re.findall(r"`(\w+)`", tests)
        assert named, number
        assert set(named) <= defined, (number, set(named) - defined)


def test_the_page_names_the_version_of_the_checker() -> None:
    from evidence.checker import CHECKER

    assert f"`{CHECKER}`" in PAGE.read_text("utf-8")


def code_lines(text: str) -> set[int]:
    """Numbers of the lines that are not blank, comment or docstring (also one behind a constant)."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            found |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def definitions(text: str) -> dict[str, set[int]]:
    """Lines of each function and class, and of each method as Class.method; decorators belong to them."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = [m for m in node.body if isinstance(m, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else []
            for name, part in [(node.name, node), *((f"{node.name}.{method.name}", method) for method in inside)]:
                first = min([part.lineno, *(decorator.lineno for decorator in part.decorator_list)])
                found[name] = set(range(first, (part.end_lineno or first) + 1))
    return found


def test_code_lines_are_counted_as_they_should_be() -> None:
    text = '"""Module."""\n\nA = 1  # one\n"""Of A."""\n# two\n\n\n@cached\ndef f() -> str:\n    """F."""\n\n'
    text += '    return """a\nb"""\n'
    assert code_lines(text) == {3, 8, 9, 12, 13}
    assert code_lines(text) & definitions(text)["f"] == {8, 9, 12, 13}


def test_the_trusted_path_is_as_long_as_the_page_says() -> None:
    page = PAGE.read_text("utf-8").split("## Reading it")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+\.py)` \| (\w+) \| .+? \| (\d+) \| (\d+) \| (.+?) \|$", page, re.MULTILINE)
    assert sorted(file for file, *_ in rows) == sorted(path.name for path in CHECKER.glob("*.py"))
    parts = dict.fromkeys(("proof", "joining", "reading", "steering", "additional"), 0)
    total = 0
    for file, part, stated, stated_trusted, others in rows:
        text = (CHECKER / file).read_text("utf-8")
        lines, named = code_lines(text), re.findall(r"`([\w.]+)`", others)
        trusted = set() if others.startswith("all") else lines.copy()
        for name in named:
            assert trusted & definitions(text)[name], (file, name)
            trusted -= definitions(text)[name]
        assert abs(len(lines) - int(stated)) <= 0.05 * len(lines), f"{file} has {len(lines)} code lines"
        assert abs(len(trusted) - int(stated_trusted)) <= 0.05 * len(trusted), f"{file}: {len(trusted)} trusted lines"
        parts[part] += len(trusted)
        total += len(lines)
    assert not parts["steering"] and not parts["additional"]
    sums = re.search(
        r"Trusted: ([\d,]+) of ([\d,]+), of them\s+([\d,]+) for the proof, ([\d,]+) for joining, ([\d,]+) for reading",
        page,
    )
    limits = re.search(r"Limits: at most ([\d,]+) for the proof, ([\d,]+) for the whole path", page)
    assert sums and limits
    real = (sum(parts.values()), total, parts["proof"], parts["joining"], parts["reading"])
    for found, told in zip(real, sums.groups(), strict=True):
        assert abs(found - int(told.replace(",", ""))) <= 0.05 * found, (found, told)
    for found, limit in zip((real[2], real[0]), limits.groups(), strict=True):
        assert found <= int(limit.replace(",", "")), (found, limit)
