"""Everything that people can change about a case, as items with flat parts: case text, files, catalogues, patterns, tools.

Every field of the case file ends up in some item, also fields that were added to the format after this module was written:
nothing changes silently. A requirement makes four items (sentence, formal property, criterion, review), because they break
different things. A catalogue makes one item for its head and one for each entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from assurance.catalogue import Catalogue
from assurance.impact.facts import Item
from assurance.loading import LoadedCase
from evidence.digest import of_bytes

UNDECLARED = "content, not as declared"
"""Part that holds the digest of a file where it differs from the declared one."""
_LONGEST, _SHOWN = 2_000, 1_000
_MOST_TITLE = 240
_KINDS = {
    "data_sets": "data set",
    "odd": "operational design domain",
    "people": "person",
    "property_files": "property file",
    "external_verdicts": "external verdict",
    "threat_models": "threat model",
    "safety_requirements": "safety requirement",
}
"""Names of the kinds where the field's own name, without its plural s, would not read well."""
_CRITERION = ("at_least", "guarantee", "error_probability")
_NOT_FOLLOWED = frozenset({"schema"})
PATTERNS = "templates/patterns/"


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """A JSON value as dotted names and texts. What is null or empty is left out: it says the same as being absent."""
    if isinstance(value, Mapping):
        quantity = _quantity(value)
        if quantity is not None:
            return {path or "value": quantity}
        return _merged(flatten(part, f"{path}.{name}" if path else str(name)) for name, part in value.items())
    if isinstance(value, list | tuple):
        if not any(isinstance(part, Mapping | list | tuple) for part in value):
            return {path: _bounded(", ".join(map(_scalar, value)))} if value else {}
        key, names = _names(value)
        bare = [{n: v for n, v in part.items() if n != key} if key else part for part in value]
        parts = _merged(flatten(part, f"{path}[{name}]") for name, part in zip(names, bare, strict=True))
        return ({path or "order": _bounded(", ".join(names))} if key else {}) | parts  # their order can mean something
    return {} if value is None or value == "" else {path: _bounded(_scalar(value))}


def _merged(parts: Iterable[dict[str, str]]) -> dict[str, str]:
    return {name: text for part in parts for name, text in part.items()}


def _names(values: Iterable[Any]) -> tuple[str | None, list[str]]:
    """Identifiers of the entries of a list with the field that holds them, where each has its own; else their numbers."""
    listed = list(values)
    for key in ("id", "name", "prefix", "objective", "table", "tool"):
        names = [value.get(key) for value in listed if isinstance(value, Mapping)]
        if len(set(map(str, names))) == len(listed) and all(isinstance(name, str) for name in names):
            return key, [str(name) for name in names]
    return None, [str(number) for number in range(len(listed))]


def _quantity(value: Mapping[str, Any]) -> str | None:
    """A quantity or a range in one text, so that a change of epsilon reads as one change."""
    if set(value) == {"value", "unit"}:
        return f"{_scalar(value['value'])} {value['unit']}"
    if set(value) == {"lower", "upper", "unit"}:
        return f"{_scalar(value['lower'])} to {_scalar(value['upper'])} {value['unit']}"
    return None


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _bounded(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_SHOWN]}... ({len(text)} characters, {of_bytes(text.encode())})"


# --- the case file -----------------------------------------------------------------------------------------------


def case_items(loaded: LoadedCase) -> Iterator[Item]:
    """The case file with the contents of the files that it declares."""
    actual = {item.id: item.actual for item in loaded.files}
    declared = {item.id: item.declared for item in loaded.files}
    seen: set[str] = set()
    for field, value in loaded.case.model_dump(mode="json", by_alias=True).items():
        if field in _NOT_FOLLOWED or value in (None, [], {}):
            continue
        if field == "requirements":
            for requirement in value:
                yield from _requirement(requirement)
        elif field == "pattern_data":
            yield from (Item(kind="pattern data", id=id, parts=flatten(data)) for id, data in value.items())
        elif isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            for item in _listed(field, value):
                seen.add(item.id)
                if item.id in declared and actual[item.id] != declared[item.id] and "digest" in item.parts:
                    parts = item.parts | {UNDECLARED: actual[item.id] or "missing"}
                    yield item.model_copy(update={"parts": parts})
                else:
                    yield item
        else:
            kind = _KINDS.get(field, "case text")
            yield Item(kind=kind, id=field, parts=flatten(value, "" if isinstance(value, dict) else "text"))
    for file in loaded.files:
        if file.id not in seen and not file.fresh:  # a file that belongs to a part of the case, such as a sign-off
            yield Item(kind="file", id=file.path.name, parts={UNDECLARED: file.actual or "missing"})


def _listed(field: str, entries: list[dict[str, Any]]) -> Iterator[Item]:
    kind = _KINDS.get(field, field.replace("_", " ").removesuffix("s"))
    ids = numbered(
        str(entry.get("id") or entry.get("objective") or entry.get("challenge") or kind) for entry in entries
    )
    for id, entry in zip(ids, entries, strict=True):
        parts = flatten({name: part for name, part in entry.items() if name != "id"})
        title = str(entry.get("title") or entry.get("name") or "")[:_MOST_TITLE]
        yield Item(kind=kind, id=id, title=title, parts=parts)


def numbered(ids: Iterable[str]) -> list[str]:
    """The same identifiers, told apart where one stands several times: 'CH1', 'CH1 (2)'."""
    seen: dict[str, int] = {}
    found = []
    for id in ids:
        seen[id] = seen.get(id, 0) + 1
        found.append(id if seen[id] == 1 else f"{id} ({seen[id]})")
    return found


def _requirement(requirement: dict[str, Any]) -> Iterator[Item]:
    id, title = requirement["id"], requirement["title"][:_MOST_TITLE]
    formal = requirement["property"] or {}
    halves = {
        "requirement text": {name: part for name, part in requirement.items() if name not in _BESIDE_TEXT},
        "formal property": {name: part for name, part in formal.items() if name not in _CRITERION},
        "criterion": {name: formal.get(name) for name in _CRITERION},
        "meaning review": requirement["meaning_review"] or {},
    }
    for kind, value in halves.items():
        parts = flatten(value)
        if parts:
            yield Item(kind=kind, id=id, title=title, parts=parts)


_BESIDE_TEXT = ("id", "property", "meaning_review")


# --- what the tool brings ------------------------------------------------------------------------------------------


def catalogue_items(catalogue: Catalogue) -> Iterator[Item]:
    """The head of a catalogue, and each entry by itself: a changed entry concerns one objective only."""
    whole = catalogue.model_dump(mode="json")
    entries = whole.pop("entries")
    yield Item(kind="catalogue", id=catalogue.id, title=catalogue.title, parts=flatten(whole))
    for entry in entries:
        parts = flatten({name: part for name, part in entry.items() if name != "id"})
        id = f"{catalogue.id}:{entry['id']}"
        yield Item(kind="catalogue entry", id=id, title=entry["title"], parts=parts)


def rule_items(rules: Mapping[str, str], used: Collection[str]) -> Iterator[Item]:
    """The pattern files that the argument was made from, by digest. `used`: ids of these patterns."""
    for name, digest in rules.items():
        id = name.removeprefix(PATTERNS).removesuffix(".yaml")
        if name.startswith(PATTERNS) and id in used:
            yield Item(kind="pattern", id=id, parts={"content": digest})


def tool_items(versions: Mapping[str, str]) -> Iterator[Item]:
    """The tool and the libraries that its results may depend on."""
    for name in sorted(versions):
        yield Item(kind="tool", id=name, parts={"version": versions[name]})
