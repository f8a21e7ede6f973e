"""The bones in the atlas frame (millimetres, as in :mod:`lesionary.phantom.torso`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lesionary.phantom.shapes import Plate, Stack, Tube, curve, ellipsoid, stack, tube
from lesionary.phantom.torso import CAVITY
from lesionary.scan.geometry import FloatArray

# Height of the spine's levels, and how far back the vertebral bodies' centres lie there.
_SPINE = np.array(
    [(-275, 52), (-250, 42), (-190, 36), (-110, 42), (0, 60), (100, 66), (190, 52), (250, 38)]
)
_RIB_HEADS = 226 - 24.5 * np.arange(12)


@dataclass(frozen=True)
class Vertebra:
    """One vertebra: body, arch and spines (tubes), and the canal behind the body."""

    body: Stack
    canal: Stack
    processes: tuple[Tube, ...]


def _body_width(z: float) -> float:
    """Half the width of the vertebral bodies at height z, mm."""
    return float(np.interp(z, [-260, 0, 240], [25, 18, 14]))


@cache
def vertebrae() -> tuple[Vertebra, ...]:
    """Return T1 to L5, head to foot."""
    bones = []
    z, height = 234.0, 19.0
    while z > -262:
        y = float(np.interp(z, *_SPINE.T))
        wide = _body_width(z)
        deep = 0.72 * wide
        back = y + deep + 9
        tip = (0, back + 13, z - 6)
        arch = [
            tube([(s * 11, back - 10, z + 2), (s * 12, back + 6, z - 2), tip], 3.8, 0.5)
            for s in (-1, 1)
        ]
        transverse = [
            tube([(s * 12, back + 2, z), (s * (wide + 12), back + 6, z + 3)], 3.8, 0.5)
            for s in (-1, 1)
        ]
        spinous = tube([(0, back + 12, z - 5), (0, back + 26, z - 15)], [3.8, 3], 0.5)
        bones.append(
            Vertebra(
                ellipsoid((0, y, z), (wide, deep, height / 2), power=3.4),
                ellipsoid((0, back, z), (9.5, 8, height), power=2.5),
                (*arch, *transverse, spinous),
            )
        )
        z -= height + 4.5
        height = min(height + 0.75, 29.0)
    return tuple(bones)


@cache
def discs() -> Stack:
    """Return the column of discs (the vertebral bodies are painted into it)."""
    rows = [(z, 0, y, 0.9 * _body_width(z), 0.65 * _body_width(z)) for z, y in _SPINE]
    return stack(rows, power=2.6)


@cache
def ribs() -> tuple[list[Tube], list[Tube]]:
    """Return the twelve pairs of ribs, and the cartilage that joins ten to the sternum."""
    bones, cartilage = [], []
    for number, head in enumerate(_RIB_HEADS, start=1):
        reach = 150 if number <= 7 else 150 - 12 * (number - 7)
        angle = np.radians(np.linspace(16, reach, 15))
        fall = 30 if number == 1 else 78
        line = _on_cage(angle, head - fall * (1 - np.cos(angle)) / 2 - 14 * np.sin(angle))
        radius = 4.7 if number < 11 else 3.8
        bones += _pair(line, radius, core=0.6)
        if number <= 10:
            end = _on_cage(np.radians([171.0]), np.maximum(line[-1, 2] + 10, 20.0)[None])[0]
            cartilage += _pair(curve([line[-1], (line[-1] + end) / 2 - [0, 2, 4], end], 4), 5.0)
    return bones, cartilage


def _on_cage(angle: FloatArray, z: FloatArray) -> FloatArray:
    """Return points of the rib cage (n, 3) at angles from the back and heights z."""
    cx, cy, a, b = CAVITY.section(z).T
    sine, cosine = np.sin(angle), np.cos(angle)
    power = CAVITY.power
    radius = (np.abs(sine / (a + 4)) ** power + np.abs(cosine / (b + 4)) ** power) ** (-1 / power)
    return np.stack([cx + radius * sine, cy + radius * cosine, z], axis=1)


def _pair(line: FloatArray, radius: float, core: float = 0.0) -> list[Tube]:
    return [tube(line * [side, 1, 1], radius, core) for side in (1, -1)]


@cache
def sternum() -> Plate:
    """Return manubrium and body of the sternum."""
    levels = np.array([196.0, 160, 120, 80, 46])
    half = [24, 20, 13, 15, 13]
    _, cy, _, b = CAVITY.section(levels).T
    return Plate(
        np.array([(z, -h, y, h, y) for z, h, y in zip(levels, half, cy - b - 3, strict=True)])[
            ::-1
        ],
        radius=5.0,
        core=0.6,
    )


@cache
def shoulder() -> tuple[list[Tube], list[Plate]]:
    """Return the collar bones, and the shoulder blades."""
    clavicle = curve([(18, -66, 198), (62, -60, 214), (112, -20, 236)], 8)
    blade = np.array(
        [
            (84.0, 66.0, 82.0, 92.0, 74.0),
            (130, 62, 88, 116, 62),
            (190, 66, 84, 134, 52),
            (226, 72, 78, 140, 40),
        ]
    )
    plates = [Plate(blade * [1, s, 1, s, 1], 3.4, 0.5) for s in (1, -1)]
    return _pair(clavicle, 6.2, 0.6), plates


@dataclass(frozen=True)
class Pelvis:
    """The pelvis: plates of the wings, and round bones."""

    wings: tuple[Plate, ...]
    sacrum: Stack
    tubes: tuple[Tube, ...]
    heads: tuple[Stack, ...]


@cache
def pelvis() -> Pelvis:
    """Return pelvis and the upper end of the thigh bones."""
    wing = np.array(
        [
            (-334, 70, 34, 74, -12),
            (-310, 66, 40, 84, -18),
            (-286, 54, 54, 96, -22),
            (-262, 47, 66, 112, -26),
            (-240, 48, 68, 124, -30),
            (-222, 56, 66, 128, -10),
            (-210, 78, 56, 122, 6),
            (-202, 92, 44, 114, 20),
            (-198, 101, 34, 106, 30),
        ],
        float,
    )
    rami = curve([(70, -22, -338), (40, -46, -356), (8, -52, -366), (8, -48, -384)], 8)
    ischium = curve([(72, 24, -330), (66, 34, -366), (58, 22, -392)], 6)
    neck = curve([(94, 0, -346), (118, 14, -360), (132, 18, -376)], 5)
    shaft = np.array([(132.0, 18.0, -366.0), (136.0, 18.0, -400.0)])
    socket = curve(
        [(70, -24, -344), (74, -10, -318), (92, 0, -312), (84, 22, -320), (70, 28, -346)], 9
    )
    lines = ((rami, 7.5), (ischium, 11.0), (neck, 14.0), (shaft, 17.0), (socket, 7.0))
    sacrum = [
        (-384, 0, 84, 7, 4),
        (-350, 0, 90, 16, 7),
        (-310, 0, 80, 34, 12),
        (-275, 0, 66, 48, 17),
        (-256, 0, 54, 46, 18),
    ]
    return Pelvis(
        wings=tuple(Plate(wing * [1, s, 1, s, 1], 6.0, 0.6) for s in (1, -1)),
        sacrum=stack(sacrum, power=2.4),
        tubes=tuple(t for line, radius in lines for t in _pair(line, radius, 0.7)),
        heads=tuple(ellipsoid((s * 90, -2, -342), (23, 23, 23)) for s in (1, -1)),
    )
