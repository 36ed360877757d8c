"""`make demo` and `make demo-real`: the whole job for the named stores, then a short table and where to look."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from dongsun.cli.quiet import silence_libraries
from dongsun.contract.errors import DongsunError

ASSETS_LINK = Path("data/raw/assets")
_EMBEDDED = "demo"


def main(stores: list[str]) -> None:
    """Runs `dvc repro report@<store>` for each store, shows progress all along, and prints the results.

    Raises:
        DongsunError: Real stores are asked for and their footage is not there.
    """
    silence_libraries()
    if stores != [_EMBEDDED]:
        link_assets()
    started = time.monotonic()
    command = ["dvc", "repro", *(f"report@{store}" for store in stores)]
    finished = subprocess.run(command, check=False)
    if finished.returncode != 0:
        sys.exit(finished.returncode)
    for store in stores:
        print(_table(store, Path("reports") / store))
    print(f"\n{(time.monotonic() - started) / 60:.1f} min. `dongsun --help` says what else there is.")


def link_assets() -> None:
    """Makes `data/raw/assets` point at DONGSUN_ASSETS, so that DVC can watch files that are never copied here."""
    source = Path(os.environ.get("DONGSUN_ASSETS") or "unset")
    if not (source / "video").is_dir():
        raise DongsunError(
            expected="a folder with video/, truth/, detector/ and reid/",
            got=f"{source}",
            where="ASSETS (or the environment variable DONGSUN_ASSETS)",
            mend="make demo-real ASSETS=<folder with the real footage>; `make demo` needs none",
        )
    ASSETS_LINK.parent.mkdir(parents=True, exist_ok=True)
    if ASSETS_LINK.is_symlink():
        if ASSETS_LINK.resolve() == source.resolve():
            return
        ASSETS_LINK.unlink()
    ASSETS_LINK.symlink_to(source.resolve(), target_is_directory=True)


def _table(store: str, report: Path) -> str:
    headline = json.loads((report / "metrics.json").read_text(encoding="utf-8"))["headline"]
    width = max(len(row["what"]) for row in headline)
    rows = "\n".join(f"  {row['what']:<{width}}  {row['value']}" for row in headline)
    return f"\n{store}\n{rows}\n  report: {(report / 'index.html').resolve()}\n  figures: {report / 'metrics.json'}"


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except DongsunError as error:
        print(f"dongsun: {error}", file=sys.stderr)
        sys.exit(2)
