"""The vocabulary of the native form: which keys stand where, and what values they take. One table, three uses.

The reader checks a file against it, the JSON Schema for editors is made from it, and suggestions for misspelt
keys come from it. Knows no elements and no files: a value is given and judged, nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assurance.gsn.elements import MAX_IDENTIFIER, MAX_TEXT, ElementType
from assurance.gsn.relations import RelationType

SCHEMA: Final = "gsn/1"
MAX_NUMBER = 1_000_000_000

TOPICS: Final = (
    "name",
    "intent",
    "motivation",
    "structure",
    "participants",
    "collaboration",
    "applicability",
    "consequences",
    "implementation",
    "examples",
    "known_uses",
    "related_patterns",
)
"""What the description of a pattern has to say (GSN 1:3.4)."""

KIND_KEYS: Final = {
    "goal": ElementType.GOAL,
    "strategy": ElementType.STRATEGY,
    "solution": ElementType.SOLUTION,
    "context": ElementType.CONTEXT,
    "assumption": ElementType.ASSUMPTION,
    "justification": ElementType.JUSTIFICATION,
    "away-goal": ElementType.AWAY_GOAL,
    "away-solution": ElementType.AWAY_SOLUTION,
    "away-context": ElementType.AWAY_CONTEXT,
    "away-assumption": ElementType.AWAY_ASSUMPTION,
    "away-justification": ElementType.AWAY_JUSTIFICATION,
    "module": ElementType.MODULE,
    "contract": ElementType.CONTRACT,
}
"""The key that holds an element's statement says what kind of element it is."""

RELATION_KEYS: Final = {kind.value: kind for kind in RelationType}


@dataclass(frozen=True)
class Value:
    """A kind of value: what people call it, whether a value is one, and its JSON Schema."""

    called: str
    fits: Callable[[Any], bool]
    schema: Mapping[str, Any]


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest


def _is_name(value: Any) -> bool:
    return _is_text(value, MAX_IDENTIFIER)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER


_NAME_SCHEMA = {"type": "string", "maxLength": MAX_IDENTIFIER}
_TEXT_SCHEMA = {"type": "string", "maxLength": MAX_TEXT}

TEXT = Value(f"text of at most {MAX_TEXT} characters", lambda value: _is_text(value, MAX_TEXT), _TEXT_SCHEMA)
NAME = Value(f"a name of at most {MAX_IDENTIFIER} characters", _is_name, _NAME_SCHEMA)
FLAG = Value("true or false", lambda value: isinstance(value, bool), {"type": "boolean"})
NUMBER = Value("a whole number, zero or more", _is_number, {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER})
RANGE = Value(
    'a number or a range such as "1..*"',
    lambda value: _is_number(value) or _is_name(value),
    {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}, _NAME_SCHEMA]},
)
NAMES = Value(
    "a name or a list of names",
    lambda value: _is_name(value) or (isinstance(value, list) and all(map(_is_name, value))),
    {"anyOf": [_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA}]},
)
TEXTS = Value(
    "text or a list of texts",
    lambda value: TEXT.fits(value) or (isinstance(value, list) and all(map(TEXT.fits, value))),
    {"anyOf": [_TEXT_SCHEMA, {"type": "array", "items": _TEXT_SCHEMA}]},
)
WORDS = Value(
    "a mapping of names to texts",
    lambda value: isinstance(value, dict) and all(map(TEXT.fits, value.values())),
    {"type": "object", "additionalProperties": _TEXT_SCHEMA},
)
KIND = Value(
    "argument or contract",
    lambda value: value in ("argument", "contract"),
    {"enum": ["argument", "contract"]},
)
VERSION = Value(SCHEMA, lambda value: value == SCHEMA, {"const": SCHEMA})
JOIN = Value(
    "supported_by, in_context_of or challenges",
    lambda value: isinstance(value, str) and value in RELATION_KEYS,
    {"enum": list(RELATION_KEYS)},
)
ANY_MAPPING = Value("a mapping", lambda value: isinstance(value, dict), {"type": "object"})

Fields = Mapping[str, Value]
"""The keys of one kind of mapping."""

REFERENCE: Fields = {"from": NAME, "to": NAME, "type": JOIN}
_REFERENCE_SCHEMA = {
    "anyOf": [
        _NAME_SCHEMA,
        {
            "type": "object",
            "properties": {key: value.schema for key, value in REFERENCE.items()},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
    ]
}


def _is_reference(value: Any) -> bool:
    return _is_name(value) or isinstance(value, dict)


RELATION = Value("the id of a relation, or {from, to}", _is_reference, _REFERENCE_SCHEMA)
RELATIONS = Value(
    "a list of relations, each by its id or as {from, to}",
    lambda value: isinstance(value, list) and all(map(_is_reference, value)),
    {"type": "array", "items": _REFERENCE_SCHEMA},
)

DECORATED: Fields = {
    "to": NAME,
    "relation": RELATION,
    "id": NAME,
    "multiplicity": RANGE,
    "optional": FLAG,
    "choice": NAME,
    "defeated": FLAG,
    "acp": NAMES,
}
"""A relation that is more than the name of its target; `relation` instead of `to` only in challenges."""

_DECORATED_SCHEMA = {
    "type": "object",
    "properties": {key: value.schema for key, value in DECORATED.items()},
    "oneOf": [{"required": ["to"]}, {"required": ["relation"]}],
    "additionalProperties": False,
}
_ONE_RELATION_SCHEMA = {"anyOf": [_NAME_SCHEMA, _DECORATED_SCHEMA]}


def _is_relation(value: Any) -> bool:
    return _is_name(value) or isinstance(value, dict)


TARGETS = Value(
    "a name, a mapping with `to`, or a list of these",
    lambda value: _is_relation(value) or (isinstance(value, list) and all(map(_is_relation, value))),
    {"anyOf": [_NAME_SCHEMA, _DECORATED_SCHEMA, {"type": "array", "items": _ONE_RELATION_SCHEMA}]},
)

PROVENANCE: Fields = {"pattern": TEXT, "binding": WORDS}

ELEMENT: Fields = {
    **dict.fromkeys(RELATION_KEYS, TARGETS),
    "undeveloped": FLAG,
    "uninstantiated": FLAG,
    "defeated": FLAG,
    "acp": NAMES,
    "provenance": ANY_MAPPING,
    "extra": WORDS,
}
"""The keys that an element of any kind may have, beside the one that names its kind."""

_PUBLIC: Fields = {"public": FLAG}
_ELSEWHERE: Fields = {"from": NAME, "of": NAME}

ONLY: dict[ElementType, Fields] = {
    ElementType.GOAL: {**_PUBLIC, "claim": TEXT, "by_contract": FLAG},
    ElementType.STRATEGY: {},
    ElementType.SOLUTION: {**_PUBLIC, "evidence": TEXTS},
    ElementType.CONTEXT: {**_PUBLIC, "artefact": FLAG},
    ElementType.ASSUMPTION: _PUBLIC,
    ElementType.JUSTIFICATION: _PUBLIC,
    ElementType.AWAY_GOAL: _ELSEWHERE,
    ElementType.AWAY_SOLUTION: _ELSEWHERE,
    ElementType.AWAY_CONTEXT: _ELSEWHERE,
    ElementType.AWAY_ASSUMPTION: _ELSEWHERE,
    ElementType.AWAY_JUSTIFICATION: _ELSEWHERE,
    ElementType.MODULE: {"from": NAME},
    ElementType.CONTRACT: {"from": NAME},
}
"""The further keys of each kind; `from` names the module that is referred to, and is needed."""

CHOICE: Fields = {"source": NAME, "at_least": NUMBER, "at_most": NUMBER, "multiplicity": RANGE}
CLAIM_POINT: Fields = {"goal": NAME, "module": NAME, "text": TEXT, "relations": RELATIONS, "elements": NAMES}
INTERFACE: Fields = {
    "text": TEXT,
    "elements": NAMES,
    "needs_support": NAMES,
    "depends_on": NAMES,
    "visible_to": NAMES,
}
SUPPRESSION: Fields = {"code": NAME, "element": NAME, "rationale": TEXT, "by": TEXT}
PATTERN: Fields = {"id": NAME, **dict.fromkeys(TOPICS, TEXT)}
TEMPLATE: Fields = {"data": TEXT, "covers": NAMES}

_LIST = Value("a list of mappings", lambda value: isinstance(value, list), {"type": "array"})
MODULE: Fields = {
    "schema": VERSION,
    "module": NAME,
    "title": TEXT,
    "kind": KIND,
    "modules": NAMES,
    "contains": NAMES,
    "pattern": ANY_MAPPING,
    "template": ANY_MAPPING,
    "elements": ANY_MAPPING,
    "choices": ANY_MAPPING,
    "claim_points": ANY_MAPPING,
    "interfaces": ANY_MAPPING,
    "suppress": _LIST,
    "extra": WORDS,
}
"""The keys of a file."""


def _object(fields: Fields, required: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "properties": {key: dict(value.schema) for key, value in fields.items()},
        "additionalProperties": False,
    }
    return made | ({"required": list(required)} if required else {})


def _keyed(fields: Fields, required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"maxLength": MAX_IDENTIFIER},
        "additionalProperties": _object(fields, required),
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a file, for editors. The reader's own messages are better; the two agree (a test)."""
    kinds = []
    for key, kind in KIND_KEYS.items():
        fields = {**ELEMENT, **ONLY[kind], key: TEXT}
        needed = (key, "from") if "from" in ONLY[kind] else (key,)
        made = _object(fields, needed)
        made["properties"]["provenance"] = _object(PROVENANCE, ("pattern",))
        kinds.append(made)
    whole = _object(MODULE, ("schema", "module", "elements"))
    whole["properties"].update(
        pattern=_object(PATTERN, ("id",)),
        template=_object(TEMPLATE, ("data",)),
        elements={
            "type": "object",
            "propertyNames": {"maxLength": MAX_IDENTIFIER},
            "additionalProperties": {"oneOf": kinds},
        },
        choices=_keyed(CHOICE, ("source",)),
        claim_points=_keyed(CLAIM_POINT),
        interfaces=_keyed(INTERFACE),
        suppress={"type": "array", "items": _object(SUPPRESSION, ("code",))},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An argument module of assurance (schema: gsn/1); the page docs/gsn.md explains it",
        **whole,
    }
