"""Who comes when, what they want, and how they get there."""
