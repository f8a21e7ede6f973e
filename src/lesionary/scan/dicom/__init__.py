"""What is in this DICOM folder, archive or file? Series with geometry, decoded slice by slice.

Headers are read once and only as far as the pixels; a slice is decoded when somebody asks
for it. No patient's name, number or date is ever read into a message, a note or a table.
"""

from lesionary.scan.dicom.read import read_dicom
from lesionary.scan.dicom.series import Series, list_series

__all__ = ["Series", "list_series", "read_dicom"]
