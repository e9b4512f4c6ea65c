"""Instruments, measurement standards, their calibrations and what they are traceable to."""
