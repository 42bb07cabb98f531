"""A policy's *Order of Chunks*: whether a chunk that is not newer than the last one in its stream is refused.

A chunk is dated by the time of its first event; where that is a whole number, by its id, when Fluentd made it: such an
id begins with the moment at which the chunk was begun. What has neither cannot be put in order, and is refused too.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from datetime import UTC, datetime, timedelta

from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.document import Document
from wendelin.plugins.ingestion.documents.marks import MarkedDocument
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_times import first_moment

REFUSE = "refuse"  # the property's value; any other: as they come
BY_EVENT, BY_ID = "first event", "Fluentd's id"
HEXADECIMAL = re.compile("[0-9a-fA-F]{32}")
ID_SIZE = 16
RANDOM_BITS = 12  # behind the microseconds, in the first 64 bits
OLDEST, NEWEST = 366 * 86400, 86400  # seconds before and after now: ids of other programs are mostly beyond
HELP = (
    "Let one flush thread send to the stream (flush_thread_count 1), or set Order of Chunks of the policy to"
    " 'as they come' until this chunk is in"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Date = tuple[str, int]  # what it is read from; nanoseconds since 1970


def keeps_order(policy: Document) -> bool:
    """Whether the policy refuses what is not newer; not where a site's property sheet is from before this property."""
    return bool(policy.getProperty("chunk_order") == REFUSE)


def check_order(policy: Document, sink: MarkedDocument, body: Body, chunk_id: str | None) -> Date | None:
    """The date of a chunk that may be stored now; None where the policy takes chunks as they come.

    Raises `BadRequest` for a chunk that is not newer than the last one, or of which that cannot be told.
    """
    if not keeps_order(policy):
        return None
    where = f"ingestion policy {policy.getId()!r} keeps the order of chunks, and "
    if chunk_id == "":  # what is refused would be lost, and small ones were joined before they come here
        raise BadRequest(f"{where}takes none whose sender waits for no answer: set require_ack_response")
    date = date_of(body, chunk_id)
    if date is None:
        raise BadRequest(
            f"{where}this one tells no date: neither has its first event a time finer than whole seconds,"
            f" nor has it an id that Fluentd made in the last year. Send one of them, or set Order of Chunks to"
            f" 'as they come'"
        )
    last = sink.last_date(policy.getId())
    if last is not None and date[0] != last[0]:
        raise BadRequest(
            f"{where}this one is dated by its {date[0]}, the last one in {sink.getPath()} by its {last[0]}: they cannot"
            f" be compared. {HELP}"
        )
    if last is not None and date[1] <= last[1]:
        raise BadRequest(
            f"{where}this one is of {_as_text(date)}, not newer than the last one in {sink.getPath()}, which is of"
            f" {_as_text(last)}. {HELP}"
        )
    return date


def date_of(body: Body, chunk_id: str | None) -> Date | None:
    """The date that a chunk tells."""
    moment = first_moment(body)
    if moment is not None:
        return BY_EVENT, moment
    moment = moment_of_id(chunk_id or "", time.time())
    return None if moment is None else (BY_ID, moment)


def moment_of_id(chunk_id: str, now: float) -> int | None:
    """When Fluentd began a chunk, in nanoseconds since 1970; None for an id that is none of its, or not of this year.

    The id has 16 bytes, as hexadecimal digits (``${chunk_id}``) or as Base64 (the forward protocol).
    """
    if HEXADECIMAL.fullmatch(chunk_id):
        data = bytes.fromhex(chunk_id)
    else:
        try:
            data = base64.b64decode(chunk_id.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
    if len(data) != ID_SIZE:
        return None
    microseconds = int.from_bytes(data[:8], "big") >> RANDOM_BITS
    if not now - OLDEST <= microseconds / 1e6 <= now + NEWEST:
        return None
    return microseconds * 1000


def _as_text(date: Date) -> str:
    try:
        moment = EPOCH + timedelta(microseconds=date[1] // 1000)
    except OverflowError:
        return f"{date[1]} ns since 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{date[1] % 10**9:09d} UTC"
