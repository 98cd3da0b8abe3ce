"""Certification runs and the typed evidence that they leave behind.

The package knows nothing of arguments, standards or dossiers: `assurance` imports it, never the reverse.
Everything but `engines/` works without torch.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
