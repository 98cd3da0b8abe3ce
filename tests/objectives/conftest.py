"""The tests of this folder use the toy case of `tests/case`, and what `objectives_toys` adds to it."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "case")]
