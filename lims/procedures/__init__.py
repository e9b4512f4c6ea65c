"""See the module map in ARCHITECTURE.md."""
