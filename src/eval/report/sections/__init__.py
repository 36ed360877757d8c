"""The page's sections, one a file, each from what the stages left."""
