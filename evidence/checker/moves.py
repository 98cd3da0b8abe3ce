"""ONNX operators that only move numbers about: tensors change their array of places, constants are moved alike.

Every function gets a `Use` and returns the result, or raises ValueError with the reason why it does not read this
use. Nothing here rounds, over the real numbers or in an execution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evidence.checker.builder import MAX_NUMBERS, ZERO, Tensor
from evidence.checker.onnx_file import DOUBLE, FLOAT, MAX_WIDTH
from evidence.checker.use import Operator, Use, Value, shape_of


def _identity(use: Use) -> Value:
    if use.operator == "Dropout" and use.given(2):
        mode = use.operands[2]
        if not isinstance(mode, np.ndarray) or mode.any():
            raise ValueError("training is not read")
    return use.operands[0]


def _cast(use: Use) -> Value:
    tensor = use.tensor()
    if use.at("to", 0) not in (FLOAT, DOUBLE):
        raise ValueError("only casts to float and double are read")
    return tensor


def _constant(use: Use) -> Value:
    if len(use.attributes) != 1:
        raise ValueError("one value is read")
    ((name, value),) = use.attributes.items()
    if name == "value" and isinstance(value, np.ndarray):
        return value
    kinds = {"value_float": float, "value_int": int, "value_floats": tuple, "value_ints": tuple}
    if name not in kinds or type(value) is not kinds[name]:
        raise ValueError(f"attribute {name} is not read")
    array = np.array(value, dtype=np.float64 if "float" in name else np.int64)
    if not array.size:
        raise ValueError("it is empty")
    return array


def _flatten(use: Use) -> Value:
    shape, axis = use.shape, use.at("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise ValueError(f"no axis {axis}")
    head = math.prod(shape[: axis + len(shape) if axis < 0 else axis])
    return use.moved(lambda a: a.reshape(head, a.size // head))


def _reshape(use: Use) -> Value:
    shape, wanted = use.shape, use.integers(1, "shape")
    if wanted is None:
        raise ValueError("the shape is no list")
    size, asked = math.prod(shape), list(wanted)
    for axis, d in enumerate(wanted):
        if d == 0 and not use.at("allowzero", 0) and axis < len(shape):
            wanted[axis] = shape[axis]
    fixed = math.prod(d for d in wanted if d != -1)
    if wanted.count(-1) == 1 and fixed > 0:
        wanted[wanted.index(-1)] = size // fixed
    if min(wanted, default=1) < 1 or math.prod(wanted) != size:
        raise ValueError(f"no shape {asked}")
    return use.moved(lambda a: a.reshape(wanted))


def _axes(listed: Sequence[int], rank: int) -> list[int]:
    """Axes from 0, each once."""
    found = [axis + rank if axis < 0 else axis for axis in listed]
    if len(set(found)) != len(found) or any(not 0 <= axis < rank for axis in found):
        raise ValueError(f"no axes {list(listed)} of {rank}")
    return found


def _transpose(use: Use) -> Value:
    rank = len(use.shape)
    order = use.at("perm", tuple(reversed(range(rank))))
    if sorted(order) != list(range(rank)):
        raise ValueError(f"perm {order} of {rank} axes")
    return use.moved(lambda a: a.transpose(order))


def _squeeze(use: Use) -> Value:
    shape, listed = use.shape, use.integers(1, "axes")
    axes = _axes(listed, len(shape)) if listed is not None else [i for i, n in enumerate(shape) if n == 1]
    if any(shape[axis] != 1 for axis in axes):
        raise ValueError(f"axes {axes} of shape {list(shape)} do not have length 1")
    return use.moved(lambda a: a.reshape([n for i, n in enumerate(shape) if i not in axes]))


def _unsqueeze(use: Use) -> Value:
    shape, listed = list(use.shape), use.integers(1, "axes")
    if listed is None:
        raise ValueError("the axes are missing")
    for axis in sorted(_axes(listed, len(shape) + len(listed))):
        shape.insert(axis, 1)
    return use.moved(lambda a: a.reshape(shape))


def _concat(use: Use) -> Value:
    rank = len(use.shape)
    (axis,) = _axes([use.at("axis", 0)], rank) if "axis" in use.attributes else [-1]
    shapes = [shape_of(value) for value in use.operands]
    if axis < 0 or any(s[:axis] + s[axis + 1 :] != shapes[0][:axis] + shapes[0][axis + 1 :] for s in shapes):
        raise ValueError("the shapes do not fit, or the axis is missing")
    if sum(map(math.prod, shapes)) > MAX_NUMBERS:
        raise ValueError("the result is too large")
    tensors = [value for value in use.operands if isinstance(value, Tensor)]
    if len(tensors) == len(use.operands):
        sources = np.concatenate([tensor.source for tensor in tensors], axis=axis)
        return Tensor(sources, np.concatenate([tensor.index for tensor in tensors], axis=axis))
    arrays = [value for value in use.operands if isinstance(value, np.ndarray)]
    if tensors or len({array.dtype for array in arrays}) != 1:
        raise ValueError("constants are joined with tensors or with constants of another type")
    return np.concatenate(arrays, axis=axis)


def _slice(use: Use) -> Value:
    shape = use.shape
    starts, ends = use.integers(1, "starts"), use.integers(2, "ends")
    if starts is None or ends is None:
        raise ValueError("starts or ends are missing")
    listed, steps = use.integers(3, "axes"), use.integers(4, "steps") or [1] * len(starts)
    axes = _axes(listed if listed is not None else range(len(starts)), len(shape))
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise ValueError("starts, ends, axes and steps do not fit")
    cut = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        n = shape[axis]
        start, end = (i + n if i < 0 else i for i in (start, end))
        if step > 0:
            cut[axis] = slice(min(max(start, 0), n), min(max(end, 0), n), step)
        else:
            start, end = min(max(start, 0), n - 1), min(max(end, -1), n - 1)
            cut[axis] = slice(start, None if end < 0 else end, step)
    found = use.moved(lambda a: a[tuple(cut)])
    if not math.prod(shape_of(found)):
        raise ValueError("nothing is left")
    return found


def _split(use: Use) -> list[Value]:
    shape, count = use.shape, use.results
    (axis,) = _axes([use.at("axis", 0)], len(shape))
    sizes = use.integers(1, "split")
    if sizes is None:
        if shape[axis] % count:
            raise ValueError("it does not come out even")
        sizes = [shape[axis] // count] * count
    if len(sizes) != count or sum(sizes) != shape[axis] or min(sizes) < 1 or use.at("num_outputs", count) != count:
        raise ValueError(f"sizes {sizes} of {shape[axis]}")
    ends = np.cumsum(sizes)

    def piece(first: int, last: int) -> Value:
        return use.moved(lambda a: np.take(a, np.arange(first, last), axis=axis))

    return [piece(end - size, end) for end, size in zip(ends.tolist(), sizes, strict=True)]


def _gather(use: Use) -> Value:
    shape, index = use.shape, use.operands[1]
    (axis,) = _axes([use.at("axis", 0)], len(shape))
    if not isinstance(index, np.ndarray) or index.dtype != np.int64:
        raise ValueError("the places are no constant integers")
    if index.size * math.prod(shape) // shape[axis] > MAX_NUMBERS:
        raise ValueError("the result is too large")
    if not ((index >= -shape[axis]) & (index < shape[axis])).all():
        raise ValueError("a place lies outside")
    return use.moved(lambda a: np.take(a, np.where(index < 0, index + shape[axis], index), axis=axis))


def _pad(use: Use) -> Value:
    tensor, pads = use.tensor(), use.integers(1, "pads")
    rank = len(tensor.shape)
    value = use.floats(2) if use.given(2) else np.array(use.at("value", 0.0))
    if use.at("mode", b"constant") != b"constant" or value.any() or use.given(3):
        raise ValueError("only padding by zeros of all axes is read")
    if pads is None or len(pads) != 2 * rank or min(pads) < 0:
        raise ValueError("the sizes do not fit")
    if math.prod(n + pads[i] + pads[i + rank] for i, n in enumerate(tensor.shape)) > MAX_WIDTH:
        raise ValueError("the result is too large")
    wide = list(zip(pads[:rank], pads[rank:], strict=True))
    return Tensor(np.pad(tensor.source, wide, constant_values=ZERO), np.pad(tensor.index, wide))


OPERATORS: dict[str, Operator] = {
    "Identity": (_identity, range(1, 2), set()),
    "Dropout": (_identity, range(1, 4), {"ratio", "seed"}),
    "Cast": (_cast, range(1, 2), {"to"}),
    "Constant": (_constant, range(1), {"value", "value_float", "value_floats", "value_int", "value_ints"}),
    "Flatten": (_flatten, range(1, 2), {"axis"}),
    "Reshape": (_reshape, range(2, 3), {"allowzero"}),
    "Transpose": (_transpose, range(1, 2), {"perm"}),
    "Squeeze": (_squeeze, range(1, 3), {"axes"}),
    "Unsqueeze": (_unsqueeze, range(1, 3), {"axes"}),
    "Concat": (_concat, range(1, 1000), {"axis"}),
    "Slice": (_slice, range(1, 6), {"starts", "ends", "axes", "steps"}),
    "Split": (_split, range(1, 3), {"axis", "split", "num_outputs"}),
    "Gather": (_gather, range(2, 3), {"axis"}),
    "Pad": (_pad, range(1, 5), {"pads", "mode", "value"}),
}
"""How each operator is read."""
