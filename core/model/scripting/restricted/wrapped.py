"""Stand-ins for library functions that are useful to scripts and, as they are, lead to files or to raw memory.

Arrays of objects hold pointers. A script that could look at one as bytes could forge a pointer; so no buffer of such
an array is handed out, and no array is made over foreign memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO, StringIO, UnsupportedOperation
from typing import Any, NoReturn, Protocol, SupportsInt

import numpy

from wendelin.core.errors import Unauthorized

#: What lends its memory to others.
Memory = bytes | bytearray | memoryview | numpy.ndarray


class ReadableFile(Protocol):
    """What a script gives as a file to read from; its methods may return anything."""

    def read(self, size: int, /) -> object:
        """At most ``size`` bytes."""

    def seek(self, offset: int, whence: int, /) -> object:
        """Move to another place, as files do."""

    def tell(self) -> SupportsInt:
        """The place that is read next."""


class WritableFile(Protocol):
    """What a script gives as a file to write to."""

    def write(self, data: bytes, /) -> object:
        """Take the bytes."""


class FileOfBytes:
    """A script's file object as libraries see it: whatever its ``read`` returns is made bytes."""

    def __init__(self, file: ReadableFile) -> None:
        if isinstance(file, str | bytes | os.PathLike | int) or not hasattr(file, "read"):
            raise Unauthorized("scripts may only read file objects, such as io.BytesIO, not paths")
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        data = self._file.read(size)
        if not isinstance(data, bytes):
            raise TypeError(f"read() returned {type(data).__name__}, not bytes")
        return data

    def seek(self, offset: int, whence: int = 0) -> object:
        """Move to another place; returns what the script's file returns."""
        return self._file.seek(offset, whence)

    def seekable(self) -> bool:
        """True: what cannot be moved fails in `seek`."""
        return True

    def flush(self) -> None:
        """Says that this is no file of the operating system, in the way that ``numpy.fromfile`` is asked by."""
        raise UnsupportedOperation("flush")

    def tell(self) -> int:
        """The place in the file that is read next."""
        return int(self._file.tell())


def read_wav(file: ReadableFile) -> tuple[int, numpy.ndarray]:
    """``scipy.io.wavfile.read`` of a file object: ``(rate, samples)``."""
    from scipy.io import wavfile

    rate, samples = wavfile.read(FileOfBytes(file))
    return rate, samples


def write_wav(file: WritableFile, rate: int, data: numpy.ndarray) -> None:
    """``scipy.io.wavfile.write`` to a file object."""
    from scipy.io import wavfile

    if isinstance(file, str | bytes | os.PathLike | int) or not hasattr(file, "write"):
        raise Unauthorized("scripts may only write to file objects, such as io.BytesIO, not to paths")
    wavfile.write(file, rate, data)


def check_buffer(source: Memory | numpy.generic) -> None:
    """Raise `Unauthorized` for memory that holds pointers: that of an array of objects."""
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


def guarded_frombuffer(
    buffer: Memory, dtype: numpy.dtype | type | str = float, count: int = -1, offset: int = 0
) -> numpy.ndarray:
    """``numpy.frombuffer``, but of an array of objects."""
    check_buffer(buffer)
    return numpy.frombuffer(buffer, dtype, count, offset)


class _ArrayType(type):
    """Makes `ArrayClass` stand for ``numpy.ndarray`` where types are compared."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, numpy.ndarray)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, numpy.ndarray)

    def __call__(cls, *args: object, **kw: object) -> NoReturn:
        raise Unauthorized("scripts make arrays with numpy.array, zeros, empty or frombuffer, not with numpy.ndarray")


class ArrayClass(metaclass=_ArrayType):
    """``numpy.ndarray`` in scripts: for ``isinstance`` only."""


#: Options of Qhull that only say how to compute. Others read and write files (``TI``, ``TO``).
_QHULL = "Pp Q0 Q1 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 Q12 QJ Qbb Qc Qi Qs Qt Qu Qv Qx Qz"
QHULL_OPTIONS = frozenset(_QHULL.split())


def guarded_qhull(name: str) -> Callable[..., Any]:
    """A class of ``scipy.spatial`` that is computed by Qhull, with options that reach no files."""

    def make(points: Any, *args: Any, **kw: Any) -> Any:
        from scipy import spatial

        for value in (*args, *kw.values()):
            if isinstance(value, bytes | bytearray):
                value = value.decode("latin-1")
            if isinstance(value, str):
                unknown = set(value.split()) - QHULL_OPTIONS
                if unknown:
                    raise Unauthorized(f"{name}: scripts may not use the Qhull options {' '.join(sorted(unknown))}")
        return getattr(spatial, name)(points, *args, **kw)

    make.__name__ = make.__qualname__ = name
    return make


def read_csv(file: ReadableFile | str, **options: Any) -> Any:
    """``pandas.read_csv`` of a file object: a table with named columns."""
    import pandas

    refused = {"storage_options", "memory_map", "iterator", "chunksize", "compression"}.intersection(options)
    if refused:
        raise Unauthorized(f"read_csv: scripts may not use {', '.join(sorted(refused))}")
    if isinstance(file, StringIO):
        file = BytesIO(file.getvalue().encode("utf-8"))
    return pandas.read_csv(BytesIO(FileOfBytes(file).read()), **options)  # type: ignore[arg-type]


#: ``(module, name)`` -> what scripts get in its place. `functions` adds those that call scripts back.
WRAPPED: dict[tuple[str, str], Callable[..., Any]] = {
    **{
        ("scipy.spatial", name): guarded_qhull(name)
        for name in ("Delaunay", "ConvexHull", "Voronoi", "HalfspaceIntersection")
    },
    ("pandas", "read_csv"): read_csv,
    ("numpy", "frombuffer"): guarded_frombuffer,
    ("numpy", "ndarray"): ArrayClass,
    ("scipy.io.wavfile", "read"): read_wav,
    ("scipy.io.wavfile", "write"): write_wav,
}
