"""Certification runs and the typed evidence that they leave behind.

The package knows nothing of arguments, standards or dossiers: `assurance` imports it, never the reverse.
Everything but `engines/` works without torch.
"""

import os

__all__ = ["__version__"]

__version__ = "0.1.0"

# The matrices here are small: more threads of numpy's BLAS cost time, and sums in another order from machine to
# machine. It is read when numpy is loaded, and left alone where the user has set it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
