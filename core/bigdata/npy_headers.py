"""Headers of NPY files, versions 1 to 3: written for every dtype that NumPy can describe, read from anybody.

A header is the text of a Python dictionary. What others wrote is parsed as literals, within bounds, and every way in
which it can be wrong is one `BadRequest`.
"""

from __future__ import annotations

import ast
import re
import struct
import warnings
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from wendelin.core.bigdata.arrays.description import Shape, checked_dtype, checked_shape
from wendelin.core.bigdata.arrays.python_parsing import parsing_alone
from wendelin.core.errors import BadRequest, WendelinError

MAGIC = b"\x93NUMPY"
MAX_HEADER = 1 << 17  # bytes; NumPy's own writer needs some dozens for each field
_LENGTHS = {(1, 0): struct.Struct("<H"), (2, 0): struct.Struct("<I"), (3, 0): struct.Struct("<I")}
_ALIGNMENT = 64
_LONG = re.compile(r"(?<=[0-9])L\b")  # Python 2 wrote its long numbers so


class NpyHeader(NamedTuple):
    """What an NPY file says of its array."""

    shape: Shape
    dtype: np.dtype[Any]
    order: str


def npy_header(shape: Shape, dtype: np.dtype[Any], order: str) -> bytes:
    """The header of an ``.npy`` file; `BadRequest` for fields that overlap, which no header can tell."""
    description = {"descr": _described(dtype), "fortran_order": order == "F", "shape": shape}
    text = repr(description)
    try:
        version, data = (2, 0), text.encode("latin-1")
    except UnicodeEncodeError:  # names of fields in another script
        version, data = (3, 0), text.encode("utf-8", "surrogatepass")
    start = len(MAGIC) + 2 + _LENGTHS[version].size
    data += b" " * (-(start + len(data) + 1) % _ALIGNMENT) + b"\n"
    return MAGIC + bytes(version) + _LENGTHS[version].pack(len(data)) + data


def _described(dtype: np.dtype[Any]) -> Any:
    try:
        return _descr(dtype)
    except ValueError:
        pass
    try:  # fields that do not stand in the order of their names: said in the order in which they stand
        fields = sorted((dtype.fields or {}).items(), key=lambda field: field[1][1])
        names, formats = [name for name, _ in fields], [field[0] for _, field in fields]
        offsets = [field[1] for _, field in fields]
        layout = {"names": names, "formats": formats, "offsets": offsets, "itemsize": dtype.itemsize}
        return _descr(np.dtype(layout))  # type: ignore[call-overload]
    except ValueError as error:
        raise BadRequest(f"elements of {dtype} cannot be written as NPY: their fields overlap") from error


def _descr(dtype: np.dtype[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # metadata of a dtype is not saved
        return npy_format.dtype_to_descr(dtype)


def read_npy_header(source: BinaryIO) -> NpyHeader:
    """Read a stream up to its array's first byte; `BadRequest` where that is no NPY header, or a damaged one."""
    start = _read(source, len(MAGIC) + 2)
    if not start.startswith(MAGIC):
        raise BadRequest("this is no NPY file: its first bytes are others (numpy.save makes them)")
    version = start[-2], start[-1]
    if version not in _LENGTHS:
        raise BadRequest(f"this is an NPY file of version {version[0]}.{version[1]}: those of 1.0 to 3.0 can be read")
    length = _LENGTHS[version].unpack(_read(source, _LENGTHS[version].size))[0]
    if length > MAX_HEADER:
        raise BadRequest(f"the header of the NPY file has {length:,} bytes: at most {MAX_HEADER:,} are read")
    data = _read(source, length)
    try:
        return _parsed(data.decode("utf-8" if version == (3, 0) else "latin-1"))
    except WendelinError:
        raise
    except Exception as error:  # a parser and NumPy, given anything: SyntaxError, RecursionError, MemoryError, KeyError
        raise BadRequest(f"the header of the NPY file is damaged ({type(error).__name__}): {data[:80]!r}") from error


def _read(source: BinaryIO, size: int) -> bytes:
    data = read_fully(source, size)
    if len(data) < size:
        raise BadRequest("the NPY file ends within its header")
    return data


def read_fully(source: BinaryIO, size: int) -> bytes:
    """So many bytes of a stream, which may give them in parts; fewer where it ends."""
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _parsed(text: str) -> NpyHeader:
    with parsing_alone(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python says of doubtful literals
        found = ast.literal_eval(_LONG.sub("", text).strip())
    if not isinstance(found, dict) or found.keys() != {"descr", "fortran_order", "shape"}:
        raise BadRequest("the header of the NPY file is damaged: it has to tell descr, fortran_order and shape")
    shape, fortran = found["shape"], found["fortran_order"]
    if not isinstance(shape, tuple) or any(type(length) is not int for length in shape):
        raise BadRequest(f"the header of the NPY file is damaged: {str(shape)[:80]} is no shape")
    if not isinstance(fortran, bool):
        raise BadRequest("the header of the NPY file is damaged: fortran_order is True or False")
    dtype = checked_dtype(npy_format.descr_to_dtype(found["descr"]))
    return NpyHeader(checked_shape(shape, dtype), dtype, "F" if fortran and len(shape) > 1 else "C")
