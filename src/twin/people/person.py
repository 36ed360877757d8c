"""A dressed person: everything the renderer needs, at rest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.people.outfit import Outfit

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Manner:
    """How a person moves.

    Attributes:
        walking_speed_m_s: Preferred speed.
        stride_m: Length of a whole gait cycle (two steps) at that speed.
        leg_swing: Scale of the legs' swing, about 1.
        arm_swing: Scale of the arms' swing.
        elbow_rad: Bend of the elbow at rest.
        lean_rad: Forward lean of the trunk.
    """

    walking_speed_m_s: float
    stride_m: float
    leg_swing: float
    arm_swing: float
    elbow_rad: float
    lean_rad: float


@dataclass(frozen=True)
class Person:
    """A visitor's body and clothes, in the rest pose (z up, facing −y).

    Attributes:
        person_id: The seed of everything below, and the identity in the truth.
        body_index: Which baked body.
        outfit: What was drawn.
        manner: How they walk.
        vertices_m: (n, 3) surface, metres.
        normals: (n, 3) unit.
        rest_m: (n, 3) where a vertex sits on the undressed body: the coordinates of patterns and hems.
        triangles: (m, 3).
        triangle_material: (m,) row of `materials`.
        triangle_is_head: (m,) 1 where the triangle belongs to head or hair.
        materials: (k, COLUMNS), see `materials.py`.
        bone_indices: (n, 4).
        bone_weights: (n, 4).
        bone_heads_m: (bones, 3).
        is_head_vertex: (n,) bool.
    """

    person_id: int
    body_index: int
    outfit: Outfit
    manner: Manner
    vertices_m: FloatArray
    normals: FloatArray
    rest_m: FloatArray
    triangles: IntArray
    triangle_material: IntArray
    triangle_is_head: npt.NDArray[np.uint8]
    materials: FloatArray
    bone_indices: IntArray
    bone_weights: FloatArray
    bone_heads_m: FloatArray
    is_head_vertex: npt.NDArray[np.bool_]
