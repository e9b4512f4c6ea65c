"""The demonstration laboratory's registers, as data."""
