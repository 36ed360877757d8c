"""The models of a bundle, run by OpenVINO."""
