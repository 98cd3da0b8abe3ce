"""Add, Sub, Mul, Div, Gemm, MatMul, BatchNormalization, and the activations."""

from __future__ import annotations

import math

import numpy as np

from evidence.network.operators import (
    Add,
    Clip,
    Dense,
    HyperbolicTangent,
    LeakyRectifier,
    Logistic,
    MisfitError,
    Operator,
    Rectifier,
    Scale,
    Select,
    Shape,
    Softmax,
    broadcast,
    size,
)
from evidence.network.refusals import N_FIT, N_OPERATOR, N_WEIGHT
from evidence.network.site import Site, Tensor
from evidence.regions import Floats

_LARGEST = float(np.finfo(np.float32).max)


def arithmetic(site: Site) -> Tensor:
    """Two operands of which one is constant, or the sum or difference of two computed ones."""
    a, b = site.operand(0), site.operand(1)
    if site.opset < 7:
        _require_old_broadcast(site, a, b)
    if a.value is not None and b.value is not None and a.kind != site.real:
        return _integers(site, a, b)
    if a.computed and b.computed:
        if site.kind not in ("Add", "Sub"):
            raise site.refusal(N_OPERATOR, f"{site.kind} of two computed tensors", expected="one of them constant")
        return site.emit(Add(1 if site.kind == "Add" else -1), a, b)
    followed = 0 if a.computed or b.value is not None else 1
    numbers = site.floats(1 - followed)
    x = widened(site, (a, b)[followed], numbers.shape)
    if site.kind == "Div" and (followed != 0 or (numbers == 0).any()):
        raise site.refusal(N_OPERATOR, "Div is supported for division by constants other than zero")
    if site.kind == "Mul":
        return site.emit(Scale(scale=numbers), x)
    if site.kind == "Div":
        return site.emit(Scale(scale=1.0 / numbers), x)
    if site.kind == "Sub" and followed == 1:
        return site.emit(Scale(np.full((1,) * len(x.shape), -1.0), numbers), x)
    return site.emit(Scale(shift=-numbers if site.kind == "Sub" else numbers), x)


def _require_old_broadcast(site: Site, a: Tensor, b: Tensor) -> None:
    """Before operator set 7 shapes agree, or the second is the end of the first where `broadcast` says so."""
    suffix = bool(site.integer("broadcast", 0)) and len(b.shape) <= len(a.shape)
    if a.shape != b.shape and not (suffix and broadcast(a.shape[len(a.shape) - len(b.shape) :], b.shape)):
        raise site.refusal(N_FIT, f"shapes {a.shape} and {b.shape} without broadcast")


def widened(site: Site, x: Tensor, beside: Shape) -> Tensor:
    """The tensor repeated so that a constant of the other shape can be broadcast to it."""
    try:
        wanted = broadcast(x.shape, beside)
    except MisfitError as error:
        raise site.refusal(N_FIT, str(error)) from None
    if wanted == x.shape:
        return x
    site.reserve(wanted)
    index = np.arange(size(x.shape)).reshape(x.shape)
    return site.emit(Select(np.array(np.broadcast_to(index, wanted))), x)


def _integers(site: Site, a: Tensor, b: Tensor) -> Tensor:
    """Arithmetic of shapes."""
    if a.kind != b.kind or a.kind not in ("int64", "int32"):
        raise site.refusal(N_OPERATOR, f"{site.kind} of constants of types {a.kind} and {b.kind}")
    try:
        site.reserve(broadcast(a.shape, b.shape))
    except MisfitError as error:
        raise site.refusal(N_FIT, str(error)) from None
    assert a.value is not None and b.value is not None
    if max(abs(int(array.max(initial=0))) for array in (a.value, -a.value, b.value, -b.value)) > 2**31:
        raise site.refusal(N_FIT, "integers beyond 2^31")
    if site.kind == "Div":
        if (b.value == 0).any():
            raise site.refusal(N_FIT, "division by zero")
        quotient = np.abs(a.value) // np.abs(b.value)
        return site.known(np.where((a.value < 0) == (b.value < 0), quotient, -quotient), a.kind)
    made = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}[site.kind](a.value, b.value)
    return site.known(np.asarray(made), a.kind)


def gemm(site: Site) -> Tensor:
    """alpha * x @ B + beta * C for a row vector or matrix x that is not transposed."""
    alpha, beta = site.number("alpha", 1.0), site.number("beta", 1.0)
    x = site.operand(0)
    row = len(x.shape) == 2
    if site.opset < 7:
        site.integer("broadcast", 0)  # C is added to each row in any case
        row = row or size(x.shape[:-1]) == 1  # written so by exporters of that time
    if site.integer("transA", 0) or not row:
        raise site.refusal(N_OPERATOR, "Gemm is supported for a row vector times a constant matrix")
    matrix = site.floats(1)
    if matrix.ndim != 2:
        raise site.refusal(N_FIT, f"a matrix of shape {matrix.shape}")
    weight = (matrix.T if site.integer("transB", 0) else matrix) * alpha
    made = site.emit(Dense(np.ascontiguousarray(weight)), x)
    return site.emit(Scale(shift=site.floats(2) * beta), made) if site.has(2) else made


def matmul(site: Site) -> Tensor:
    """A computed tensor times a constant matrix or vector, on either side."""
    a, b = site.operand(0), site.operand(1)
    if b.computed:
        return _constant_first(site, site.floats(0), b)
    matrix = _matrix(site, site.floats(1))
    if matrix.ndim == 1:
        made = site.emit(Dense(matrix[:, None]), a)
        return _without(site, made, len(made.shape) - 1)
    return site.emit(Dense(matrix), a)


def _constant_first(site: Site, matrix: Floats, x: Tensor) -> Tensor:
    """constant @ x, as the transpose of x' @ constant'."""
    matrix = _matrix(site, matrix)
    row, vector = matrix.ndim == 1, len(x.shape) == 1
    made = x if vector else _swapped(site, x)
    made = site.emit(Dense(np.ascontiguousarray(np.atleast_2d(matrix).T)), made)
    if not vector:
        made = _swapped(site, made)
    return _without(site, made, len(made.shape) - (1 if vector else 2)) if row else made


def _matrix(site: Site, array: Floats) -> Floats:
    if array.ndim not in (1, 2):
        raise site.refusal(N_OPERATOR, f"a constant factor of shape {array.shape}", expected="a matrix or a vector")
    return array


def _swapped(site: Site, x: Tensor) -> Tensor:
    index = np.arange(size(x.shape)).reshape(x.shape)
    return site.emit(Select(np.ascontiguousarray(np.swapaxes(index, -1, -2))), x)


def _without(site: Site, x: Tensor, axis: int) -> Tensor:
    index = np.arange(size(x.shape)).reshape(x.shape)
    return site.emit(Select(np.squeeze(index, axis)), x)


def batch_normalization(site: Site) -> Tensor:
    """Inference form: scale * (x - mean) / sqrt(variance + epsilon) + bias for each channel."""
    epsilon = site.number("epsilon", _single(1e-5))
    site.given("momentum")  # says how training averages; no part of the function
    if site.opset < 7 and not site.integer("is_test", 0):
        raise site.refusal(N_OPERATOR, "BatchNormalization in training mode")
    if site.opset < 9 and site.integer("spatial", 1) != 1:
        raise site.refusal(N_OPERATOR, "BatchNormalization that is not for each channel")
    if site.opset >= 14 and site.integer("training_mode", 0):
        raise site.refusal(N_OPERATOR, "BatchNormalization in training mode")
    x = site.operand(0)
    parts = [site.floats(i) for i in range(1, 5)]
    if len(x.shape) < 2 or any(part.shape != (x.shape[1],) for part in parts):
        raise site.refusal(N_FIT, f"shape {x.shape} with statistics of shapes {[part.shape for part in parts]}")
    scale, bias, mean, variance = (part.reshape(-1, *(1,) * (len(x.shape) - 2)) for part in parts)
    if (variance + epsilon <= 0).any():
        raise site.refusal(N_WEIGHT, "a variance that is not positive")
    factor = scale / np.sqrt(variance + epsilon)
    return site.emit(Scale(factor, bias - mean * factor), x)


def activation(site: Site) -> Tensor:
    """Relu, LeakyRelu, Sigmoid, Tanh."""
    operators: dict[str, Operator] = {
        "Relu": Rectifier(),
        "Sigmoid": Logistic(),
        "Tanh": HyperbolicTangent(),
    }
    operator = operators.get(site.kind) or LeakyRectifier(site.number("alpha", _single(0.01)))
    return site.emit(operator, site.operand(0))


def clip(site: Site) -> Tensor:
    """Ends are attributes before operator set 11, operands since; the largest float32 means no end."""
    if site.opset < 11:
        lower, upper = site.number("min", -_LARGEST), site.number("max", _LARGEST)
    else:
        lower = site.scalar(1, "the lower end") if site.has(1) else -_LARGEST
        upper = site.scalar(2, "the upper end") if site.has(2) else _LARGEST
    if lower > upper:
        raise site.refusal(N_OPERATOR, f"Clip to the empty range {lower} to {upper}")
    lower, upper = (math.inf * np.sign(end) if abs(end) >= _LARGEST else end for end in (lower, upper))
    return site.emit(Clip(float(lower), float(upper)), site.operand(0))


def softmax(site: Site) -> Tensor:
    """Over one axis since operator set 13; before, over all axes from the given one on."""
    x = site.operand(0)
    if site.opset >= 13:
        axis = site.axis(site.integer("axis", -1), len(x.shape))
        return site.emit(Softmax((axis,)), x)
    axis = site.axis(site.integer("axis", 1), len(x.shape))
    return site.emit(Softmax(tuple(range(axis, len(x.shape)))), x)


def _single(value: float) -> float:
    """The default as float32 holds it."""
    return float(np.float32(value))
