"""Elements of arrays as plain values and text, for tables and CSV: whatever their type, and whatever stands in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_REPLACEMENT = 0xFFFD  # what stands for what is no character
_LAST = 0x10FFFF
_HALVES = 0xD800, 0xDFFF  # of pairs, in UTF-16: no text can be encoded that has one


def plain_values(values: npt.NDArray[Any]) -> list[Any]:
    """The elements as a list, of lists where there are more dimensions: numbers, text, or tuples of the fields.

    Dates are ISO 8601 text: as plain values, those in nanoseconds would become integers. Bytes are read as UTF-8, where
    they are none they show as ``\\x80``; raw bytes (dtype V) are hexadecimal digits.
    """
    if values.dtype.names is not None:
        return _records(values)
    found: list[Any] = _CONVERSIONS.get(values.dtype.kind, _as_they_are)(values).tolist()
    return found


def _records(values: npt.NDArray[Any]) -> list[Any]:
    names = values.dtype.names or ()
    if values.ndim > 1:
        return [_records(part) for part in values]
    if not names:
        return [() for _ in range(len(values))]
    return list(zip(*(plain_values(values[name]) for name in names), strict=True))


def _as_they_are(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values


def _dates(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if np.datetime_data(values.dtype)[0] == "generic":  # without a unit no number is a date
        return values.astype(np.int64)
    # NumPy reads the bytes of dates in the processor's order here, whatever the type says
    return np.datetime_as_string(values.astype(values.dtype.newbyteorder("=")))


def _durations(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    unit, step = np.datetime_data(values.dtype)
    suffix = "" if unit == "generic" else f" {unit}" if step == 1 else f" x {step} {unit}"
    return _each(values, lambda value: "NaT" if np.isnat(value) else f"{value.astype(np.int64)}{suffix}")


def _text(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    codes = np.ascontiguousarray(values, values.dtype.newbyteorder("="))[..., np.newaxis].view(np.uint32).copy()
    wrong = (codes > _LAST) | ((codes >= _HALVES[0]) & (codes <= _HALVES[1]))
    codes[wrong] = _REPLACEMENT
    return codes.view(values.dtype.newbyteorder("="))[..., 0]


def _bytes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return _each(values, lambda value: bytes(value).decode("utf-8", "backslashreplace"))


def _raw(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return _each(values, lambda value: value.tobytes().hex())


def _each(values: npt.NDArray[Any], text_of: Any) -> npt.NDArray[Any]:
    found = np.empty(values.shape, object)
    for index in np.ndindex(values.shape):
        found[index] = text_of(values[index])
    return found


_CONVERSIONS = {"M": _dates, "m": _durations, "U": _text, "S": _bytes, "V": _raw}
