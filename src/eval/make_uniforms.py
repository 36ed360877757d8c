"""The file of uniforms by which a station tells staff: one embedding a uniform, the mean over many pictures of it.

    python -m dongsun.eval.make_uniforms --bundle bundles/shop --out conf/store/shop-uniforms.npz crops/green-apron …

Each folder holds crops of staff in one uniform, of as many different people as possible: their mean is what they share,
the uniform. Only the mean is kept. It is still made of people: keep the file as the store file is kept, delete the
crops, and make it anew with every new bundle.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.bundle import read_bundle
from dongsun.contract.durable import atomic_file
from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.eval.embed_manifest import EmbedFn, read_picture_bgr
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

LEAST_CROPS = 10
"""Fewer say more of who wears it than of what is worn."""
_PICTURES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class Uniform:
    """One uniform.

    Attributes:
        row: float32 (d,), of length one.
        least_similarity: Of any of its crops.
        median_similarity: Of its crops; `staff.uniform_similarity` should lie below.
    """

    row: Embeddings
    least_similarity: float
    median_similarity: float


def uniform_of(folder: Path, embed: EmbedFn) -> Uniform:
    """Embeds a folder's crops and takes their mean.

    Raises:
        DongsunError: There are too few crops, or one is no picture.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _PICTURES)
    if len(paths) < LEAST_CROPS:
        raise DongsunError(
            expected=f"{LEAST_CROPS} crops or more of one uniform, on different people",
            got=str(len(paths)),
            where=str(folder),
            mend="crop more people in it",
        )
    embeddings = embed([read_picture_bgr(path) for path in paths])
    row = l2_normalised(embeddings.mean(axis=0, keepdims=True))[0]
    similarities = embeddings @ row
    return Uniform(row, float(similarities.min()), float(np.median(similarities)))


def write_uniforms(path: Path, uniforms: list[Uniform]) -> None:
    """Writes the rows (k, d), readable by their owner alone."""
    with atomic_file(path) as staged:
        np.savez(staged, uniforms=np.stack([uniform.row for uniform in uniforms]))
        staged.chmod(0o600)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with what is to be mended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="the one that the station runs")
    parser.add_argument("--out", type=Path, required=True, help=".npz, to lie beside the store file")
    parser.add_argument("folders", type=Path, nargs="+", help="one a uniform")
    chosen = parser.parse_args(arguments)
    try:
        reid = read_bundle(chosen.bundle).reid
        if reid is None or chosen.out.suffix != ".npz":
            raise DongsunError(
                expected="a bundle with a re-ID model, and an .npz to write",
                got="no re-ID model" if reid is None else chosen.out.name,
                where=f"{chosen.bundle}, {chosen.out}",
                mend="give another bundle or name",
            )
        embedder = OpenVinoEmbedder(reid, chosen.bundle, reid.shipped_precision)
        uniforms = [uniform_of(folder, embedder.embed) for folder in chosen.folders]
        write_uniforms(chosen.out, uniforms)
    except DongsunError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for folder, uniform in zip(chosen.folders, uniforms, strict=True):
        like = f"{uniform.median_similarity:.2f}, at least {uniform.least_similarity:.2f}"
        sys.stdout.write(f"{folder}: its crops are like it by {like}\n")
    threshold = reid.thresholds[reid.shipped_precision].similarity
    sys.stdout.write(f"the bundle's threshold: {threshold:.2f} → {chosen.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
