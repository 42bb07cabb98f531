"""``/metrics``: who may see it, and that what it says is what happened."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import transaction
from prometheus_client.parser import text_string_to_metric_families
from pyramid.response import Response
from webtest import TestApp

from tests.web_fixtures import PASSWORD
from wendelin.core.model.objects.site import get_site
from wendelin.core.registry import PluginConfig, load_registry
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application
from wendelin.core.web.requests import metrics


def read(text: str) -> dict[tuple[str, frozenset], float]:
    """``{(name, labels): value}`` of everything in the answer."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests_of(answer: Any, **labels: str) -> float:
    return read(answer.text).get(("wendelin_http_requests_total", frozenset(labels.items())), 0.0)


def test_only_managers_see_it(make_client) -> None:
    make_client().get("/metrics", status=401)
    make_client("ada").get("/metrics", status=403)
    answer = make_client("zope").get("/metrics")
    assert answer.content_type == "text/plain"
    make_client("zope").post("/metrics", status=405)


def test_a_token_is_enough(application, web_database) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        token = get_site(connection).acl_users.create_token("zope", "prometheus", None)
    client = TestApp(application, extra_environ={"HTTP_HOST": "localhost:80"})
    client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    client.get("/metrics", headers={"Authorization": "Bearer wrong"}, status=401)


def test_loopback_needs_the_setting_and_the_address(web_database) -> None:
    application = make_application(web_database, settings={"wendelin.metrics": "loopback"})
    client = TestApp(application, extra_environ={"HTTP_HOST": "localhost:80"})
    client.get("/metrics", extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    client.get("/metrics", extra_environ={"REMOTE_ADDR": "192.0.2.7"}, status=401)


def test_requests_are_counted_by_route_and_status(make_client) -> None:
    client = make_client("zope")
    labels = {"route": "ERP5 Site/view", "method": "GET", "status": "200"}
    missing = {"route": "none", "method": "GET", "status": "404"}
    before = client.get("/metrics")
    client.get("/erp5/view")
    client.get("/erp5/made_up_name", status=404)
    client.get("/erp5/another_made_up_name", status=404)
    after = client.get("/metrics")
    assert requests_of(after, **labels) == requests_of(before, **labels) + 1
    assert requests_of(after, **missing) == requests_of(before, **missing) + 2
    assert "made_up" not in after.text
    seconds = ("wendelin_http_request_seconds_count", frozenset({("route", "ERP5 Site/view")}))
    assert read(after.text)[seconds] >= 1


def test_gauges(make_client, web_database) -> None:
    client = make_client("zope")

    def pending(answer: Any) -> float:
        return read(answer.text)["wendelin_activities", frozenset({("state", "pending")})]

    before = pending(client.get("/metrics"))
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).activate().getTitle()
    answer = client.get("/metrics")
    found = read(answer.text)
    assert pending(answer) == before + 1
    assert found["wendelin_database_bytes", frozenset()] == web_database.get_size() > 0
    assert found["process_resident_memory_bytes", frozenset()] > 1 << 20
    process = frozenset({("pid", str(os.getpid())), ("kind", "web")})
    assert found["wendelin_process_info", process] == 1


def test_conflicts_are_counted_and_the_request_once(web_database) -> None:
    """A view whose object is changed by another connection before it commits: every time, or the first time only."""
    attempts: list[int] = []

    def conflict(context: Any, request: Any) -> Response:
        attempts.append(1)
        if "always" in request.GET or len(attempts) == 1:
            with web_database.transaction() as connection:
                get_site(connection).title = f"theirs {len(attempts)}"
        context.title = "mine"
        return Response("done")

    registry = load_registry()
    PluginConfig(registry, "test").add_view(conflict, "conflict", "ERP5 Site", request_method="POST")
    client = TestApp(
        make_application(web_database, settings={"retry.attempts": 5}, registry=registry),
        extra_environ={"HTTP_HOST": "localhost:80"},
    )
    client.authorization = ("Basic", ("zope", PASSWORD))

    def counts() -> dict[str, float]:
        route = {"route": "ERP5 Site/conflict", "method": "POST"}
        return {
            "stored": metrics.total("http_requests_total", status="200", **route),
            "refused": metrics.total("http_requests_total", status="503", **route),
            "retried": metrics.total("http_conflicts_total", outcome="retried"),
            "given up": metrics.total("http_conflicts_total", outcome="given up"),
        }

    before = counts()
    client.post("/erp5/conflict")
    assert len(attempts) == 2
    client.post("/erp5/conflict?always=1", status=503)
    assert len(attempts) == 7
    found = {name: value - before[name] for name, value in counts().items()}
    assert found == {"stored": 1, "refused": 1, "retried": 5, "given up": 1}


def test_counting_waits_for_the_commit() -> None:
    manager = transaction.TransactionManager(explicit=True)
    for finish, expected in ((manager.abort, 0), (manager.commit, 5)):
        metrics.count_committed(manager.begin(), "test_committed_total", 5, policy="a")
        assert metrics.total("test_committed_total", policy="a") == 0
        finish()
        assert metrics.total("test_committed_total", policy="a") == expected


def test_labels_stay_the_same() -> None:
    metrics.count("test_labels_total", policy="a")
    with pytest.raises(ValueError):
        metrics.count("test_labels_total", reason="b")
    with pytest.raises(ValueError):
        metrics.observe("test_labels_total", 1.0)


def test_processes_that_share_a_folder_are_added_up(tmp_path) -> None:
    environ = os.environ | {metrics.SHARED_FOLDER: str(tmp_path)}
    program = "from wendelin.core.web.requests.metrics import count; count('test_shared_total', 2, policy='a')"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], env=environ, check=True, timeout=60)
    show = (
        "from prometheus_client.exposition import generate_latest\n"
        "from wendelin.core.web.requests.metrics import exposed_registry\n"
        "print(generate_latest(exposed_registry()).decode())"
    )
    done = subprocess.run([sys.executable, "-c", show], env=environ, check=True, timeout=60, capture_output=True)
    assert 'wendelin_test_shared_total{policy="a"} 4.0' in done.stdout.decode()
