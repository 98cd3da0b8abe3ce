"""Randomized smoothing with Gaussian noise: statistical evidence about the smoothed classifier."""
