"""Bound propagation: IBP, CROWN-IBP, CROWN and alpha-CROWN over boxes and Euclidean balls."""
