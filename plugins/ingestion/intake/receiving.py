"""Storing chunks outside of a web request: what the forward receiver and the MQTT client do with what they were sent.

The same door as over HTTP, ``policy.ingest``, with the rights of a user of the site; in a transaction that is tried
again after a conflict. When a function returns, its chunks are committed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ZODB.Connection import Connection

from wendelin.core.database import Database
from wendelin.core.errors import NotFound, Unauthorized
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import ADD, User, as_user, require_permission

log = logging.getLogger(__name__)
ATTEMPTS = 10
TOOL = "portal_ingestion_policies"


@dataclass(frozen=True)
class Chunk:
    """Events in msgpack, for a policy, under a tag.

    A chunk with an id is stored once, however often it is sent. One without is stored each time: events without an
    id may well be equal, and mean different things.
    """

    policy_id: str
    reference: str
    data: bytes
    chunk_id: str | None = None


def store_chunks(database: Database, chunks: Sequence[Chunk], user: str) -> None:
    """Store all of the chunks, in their order and in one transaction, or none.

    Raises `NotFound` and `BadRequest` as ``policy.ingest`` does, `Unauthorized` when the user may not send to a
    policy, `DatabaseUnavailable` and `StorageFull` when it is worth to try again later, and
    ``transaction.interfaces.TransientError`` when others were faster too often.
    """
    database.run(lambda connection: _store(connection, chunks, user), ATTEMPTS, user, f"ingest {len(chunks)} chunks")


def check_sender(database: Database, policy_ids: Sequence[str], user: str) -> None:
    """Raises `Unauthorized` when there is no such user, or it may not send to one of the policies.

    A policy that does not exist is logged only: it may be made while the program runs, and each chunk is checked again.
    """
    with database.connect() as connection:
        site = get_site(connection)
        with as_user(find_user(site, user)):
            for policy_id in policy_ids:
                try:
                    find_policy(site, policy_id)
                except NotFound as error:
                    log.warning("%s: what is sent to it is refused until there is one", error)


def _store(connection: Connection, chunks: Sequence[Chunk], user: str) -> None:
    site = get_site(connection)
    with as_user(find_user(site, user)):
        for chunk in chunks:
            # "" says that equal bytes are no repeat, which None would leave to the policy
            find_policy(site, chunk.policy_id).ingest(chunk.reference, chunk.data, chunk.chunk_id or "")


def find_user(site: Any, user_id: str) -> User:
    """The user of that id; raises `Unauthorized` when there is none."""
    found: User | None = site.acl_users.get_user(user_id)
    if found is None:
        raise Unauthorized(f"there is no user {user_id!r} in the site, with whose rights data could be stored")
    return found


def find_policy(site: Any, policy_id: str) -> Any:
    """The ingestion policy, when the current user may send to it; else `NotFound` or `Unauthorized`."""
    tool = site.get(TOOL)
    policy = None if tool is None else tool.get(policy_id)
    if policy is None:
        raise NotFound(f"there is no ingestion policy {policy_id!r}")
    require_permission(ADD, policy)
    return policy
