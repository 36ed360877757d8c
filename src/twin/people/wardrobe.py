"""Dresses a body: a person's number in, meshes and materials out."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dongsun.twin.people.bodies import BodyLibrary, load_bodies
from dongsun.twin.people.materials import FOLD, Colour, MaterialTable, Pattern
from dongsun.twin.people.mesh import rounded_box, smoothed, vertex_normals
from dongsun.twin.people.outfit import Outfit, draw_outfit, in_uniform
from dongsun.twin.people.person import Manner, Person
from dongsun.twin.plan.traffic import Uniform, Wardrobe
from dongsun.twin.render.noise import fold_normals

Vectors = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]
USUAL = Wardrobe()
CHILD_BELOW_M = 1.5
CHILD_HEIGHT_M = (1.0, 1.4)


@dataclass(frozen=True)
class Described:
    """Somebody as a table describes them.

    Attributes:
        body: Number of the body.
        outfit: Height and clothes.
    """

    body: int
    outfit: Outfit


def describe(
    person_id: int, wardrobe: Wardrobe = USUAL, uniform: Uniform | None = None, child: bool = False
) -> Described:
    """Who `dress` with the same arguments would make, hundreds of times sooner: nothing is sewn."""
    return _drawn(person_id, wardrobe, uniform, child)[0]


def _drawn(
    person_id: int, wardrobe: Wardrobe, uniform: Uniform | None, child: bool
) -> tuple[Described, np.random.Generator]:
    """Body and clothes, and the generator as they leave it."""
    library = load_bodies()
    rng = np.random.default_rng([7001, person_id])
    body = int(rng.integers(len(library.height_m)))
    if child:
        body = int(np.argmin(library.height_m))
    female, small = bool(library.female[body]), bool(library.height_m[body] < CHILD_BELOW_M)
    height = float(library.height_m[body])
    if child:  # a generator of its own, so that the clothes stay those of the same number
        young = np.random.default_rng([7002, person_id])
        female, height = bool(young.random() < 0.5), float(young.uniform(*CHILD_HEIGHT_M))
    outfit = draw_outfit(rng, female=female, child=small, body_height_m=height, plain_share=wardrobe.plain_share)
    if uniform is not None:
        outfit = in_uniform(outfit, uniform)
    return Described(body, outfit), rng


@lru_cache(maxsize=512)
def dress(person_id: int, wardrobe: Wardrobe = USUAL, uniform: Uniform | None = None, child: bool = False) -> Person:
    """The person number `person_id`: always the same body, clothes and manner.

    Args:
        person_id: The seed of everything.
        wardrobe: How alike visitors dress.
        uniform: What they wear over it at work: its colours, without patterns, jackets and bags.
        child: A child's body, 1.0 to 1.4 m; else whichever body the seed draws (one in 32 of them is a child's).
    """
    library = load_bodies()
    figure, rng = _drawn(person_id, wardrobe, uniform, child)
    body, outfit = figure.body, figure.outfit
    manner = Manner(
        walking_speed_m_s=float(rng.uniform(0.85, 1.3)),
        stride_m=float(0.78 * outfit.height_m * rng.uniform(0.93, 1.07)),
        leg_swing=float(rng.uniform(0.85, 1.12)),
        arm_swing=float(rng.uniform(0.5, 1.2)),
        elbow_rad=float(rng.uniform(0.15, 0.5)),
        lean_rad=float(rng.uniform(0.0, 0.09)),
    )
    return _Tailor(library, body, outfit, person_id, bag_scale=outfit.height_m / 1.7 if child else 1.0).make(manner)


@dataclass
class _Tailor:
    """Works on one body; positions in metres at the person's own height."""

    library: BodyLibrary
    body: int
    outfit: Outfit
    person_id: int
    bag_scale: float
    table: MaterialTable = field(default_factory=MaterialTable)
    triangles: list[Triangles] = field(default_factory=list)
    materials: list[npt.NDArray[np.int32]] = field(default_factory=list)
    heads: list[npt.NDArray[np.uint8]] = field(default_factory=list)

    def __post_init__(self) -> None:
        scale = self.outfit.height_m / float(self.library.height_m[self.body])
        self.rest: Vectors = self.library.rest_m[self.body].astype(np.float64) * scale
        self.bone_heads: Vectors = self.library.bone_heads_m[self.body].astype(np.float64) * scale
        self.shape: Vectors = self.rest.copy()
        self.normals: Vectors = np.zeros_like(self.rest)
        for faces in self.library.faces.values():
            used = np.unique(faces)
            self.normals[used] = vertex_normals(self.rest, faces)[used]
        self.bone_indices = self.library.bone_indices
        self.bone_weights = self.library.bone_weights
        self.skin = self.table.add(self.outfit.skin, fold=0.02)
        self.hip_z = self.joint("upperleg01.L")[2]
        self.knee_z = self.joint("lowerleg01.L")[2]

    def joint(self, bone: str) -> Vectors:
        """Where a bone begins."""
        return np.asarray(self.bone_heads[self.library.bone(bone)], np.float64)

    def make(self, manner: Manner) -> Person:
        """Dresses the body and packs the vertices in use."""
        self._clothes()
        self._head()
        self._extremities()
        self._bag()
        triangles = np.vstack(self.triangles)
        used, inverse = np.unique(triangles, return_inverse=True)
        triangles = inverse.reshape(-1, 3).astype(np.int32)
        material = np.concatenate(self.materials)
        is_head = np.concatenate(self.heads)
        normals = vertex_normals(self.shape[used], triangles)
        materials = self.table.as_array()
        depth = np.zeros(len(used))
        depth[triangles.ravel()] = np.repeat(materials[material, FOLD], 3)
        fold_normals(normals, self.rest[used], depth, float(self.person_id % 997))
        head_vertex = np.zeros(len(used), bool)
        head_vertex[triangles[is_head > 0].ravel()] = True
        return Person(
            person_id=self.person_id,
            body_index=self.body,
            outfit=self.outfit,
            manner=manner,
            vertices_m=self.shape[used].astype(np.float32),
            normals=normals.astype(np.float32),
            rest_m=self.rest[used].astype(np.float32),
            triangles=triangles,
            triangle_material=material,
            triangle_is_head=is_head,
            materials=materials,
            bone_indices=np.ascontiguousarray(self.bone_indices[used]),
            bone_weights=np.ascontiguousarray(self.bone_weights[used]),
            bone_heads_m=self.bone_heads.astype(np.float32),
            is_head_vertex=head_vertex,
        )

    def _put(self, triangles: Triangles, material: npt.NDArray[np.int32] | int, *, head: bool = False) -> None:
        self.triangles.append(triangles)
        self.materials.append(np.broadcast_to(np.asarray(material, np.int32), len(triangles)))
        self.heads.append(np.full(len(triangles), head, np.uint8))

    def _clothes(self) -> None:
        """The tights shell, loosened and cut into top, sleeves and trousers, with a skirt or coat-tails over it."""
        o, tights = self.outfit, self.library.faces["tights"]
        top, lower, hem = self._cloth_materials()
        arm = self.library.share("upperarm", "lowerarm", "wrist", "shoulder")
        is_arm, x = arm > 0.5, np.abs(self.rest[:, 0])
        is_top = is_arm | (self.rest[:, 2] > hem)
        loose_top = 0.022 if o.jacket else o.looseness_m
        give = np.where(is_top, loose_top, o.looseness_m * (0.7 if self.library.female[self.body] else 1.0))
        above_waist = np.clip((self.hip_z + 0.35 - self.rest[:, 2]) / 0.35, 0, 1)
        give = np.where(is_top & ~is_arm, give + (0.014 if o.jacket else 0.007) * above_waist, give)
        shoulder_x = abs(self.joint("upperarm01.L")[0])
        bare_from = {"long": 99.0, "short": shoulder_x + 0.14, "none": shoulder_x}[o.sleeve]
        give = np.where(is_arm & (x > bare_from), 0.0, give)
        if o.lower != "trousers":
            give = np.where(~is_top & (self.rest[:, 2] < self.knee_z + 0.05), 0.0, give)
        ripple = 0.5 + 0.5 * np.sin(self.rest[:, 2] * 23 + self.person_id) * np.sin(self.rest[:, 0] * 31) * np.cos(
            self.rest[:, 1] * 27
        )
        shell = np.unique(tights)
        self.shape[shell] += self.normals[shell] * (give * (0.7 + 0.6 * ripple))[shell, None]
        sleeve, leg = self._cut_sleeves(top, shoulder_x), self._cut_legs(lower)
        centre_z = self.rest[tights][:, :, 2].mean(axis=1)
        material = np.where(arm[tights].mean(axis=1) > 0.5, sleeve, np.where(centre_z > hem - 0.08, top, leg))
        head = self.library.share("head", "neck")[tights].mean(axis=1) > 0.6
        foot = self.library.share("foot")[tights].mean(axis=1) > 0.6
        keep = ~(head | foot)
        self._put(tights[keep], material[keep].astype(np.int32))
        if o.lower == "skirt" or o.coat:
            self._skirt(top if o.coat else lower)

    def _cloth_materials(self) -> tuple[int, int, float]:
        """Materials of top and lower, and the height of the top's hem."""
        o = self.outfit
        scale = o.height_m / 1.7
        hem = self.hip_z + (-0.06 if o.jacket else 0.03 - 0.05 * o.lower_end) * scale
        inner = self.table.add(o.inner, fold=0.2)
        top = self.table.add(
            o.top,
            second=o.top_second,
            pattern=o.pattern,
            frequency=o.pattern_frequency,
            phase=float(self.person_id % 9),
            fold=0.35,
            mark_z_m=self.hip_z + 0.36 * scale,
        )
        b, g, r = o.lower_colour
        washed: Colour = (b * 1.22, g * 1.22, r * 1.22)
        denim = Pattern.DENIM if o.denim else Pattern.SOLID
        lower = self.table.add(o.lower_colour, second=washed, pattern=denim, frequency=30.0, fold=0.4)
        torso = self.table.copy(top)
        self.table.cut_below(torso, hem, self.skin if o.lower == "skirt" else lower)
        if o.jacket and o.jacket_open_m > 0:
            self.table.open_front(torso, o.jacket_open_m, inner)
        return torso, lower, hem

    def _cut_sleeves(self, top: int, shoulder_x: float) -> int:
        sleeve = self.table.copy(top)
        self.table.cut_below(sleeve, -9.0, 0)
        self.table.open_front(sleeve, 0.0, 0)
        if self.outfit.sleeve != "long":
            elbow_x = abs(self.joint("lowerarm01.L")[0])
            end = 0.02 if self.outfit.sleeve == "none" else (elbow_x - shoulder_x) * self.outfit.sleeve_end
            self.table.cut_beyond(sleeve, shoulder_x + end, self.skin)
        return sleeve

    def _cut_legs(self, lower: int) -> int:
        if self.outfit.lower == "skirt":
            return self.skin
        leg = self.table.copy(lower)
        if self.outfit.lower == "shorts":
            self.table.cut_below(leg, self.knee_z + 0.14 * self.outfit.lower_end - 0.02, self.skin)
        return leg

    def _skirt(self, material: int) -> None:
        skirt = self.library.faces["skirt"]
        thigh = self.hip_z - self.knee_z
        end = (
            self.hip_z - thigh * 0.6 if self.outfit.coat else self.knee_z + thigh * (0.5 * self.outfit.lower_end - 0.3)
        )
        used = np.unique(skirt)
        self.shape[used] += self.normals[used] * (0.034 if self.outfit.coat else 0.014)
        cloth = self.table.copy(material)
        self.table.cut_below(cloth, -9.0, 0)
        self._put(skirt[self.rest[skirt][:, :, 2].mean(axis=1) > end], cloth)

    def _head(self) -> None:
        """Face, hair, cap and beard, by where a triangle sits around the eyes."""
        o, faces = self.outfit, self.library.faces["head"]
        eyes = self.rest[np.unique(self.library.faces["eyes"])]
        eye_x, eye_y, eye_z = float(np.abs(eyes[:, 0]).mean()), float(eyes[:, 1].mean()), float(eyes[:, 2].mean())
        b, g, r = o.hair
        hair = self.table.add(
            o.hair, second=(b * 0.78, g * 0.78, r * 0.78), pattern=Pattern.DENIM, frequency=9, fold=0.35
        )
        dark = self.table.add((b * 0.5 + 8, g * 0.5 + 8, r * 0.5 + 8))
        centre = self.rest[faces].mean(axis=1)
        y, z, x = centre[:, 1], centre[:, 2], np.abs(centre[:, 0])
        on_head = self.library.share("head")[faces].mean(axis=1) > 0.5
        scalp = on_head & ~((y < eye_y + 0.055) & (z < eye_z + 0.052)) & (z > eye_z - 0.055)
        scalp &= ~((y < eye_y + 0.075) & (z < eye_z + 0.02))
        material = np.full(len(faces), self.skin, np.int32)
        if o.hair_style != "bald":
            material[scalp] = hair
            grown = np.unique(faces[scalp])
            length = 0.012 * (0.7 + 0.6 * np.abs(np.sin(self.rest[grown] @ np.array([61.0, 83.0, 71.0]))))
            self.shape[grown] += self.normals[grown] * length[:, None]
        if o.hair_style == "cap":
            material[scalp & (z > eye_z + 0.03)] = self.table.add(o.cap, fold=0.1)
        brow = on_head & (np.abs(z - eye_z - 0.024) < 0.009) & (np.abs(x - eye_x) < 0.022) & (y < eye_y + 0.02)
        material[brow] = dark
        if o.beard:
            mixed = tuple(0.45 * s + 0.4 * h for s, h in zip(o.skin, o.hair, strict=True))
            chin = (z < eye_z - 0.045) & (z > eye_z - 0.14) & (y < eye_y + 0.06)
            material[chin] = self.table.add((mixed[0], mixed[1], mixed[2]))
        self._put(faces, material, head=True)
        self._put(self.library.faces["eyes"], dark, head=True)
        if o.hair_style == "long":
            self._long_hair(hair, eye_y, eye_z)

    def _long_hair(self, hair: int, eye_y: float, eye_z: float) -> None:
        faces = self.library.faces["hair"]
        centre = self.rest[faces].mean(axis=1)
        fringe = (centre[:, 1] < eye_y + 0.07) & (centre[:, 2] < eye_z + 0.055) & (np.abs(centre[:, 0]) < 0.075)
        end = self.joint("head")[2] + 0.05 - 0.33 * self.outfit.lower_end
        used = np.unique(faces)
        self.shape[used] += self.normals[used] * 0.004
        self._put(faces[~fringe & (centre[:, 2] > end)], hair, head=True)

    def _extremities(self) -> None:
        self._put(self.library.faces["hands"], self.skin)
        feet = self.library.faces["feet"]
        used = np.unique(feet)
        # Toes melted together and blown up a little make a shoe.
        self.shape[used] += self.normals[used] * 0.011
        self.shape = smoothed(self.shape, feet, rounds=3)
        self.shape[used] += self.normals[used] * 0.008
        self.shape[used, 2] = np.maximum(self.shape[used, 2], -0.015)
        shoe = self.table.add(self.outfit.shoe)
        bare = self.table.copy(shoe)
        self._put(feet, bare)

    def _bag(self) -> None:
        o, size = self.outfit, self.bag_scale
        if o.bag == "none":
            return
        shell = self.shape[np.unique(self.library.faces["tights"])]
        if o.bag == "backpack":
            bone, spine = "spine02", self.joint("spine02")[2]
            back = shell[(np.abs(shell[:, 0]) < 0.1) & (np.abs(shell[:, 2] - spine) < 0.1), 1].max()
            vertices, triangles = rounded_box(
                (0.15 * size, 0.09 * size, 0.21 * size), np.array([0.0, back + 0.08 * size, spine + 0.05 * size])
            )
        else:
            bone = "spine04"
            hips = shell[(np.abs(shell[:, 2] - self.hip_z) < 0.05) & (np.abs(shell[:, 0]) < 0.3)]
            side = np.array([-np.abs(hips[:, 0]).max() - 0.05, 0.03, self.hip_z - 0.04])
            vertices, triangles = rounded_box((0.05 * size, 0.16 * size, 0.14 * size), side)
        first, n = len(self.shape), len(vertices)
        self.shape = np.vstack([self.shape, vertices])
        self.rest = np.vstack([self.rest, vertices])
        self.bone_indices = np.vstack([self.bone_indices, np.full((n, 4), self.library.bone(bone), np.int32)])
        only_first = np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1))
        self.bone_weights = np.vstack([self.bone_weights, only_first])
        self._put(triangles + np.int32(first), self.table.add(o.bag_colour, fold=0.2))
