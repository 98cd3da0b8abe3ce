"""The operators of the typed graph: values in numpy, the same in torch, shapes. Nothing here reads files."""

from evidence.network.operators.base import Array, MisfitError, Operator, Shape, size
from evidence.network.operators.moving import Fixed, Join, Pad, Reshape, Select
from evidence.network.operators.pointwise import (
    Add,
    Clip,
    HyperbolicTangent,
    LeakyRectifier,
    Logistic,
    Rectifier,
    Scale,
    Softmax,
    broadcast,
)
from evidence.network.operators.windows import AveragePool, Conv, Dense, MaxPool, Windows

__all__ = [
    "Add",
    "Array",
    "AveragePool",
    "Clip",
    "Conv",
    "Dense",
    "Fixed",
    "HyperbolicTangent",
    "Join",
    "LeakyRectifier",
    "Logistic",
    "MaxPool",
    "MisfitError",
    "Operator",
    "Pad",
    "Rectifier",
    "Reshape",
    "Scale",
    "Select",
    "Shape",
    "Softmax",
    "Windows",
    "broadcast",
    "size",
]
