"""The one place that talks to auto_LiRPA: import, set-up, and lower bounds of linear output functions.

auto_LiRPA 0.3 is older than the torch beside it. `library` adds what it still looks for, only where it is
absent, and undoes what its import does to the process (a logging handler, warning filters, a cache folder).
All bounding is done in float64, which the library only does when that is torch's default type meanwhile, and
in modules built for the exact batch size; short batches are filled up with copies of their last set.

The bounds are rounded to nearest, not outward: they are candidates until the independent checker confirms them.
In alpha-CROWN only the lower slopes of the final backward pass are optimised; bounds of inner neurons stay those
of CROWN, because that is what a certificate can carry and the checker can repeat.
Chains are bounded as they are; graphs in the form of evidence/network/prepared.py.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evidence.network import Affine, Model, Network, to_torch
from evidence.network.operators import Rectifier, size
from evidence.network.prepared import prepared, prepared_module
from evidence.provenance import require
from evidence.regions import Floats

Method = Literal["ibp", "crown-ibp", "crown", "alpha-crown"]

_OPTIONS = {
    "sparse_intermediate_bounds": False,
    "sparse_features_alpha": False,
    "sparse_spec_alpha": False,
}
_GENERAL_OPTIONS = {"conv_mode": "matrix"}
_S_SHAPED = 500.0
"""Beyond this the library's tables for sigmoid and tanh end, and its bounds no longer hold."""
_SLOPE_DIGITS = 4
_SMALLEST_MODULE = 8
_ROOM = 100_000_000
"""Numbers in the largest coefficient array of a batch."""


@dataclass(frozen=True)
class Sets:
    """B input sets: boxes [B, n], or the Euclidean balls of `radius` [B] around `centers` inside these boxes."""

    lower: Floats
    upper: Floats
    centers: Floats
    radius: Floats | None = None

    def __len__(self) -> int:
        return len(self.lower)

    def take(self, index: NDArray[np.int64] | slice) -> Sets:
        """The sets at these positions."""
        radius = None if self.radius is None else self.radius[index]
        return Sets(self.lower[index], self.upper[index], self.centers[index], radius)


@dataclass(frozen=True)
class LinearBounds:
    """Lower bounds [B, k] of k linear output functions on each of B sets.

    coefficients: [B, k, n] of the linear lower bound in the inputs, where asked for (backward methods only).
    slopes: alpha-CROWN of networks whose only bent operator is Relu: for each Relu [B, k, neurons], in the order of
    the file, the lower slopes that give these bounds.
    """

    lower: Floats
    coefficients: Floats | None = None
    slopes: tuple[Floats, ...] | None = None


@cache
def library() -> ModuleType:
    """auto_LiRPA, imported once. Raises MissingLibraryError E110 when it or torch is absent."""
    require("torch")
    _shims()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    recursion = sys.getrecursionlimit()  # the library sets a million: nested input would then overflow the C stack
    with _no_cache_folder(), warnings.catch_warnings(record=True):
        try:
            return _mended(require("auto_LiRPA"))
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            sys.setrecursionlimit(recursion)


class Bounder:
    """Bounds one network, a chain or a graph. At most `batch` sets are bounded at a time, of large networks fewer.

    Modules are kept for each batch size, and for graphs apart for boxes and balls.
    """

    def __init__(self, network: Model, batch: int = 256, device: str = "cpu", iterations: int = 20) -> None:
        """Raises MissingLibraryError E110; UnsupportedError N112, N115 with the node that cannot be bounded.

        `iterations` are the optimisation steps of alpha-CROWN.
        """
        self._library = library()
        self.network = network
        self.batch = max(1, min(batch, _ROOM // _largest_product(network)))
        self._device = device
        self._iterations = iterations
        self._modules: dict[tuple[int, bool], Any] = {}
        self._forms: dict[bool, Any] = {}
        self.carries_slopes = _only_relus(network)
        """Whether slopes of alpha-CROWN come with its bounds, so that a certificate can have them."""
        self._torch(euclidean=False)

    def bound(self, method: Method, sets: Sets, rows: Floats, coefficients: bool = False) -> LinearBounds:
        """Lower bounds of rows [B, k, outputs] @ network(x), for x over each of the B sets."""
        parts = []
        for start in range(0, len(sets), self.batch):
            piece = slice(start, start + self.batch)
            parts.append(self._chunk(method, sets.take(piece), rows[piece], coefficients))
        if not parts:
            return LinearBounds(np.zeros(rows.shape[:2]))
        return LinearBounds(
            np.concatenate([part.lower for part in parts]),
            _joined([part.coefficients for part in parts]),
            _joined_layers([part.slopes for part in parts]),
        )

    def _chunk(self, method: Method, sets: Sets, rows: Floats, coefficients: bool) -> LinearBounds:
        import torch

        count = len(sets)
        size = _module_size(count, self.batch)
        fill = np.minimum(np.arange(size), count - 1)
        sets, rows = sets.take(fill), rows[fill]
        with _double_precision(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = self._module(size, sets.radius is not None)
            x = self._perturbed(sets)
            matrix = torch.tensor(rows, dtype=torch.float64, device=self._device)
            wanted = {"return_A": True, "needed_A_dict": _needed(module)} if coefficients and method != "ibp" else {}
            plain = "crown" if method == "alpha-crown" else method
            with torch.no_grad():
                answer = module.compute_bounds(x=(x,), C=matrix, method=plain, bound_upper=False, **wanted)
                lower = _within_tables(module, answer[0])
                linear = _coefficients(module, answer[2]) if wanted else None
            if method != "alpha-crown":
                return LinearBounds(_numpy(lower, count), None if linear is None else _numpy(linear, count))
            if not self.carries_slopes:
                lower = torch.maximum(lower, self._optimised_whole(module, x, matrix))
                return LinearBounds(_numpy(lower, count), None if linear is None else _numpy(linear, count))
            lower, slopes = self._optimised(module, x, matrix, lower)
        return LinearBounds(
            _numpy(lower, count),
            None if linear is None else _numpy(linear, count),
            tuple(_numpy(layer, count) for layer in slopes),
        )

    def _optimised(self, module: Any, x: Any, matrix: Any, plain: Any) -> tuple[Any, list[Any]]:
        """Optimise the final pass, round its slopes, bound again with the rounded ones; the better row wins."""
        import torch

        fixed = {
            relu.inputs[0].name: [relu.inputs[0].lower.detach().clone(), relu.inputs[0].upper.detach().clone()]
            for relu in module.relus
        }
        module.compute_bounds(
            x=(x,), C=matrix, method="alpha-crown", bound_upper=False, intermediate_layer_bounds=fixed
        )
        final = module.final_node().name
        with torch.no_grad():
            for relu in module.relus:
                relu.alpha[final].data = torch.round(relu.alpha[final].double(), decimals=_SLOPE_DIGITS)
            rounded = module.compute_bounds(
                x=(x,),
                C=matrix,
                method="crown",
                bound_upper=False,
                reuse_alpha=True,
                intermediate_layer_bounds=fixed,
            )[0]
            better = (rounded > plain).unsqueeze(-1)
            slopes = []
            for relu in module.relus:
                low, high = (bound.unsqueeze(1) for bound in fixed[relu.inputs[0].name])
                # CROWN's own choice; also the exact slope of neurons that are always on or always off
                usual = (high > -low).double()
                chosen = relu.alpha[final][0].transpose(0, 1)
                slopes.append(torch.where(better & (low < 0) & (high > 0), chosen, usual.expand_as(chosen)))
        return torch.maximum(rounded, plain), slopes

    def _optimised_whole(self, module: Any, x: Any, matrix: Any) -> Any:
        """alpha-CROWN's bounds of a graph, over bounds of inner neurons that stay those of CROWN."""
        import torch

        fixed = {
            node.inputs[0].name: [node.inputs[0].lower.detach().clone(), node.inputs[0].upper.detach().clone()]
            for node in module.perturbed_optimizable_activations
        }
        if not fixed:
            return torch.full(matrix.shape[:2], -torch.inf, dtype=torch.float64, device=matrix.device)
        found = module.compute_bounds(
            x=(x,), C=matrix, method="alpha-crown", bound_upper=False, intermediate_layer_bounds=fixed
        )
        return _within_tables(module, found[0].detach())

    def _module(self, size: int, euclidean: bool) -> Any:
        import torch

        if (size, euclidean) not in self._modules:
            example = torch.zeros(size, self.network.inputs, dtype=torch.float64, device=self._device)
            options: dict[str, object] = _OPTIONS | {"optimize_bound_args": {"iteration": self._iterations}}
            if not isinstance(self.network, Network):
                options |= _GENERAL_OPTIONS
            self._modules[size, euclidean] = self._library.BoundedModule(
                self._torch(euclidean), example, bound_opts=options, device=self._device
            )
        return self._modules[size, euclidean]

    def _torch(self, euclidean: bool) -> Any:
        """The network as the torch module that is bounded; balls need a matrix product at its beginning."""
        if isinstance(self.network, Network):
            return _framed(self.network).to(self._device)
        if euclidean not in self._forms:
            form = prepared(self.network, dense_input=euclidean)
            self._forms[euclidean] = prepared_module(form, framed_input=euclidean).to(self._device)
        return self._forms[euclidean]

    def _perturbed(self, sets: Sets) -> Any:
        import torch

        def tensor(array: Floats) -> Any:
            return torch.tensor(array, dtype=torch.float64, device=self._device)

        if sets.radius is None:
            reach = self._library.PerturbationLpNorm(norm=np.inf, x_L=tensor(sets.lower), x_U=tensor(sets.upper))
        else:
            reach = self._library.PerturbationLpNorm(norm=2, eps=tensor(sets.radius)[:, None])
        return self._library.BoundedTensor(tensor(sets.centers), reach)


# --- modules -----------------------------------------------------------------------------------------------------


def _only_relus(network: Model) -> bool:
    """Whether the bounded module's ReLUs are those of the file, one for one, and nothing else bends."""
    if isinstance(network, Network):
        return True
    return all(node.operator.affine or isinstance(node.operator, Rectifier) for node in network.nodes)


def _largest_product(network: Model) -> int:
    """Numbers in the largest matrix that the backward passes need for one set."""
    if isinstance(network, Network):
        bent = list(network.relus)
    else:
        bent = [size(node.shape) for node in network.nodes if not node.operator.affine]
    return max([network.inputs, *bent]) * max([network.outputs, *bent])


def _framed(network: Network) -> Any:
    """The network between affine layers: the library treats balls and output rows only at those."""
    import torch

    module: Any = to_torch(network, torch.float64)
    if not (network.layers and isinstance(network.layers[0], Affine)):
        module.insert(0, _identity(network.inputs))
    if not (network.layers and isinstance(network.layers[-1], Affine)):
        module.append(_identity(network.outputs))
    return module


def _identity(size: int) -> Any:
    import torch

    layer = torch.nn.Linear(size, size, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(size, dtype=torch.float64))
        layer.bias.zero_()
    return layer.requires_grad_(False)


def _module_size(count: int, batch: int) -> int:
    """Batch size of the module for `count` sets: a power of two, so that few modules are built."""
    size = _SMALLEST_MODULE
    while size < count:
        size *= 2
    return min(size, max(batch, count))


def _needed(module: Any) -> dict[str, list[str]]:
    return {module.final_node().name: [module.input_name[0]]}


def _coefficients(module: Any, found: Any) -> Any:
    return found[module.final_node().name][module.input_name[0]]["lA"]


def _within_tables(module: Any, lower: Any) -> Any:
    """The bounds, minus infinity for sets on which a sigmoid or tanh may get what its tables do not cover."""
    import torch

    for node in module._modules.values():
        if type(node).__name__ in ("BoundSigmoid", "BoundTanh") and node.inputs[0].lower is not None:
            low, high = node.inputs[0].lower.flatten(1).amin(1), node.inputs[0].upper.flatten(1).amax(1)
            inside = (low > -_S_SHAPED) & (high < _S_SHAPED)
            lower = torch.where(inside[:, None], lower, -torch.inf)
    return lower


def _numpy(tensor: Any, count: int) -> Floats:
    return np.asarray(tensor.detach()[:count].cpu().numpy(), dtype=np.float64)


def _joined(parts: Sequence[Floats | None]) -> Floats | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None


def _joined_layers(parts: Sequence[tuple[Floats, ...] | None]) -> tuple[Floats, ...] | None:
    present = [part for part in parts if part is not None]
    return tuple(np.concatenate(layer) for layer in zip(*present, strict=True)) if present else None


# --- the library's environment ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _double_precision() -> Iterator[None]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _mended(library: ModuleType) -> ModuleType:
    """Let a bounded module list its members the way the present torch asks for it."""
    original = library.BoundedModule._named_members

    def named_members(
        self: Any, get_members_fn: Any, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Any:
        return original(self, get_members_fn, prefix, recurse)

    library.BoundedModule._named_members = named_members
    return library


def _shims() -> None:
    """What auto_LiRPA 0.3 expects of older libraries, each only where it is absent."""
    import torch

    symbolic_helper: Any = import_module("torch.onnx.symbolic_helper")
    if not hasattr(torch, "_six"):
        six = ModuleType("torch._six")
        six.string_classes = (str,)  # type: ignore[attr-defined]
        sys.modules["torch._six"] = six
        torch._six = six  # type: ignore[attr-defined]
    name = "numpy.lib.arraysetops"
    if name not in sys.modules and find_spec(name) is None:
        sets = ModuleType(name)
        sets.isin = np.isin  # type: ignore[attr-defined]
        sys.modules[name] = sets
    if not hasattr(symbolic_helper, "_set_opset_version"):
        symbolic_helper._set_opset_version = _set_opset_version
    if not hasattr(torch._C.Node, "__getitem__"):
        torch._C.Node.__getitem__ = lambda node, key: getattr(node, node.kindOf(key))(key)  # type: ignore[method-assign]


def _set_opset_version(version: int) -> None:
    from torch.onnx._internal.torchscript_exporter import _globals

    _globals.GLOBALS.export_onnx_opset_version = version


@contextlib.contextmanager
def _no_cache_folder() -> Iterator[None]:
    """auto_LiRPA makes a folder in the user's home on import; send it to one that exists already."""
    appdirs: Any = require("appdirs")
    original = appdirs.user_data_dir
    appdirs.user_data_dir = lambda *arguments, **options: tempfile.gettempdir()
    try:
        yield
    finally:
        appdirs.user_data_dir = original
