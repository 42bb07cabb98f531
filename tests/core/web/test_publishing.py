"""Published methods: parameters, answers, who may; and pages that skins replace."""

from __future__ import annotations

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

HEADER = b"# wendelin: published='View' request_method='GET' parameters='%s'\n"


@pytest.fixture
def put(web_database):
    """``put("Base_x.py", b"...")``: a file in the layer custom."""

    def put_file(name, data):
        with as_user(SYSTEM), web_database.transaction() as connection:
            get_site(connection).portal_skins.layer("custom").put_file(name, data)

    return put_file


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"return 'plain'", "text/plain", "plain"),
        (b"return '<!DOCTYPE html><p>page</p>'", "text/html", "<!DOCTYPE html><p>page</p>"),
        (b"return '<script>what somebody typed</script>'", "text/plain", "<script>what somebody typed</script>"),
        (b"return {'a': [1, 2]}", "application/json", '{"a":[1,2]}'),
        (b"return 42", "application/json", "42"),
        (b"return b'bytes'", "application/octet-stream", "bytes"),
    ],
)
def test_answers(make_client, put, body, content_type, text):
    put("Base_answer.py", HEADER % b"" + body)
    answer = make_client("zope").get("/erp5/Base_answer")
    assert answer.content_type == content_type
    assert answer.text == text if content_type != "application/octet-stream" else answer.body == b"bytes"


def test_nothing_is_no_content(make_client, put):
    put("Base_nothing.py", HEADER % b"" + b"pass")
    assert make_client("zope").get("/erp5/Base_nothing").status_int == 204


def test_parameters(make_client, put):
    put("Base_echo.py", HEADER % b"a, b=None" + b"return {'a': a, 'b': b}")
    client = make_client("zope")
    assert client.get("/erp5/Base_echo?a=1").json == {"a": "1", "b": None}
    assert client.get("/erp5/Base_echo?a=1&b=2&b=3").json == {"a": "1", "b": ["2", "3"]}
    assert client.get("/erp5/Base_echo", status=400).json["kind"] == "bad-request"
    assert client.get("/erp5/Base_echo?a=1&zzz=2", status=400)


def test_method_runs_on_the_document_of_its_address(make_client, put):
    put("Base_where.py", HEADER % b"" + b"return context.getId()")
    client = make_client("zope")
    assert client.get("/erp5/document_module/Base_where").text == "document_module"
    assert client.get("/erp5/Base_where").text == "erp5"


def test_a_child_goes_before_a_method(make_client, put):
    put("document_module.py", HEADER % b"" + b"return 'method'")
    assert make_client("zope").get("/erp5/document_module", headers={"Accept": "text/html"}).html.h1.text == "Documents"


TRACEBACK = """Traceback of scripts:
  /erp5/portal_skins/custom/Base_fail, line 3
    return divide(x)
  /erp5/portal_skins/custom/Base_fail, line 2, in divide
    def divide(x): return x / 0
ZeroDivisionError: division by zero"""


def test_a_manager_sees_in_which_line_of_which_script_it_failed(make_client, browser_client, put):
    put("Base_fail.py", HEADER % b"" + b"x = 1\ndef divide(x): return x / 0\nreturn divide(x)")
    assert make_client("zope").get("/erp5/Base_fail", status=500).json["traceback"] == TRACEBACK
    assert browser_client("zope").get("/erp5/Base_fail", status=500).html.pre.text == TRACEBACK
    put("Base_refused.py", HEADER % b"" + b"import numpy\nreturn numpy.load")
    assert "Base_refused, line 2" in make_client("zope").get("/erp5/Base_refused", status=403).json["traceback"]


def test_others_see_no_traceback(make_client, put):
    put("Base_fail.py", HEADER % b"" + b"x = 1\nreturn x / 0")
    for user in ("author", None):
        answer = make_client(user).get("/erp5/Base_fail", status="*")
        assert "line 2" not in answer.text and "Traceback" not in answer.text


def test_skin_page_replaces_the_form(browser_client, put):
    put("DocumentModule_view.pt", b'<div class="card"><h2>${here.getId()}</h2></div>')
    page = browser_client("zope").get("/erp5/document_module/view")
    assert page.html.h2.text == "document_module"
    assert page.html.h1.text == "Documents"  # inside of the site's page


def test_skin_page_may_be_a_whole_page(browser_client, put):
    put("DocumentModule_view.pt", b"<!DOCTYPE html><html><body><h1>Mine</h1></body></html>")
    page = browser_client("zope").get("/erp5/document_module/view")
    assert page.html.h1.text == "Mine"
    assert page.html.find("header") is None


def test_skin_file_is_served_with_its_type(make_client, put):
    put("my_style.css", b"p { color: red }")
    answer = make_client("zope").get("/erp5/my_style.css")
    assert answer.content_type == "text/css"
    assert answer.body == b"p { color: red }"


def test_scripts_never_get_the_request(make_client, put):
    put("Base_request.py", HEADER % b"request=None, REQUEST=None" + b"return [request, REQUEST]")
    assert make_client("zope").get("/erp5/Base_request?request=x").json == [None, None]


def test_the_rest_of_the_address(make_client, put):
    put("Base_rest.py", HEADER % b"" + b"return traverse_subpath")
    assert make_client("zope").get("/erp5/document_module/Base_rest/a/b").json == ["a", "b"]
