"""The part of a new case file that names patterns and gives samples for what they ask for.

Written are the parameters that the case does not supply by itself. Legs stand as comments: a document that does
not exist cannot be offered, and without one the leg's goal is undeveloped.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from assurance.gsn.patterns.format import Parameter, PatternChoice
from assurance.gsn.patterns.library import LoadedPattern

UNREPLACED = "Sample, to be replaced: "
"""Stands before every sample, so that one that is left in the case is not read as a fact of its argument."""
REASON = f"{UNREPLACED}why these alternatives are enough."


def asked(pattern: LoadedPattern, supplied: Collection[str]) -> dict[str, Parameter]:
    """What data the case does not supply by itself."""
    return {name: item for name, item in pattern.parameters.items() if (item.case or name) not in supplied}


def undecided(pattern: LoadedPattern, before: str = "") -> dict[str, PatternChoice]:
    """Choices that nothing in the data decides, by the key that `choose` takes."""
    found = {before + name: choice for name, choice in pattern.pattern.choices.items() if choice.decided_by is None}
    for name, element in pattern.pattern.elements.items():
        if element.use is not None:
            found |= undecided(pattern.nested[element.use.pattern], f"{before}{name}.")
    return found


def pattern_lines(patterns: Sequence[LoadedPattern], supplied: Collection[str]) -> list[str]:
    """YAML lines with `patterns:` and, where something is asked for, `pattern_data:`."""
    lines = [
        "# Patterns of the argument. Samples below are to be replaced; a leg is a list of document ids, and without",
        "# one its goal stays undeveloped.",
        f"patterns: [{', '.join(item.id for item in patterns)}]",
        "pattern_data:",
    ]
    for pattern in patterns:
        block = [*_fields(asked(pattern, supplied), "    "), *_choices(pattern, "    ")]
        if block:
            lines += [f"  {pattern.id}:", *block]
    if len(lines) == 4:
        lines.pop()  # nothing is asked for
    return lines


def _fields(parameters: Mapping[str, Parameter], indent: str) -> Iterator[str]:
    for name, parameter in parameters.items():
        if parameter.type == "leg":
            kinds = f" ({', '.join(parameter.kinds)})" if parameter.kinds else ""
            yield f"{indent}# {name}: []  # {parameter.means}{kinds}"
        elif parameter.type == "collection" and isinstance(parameter.items, dict):
            yield f"{indent}{name}:  # {parameter.means}"
            for number in range(1, max(parameter.at_least, 1) + 1):
                yield f"{indent}  - id: X{number}"
                yield from _fields(parameter.items, indent + "    ")
        elif parameter.type == "collection":
            yield f"{indent}{name}: []  # {parameter.means}"
        elif parameter.required:
            value = (
                "1" if parameter.type == "integer" else json.dumps(f"{UNREPLACED}{parameter.sample or parameter.means}")
            )
            yield f"{indent}{name}: {value}  # {parameter.means}"
        else:
            yield f"{indent}# {name}:  # {parameter.means}"


def _choices(pattern: LoadedPattern, indent: str) -> Iterator[str]:
    choices = undecided(pattern)
    if choices:
        yield f"{indent}choose:"
    for key, choice in choices.items():
        most = choice.at_most or len(choice.of)
        yield f"{indent}  {key}:  # {choice.at_least} to {most} of {', '.join(choice.of)}"
        yield f"{indent}    take: [{', '.join(list(choice.of)[: choice.at_least])}]"
        yield f"{indent}    justification: {json.dumps(REASON)}"
