"""The doctor: what is wrong with a station, or soon will be, and what to do about it, for people who don't program."""
