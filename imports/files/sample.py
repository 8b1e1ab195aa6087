"""The first rows of a file, by which its kind and columns are recognised, and which the mapping page shows."""

import pandas as pd

from imports.files import storage
from imports.files.blocks import is_well_formed, last_row_end, parse_malformed_rows, parse_rows, strip_cells
from imports.models import ImportFile

SIZE = 512 * 1024
ROWS = 2_000


def first_rows(file: ImportFile) -> pd.DataFrame:
    """Return the first rows of a file, as text."""
    with storage.path_of(file.plain).open("rb") as plain:
        plain.seek(file.start)
        text = plain.read(SIZE)
        is_last = not plain.read(1)
    end = len(text) if is_last else last_row_end(text)
    if not text:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in file.header})
    if end and is_well_formed(text[:end], file.delimiter):
        frame = parse_rows(text[:end], file.header, file.delimiter, 0).frame
    else:
        frame = parse_malformed_rows(text, file.header, file.delimiter, 0, is_last)[0].frame
    return strip_cells(frame.head(ROWS))
