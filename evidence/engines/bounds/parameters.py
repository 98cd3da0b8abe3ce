"""The parameters of the bounds engine: typed, with their defaults; unknown ones are an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationError

from evidence.diagnostics import Place, Severity, code
from evidence.engines.bounds.lirpa import Method
from evidence.errors import InputError
from evidence.records.base import Scalar
from evidence.specification import Frozen

E_PARAMETER = code(
    "E111", Severity.ERROR, "unknown or unusable engine parameter", "correct the run's parameters in the case file"
)


class Parameters(Frozen):
    """What a run of the bounds engine can be told."""

    method: Method = "crown"
    max_leaves: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 1
    """Parts into which each box may be split; 1 means that boxes are not split."""
    radius: Annotated[bool, Field(strict=True)] = False
    """Also search the largest verified radius around each listed input."""
    radius_limit: Annotated[float, Field(gt=0)] | None = None
    """Where that search stops, in the unit of the perturbation."""
    radius_steps: Annotated[int, Field(ge=1, le=50, strict=True)] = 12
    """Bisections of the radius search."""
    attack_restarts: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 3
    """Runs of gradient descent on each undecided region; 0: corner and random points only."""
    attack_steps: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 30
    batch: Annotated[int, Field(ge=1, le=65_536, strict=True)] = 256
    """Input sets that are bounded at a time."""
    cross_check: Annotated[bool, Field(strict=True)] = False
    """Also ask other methods about every region, after the checker (evidence/crosscheck.py)."""


def read_parameters(given: Mapping[str, Scalar]) -> Parameters:
    """Parameters of a run. Raises InputError E111 naming the first one that cannot be used."""
    try:
        parameters = Parameters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(Parameters.model_fields)
        expected = f"one of {known}" if first["type"] == "extra_forbidden" else None
        message = f"parameter {name!r}: {first['msg']}"
        raise InputError.of(E_PARAMETER, message, Place(field=name), expected=expected) from None
    if parameters.radius and parameters.radius_limit is None:
        raise InputError.of(
            E_PARAMETER, "a radius search needs an end", Place(field="radius_limit"), expected="radius_limit > 0"
        )
    return parameters
