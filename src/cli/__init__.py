"""The front door: composes a stage from `conf/`, runs it, and tracks it in MLflow."""
