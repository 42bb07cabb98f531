"""Values of msgpack as JSON (RFC 8259), which any reader of JSON takes: the one way for what is stored as a line."""

from __future__ import annotations

import base64
import contextlib
import json
import math

import msgpack

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats.event_forms import moment_of

LEVELS = 100  # of lists and maps in one another
TIMESTAMP = -1  # its number among msgpack's extension types
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_spaced = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)


def encode_text(text: str) -> bytes:
    """The exact bytes that msgpack text was made of."""
    return text.encode("utf-8", "surrogateescape")


def to_json(value: object, spaced: bool = False) -> str:
    """The value as JSON, without spaces unless ``spaced``; nothing is left out but what JSON has no numbers for.

    NaN and Infinity become null, as in JavaScript; bytes that are no UTF-8 become ``{"base64": ...}``, as do extension
    types, with ``ext_type``. A timestamp becomes the text of its moment. Raises `BadRequest` for more than `LEVELS` of
    lists and maps in one another.
    """
    _measure(value, LEVELS)
    encoder = _spaced if spaced else _compact
    with contextlib.suppress(TypeError, ValueError):
        text = encoder.encode(value)
        text.encode()  # bytes that came as text, and are none, raise here
        return text
    return encoder.encode(_plain(value))


def too_deep() -> BadRequest:
    """What is raised for a record that holds lists in lists in lists, and so on."""
    return BadRequest("a record is nested too deeply")


def _measure(value: object, levels: int) -> None:
    if isinstance(value, dict):
        inner = value.values()
    elif type(value) is list:
        inner = value  # type: ignore[assignment]  # both are iterated
    else:
        return
    if not levels:
        raise too_deep()
    for item in inner:
        if type(item) is dict or type(item) is list:
            _measure(item, levels - 1)


def _plain(value: object) -> object:
    """The value with what JSON cannot express written in another way."""
    if isinstance(value, dict):
        found: dict[str, object] = {}
        for key, item in value.items():
            found[_free_name(_key(key), found)] = _plain(item)
        return found
    if isinstance(value, (list, tuple)) and not isinstance(value, (msgpack.ExtType, msgpack.Timestamp)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _text(encode_text(value))
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, msgpack.ExtType):
        return _extension(value.code, value.data)
    if isinstance(value, msgpack.Timestamp):
        return _moment(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _moment(value: msgpack.Timestamp) -> object:
    try:
        return f"{moment_of(value.to_unix_nano())}Z"
    except OverflowError:
        return _extension(TIMESTAMP, value.to_bytes())


def _extension(code: int, data: bytes) -> object:
    return {"ext_type": code, "base64": base64.b64encode(data).decode()}


def _text(data: bytes) -> object:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _free_name(name: str, taken: dict[str, object]) -> str:
    """The name, with marks behind it when it is taken: text and bytes can be one key in JSON."""
    marks = "'"
    while name in taken:
        name += marks
        marks += marks  # so that a few steps are enough, whatever keys somebody chose
    return name


def _key(key: object) -> str:
    plain = _plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain)
