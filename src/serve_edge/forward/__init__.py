"""What leaves the station: anonymised windows and health, stored first and forwarded when there is a network."""
