"""What a policy refuses, with which status, what its log says about it; and the fast lane into the site."""

from __future__ import annotations

import gzip
import threading
import zlib
from typing import Any

import pytest
from webtest import TestApp

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import RAW, basic, post, stored
from wendelin.core.database import Database
from wendelin.core.errors import RequestTooLarge
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.policies import limits, policy_log
from wendelin.plugins.ingestion.policies.limits import Rates

STREAM = "/erp5/data_stream_module/1"


def limit(database: Database, **properties: Any) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).portal_ingestion_policies["pydata"].edit(**properties)


def log_of(database: Database) -> list[tuple[str, str, str]]:
    policy_log.flush()
    with as_user(SYSTEM), database.connect() as connection:
        policy = get_site(connection).portal_ingestion_policies["pydata"]
        return [(entry.kind, entry.user, entry.reference) for entry in policy.log().entries]


def test_size(app: TestApp, database: Database) -> None:
    limit(database, maximum_size=0.001)
    response = post(app, pack(bytes(2000)), status=413)
    assert "1048" in response.json["message"] and stored(database) == {}
    assert log_of(database) == [("refused", "zope", "")] or log_of(database)[-1][0] == "refused"
    post(app, pack(bytes(900)), status=204)


def test_users_and_tags(app: TestApp, database: Database) -> None:
    limit(database, allowed_user_list=["sens*"], allowed_reference_list=["pydata", "plant.*"])
    post(app, pack(b"x"), status=403)
    post(app, pack(b"x"), "?reference=other", headers=basic("sensor"), status=403)
    post(app, pack(b"x"), headers=basic("sensor"), status=204)
    assert log_of(database) == [("refused", "zope", "pydata"), ("refused", "sensor", "other")]


def test_rate(app: TestApp, database: Database) -> None:
    limit(database, maximum_rate=2)
    for piece in (b"a", b"b"):
        post(app, pack(piece), status=204)
    response = post(app, pack(b"c"), status=503)
    assert response.json["kind"] == "policy-rate-exceeded" and "2 chunks a minute" in response.json["message"]
    assert 0 < int(response.headers["Retry-After"]) <= 31
    assert stored(database) == {"1": b"ab"}


def test_a_bucket_fills_again() -> None:
    rates = Rates()
    assert rates.take("x", 600) == 0 and rates.take("y", 1) == 0
    assert 50 < rates.take("y", 1) <= 60
    for _ in range(600):
        rates.take("x", 600)
    assert 0 < rates.take("x", 600) <= 0.1


def test_each_policy_has_a_bucket_that_never_holds_more_than_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    rates = Rates()
    assert [rates.take("a", 4) for _ in range(5)] == [0, 0, 0, 0, 15]
    assert rates.take("b", 1) == 0 and rates.take("b", 1) == 60
    now += 7.5
    assert rates.take("a", 4) == 7.5
    now += 7.5
    assert rates.take("a", 4) == 0 and rates.take("a", 4) == 15
    now += 600
    assert [rates.take("a", 4) for _ in range(5)] == [0, 0, 0, 0, 15]


def test_the_bucket_that_was_not_asked_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KNOWN_POLICIES", 2)
    monkeypatch.setattr(limits.time, "monotonic", lambda: 1000.0)
    rates = Rates()
    assert rates.take("a", 1) == rates.take("b", 1) == 0
    assert rates.take("a", 1) and rates.take("b", 1) and rates.take("a", 1)
    assert rates.take("c", 1) == 0
    assert rates.take("a", 1) == 60 and rates.take("c", 1) == 60
    assert rates.take("b", 1) == 0


def test_a_chunk_may_have_just_the_size(site: Any) -> None:
    policy = site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("limited", "Limited")
    for given, size in ((None, 256 << 20), (0, 256 << 20), (0.5, 1 << 19), (3, 3 << 20)):
        policy.edit(maximum_size=given)
        assert limits.maximum_size(policy) == size
        limits.check_limits(policy, size)
        with pytest.raises(RequestTooLarge, match=f"{size + 1} bytes.*takes {size} at most"):
            limits.check_limits(policy, size + 1)


def test_a_user_without_the_right_leaves_nothing_but_a_line(app: TestApp, database: Database) -> None:
    post(app, pack(b"x"), headers=basic("nobody"), status=403)
    post(app, pack(b"x"), headers={}, status=401)
    post(app, pack(b"x"), headers=basic("zope", "wrong"), status=401)
    assert log_of(database) == [("refused", "nobody", "")]
    with as_user(SYSTEM), database.connect() as connection:
        site = get_site(connection)
        assert len(site.data_ingestion_module) == len(site.data_stream_module) == 0


def test_repeats_and_bad_tags_are_logged(app: TestApp, database: Database) -> None:
    for _ in range(3):
        post(app, pack(b"x"), status=204)
    post(app, pack(b"x"), "?reference=.", status=400)
    assert [kind for kind, _, _ in log_of(database)] == ["repeated", "repeated", "bad tag"]
    assert stored(database) == {"1": b"x"}
    app.authorization = ("Basic", ("zope", "a password of the test"))
    assert "Repeats dropped" in app.get(f"{STREAM}/view").text


def test_the_log_is_bounded(app: TestApp, database: Database) -> None:
    for _ in range(policy_log.LENGTH + 20):
        post(app, pack(b"x"), "?reference=.", status=400)
    assert len(log_of(database)) == policy_log.LENGTH


@pytest.mark.parametrize(
    "zipped",
    [gzip.compress(pack(b"abc")), gzip.compress(pack(b"a")) + gzip.compress(pack(b"bc"))],
    ids=["one", "two"],
)
def test_gzip(app: TestApp, database: Database, zipped: bytes) -> None:
    post(app, zipped, headers=basic("zope") | {"Content-Encoding": "gzip"}, status=204)
    assert stored(database) == {"1": b"abc"}


@pytest.mark.parametrize(
    "body, encoding, status",
    [
        (gzip.compress(pack(b"abc"))[:-3], "gzip", 400),
        (gzip.compress(pack(b"abc"))[:5], "gzip", 400),
        (b"hello", "gzip", 400),
        (zlib.compress(pack(b"abc")), "deflate", 400),
        (gzip.compress(bytes(300 << 20), 1), "gzip", 413),
    ],
    ids=["torn", "torn-head", "none", "deflate", "bomb"],
)
def test_gzip_that_is_none_or_too_much(
    app: TestApp, database: Database, body: bytes, encoding: str, status: int
) -> None:
    post(app, body, headers=basic("zope") | {"Content-Encoding": encoding}, status=status)
    assert stored(database) == {}


def test_a_chunk_id_is_recognised(app: TestApp, database: Database) -> None:
    for piece in (b"one", b"another"):
        post(app, pack(piece), headers=basic("zope") | {"X-Fluentd-Chunk-Id": "5f3a"}, status=204)
    assert stored(database) == {"1": b"one"}
    post(app, pack(b"x"), headers=basic("zope") | {"X-Fluentd-Chunk-Id": "x" * 300}, status=400)


def test_many_senders_at_once(app: TestApp, database: Database) -> None:
    """They are stored together; one that cannot be stored does not hold up the others."""
    post(app, pack(b"<first>"))
    bodies = [pack(b"<%02d>" % number) if number % 5 else b"\xc1" for number in range(30)]
    users = ["zope", "sensor", "nobody"]
    statuses: dict[int, int] = {}

    def send(number: int) -> None:
        answer = post(app, bodies[number], headers=basic(users[number % 3]), status="*")
        statuses[number] = answer.status_int

    threads = [threading.Thread(target=send, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    wanted = {number: 403 if number % 3 == 2 else 204 if number % 5 else 400 for number in range(30)}
    assert statuses == wanted
    data = stored(database)["1"]
    found = sorted(data.removeprefix(b"<first>")[at : at + 4] for at in range(0, len(data) - 7, 4))
    assert found == sorted(b"<%02d>" % number for number, status in wanted.items() if status == 204)


def test_put_appends_where_the_stream_ends(app: TestApp, database: Database) -> None:
    post(app, pack(b"0123456789"))

    def put(body: bytes, content_range: str | None, status: int) -> Any:
        headers = basic("zope") | ({"Content-Range": content_range} if content_range else {})
        return app.put(STREAM, body, headers=headers, content_type=RAW, status=status)

    assert put(b"", "bytes */*", 308).headers["Range"] == "bytes=0-9"
    put(b"abc", "bytes 10-12/*", 204)
    put(b"de", "bytes 13-14/15", 204)
    assert put(b"abc", "bytes 10-12/*", 409).headers["Content-Range"] == "bytes */15"
    put(b"x", "bytes 16-16/*", 416)
    for wrong in ("bytes 15-14/*", "bytes 15-20/*", "bytes 15-15/3", "lines 15-15/*", "bytes -1-2/*"):
        put(b"x", wrong, 400)
    app.put(STREAM, b"x", headers=basic("nobody"), status=403)
    assert stored(database) == {"1": b"0123456789abcde"}
    put(b"new", None, 204)
    assert stored(database) == {"1": b"new"}
    put(b"", None, 204)
    assert "Range" not in put(b"", "bytes */*", 308).headers
