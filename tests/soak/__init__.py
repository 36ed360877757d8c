"""A week of a store's traffic in simulated time: what must not grow doesn't, and every number stays right."""
