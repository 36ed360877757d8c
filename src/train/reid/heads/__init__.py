"""Heads: a trunk's feature map (n, c, h, w) → an embedding before the neck (n, d). One a file."""
