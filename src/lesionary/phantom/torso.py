"""The soft parts of the trunk in the atlas frame: wall, cavity, chest and belly.

Numbers are millimetres, chosen by eye against axial anatomy: rows of stacks are
``z, cx, cy, a, b`` (see :mod:`lesionary.phantom.shapes`).
"""

from __future__ import annotations

import numpy as np

from lesionary.phantom.shapes import Plate, Tube, curve, dome, ellipsoid, stack, tube

TOP, BOTTOM = 242.0, -392.0

TABLE = Plate(
    np.array([(BOTTOM - 60, -200.0, 134.0, 200.0, 134.0), (TOP + 60, -200, 134, 200, 134)]),
    radius=6.0,
    core=0.75,
)

BODY = stack(
    [
        (TOP, 0, 12, 150, 84),
        (205, 0, 8, 170, 100),
        (150, 0, 2, 171, 110),
        (60, 0, 0, 165, 113),
        (-40, 0, 0, 158, 112),
        (-130, 0, 2, 153, 108),
        (-220, 0, 6, 162, 110),
        (-300, 0, 10, 174, 114),
        (BOTTOM, 0, 12, 176, 108),
    ],
    power=2.5,
)

# What the ribs, the belly's muscles and the pelvis enclose.
CAVITY = stack(
    [
        (246, 0, 22, 46, 34),
        (222, 0, 14, 74, 54),
        (190, 0, 5, 97, 68),
        (140, 0, -3, 114, 81),
        (80, 0, -5, 123, 88),
        (0, 0, -5, 127, 91),
        (-80, 0, -7, 124, 88),
        (-150, 0, -14, 119, 76),
        (-215, 0, -16, 116, 72),
        (-265, 0, -8, 84, 74),
        (-330, 0, -4, 58, 68),
        (-372, 0, 4, 46, 50),
        (-388, 0, 8, 16, 18),
    ],
    power=2.3,
)

LUNGS = stack(
    [
        (236, 0, 22, 50, 32),
        (222, 0, 14, 70, 50),
        (190, 0, 5, 93, 64),
        (140, 0, -3, 110, 77),
        (80, 0, -5, 119, 84),
        (0, 0, -5, 123, 87),
        (-78, 0, -7, 120, 84),
    ],
    power=2.3,
)

MEDIASTINUM = stack(
    [
        (TOP, 0, 6, 34, 46),
        (215, 0, 4, 31, 46),
        (180, 0, -2, 28, 52),
        (140, 2, -8, 29, 60),
        (100, 4, -12, 32, 66),
        (60, 6, -14, 32, 72),
        (0, 4, -10, 34, 72),
        (-60, 0, -10, 38, 74),
    ],
    power=2.2,
)

DOMES = {
    "right": dome(ellipsoid((-64, -10, -92), (70, 84, 106), tilt=(0.04, 0), power=2.3), 0.3),
    "left": dome(ellipsoid((62, -8, -96), (72, 84, 97), tilt=(-0.02, 0), power=2.3), 0.3),
}

LIVER = stack(
    [
        (11, -56, -16, 6, 8),
        (8, -57, -16, 24, 28),
        (0, -58, -15, 41, 47),
        (-20, -60, -12, 58, 66),
        (-50, -64, -10, 62, 75),
        (-85, -72, -9, 53, 74),
        (-120, -82, -11, 39, 62),
        (-150, -88, -14, 25, 44),
        (-172, -92, -16, 6, 12),
    ],
    power=2.2,
)
LIVER_LEFT = ellipsoid((2, -52, -38), (62, 30, 44), tilt=(-0.3, 0.1))
GALLBLADDER = ellipsoid((-48, -44, -112), (13, 17, 26), tilt=(0.2, -0.2))
SPLEEN = ellipsoid((90, 38, -52), (29, 40, 55), tilt=(-0.12, -0.15))
STOMACH = ellipsoid((60, -24, -54), (46, 42, 60), tilt=(0.2, 0.25))
STOMACH_GAS = ellipsoid((56, -48, -44), (31, 15, 34), tilt=(0.2, 0.1))
PANCREAS = tube(
    curve([(-28, -18, -122), (-10, -22, -112), (20, -8, -104), (62, 18, -84)], 9),
    [14, 13, 12, 10, 10, 9, 9, 8, 7],
)
KIDNEY = ellipsoid((60, 42, -128), (28, 25, 56), tilt=(-0.22, -0.12))
RENAL_PELVIS = ellipsoid((49, 36, -130), (15, 9, 27), tilt=(-0.22, -0.12))
ADRENALS = tuple(
    tube([(s * 32, 30, -62), (s * 38, 36, -72), (s * 36, 26, -76)], [3, 4, 3]) for s in (1, -1)
)
BLADDER = ellipsoid((0, -22, -326), (36, 28, 26))
RECTUM = tube(curve([(22, 12, -262), (8, 40, -285), (0, 44, -320), (0, 38, -372)], 8), 15, 0.72)
PROSTATE = ellipsoid((0, 6, -360), (22, 18, 17))

HEART = ellipsoid((24, -26, 52), (57, 45, 57), tilt=(-0.35, 0.25), power=2.1)
CHAMBERS = (
    ellipsoid((46, -14, 42), (24, 19, 31), tilt=(-0.35, 0.2)),  # left ventricle
    ellipsoid((14, -52, 42), (31, 15, 31), tilt=(-0.45, 0.25)),  # right ventricle
    ellipsoid((-18, -24, 56), (17, 20, 27)),  # right atrium
    ellipsoid((12, 8, 78), (29, 14, 18)),  # left atrium
)

AORTA = tube(
    np.concatenate(
        [
            curve(
                [(6, -26, 84), (-14, -36, 112), (-10, -30, 140), (8, -8, 156), (22, 20, 150),
                 (26, 34, 128)], 14,
            ),
            curve([(26, 34, 128), (23, 40, 80), (16, 36, 0), (8, 22, -90), (4, 12, -150),
                   (2, 10, -206)], 16)[1:],
        ]
    ),
    [15.5] * 6 + [14.5] * 5 + list(np.linspace(13.5, 8.5, 18)),
)  # fmt: skip
ARTERIES = (
    tube(curve([(10, -8, 160), (-8, -6, 190), (-24, 2, 240)], 8), 6),
    tube(curve([(16, 4, 158), (18, 2, 190), (20, 4, 240)], 8), 4.5),
    tube(curve([(22, 14, 156), (28, 12, 190), (44, 14, 236)], 8), 5),
    tube(curve([(10, 6, -84), (8, -12, -92), (-20, -10, -96)], 8), 4),  # coeliac, hepatic
    tube(curve([(6, 6, -104), (6, -14, -130), (0, -20, -190)], 8), 3.8),  # mesenteric
    tube([(4, 14, -120), (44, 36, -126)], 3.2),
    tube([(4, 14, -120), (-44, 36, -126)], 3.2),
)
ILIAC_LEFT = curve(
    [(2, 10, -206), (22, 12, -232), (44, 16, -262), (56, -12, -308), (64, -48, -372),
     (66, -54, -396)], 12,
)  # fmt: skip
ILIACS = (tube(ILIAC_LEFT, 5.5), tube(ILIAC_LEFT * [-1, 1, 1], 5.5))
VEINS = (
    tube(curve([(-20, -16, 236), (-24, -22, 180), (-26, -24, 120), (-22, -24, 84)], 7), 9.5),
    tube(curve([(44, 2, 200), (6, -28, 184), (-22, -24, 166)], 10), 6.5),  # left brachiocephalic
    tube(curve([(-18, 4, 30), (-24, 14, -20), (-22, 22, -100), (-16, 16, -208)], 12), 11),
    tube(ILIAC_LEFT * [1, 1, 1] + [0, 10, 0], 6),
    tube(ILIAC_LEFT * [-1, 1, 1] + [0, 10, 0], 6),
    tube(curve([(4, -14, -118), (-22, -6, -92), (-46, -8, -72)], 8), 6.5),  # portal
    tube([(-46, -8, -72), (-78, -6, -66), (-98, 4, -70)], [5.5, 4, 2.2]),
    tube([(-46, -8, -72), (-70, -34, -48), (-84, -44, -36)], [4.5, 3.2, 2]),
    tube([(-24, 12, -14), (-62, 8, -26), (-96, 10, -40)], [5, 4, 2]),  # hepatic
    tube([(-24, 12, -14), (-58, -28, -18), (-72, -48, -32)], [5, 4, 2]),
    tube([(-24, 12, -14), (-20, -24, -22), (-4, -46, -34)], [4.5, 3.5, 2]),
)
PULMONARY = (
    tube(curve([(22, -50, 78), (26, -38, 104), (24, -20, 116)], 5), 14),
    tube(curve([(24, -20, 116), (4, -10, 112), (-24, -4, 108), (-44, -2, 104)], 6), 11),
    tube(curve([(24, -20, 116), (34, -4, 120), (44, 10, 112)], 5), 11),
    tube(curve([(14, 10, 80), (-26, 4, 78), (-44, 0, 76)], 6), 7),  # pulmonary veins
    tube(curve([(14, 10, 80), (40, 12, 80), (50, 8, 80)], 6), 7),
)

TRACHEA = tube(curve([(0, 14, 246), (0, 16, 190), (-1, 18, 122)], 4), 10.5, core=0.82)
BRONCHI = {
    "right": tube(curve([(-1, 18, 122), (-18, 14, 108), (-40, 10, 98)], 6), 8.5, core=0.8),
    "left": tube(curve([(-1, 18, 122), (20, 16, 106), (44, 12, 96)], 6), 7.5, core=0.8),
}
ESOPHAGUS = tube(
    curve([(4, 28, 246), (6, 30, 160), (4, 32, 100), (12, 24, 20), (24, 4, -16)], 14), 8, core=0.3
)
HILUM = {"right": np.array([-44.0, 4.0, 100.0]), "left": np.array([46.0, 8.0, 102.0])}

PSOAS = tuple(
    stack(
        [
            (-98, s * 28, 38, 7, 8),
            (-130, s * 34, 33, 14, 15),
            (-180, s * 42, 28, 20, 21),
            (-230, s * 52, 18, 21, 22),
            (-285, s * 66, -8, 19, 19),
            (-335, s * 76, -22, 17, 16),
            (-392, s * 80, -20, 15, 15),
        ]
    )
    for s in (1, -1)
)
COLON = (
    tube(curve([(-88, -6, -232), (-96, 2, -190), (-92, 4, -152), (-84, -20, -138)], 7), 20, 0.86),
    tube(curve([(-84, -20, -138), (-50, -62, -150), (0, -68, -158), (52, -60, -140),
                (86, -8, -92)], 13), 16, 0.86),
    tube(curve([(86, -8, -92), (96, 14, -130), (98, 8, -190), (88, 6, -228)], 9), 14, 0.84),
    tube(curve([(88, 6, -228), (62, -10, -256), (30, -26, -268), (22, 12, -262)], 9), 13, 0.8),
)  # fmt: skip


def bowel_loops(rng: np.random.Generator) -> list[Tube]:
    """Coil small bowel through the middle of the belly, differently in each patient."""
    loops = []
    for z in np.arange(-252, -150, 25.0):
        n = 8
        x = np.linspace(-64, 64, n) * rng.choice([-1, 1]) + rng.uniform(-12, 12, n)
        y = -40 + 17 * np.resize([1, -1], n) * rng.uniform(0.4, 1.3, n) + rng.uniform(-5, 5, n)
        path = np.stack([x, y, z + rng.uniform(-16, 16, n)], axis=1)
        loops.append(tube(curve(path, 17), list(rng.uniform(8, 12, 17)), core=0.78))
    return loops


def _fat_planes() -> tuple[Plate, ...]:
    """Sheets of fat between the muscles of back, chest and buttocks."""
    rows = [
        [(-60, 62, 66, 66, 96), (160, 60, 76, 66, 96)],  # beside the long muscles of the back
        [(-245, 60, 60, 60, 92), (-80, 60, 60, 62, 92)],
        [(60, 132, -8, 146, 26), (190, 128, -6, 140, 30)],  # under the latissimus
        [(110, 40, -86, 112, -62), (190, 46, -76, 116, -50)],  # under the pectoralis
        [(-392, 40, 74, 128, 48), (-250, 52, 88, 132, 30)],  # between the glutei
        [(-392, 100, -30, 140, -8), (-320, 96, -38, 138, -10)],
    ]
    knots = [np.array(r, dtype=np.float64) for r in rows]
    return tuple(Plate(k * [1, side, 1, side, 1], 1.6) for k in knots for side in (1, -1))


FAT_PLANES = _fat_planes()
