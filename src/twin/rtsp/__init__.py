"""A small RTSP server for rehearsals and drills: what a camera pushes, anybody may watch."""
