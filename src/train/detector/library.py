"""Ultralytics, made quiet: no telemetry, no update, no installing, no foreign trackers, its own settings folder."""

import logging
import os
import tempfile
from pathlib import Path

_SETTINGS_OFF = {
    name: False
    for name in ("sync", "clearml", "comet", "dvc", "mlflow", "neptune", "raytune", "tensorboard", "wandb", "hub")
}


def quieten_ultralytics() -> None:
    """Call before the first use of ultralytics; calling again changes nothing.

    The environment is read by ultralytics when it is imported, so its import stays inside functions in this folder.
    """
    folder = Path(tempfile.gettempdir()) / f"dongsun-ultralytics-{os.getuid()}"
    os.environ.setdefault("YOLO_CONFIG_DIR", str(folder))
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)

    from ultralytics.utils import LOGGER, SETTINGS

    LOGGER.setLevel(logging.WARNING)
    wanted = {name: value for name, value in _SETTINGS_OFF.items() if SETTINGS.get(name, value) != value}
    if wanted:
        SETTINGS.update(wanted)
