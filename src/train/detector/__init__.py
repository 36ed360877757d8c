"""The person detector. Everything that touches ultralytics (AGPL) stays inside this folder."""
