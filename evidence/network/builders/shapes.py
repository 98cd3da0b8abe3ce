"""Operators that change a shape or nothing: Flatten, Reshape, Squeeze, Unsqueeze, Identity, Dropout, Cast."""

from __future__ import annotations

import numpy as np
import onnx

from evidence.network.operators import Reshape, size
from evidence.network.refusals import MAX_RANK, N_FIT, N_OPERATOR
from evidence.network.site import Site, Tensor

_CASTS = {
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.DOUBLE: "float64",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.BOOL: "bool",
}


def flatten(site: Site) -> Tensor:
    """Two axes: those before `axis` together, and the rest together."""
    x = site.operand(0)
    axis = site.axis(site.integer("axis", 1), len(x.shape), most=0)
    return site.emit(Reshape((size(x.shape[:axis]), size(x.shape[axis:]))), x)


def reshape(site: Site) -> Tensor:
    """0 copies a length (unless allowzero), -1 takes what is left."""
    x = site.operand(0)
    sizes = list(site.listed(1, "the shape"))
    copies = not (site.opset >= 14 and site.integer("allowzero", 0))
    if len(sizes) > MAX_RANK or (copies and any(n == 0 and i >= len(x.shape) for i, n in enumerate(sizes))):
        raise site.refusal(N_FIT, f"{sizes[: MAX_RANK + 1]} for shape {x.shape}")
    sizes = [x.shape[i] if n == 0 and copies else n for i, n in enumerate(sizes)]
    total, known = size(x.shape), size(tuple(n for n in sizes if n != -1))
    if sizes.count(-1) == 1 and known > 0 and total % known == 0:
        sizes = [total // known if n == -1 else n for n in sizes]
    if min(sizes, default=1) < 1 or size(tuple(sizes)) != total:
        raise site.refusal(N_FIT, f"{sizes} for shape {x.shape}", expected=f"{total} elements")
    return site.emit(Reshape(tuple(sizes)), x)


def squeeze(site: Site) -> Tensor:
    """Axes of one are left out: the listed ones, else all."""
    x = site.operand(0)
    listed = _listed_axes(site)
    rank = len(x.shape)
    axes = [i for i, n in enumerate(x.shape) if n == 1] if listed is None else [site.axis(i, rank) for i in listed]
    if len(set(axes)) != len(axes) or any(x.shape[i] != 1 for i in axes):
        raise site.refusal(N_FIT, f"axes {listed} of shape {x.shape}")
    return site.emit(Reshape(tuple(n for i, n in enumerate(x.shape) if i not in axes)), x)


def unsqueeze(site: Site) -> Tensor:
    """Axes of one are put in, counted in the result."""
    x = site.operand(0)
    listed = _listed_axes(site)
    rank = len(x.shape) + len(listed or ())
    if listed is None or rank > MAX_RANK:
        raise site.refusal(N_FIT, f"axes {listed} for shape {x.shape}")
    axes = [site.axis(i, rank) for i in listed]
    if len(set(axes)) != len(axes):
        raise site.refusal(N_FIT, f"axes {listed} for shape {x.shape}")
    lengths = iter(x.shape)
    return site.emit(Reshape(tuple(1 if i in axes else next(lengths) for i in range(rank))), x)


def identity(site: Site) -> Tensor:
    """The operand itself."""
    return site.operand(0)


def dropout(site: Site) -> Tensor:
    """In inference the operand itself; a network that still trains is refused, a mask cannot be used."""
    if site.opset < 12:
        site.given("ratio")
        if site.opset < 7 and not site.integer("is_test", 0):
            raise site.refusal(N_OPERATOR, "Dropout in training mode")
    else:
        site.given("seed")
        training = site.operand(2) if site.has(2) else None
        if training is not None and (training.value is None or training.kind != "bool" or training.value.any()):
            raise site.refusal(N_OPERATOR, "Dropout in training mode")
    return site.operand(0)


def cast(site: Site) -> Tensor:
    """Computed tensors keep their type; constants become what they are cast to."""
    target = _CASTS.get(site.integer("to"))
    for name in ("saturate", "round_mode"):  # concern types that are refused
        site.given(name)
    x = site.operand(0)
    if x.value is None:
        if target != site.real:
            raise site.refusal(N_OPERATOR, f"Cast to another type than {site.real}")
        return x
    if target is None:
        raise site.refusal(N_OPERATOR, "Cast to another type", expected=", ".join(_CASTS.values()))
    whole = target in ("int64", "int32")
    most = 2.0 ** (31 if target == "int32" else 63)
    if whole and x.value.dtype.kind == "f" and bool((np.abs(x.value) >= most).any()):
        raise site.refusal(N_FIT, f"numbers that {target} cannot hold")
    with np.errstate(over="ignore"):
        return site.known(x.value.astype(target), target)


def _listed_axes(site: Site) -> tuple[int, ...] | None:
    """Axes as attribute (before operator set 13) or as operand; None when they are left out."""
    if site.opset < 13:
        return site.integers("axes", ()) or None
    return site.listed(1, "the axes") if site.has(1) else None
