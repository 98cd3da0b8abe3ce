"""Output reachability: what a ReLU network's outputs can be over whole input boxes, by star sets."""
