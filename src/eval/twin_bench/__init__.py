"""The counting bench: how wrong the product's numbers are on twins, whose truth is exact."""
