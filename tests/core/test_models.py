"""Models are built when they are first used: here all of them are, so that a wrong definition is found before that."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

import assurance
import evidence


def _models() -> list[type[BaseModel]]:
    for package in (evidence, assurance):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    own = {item for item in _below(BaseModel) if item.__module__.split(".")[0] in ("assurance", "evidence")}
    return sorted(own, key=lambda item: (item.__module__, item.__qualname__))


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for item in model.__subclasses__():
        yield item
        yield from _below(item)


MODELS = _models()


def test_the_models_are_found() -> None:
    assert len(MODELS) > 140


@pytest.mark.parametrize("model", MODELS, ids=lambda item: f"{item.__module__}.{item.__qualname__}")
def test_a_model_can_be_built_and_is_closed(model: type[BaseModel]) -> None:
    model.model_rebuild()  # raises what a wrong annotation or default would raise at the first use
    assert model.__pydantic_complete__
    assert model.model_config["frozen"] and model.model_config["extra"] == "forbid"
