"""Safety assurance cases for machine-learning components.

A case file becomes certification runs, typed evidence, a GSN argument, objective coverage, a dossier and
a review package. Certification itself lives in `evidence`; this package reads its records and argues.
"""

from evidence import __version__

__all__ = ["__version__"]
