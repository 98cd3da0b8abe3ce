"""Operators that take numbers from tensors or put them together: Transpose, Slice, Split, Gather, Concat, Pad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evidence.network.operators import Join, Pad, Select, Shape, size
from evidence.network.refusals import MAX_WEIGHTS, N_FIT, N_LARGE, N_OPERATOR
from evidence.network.site import Site, Tensor


def transpose(site: Site) -> Tensor:
    """Axes in another order; reversed by default."""
    x = site.operand(0)
    rank = len(x.shape)
    order = site.integers("perm", tuple(range(rank))[::-1])
    if sorted(order) != list(range(rank)):
        raise site.refusal(N_FIT, f"perm {order} of shape {x.shape}")
    return site.emit(Select(np.ascontiguousarray(_positions(x.shape).transpose(order))), x)


def cut(site: Site) -> Tensor:
    """Slice: attributes before operator set 10, operands since. Ends beyond the tensor are moved to it."""
    x = site.operand(0)
    rank = len(x.shape)
    if site.opset < 10:
        starts, ends = site.integers("starts"), site.integers("ends")
        axes, steps = site.integers("axes", tuple(range(len(starts)))), (1,) * len(starts)
    else:
        starts, ends = site.listed(1, "starts"), site.listed(2, "ends")
        axes = site.listed(3, "axes") if site.has(3) else tuple(range(len(starts)))
        steps = site.listed(4, "steps") if site.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) <= rank or 0 in steps:
        raise site.refusal(N_FIT, f"starts {starts}, ends {ends}, axes {axes}, steps {steps} of shape {x.shape}")
    chosen = [site.axis(axis, rank) for axis in axes]
    if len(set(chosen)) != len(chosen):
        raise site.refusal(N_FIT, f"axes {axes}")
    index = _positions(x.shape)
    for start, end, axis, step in zip(starts, ends, chosen, steps, strict=True):
        index = np.take(index, _steps(start, end, step, x.shape[axis]), axis=axis)
    return site.emit(Select(np.ascontiguousarray(index)), x)


def split(site: Site) -> list[Tensor]:
    """Parts along an axis: listed lengths, else equal ones (the last may be shorter with num_outputs)."""
    x = site.operand(0)
    axis = site.axis(site.integer("axis", 0), len(x.shape))
    count, length = len(site.outputs), x.shape[axis]
    if site.opset >= 13:
        lengths = site.listed(1, "the lengths") if site.has(1) else None
    else:
        lengths = site.integers("split", ()) or None
    number = site.integer("num_outputs", 0) if site.opset >= 18 else 0
    if number and (lengths is not None or number != count):
        raise site.refusal(N_FIT, f"num_outputs {number} for {count} results")
    if lengths is None:
        each = -(-length // count)
        lengths = (each,) * (count - 1) + (length - each * (count - 1),)
        if not number and each * count != length:
            raise site.refusal(N_FIT, f"{count} equal parts of {length}")
    if len(lengths) != count or sum(lengths) != length or min(lengths) < 1:
        raise site.refusal(N_FIT, f"parts {lengths[:8]} of {length}")
    index, parts, start = _positions(x.shape), [], 0
    for part in lengths:
        piece = np.take(index, np.arange(start, start + part), axis=axis)
        parts.append(site.emit(Select(piece), x))
        start += part
    return parts


def gather(site: Site) -> Tensor:
    """Constant positions along an axis; negative ones count from the end."""
    x, wanted = site.operand(0), site.operand(1)
    axis = site.axis(site.integer("axis", 0), len(x.shape))
    if wanted.value is None or wanted.kind not in ("int64", "int32"):
        raise site.refusal(N_OPERATOR, "Gather is supported for constant integer positions")
    length = x.shape[axis]
    if ((wanted.value < -length) | (wanted.value >= length)).any():
        raise site.refusal(N_FIT, f"positions outside an axis of {length}")
    shape = (*x.shape[:axis], *wanted.shape, *x.shape[axis + 1 :])
    if size(shape) > MAX_WEIGHTS or len(shape) > 8:
        raise site.refusal(N_LARGE, f"a result of shape {shape}")
    return site.emit(Select(np.take(_positions(x.shape), wanted.value % length, axis=axis)), x)


def concat(site: Site) -> Tensor:
    """All operands one after the other."""
    parts = [site.operand(i) for i in range(site.count)]
    if any(len(part.shape) != len(parts[0].shape) for part in parts):
        raise site.refusal(N_FIT, f"operands of shapes {[part.shape for part in parts[:5]]}")
    return site.emit(Join(site.axis(site.integer("axis"), len(parts[0].shape))), *parts)


def pad(site: Site) -> Tensor:
    """A border of one constant; negative widths cut. The other modes are refused."""
    x = site.operand(0)
    rank = len(x.shape)
    mode = site.text("mode", "constant")
    if mode != "constant":
        raise site.refusal(N_OPERATOR, f"Pad mode {mode!r}", expected="constant")
    if site.opset < 11:
        widths, value = site.integers("pads"), site.number("value", 0.0)
        axes = tuple(range(rank))
    else:
        widths = site.listed(1, "the pads")
        value = site.scalar(2, "the value") if site.has(2) else 0.0
        axes = site.listed(3, "the axes") if site.opset >= 18 and site.has(3) else tuple(range(rank))
    if len(widths) != 2 * len(axes) or len({site.axis(axis, rank) for axis in axes}) != len(axes):
        raise site.refusal(N_FIT, f"pads {widths[:16]} of axes {axes[:8]} for shape {x.shape}")
    before, after = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        before[axis], after[axis] = widths[place], widths[place + len(axes)]
    if min((*before, *after), default=0) < 0:
        x = _cropped(site, x, before, after)
    grown = Pad(tuple(max(n, 0) for n in before), tuple(max(n, 0) for n in after), value)
    if size(grown.shape(x.shape)) > MAX_WEIGHTS:
        raise site.refusal(N_LARGE, f"pads {widths}")
    return site.emit(grown, x)


def _cropped(site: Site, x: Tensor, before: list[int], after: list[int]) -> Tensor:
    index = _positions(x.shape)
    for axis, (first, last) in enumerate(zip(before, after, strict=True)):
        length = x.shape[axis]
        index = np.take(index, np.arange(max(-first, 0), length - max(-last, 0)), axis=axis)
    return site.emit(Select(np.ascontiguousarray(index)), x)


def _positions(shape: Shape) -> NDArray[np.int64]:
    """Flat positions in a tensor of this shape."""
    return np.arange(size(shape), dtype=np.int64).reshape(shape)


def _steps(start: int, end: int, step: int, length: int) -> NDArray[np.int64]:
    """The positions of a slice: negative ends count from the end of the axis, then all are moved into it."""
    start, end = (item + length if item < 0 else item for item in (start, end))
    if step > 0:
        start, end = min(max(start, 0), length), min(max(end, 0), length)
    else:
        start, end = min(max(start, 0), length - 1), min(max(end, -1), length - 1)
    return np.arange(start, end, max(min(step, 2**31), -(2**31)), dtype=np.int64)
