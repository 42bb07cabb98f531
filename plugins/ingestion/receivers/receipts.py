"""Receipts: whether a batch was stored whose commit ended with a lost connection.

When the database server is killed while it commits, nobody is told whether the transaction was kept. A receiver tries
the batch again, and must not store it twice. So each batch gets a token, which is committed with it into a place of the
receiver; another try of the same batch looks there first.

A place holds the last token only, so each thread that stores at the same time has one of its own.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from wendelin.core.model.objects.site import Site
from wendelin.plugins.ingestion.policies.addresses import TOOL


class Receipt(Persistent):
    """The token of the batch that was stored last from one place."""

    token = b""


@dataclass(frozen=True)
class Batch:
    """One batch, through all tries to store it: from which place it is stored, and its token."""

    place: str
    token: bytes

    def is_stored(self, site: Site) -> bool:
        """Whether an earlier try was committed."""
        receipt = _places(site).get(self.place)
        return receipt is not None and receipt.token == self.token

    def sign(self, site: Site) -> None:
        """The present transaction stores it."""
        places = _places(site)
        if self.place not in places:
            places[self.place] = Receipt()
        places[self.place].token = self.token


#: The batch that this thread stores; None for what is not stored in batches.
present_batch: ContextVar[Batch | None] = ContextVar("present_batch", default=None)


class Places:
    """The places of one receiver, which has the same name after each start; as many as it has threads that store."""

    def __init__(self, name: str) -> None:
        self.name = f"{socket.gethostname()} {name}"
        self._taken: set[int] = set()
        self._lock = Lock()

    @contextmanager
    def new_batch(self) -> Iterator[None]:
        """All that this thread stores inside of the block is one batch, which is stored once."""
        with self._lock:
            number = next(each for each in range(len(self._taken) + 1) if each not in self._taken)
            self._taken.add(number)
        former = present_batch.set(Batch(f"{self.name} {number}", secrets.token_bytes(16)))
        try:
            yield
        finally:
            present_batch.reset(former)
            with self._lock:
                self._taken.remove(number)


def _places(site: Site) -> OOBTree[str, Receipt]:
    """The receipts of all receivers, made at first use. Trusted code only: it asks for no right."""
    tool = site[TOOL]
    tool._p_activate()  # the __dict__ of an object that is not loaded is empty
    places: OOBTree[str, Receipt] | None = tool.__dict__.get("batch_receipts")
    if places is None:
        places = tool.batch_receipts = OOBTree()
    return places
