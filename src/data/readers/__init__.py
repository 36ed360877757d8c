"""One reader a source; each yields records as a stream and lists what it could not use."""
