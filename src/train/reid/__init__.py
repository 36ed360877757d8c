"""Re-identification: a trunk (the detector's own backbone, cut) under a small head, trained with PyTorch Lightning."""
