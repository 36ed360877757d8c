"""Nothing by which a person could be known leaves in a picture."""
