"""The annotated video: what the runtime saw, for a person to check."""
