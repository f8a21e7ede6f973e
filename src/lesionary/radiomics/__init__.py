"""Measure: handcrafted features of a region, as the standard defines them.

Definitions, names and codes are those of the Image Biomarker Standardisation Initiative.
"""
