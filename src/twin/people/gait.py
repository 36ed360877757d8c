"""Walking and standing: joint angles over the gait cycle, and the bone transforms they give.

Hip, knee and ankle follow the sagittal curves that gait textbooks tabulate for adults at a comfortable speed (degrees
at each tenth of the cycle, from heel strike; after D. A. Winter,
*Biomechanics and Motor Control of Human Movement*), rounded.
Limbs are turned from the body's A-pose to the wanted direction by the smallest rotation, so that every body stands with
its arms down.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.people.bodies import BodyLibrary
from dongsun.twin.people.person import Person

Matrix = npt.NDArray[np.float64]

_TENTHS = np.linspace(0.0, 1.0, 11)
_HIP_FLEXION_DEG = np.array([28, 25, 17, 8, -1, -8, -5, 10, 24, 30, 28], np.float64)
_KNEE_FLEXION_DEG = np.array([4, 15, 15, 9, 6, 12, 36, 58, 48, 16, 4], np.float64)
_ANKLE_DORSIFLEXION_DEG = np.array([0, -4, 3, 8, 9, 2, -15, -7, 0, 1, 0], np.float64)


@dataclass(frozen=True)
class Pose:
    """A person's posture at one instant.

    Attributes:
        phase: Place in the gait cycle, in cycles: 0 is the left heel's strike.
        stride: 0 stands, 1 walks at full stride.
        reach: 0…1, how far the right arm is raised toward a shelf.
        head_turn_rad: Turn of the head, positive to the person's left.
    """

    phase: float
    stride: float
    reach: float = 0.0
    head_turn_rad: float = 0.0


def bone_transforms(person: Person, library: BodyLibrary, pose: Pose) -> npt.NDArray[np.float32]:
    """(bones, 3, 4): takes points at rest to the pose, in the person's own frame (before grounding).

    Method: every turned bone gets its world rotation; the others inherit their parent's; origins follow the tree.
    """
    names = library.bone_names
    rotations = np.zeros((len(names), 3, 3))
    fixed = np.zeros(len(names), np.bool_)

    def turn(bone: str, rotation: Matrix) -> None:
        index = names.index(bone)
        rotations[index], fixed[index] = rotation, True

    manner, swing = person.manner, pose.stride * person.manner.leg_swing
    twist = 0.09 * pose.stride * math.sin(2 * math.pi * pose.phase)
    pelvis = _about_z(-0.06 * pose.stride * math.sin(2 * math.pi * pose.phase))
    trunk = _about_z(twist) @ _about_x(manner.lean_rad)
    turn("root", pelvis)
    turn("spine03", trunk)
    turn("neck02", _about_z(pose.head_turn_rad))
    heads = person.bone_heads_m.astype(np.float64)

    def along(bone: str, end: str) -> Matrix:
        direction = heads[names.index(end)] - heads[names.index(bone)]
        return np.asarray(direction / np.linalg.norm(direction), np.float64)

    for side, sign, shift in (("L", 1.0, 0.0), ("R", -1.0, 0.5)):
        phase = (pose.phase + shift) % 1.0
        hip = math.radians(float(np.interp(phase, _TENTHS, _HIP_FLEXION_DEG))) * swing
        knee = math.radians(3 + float(np.interp(phase, _TENTHS, _KNEE_FLEXION_DEG)) * swing)
        ankle = math.radians(float(np.interp(phase, _TENTHS, _ANKLE_DORSIFLEXION_DEG))) * swing
        thigh = pelvis @ _align(along(f"upperleg01.{side}", f"lowerleg01.{side}"), _limb(hip, 0.03 * sign))
        shank_rest = along(f"lowerleg01.{side}", f"foot.{side}")
        shank = pelvis @ _align(shank_rest, _limb(hip - knee, 0.01 * sign))
        turn(f"upperleg01.{side}", thigh)
        turn(f"lowerleg01.{side}", shank)
        turn(f"foot.{side}", pelvis @ _about_x(-(hip - knee + ankle + math.radians(3))))
        # An arm swings against the leg of its own side.
        raised = pose.reach if side == "R" else 0.0
        shoulder = (-0.36 * math.cos(2 * math.pi * phase) * manner.arm_swing - 0.02) * pose.stride + 1.05 * raised
        elbow = manner.elbow_rad + 0.25 * pose.stride * max(0.0, -math.cos(2 * math.pi * phase)) + 0.3 * raised
        upper_rest = along(f"upperarm01.{side}", f"lowerarm01.{side}")
        lower_rest = along(f"lowerarm01.{side}", f"wrist.{side}")
        turn(f"upperarm01.{side}", trunk @ _align(upper_rest, _limb(shoulder, 0.13 * sign)))
        turn(f"lowerarm01.{side}", trunk @ _align(lower_rest, _limb(shoulder + elbow, 0.05 * sign)))
    return _chain(library.bone_parents, heads, rotations, fixed)


def _limb(forward_rad: float, outward_rad: float) -> Matrix:
    """Unit direction of a limb hanging down, swung forward (−y) and spread outward (+x for the left)."""
    return np.array(
        [
            math.sin(outward_rad),
            -math.sin(forward_rad) * math.cos(outward_rad),
            -math.cos(forward_rad) * math.cos(outward_rad),
        ]
    )


def _align(source: Matrix, target: Matrix) -> Matrix:
    """The smallest rotation that takes unit `source` to unit `target` (Rodrigues); they are never opposite here."""
    v = np.cross(source, target)
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / (1.0 + float(source @ target)), np.float64)


def _about_x(angle_rad: float) -> Matrix:
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _about_z(angle_rad: float) -> Matrix:
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@compiled
def _chain(
    parents: npt.NDArray[np.int32], heads: Matrix, rotations: Matrix, fixed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    n = len(parents)
    result = np.zeros((n, 3, 4), np.float32)
    position = np.zeros((n, 3))
    for bone in range(n):
        parent = parents[bone]
        if parent < 0:
            if not fixed[bone]:
                rotations[bone] = np.eye(3)
            position[bone] = heads[bone]
        else:
            if not fixed[bone]:
                rotations[bone] = rotations[parent]
            offset = heads[bone] - heads[parent]
            for i in range(3):
                total = position[parent, i]
                for j in range(3):
                    total += rotations[parent, i, j] * offset[j]
                position[bone, i] = total
        for i in range(3):
            moved = position[bone, i]
            for j in range(3):
                result[bone, i, j] = rotations[bone, i, j]
                moved -= rotations[bone, i, j] * heads[bone, j]
            result[bone, i, 3] = moved
    return result
