"""The policy of a CI: which gaps and findings make `assurance gaps` fail, and which are borne until when, by whom.

    schema: assurance-gap-policy/1
    fail_on: {statuses: [contradicted, stale], codes: [T117], severity: error}
    standards: {do-178c: {statuses: [contradicted, stale, open]}}
    allowed: [{objective: "do-178c:A-3.1", owner: ..., reason: ..., until: "2027-01-31"}]

A policy that could never fail is refused, and so is one that names what does not exist: a misspelt rule would
otherwise be a rule that nobody notices missing. An allowance changes no status; it only keeps a named gap from
failing the run until its day. Not here: what follows for a report (judgement.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from assurance.case_fields import Id, IsoDate, Rationale, Text
from assurance.catalogue import Catalogue
from assurance.catalogue import load as load_catalogue
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Finding, Severity, code, registered
from evidence.errors import InputError
from evidence.specification import Frozen
from evidence.strict_yaml import Document, Path_, read_yaml, validate

O_POLICY = code(
    "O219",
    Severity.ERROR,
    "unknown word in --fail-on",
    "use status words of objectives, severities or codes of findings, separated by commas",
)
O_VACUOUS = code(
    "O265", Severity.ERROR, "policy that nothing can fail", "name statuses, codes or a severity under fail_on"
)
O_UNKNOWN_OBJECTIVE = code(
    "O266",
    Severity.ERROR,
    "policy names a standard or objective that does not exist",
    "write 'standard:objective' as `assurance catalogue show` lists it",
)
O_UNKNOWN_CODE = code(
    "O267",
    Severity.ERROR,
    "policy names a code that no check of gaps has",
    "see docs/checks.md; the codes of runs and packages do not occur here",
)

O_BLANKET = code(
    "O282",
    Severity.ERROR,
    "allowance for every finding of error level with one code",
    "name the element that it is about: what turns up later has to be decided for itself",
)

CodeId = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{3}$")]
_SCHEMA = Literal["assurance-gap-policy/1"]


Severe = Literal[Severity.ERROR, Severity.WARNING]


class Rule(Frozen):
    """What fails. Objectives that the level does not ask for never do."""

    statuses: tuple[ObjectiveStatus, ...] = ()
    codes: tuple[CodeId, ...] = ()
    """Of reasons of objectives, and of findings."""
    severity: Severe | None = None
    """Reasons and findings that are at least this severe."""

    @property
    def empty(self) -> bool:
        return not self.statuses and not self.codes and self.severity is None


Borne = Literal[
    ObjectiveStatus.OPEN,
    ObjectiveStatus.PARTIAL,
    ObjectiveStatus.CONTRADICTED,
    ObjectiveStatus.STALE,
    ObjectiveStatus.APPLICABILITY_UNKNOWN,
]
"""What there can be to bear."""


class Allowed(Frozen):
    """A gap or finding that somebody answers for until a day."""

    objective: Text | None = None
    """`standard:objective`, or `standard:table` for the open choice among a table's methods."""
    finding: CodeId | None = None
    element: Text | None = None
    """With `finding`: only about this element."""
    statuses: tuple[Borne, ...] = Field((ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL), min_length=1)
    """With `objective`: the statuses that are borne. A contradiction has to be named to be borne."""
    owner: Text
    reason: Rationale
    until: IsoDate
    """The last day on which it counts."""

    @model_validator(mode="after")
    def _one(self) -> Allowed:
        if (self.objective is None) == (self.finding is None):
            raise ValueError("an allowance names either an objective or the code of a finding")
        if self.element is not None and self.finding is None:
            raise ValueError("'element' belongs to the code of a finding")
        return self

    @property
    def about(self) -> str:
        return self.objective or " ".join(filter(None, (self.finding, self.element)))


class PolicyFile(Frozen):
    """What a policy file holds."""

    schema_: _SCHEMA = Field(alias="schema")
    fail_on: Rule = Rule()
    standards: dict[Id, Rule] = Field(default_factory=dict)
    """By standard: what of its objectives fails, in place of `fail_on`."""
    allowed: Annotated[tuple[Allowed, ...], Field(max_length=10_000)] = ()


class Policy:
    """A policy with where each part of it stands."""

    def __init__(self, file: PolicyFile, document: Document | None = None) -> None:
        self.file = file
        self.document = document

    @property
    def name(self) -> str | None:
        return self.document.file if self.document else None

    def rule(self, standard: str) -> Rule:
        """What fails of the objectives of a standard."""
        return self.file.standards.get(standard, self.file.fail_on)


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises InputError with every mistake: C10x (YAML, fields), O265-O267, O282, O101 (standard)."""
    document = read_yaml(path)
    policy = Policy(validate(document, PolicyFile), document)
    mistakes = _mistakes(policy.file, document)
    if mistakes:
        raise InputError(*mistakes)
    return policy


def merged(policy: Policy | None, fail_on: Rule) -> Policy | None:
    """A policy with what the command line adds to each of its rules; None where neither says anything."""
    if fail_on.empty:
        return policy
    if policy is None:
        return Policy(PolicyFile(schema="assurance-gap-policy/1", fail_on=fail_on))
    file = policy.file
    standards = {name: _union(rule, fail_on) for name, rule in file.standards.items()}
    update = {"fail_on": _union(file.fail_on, fail_on), "standards": standards}
    return Policy(file.model_copy(update=update), policy.document)


def rule_of(words: str) -> Rule:
    """The rule that `--fail-on` states: status words, severities and codes. Raises InputError O219, O265, O267."""
    statuses: list[ObjectiveStatus] = []
    codes: list[str] = []
    severity: Severe | None = None
    known = {status.value: status for status in ObjectiveStatus}
    for word in filter(None, (part.strip() for part in words.split(","))):
        if word in known:
            statuses.append(known[word])
        elif word in (Severity.ERROR.value, Severity.WARNING.value):
            severity = Severity.WARNING if Severity.WARNING.value in (word, severity) else Severity.ERROR
        elif word[:1].isupper() and word[1:].isdigit():
            codes.append(word)
        else:
            raise InputError.of(O_POLICY, f"{word!r} is neither status, severity nor code", expected=", ".join(known))
    found = _unknown_codes(codes)
    if found:
        raise InputError.of(O_UNKNOWN_CODE, f"{', '.join(found)}: no check of gaps has this code")
    rule = Rule(statuses=tuple(statuses), codes=tuple(codes), severity=severity)
    if rule.empty:  # a variable of a CI that is not set must not be a policy that all passes
        raise InputError.of(O_VACUOUS, "--fail-on names nothing", expected=", ".join(known))
    return rule


def _union(one: Rule, other: Rule) -> Rule:
    severities = {one.severity, other.severity} - {None}
    return Rule(
        statuses=tuple(dict.fromkeys((*one.statuses, *other.statuses))),
        codes=tuple(dict.fromkeys((*one.codes, *other.codes))),
        severity=Severity.WARNING if Severity.WARNING in severities else next(iter(severities), None),
    )


def _unknown_codes(codes: tuple[str, ...] | list[str]) -> list[str]:
    """Codes that no module declares which takes part in a gap report: those are all imported by now."""
    known = {item.id for item in registered()}
    return [name for name in codes if name not in known]


def _mistakes(file: PolicyFile, document: Document) -> list[Finding]:
    found: list[Finding] = []
    errors = {item.id for item in registered() if item.severity is Severity.ERROR}
    rules: list[tuple[Path_, Rule]] = [(("fail_on",), file.fail_on)]
    rules += [(("standards", name), rule) for name, rule in file.standards.items()]
    if all(rule.empty for _, rule in rules):
        found.append(O_VACUOUS.finding("no rule of the policy names anything", document.place(("fail_on",))))
    else:
        for at, rule in rules[1:]:
            if rule.empty:
                message = f"the rule of {at[-1]} names nothing: none of its objectives could fail"
                found.append(O_VACUOUS.finding(message, document.place(at)))
    for at, rule in rules:
        found += [
            O_UNKNOWN_CODE.finding(f"{name}: no check of gaps has this code", document.place((*at, "codes")))
            for name in _unknown_codes(rule.codes)
        ]
    for name in file.standards:
        found += _standard(name, document, ("standards", name))
    for number, item in enumerate(file.allowed):
        at = ("allowed", number)
        if item.finding and _unknown_codes([item.finding]):
            message = f"{item.finding}: no check of gaps has this code"
            found.append(O_UNKNOWN_CODE.finding(message, document.place((*at, "finding"))))
        elif item.finding in errors and item.element is None:
            message = f"{item.finding}: the allowance names no element"
            found.append(
                O_BLANKET.finding(message, document.place((*at, "finding")), expected="element: <what it is about>")
            )
        if item.objective:
            found += _objective(item.objective, document, (*at, "objective"))
    return found


def _standard(name: str, document: Document, at: Path_) -> list[Finding]:
    try:
        load_catalogue(name)
    except InputError as error:
        return [O_UNKNOWN_OBJECTIVE.finding(error.finding.message, document.place(at))]
    return []


def _objective(name: str, document: Document, at: Path_) -> list[Finding]:
    standard, colon, entry = name.partition(":")
    if not colon:
        message = f"{name!r} names no objective"
        return [O_UNKNOWN_OBJECTIVE.finding(message, document.place(at), expected="'standard:objective'")]
    unknown = _standard(standard, document, at)
    if not unknown and not _names_something(load_catalogue(standard), entry):
        return [O_UNKNOWN_OBJECTIVE.finding(f"{standard} has no objective {entry!r}", document.place(at))]
    return unknown


def _names_something(catalogue: Catalogue, name: str) -> bool:
    """An entry, or a table of alternatives: its open choice is borne under the table's name."""
    tables = (table.id for table in catalogue.tables if table.combination == "alternatives")
    return catalogue.entry(name) is not None or name in tables
