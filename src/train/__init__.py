"""The training stack: the detector (ultralytics) and the re-identification model (PyTorch Lightning)."""
