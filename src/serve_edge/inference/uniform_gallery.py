"""The file of uniforms: the only embeddings that a station ever reads from a disk, and it never writes any."""

import zipfile
from pathlib import Path

import numpy as np

from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError

ARRAY = "uniforms"


def read_uniforms(path: Path, size: int) -> Embeddings:
    """Unit rows (k, size), one a uniform, as `python -m dongsun.eval.make_uniforms` wrote them.

    Args:
        path: Of the .npz.
        size: Of the bundle's embeddings.

    Raises:
        DongsunError: The file is absent, is another kind of file, or was made with another model.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            rows = np.asarray(arrays[ARRAY])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _unusable(path, size, f"{type(error).__name__}: {error}") from error
    if rows.dtype != np.float32 or rows.ndim != 2 or not len(rows) or rows.shape[1] != size:
        raise _unusable(path, size, f"{rows.dtype} {rows.shape}")
    if not np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3):
        raise _unusable(path, size, "rows that aren't of length one")
    return rows


def _unusable(path: Path, size: int, got: str) -> DongsunError:
    return DongsunError(
        expected=f"`{ARRAY}`: float32 unit rows (k, {size})",
        got=got,
        where=str(path),
        mend="make it anew with this bundle: python -m dongsun.eval.make_uniforms",
    )
