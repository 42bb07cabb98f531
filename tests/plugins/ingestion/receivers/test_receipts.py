"""A batch whose commit ended with a lost connection is stored once, whether it had been stored or not."""

from __future__ import annotations

import threading

import pytest
from transaction import TransactionManager
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import Connection

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.forward_fixtures import USER, policies, stored  # noqa: F401
from tests.plugins.ingestion.mqtt_fixtures import configure
from wendelin.core.database import BOOKKEEPING, Database, Retry
from wendelin.core.model.objects.site import get_site
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.intake.reception import Chunk
from wendelin.plugins.ingestion.policies.addresses import TOOL
from wendelin.plugins.ingestion.receivers import batches
from wendelin.plugins.ingestion.receivers.batches import BatchStorage, store_chunks
from wendelin.plugins.ingestion.receivers.mqtt.configuration import Subscription
from wendelin.plugins.ingestion.receivers.mqtt.delivery import Message, MessageDelivery


class LostCommits:
    """Lets the next commits end with a lost connection, before or after the engine made them final."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: list[bool] = []
        finish = Connection.tpc_finish

        def finish_and_lose(connection: Connection, transaction: TransactionManager) -> None:
            if not self.kept or transaction.description.startswith(BOOKKEEPING):  # the policy's log, by its own thread
                return finish(connection, transaction)
            if self.kept.pop(0):
                finish(connection, transaction)
            raise ClientDisconnected("the server was killed")

        monkeypatch.setattr(Connection, "tpc_finish", finish_and_lose)
        quickly = Retry(None, 0.001, 0.01, errors=batches.TEMPORARY, waits_for_engine=True)
        monkeypatch.setattr(batches, "WAITING", quickly)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> LostCommits:
    return LostCommits(monkeypatch)


def send(database: Database, storage: BatchStorage, *texts: bytes) -> None:
    """Chunks without ids: nothing but the batch tells a second try from a second measurement."""
    chunks = [Chunk("pydata", "pydata", Body(pack(text)), "") for text in texts]
    assert storage.store_all(chunks, lambda some: store_chunks(database, some, USER)) == []


@pytest.mark.parametrize("kept", [[True], [False], [False, False, True], [False, True]])
def test_a_batch_without_ids_is_stored_once(policies: Database, lost: LostCommits, kept: list[bool]) -> None:  # noqa: F811
    storage = BatchStorage("test")
    for _ in range(2):  # equal batches are different ones
        lost.kept[:] = kept
        send(policies, storage, b"21.5;", b"21.5;")
        assert not lost.kept
    assert b"".join(stored(policies).values()) == b"21.5;" * 4


def test_threads_do_not_take_the_place_of_one_another(policies: Database, lost: LostCommits) -> None:  # noqa: F811
    storage = BatchStorage("test")
    stored_others = threading.Event()
    waiting = threading.Event()

    def lose_and_wait() -> None:
        chunk = Chunk("pydata", "pydata", Body(pack(b"waits;")), "")
        tries = []

        def store(some: list[Chunk]) -> None:
            tries.append(1)
            if len(tries) == 2:
                waiting.set()
                assert stored_others.wait(30)
            store_chunks(policies, some, USER)

        storage.store_all([chunk], store)

    lost.kept[:] = [True]
    thread = threading.Thread(target=lose_and_wait)
    thread.start()
    assert waiting.wait(30)
    for _ in range(3):
        send(policies, storage, b"other;")
    stored_others.set()
    thread.join(30)
    assert b"".join(stored(policies).values()) == b"waits;other;other;other;"
    with policies.connect() as connection:
        assert len(get_site(connection)[TOOL].batch_receipts) == 2


def test_messages_of_a_broker_that_are_equal_are_told_from_a_second_try(policies: Database, lost: LostCommits) -> None:  # noqa: F811
    """A broker may use a number again at once, for the same value: the session cannot know that it is another one."""
    delivery = MessageDelivery(policies, configure(Subscription("n/#", policy_id="pydata")))
    storage = BatchStorage("test")
    for kept in ([], [True], [False]):
        lost.kept[:] = kept
        storage.store_all([Message("n/a", b"21.5;", qos=1, number=1)], delivery.store)
    assert b"".join(stored(policies).values()) == b"21.5;" * 3
