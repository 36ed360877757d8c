"""The fault drill: a station of real parts, and everything around it failing in turn. `make drill` prints the table."""
