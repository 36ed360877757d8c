"""The pure steps between a picture and a count: track, identify, lines, zones, windows."""
