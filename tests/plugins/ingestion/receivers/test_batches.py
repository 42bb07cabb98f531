"""What receivers do with errors: only what is about the data refuses data."""

from __future__ import annotations

import errno
from concurrent.futures import CancelledError

import pytest
from transaction import TransactionManager
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB.Connection import Connection
from ZODB.POSException import ConflictError, POSKeyError, StorageTransactionError

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.forward_fixtures import USER, policies, stored  # noqa: F401
from wendelin.core.database import Database, Retry
from wendelin.core.errors import DatabaseUnavailable, StorageFull
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.receivers import batches
from wendelin.plugins.ingestion.receivers.batches import BatchStorage, store_chunks

PASSING = {
    "conflict": ConflictError(),
    "disconnected": ClientDisconnected(),
    "cancelled": CancelledError(),
    "away": DatabaseUnavailable("away"),
    "full": StorageFull(errno.ENOSPC, "full"),
    "in the middle": StorageTransactionError("Transaction not committing"),
    "of the server": ServerException("builtins.RuntimeError", ("shutting down",)),
    "record missing": POSKeyError(bytes(8)),
    "files": OSError(errno.EMFILE, "too many open files"),
}


@pytest.fixture
def fails_at_commit(monkeypatch: pytest.MonkeyPatch):
    """Errors to be raised by the next commits, the last one first."""
    errors: list[Exception] = []
    vote = Connection.tpc_vote

    def failing(self: Connection, transaction: TransactionManager) -> object:
        if errors:
            raise errors.pop()
        return vote(self, transaction)

    monkeypatch.setattr(Connection, "tpc_vote", failing)
    return errors


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_waited_for_and_stored_once(
    policies: Database,  # noqa: F811
    fails_at_commit: list[Exception],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "WAITING", Retry(None, 0.001, 0.01, errors=batches.TEMPORARY, waits_for_engine=True))
    fails_at_commit += [error] * 3
    chunk = Chunk("pydata", "pydata", Body(pack(b"measured")), "1")
    refused = BatchStorage("test").store_all([chunk], lambda chunks: store_chunks(policies, chunks, USER))
    assert not refused and not fails_at_commit
    assert stored(policies) == {"pydata.pydata": b"measured"}


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
def test_whatever_is_done_is_done_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only storing: a subscription that the site could not note is not forgotten."""
    monkeypatch.setattr(batches, "WAITING", Retry(None, 0.001, 0.01, errors=batches.TEMPORARY, waits_for_engine=True))
    tries = []

    def do(items: list[str]) -> None:
        tries.append(items)
        if len(tries) < 3:
            raise error

    assert BatchStorage("test").store_all(["subscribed"], do) == []
    assert tries == [["subscribed"]] * 3


def test_what_is_about_the_data_is_refused_at_once(
    policies: Database,  # noqa: F811
    fails_at_commit: list[Exception],
) -> None:
    fails_at_commit += [ValueError("cannot pickle this")]
    chunk = Chunk("pydata", "pydata", Body(pack(b"measured")), "1")
    assert BatchStorage("test").store_all([chunk], lambda chunks: store_chunks(policies, chunks, USER)) == [chunk]
