"""People drawn into the empty shop."""
