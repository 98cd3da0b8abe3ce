"""Why the checker refuses to look at something at all. A refusal proves nothing, about any region."""

from __future__ import annotations

from evidence.diagnostics import Severity, code
from evidence.errors import AssuranceError

N_STATEMENT = code(
    "N150",
    Severity.ERROR,
    "the checker does not understand the statement",
    "re-check the statement as it stands in the record, with a checker of the same release",
)
N_CLAIM = code(
    "N151",
    Severity.ERROR,
    "the checker cannot confirm a statement of this kind",
    "only statements about the base network, over the reals or float32 executions, are checked",
)
N_NETWORK = code(
    "N152",
    Severity.ERROR,
    "the checker cannot read this network",
    "docs/certificates.md lists the operators that are read; results on other networks stay unchecked",
)
N_DATA = code(
    "N153",
    Severity.ERROR,
    "the checker cannot use the data set or table",
    "give the .npz file that the statement names, with plain float and integer arrays",
)
N_BLOB = code(
    "N154",
    Severity.ERROR,
    "a file is missing or is not the one that the statement names",
    "restore the file with the stated SHA-256 digest",
)
N_CERTIFICATE = code(
    "N155",
    Severity.ERROR,
    "malformed certificate",
    "repeat the run; docs/certificates.md describes the format",
)
N_OTHER = code(
    "N156",
    Severity.ERROR,
    "the certificate was made for another statement",
    "give the certificate that the record names",
)
N_MACHINE = code(
    "N157",
    Severity.ERROR,
    "this process does not compute in plain IEEE 754 double precision",
    "run `python -m evidence.checker` in a fresh process, without libraries that change the floating-point mode",
)
N_PROPERTY = code(
    "N158",
    Severity.ERROR,
    "the checker cannot use the property file",
    "give each case of the file one box and linear output constraints; docs/certificates.md says what is read",
)


class Refused(AssuranceError):  # noqa: N818 (a refusal is an answer, not a fault)
    """Nothing is checked. The finding says why."""
