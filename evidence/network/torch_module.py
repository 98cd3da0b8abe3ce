"""Networks as torch modules, for attacks, sampling and other people's bounds. Torch is imported inside functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.network.chain import Affine, Network
from evidence.network.graph import Graph
from evidence.provenance import require

if TYPE_CHECKING:
    import torch


def to_torch(network: Network | Graph, dtype: torch.dtype) -> torch.nn.Module:
    """The network as a torch module [B, inputs] -> [B, outputs] in evaluation mode, without gradients of its weights.

    A chain becomes a torch.nn.Sequential of Linear and ReLU. Raises MissingLibraryError E110 when torch is absent.
    """
    require("torch")
    return _sequential(network, dtype) if isinstance(network, Network) else _general(network, dtype)


def _sequential(network: Network, dtype: torch.dtype) -> torch.nn.Sequential:
    import torch

    modules: list[torch.nn.Module] = []
    for layer in network.layers:
        if isinstance(layer, Affine):
            linear = torch.nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(layer.weight))
                linear.bias.copy_(torch.tensor(layer.bias))
            modules.append(linear)
        else:
            modules.append(torch.nn.ReLU())
    return torch.nn.Sequential(*modules).eval().requires_grad_(False)


def _general(graph: Graph, dtype: torch.dtype) -> torch.nn.Module:
    import torch

    last = {tensor: position for position, node in enumerate(graph.nodes) for tensor in node.inputs}

    class GraphModule(torch.nn.Module):
        """The graph's nodes in order; constants are buffers, so that they move with the module."""

        def __init__(self) -> None:
            super().__init__()
            for position, node in enumerate(graph.nodes):
                for field in node.operator.constants:
                    array = getattr(node.operator, field)
                    if array is not None:
                        kept = torch.int64 if array.dtype.kind == "i" else dtype
                        self.register_buffer(f"{field}_{position}", torch.tensor(array, dtype=kept))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            values = {0: x.reshape(x.shape[0], *graph.input_shape)}
            for position, node in enumerate(graph.nodes):
                names = {field: f"{field}_{position}" for field in node.operator.constants}
                constants = {field: getattr(self, name) for field, name in names.items() if hasattr(self, name)}
                values[position + 1] = node.operator.tensors([values[i] for i in node.inputs], constants)
                for tensor in node.inputs:
                    if last[tensor] == position and tensor != graph.result:
                        values.pop(tensor, None)
            return values[graph.result].reshape(x.shape[0], graph.outputs)

    return GraphModule().eval().requires_grad_(False)
