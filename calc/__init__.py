"""Measurement uncertainty: numbers in, numbers out. No files, clock, database, web or global state.

`calc.evaluate.evaluate` takes a `calc.model.MeasurementModel` and `calc.quantities.ModelInputs` to a result with
budget, covariance and coverage; `calc.rounding` turns results into reported text. Everything refused is a
`calc.errors.CalcError`.
"""
