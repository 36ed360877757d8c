"""From trained weights to the bundle: convert, quantise, hold to account, pack."""
