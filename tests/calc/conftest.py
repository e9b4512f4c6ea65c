"""Settings for the tests of calc."""

from __future__ import annotations

from hypothesis import settings

# The first use of a unit loads pint, and machines are shared: a time limit for one example would only be noise.
settings.register_profile("calc", deadline=None)
settings.load_profile("calc")
