"""The edge runtime: counts people in a video from a bundle. Never torch, hydra or mlflow."""
