"""Figures of speed, each as a ratio measured in one run. Machines are noisy: read the ratios, not the seconds."""
