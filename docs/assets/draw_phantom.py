"""Draw phantom.png: one patient in three windows, and eight lesions. Run it from the root."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lesionary.phantom import Lesion, PhantomConfig, Scanner, make_phantom

LUNG, SOFT, BONE = (-500, 1500), (40, 400), (350, 1500)
TILE = 116
LESIONS = [
    (Lesion("lung", 22, spiculation=0.9), LUNG),
    (Lesion("lung", 22, density="part-solid", spiculation=0.3), LUNG),
    (Lesion("lung", 24, density="ground-glass", margin="ill-defined"), LUNG),
    (Lesion("lung", 26, margin="lobulated", calcification=0.7), SOFT),
    (Lesion("liver", 40, necrosis=0.7), SOFT),
    (Lesion("kidney", 34, heterogeneity_hu=25), SOFT),
    (Lesion("mediastinum", 26, margin="ill-defined"), SOFT),
    (Lesion("bone", 24), BONE),
]


def grey(hu: NDArray[np.int16], window: tuple[int, int]) -> Image.Image:
    level, width = window
    return Image.fromarray((((hu - level) / width + 0.5).clip(0, 1) * 255).astype(np.uint8))


def lesion_tile(index: int, lesion: Lesion, window: tuple[int, int]) -> Image.Image:
    scanner = Scanner(field_mm=360, slice_thickness_mm=2.5, kernel="soft", noise_hu=9)
    config = PhantomConfig(size="small", matrix=448)
    patient = make_phantom(5, index, config, lesions=[lesion], scanner=scanner)
    row = patient.truth[0]
    center = patient.scan.geometry.to_vox([row[f"center_{axis}_mm"] for axis in "xyz"])
    z, y, x = np.round(center).astype(int)
    half = 38
    image = patient.scan.read()[z, max(y - half, 0) : y + half, max(x - half, 0) : x + half]
    tile = grey(image, window).resize((TILE, TILE), Image.Resampling.BICUBIC)
    name = lesion.density if lesion.site == "lung" and lesion.density != "solid" else lesion.site
    ImageDraw.Draw(tile).text((3, TILE - 12), name, fill=255)
    return tile


def main() -> None:
    scanner = Scanner(field_mm=384, slice_thickness_mm=2.5, noise_hu=9)
    patient = make_phantom(2, 7, lesions=[Lesion("lung", 24, spiculation=0.6)], scanner=scanner)
    hu = patient.scan.read()
    nz, ny, _ = hu.shape
    axial = [(0.80, LUNG), (0.71, SOFT), (0.52, SOFT), (0.42, SOFT)]  # share of the height
    wide, high = 2 * TILE, 2 * TILE * 168 // 252
    coronal = grey(hu[::-1, ny // 2 - 12], SOFT).resize((340, 340 * nz * 25 // (256 * 15)))
    page = Image.new("L", (340 + 2 * wide, 2 * high + 2 * TILE))
    page.paste(coronal, (0, 0))
    for i, (level, window) in enumerate(axial):
        image = grey(hu[int(level * nz), 42:210, 2:254], window).resize((wide, high))
        page.paste(image, (340 + (i % 2) * wide, (i // 2) * high))
    for i, (lesion, window) in enumerate(LESIONS):
        place = 340 + (i % 4) * TILE, 2 * high + (i // 4) * TILE
        page.paste(lesion_tile(i, lesion, window), place)
    page.quantize(48).save(Path(__file__).with_name("phantom.png"), optimize=True)


if __name__ == "__main__":
    main()
