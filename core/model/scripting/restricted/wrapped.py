"""Stand-ins for library functions that are useful to scripts and, as they are, lead to files or to raw memory.

Arrays of objects hold pointers. Whoever can look at one as bytes can forge a pointer; so no buffer of such an array is
handed out, and no array is made over foreign memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from io import UnsupportedOperation
from typing import Any

import numpy

from wendelin.core.errors import Unauthorized


class FileOfBytes:
    """A script's file object as libraries see it: whatever its ``read`` returns is made bytes."""

    def __init__(self, file: Any) -> None:
        if isinstance(file, str | bytes | os.PathLike | int) or not hasattr(file, "read"):
            raise Unauthorized("scripts may only read file objects, such as io.BytesIO, not paths")
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        data = self._file.read(size)
        if not isinstance(data, bytes):
            raise TypeError(f"read() returned {type(data).__name__}, not bytes")
        return data

    def seek(self, offset: int, whence: int = 0) -> Any:
        """Move; what the script's file returns."""
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        """Scripts' files are."""
        return True

    def flush(self) -> None:
        """Says that this is no file of the operating system, in the way that ``numpy.fromfile`` is asked by."""
        raise UnsupportedOperation("flush")

    def tell(self) -> int:
        """Where the file is."""
        return int(self._file.tell())


def read_wav(file: Any) -> Any:
    """``scipy.io.wavfile.read`` of a file object: ``(rate, samples)``."""
    from scipy.io import wavfile

    return wavfile.read(FileOfBytes(file))


def write_wav(file: Any, rate: int, data: Any) -> None:
    """``scipy.io.wavfile.write`` to a file object."""
    from scipy.io import wavfile

    if isinstance(file, str | bytes | os.PathLike | int) or not hasattr(file, "write"):
        raise Unauthorized("scripts may only write to file objects, such as io.BytesIO, not to paths")
    wavfile.write(file, rate, data)


def check_buffer(source: Any) -> None:
    """Refuse memory that holds pointers."""
    if isinstance(source, numpy.ndarray | numpy.generic):
        holds_objects = source.dtype.hasobject
    else:
        holds_objects = "O" in memoryview(source).format
    if holds_objects:
        raise Unauthorized("scripts may not look at an array of objects as bytes")


def guarded_memoryview(source: Any) -> memoryview:
    """``memoryview(source)``, but of an array of objects."""
    check_buffer(source)
    return memoryview(source)


def guarded_frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Any:
    """``numpy.frombuffer``, but of an array of objects."""
    check_buffer(buffer)
    return numpy.frombuffer(buffer, dtype, count, offset)


class _ArrayType(type):
    """Makes `ArrayClass` stand for ``numpy.ndarray`` where types are compared."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, numpy.ndarray)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, numpy.ndarray)

    def __call__(cls, *args: Any, **kw: Any) -> Any:
        raise Unauthorized("scripts make arrays with numpy.array, zeros, empty or frombuffer, not with numpy.ndarray")


class ArrayClass(metaclass=_ArrayType):
    """``numpy.ndarray`` in scripts: for ``isinstance`` only."""


WRAPPED: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "frombuffer"): guarded_frombuffer,
    ("numpy", "ndarray"): ArrayClass,
    ("scipy.io.wavfile", "read"): read_wav,
    ("scipy.io.wavfile", "write"): write_wav,
}
