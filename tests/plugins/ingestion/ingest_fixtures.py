"""An application with users and the policy ``pydata``, and requests to it. Use with ``from ... import *``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestApp
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from wendelin.core.database import Database, class_factory
from wendelin.core.database.object_ids import ObjectDB
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.access.password_attempts import Attempts
from wendelin.core.web.application import make_application

INGEST = "/erp5/portal_ingestion_policies/pydata/ingest"
PASSWORD = "a password of the test"
RAW = "application/octet-stream"
FORM = "application/x-www-form-urlencoded"


def basic(user: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture(scope="session")
def ingest_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("ingest"), "erp5_wendelin")
    # Not closed: that would close the storage, which the tests' own databases lie over.
    database = Database(ObjectDB(storage, class_factory=class_factory))
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        site.acl_users.add_user("zope", PASSWORD, ["Manager"])
        site.acl_users.add_user("nobody", PASSWORD, [])
        site.acl_users.add_user("sensor", PASSWORD, [])
        policy = site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata")
        policy.manage_setLocalRoles("sensor", ["Author"])
    yield storage
    storage.close()


@pytest.fixture
def database(ingest_storage: FileStorage) -> Iterator[Database]:
    """A database with users and the policy ``pydata``."""
    with layered_database(ingest_storage) as database:
        yield database


@pytest.fixture(scope="session")
def application() -> Any:
    """Made once: what differs between tests is only the database."""
    return make_application(None)


@pytest.fixture
def app(application: Any, database: Database) -> TestApp:
    application.registry["wendelin.database"] = database
    application.registry["wendelin.policy"].attempts = Attempts()
    return TestApp(application)


def post(app: TestApp, body: bytes, query: str = "?reference=pydata", **kw: Any) -> Any:
    headers = kw.pop("headers", basic("zope"))
    return app.post(INGEST + query, body, headers=headers, content_type=kw.pop("content_type", RAW), **kw)


def stored(database: Database) -> dict[str, bytes]:
    with as_user(SYSTEM), database.connect() as connection:
        return {
            stream.getId(): stream.getData(b"") for stream in get_site(connection).data_stream_module.objectValues()
        }
