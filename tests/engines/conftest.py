"""The tests of this folder share `engine_toys`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
