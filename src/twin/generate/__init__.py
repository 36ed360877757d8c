"""Random plausible shops, so that nothing is tuned to a few layouts."""
