"""Operators whose result does not depend on the input's numbers: Constant, ConstantOfShape, Shape."""

from __future__ import annotations

import numpy as np

from evidence.network.refusals import N_FIT, N_OPERATOR
from evidence.network.site import Site, Tensor

_FORMS = ("value", "value_float", "value_floats", "value_int", "value_ints")


def constant(site: Site) -> Tensor:
    """The one value that is given."""
    present = [form for form in _FORMS if site.given(form) is not None]
    if len(present) != 1:
        raise site.refusal(N_OPERATOR, "Constant without exactly one value", expected=" or ".join(_FORMS))
    (form,) = present
    item = site.given(form)
    if form == "value":
        array = site.array(item)
    elif form in ("value_float", "value_floats"):
        array = np.array(item.f if form == "value_float" else list(item.floats), dtype=np.float32)
    else:
        array = np.array(item.i if form == "value_int" else list(item.ints), dtype=np.int64)
    return site.known(array, array.dtype.name)


def constant_of_shape(site: Site) -> Tensor:
    """One number, repeated."""
    shape = site.listed(0, "the shape")
    site.reserve(shape)
    item = site.given("value")
    one = np.zeros(1, np.float32) if item is None else site.array(item)
    if one.size != 1:
        raise site.refusal(N_FIT, f"a value of shape {one.shape}", expected="one number")
    return site.known(np.full(shape, one.reshape(()), dtype=one.dtype), one.dtype.name)


def shape(site: Site) -> Tensor:
    """The shape of a tensor of one sample."""
    x = site.operand(0)
    rank = len(x.shape)
    first, last = 0, rank
    if site.opset >= 15:
        first, last = site.integer("start", 0), site.integer("end", rank)
    return site.known(np.array(x.shape[slice(first, last)], dtype=np.int64), "int64")
