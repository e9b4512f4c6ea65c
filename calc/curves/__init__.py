"""Calibration curves: what certificates and calibrations say between points, with covariance and inverse use.

Every curve is a `calc.curves.curve.Curve`: frozen plain data that a stored evaluation can carry whole
(`calc.curves.records`). Fits (`straight_line`, `line_batch`, `thermometry`) make curves from points.
"""
