"""Bodies of JSON: the records in them, each exactly as it was written.

A body is objects and arrays, one after another with white space between: an object, an array of records, or lines of
JSON, as Fluentd's and Fluent Bit's HTTP outputs, collectd and curl send them. The elements of an array are records.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import NoReturn

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats.body import Body

LARGEST_DOCUMENT = 8 << 20  # characters of one object or array; a body may hold any number of them
WHITE_SPACE = " \t\r\n"
_white_space = re.compile(f"[{WHITE_SPACE}]*")
FIRST = frozenset(b"{[ \t\r\n\xef")  # with the byte order mark that some programs write before everything


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"the body is not JSON: {name} is no number of it")


# Numbers stay text: what they look like is kept, and none is too long.
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)


def is_json(body: Body) -> bool:
    """Whether a body begins as JSON does, and as no msgpack of events can."""
    for block in body.blocks(4096):
        start = bytes(block)
        if start[:1] and start[0] not in FIRST:
            return False
        text = start.removeprefix(codecs.BOM_UTF8).lstrip(WHITE_SPACE.encode())
        if text:
            return text[0] in b"{["
    return False


def iter_record(body: Body) -> Iterator[str]:
    """The records of a JSON body as text, each on one line; raises `BadRequest` at what is not JSON."""
    pending, enough = "", 0  # what is not complete is looked at again when there is twice as much of it
    for text, is_last in _decoded(body):
        pending += text
        if len(pending) < enough and not is_last:
            continue
        place = _skip(pending, 0)
        while (end := _end_of(pending, place)) is not None:
            yield from _records_in(pending, place, end)
            place = _skip(pending, end)
        pending = pending[place:]
        enough = min(2 * len(pending), LARGEST_DOCUMENT + 1)
        if len(pending) > LARGEST_DOCUMENT:
            raise BadRequest(
                f"the body is not JSON, or a document in it has more than {LARGEST_DOCUMENT} characters: send lines"
            )
    if pending:
        _require_json(pending)


def _decoded(body: Body) -> Iterator[tuple[str, bool]]:
    """The text of a body in parts; with the last one True."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    first = True
    try:
        for block in body.blocks():
            text = decoder.decode(bytes(block))
            yield text.removeprefix("\ufeff") if first else text, False
            first = False
        yield decoder.decode(b"", final=True), True
    except UnicodeDecodeError as error:
        raise BadRequest("the body is not JSON: it is not UTF-8") from error


def _skip(text: str, place: int) -> int:
    found = _white_space.match(text, place)
    return found.end() if found else place


def _end_of(text: str, place: int) -> int | None:
    """Where the object or array ends that begins there; None when it is not complete, or is none."""
    if place >= len(text):
        return None
    if text[place] not in "{[":
        raise BadRequest(f"the body is not JSON records: {text[place : place + 20]!r} is no object and no array")
    try:
        return _decoder.raw_decode(text, place)[1]
    except json.JSONDecodeError:
        return None
    except RecursionError as error:
        raise BadRequest("the body is JSON that is nested too deeply") from error


def _require_json(text: str) -> None:
    try:
        _decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        near = text[max(error.pos - 20, 0) : error.pos + 20]
        raise BadRequest(f"the body is not JSON: {error.msg}, near {near!r}") from error


def _records_in(text: str, start: int, end: int) -> Iterator[str]:
    if text[start] == "{":
        yield _on_one_line(text[start:end])
        return
    place = _skip(text, start + 1)
    while text[place] != "]":
        begin = place
        place = _decoder.raw_decode(text, begin)[1]
        yield _on_one_line(text[begin:place])
        place = _skip(text, place)
        if text[place] == ",":
            place = _skip(text, place + 1)


def _on_one_line(text: str) -> str:
    """JSON has line breaks between its words only."""
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text
