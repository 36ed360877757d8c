"""`python -m dongsun.data.fake_aihub FOLDER --people 40 --images 4000`: a tree to rehearse on."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.data.fake_aihub import FakeTree, write_fake_tree


def main() -> None:
    """Reads the command line and writes the tree."""
    parser = argparse.ArgumentParser(prog="python -m dongsun.data.fake_aihub", description=__doc__)
    parser.add_argument("folder", type=Path, help="absent or empty")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--images", type=int, default=4_000)
    parser.add_argument("--cameras", type=int, default=24)
    parser.add_argument("--damaged", type=float, default=0.01, help="share of images with something wrong about them")
    parser.add_argument("--layout", choices=("flat", "folders"), default="folders")
    parser.add_argument("--seed", type=int, default=0)
    values = vars(parser.parse_args())
    folder = values.pop("folder")
    facts = write_fake_tree(folder, FakeTree(**values))
    told = {name: value for name, value in asdict(facts).items() if name != "people"}
    sys.stdout.write(f"{folder}: {told}\n")


if __name__ == "__main__":
    try:
        main()
    except DongsunError as error:
        sys.exit(str(error))
