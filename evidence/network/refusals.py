"""Why a network is refused: the codes of the reader, its limits, and the one way in which a refusal is built."""

from __future__ import annotations

from evidence.diagnostics import Code, Place, Severity, code
from evidence.errors import AssuranceError, InputError, UnsupportedError

MAX_MODEL_BYTES = 512_000_000
MAX_WEIGHTS = 50_000_000
"""Numbers in all constants together, folded ones included, and in any one tensor."""
MAX_NODES = 2_000
MAX_VALUES = 100_000_000
"""Numbers in all computed tensors of one sample together."""
MAX_WORK = 100_000_000_000
"""Multiplications and comparisons for one sample."""
MAX_FOLDED_WORK = 1_000_000_000
"""The same for everything that is computed while reading, because it does not depend on the input."""
MAX_MATRIX = 60_000_000
"""Numbers in one dense matrix into which linear work is merged."""
MAX_MATRICES = 150_000_000
"""Numbers in all such matrices of one network together."""
MAX_RANK = 8
OPSETS = range(7, 27)
"""Operator sets of networks that runs examine: those that runtimes execute, and whose operators are known here."""
OLDEST = 6
"""The oldest operator set that can be read at all."""

N_MODEL = code("N110", Severity.ERROR, "not a readable ONNX model", "give the .onnx file that the exporter wrote")
N_EXTERNAL = code(
    "N111",
    Severity.ERROR,
    "weights outside the model file",
    "save the model in one file (onnx.save with save_as_external_data=False)",
)
N_OPERATOR = code(
    "N112",
    Severity.ERROR,
    "unsupported operator or attribute",
    "export the network in evaluation mode, with supported operators and constant weights",
)
N_CHAIN = code(
    "N113",
    Severity.ERROR,
    "the network is not connected as it has to be",
    "each tensor is made once and before it is read, each result is used; where a chain is needed: affine operators "
    "and Relu one after the other, no branches, no skips",
)
N_WEIGHT = code("N114", Severity.ERROR, "NaN or infinite weight", "train or export the network again")
N_LARGE = code("N115", Severity.ERROR, "network too large", "use a smaller network")
N_FIT = code("N116", Severity.ERROR, "shapes inside the network do not fit", "export the network again")
N_PORTS = code(
    "N117",
    Severity.ERROR,
    "unsupported input or output of the network",
    "one float32 input with the batch as first axis and one float32 output",
)
N_OPSET = code("N118", Severity.ERROR, "unsupported operator set", "export with the standard operator set, 7 or later")


def refusal(
    code: Code, network: str, label: str, kind: str, message: str, expected: str | None = None
) -> AssuranceError:
    """The error for one node: `label` is its name in the file, `kind` its ONNX operator."""
    error = InputError if code in (N_WEIGHT, N_FIT) else UnsupportedError
    text = f"node {label[:200]!r} ({kind[:60]}): {message}"
    return error.of(code, text, Place(network, element=label[:200]), expected=expected)
