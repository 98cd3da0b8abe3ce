"""ONNX networks for the engines: a typed graph of supported operators, and the affine/ReLU chain where it is one.

    refusals    codes and limits
    operators/  what each operator does: numpy, torch, shapes
    graph       Graph: operators in order; its forward pass in float64 is the meaning of a network
    model_file, site, builders/, reading    ONNX bytes -> Graph
    lowering    Graph -> affine maps with the other operators in between
    chain       Graph -> Network: a chain of dense affine layers and ReLUs
    softmax     when a final Softmax may be left out
    torch_module    Network or Graph -> torch
    expansion, prepared    Graph -> the form that evidence/engines/bounds hands to auto_LiRPA

The independent checker has its own reader and uses nothing of this package.
"""

from evidence.network.chain import Affine, Layer, Model, Network, Relu, chain, read_network, simplest
from evidence.network.graph import Graph, Node
from evidence.network.reading import read_graph
from evidence.network.softmax import compares_outputs, ends_in_softmax, without_softmax
from evidence.network.torch_module import to_torch

__all__ = [
    "Affine",
    "Graph",
    "Layer",
    "Model",
    "Network",
    "Node",
    "Relu",
    "chain",
    "compares_outputs",
    "ends_in_softmax",
    "read_graph",
    "read_network",
    "simplest",
    "to_torch",
    "without_softmax",
]
