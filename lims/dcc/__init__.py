"""Digital calibration certificates (DCC) read and checked as plain facts: no database, no network.

`reading.read_certificate` turns bytes into facts, or refuses them with the exact element and the reason.
"""
