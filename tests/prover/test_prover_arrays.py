"""Where the prover's numbers live: what is handed to torch, and that it does not complain."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from evidence.engines.prover.arrays import Place


def test_torch_gets_no_memory_that_it_must_not_write_to() -> None:
    """It would warn about such memory; what can be written to is shared, and values are the same in any order."""
    pytest.importorskip("torch")
    from array_api_compat import torch

    put = Place(torch, "cpu").put
    fixed = np.arange(6.0).reshape(2, 3)
    fixed.flags.writeable = False
    stored = np.frombuffer(np.arange(3.0).tobytes())
    spread = np.broadcast_to(np.float64(2.0), (4, 3))
    turned = np.arange(6.0).reshape(2, 3).T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in (fixed, fixed[1:], stored, spread, turned, turned[::-1]):
            assert put(values).numpy().tolist() == values.tolist()
    own = np.zeros(2)
    put(own)[0] = 1.0
    assert own.tolist() == [1.0, 0.0], "nothing is copied without need"
    put(fixed)[0, 0] = 9.0
    assert fixed[0, 0] == 0.0
