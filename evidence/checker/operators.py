"""What each ONNX operator means, as layers (builder.py). Operators that only move numbers: moves.py.

Every function gets a `Use` and returns the result, or raises ValueError with the reason why it does not read this
use. The network is read as a function over the real numbers: float32 weights are exact in float64; a reciprocal or
the scale of a normalisation is rounded a few times, which `layers.SLACK` counts. `roundings` of a layer says how
often an execution in floating point rounds on any path, however it orders its sums; max and min are exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evidence.checker import moves
from evidence.checker.builder import MAX_NUMBERS, Tensor
from evidence.checker.layers import NONE, RELU, TANH
from evidence.checker.linear import Dense, Diagonal, Ints, Windows
from evidence.checker.use import Operator, Use

# --- affine operators -------------------------------------------------------------------------------------------


def _elementwise(use: Use) -> Tensor:
    """Add, Sub, Mul, Div: with a constant of the same or a smaller shape; Add and Sub also of two tensors."""
    first, second = use.operands
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if use.operator not in ("Add", "Sub") or first.shape != second.shape:
            raise ValueError("only sums and differences of two tensors of one shape are read")
        terms = use.builder.terms(first) + use.builder.terms(second, 1.0 if use.operator == "Add" else -1.0)
        return use.builder.add(terms, 0.0, first.shape, roundings=1)
    constant_first = not isinstance(first, Tensor)
    tensor, value = use.tensor(int(constant_first)), use.floats(int(not constant_first))
    shape = np.broadcast_shapes(tensor.shape, value.shape)
    if math.prod(shape) != tensor.size:
        raise ValueError("broadcasting changes the size")
    c = np.broadcast_to(value, shape).reshape(-1)
    if use.operator == "Add" or (use.operator == "Sub" and not constant_first):
        bias = c if use.operator == "Add" else -c
        return use.builder.add(use.builder.terms(tensor), bias, shape, roundings=1)
    if use.operator == "Sub":
        return use.builder.add(use.builder.terms(tensor, -1.0), c, shape, roundings=1)
    if use.operator == "Mul":
        return use.builder.affine(tensor, Diagonal(c.copy()), 0.0, shape, 1)
    if constant_first or not ((np.abs(c) > 1e-150) & (np.abs(c) < 1e150)).all():
        raise ValueError("only divisions by constants of ordinary size are read")
    return use.builder.affine(tensor, Diagonal(1.0 / c), 0.0, shape, 2)


def _matmul(use: Use) -> Tensor:
    first = isinstance(use.operands[0], Tensor)
    tensor, value = use.tensor(0 if first else 1), use.floats(1 if first else 0)
    axis = -1 if first or len(tensor.shape) < 2 else -2  # over which axis the tensor is contracted
    if value.ndim != 2 or not tensor.shape or tensor.shape[axis] != tensor.size:
        raise ValueError("not a matrix times a vector")
    weight = value.T if first else value
    if weight.shape[1] != tensor.size:
        raise ValueError("the sizes do not fit")
    shape = list(tensor.shape)  # the other axes have length 1
    shape[axis] = len(weight)
    return use.builder.affine(tensor, Dense(np.ascontiguousarray(weight)), 0.0, tuple(shape), weight.shape[1])


def _gemm(use: Use) -> Tensor:
    tensor, weight = use.tensor(), use.floats(1)
    alpha, beta = use.at("alpha", 1.0), use.at("beta", 1.0)
    if not (_ORDINARY <= abs(alpha) <= 1 / _ORDINARY and _ORDINARY <= abs(beta) <= 1 / _ORDINARY):
        raise ValueError("alpha or beta is 0, too small or too large")
    if use.at("transA", 0) or use.at("transB", 0) not in (0, 1):
        raise ValueError("transA and other values than 0 and 1 are not read")
    weight = weight if use.at("transB", 0) else weight.T
    if len(tensor.shape) != 2 or weight.ndim != 2 or tensor.shape != (1, weight.shape[1]):
        raise ValueError("the sizes do not fit")
    shape = (1, len(weight))
    bias = beta * np.broadcast_to(use.floats(2), shape).reshape(-1) if use.given(2) else 0.0
    roundings = weight.shape[1] + 1 + (alpha != 1.0 or beta != 1.0)
    return use.builder.affine(tensor, Dense(np.ascontiguousarray(alpha * weight)), bias, shape, roundings)


def _windows(use: Use, channels: int, shape: tuple[int, ...], kernel: Sequence[int]) -> tuple[Ints, tuple[int, ...]]:
    """Which places of an array [spatial...] each window sees: [windows, taps], -1 for padding; and how many windows
    stand along each axis."""
    rank = len(shape)
    strides = use.at("strides", (1,) * rank)
    dilations = use.at("dilations", (1,) * rank)
    pads = use.at("pads", (0,) * 2 * rank)
    how = use.at("auto_pad", b"NOTSET")
    lists = ((strides, 1, rank), (dilations, 1, rank), (pads, 0, 2 * rank), (tuple(kernel), 1, rank))
    if use.at("ceil_mode", 0) or any(len(v) != n or min(v, default=1) < least for v, least, n in lists):
        raise ValueError("strides, dilations, pads or kernel do not fit, or ceil_mode is set")
    spans = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    if how in (b"SAME_UPPER", b"SAME_LOWER"):
        missing = [max(0, (-(-n // s) - 1) * s + k - n) for n, s, k in zip(shape, strides, spans, strict=True)]
        small, large = tuple(m // 2 for m in missing), tuple(m - m // 2 for m in missing)
        pads = small + large if how == b"SAME_UPPER" else large + small
    elif how == b"VALID":
        pads = (0,) * 2 * rank
    elif how != b"NOTSET":
        raise ValueError(f"auto_pad {how!r} is not read")
    sizes = [n + small + large for n, small, large in zip(shape, pads[:rank], pads[rank:], strict=True)]
    if any(n < k for n, k in zip(sizes, spans, strict=True)):
        raise ValueError("the window is larger than the padded tensor")
    stand = [(n - k) // s + 1 for n, k, s in zip(sizes, spans, strides, strict=True)]
    if math.prod(sizes) > MAX_NUMBERS or channels * math.prod(stand) * math.prod(kernel) > MAX_NUMBERS:
        raise ValueError("the padding, or what its windows see, is too large")
    grid = np.pad(
        np.arange(math.prod(shape)).reshape(shape),
        list(zip(pads[:rank], pads[rank:], strict=True)),
        constant_values=-1,
    )
    seen = np.lib.stride_tricks.sliding_window_view(grid, spans)
    seen = seen[tuple(slice(None, None, s) for s in strides) + tuple(slice(None, None, d) for d in dilations)]
    return seen.reshape(math.prod(seen.shape[:rank]), -1), seen.shape[:rank]


def _spatial(tensor: Tensor) -> tuple[int, tuple[int, ...]]:
    """Channels and spatial sizes of a tensor [1, channels, spatial...]."""
    if len(tensor.shape) < 3 or tensor.shape[0] != 1:
        raise ValueError(f"a tensor of shape {list(tensor.shape)} is not [1, channels, spatial...]")
    return tensor.shape[1], tensor.shape[2:]


def _in_channels(seen: Ints, channels: int, size: int) -> Ints:
    """Windows of each channel: [channels, windows, taps]."""
    return np.where(seen < 0, -1, seen + size * np.arange(channels)[:, None, None])


def _conv(use: Use) -> Tensor:
    tensor, weight = use.tensor(), use.floats(1)
    channels, spatial = _spatial(tensor)
    groups, kernel = use.at("group", 1), weight.shape[2:]
    if use.at("kernel_shape", kernel) != kernel or len(kernel) != len(spatial) or groups < 1:
        raise ValueError("kernel_shape or group does not fit the weights")
    if channels % groups or len(weight) % groups or weight.shape[1] != channels // groups:
        raise ValueError("the numbers of channels do not fit")
    seen, after = _windows(use, channels, spatial, kernel)
    index = _in_channels(seen, channels, math.prod(spatial))  # [channels, windows, taps]
    index = index.reshape(groups, channels // groups, *seen.shape).transpose(0, 2, 1, 3)
    index = np.ascontiguousarray(index.reshape(groups, len(seen), -1))
    matrix = Windows(index, weight.reshape(groups, len(weight) // groups, -1).copy(), tensor.size)
    bias = use.floats(2) if use.given(2) else np.zeros(len(weight))
    if bias.shape != (len(weight),):
        raise ValueError("the bias does not fit")
    shape = (1, len(weight), *after)
    return use.builder.affine(tensor, matrix, np.repeat(bias, len(seen)), shape, matrix.products + 1)


def _average_pool(use: Use) -> Tensor:
    tensor = use.tensor()
    channels, spatial = _spatial(tensor)
    seen, after = _windows(use, channels, spatial, use.at("kernel_shape", ()))
    inside = (seen >= 0).sum(axis=1)
    if use.at("count_include_pad", 0) == 0 and (inside != seen.shape[1]).any():
        raise ValueError("padding that does not count is not read")
    index = _in_channels(seen, channels, math.prod(spatial))
    weight = np.full((channels, 1, seen.shape[1]), 1.0 / seen.shape[1])
    matrix = Windows(index, weight, tensor.size)
    return use.builder.affine(tensor, matrix, 0.0, (1, channels, *after), matrix.products + 2)


def _batch_norm(use: Use) -> Tensor:
    tensor = use.tensor()
    scale, shift, mean, variance = (use.floats(place) for place in range(1, 5))
    epsilon = use.at("epsilon", _SMALL)
    if use.at("training_mode", 0) or use.at("spatial", 1) != 1 or len(tensor.shape) < 2 or tensor.shape[0] != 1:
        raise ValueError("only inference on [1, channels, ...] is read")
    if any(part.shape != (tensor.shape[1],) for part in (scale, shift, mean, variance)):
        raise ValueError("the parameters do not fit the channels")
    if not (variance + epsilon > 1e-30).all():
        raise ValueError("a variance is not positive")
    factor = scale / np.sqrt(variance + epsilon)
    sizes = np.abs([scale, shift, mean, variance])
    if not (sizes < 2.0**100).all() or not ((factor == 0) | (np.abs(factor) > 2.0**-100)).all():
        raise ValueError("a parameter is too small or too large")
    each = tensor.size // len(factor)
    return use.builder.add(
        [use.builder.scaled(tensor, np.repeat(factor, each))],
        np.repeat(shift - mean * factor, each),
        tensor.shape,
        roundings=8,
        bias_size=np.repeat(np.abs(shift) + np.abs(mean * factor), each),
    )


_SMALL = float(np.float32(1e-5))
_ORDINARY = 2.0**-20


# --- operators with kinks ---------------------------------------------------------------------------------------


def _relu(use: Use) -> Tensor:
    tensor = use.tensor()
    found = use.builder.add(use.builder.terms(tensor), 0.0, tensor.shape, RELU)
    use.builder.relus.append(int(found.source.flat[0]))
    return found


def _leaky_relu(use: Use) -> Tensor:
    """alpha z + (1 - alpha) max(z, 0)."""
    tensor, alpha = use.tensor(), use.at("alpha", float(np.float32(0.01)))
    positive = use.builder.add(use.builder.terms(tensor), 0.0, tensor.shape, RELU)
    terms = [use.builder.scaled(tensor, alpha), use.builder.scaled(positive, 1.0 - alpha)]
    return use.builder.add(terms, 0.0, tensor.shape, roundings=1)


def _clip(use: Use) -> Tensor:
    """lo + max(z - lo, 0), then hi - max(hi - z, 0)."""
    tensor = use.tensor()
    ends: list[float | None] = []
    for place, name in ((1, "min"), (2, "max")):
        if use.given(place):
            if use.floats(place).size != 1:
                raise ValueError(f"{name} is no single number")
            ends.append(float(use.floats(place).reshape(())))
        else:
            ends.append(use.at(name, 0.0) if name in use.attributes else None)
    low, high = ends
    if low is not None and high is not None and low > high:
        raise ValueError("min is above max")
    if low is not None:
        above = use.builder.add(use.builder.terms(tensor), -low, tensor.shape, RELU)
        tensor = use.builder.add(use.builder.terms(above), low, tensor.shape)
    if high is not None:
        below = use.builder.add(use.builder.terms(tensor, -1.0), high, tensor.shape, RELU)
        tensor = use.builder.add(use.builder.terms(below, -1.0), high, tensor.shape)
    return tensor


FUNCTION_ROUNDINGS = 8
"""Declared: an execution's Sigmoid and Tanh are within 8 * 2^-24 * (1 + |result|) of the true values."""


def _tanh(use: Use) -> Tensor:
    tensor = use.tensor()
    bent = use.builder.add(use.builder.terms(tensor), 0.0, tensor.shape, TANH)
    return use.builder.add(use.builder.terms(bent), 0.0, tensor.shape, NONE, FUNCTION_ROUNDINGS, bias_size=1.0)


def _sigmoid(use: Use) -> Tensor:
    """1/2 + tanh(z / 2) / 2."""
    tensor = use.tensor()
    bent = use.builder.add([use.builder.scaled(tensor, 0.5)], 0.0, tensor.shape, TANH)
    return use.builder.add([use.builder.scaled(bent, 0.5)], 0.5, tensor.shape, NONE, FUNCTION_ROUNDINGS, bias_size=1.0)


def _max_pool(use: Use) -> Tensor:
    """max(a, b) = b + max(a - b, 0), along the taps of each window."""
    tensor = use.tensor()
    channels, spatial = _spatial(tensor)
    if use.at("storage_order", 0):
        raise ValueError("storage_order is not read")
    seen, after = _windows(use, channels, spatial, use.at("kernel_shape", ()))
    if (seen < 0).all(axis=1).any():
        raise ValueError("a window sees nothing but padding")
    index = _in_channels(seen, channels, math.prod(spatial)).reshape(-1, seen.shape[1])
    first = index[np.arange(len(index)), (index >= 0).argmax(axis=1)]
    index = np.where(index >= 0, index, first[:, None])  # what a window sees twice does not change its maximum
    shape = (1, channels, *after)

    def tap(number: int) -> Tensor:
        at = index[:, number].reshape(shape)
        return Tensor(tensor.source.reshape(-1)[at], tensor.index.reshape(-1)[at])

    most = tap(0)
    for number in range(1, index.shape[1]):
        value = use.builder.terms(tap(number))
        more = use.builder.add(use.builder.terms(most) + use.builder.terms(tap(number), -1.0), 0.0, shape, RELU)
        most = use.builder.add(value + use.builder.terms(more), 0.0, shape)
    return most


def _softmax(use: Use) -> Tensor:
    """Only as the last operator: the order of the outputs stays (check.py asks for no more than that)."""
    tensor = use.tensor()
    rank = len(tensor.shape)
    axis = use.at("axis", 1 if use.opset < 13 else -1)
    axis = axis + rank if axis < 0 else axis
    sizes = tensor.shape[axis:] if use.opset < 13 else tensor.shape[axis : axis + 1]
    if not 0 <= axis < rank or math.prod(sizes) != tensor.size:
        raise ValueError("only over all outputs together")
    use.builder.softmax = True
    return tensor


_POOL = {"kernel_shape", "strides", "pads", "auto_pad", "dilations", "ceil_mode"}
OPERATORS: dict[str, Operator] = {
    "Gemm": (_gemm, range(2, 4), {"alpha", "beta", "transA", "transB"}),
    "MatMul": (_matmul, range(2, 3), set()),
    "Add": (_elementwise, range(2, 3), set()),
    "Sub": (_elementwise, range(2, 3), set()),
    "Mul": (_elementwise, range(2, 3), set()),
    "Div": (_elementwise, range(2, 3), set()),
    "Conv": (_conv, range(2, 4), {"kernel_shape", "strides", "pads", "auto_pad", "dilations", "group"}),
    "AveragePool": (_average_pool, range(1, 2), _POOL | {"count_include_pad"}),
    "BatchNormalization": (_batch_norm, range(5, 6), {"epsilon", "momentum", "training_mode", "spatial"}),
    "Relu": (_relu, range(1, 2), set()),
    "Sigmoid": (_sigmoid, range(1, 2), set()),
    "Tanh": (_tanh, range(1, 2), set()),
    "LeakyRelu": (_leaky_relu, range(1, 2), {"alpha"}),
    "Clip": (_clip, range(1, 4), {"min", "max"}),
    "MaxPool": (_max_pool, range(1, 2), _POOL | {"storage_order"}),
    "Softmax": (_softmax, range(1, 2), {"axis"}),
    **moves.OPERATORS,
}
"""How each operator is read."""
