"""Where cameras hang, and what they do to light."""
