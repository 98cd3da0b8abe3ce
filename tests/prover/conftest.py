"""The tests of the prover use the toys of the engine tests and their own `prover_toys`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))
sys.path.insert(0, str(Path(__file__).parent))
