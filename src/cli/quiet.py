"""Every library's telemetry, update check and auto-install is off unless the environment already says otherwise."""

import os
import tempfile
from pathlib import Path

_OFF = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "NNCF_CI": "1",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "LITLOGGER_DISABLED": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}


def silence_libraries() -> None:
    """Sets the switches. Must run before the libraries are imported; what the user set stays."""
    for name, value in _OFF.items():
        os.environ.setdefault(name, value)
    settings = Path(tempfile.gettempdir()) / f"dongsun-{os.getuid()}"
    for name in ("YOLO_CONFIG_DIR", "MPLCONFIGDIR"):
        folder = Path(os.environ.setdefault(name, str(settings / name.lower())))
        folder.mkdir(parents=True, exist_ok=True)
