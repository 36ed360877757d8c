"""Evaluation: metrics, threshold tuning, and the replay of recorded clips through what ships."""
