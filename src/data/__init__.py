"""Ingest, person-disjoint splits, systematic sampling and augmentation of images."""
