"""A page on which people look at a filmed twin before they trust it."""
