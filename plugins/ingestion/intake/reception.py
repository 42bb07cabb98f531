"""Where all doors meet: a chunk that is parsed, and whose sender is known, is taken in as a part of a transaction.

Each door has its own way to come by a transaction; what happens to the chunk is the same for all, and happens here:

- ``views.ingest`` (HTTP): one chunk, in the transaction of its web request;
- `group_commit`, behind `entrance` (HTTP, the fast lane): the small chunks that wait at one moment, in one transaction;
- ``receivers/forward`` and ``receivers/mqtt``: batches, in a transaction that ``receivers.batches`` tries again.

docs/inside/architecture.md draws the whole way.
"""

from __future__ import annotations

from dataclasses import dataclass

from wendelin.core.errors import NotFound
from wendelin.core.model.objects.site import Site
from wendelin.core.security import ADD, require_permission
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.policies.addresses import TOOL
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy


@dataclass(frozen=True)
class Chunk:
    """A parsed chunk: the bytes of ``body`` for a policy, under the tag ``reference``.

    A chunk with a ``chunk_id`` is stored once, however often it is sent. None leaves it to the policy to know repeats
    by the moments in them; "" says that the sender repeats nothing: chunks with equal bytes are different ones. A chunk
    with a ``filename`` is a part of that file; a new stream gets its name and type.
    """

    policy_id: str
    reference: str
    body: Body
    chunk_id: str | None = None
    filename: str = ""


def find_policy(site: Site, policy_id: str) -> IngestionPolicy:
    """The ingestion policy, when the current user may send to it; else `NotFound` or `Unauthorized`."""
    tool = site.get_child(TOOL)
    policy = None if tool is None else tool.get_child(policy_id)
    if not isinstance(policy, IngestionPolicy):
        raise NotFound(f"there is no ingestion policy {policy_id!r}")
    require_permission(ADD, policy)
    return policy


def take_in(site: Site, chunk: Chunk, note_refusal: bool = True) -> None:
    """Store a chunk with the rights of the current user, as a part of the present transaction.

    Raises what `find_policy` and `IngestionPolicy.ingest` raise; the caller then aborts the transaction, or leaves the
    chunk out. A refusal stands in the policy's log, unless ``note_refusal`` is False because the caller tries the chunk
    again in another way. A repeat stands there when the transaction has committed.
    """
    policy = find_policy(site, chunk.policy_id)
    store = policy.ingest if note_refusal else policy.take_in
    store(chunk.reference, chunk.body, chunk.chunk_id, chunk.filename)
