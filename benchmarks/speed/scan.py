"""The scan that both packages read: 512 x 512 x 120 at 0.8 x 0.8 x 2.5 mm, in each format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

SPACING = (0.8, 0.8, 2.5)


def make_image(seed: int = 0) -> sitk.Image:
    """Make a body of noisy soft tissue with air around it: compresses as a CT does (3:1)."""
    z, y, x = np.ogrid[:120, :512, :512]
    inside = ((x - 256) / 210) ** 2 + ((y - 256) / 150) ** 2 < 1
    noise = np.random.default_rng(seed).normal(40, 20, (120, 512, 512))
    image = sitk.GetImageFromArray(np.where(inside, noise + z / 4, -1024).round().astype(np.int16))
    image.SetSpacing(SPACING)
    image.SetOrigin((-204.8, -204.8, -150.0))
    return image


def seeds(count: int) -> list[list[float]]:
    """Spread seeds over the body, from near the first slice to near the last."""
    share = np.linspace(0.15, 0.85, count) if count > 1 else np.array([0.5])
    return np.stack([share * 120 - 60, share * 80 - 40, share * 297.5 - 150], axis=1).tolist()


def write(image: sitk.Image, folder: Path) -> dict[str, Path]:
    """Write the scan in each format; return the paths by name."""
    paths = {name: folder / f"scan{name}" for name in (".nii.gz", ".nii", ".nrrd", ".mha")}
    for path in paths.values():
        sitk.WriteImage(image, str(path), path.suffix == ".gz")
    paths["DICOM folder"] = folder / "dicom"
    _write_dicom(image, paths["DICOM folder"])
    return paths


def _write_dicom(image: sitk.Image, folder: Path) -> None:
    folder.mkdir()
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(image.GetSize()[2]):
        piece = image[:, :, k]
        tags = {
            "0008|0008": "ORIGINAL\\PRIMARY\\AXIAL",
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0018": f"1.2.826.0.1.3680043.8.498.1.{k + 1}",
            "0008|0060": "CT",
            "0018|0050": str(SPACING[2]),
            "0020|000d": "1.2.826.0.1.3680043.8.498.2",
            "0020|000e": "1.2.826.0.1.3680043.8.498.3",
            "0020|0013": str(k + 1),
            "0020|0032": "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, k)))),
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0020|0052": "1.2.826.0.1.3680043.8.498.4",
            "0028|1052": "0",
            "0028|1053": "1",
        }
        for tag, value in tags.items():
            piece.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{k:03d}.dcm"))
        writer.Execute(piece)
