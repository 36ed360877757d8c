"""Studies: many trainings or measurements of one question, each a cell, brought together in one table."""
