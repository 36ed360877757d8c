"""Clips and stills of a split, on several processes."""
