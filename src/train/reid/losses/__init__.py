"""What re-ID training minimises."""
