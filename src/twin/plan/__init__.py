"""The `twin:` section of a store file, and what follows from it."""
