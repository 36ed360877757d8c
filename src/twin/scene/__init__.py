"""The shop without people."""
