"""Where pictures come from: decoded frames with the time at which each was taken."""
