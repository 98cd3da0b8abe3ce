"""The independent proof checker: derives again, from the files themselves, what an engine says it proved.

    check.py         the check: statement JSON + certificate + files -> Report (start here)
    regions.py       statement JSON and data -> input sets and output conditions
    onnx_reader.py   ONNX file -> affine layers and ReLUs
    certificate.py   certificate -> leaves, slopes, radii
    dual.py          lower bounds of a network over a set (the theorem is in its docstring)
    rounding.py      the model of floating-point arithmetic
    refusals.py      why nothing is checked (N150 to N157)
    __main__.py      `python -m evidence.checker STATEMENT.json CERTIFICATE.gz FOLDER`

What a confirmed region means: for every real point of the region, the network as a function over the real numbers,
its stored weights taken exactly, satisfies the condition. What it does NOT mean: anything about an execution in
float32 or on a target, about inputs outside the regions, about pre- and post-processing, or about whether the
statement is the right one. Statements about other arithmetic or another predictor are refused.

Independence. The checker imports numpy, the standard library, the protobuf classes of `onnx`, and from this package
only the carriers of coded findings (`evidence.diagnostics`, `evidence.errors`). It shares no code with the engines,
their network reader or their derivation of regions. Common causes of a wrong result that remain: the protobuf parser
of `onnx`, numpy and its BLAS library, the processor's arithmetic, the author's reading of ONNX and of the statement,
SHA-256, and the Python interpreter.

Known limits. Only chains of the operators in `onnx_reader.py`. Inner bounds are the checker's own, so a bound that an
engine made tighter may not be confirmed until it cuts the region. Radii of sensor-error statements are not checked.
Matrix products must be sums of products in some order (as in OpenBLAS, MKL, Accelerate), not Strassen-like.
A file is read whole: models of at most 256 MB and 2^18 numbers in a layer, arrays of at most 1 GB, certificates of at
most 128 MB of JSON. Time is bounded by the work that a certificate asks for, not by a clock.
"""

from evidence.checker.check import CHECKER, VERSION, Report, check

__all__ = ["CHECKER", "VERSION", "Report", "check"]
