"""Tests of how the source hangs together."""
