"""Can the declared runs be carried out at all? Networks and data are read before anything is run or written.

A network with an operator that no engine reads, weights that are not numbers, shapes that do not fit the declared
inputs, an empty data set: each is found here, with the file's name, so that store and build stay as they were.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assurance.loading import LoadedCase
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import AssuranceError, InputError
from evidence.network import chain, read_graph
from evidence.regions import N_SHAPE, expand
from evidence.specification import InputBalls

T_OUTSIDE = code(
    "T104", Severity.WARNING, "listed inputs lie outside the operational design domain", "mend data, units or domain"
)
T_EQUAL = code(
    "T105", Severity.WARNING, "listed inputs repeat each other", "list each input once: repeats inflate shares"
)

_CHAINS_ONLY = ("reachability",)
"""Engines that treat chains of affine maps and ReLUs only."""


def examine(loaded: LoadedCase) -> tuple[Finding, ...]:
    """Findings on the files that runs need (N1xx). Files that are missing or changed are reported elsewhere."""
    found: dict[tuple[str, str], Finding] = {}
    for run in loaded.case.runs:
        claim = loaded.claims.get(run.requirement)
        if claim is None:
            continue
        for finding in _statement(loaded, run.requirement, run.engine in _CHAINS_ONLY):
            found.setdefault((finding.code, str(finding.place)), finding)
    return tuple(found.values())


def doubtful(loaded: LoadedCase) -> tuple[Finding, ...]:
    """Warnings on listed inputs: those outside the operational design domain, and those that are listed twice.

    Neither makes a run impossible; both make a share of listed inputs say less than it seems to.
    """
    found = []
    domain = {item.input: item.range for item in loaded.case.odd.parameters if item.input}
    for requirement, claim in loaded.claims.items():
        regions = claim.statement.regions
        path = loaded.path_of(regions.data) if isinstance(regions, InputBalls) else None
        if path is None:
            continue
        try:
            points = expand(claim.statement, lambda digest, file=path: file.read_bytes()).centers  # type: ignore[misc]
        except AssuranceError:
            continue  # said by `examine`
        place = Place(_shown(loaded, path), element=requirement)
        low = [domain[port.name].lower if port.name in domain else -np.inf for port in claim.statement.inputs]
        high = [domain[port.name].upper if port.name in domain else np.inf for port in claim.statement.inputs]
        outside = int(((points < low) | (points > high)).any(axis=1).sum())
        if outside:
            found.append(T_OUTSIDE.finding(f"{outside} of {len(points)} listed inputs of {requirement}", place))
        twice = len(points) - len(np.unique(points, axis=0))
        if twice:
            found.append(
                T_EQUAL.finding(f"{twice} of {len(points)} listed inputs of {requirement} repeat another", place)
            )
    return tuple(found)


def require_usable(loaded: LoadedCase) -> None:
    """Raise InputError with everything that `examine` finds."""
    findings = examine(loaded)
    if findings:
        raise InputError(*findings)


def _statement(loaded: LoadedCase, requirement: str, chains_only: bool) -> Iterator[Finding]:
    statement = loaded.claims[requirement].statement
    model = loaded.path_of(statement.model)
    if model is None:
        return
    name = _shown(loaded, model)
    try:
        graph = read_graph(model.read_bytes(), name)
        network = chain(graph) if chains_only else graph
    except AssuranceError as error:
        for finding in error.findings:
            yield dataclasses.replace(finding, place=Place(name, element=finding.place.element))
        return
    declared = (len(statement.inputs), len(statement.outputs))
    if (network.inputs, network.outputs) != declared:
        yield N_SHAPE.finding(
            f"the network maps {network.inputs} inputs to {network.outputs} outputs, the case declares {declared[0]} and {declared[1]}",
            Place(name),
        )
        return
    named = [getattr(statement.regions, field, None) for field in ("data", "table", "file")]
    paths = [path for digest in named if digest and (path := loaded.path_of(digest))]
    if any(named) and not paths:
        return
    try:
        expand(statement, lambda digest: paths[0].read_bytes())
    except AssuranceError as error:
        for finding in error.findings:
            yield dataclasses.replace(
                finding, place=Place(_shown(loaded, paths[0]) if paths else name, element=requirement)
            )


def _shown(loaded: LoadedCase, path: Path) -> str:
    return str(loaded.folder / path.relative_to(loaded.folder))
