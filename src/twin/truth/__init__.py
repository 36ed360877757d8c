"""What really happened, from simulated positions and never from pixels."""
