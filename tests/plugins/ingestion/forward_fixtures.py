"""A forward receiver on a free port, storing into the test's database: ``from ...forward_fixtures import *``."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.receivers.batches import store_chunks
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration
from wendelin.plugins.ingestion.receivers.forward.server import ForwardServer

USER = "sensor"
ROOT = Path(__file__).parents[3]


class Receiver:
    """A `ForwardServer` in a thread of its own."""

    def __init__(self, configuration: ForwardConfiguration, store: Callable[..., None]) -> None:
        self.configuration, self.store = configuration, store
        self.port = 0
        self.failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self.failure = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with ForwardServer(self.configuration, self.store) as server:
            self.port = server.port
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> Receiver:
        self._thread.start()
        assert self._ready.wait(10)
        if self.failure is not None:
            raise self.failure
        return self

    def __exit__(self, *exception: object) -> None:
        """All that was received is stored when this returns."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def policies(database: Database) -> Database:
    """The test's database with the policies ``pydata`` and ``other``, and a user who may send to the first only."""
    add_policies(database)
    return database


def add_policies(database: Database) -> None:
    """What the fixture `policies` adds."""
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        site.acl_users.add_user(USER, None, [])
        tool = site.portal_ingestion_policies
        tool.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata").manage_setLocalRoles(USER, ["Author"])
        tool.IngestionPolicyTool_addIngestionPolicy("other", "Other")


@pytest.fixture
def receive(policies: Database) -> Iterator[Callable[..., Receiver]]:
    """``with receive(shared_key="x") as receiver``."""

    def make(**options: Any) -> Receiver:
        store = options.pop("store", partial(store_chunks, policies))
        return Receiver(ForwardConfiguration(**({"user": USER, "port": 0} | options)), store)

    yield make


def stored(database: Database) -> dict[str, bytes]:
    """``{reference: content}`` of all Data Streams."""
    with as_user(SYSTEM), database.connect() as connection:
        return {
            stream.getReference(): stream.getData(b"")
            for stream in get_site(connection).data_stream_module.objectValues()
        }


def wait_for_size(database: Database, size: int) -> None:
    """Until the Data Streams hold that many bytes; for clients that are told of nothing."""
    deadline = time.monotonic() + 30
    while sum(map(len, stored(database).values())) < size:
        assert time.monotonic() < deadline, {name: len(data) for name, data in stored(database).items()}
        time.sleep(0.05)


def find_program(name: str, *folders: str) -> str:
    """The path of a program, also of one that is not for users; the test is skipped when it is not installed."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders]))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found
