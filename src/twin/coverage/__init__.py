"""What cameras see of a shop: coverage, the fewest cameras that suffice, and where a counting line can count."""
