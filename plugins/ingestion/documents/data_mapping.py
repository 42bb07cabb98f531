"""Data Mappings: a whole number for each of many plain values, the same one for ever.

What a column of an array holds instead of text: names of sensors, of states, of places. Numbers begin at 0 and follow
one another, so that two processes that add new objects at once conflict, and the second is run again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.core.security import ACCESS, MODIFY, private, protected

PLAIN = (str, bytes, int, float, bool, datetime, date, type(None))
#: What has a number: a plain value, or a tuple of such.
Plain = str | bytes | int | float | datetime | date | None
Mapped = Plain | tuple["Mapped", ...]


class DataMapping(Document):
    """Object to number and back. Objects are plain values, or tuples of them; 1, 1.0 and True are different objects."""

    _value_tree: OLBTree | None = None
    _object_tree: LOBTree | None = None

    def _initialise(self) -> None:
        super()._initialise()
        self._value_tree, self._object_tree = OLBTree(), LOBTree()

    @protected(MODIFY)
    def addObject(self, obj: Mapped | numpy.generic) -> int:
        """The number of an object, which is given one when it has none."""
        obj = plain(obj)
        key = sort_key(obj)
        values, objects = self._trees()
        number = values.get(key)
        if number is None:
            number = values[key] = len(self)
            objects[number] = obj
        return int(number)

    @protected(ACCESS)
    def getValueFromObject(self, obj: Mapped | numpy.generic, default: int | None = None) -> int | None:
        """The number of an object; ``default`` when it has none."""
        found: int | None = self._trees()[0].get(sort_key(plain(obj)), default)
        return found

    @protected(ACCESS)
    def getObjectFromValue(self, value: int, default: object = None) -> Any:
        """The object with that number; ``default`` when there is none."""
        return self._trees()[1].get(int(value), default)

    @protected(ACCESS)
    def getData(self) -> list[tuple[int, Mapped]]:
        """``(number, object)`` of all objects, in order: **loads all of them**."""
        return list(self._trees()[1].items())

    @protected(ACCESS)
    def getSize(self) -> int:
        """How many objects there are."""
        return len(self)

    @private
    def __len__(self) -> int:
        objects = self._trees()[1]
        return int(objects.maxKey()) + 1 if objects else 0

    @private
    def __bool__(self) -> bool:
        return True

    @private
    def iterate(self) -> Iterator[tuple[int, Mapped]]:
        """``(number, object)``, read as it is asked for."""
        yield from self._trees()[1].items()

    def _trees(self) -> tuple[OLBTree, LOBTree]:
        if self._value_tree is None or self._object_tree is None:
            self._initialise()
        assert self._value_tree is not None and self._object_tree is not None
        return self._value_tree, self._object_tree


def sort_key(obj: Mapped) -> tuple[Plain, ...]:
    """What an object is found by: its type's name first, because values of different types have no order.

    Raises `BadRequest` for what is no plain value.
    """
    kind = type(obj).__name__
    if isinstance(obj, tuple):
        if type(obj) is tuple:
            return (kind, len(obj), *(part for item in obj for part in sort_key(item)))
    elif type(obj) in PLAIN and obj == obj:  # NaN is not equal to itself, so it would never be found again
        if isinstance(obj, datetime):
            return (kind, obj.isoformat())
        return (kind,) if obj is None else (kind, obj)
    raise BadRequest(f"a Data Mapping takes plain values and tuples of them, not {obj!r}")


def plain(obj: Mapped | numpy.generic) -> Mapped:
    """NumPy's scalars as Python's, so that an element of an array finds the same number as the value itself."""
    if not isinstance(obj, numpy.generic):
        return obj
    value: Mapped = obj.item()
    return value
