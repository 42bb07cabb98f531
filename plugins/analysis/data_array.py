"""Data Arrays: documents whose content is a `BigArray`, and lines that name a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn
from zlib import crc32

import numpy as np
import numpy.typing as npt

from wendelin.core.bigdata import BigArray, RAMArray
from wendelin.core.errors import BadRequest, UnsupportedArray
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, MODIFY, check_permission, private, protected
from wendelin.plugins.analysis.array_types import Index, Readable, ShapeLike, StoredArray
from wendelin.plugins.analysis.index_text import parse_index


class DataArray(Folder):
    """An array larger than memory. Its elements live in records of their own: writing them does not write the document.

    ``getArray()[a:b]`` is a NumPy view of the database: nothing is read until it is looked at, and what is written to
    it is part of the transaction.
    """

    array: StoredArray | None = None

    # -- writing

    @protected(MODIFY)
    def initArray(self, shape: ShapeLike, dtype: npt.DTypeLike) -> StoredArray:
        """Give the document a new array of zeros and return it; what it held before is dropped.

        Nothing is committed: the array takes part in the caller's transaction from the start. A temporary document
        gets a `RAMArray`. Raises `BadRequest` for a shape or dtype that cannot be.
        """
        try:
            array: StoredArray = (RAMArray if self.isTempObject() else BigArray)(shape, dtype)
        except (TypeError, ValueError, MemoryError) as error:
            raise BadRequest(f"no array of shape {shape!r} and dtype {dtype!r}: {error}") from error
        self.array = array
        return array

    @protected(MODIFY)
    def setArray(self, value: StoredArray | npt.ArrayLike | None) -> None:
        """Take over a `BigArray` as it is, or copy the values of anything that NumPy can read; None drops the array."""
        if value is None or isinstance(value, BigArray | RAMArray):
            self.array = value
            return
        values = np.asarray(value)
        self.initArray(values.shape, values.dtype)[...] = values

    @protected(MODIFY)
    def setArrayDtypeNames(self, names: Sequence[str]) -> None:
        """Rename the fields of a structured dtype; the elements stay where they are."""
        array = self._required()
        try:
            array.rename_fields(tuple(str(name) for name in names))
        except UnsupportedArray as error:
            raise BadRequest(str(error)) from error

    # -- reading

    @protected(ACCESS)
    def getArray(self, default: object = None) -> Any:
        """The array; ``default`` where there is none yet. Who may not modify the document gets a read-only snapshot."""
        if self.array is None:
            return default
        return self.array if check_permission(MODIFY, self) else self.snapshot()

    @protected(ACCESS)
    def getArraySlice(self, start: int | None, end: int | None) -> npt.NDArray[Any]:
        """Rows ``start`` to before ``end``, as a view."""
        rows: npt.NDArray[Any] = self._required()[start:end]
        return rows

    @protected(ACCESS)
    def getArrayIndex(self, index: Index) -> Any:
        """What NumPy's ``array[index]`` gives: a view for slices, a value for an element."""
        return self._required()[index]

    @protected(ACCESS)
    def getArrayShape(self) -> tuple[int, ...] | None:
        """Length of each dimension; None where there is no array."""
        array = self._described()
        return None if array is None else tuple(array.shape)

    @protected(ACCESS)
    def getArrayDtype(self) -> np.dtype[Any] | None:
        """The type of the elements; None where there is no array."""
        array = self._described()
        return None if array is None else array.dtype

    @protected(ACCESS)
    def getArrayDtypeNames(self) -> tuple[str, ...] | None:
        """The fields of a structured dtype; None for another dtype or no array."""
        dtype = self.getArrayDtype()
        return None if dtype is None else dtype.names

    @protected(ACCESS)
    def getSize(self) -> int:
        """Bytes of all elements."""
        array = self._described()
        return 0 if array is None else int(array.nbytes)

    def _described(self) -> Any:
        """The array whose shape and type are asked for: no snapshot is taken for that."""
        return self.array

    @private
    def snapshot(self) -> Any:
        """The array as it is now, for readers: read-only and shared in the process; None where there is none."""
        return None if self.array is None else self.array.snapshot()

    @private
    def revision(self) -> str:
        """Changes whenever the elements do: the ETag of downloads."""
        array = self.array
        if not isinstance(array, BigArray):
            return "none" if array is None else "temporary"
        shape = "x".join(map(str, array.shape))
        return f"{array.file.revision:x}-{shape}-{crc32(ascii(array.dtype).encode()):x}"

    def _required(self) -> Any:
        array = self.getArray()
        if array is None:
            raise BadRequest(f"{self.getPath()} has no array yet: call initArray(shape, dtype) first")
        return array

    # -- for lists and forms

    @protected(ACCESS)
    def getShapeText(self) -> str:
        """``1,000 x 3``."""
        shape = self.getArrayShape()
        return "" if shape is None else " x ".join(f"{length:,}" for length in shape) or "scalar"

    @protected(ACCESS)
    def getDtypeText(self) -> str:
        """``float64``, or the fields of a structured dtype."""
        dtype = self.getArrayDtype()
        if dtype is None:
            return ""
        return ", ".join(f"{name}: {dtype[name]}" for name in dtype.names) if dtype.names else str(dtype)


class DataArrayLine(DataArray):
    """A part of the array of the Data Array above: ``index_expression`` is what stands between the brackets."""

    @protected(MODIFY)
    def initArray(self, shape: ShapeLike, dtype: npt.DTypeLike) -> NoReturn:
        """Refused with `BadRequest`: a line has no array of its own."""
        raise BadRequest("a Data Array Line shows a part of its Data Array: it has no array of its own")

    @protected(MODIFY)
    def setArray(self, value: StoredArray | npt.ArrayLike | None) -> NoReturn:
        """Refused with `BadRequest`, as `initArray` is."""
        self.initArray((), "float64")

    @protected(ACCESS)
    def getArray(self, default: object = None) -> Any:
        """The view of the parent's array that ``index_expression`` names."""
        whole = self.getParentValue().getArray()
        if whole is None:
            return default
        return self._part_of(whole)

    def _described(self) -> Any:
        return self.getArray()

    @private
    def snapshot(self) -> Any:
        """The named part of the parent's snapshot; None where there is no array."""
        whole = self.getParentValue().snapshot()
        return None if whole is None else self._part_of(whole)

    @private
    def revision(self) -> str:
        """Changes with the parent's elements, and with what the line names of them."""
        part = f"{self.getIndexExpression()} {self.getDtype()}"
        return f"{self.getParentValue().revision()}-{self.getUid():x}-{crc32(part.encode()):x}"

    def _part_of(self, whole: Readable) -> Any:
        expression, dtype = self.getIndexExpression() or "...", self.getDtype()
        index = parse_index(expression)
        try:
            part = whole[index] if not _names_fields(index) else whole[...][index]
            return part.view(dtype) if dtype else part
        except (IndexError, KeyError, TypeError, ValueError) as error:  # the array may have become another since
            raise BadRequest(
                f"[{expression}] is no part of the array of shape {tuple(whole.shape)}: {error}"
            ) from error


def _names_fields(index: Index) -> bool:
    return isinstance(index, str) or (isinstance(index, list) and all(isinstance(name, str) for name in index))
