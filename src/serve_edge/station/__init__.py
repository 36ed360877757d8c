"""The running station: its settings, its parts put together, and what keeps them alive."""
