"""The independent proof checker: derives again, from the files themselves, what an engine says it proved.

    check.py         the check: statement JSON + certificate + files -> Report (start here)
    regions.py       statement JSON and data -> problem.py: input sets and output conditions
    property.py      VNN-LIB file -> the same
    onnx_file.py     ONNX bytes -> nodes and constants
    onnx_reader.py   nodes -> network, through operators.py, moves.py, use.py (what each means), builder.py (layers)
    layers.py        the network: affine layers with activations, over linear.py (the matrices)
    certificate.py   certificate -> what is offered; tree.py, offers.py: its trees, its multipliers
    walk.py          trees -> parts of the regions with their inner bounds
    leaves.py        whether the condition holds on the parts at leaves
    bounds.py        intervals, and the rounding of checker and execution
    dual.py          lower bounds of a network over a set (the theorem is in its docstring)
    smooth.py        tanh between two lines
    rounding.py      the model of floating-point arithmetic
    refusals.py      why nothing is checked (N150 to N158)
    __main__.py      `python -m evidence.checker STATEMENT.json CERTIFICATE.gz FOLDER`

docs/checker-qualification.md says in which order to read them, and which lines carry the proof.

What a confirmed region means. In real arithmetic: for every real point of the region, the network as a function
over the real numbers, its stored weights taken exactly, satisfies the condition. For float32: so does every
execution of the ONNX nodes one by one in IEEE binary32, from float32 inputs in the region, in any order of
summation, with or without fused multiply-add, as `bounds.py` describes it. What it does NOT mean: anything about
executions that change the nodes (fused or quantised graphs, Winograd, TF32), about inputs outside the regions, about
pre- and post-processing, or about whether the statement is the right one. Statements about other arithmetic or
another predictor are refused.

Independence. The checker imports numpy, the standard library, the protobuf classes of `onnx`, and from this package
only the carriers of coded findings (`evidence.diagnostics`, `evidence.errors`). It shares no code with the engines,
their readers of networks and properties or their derivation of regions. Common causes of a wrong result that
remain: the protobuf parser of `onnx`, numpy and its BLAS library, the processor's arithmetic, the author's reading
of ONNX, of VNN-LIB and of the statement, SHA-256, and the Python interpreter.

Known limits. Inner bounds are the checker's own but for offered slopes, so a bound that an engine made tighter may
not be confirmed until it cuts the region. Radii of sensor-error statements are not checked. Matrix products must be
sums of products in some order (as in OpenBLAS, MKL, Accelerate), not Strassen-like. A file is read whole: models
of at most 256 MB and 2^18 numbers in a tensor, properties of at most 64 MB, arrays of at most 1 GB, certificates of at
most 128 MB of JSON. Time is bounded by the work that a certificate asks for, not by a clock; one thread of BLAS is
the fastest (OPENBLAS_NUM_THREADS=1 before numpy is loaded; set here where this package loads it).
"""

import os
import sys

if "numpy" not in sys.modules:  # its BLAS reads this once, when it is loaded; small products lose time to threads
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from evidence.checker.check import CHECKER, VERSION, Report, check

__all__ = ["CHECKER", "VERSION", "Report", "check"]
