"""Worked examples as data: a case states inputs and what to find, and is evaluated by the rest of the core."""
