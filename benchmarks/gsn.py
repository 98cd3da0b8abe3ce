"""Diagrams: layout and SVG of 3,000 and 30,000 elements, the pages of 3,000, and Graphviz on the same argument."""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from assurance.gsn import shapes, svg, text
from assurance.gsn.elements import CONTEXTUAL, Context, ElementType, Goal, Solution, Strategy
from assurance.gsn.layout import POINTS_PER_MM, Page, Role, layout, pages
from assurance.gsn.model import Argument
from assurance.gsn.relations import RelationType

REPEATS = 3
Result = TypeVar("Result")


def argument_of(size: int, seed: int = 1) -> Argument:
    """A regular argument of about `size` elements: goals split by strategies, with contexts, down to evidence."""
    draw = random.Random(seed)
    argument = Argument("large", "Large argument")
    argument.add(Goal(id="G0", text="The landing aid is acceptably safe in its operating environment."))
    goals = ["G0"]
    count = split = 0
    while len(argument) + len(goals) - split < size:
        parent = goals[split]
        split += 1
        count += 1
        context, strategy = f"C{count}", f"S{count}"
        argument.add(
            Context(id=context, text=f"Operating domain {count}, issue 4 of its definition"),
            Strategy(id=strategy, text=f"Argument over each hazard of group {count}"),
        )
        argument.contextualise(parent, context)
        argument.support(parent, strategy)
        for _ in range(draw.choice((2, 3, 4))):
            goal = f"G{len(goals)}"
            words = f"Hazard {len(goals)} is mitigated at the listed inputs for every sensor error in the stated box."
            argument.add(Goal(id=goal, text=words))
            argument.support(strategy, goal)
            goals.append(goal)
    for goal in goals[split:]:
        argument.add(Solution(id=f"Sn{goal[1:]}", text=f"Record of run R-{goal[1:]}", evidence=("x",)))
        argument.support(goal, f"Sn{goal[1:]}")
    return argument


def gsn() -> list[str]:
    """Measured in processor seconds of one thread, with nothing kept from earlier repeats; best of three."""
    lines = []
    small, large = argument_of(3000), argument_of(30_000)
    figures = {}
    for name, argument in (("3,000", small), ("30,000", large)):
        seconds, drawn = _timed(partial(_drawn, argument))
        figures[name] = seconds
        target = "0.5 s, 2 MB" if argument is small else "6 s"
        size = len(drawn.encode()) / 1e6
        lines.append(f"{len(argument):,} elements, one picture: {seconds:.2f} s, {size:.1f} MB (target {target})")
    seconds, made = _timed(lambda: pages(small))
    writing, _ = _timed(lambda: [svg.render(page) for page in made])
    whole = _whole(made)
    lost = sum(element.id not in whole for element in small)
    over = sum([_overflows(page) for page in made])
    lines.append(
        f"{len(small):,} elements on {len(made)} A4 pages: {seconds:.2f} s (target 1 s), {writing:.2f} s more to write "
        f"them; {lost} lost, {over} overflowing"
    )
    if shutil.which("dot") is None:
        return [*lines, "Graphviz is not installed here: nothing to compare with"]
    for name, argument in (("3,000", small), ("30,000", large)):
        taken = _graphviz(argument)
        if taken is None:
            lines.append(f"Graphviz dot, {name} elements: not done within {_PATIENCE} s")
        else:
            ours = figures[name]
            lines.append(f"Graphviz dot, {name} elements in one picture: {taken:.2f} s, {taken / ours:.1f} times ours")
    return lines


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Shortest time of some repeats that begin with empty caches, and what the last one made."""
    best = float("inf")
    for _ in range(REPEATS):
        for cache in (text.prepare, text._word, shapes._chords):
            cache.cache_clear()
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def _drawn(argument: Argument) -> str:
    return svg.render(layout(argument))


def _whole(made: list[Page]) -> set[str]:
    return {box.element.id for page in made for box in page.boxes if box.role is Role.FULL}


def _overflows(page: Page) -> int:
    """How many shapes of a page leave the paper between its margins."""
    right, low = page.width_mm * POINTS_PER_MM - page.margin, page.height_mm * POINTS_PER_MM - page.margin
    count = 0
    for box in page.boxes:
        x0, y0, x1, y1 = box.extent
        left, top = page.origin[0] + x0 * page.scale, page.origin[1] + y0 * page.scale
        over_right, over_low = page.origin[0] + x1 * page.scale, page.origin[1] + y1 * page.scale
        inside = left >= page.margin - 0.1 and top >= page.margin - 0.1
        count += not (inside and over_right <= right + 0.1 and over_low <= low + 0.1)
    return count


_PATIENCE = 120
_SHAPES = {
    ElementType.GOAL: "box",
    ElementType.STRATEGY: "parallelogram",
    ElementType.SOLUTION: "circle",
    ElementType.CONTEXT: "box,style=rounded",
}


def _graphviz(argument: Argument) -> float | None:
    """Processor seconds that `dot` takes for the same elements, words and relations; None where it takes too long."""
    rows = ["digraph G {", 'node [fontname="sans", fontsize=8, margin="0.08,0.04"];']
    for element in argument:
        words = "\\n".join([element.id, *textwrap.wrap(element.text, 28)])
        rows.append(
            f"{json.dumps(element.id)} [shape={_SHAPES[element.type]},label={json.dumps(words)}];".replace(
                "\\\\n", "\\n"
            )
        )
    for relation in argument.relations:
        kind = "normal" if relation.type is RelationType.SUPPORTED_BY else "empty"
        rows.append(f"{json.dumps(relation.source)} -> {json.dumps(relation.target)} [arrowhead={kind}];")
        if argument[relation.target].type in CONTEXTUAL:
            rows.append(f"{{rank=same; {json.dumps(relation.source)}; {json.dumps(relation.target)}}}")
    source = "\n".join([*rows, "}"]).encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, check=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
