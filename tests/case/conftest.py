"""The tests of this folder share `case_toys`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
