"""The station's own truth: one SQLite file that survives whatever happens around it."""
