"""Names of objectives in the case file that the selected catalogues do not have, each with its place (O217).

The case stays usable: what refers to nothing does nothing, and the finding says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.case_compliance import StandardChoice
from assurance.catalogue import Catalogue
from assurance.loading import LoadedCase
from evidence.diagnostics import Finding, Severity, code
from evidence.strict_yaml import Path_

O_ABOUT = code(
    "O217",
    Severity.ERROR,
    "reference to an objective that does not exist",
    "write 'standard:objective', as in do-178c:A-4.1, with an identifier that `assurance catalogue show` lists",
)


def choice_path(loaded: LoadedCase, choice: StandardChoice) -> Path_:
    """Where the choice of a standard stands in the case file."""
    listed = loaded.document.value.get("standards", []) if isinstance(loaded.document.value, dict) else []
    for number, item in enumerate(listed):
        if isinstance(item, dict) and item.get("id") == choice.id:
            return ("standards", number)
    return ("standards",)


def dangling(loaded: LoadedCase, choice: StandardChoice, catalogue: Catalogue) -> Iterator[Finding]:
    """References to objectives of this standard that it does not have."""
    known = {entry.id for entry in catalogue.entries}
    for name, path in _named(loaded, choice, catalogue.id):
        if name not in known:
            place = loaded.document.place(path, catalogue.id)
            yield O_ABOUT.finding(f"{catalogue.id} has no objective {name!r}", place)


def _named(loaded: LoadedCase, choice: StandardChoice, standard: str) -> Iterator[tuple[str, Path_]]:
    case, prefix = loaded.case, f"{standard}:"
    for i, acceptance in enumerate(case.acceptances):
        if acceptance.objective.startswith(prefix):
            yield acceptance.objective.removeprefix(prefix), ("acceptances", i, "objective")
    for i, deviation in enumerate(case.deviations):
        if deviation.about.startswith(prefix):
            yield deviation.about.removeprefix(prefix), ("deviations", i, "about")
    for i, document in enumerate(case.documents):
        for j, name in enumerate(document.objectives):
            if name.startswith(prefix):
                yield name.removeprefix(prefix), ("documents", i, "objectives", j)
    at = choice_path(loaded, choice)
    for i, item in enumerate(choice.not_applicable):
        yield item.objective, (*at, "not_applicable", i, "objective")
    for i, means in enumerate(choice.means):
        for j, name in enumerate(means.objectives):
            yield name, (*at, "means", i, "objectives", j)
