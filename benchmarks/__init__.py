"""Figures of speed, each as a ratio measured in one run. Machines are noisy: read the ratios, not the seconds."""

import evidence  # noqa: F401  before numpy: it sets the number of BLAS threads
