"""Certificates: composed from released runs, frozen, rendered, verified."""
