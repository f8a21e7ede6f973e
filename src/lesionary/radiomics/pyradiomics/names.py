"""PyRadiomics' names of features, and where ours are the same, our keys."""

from __future__ import annotations

_SHAPE = (
    "Elongation",
    "Flatness",
    "LeastAxisLength",
    "MajorAxisLength",
    "Maximum2DDiameterColumn",
    "Maximum2DDiameterRow",
    "Maximum2DDiameterSlice",
    "Maximum3DDiameter",
    "MeshVolume",
    "MinorAxisLength",
    "Sphericity",
    "SurfaceArea",
    "SurfaceVolumeRatio",
    "VoxelVolume",
)
_SHAPE_2D = (
    "Elongation",
    "MajorAxisLength",
    "MaximumDiameter",
    "MeshSurface",
    "MinorAxisLength",
    "Perimeter",
    "PerimeterSurfaceRatio",
    "PixelSurface",
    "Sphericity",
)
_FIRST_ORDER = (
    "10Percentile",
    "90Percentile",
    "Energy",
    "Entropy",
    "InterquartileRange",
    "Kurtosis",
    "Maximum",
    "Mean",
    "MeanAbsoluteDeviation",
    "Median",
    "Minimum",
    "Range",
    "RobustMeanAbsoluteDeviation",
    "RootMeanSquared",
    "Skewness",
    "TotalEnergy",
    "Uniformity",
    "Variance",
)

# By PyRadiomics' name: the IBSI code of the same formula.
GLCM = {
    "Autocorrelation": "QWB0",
    "ClusterProminence": "AE86",
    "ClusterShade": "7NFM",
    "ClusterTendency": "DG8W",
    "Contrast": "ACUI",
    "Correlation": "NI2N",
    "DifferenceAverage": "TF7R",
    "DifferenceEntropy": "NTRS",
    "DifferenceVariance": "D3YU",
    "Id": "IB1Z",
    "Idm": "WF0Z",
    "Idmn": "1QCO",
    "Idn": "NDRX",
    "Imc1": "R8DG",
    "Imc2": "JN9H",
    "InverseVariance": "E8JP",
    "JointAverage": "60VM",
    "JointEnergy": "8ZQL",
    "JointEntropy": "TU9B",
    "MCC": "",
    "MaximumProbability": "GYBY",
    "SumAverage": "ZGXS",
    "SumEntropy": "P6QZ",
    "SumSquares": "UR99",
}
GLRLM = {
    "GrayLevelNonUniformity": "R5YN",
    "GrayLevelNonUniformityNormalized": "OVBL",
    "GrayLevelVariance": "8CE5",
    "HighGrayLevelRunEmphasis": "G3QZ",
    "LongRunEmphasis": "W4KF",
    "LongRunHighGrayLevelEmphasis": "3KUM",
    "LongRunLowGrayLevelEmphasis": "IVPO",
    "LowGrayLevelRunEmphasis": "V3SW",
    "RunEntropy": "HJ9O",
    "RunLengthNonUniformity": "W92Y",
    "RunLengthNonUniformityNormalized": "IC23",
    "RunPercentage": "9ZK5",
    "RunVariance": "SXLW",
    "ShortRunEmphasis": "22OV",
    "ShortRunHighGrayLevelEmphasis": "GD3A",
    "ShortRunLowGrayLevelEmphasis": "HTZT",
}
GLSZM = {
    "GrayLevelNonUniformity": "JNSA",
    "GrayLevelNonUniformityNormalized": "Y1RO",
    "GrayLevelVariance": "BYLV",
    "HighGrayLevelZoneEmphasis": "5GN9",
    "LargeAreaEmphasis": "48P8",
    "LargeAreaHighGrayLevelEmphasis": "J17V",
    "LargeAreaLowGrayLevelEmphasis": "YH51",
    "LowGrayLevelZoneEmphasis": "XMSY",
    "SizeZoneNonUniformity": "4JP3",
    "SizeZoneNonUniformityNormalized": "VB3A",
    "SmallAreaEmphasis": "5QRC",
    "SmallAreaHighGrayLevelEmphasis": "HW1V",
    "SmallAreaLowGrayLevelEmphasis": "5RAI",
    "ZoneEntropy": "GU8N",
    "ZonePercentage": "P30P",
    "ZoneVariance": "3NSA",
}
GLDM = {
    "DependenceEntropy": "FCBV",
    "DependenceNonUniformity": "Z87G",
    "DependenceNonUniformityNormalized": "OKJI",
    "DependenceVariance": "DNX2",
    "GrayLevelNonUniformity": "FP8K",
    "GrayLevelVariance": "1PFV",
    "HighGrayLevelEmphasis": "OAE7",
    "LargeDependenceEmphasis": "IMOQ",
    "LargeDependenceHighGrayLevelEmphasis": "9QMG",
    "LargeDependenceLowGrayLevelEmphasis": "NBZI",
    "LowGrayLevelEmphasis": "TL9H",
    "SmallDependenceEmphasis": "SODN",
    "SmallDependenceHighGrayLevelEmphasis": "JA6D",
    "SmallDependenceLowGrayLevelEmphasis": "EQ3F",
}
NGTDM = {
    "Busyness": "NQ30",
    "Coarseness": "QCDE",
    "Complexity": "HDEZ",
    "Contrast": "65HE",
    "Strength": "1X9X",
}

# Each class and its features, in PyRadiomics' order.
CLASSES: dict[str, tuple[str, ...]] = {
    "shape": _SHAPE,
    "shape2D": _SHAPE_2D,
    "firstorder": _FIRST_ORDER,
    "glcm": tuple(GLCM),
    "gldm": tuple(GLDM),
    "glrlm": tuple(GLRLM),
    "glszm": tuple(GLSZM),
    "ngtdm": tuple(NGTDM),
}

# What PyRadiomics measures only where a file names it, since it follows from the others.
ON_REQUEST: dict[str, tuple[str, ...]] = {
    "shape": ("Compactness1", "Compactness2", "SphericalDisproportion"),
    "shape2D": ("SphericalDisproportion",),
    "firstorder": ("StandardDeviation",),
}

# What a file may still name and PyRadiomics no longer measures: each is the same as another.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "glcm": ("Dissimilarity", "Homogeneity1", "Homogeneity2", "SumVariance"),
    "gldm": ("DependencePercentage", "GrayLevelNonUniformityNormalized"),
}
