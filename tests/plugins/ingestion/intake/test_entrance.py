"""The fast lane: which requests take it, that it decides as the ordinary way does, and what it leaves to that."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp
from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import Connection
from ZODB.POSException import StorageTransactionError

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import FORM, INGEST, basic, post, stored
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.access import password_attempts
from wendelin.core.web.requests.metrics import total
from wendelin.plugins.ingestion.intake.entrance import LARGEST, ROUTE, Entrance

BEHIND = 299


class Behind:
    """Stands for the ordinary way: answers with a status that nothing else has, and the bytes that are left to read."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("299 Behind", [("Content-Type", "application/octet-stream")])
        return [body]


@pytest.fixture
def short(app: TestApp) -> TestApp:
    return TestApp(Entrance(Behind(app.app.registry)), lint=False)


def test_a_plain_chunk_takes_it(short: TestApp, database: Database) -> None:
    before = total("http_requests_total", route=ROUTE, method="POST", status="204")
    for piece in (b"a", b"b", b"b"):
        response = post(short, pack(piece))
        assert response.status_int == 204 and response.headers["X-Content-Type-Options"] == "nosniff"
    post(short, pack(b"c"), headers=basic("sensor"), status=204)
    assert stored(database) == {"1": b"abc"}
    assert total("http_requests_total", route=ROUTE, method="POST", status="204") == before + 4


@pytest.mark.parametrize(
    "query, body, options",
    [
        ("?reference=pydata&x=1", pack(b"x"), {}),
        ("", pack(b"x"), {}),
        ("?reference=%ff", pack(b"x"), {}),
        ("?reference=unknown", pack(b"x"), {}),
        ("?reference=pydata", b"no msgpack", {}),
        ("?reference=pydata", b"", {}),
        ("?reference=pydata", bytes(LARGEST + 1), {}),
        ("?reference=pydata", pack(b"x"), {"content_type": FORM}),
        ("?reference=pydata", pack(b"x"), {"headers": {}}),
        ("?reference=pydata", pack(b"x"), {"headers": basic("zope", "wrong")}),
        ("?reference=pydata", pack(b"x"), {"headers": basic("stranger")}),
        ("?reference=pydata", pack(b"x"), {"headers": basic("nobody")}),
        ("?reference=pydata", pack(b"x"), {"headers": {"Authorization": "Basic ?"}}),
        ("?reference=pydata", pack(b"x"), {"headers": basic("zope") | {"Content-Encoding": "gzip"}}),
        ("?reference=pydata", pack(b"x"), {"headers": basic("zope") | {"Origin": "http://elsewhere"}}),
    ],
    ids=lambda value: repr(value)[:25] if not isinstance(value, bytes) else f"{len(value)}",
)
def test_everything_else_is_left_whole(
    short: TestApp, database: Database, query: str, body: bytes, options: dict[str, Any]
) -> None:
    response = post(short, body, query, status=BEHIND, **options)
    assert response.body == body and stored(database) == {}


def test_a_right_that_is_taken_away_is_gone_at_once(short: TestApp, database: Database) -> None:
    post(short, pack(b"a"), headers=basic("sensor"), status=204)
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).portal_ingestion_policies["pydata"].manage_setLocalRoles("sensor", [])
    post(short, pack(b"b"), headers=basic("sensor"), status=BEHIND)
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).acl_users.set_password("zope", "another password")
    post(short, pack(b"c"), status=BEHIND)
    post(short, pack(b"d"), headers=basic("zope", "another password"), status=204)
    assert stored(database) == {"1": b"ad"}
    assert short.get(INGEST, status=BEHIND)


def test_wrong_passwords_are_counted_once_and_the_right_one_waits(
    app: TestApp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_attempts, "ATTEMPTS", 3)
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).acl_users.set_password("sensor", "a new one")  # nobody was right with it a moment ago
    for number in range(3):
        post(app, pack(b"x"), headers=basic("sensor", f"guess {number}"), status=401)
    post(app, pack(b"x"), headers=basic("sensor", "a new one"), status=429)
    post(app, pack(b"x"), headers=basic("zope"), status=204)
    assert stored(database) == {"1": b"x"}


@pytest.mark.parametrize("error", [ClientDisconnected("killed"), StorageTransactionError("killed")])
def test_a_database_that_is_away_leaves_no_connection_and_no_traceback(
    short: TestApp,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """The chunk is left to the ordinary way, whatever of the transaction was the first to meet it."""

    def fail(*arguments: Any) -> None:
        raise error

    post(short, pack(b"before"), status=204)
    for name in ("newTransaction", "tpc_vote", "tpc_finish"):
        with monkeypatch.context() as patch:
            patch.setattr(Connection, name, fail)
            post(short, pack(name.encode()), status=BEHIND)
    post(short, pack(b";after"), status=204)
    assert stored(database) == {"1": b"before;after"}
    assert "Traceback" not in caplog.text and "could not be closed" not in caplog.text
    assert sum(1 for connection in database.zodb.pool if connection.opened) <= 1  # that of the thread
