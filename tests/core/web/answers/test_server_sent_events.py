"""Progress over a real socket: events come one by one, as the user, and errors end the stream with a message."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection

import pytest

from wendelin.core.errors import BadRequest
from wendelin.core.registry import PluginConfig, load_registry
from wendelin.core.security import get_user
from wendelin.core.web.answers.server_sent_events import stream_events
from wendelin.core.web.application import make_application

GO_ON = threading.Event()


@pytest.fixture
def application(web_database):
    def progress():
        yield {"percent": 10, "message": get_user().id}
        assert GO_ON.wait(20)
        yield {"percent": 90, "message": "nearly", "id": "2"}

    def failing():
        yield {"percent": 1}
        raise BadRequest("that went wrong")

    registry = load_registry()
    config = PluginConfig(registry, "test")
    config.add_view(lambda context, request: stream_events(request, progress()), "progress", permission="")
    config.add_view(lambda context, request: stream_events(request, failing()), "failing", permission="")
    return make_application(web_database, registry=registry)


def read_event(answer):
    lines = []
    while line := answer.readline().strip():
        lines.append(line.decode())
    return dict(line.split(": ", 1) for line in lines if not line.startswith(":"))


def connect(server, path):
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.getheader("Content-Type").startswith("text/event-stream")
    assert read_event(answer) == {}  # the comment
    return answer


def test_events_arrive_while_the_work_goes_on(server):
    GO_ON.clear()
    answer = connect(server, "/erp5/progress")
    first = read_event(answer)
    assert json.loads(first["data"]) == {"percent": 10, "message": "Anonymous User"}
    GO_ON.set()
    second = read_event(answer)
    assert second["id"] == "2" and json.loads(second["data"])["percent"] == 90
    assert read_event(answer)["event"] == "done"


def test_an_error_ends_the_stream_with_its_message(server):
    answer = connect(server, "/erp5/failing")
    read_event(answer)
    event = read_event(answer)
    assert event["event"] == "failed"
    assert json.loads(event["data"]) == {"kind": "bad-request", "message": "that went wrong"}
