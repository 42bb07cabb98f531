"""Arrays as bytes and text for messages: Wendelin's wrapping of the NPY format, with a checksum and without pickles.

Layout: the magic ``\\x92WEN\\x00\\x01``, the CRC-32 of what follows (4 bytes, little endian), an NPY file. The text
form is its base64. Elements are plain bytes, never pickles: data from outside never runs code.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from wendelin.core.bigdata.npy import array_of_npy
from wendelin.core.errors import BadRequest, UnsupportedArray
from wendelin.core.model.objects.document import Document
from wendelin.core.security import trusted_method

MAGIC = b"\x92WEN\x00\x01"
HEAD = struct.Struct(f"<{len(MAGIC)}sI")


@trusted_method
def numpy_to_data(context: Document, array: npt.ArrayLike) -> bytes:
    """``Base_numpyToWendelinData``: an array as bytes."""
    payload = io.BytesIO()
    try:
        np.lib.format.write_array(payload, np.asarray(array), allow_pickle=False)
    except ValueError as error:
        raise BadRequest(f"this array cannot be sent: {error}") from error
    content = payload.getvalue()
    return HEAD.pack(MAGIC, zlib.crc32(content)) + content


@trusted_method
def data_to_numpy(context: Document, data: bytes) -> npt.NDArray[Any]:
    """``Base_wendelinDataToNumpy``: the array of `numpy_to_data`; `BadRequest` for anything else."""
    if len(data) < HEAD.size or HEAD.unpack_from(data)[0] != MAGIC:
        raise BadRequest("this is no Wendelin array data: its first bytes are others")
    content = data[HEAD.size :]
    if zlib.crc32(content) != HEAD.unpack_from(data)[1]:
        raise BadRequest("the checksum does not fit: the data was damaged or cut on its way")
    try:
        return array_of_npy(content)
    except (BadRequest, UnsupportedArray) as error:
        raise BadRequest(f"the data holds no readable array: {error}") from error


@trusted_method
def text_to_numpy(context: Document, text: str | bytes) -> npt.NDArray[Any]:
    """``Base_wendelinTextToNumpy``: the same from base64 text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"this is not base64 text: {error}") from error
    return data_to_numpy(context, data)
