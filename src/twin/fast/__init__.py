"""The twin without pixels: a kinematic crowd, modelled boxes, detector noise and looks."""
