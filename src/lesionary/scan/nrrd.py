"""NRRD, attached (``.nrrd``) and detached (``.nhdr``)."""

from __future__ import annotations

from pathlib import Path

import nrrd
import numpy as np

from lesionary.errors import ScanError
from lesionary.scan.filevoxels import GzippedVoxels, map_voxels
from lesionary.scan.itk import ItkVoxels, read_header
from lesionary.scan.scan import ArrayVoxels, Scan, Voxels

_TYPE = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    "float": "f4",
    "double": "f8",
}


def read_nrrd(path: Path) -> Scan:
    """Read the header of an NRRD file; the voxels stay in the file until asked for.

    ITK says where the voxels are in space; raw and gzipped ones attached to the header are
    then read by slice from the file itself, any other encoding by ITK.
    """
    geometry = read_header(path)
    try:
        with path.open("rb") as handle:
            header = nrrd.read_header(handle)
            offset = handle.tell()
    except (nrrd.NRRDError, ValueError, UnicodeDecodeError) as error:
        raise ScanError(f"{path} has a broken NRRD header: {error}") from error

    kind = _TYPE.get(header["type"])
    plain = not {"data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"} & set(
        header
    )
    voxels: Voxels = ItkVoxels(path, geometry.shape)
    if kind and plain:
        dtype = np.dtype(kind).newbyteorder(">" if header.get("endian") == "big" else "<")
        if header["encoding"] == "raw":
            voxels = ArrayVoxels(map_voxels(path, offset=offset, dtype=dtype, shape=geometry.shape))
        elif header["encoding"] in ("gzip", "gz"):
            voxels = GzippedVoxels(path, stream_offset=offset, dtype=dtype, shape=geometry.shape)
    return Scan(geometry, voxels, source=str(path))
