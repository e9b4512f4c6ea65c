"""Results over time and between laboratories: comparisons, drift, calibration intervals, control charts."""
