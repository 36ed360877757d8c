"""The baked bodies (`bodies.npz`, made by `dongsun.twin.people.bake`): shapes, skeleton and skin weights."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.twin.people.bake import UNIT_M

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

BODIES_FILE = Path(__file__).with_name("bodies.npz")

PARENT_BY_BONE = {
    "root": "", "spine05": "root", "spine04": "spine05", "spine03": "spine04", "spine02": "spine03",
    "spine01": "spine02", "neck01": "spine01", "neck02": "neck01", "neck03": "neck02", "head": "neck03",
    "clavicle": "spine01", "shoulder01": "clavicle", "upperarm01": "shoulder01", "upperarm02": "upperarm01",
    "lowerarm01": "upperarm02", "lowerarm02": "lowerarm01", "wrist": "lowerarm02",
    "upperleg01": "root", "upperleg02": "upperleg01", "lowerleg01": "upperleg02", "lowerleg02": "lowerleg01",
    "foot": "lowerleg02",
}  # fmt: skip
"""The skeleton's tree, sides left out: `upperarm01.L` hangs on `shoulder01.L`."""


@dataclass(frozen=True)
class BodyLibrary:
    """All bodies on one mesh: z up, facing −y, the person's left at +x, feet at z = 0, arms in an A.

    Attributes:
        rest_m: (bodies, vertices, 3) vertex positions at rest, metres.
        bone_heads_m: (bodies, bones, 3) where each bone begins at rest.
        bone_names: The bones, parents before children.
        bone_parents: (bones,) index of each bone's parent, −1 for the root.
        bone_indices: (vertices, 4) the bones that move a vertex.
        bone_weights: (vertices, 4) by how much; rows sum to 1.
        faces: Triangles (n, 3) by part: head, hands, feet, tights, skirt, hair, eyes.
        female: (bodies,) bool.
        height_m: (bodies,) crown of the head, bare-foot.
    """

    rest_m: FloatArray
    bone_heads_m: FloatArray
    bone_names: tuple[str, ...]
    bone_parents: IntArray
    bone_indices: IntArray
    bone_weights: FloatArray
    faces: dict[str, IntArray]
    female: npt.NDArray[np.bool_]
    height_m: FloatArray

    def bone(self, name: str) -> int:
        """Index of the bone called `name`."""
        return self.bone_names.index(name)

    def share(self, *prefixes: str) -> FloatArray:
        """(vertices,) how much of each vertex the bones whose names begin with `prefixes` move, in [0, 1]."""
        chosen = np.array([name.startswith(prefixes) for name in self.bone_names])
        return np.asarray((self.bone_weights * chosen[self.bone_indices]).sum(axis=1), np.float32)


@cache
def load_bodies() -> BodyLibrary:
    """Reads the baked file, once a process.

    Raises:
        DongsunError: The file is missing.
    """
    if not BODIES_FILE.is_file():
        raise DongsunError(
            expected="the baked bodies",
            got="no file",
            where=str(BODIES_FILE),
            mend="run python -m dongsun.twin.people.bake",
        )
    with np.load(BODIES_FILE) as archive:
        rest = archive["rest_units"].astype(np.float32) * UNIT_M
        names = tuple(str(name) for name in archive["bone_names"])
        weights = archive["bone_weights_255"].astype(np.float32)
        faces = {
            key.removeprefix("faces_"): archive[key].astype(np.int32)
            for key in archive.files
            if key.startswith("faces_")
        }
        return BodyLibrary(
            rest_m=rest,
            bone_heads_m=archive["bone_heads_m"].astype(np.float32),
            bone_names=names,
            bone_parents=np.array([_parent(name, names) for name in names], np.int32),
            bone_indices=archive["bone_indices"].astype(np.int32),
            bone_weights=weights / weights.sum(axis=1, keepdims=True),
            faces=faces,
            female=archive["phenotype_gender"] > 0.5,
            height_m=rest[:, np.unique(faces["head"]), 2].max(axis=1),
        )


def _parent(name: str, names: tuple[str, ...]) -> int:
    stem, _, side = name.partition(".")
    parent = PARENT_BY_BONE[stem]
    if not parent:
        return -1
    sided = f"{parent}.{side}"
    return names.index(sided if side and sided in names else parent)
