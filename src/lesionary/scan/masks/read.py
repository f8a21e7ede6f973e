"""Read masks, whatever holds them."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread

from lesionary.errors import MaskError
from lesionary.scan.masks.contents import look_into
from lesionary.scan.masks.labels import label_regions
from lesionary.scan.masks.mask import Mask
from lesionary.scan.masks.references import read_dicom_header
from lesionary.scan.masks.region import Region, choose, listed
from lesionary.scan.masks.rtstruct import contour_regions
from lesionary.scan.masks.seg import segment_regions
from lesionary.scan.read import FORMATS
from lesionary.scan.scan import Scan


def list_rois(path: str | Path) -> list[str]:
    """Name the regions that a mask file holds (point ROIs and the like are left out)."""
    return [region.name for region in list_regions(path) if not region.problem]


def read_mask(
    path: str | Path,
    scan: Scan | None = None,
    *,
    roi: str | None = None,
    label: int | None = None,
    resample: bool = False,
) -> Mask:
    """Read one region.

    Parameters
    ----------
    path
        A label file (NIfTI, NRRD, MetaImage, NumPy), a DICOM SEG or RTSTRUCT file, or a folder
        that holds exactly one of these.
    scan : Scan, optional
        The scan it belongs to: the mask comes on its grid. An RTSTRUCT cannot do without.
    roi : str, optional
        Name of the ROI or segment, or a shell pattern (``GTV*``); case does not count, and an
        exact name wins. A label file's regions are called by their value (``2``), or by the
        file (``GTV-1`` of ``GTV-1_mask.nrrd``) where there is only one.
    label : int, optional
        Label value, segment number or ROI number.
    resample : bool
        Put a mask of another geometry on the scan's grid (nearest neighbour), which is an
        error otherwise.

    Raises
    ------
    MaskError
        If there is no such region or more than one, if it is empty, or does not fit the scan.

    Examples
    --------
    >>> read_mask("LUNG1-001", scan, roi="GTV-1").volume_ml  # doctest: +SKIP
    155.78
    """
    regions = list_regions(path, scan, resample=resample)
    chosen = choose(regions, str(path), roi, label)
    if len(chosen) > 1:
        raise MaskError(
            f"{path} holds several regions that could be meant: {listed(chosen)}. Choose one by "
            "name (roi) or by the number in brackets (label); in a lesion table, either goes into "
            "the column mask_label."
        )
    return chosen[0].read()


def read_masks(
    path: str | Path, scan: Scan | None = None, *, roi: str | None = None, resample: bool = False
) -> list[Mask]:
    """Read every region whose name is ``roi`` or matches it as a pattern; all without it.

    Parameters are those of :func:`read_mask`. An empty region is an error here too; to read
    one by one, see :func:`list_regions`.
    """
    regions = list_regions(path, scan, resample=resample)
    return [region.read() for region in choose(regions, str(path), roi)]


def list_regions(
    path: str | Path, scan: Scan | None = None, *, resample: bool = False
) -> list[Region]:
    """List the regions of a mask file, each to be read when it is wanted.

    Those that are no region (point ROIs, ROIs without contours) say so in ``problem``.
    """
    file = _one_file(Path(path))
    grid = scan.geometry if scan is not None else None
    if file.name.lower().endswith(FORMATS):
        return label_regions(file, grid, resample=resample)
    header = read_dicom_header(file)
    modality = str(header.get("Modality", "")) if header is not None else ""
    if modality == "SEG":
        return segment_regions(file, grid, resample=resample)
    if modality == "RTSTRUCT":
        return contour_regions(dcmread(file), file, scan)
    raise MaskError(
        f"{file} is not a mask: it is {f'DICOM {modality}' if modality else 'no DICOM file'}, and "
        f"none of {', '.join(FORMATS)}."
    )


def _one_file(path: Path) -> Path:
    if not path.exists():
        raise MaskError(f"There is no file or folder {path}.")
    if path.is_file():
        return path
    contents = look_into(path)
    found = list(contents.masks)
    if not found and len(contents.volumes) == 1 and not contents.series:
        return contents.volumes[0]
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(file.relative_to(path)) for file in found[:10])
    raise MaskError(
        f"{path} holds {len(found)} masks ({names}); name the one that is meant."
        if found
        else f"{path} holds no mask (NIfTI, NRRD, MetaImage, DICOM SEG or RTSTRUCT)."
    )
