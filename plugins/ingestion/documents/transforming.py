"""Scripts that work through a Data Stream chunk by chunk, in activities.

``transform_script_id`` names a script that is called as ``script(data_stream, chunk_list, start, end,
data_array_reference=..., ...)`` on the stream. It may return another ``(start, end)``: the part that it used, when the
chunk ended inside a record; the next chunk begins there.
"""

from __future__ import annotations

from typing import Any

from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.model.scripting.skins import find_method
from wendelin.core.security import MODIFY, require_permission, trusted_method
from wendelin.plugins.ingestion.documents.data_stream import DataStream

CHUNK_LENGTH = 1 << 20


@trusted_method
def transform(
    stream: DataStream,
    chunk_length: int = CHUNK_LENGTH,
    transform_script_id: str | None = None,
    data_array_reference: str | None = None,
    parallelize: int = 0,
    **kw: Any,
) -> None:
    """Work through the whole stream: one chunk after another, or with ``parallelize`` each in an activity of its own.

    Chunks that run side by side begin at fixed offsets, so what the script returns moves nothing then.
    """
    chunk_length = _checked(chunk_length)
    require_permission(MODIFY, stream)
    arguments = {"transform_script_id": transform_script_id, "data_array_reference": data_array_reference} | kw
    size = stream.getSize()
    starts = range(0, size, chunk_length) if parallelize else range(min(size, 1))
    for start in starts:
        _leave_to_activity(stream, start, chunk_length, recursive=0 if parallelize else 1, **arguments)


def _leave_to_activity(stream: DataStream, start: int, chunk_length: int, **arguments: Any) -> None:
    end = min(start + chunk_length, stream.getSize())
    stream.activate(tag=f"transform-{stream.getUid()}").DataStream_readChunkListAndTransform(
        start=start, end=end, chunk_length=chunk_length, **arguments
    )


@trusted_method
def read_chunk_list_and_transform(
    stream: DataStream,
    start: int,
    end: int,
    chunk_length: int = CHUNK_LENGTH,
    transform_script_id: str | None = None,
    data_array_reference: str | None = None,
    recursive: int = 1,
    **kw: Any,
) -> None:
    """Read one chunk, run the script on it, and with ``recursive`` leave the next one to another activity."""
    chunk_length = _checked(chunk_length)
    size = stream.getSize()
    end = min(end, size)
    if start >= end:
        return
    used = None
    if transform_script_id:
        chunk_list = stream.readChunkList(start, end)
        method = find_method(stream.getPortalObject(), transform_script_id)  # never any attribute of that name
        if method is None:
            raise NotFound(f"there is no script {transform_script_id!r}")
        used = method.bind(stream)(stream, chunk_list, start, end, data_array_reference=data_array_reference, **kw)
    if used is not None:
        start, used_end = used
        if used_end <= start and end < size:
            raise BadRequest(f"{transform_script_id} found no whole record in {end - start} bytes: use longer chunks")
        end = used_end
    if recursive and end < size and (used is None or end > start):
        arguments = {"transform_script_id": transform_script_id, "data_array_reference": data_array_reference} | kw
        _leave_to_activity(stream, end, chunk_length, recursive=recursive, **arguments)


def _checked(chunk_length: int) -> int:
    if int(chunk_length) <= 0:
        raise BadRequest("chunk_length has to be at least 1")
    return int(chunk_length)


@trusted_method
def transform_tail(stream: DataStream, start_offset: int, end_offset: int) -> None:
    """``DataStream_transformTail``: does nothing, and stands for a script of this name in the skin folder ``custom``.

    Who appends may call it with the range that is new.
    """
