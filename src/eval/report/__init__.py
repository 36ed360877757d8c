"""The page that says how good a store's bundle is, and on what evidence."""
