"""Read one DICOM series as a scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lesionary.scan.dicom.acquisition import ACQUISITION_KEYWORDS, describe_acquisition
from lesionary.scan.dicom.frames import Frame, read_frames
from lesionary.scan.dicom.header import refuse_damage
from lesionary.scan.dicom.parse import read_dataset
from lesionary.scan.dicom.parts import Opener
from lesionary.scan.dicom.pixels import DicomVoxels, read_stored, voxel_dtype
from lesionary.scan.dicom.series import choose_series, find_files
from lesionary.scan.dicom.stack import stack_frames
from lesionary.scan.dicom.suv import SUV_KEYWORDS, SuvUnknownError, suv_scale
from lesionary.scan.scan import DicomSource, Scan


def read_dicom(
    source: str | Path | Sequence[str | Path],
    *,
    series_uid: str | None = None,
    allow_missing_slices: bool = False,
) -> Scan:
    """Read a DICOM series: all headers now, each slice's pixels when asked for.

    Parameters
    ----------
    source : str, Path or sequence of them
        A folder (searched recursively), a ``.zip``, a file, or a list of files. Files that are
        not DICOM are passed over.
    series_uid : str, optional
        SeriesInstanceUID of the series meant, where there are several.
    allow_missing_slices : bool
        Fill gaps by linear interpolation between their neighbours (recorded in ``notes``)
        instead of refusing. In ``dicom.files``, a filled slice has its nearer neighbour's
        file; half-way, the one before it.

    Returns
    -------
    Scan
        CT in HU, PET in SUV by body weight where the header allows it (else as stored, with a
        note that says what is missing), MR in arbitrary units. Slices go up along
        row direction x column direction. A tilted gantry's shear is in the affine.

    Raises
    ------
    ScanError
        Where there is no image volume, more than one, or one that cannot be read without
        guessing; the message lists the series, or names the files.
    """
    with Opener() as opener:
        files = find_files(source, opener)
        headers, notes = choose_series(files, series_uid)
        frames = read_frames(headers, opener)
        stack = stack_frames(
            frames,
            lambda frame: next(read_stored(frame.header, [frame.index], opener)),
            allow_missing_slices=allow_missing_slices,
        )
        notes.extend(stack.notes)
        first = stack.slices[0].nearest
        with refuse_damage(first.header):
            dataset, _ = read_dataset(first.header, opener, (*ACQUISITION_KEYWORDS, *SUV_KEYWORDS))
            acquisition = describe_acquisition(dataset)

    modality = first.header.text("Modality")
    unit, scale = "a.u.", 1.0
    if modality == "CT":
        unit = _ct_unit(first, notes)
    elif modality == "PT":
        try:
            unit, scale = "SUV", suv_scale(headers, dataset, first.rescale_type)
        except SuvUnknownError as missing:
            unit = "a.u."
            notes.append(f"SUV cannot be computed: {missing}. Values are as stored.")

    in_z_order = [one.nearest.header.part for one in stack.slices]
    on_disk = not in_z_order[0].member
    return Scan(
        geometry=stack.geometry,
        voxels=DicomVoxels(stack.slices, scale, voxel_dtype(stack.slices, scale)),
        modality=modality,
        unit=unit,
        source=f"{files.source}#{series_uid}" if series_uid else files.source,
        notes=tuple(notes),
        acquisition=acquisition,
        dicom=DicomSource(
            series_uid=first.header.text("SeriesInstanceUID"),
            study_uid=first.header.text("StudyInstanceUID"),
            frame_of_reference_uid=first.header.text("FrameOfReferenceUID"),
            files=_files([part.path for part in in_z_order]) if on_disk else (),
        ),
    )


def _ct_unit(frame: Frame, notes: list[str]) -> str:
    """HU, unless the header says that values are something else (an iodine map)."""
    if frame.rescale_type in ("", "HU", "US"):
        if not frame.header.enhanced and not frame.header.text("RescaleIntercept"):
            notes.append("RescaleIntercept is missing; stored values are taken as HU.")
        return "HU"
    notes.append(f"Values are not Hounsfield units but {frame.rescale_type} (RescaleType).")
    return "a.u."


def _files(paths: list[Path]) -> tuple[Path, ...]:
    """One file a slice; or the one file, where it holds all slices."""
    return (paths[0],) if len(set(paths)) == 1 else tuple(paths)
