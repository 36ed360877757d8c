"""Who visits: bodies, clothes, and how limbs move."""
