"""Makes the toys of this folder, of the case tests and of the package tests importable."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "case", HERE.parent / "package"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
