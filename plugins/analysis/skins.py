"""Trusted skin methods of Data Arrays: making and filling one from a form."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from wendelin.core.bigdata.npy import read_npy
from wendelin.core.errors import BadRequest, UnsupportedArray
from wendelin.core.model.objects.files import Upload, stream_of
from wendelin.core.security import trusted_method
from wendelin.plugins.analysis.data_array import DataArray
from wendelin.plugins.analysis.index_text import parse_index


@trusted_method
def init_array(context: DataArray, shape: str, dtype: str = "float64", replace: bool = False) -> DataArray:
    """``DataArray_initialise``: a new array of zeros from text such as ``1000, 3``; refuses to drop data unasked."""
    if context.getSize() and not replace:
        raise BadRequest(f"this Data Array holds {context.getSize():,} bytes: tick the box to drop them")
    lengths = parse_index(shape)
    lengths = lengths if isinstance(lengths, tuple) else (lengths,)
    whole = [length for length in lengths if isinstance(length, int) and length >= 0]
    if len(whole) < len(lengths):
        raise BadRequest(f"Shape: expected whole numbers such as '1000, 3', got {shape!r}")
    context.initArray(whole, _dtype(dtype))
    return context


def _dtype(text: str) -> np.dtype[Any]:
    """``float64``, or fields: ``date: datetime64[ms], value: float64``."""
    try:
        if ":" not in text:
            return np.dtype(text.strip())
        pairs = [field.partition(":") for field in text.split(",")]
        return np.dtype([(name.strip(), kind.strip()) for name, _, kind in pairs])
    except (TypeError, ValueError) as error:
        raise BadRequest(f"Dtype: {text!r} is not a NumPy dtype ({error})") from error


@trusted_method
def import_file(context: DataArray, file: BinaryIO | Upload | None, replace: bool = False) -> DataArray:
    """``DataArray_importFile``: take the array of an uploaded NPY file, block by block."""
    if context.getSize() and not replace:
        raise BadRequest(f"this Data Array holds {context.getSize():,} bytes: tick the box to replace them")
    if file is None or not hasattr(stream := stream_of(file), "read"):
        raise BadRequest("choose an NPY file (numpy.save makes them)")
    try:
        context.setArray(read_npy(stream))
    except (BadRequest, UnsupportedArray) as error:
        raise BadRequest(f"this is no NPY file that can be kept: {error}") from error
    return context
