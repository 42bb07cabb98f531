"""A policy that keeps the order of chunks: what it takes, what it refuses, what it says; over HTTP and forward."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from webtest import TestApp

from tests.plugins.ingestion.forward_fixtures import Receiver, receive  # noqa: F401
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import basic, post, stored
from tests.plugins.ingestion.receivers.forward.test_server import Client
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_times import first_moment
from wendelin.plugins.ingestion.policies import policy_log
from wendelin.plugins.ingestion.policies.chunk_order import moment_of_id

NOW = int(time.time())


def event_time(seconds: int, nanoseconds: int = 0) -> msgpack.ExtType:
    return msgpack.ExtType(0, seconds.to_bytes(4, "big") + nanoseconds.to_bytes(4, "big"))


def chunk(moment: Any, *messages: bytes) -> bytes:
    return b"".join(msgpack.packb([moment, {"message": message}]) for message in messages)


def fluentd_id(seconds: float, rest: int = 0) -> bytes:
    """As `Fluent::UniqueId.generate` packs it: microseconds, 12 random bits, 64 random bits."""
    return (int(seconds * 10**6) << 12 | rest & 0xFFF).to_bytes(8, "big") + rest.to_bytes(8, "big")


def set_order(database: Database, value: str = "refuse") -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).portal_ingestion_policies["pydata"].edit(chunk_order=value)


@pytest.fixture
def policies(database: Database) -> Database:
    """For `receive`: the user ``sensor`` and the policy are there already."""
    return database


@pytest.fixture
def ordered(database: Database) -> Database:
    set_order(database)
    return database


def test_as_they_come_is_the_default(app: TestApp, database: Database) -> None:
    post(app, chunk(event_time(NOW, 2), b"2"), status=204)
    post(app, chunk(event_time(NOW, 1), b"1"), status=204)
    assert stored(database) == {"1": b"21"}


def test_a_site_whose_property_sheet_is_older_takes_chunks_as_they_come(app: TestApp, database: Database) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        sheet = site.portal_property_sheets["IngestionPolicy"]
        kept, _ = sheet.getDefinitionText().split('[[property]]\nid = "chunk_order"')
        sheet.edit(definition_text=kept)
        assert "chunk_order" not in site.portal_ingestion_policies["pydata"].getPropertyIdList()
    post(app, chunk(event_time(NOW, 2), b"2"), status=204)
    post(app, chunk(event_time(NOW, 1), b"1"), status=204)
    assert stored(database) == {"1": b"21"}


def test_an_older_chunk_is_refused_and_the_log_says_why(app: TestApp, ordered: Database) -> None:
    post(app, chunk(event_time(NOW, 1), b"1"), status=204)
    post(app, chunk(event_time(NOW, 3), b"3"), status=204)
    answer = post(app, chunk(event_time(NOW, 2), b"2"), status=400)
    for part in ("'pydata'", ".000000002 UTC", ".000000003 UTC", "data_stream_module/1", "one flush thread"):
        assert part in answer.json["message"]
    post(app, chunk(event_time(NOW + 1), b"4"), status=204)
    assert stored(ordered) == {"1": b"134"}
    policy_log.flush()
    with as_user(SYSTEM), ordered.connect() as connection:
        entry = get_site(connection).portal_ingestion_policies["pydata"].log().entries[-1]
    assert entry.kind == "refused" and "not newer than the last one" in entry.message


@pytest.mark.parametrize("nanoseconds", [0, 7])
@pytest.mark.parametrize("mark_count", [0, 256])
def test_a_repeat_is_answered_as_a_repeat(app: TestApp, ordered: Database, nanoseconds: int, mark_count: int) -> None:
    with as_user(SYSTEM), ordered.transaction() as connection:
        get_site(connection).portal_ingestion_policies["pydata"].edit(mark_count=mark_count)
    chunks = [chunk(event_time(NOW + number, nanoseconds), b"%d" % number) for number in range(3)]
    for body in [*chunks, *chunks]:
        post(app, body, status=204)
    with_id = chunk(event_time(NOW + 9), b"9")
    for body in (with_id, chunk(event_time(NOW + 10), b"!"), with_id):
        post(app, body, headers=basic("zope") | {"X-Fluentd-Chunk-Id": body.hex()[:40]}, status=204)
    assert stored(ordered) == {"1": b"0129!"}


def test_equal_dates_tell_no_order(app: TestApp, ordered: Database) -> None:
    post(app, chunk(event_time(NOW), b"1"), status=204)
    post(app, chunk(event_time(NOW), b"2"), status=400)
    assert stored(ordered) == {"1": b"1"}


@pytest.mark.parametrize(
    "body",
    [chunk(NOW, b"x"), b"\x93\x01\x02\x03", chunk(float("nan"), b"x")],
    ids=["whole seconds", "no event", "no time"],  # the same in each process, though the time is not
)
@pytest.mark.parametrize("chunk_id", [None, "an id", "f" * 32, "0" * 32])
def test_what_tells_no_date_is_refused(app: TestApp, ordered: Database, body: bytes, chunk_id: str | None) -> None:
    headers = basic("zope") | ({"X-Fluentd-Chunk-Id": chunk_id} if chunk_id else {})
    assert "tells no date" in post(app, body, headers=headers, status=400).json["message"]
    assert stored(ordered) == {}


def test_fluentds_ids_date_events_of_whole_seconds(app: TestApp, ordered: Database) -> None:
    def send(number: int, status: int) -> Any:
        body, name = chunk(NOW, b"%d" % number), fluentd_id(NOW + number / 1000, 2**63 - number).hex()
        return post(app, body, headers=basic("zope") | {"X-Fluentd-Chunk-Id": name}, status=status)

    send(1, 204)
    send(3, 204)
    assert "Order of Chunks" in send(2, 400).json["message"]
    send(1, 204)  # a repeat
    assert "cannot be compared" in post(app, chunk(event_time(NOW + 5), b"5"), status=400).json["message"]
    assert stored(ordered) == {"1": b"13"}


def test_the_way_out_is_to_take_chunks_as_they_come_for_a_while(app: TestApp, ordered: Database) -> None:
    post(app, chunk(event_time(NOW + 10**6, 1), b"future "), status=204)
    post(app, chunk(event_time(NOW, 1), b"now "), status=400)
    set_order(ordered, "as_they_come")
    post(app, chunk(event_time(NOW, 1), b"now "), status=204)
    set_order(ordered)
    post(app, chunk(event_time(NOW, 2), b"later"), status=204)
    post(app, chunk(event_time(NOW, 0), b"never"), status=400)
    assert stored(ordered) == {"1": b"future now later"}


def test_an_emptied_stream_takes_the_same_chunks_again(app: TestApp, ordered: Database) -> None:
    for _ in range(2):
        for number in (1, 2):
            post(app, chunk(event_time(NOW, number), b"%d" % number), status=204)
        assert stored(ordered) == {"1": b"12"}
        with as_user(SYSTEM), ordered.transaction() as connection:
            get_site(connection).data_stream_module["1"].setData(None)


def test_of_two_processes_the_one_that_commits_second_looks_again(ordered: Database) -> None:
    def ingest(number: int, barrier: threading.Barrier | None = None) -> None:
        def work(connection: Any) -> None:
            site = get_site(connection)
            site.portal_ingestion_policies["pydata"].ingest("pydata", chunk(event_time(NOW, number), b"%d" % number))
            if barrier is not None and not barrier.broken:
                try:
                    barrier.wait(10)
                except threading.BrokenBarrierError:
                    return
                if number == 1:  # commits when the newer one is there
                    newer.wait(10)
                barrier.abort()

        with as_user(SYSTEM):
            try:
                ordered.run(work, 5)
            except ValueError as error:
                refused.append(str(error))
        if number == 2:
            newer.set()

    refused: list[str] = []
    newer = threading.Event()
    ingest(0)
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=ingest, args=(number, barrier)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert stored(ordered) == {"1": b"02"}
    assert len(refused) == 1 and "not newer" in refused[0]


def test_forward(ordered: Database, receive: Callable[..., Receiver]) -> None:  # noqa: F811
    def message(number: int) -> list[Any]:
        name = b64encode(fluentd_id(NOW + number)).decode() + "\n"
        return ["pydata", chunk(NOW, b"%d" % number), {"chunk": name}]

    with receive() as receiver:
        for number, is_taken in ((1, True), (3, True), (2, False), (1, True), (4, True)):
            with Client(receiver) as client:
                client.send(message(number))
                assert client.receive() == ({"ack": message(number)[2]["chunk"]} if is_taken else None), number
        with Client(receiver) as client:
            client.send(["pydata", chunk(event_time(NOW + 9, 1), b"unacknowledged")], message(5))
            assert client.receive() == {"ack": message(5)[2]["chunk"]}
    assert stored(ordered) == {"1": b"1345"}


def test_moments_of_events_and_ids() -> None:
    for moment in (event_time(1, 5), [event_time(1, 5), {}], msgpack.Timestamp(1, 5)):
        assert first_moment(Body(chunk(moment, b"x"))) == 1_000_000_005
    assert first_moment(Body(chunk(1.5, b"x"))) == 1_500_000_000
    for nothing in (1, "1", None, msgpack.ExtType(1, bytes(8)), float("inf"), float("nan"), 1e305, -1.5):
        assert first_moment(Body(chunk(nothing, b"x"))) is None
    name = fluentd_id(NOW, 5)
    assert moment_of_id(name.hex(), NOW) == moment_of_id(b64encode(name).decode() + "\n", NOW) == NOW * 10**9
    for other in ("", "é" * 32, name.hex()[:-1], b64encode(name[:15]).decode(), fluentd_id(NOW - 370 * 86400).hex()):
        assert moment_of_id(other, NOW) is None
