"""Where banks are made: simulation, training and the paper's experiments (extra `train`)."""
