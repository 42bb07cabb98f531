"""A site with business template erp5_wendelin, in a database of the test's own, and chunks as clients send them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from wendelin.core.database import Database


@pytest.fixture(scope="session")
def wendelin_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("wendelin"), "erp5_wendelin")
    yield storage
    storage.close()


@pytest.fixture
def database(wendelin_storage: FileStorage) -> Iterator[Database]:
    """A database with a site that has erp5_wendelin."""
    with layered_database(wendelin_storage) as database:
        yield database


@pytest.fixture
def policy(site: Any) -> Any:
    """The policy that the fast input dialog makes for ``pydata``."""
    return site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata")


def pack(*messages: bytes) -> bytes:
    """A chunk of fluent-plugin-bin: ``[EventTime, {"message": bytes}]`` for each; equal ones make equal chunks."""
    time = msgpack.ExtType(0, bytes(7) + b"\1")
    return b"".join(msgpack.packb([time, {"message": message}]) for message in messages)
