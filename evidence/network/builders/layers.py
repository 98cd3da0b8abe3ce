"""Conv, AveragePool, GlobalAveragePool and MaxPool over one or two axes."""

from __future__ import annotations

import numpy as np

from evidence.network.operators import AveragePool, Conv, MaxPool, MisfitError, Operator, Reshape, Shape, Windows
from evidence.network.operators.windows import Pads
from evidence.network.refusals import MAX_VALUES, N_FIT, N_LARGE, N_OPERATOR
from evidence.network.site import Site, Tensor
from evidence.regions import Floats


def conv(site: Site) -> Tensor:
    """Convolution with constant weights."""
    x, weight = site.operand(0), site.floats(1, "weight")
    axes = _axes(site, x)
    if weight.ndim != axes + 2 or 0 in weight.shape:
        raise site.refusal(N_FIT, f"weights of shape {weight.shape} on shape {x.shape}")
    kernel = site.integers("kernel_shape", weight.shape[2:])
    if kernel != weight.shape[2:]:
        raise site.refusal(N_FIT, f"kernel_shape {kernel} and weights of shape {weight.shape}")
    windows = _windows(site, kernel, x.shape[2:], False)
    bias = site.floats(2, "bias") if site.has(2) else None
    if bias is not None and bias.shape != weight.shape[:1]:
        raise site.refusal(N_FIT, f"a bias of shape {bias.shape} with weights of shape {weight.shape}")
    if axes == 1:
        weight = weight[:, :, None, :]
    return _applied(site, Conv(weight, bias, windows, site.integer("group", 1)), x)


def pool(site: Site) -> Tensor:
    """AveragePool and MaxPool."""
    if len(site.outputs) > 1 and any(site.outputs[1:]):
        raise site.refusal(N_OPERATOR, f"a second result of {site.kind}")
    x = site.operand(0)
    axes = _axes(site, x)
    kernel = site.integers("kernel_shape")
    if len(kernel) != axes:
        raise site.refusal(N_FIT, f"kernel_shape {kernel} on shape {x.shape}")
    ceiling = bool(site.integer("ceil_mode", 0))
    given = _windows(site, kernel, x.shape[2:], False, before_rounding=True)
    windows = _windows(site, kernel, x.shape[2:], ceiling)
    site.given("storage_order")  # only concerns the second result
    counted = given.pads if site.kind == "AveragePool" and site.integer("count_include_pad", 0) else None
    height, width = (1, *x.shape[2:])[-2:]
    members = _members(site, windows, height, width, counted or (0, 0, 0, 0))
    inside = members if counted is None else _members(site, windows, height, width, (0, 0, 0, 0))
    if (inside == 0).any():
        raise site.refusal(N_FIT, "a window that lies in the border only")
    return _applied(site, MaxPool(windows) if site.kind == "MaxPool" else AveragePool(windows, members), x)


def global_average_pool(site: Site) -> Tensor:
    """The mean over all places of each channel."""
    x = site.operand(0)
    _axes(site, x)
    kernel = _pair(*(1, *x.shape[2:])[-2:])
    count = np.full((1, 1), float(kernel[0] * kernel[1]))
    return _applied(site, AveragePool(Windows(kernel, (1, 1), (0, 0, 0, 0), (1, 1)), count), x)


def _axes(site: Site, x: Tensor) -> int:
    axes = len(x.shape) - 2
    if axes not in (1, 2):
        raise site.refusal(N_OPERATOR, f"{site.kind} on shape {x.shape}", expected="[N, C, L] or [N, C, H, W]")
    return axes


def _applied(site: Site, operator: Operator, x: Tensor) -> Tensor:
    """The operator on [N, C, H, W]; [N, C, L] takes a detour over H = 1."""
    if len(x.shape) == 4:
        return site.emit(operator, x)
    made = site.emit(operator, site.emit(Reshape((*x.shape[:2], 1, x.shape[2])), x))
    return site.emit(Reshape((*made.shape[:2], made.shape[3])), made)


def _windows(
    site: Site, kernel: tuple[int, ...], lengths: Shape, ceiling: bool, before_rounding: bool = False
) -> Windows:
    """The geometry, with every default and rounding resolved into pads."""
    axes = len(kernel)
    strides = site.integers("strides", (1,) * axes)
    dilations = site.integers("dilations", (1,) * axes)
    pads = site.integers("pads", (0,) * (2 * axes))
    mode = site.text("auto_pad", "NOTSET")
    if (len(strides), len(dilations), len(pads)) != (axes, axes, 2 * axes):
        raise site.refusal(N_FIT, f"kernel {kernel}, strides {strides}, dilations {dilations}, pads {pads}")
    if min(*kernel, *strides, *dilations) < 1 or min(pads) < 0 or max(*kernel, *strides, *dilations, *pads) > 2**24:
        raise site.refusal(N_FIT, f"kernel {kernel}, strides {strides}, dilations {dilations}, pads {pads}")
    if mode not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise site.refusal(N_OPERATOR, f"auto_pad {mode!r}")
    if mode != "NOTSET":
        pads = (0,) * (2 * axes)
    begin, end = list(pads[:axes]), list(pads[axes:])
    for i, length in enumerate(lengths):
        extent = (kernel[i] - 1) * dilations[i] + 1
        if mode.startswith("SAME"):
            total = max((-(-length // strides[i]) - 1) * strides[i] + extent - length, 0)
            smaller, larger = total // 2, total - total // 2
            begin[i], end[i] = (smaller, larger) if mode == "SAME_UPPER" else (larger, smaller)
        if ceiling and not before_rounding:
            end[i] = max(end[i], _rounded_up(length, begin[i], end[i], extent, strides[i]))
    one = (0,) * (2 - axes)
    ones = (1,) * (2 - axes)
    every = (*one, *begin, *one, *end)
    made = Windows(_pair(*ones, *kernel), _pair(*ones, *strides), _four(*every), _pair(*ones, *dilations))
    try:
        made.counts(*(1, *lengths)[-2:])
    except MisfitError as error:
        raise site.refusal(N_FIT, str(error)) from None
    border = [n + b + e for n, b, e in zip(lengths, begin, end, strict=True)]
    if np.prod([float(item) for item in border]) > MAX_VALUES:
        raise site.refusal(N_LARGE, f"pads {pads}")
    return made


def _rounded_up(length: int, begin: int, end: int, extent: int, stride: int) -> int:
    """The border at the end that lets the last window, begun inside input or leading border, be whole."""
    count = -(-(length + begin + end - extent) // stride) + 1
    if (count - 1) * stride >= length + begin:
        count -= 1
    return (count - 1) * stride + extent - length - begin


def _members(site: Site, windows: Windows, height: int, width: int, counted: Pads) -> Floats:
    """How many places of each window [rows, columns] lie in the input, or in that part of its border."""
    top, left, bottom, right = counted
    marks = []
    for axis, (length, before, after) in enumerate(((height, top, bottom), (width, left, right))):
        count = windows.counts(height, width)[axis]
        starts = np.arange(count) * windows.strides[axis] - windows.pads[axis]
        places = starts[:, None] + np.arange(windows.kernel[axis]) * windows.dilations[axis]
        marks.append(((places >= -before) & (places < length + after)).sum(axis=1))
    return np.asarray(np.outer(*marks), dtype=np.float64)


def _pair(*items: int) -> tuple[int, int]:
    first, second = items
    return first, second


def _four(*items: int) -> Pads:
    top, left, bottom, right = items
    return top, left, bottom, right
