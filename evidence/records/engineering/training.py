"""Training logs: series of numbers over steps, seeds, environment, and which files they name."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from evidence.digest import Digest
from evidence.records.engineering.common import Count, Short, Shows
from evidence.specification import Frozen

_LOSSES = frozenset({"loss", "train_loss", "training_loss", "loss_train", "loss_training", "epoch_loss", "total_loss"})


def is_loss(name: str) -> bool:
    """Whether a logged quantity is called as the loss of a training is, such as `train/loss`; `val_loss` is not."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") in _LOSSES


class Series(Frozen):
    """One logged quantity: first and last value, smallest and greatest."""

    name: Short
    count: Annotated[int, Field(ge=1)]
    first: float | None
    last: float | None
    """None where the logged value is not finite."""
    least: float | None
    greatest: float | None
    not_finite: Count = 0
    """Values that are no finite number; of a loss also those that are null."""


class TrainingLog(Frozen):
    """The course of a training."""

    kind: Literal["training-log"] = "training-log"
    rows: Count
    step: Short
    """The column that counts: epoch, step or iteration."""
    first_step: int | None
    last_step: int | None
    series: Annotated[tuple[Series, ...], Field(max_length=60)]
    seeds: Annotated[tuple[int, ...], Field(max_length=20)] = ()
    environment: Annotated[dict[Short, Short], Field(max_length=60)] = Field(default_factory=dict)
    """Versions and machine, as far as their names tell."""
    settings: Annotated[dict[Short, Short], Field(max_length=60)] = Field(default_factory=dict)
    """Everything else that stands beside the rows."""
    digests: Annotated[dict[Short, Digest], Field(max_length=60)] = Field(default_factory=dict)
    """Files that the log names by digest: the model that was made, the data that were used."""

    @property
    def loss(self) -> Series | None:
        """The first series with the name of a training loss."""
        return next((item for item in self.series if is_loss(item.name)), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What somebody who wants to repeat the training would need and does not find."""
        wanted = (("the loss", self.loss), ("a seed", self.seeds), ("the environment", self.environment))
        return tuple(name for name, found in wanted if not found)

    @property
    def shows(self) -> Shows:
        if not self.rows or not self.series:
            return Shows.NOTHING
        if any(is_loss(item.name) and item.last is None for item in self.series):
            return Shows.FAILS
        broken = any(item.not_finite for item in self.series)
        return Shows.PARTLY if self.missing or broken else Shows.STATES
