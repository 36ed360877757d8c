"""A forgotten subpackage works in an editable install and silently vanishes from the wheel."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_subpackage_is_listed() -> None:
    found = {
        ".".join(["dongsun", *init.parent.relative_to(ROOT / "src").parts])
        for init in (ROOT / "src").rglob("__init__.py")
    }
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == found
    folders = {p.parent for p in (ROOT / "src").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders), "a folder of code without __init__.py"


def test_every_data_file_is_packaged() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]
    for path in (ROOT / "src").rglob("*"):
        if path.is_file() and path.suffix not in {".py", ".pyc", ".nbi", ".nbc"} and "egg-info" not in str(path):
            package = ".".join(["dongsun", *path.parent.relative_to(ROOT / "src").parts])
            assert any(path.match(pattern) for pattern in patterns.get(package, [])), f"{path} is in no wheel"


def test_locks_are_hashed_and_name_no_address() -> None:
    for name in ("edge", "train", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        assert "://" not in text and "index-url" not in text and "find-links" not in text
        pins = re.findall(r"^[a-z0-9][\w.\-]*==", text, flags=re.MULTILINE)
        assert pins and text.count("--hash=sha256:") >= len(pins)


def test_station_needs_no_training_stack() -> None:
    text = (ROOT / "requirements" / "edge.lock").read_text(encoding="utf-8")
    for heavy in ("torch", "hydra-core", "mlflow", "ultralytics", "pyarrow", "pandas", "openvino-telemetry"):
        assert not re.search(rf"^{heavy}==", text, flags=re.MULTILINE), f"{heavy} in the edge's lock"
