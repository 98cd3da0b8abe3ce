"""Does the data cover what a pattern asks for? Every problem is collected, nothing stops at the first.

Data are plain values: nested mappings, with lists of mappings that have an `id` as collections. `choose`, beside the
parameters, holds decisions on choices. Here too: cutting given data down to what a pattern asks for (`select`), and
sample data for starter files and tests (`sample`). Not here: where the data of a case come from (assurance/binding.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from assurance.gsn.patterns.format import STATUS_WORDS, Parameter
from assurance.gsn.patterns.library import LoadedPattern
from evidence.diagnostics import Finding, Place, Severity, code

G_TOKEN = code(
    "G141", Severity.ERROR, "pattern parameter without data", "give the pattern the data that it names", "GSN 1:3.5.2"
)
G_TYPE = code(
    "G275",
    Severity.ERROR,
    "pattern data of a wrong type",
    "write the value as its parameter declares it",
    "GSN 1:3.5.2",
)
G_BOUNDS = code(
    "G276",
    Severity.ERROR,
    "a collection has fewer or more items than the pattern allows",
    "give a number of items inside the bounds, or use another pattern",
    "GSN 1:3.2.1",
)
G_ITEM = code(
    "G277",
    Severity.ERROR,
    "an item of a collection cannot be named",
    "give each item of a collection an `id` of its own, without blanks, of at most 80 characters",
    "GSN 1:3.5.4",
)
G_KEY = code("G278", Severity.ERROR, "pattern data that no parameter asks for", "remove it or mend its spelling")

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}(#\S{1,120})?\Z")
_ITEM_ID = re.compile(r"[^\s\x00-\x1f\x7f{}]{1,80}\Z")
_LEG = {
    "status": Parameter(type="status", means="what its documents show"),
    "documents": Parameter(type="collection", means="its documents", items="document"),
    "against": Parameter(type="collection", means="documents that report a failure", items="document", required=False),
}


def check_data(loaded: LoadedPattern, data: Mapping[str, Any], place: Place | None = None) -> list[Finding]:
    """Everything that is wrong with data for a pattern, decisions on choices aside (those belong to instances)."""
    where = place or Place(element=loaded.id)
    found = _mapping(loaded.parameters, data, loaded.id, where, extra=("choose",))
    choose = data.get("choose", {})
    if not isinstance(choose, Mapping) or not all(isinstance(item, str) for item in choose):
        found.append(G_TYPE.finding(f"{loaded.id}: choose is not a mapping of choices", where))
    return found


def _mapping(
    parameters: Mapping[str, Parameter], data: Mapping[str, Any], path: str, place: Place, extra: tuple[str, ...] = ()
) -> list[Finding]:
    found: list[Finding] = []
    for key in data:
        if key not in parameters and key not in extra:
            near = difflib.get_close_matches(str(key), list(parameters), 1)
            expected = f"{near[0]}?" if near else None
            found.append(G_KEY.finding(f"{path}: {str(key)[:60]!r}", place, expected=expected))
    for name, parameter in parameters.items():
        given = data.get(name)
        if given is None:
            if parameter.required and parameter.type not in ("leg", "decision"):  # those are missed where they matter
                found.append(G_TOKEN.finding(f"{path}: no data for {{{name}}} ({parameter.means})", place))
        elif not fits_scalar(parameter.type, given):
            found += _value(parameter, given, f"{path}.{name}", place)
    return found


def _value(parameter: Parameter, given: Any, path: str, place: Place) -> list[Finding]:
    """A value that is no scalar, or does not fit as one."""
    kind = parameter.type
    if kind == "collection":
        return _collection(parameter, given, path, place)
    if kind == "leg":
        return _leg(given, path, place)
    if kind in ("record", "document"):
        if isinstance(given, Mapping):
            return _mapping(parameter.fields, given, path, place)
        return [G_TYPE.finding(f"{path} is no {kind}", place, expected="{id, text, digest}")]
    if kind == "decision":
        if isinstance(given, Mapping):
            return []
        return [G_TYPE.finding(f"{path} is no decision", place, expected="{take: [..], justification: text}")]
    expected = {"digest": "sha256: and 64 hexadecimal digits", "status": f"one of {', '.join(STATUS_WORDS)}"}.get(kind)
    return [G_TYPE.finding(f"{path} is no {kind}: {_shown(given)}", place, expected=expected)]


def fits_scalar(kind: str, given: Any) -> bool:
    """Whether a value is a text, an integer, a digest or a status word, as is asked for."""
    if kind == "integer":
        return isinstance(given, int) and not isinstance(given, bool)
    if not isinstance(given, str) or not given.strip():
        return False
    if kind == "digest":
        return _DIGEST.match(given) is not None
    return kind == "text" or (kind == "status" and given in STATUS_WORDS)


def _leg(given: Any, path: str, place: Place) -> list[Finding]:
    if not isinstance(given, Mapping) or set(given) - {"status", "documents", "against"}:
        return [G_TYPE.finding(f"{path} is no leg", place, expected="{status, documents}")]
    return _mapping(_LEG, given, path, place)


def _collection(parameter: Parameter, given: Any, path: str, place: Place) -> list[Finding]:
    if not isinstance(given, list | tuple) or not all(isinstance(item, Mapping) for item in given):
        return [G_TYPE.finding(f"{path} is no list of items", place)]
    found: list[Finding] = []
    least, most = parameter.at_least, parameter.at_most
    if len(given) < least or (most is not None and len(given) > most):
        expected = f"{least} to {most}" if most is not None else f"at least {least}"
        found.append(G_BOUNDS.finding(f"{path} has {len(given)} items ({parameter.means})", place, expected=expected))
    if not given:
        return found
    fields = {name: field for name, field in parameter.fields.items() if name != "id"}
    seen: set[str] = set()
    for number, item in enumerate(given):
        id = item.get("id")
        if not isinstance(id, str) or not _ITEM_ID.match(id):
            found.append(G_ITEM.finding(f"{path}[{number}] has the id {_shown(id)}", place))
        elif id in seen:
            found.append(G_ITEM.finding(f"{path}: two items have the id {id!r}", place))
        else:
            seen.add(id)
        found += _mapping(fields, item, f"{path}[{id if isinstance(id, str) else number}]", place, extra=("id",))
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def select(parameters: Mapping[str, Parameter], data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of data that parameters ask for, also inside of items: a case knows more than one pattern needs."""
    chosen: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in data:
            continue
        given = data[name]
        if parameter.type == "collection" and isinstance(given, list | tuple):
            fields = parameter.fields
            chosen[name] = [select(fields, item) if isinstance(item, Mapping) else item for item in given]
        else:
            chosen[name] = given
    return chosen


def sample(parameters: Mapping[str, Parameter], *, items: int = 0) -> dict[str, Any]:
    """Data of the right types: least collections (but at least `items` each), nothing shown, decisions left out."""
    return {
        name: _sample(name, parameter, items)
        for name, parameter in parameters.items()
        if parameter.type not in ("leg", "decision")
    }


def _sample(name: str, parameter: Parameter, items: int) -> Any:
    digest = "sha256:" + "0" * 64
    if parameter.type == "collection":
        wanted = min(max(parameter.at_least, items), parameter.at_most or max(parameter.at_least, items))
        rest = {key: item for key, item in parameter.fields.items() if key != "id"}
        return [{"id": f"X{number}", **sample(rest, items=items)} for number in range(1, wanted + 1)]
    if parameter.type in ("record", "document"):
        return {"id": "X1", "text": parameter.sample or parameter.means, "digest": digest}
    return {"integer": 1, "digest": digest, "status": "undeveloped"}.get(
        parameter.type, parameter.sample or parameter.means
    )


def sample_choices(loaded: LoadedPattern, before: str = "") -> dict[str, Any]:
    """A decision on every choice of a pattern and of those that it uses: as few alternatives as may be."""
    found = {
        before + name: {"take": list(choice.of)[: choice.at_least], "justification": "A sample; to be replaced."}
        for name, choice in loaded.pattern.choices.items()
    }
    for name, element in loaded.pattern.elements.items():
        if element.use is not None:
            found |= sample_choices(loaded.nested[element.use.pattern], f"{before}{name}.")
    return found
