"""Least squares and analysis of variance, computed to the last digit of a double.

Numbers are read as the decimals they were typed as, shifted and scaled exactly, solved by Householder QR and refined
with residuals in fixed point; sums of squares are exact. `tests/calc/regression/test_strd.py` holds the table of digits
reached on the NIST Statistical Reference Datasets.
"""
