"""Least squares and analysis of variance, computed to the last digit of a double.

Numbers are read as the decimals they were typed as, shifted and scaled exactly, solved by Householder QR and refined
with residuals in fixed point; sums of squares are exact. Digits reached on the NIST Statistical Reference Datasets
(log relative error, the worst figure of all sets of a kind; certified are 15 digits, for nonlinear sets 11):

=========================================================  ======
univariate (NumAcc1, 2, 4, Michelso)                         15.0
analysis of variance (SiRstv, SmLs01, SmLs07)                14.4
linear (Norris, NoInt1, 2, Pontius)                          14.3
linear, higher difficulty (Longley, Filip, Wampler1 to 5)    14.2
nonlinear (Misra1a, b, c, d, DanielWood)                     10.4
nonlinear, average difficulty (MGH17, Lanczos1, Roszman1)    10.5
nonlinear, higher difficulty (Thurber, BoxBOD, MGH09,        10.3
MGH10, Rat42, Rat43, Eckerle4, Bennett5), both starts
=========================================================  ======

A certified 0 comes out as 0. `tests/calc/regression/test_strd.py` holds the table set by set and proves it.
"""
