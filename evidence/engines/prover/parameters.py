"""The parameters of the prover: typed, with their defaults; unknown ones are an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from evidence.diagnostics import Place
from evidence.engines.bounds.parameters import E_PARAMETER
from evidence.errors import InputError
from evidence.records.base import Scalar
from evidence.specification import Frozen


class Parameters(Frozen):
    """What a run of the prover can be told."""

    timeout: Annotated[float, Field(gt=0, le=1e7)] = 600.0
    """Seconds for the search, after which what is open stays unknown. Checking takes its own time."""
    max_parts: Annotated[int, Field(ge=1, le=20_000_000, strict=True)] = 4_000_000
    """Parts of all partitions together: a limit of memory."""
    split: Literal["auto", "inputs", "relus"] = "auto"
    """What is split: the inputs, the phases of ReLUs, or (auto) the inputs where there are few of them."""
    attack: Annotated[int, Field(ge=0, le=100_000, strict=True)] = 512
    """Points from which gradient descent looks for violations; 0: corner and random points only."""
    cross_check: Annotated[bool, Field(strict=True)] = False
    """Also ask other methods about every region, after the checker (evidence/crosscheck.py)."""


def read_parameters(given: Mapping[str, Scalar]) -> Parameters:
    """Parameters of a run. Raises InputError E111 naming the first one that cannot be used."""
    try:
        return Parameters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        expected = f"one of {', '.join(Parameters.model_fields)}" if first["type"] == "extra_forbidden" else None
        message = f"parameter {name!r}: {first['msg']}"
        raise InputError.of(E_PARAMETER, message, Place(field=name), expected=expected) from None
