"""The vocabulary every layer shares: numpy and pydantic only, never torch."""
