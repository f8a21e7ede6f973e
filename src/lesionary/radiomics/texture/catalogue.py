"""Codes and names of the texture features, as in the IBSI reference manual."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# The families of counted lines, zones and neighbours list the same formulas in the same order
# (emphasis.py), under codes of their own.
FAMILIES: dict[str, dict[str, str]] = {
    "glcm": {
        "GYBY": "Joint maximum",
        "60VM": "Joint average",
        "UR99": "Joint variance",
        "TU9B": "Joint entropy",
        "TF7R": "Difference average",
        "D3YU": "Difference variance",
        "NTRS": "Difference entropy",
        "ZGXS": "Sum average",
        "OEEB": "Sum variance",
        "P6QZ": "Sum entropy",
        "8ZQL": "Angular second moment",
        "ACUI": "Contrast",
        "8S9J": "Dissimilarity",
        "IB1Z": "Inverse difference",
        "NDRX": "Normalised inverse difference",
        "WF0Z": "Inverse difference moment",
        "1QCO": "Normalised inverse difference moment",
        "E8JP": "Inverse variance",
        "NI2N": "Correlation",
        "QWB0": "Autocorrelation",
        "DG8W": "Cluster tendency",
        "7NFM": "Cluster shade",
        "AE86": "Cluster prominence",
        "R8DG": "Information correlation 1",
        "JN9H": "Information correlation 2",
    },
    "glrlm": {
        "22OV": "Short runs emphasis",
        "W4KF": "Long runs emphasis",
        "V3SW": "Low grey level run emphasis",
        "G3QZ": "High grey level run emphasis",
        "HTZT": "Short run low grey level emphasis",
        "GD3A": "Short run high grey level emphasis",
        "IVPO": "Long run low grey level emphasis",
        "3KUM": "Long run high grey level emphasis",
        "R5YN": "Grey level non-uniformity",
        "OVBL": "Normalised grey level non-uniformity",
        "W92Y": "Run length non-uniformity",
        "IC23": "Normalised run length non-uniformity",
        "9ZK5": "Run percentage",
        "8CE5": "Grey level variance",
        "SXLW": "Run length variance",
        "HJ9O": "Run entropy",
    },
    "glszm": {
        "5QRC": "Small zone emphasis",
        "48P8": "Large zone emphasis",
        "XMSY": "Low grey level zone emphasis",
        "5GN9": "High grey level zone emphasis",
        "5RAI": "Small zone low grey level emphasis",
        "HW1V": "Small zone high grey level emphasis",
        "YH51": "Large zone low grey level emphasis",
        "J17V": "Large zone high grey level emphasis",
        "JNSA": "Grey level non-uniformity",
        "Y1RO": "Normalised grey level non-uniformity",
        "4JP3": "Zone size non-uniformity",
        "VB3A": "Normalised zone size non-uniformity",
        "P30P": "Zone percentage",
        "BYLV": "Grey level variance",
        "3NSA": "Zone size variance",
        "GU8N": "Zone size entropy",
    },
    "gldzm": {
        "0GBI": "Small distance emphasis",
        "MB4I": "Large distance emphasis",
        "S1RA": "Low grey level zone emphasis",
        "K26C": "High grey level zone emphasis",
        "RUVG": "Small distance low grey level emphasis",
        "DKNJ": "Small distance high grey level emphasis",
        "A7WM": "Large distance low grey level emphasis",
        "KLTH": "Large distance high grey level emphasis",
        "VFT7": "Grey level non-uniformity",
        "7HP3": "Normalised grey level non-uniformity",
        "V294": "Zone distance non-uniformity",
        "IATH": "Normalised zone distance non-uniformity",
        "VIWW": "Zone percentage",
        "QK93": "Grey level variance",
        "7WT1": "Zone distance variance",
        "GBDU": "Zone distance entropy",
    },
    "ngtdm": {
        "QCDE": "Coarseness",
        "65HE": "Contrast",
        "NQ30": "Busyness",
        "HDEZ": "Complexity",
        "1X9X": "Strength",
    },
    "ngldm": {
        "SODN": "Low dependence emphasis",
        "IMOQ": "High dependence emphasis",
        "TL9H": "Low grey level count emphasis",
        "OAE7": "High grey level count emphasis",
        "EQ3F": "Low dependence low grey level emphasis",
        "JA6D": "Low dependence high grey level emphasis",
        "NBZI": "High dependence low grey level emphasis",
        "9QMG": "High dependence high grey level emphasis",
        "FP8K": "Grey level non-uniformity",
        "5SPA": "Normalised grey level non-uniformity",
        "Z87G": "Dependence count non-uniformity",
        "OKJI": "Normalised dependence count non-uniformity",
        "6XV8": "Dependence count percentage",
        "1PFV": "Grey level variance",
        "DNX2": "Dependence count variance",
        "FCBV": "Dependence count entropy",
        "CAS9": "Dependence count energy",
    },
}


def texture_catalogue() -> pd.DataFrame:
    """List every texture feature: its IBSI code (the index), name and family.

    Examples
    --------
    >>> texture_catalogue().loc["ACUI"].to_dict()
    {'name': 'Contrast', 'family': 'glcm'}
    """
    import pandas as pd

    rows = [
        (code, name, family) for family, named in FAMILIES.items() for code, name in named.items()
    ]
    return pd.DataFrame(rows, columns=["code", "name", "family"]).set_index("code")
