"""Dongsun: visitor analytics from the CCTV a store already has."""

__version__ = "0.1.0"
