"""The review package: a case with its evidence in one signed file that a reader re-checks without trusting its sender.

    build.py     case and store -> package (start here to see what goes in)
    verify.py    package -> Verification, in eight steps (start here to see what a reader gets)
    intact.py    the first four of these: archive, signature, manifest, digests
    archive.py   the one zip form, written and read
    layout.py    what stands where; manifest and attestation
    sign.py      Ed25519 keys and the DSSE envelope
    gather.py    which files belong in
    derive.py    unpacked package -> coverage, argument, standings, findings
    compare.py   where two documents differ
    recheck.py   records -> re-checked against checker, onnxruntime and counts

What it does not do: it keeps no list of trusted keys, contacts no time-stamp or transparency service, and does not
encrypt. A signature says which key signed, at no particular time. docs/package.md has the format and the limits.
"""

from assurance.package.build import Built, build_package
from assurance.package.intact import Signer
from assurance.package.recheck import Tally, Unchecked
from assurance.package.sign import NewKey, new_key
from assurance.package.verify import Verification, verify_package

__all__ = [
    "Built",
    "NewKey",
    "Signer",
    "Tally",
    "Unchecked",
    "Verification",
    "build_package",
    "new_key",
    "verify_package",
]
