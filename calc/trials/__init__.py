"""What Monte Carlo runs are made of: the plan of the draws, blocks with generators of their own, intervals, regions."""
