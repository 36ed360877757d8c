"""Studies: one claim, many trainings, one table."""
