"""The compiled inner loops: skinning, projection, z-buffer and shading of people.

Depth is kept as nearness, so that larger is nearer and 0 is infinitely far: 1/z for a pinhole, which interpolates
linearly in the picture, and 1/distance for a fisheye, which nearly does over the small triangles of a body.
"""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled
from dongsun.twin.render.noise import hash01, value_noise

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I16 = npt.NDArray[np.int16]


@compiled
def skin_vertices(
    rest: F32, normals: F32, indices: I32, weights: F32, bones: F32, yaw_rad: float, x_m: float, y_m: float
) -> tuple[F32, F32]:
    """Poses vertices and normals (n, 3) by linear blend skinning, stands them on the floor, turns and moves them.

    The lowest vertex comes to z = 0; the body's −y becomes the direction `yaw_rad`.
    """
    n = rest.shape[0]
    place = np.empty((n, 3), np.float32)
    turned = np.empty((n, 3), np.float32)
    lowest = 1e9
    for i in range(n):
        x = y = z = a = b = c = 0.0
        for j in range(4):
            w = weights[i, j]
            if w < 1e-3:
                continue
            g = bones[indices[i, j]]
            r0, r1, r2 = rest[i, 0], rest[i, 1], rest[i, 2]
            n0, n1, n2 = normals[i, 0], normals[i, 1], normals[i, 2]
            x += w * (g[0, 0] * r0 + g[0, 1] * r1 + g[0, 2] * r2 + g[0, 3])
            y += w * (g[1, 0] * r0 + g[1, 1] * r1 + g[1, 2] * r2 + g[1, 3])
            z += w * (g[2, 0] * r0 + g[2, 1] * r1 + g[2, 2] * r2 + g[2, 3])
            a += w * (g[0, 0] * n0 + g[0, 1] * n1 + g[0, 2] * n2)
            b += w * (g[1, 0] * n0 + g[1, 1] * n1 + g[1, 2] * n2)
            c += w * (g[2, 0] * n0 + g[2, 1] * n1 + g[2, 2] * n2)
        place[i, 0], place[i, 1], place[i, 2] = x, y, z
        turned[i, 0], turned[i, 1], turned[i, 2] = a, b, c
        lowest = min(lowest, z)
    cosine, sine = math.cos(yaw_rad + math.pi / 2), math.sin(yaw_rad + math.pi / 2)
    for i in range(n):
        x, y = place[i, 0], place[i, 1]
        place[i, 0], place[i, 1] = cosine * x - sine * y + x_m, sine * x + cosine * y + y_m
        place[i, 2] -= lowest
        a, b = turned[i, 0], turned[i, 1]
        turned[i, 0], turned[i, 1] = cosine * a - sine * b, sine * a + cosine * b
    return place, turned


@compiled
def project_vertices(
    world: F32,
    origin: F32,
    rotation: F32,
    kind: int,
    coefficients: F32,
    limit: float,
    focal: float,
    cx: float,
    cy: float,
) -> F32:
    """World (n, 3) to (n, 3) of pixel x, pixel y, nearness; nearness is −1 where the lens maps nothing.

    Args:
        world: Metres.
        origin: Where the camera hangs.
        rotation: Rows: its right, down and forward.
        kind: 0 plain pinhole, 1 pinhole with radial distortion, 2 fisheye.
        coefficients: k1…k4 of `dongsun.contract.lens.Lens`.
        limit: Largest tangent (pinhole) or angle (fisheye) that the lens maps.
        focal: Pixels.
        cx: Pixel x of the picture's centre.
        cy: Pixel y of the picture's centre.
    """
    screen = np.empty((len(world), 3), np.float32)
    for i in range(len(world)):
        a, b, c = world[i, 0] - origin[0], world[i, 1] - origin[1], world[i, 2] - origin[2]
        z = rotation[2, 0] * a + rotation[2, 1] * b + rotation[2, 2] * c
        if kind == 0 and z > 0.15:
            screen[i, 0] = (rotation[0, 0] * a + rotation[0, 1] * b + rotation[0, 2] * c) / z * focal + cx
            screen[i, 1] = (rotation[1, 0] * a + rotation[1, 1] * b + rotation[1, 2] * c) / z * focal + cy
            screen[i, 2] = 1 / z
            continue
        screen[i, 0], screen[i, 1], screen[i, 2] = 0, 0, -1
        depth = math.sqrt(a * a + b * b + c * c) if kind == 2 else z
        if kind == 0 or depth < 0.15:
            continue
        x = rotation[0, 0] * a + rotation[0, 1] * b + rotation[0, 2] * c
        y = rotation[1, 0] * a + rotation[1, 1] * b + rotation[1, 2] * c
        across = math.sqrt(x * x + y * y) + 1e-12
        r = math.atan2(across, z) if kind == 2 else across / z
        if r > limit:
            continue
        s = r * r
        bent = 1 + s * (coefficients[0] + s * (coefficients[1] + s * (coefficients[2] + s * coefficients[3])))
        scale = r * bent / across * focal
        screen[i, 0], screen[i, 1], screen[i, 2] = x * scale + cx, y * scale + cy, 1 / depth
    return screen


@compiled
def draw_depth(
    screen: F32, triangles: I32, person: int, depth: F32, triangle_buffer: I32, person_buffer: I16, stamp: I16
) -> int:
    """Z-buffers one person's triangles.

    Returns:
        How many pixels the person covers in the picture, hidden or not: `stamp` remembers who last covered a pixel.
    """
    height, width = depth.shape
    covered = 0
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        z0, z1, z2 = screen[a, 2], screen[b, 2], screen[c, 2]
        if z0 <= 0 or z1 <= 0 or z2 <= 0:
            continue
        x0, y0, x1, y1, x2, y2 = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        left = max(0, math.ceil(min(x0, x1, x2) - 0.5))
        right = min(width - 1, math.floor(max(x0, x1, x2) - 0.5))
        top = max(0, math.ceil(min(y0, y1, y2) - 0.5))
        bottom = min(height - 1, math.floor(max(y0, y1, y2) - 0.5))
        if left > right or top > bottom:
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-9:
            continue
        inverse = 1.0 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5 - x0, y + 0.5 - y0
                w1 = (px * (y2 - y0) - (x2 - x0) * py) * inverse
                w2 = ((x1 - x0) * py - px * (y1 - y0)) * inverse
                w0 = 1 - w1 - w2
                if w0 < 0 or w1 < 0 or w2 < 0:
                    continue
                if stamp[y, x] != person:
                    stamp[y, x] = person
                    covered += 1
                nearness = w0 * z0 + w1 * z1 + w2 * z2
                if nearness > depth[y, x]:
                    depth[y, x] = nearness
                    triangle_buffer[y, x] = k
                    person_buffer[y, x] = person
    return covered


@compiled
def pattern_share(m: F32, rx: float, ry: float, rz: float) -> float:
    """How much of the second colour shows at a point of the body at rest (columns: `materials.py`)."""
    kind, frequency, phase, mark = int(m[6]), m[7], m[8], m[16]
    if kind == 1:
        return 1.0 if math.sin(rz * frequency * 3 + phase) > 0.2 else 0.0
    if kind == 2:
        return 1.0 if math.sin((rx + ry * 0.3) * frequency * 4 + phase) > 0.3 else 0.0
    if kind == 3:
        across = 0.5 if math.sin(rz * frequency * 2.2 + phase) > 0.3 else 0.0
        return across + (0.5 if math.sin((rx + ry * 0.2) * frequency * 2.2) > 0.3 else 0.0)
    if kind == 4:
        return 1.0 if value_noise(rx * frequency, ry * frequency, rz * frequency) > 0.62 else 0.0
    if kind == 5:
        print_here = abs(rx) < 0.1 and ry < 0 and abs(rz - mark + 0.05) < 0.07
        return 1.0 if print_here and value_noise(rx * 60, 1.0, rz * 60) > 0.4 else 0.0
    if kind == 6:
        return value_noise(rx * 9 + phase, ry * 9, rz * 5) * 0.9 + 0.2 * value_noise(rx * 90, ry * 90, rz * 40)
    if kind == 7:
        return 1.0 if rz > mark else 0.0
    return 0.0


@compiled
def shade_person(
    image: F32,
    triangle_buffer: I32,
    person_buffer: I16,
    person: int,
    bounds: I32,
    screen: F32,
    rest: F32,
    normals: F32,
    world: F32,
    triangles: I32,
    triangle_material: I32,
    triangle_is_head: npt.NDArray[np.uint8],
    materials: F32,
    lights: F32,
    camera: F32,
    ambient: float,
) -> I32:
    """Colours the pixels where `person` is nearest, within `bounds` (x0, y0, x1, y1).

    Args:
        image: (h, w, 3) float BGR, changed in place.
        lights: (n, 4) x, y, z and strength of the nearest ceiling lights.
        camera: (3,) where the camera is, to turn normals toward it.
        ambient: Light from everywhere.
        The rest is as in `Person`, posed.

    Returns:
        (10,): visible pixels, their x0, y0, x1, y1 (x1, y1 exclusive), then the same for the head.
    """
    seen = np.zeros(10, np.int32)
    seen[1] = seen[2] = seen[6] = seen[7] = 1 << 30
    for y in range(bounds[1], bounds[3]):
        for x in range(bounds[0], bounds[2]):
            if person_buffer[y, x] != person:
                continue
            k = triangle_buffer[y, x]
            for first in range(0, 5 * (1 + triangle_is_head[k]), 5):
                seen[first] += 1
                seen[first + 1], seen[first + 2] = min(seen[first + 1], x), min(seen[first + 2], y)
                seen[first + 3], seen[first + 4] = max(seen[first + 3], x + 1), max(seen[first + 4], y + 1)
            a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
            x0, y0, x1, y1 = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1]
            x2, y2 = screen[c, 0], screen[c, 1]
            inverse = 1.0 / ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
            px, py = x + 0.5 - x0, y + 0.5 - y0
            w1 = (px * (y2 - y0) - (x2 - x0) * py) * inverse
            w2 = ((x1 - x0) * py - px * (y1 - y0)) * inverse
            w0 = 1 - w1 - w2
            rx = w0 * rest[a, 0] + w1 * rest[b, 0] + w2 * rest[c, 0]
            ry = w0 * rest[a, 1] + w1 * rest[b, 1] + w2 * rest[c, 1]
            rz = w0 * rest[a, 2] + w1 * rest[b, 2] + w2 * rest[c, 2]
            nx = w0 * normals[a, 0] + w1 * normals[b, 0] + w2 * normals[c, 0]
            ny = w0 * normals[a, 1] + w1 * normals[b, 1] + w2 * normals[c, 1]
            nz = w0 * normals[a, 2] + w1 * normals[b, 2] + w2 * normals[c, 2]
            qx = w0 * world[a, 0] + w1 * world[b, 0] + w2 * world[c, 0]
            qy = w0 * world[a, 1] + w1 * world[b, 1] + w2 * world[c, 1]
            qz = w0 * world[a, 2] + w1 * world[b, 2] + w2 * world[c, 2]
            m = materials[triangle_material[k]]
            if rz < m[10]:
                m = materials[int(m[11])]
            elif abs(rx) > m[12]:
                m = materials[int(m[13])]
            elif abs(rx) < m[14] and ry < 0:
                m = materials[int(m[15])]
            scale = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            nx, ny, nz = nx * scale, ny * scale, nz * scale
            if nx * (camera[0] - qx) + ny * (camera[1] - qy) + nz * (camera[2] - qz) < 0:
                nx, ny, nz = -nx, -ny, -nz
            t = pattern_share(m, rx, ry, rz)
            direct = 0.0
            for i in range(lights.shape[0]):
                lx, ly, lz = lights[i, 0] - qx, lights[i, 1] - qy, lights[i, 2] - qz
                square = lx * lx + ly * ly + lz * lz
                facing = (nx * lx + ny * ly + nz * lz) / math.sqrt(square)
                direct += lights[i, 3] * max(0.0, facing * 0.75 + 0.25) / square
            occlusion = 0.62 + 0.38 * min(1.0, qz / 0.9)
            light = (ambient * (0.55 + 0.45 * (0.5 + 0.5 * nz)) + direct) * occlusion
            light *= 0.95 + 0.1 * hash01(math.floor(rx * 400), math.floor(ry * 400), math.floor(rz * 400))
            for channel in range(3):
                image[y, x, channel] = min(255.0, (m[channel] * (1 - t) + m[3 + channel] * t) * light)
    return seen
