"""Speed of the calculation core beside its peers: `make bench`. Ratios are measured in one run; they are no tests."""
