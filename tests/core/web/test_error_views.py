"""What a client sees when something goes wrong: a status by kind, a page or JSON, never a traceback."""

from __future__ import annotations

import logging

import pytest
import webtest
from pyramid.response import Response
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import ConflictError, StorageTransactionError

from wendelin.core import errors
from wendelin.core.model.objects.site import get_site
from wendelin.core.registry import PluginConfig, load_registry
from wendelin.core.web.application import make_application
from wendelin.core.web.requests.statuses import status_of

SECRET = "the inside of the machine"
FAILURES = {
    "unexpected": lambda: RuntimeError(SECRET),
    "away": lambda: errors.DatabaseUnavailable("the database is away", retry_after=7),
    "invalid": lambda: errors.ValidationFailed(["Title is missing", "Size is negative"]),
    "bad": lambda: errors.BadRequest("the reference may not be empty"),
    "full": lambda: errors.StorageFull("no space left"),
    "engine-full": lambda: OSError(28, "No space left on device"),
    "large": lambda: errors.RequestTooLarge("a body may have 1 MB"),
    "engine-undecided": lambda: StorageTransactionError("Transaction not committing"),
    "conflict": lambda: ConflictError("busy"),
    "broken-script": lambda: errors.ScriptError("Base_x, line 3: name 'y' is not defined"),
}


@pytest.fixture
def application(web_database):
    """The application with a view that fails on demand."""

    def fail(context, request):
        raise FAILURES[request.GET["how"]]()

    registry = load_registry()
    PluginConfig(registry, "test").add_view(fail, "fail", permission="", request_method=("GET", "POST"))
    return make_application(web_database, registry=registry)


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [
        ("unexpected", 500, "error"),
        ("away", 503, "database-unavailable"),
        ("invalid", 422, "validation-failed"),
        ("bad", 400, "bad-request"),
        ("full", 507, "storage-full"),
        ("engine-full", 507, "storage-full"),
        ("engine-undecided", 503, "database-unavailable"),
        ("large", 413, "request-too-large"),
        ("conflict", 503, "database-unavailable"),
        ("broken-script", 500, "script-error"),
    ],
)
def test_programs_get_json(make_client, how, status, kind):
    answer = make_client().get(f"/erp5/fail?how={how}", status=status)
    assert answer.json["kind"] == kind
    assert answer.json["id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.text and SECRET not in answer.text


@pytest.mark.parametrize("how", FAILURES)
def test_browsers_get_a_page_that_says_what_to_do(make_client, how):
    answer = make_client(accept="text/html").get(f"/erp5/fail?how={how}", status="*")
    assert answer.status_int >= 400
    assert answer.content_type == "text/html"
    assert answer.html.h1.text
    assert "Traceback" not in answer.text and SECRET not in answer.text


def test_every_problem_is_listed(make_client):
    answer = make_client(accept="text/html").get("/erp5/fail?how=invalid", status=422)
    assert [item.text for item in answer.html.find_all("li")] == ["Title is missing", "Size is negative"]
    assert make_client().get("/erp5/fail?how=invalid", status=422).json["problems"][1] == "Size is negative"


def test_away_says_when_to_come_back(make_client):
    assert make_client().get("/erp5/fail?how=away", status=503).headers["Retry-After"] == "7"
    assert make_client().get("/erp5/fail?how=conflict", status=503).headers["Retry-After"] == "1"


def test_the_traceback_is_in_the_log_under_the_id_of_the_answer(make_client, caplog):
    with caplog.at_level(logging.ERROR, "wendelin.web"):
        answer = make_client().get("/erp5/fail?how=unexpected", status=500)
    record = next(record for record in caplog.records if record.name == "wendelin.web")
    assert answer.headers["X-Request-Id"] in record.getMessage()
    assert SECRET in caplog.text and "Traceback" in caplog.text


def test_conflicts_are_tried_again(web_database):
    attempts = []

    def second_time(context, request):
        attempts.append(1)
        if len(attempts) < 3:
            raise ConflictError("busy")
        from pyramid.response import Response

        return Response("done")

    from webtest import TestApp

    registry = load_registry()
    PluginConfig(registry, "test").add_view(second_time, "again", permission="")
    assert TestApp(make_application(web_database, registry=registry)).get("/erp5/again").text == "done"
    assert len(attempts) == 3


def test_a_body_is_there_again_in_the_second_attempt(web_database):
    bodies = []

    def read(context, request):
        bodies.append(request.body_file.read())
        if len(bodies) == 1:
            raise ConflictError("busy")
        from pyramid.response import Response

        return Response("done")

    from webtest import TestApp

    registry = load_registry()
    config = PluginConfig(registry, "test")
    config.add_view(read, "read", permission="", request_method="POST", require_csrf=False)
    TestApp(make_application(web_database, registry=registry)).post("/erp5/read", b"x" * 200_000)
    assert bodies == [b"x" * 200_000] * 2


def test_every_kind_of_error_has_a_status():
    def walk(cls):
        yield cls
        for child in cls.__subclasses__():
            yield from walk(child)

    for cls in walk(errors.WendelinError):
        if cls.__module__ == "wendelin.core.errors" and cls is not errors.WendelinError:
            assert 400 <= status_of(cls) <= 507, cls
    assert not issubclass(errors.DatabaseUnavailable, TransientError)


def test_wrong_method(make_client):
    answer = make_client("zope").delete("/erp5/view", status=405)
    assert answer.json["kind"] == "method-not-allowed"
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_headers_of_every_answer(make_client):
    for path, status in (("/erp5/login_form", 200), ("/erp5/nothing", 404), ("/erp5/static/core/wendelin.css", 200)):
        answer = make_client().get(path, status=status)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_bad_addresses(make_client):
    client = make_client("zope")
    assert client.get("/erp5/%ff", status=400)
    assert client.get("/nothing", status=404).json["kind"] == "not-found"
    assert client.get("/", status=303).location.endswith("/erp5/")


def test_the_engine_is_away(make_client, web_database, monkeypatch):
    def refuse(*args, **kw):
        raise errors.DatabaseUnavailable("the database server does not answer", retry_after=5)

    client, browser = make_client("zope"), make_client(accept="text/html")
    monkeypatch.setattr(web_database, "open", refuse)
    answer = client.get("/erp5/", status=503)
    assert answer.json["kind"] == "database-unavailable" and answer.headers["Retry-After"] == "5"
    assert "Wait a few seconds" in browser.get("/erp5/", status=503).text
    assert browser.get("/erp5/static/core/wendelin.css").status_int == 200
    monkeypatch.undo()
    assert client.get("/erp5/").status_int == 200


def test_many_long_messages_do_not_break_the_cookie(browser_client, web_database):
    from wendelin.core.management.frame.messages import say

    def talk(context, request):
        for number in range(50):
            say(request, f"{number} " + "ä" * 5000)
        request.session["clipboard"] = ["copy", "x" * 990]
        return request.response

    from webtest import TestApp

    registry = load_registry()
    PluginConfig(registry, "test").add_view(talk, "talk", permission="")
    client = TestApp(make_application(web_database, registry=registry))
    client.get("/erp5/talk", status=200)
    assert "0 ä" in client.get("/erp5/login_form", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize("error", [ClientDisconnected("killed"), StorageTransactionError("killed"), ConflictError()])
def test_what_fails_before_the_commit_leaves_no_transaction_open(web_database, error):
    """The catalog works in such a hook: what meets it there is answered like what meets the view."""

    def change(context, request):
        def fail():
            raise error

        context.setTitle("changed")
        request.tm.get().addBeforeCommitHook(fail)
        return Response("changed")

    registry = load_registry()
    PluginConfig(registry, "test").add_view(change, "change", permission="", request_method="GET")
    client = webtest.TestApp(make_application(web_database, registry=registry))
    for _ in range(2):
        assert client.get("/erp5/change", status=503).headers["Retry-After"]
    with web_database.connect() as connection:
        assert get_site(connection).getTitle() != "changed"
        assert [each for each in web_database.zodb.pool if each.opened] == [connection]


def test_an_account_without_roles_gets_a_page_with_a_way_on(browser_client, make_client):
    """After its login, and on any other page: no button that leads to the same refusal."""
    client = browser_client("nobody")
    for path in ("/erp5/", "/erp5/document_module/view"):
        page = client.get(path, status=403)
        assert "Your account has no rights here yet" in page.text
        links = {link.text: link["href"] for link in page.html.select(".actions a")}
        assert set(links) == {"Try again", "Log in as another user", "Log out"}
        assert links["Try again"] == path
        assert client.get(links["Log in as another user"]).status_int == 200
    page = client.get(links["Log out"])
    page = page.forms[max(key for key in page.forms if isinstance(key, int))].submit("confirmed")
    assert "login_form" in page.location
    assert client.get("/erp5/", status=303).location.endswith("came_from=%2Ferp5%2F")


def test_others_who_may_not_do_something_go_back_to_the_main_page(browser_client):
    page = browser_client("ada").get("/erp5/undo", status=403)
    assert [link.text for link in page.html.select(".actions a")] == ["Main page", "Log in as another user"]
