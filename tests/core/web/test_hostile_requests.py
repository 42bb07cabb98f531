"""Whatever stands in a request, and whoever sends it: the answer is never a fault of the server.

``WENDELIN_EXAMPLES=20000`` for a long run, ``WENDELIN_SEED=...`` for the one that failed.
"""

from __future__ import annotations

import io
import os
import random
import warnings
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from webob import Request

from tests.core.web.test_access import addresses, database, everything, paths, web_database  # noqa: F401  # fixtures
from tests.web_fixtures import PASSWORD, hashed_password
from wendelin.core.model.objects.site import get_site
from wendelin.core.model.scripting.skins import find_method, method_id_list
from wendelin.core.security import ASSIGNABLE_ROLES, SYSTEM, as_user

EXAMPLES = int(os.environ.get("WENDELIN_EXAMPLES", "600"))
SEED = int(os.environ.get("WENDELIN_SEED", "8"))
NAMES = """
page rows sort text form id ids last first row index column limit offset s_title s_reference s_id s_portal_type s_size
s_modification_date s_creation_date portal_type base reference title came_from comment confirmed csrf_token
workflow_action uids selection action paste clipboard format encoding start end size slice zoom width height display
quality password __ac_name __ac_password data_chunk configuration tid version path name change at
"""
VALUES = (
    "",
    " ",
    "0",
    "1",
    "-1",
    "²",
    "٣",
    "1_0",
    "1e400",
    "nan",
    "9" * 19,
    "9" * 5000,
    "0x10",
    "1" + "0" * 300,
    "a" * 3000,
    "\0",
    "a\r\nX-b: c",
    "é",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\U0001f409",
    "../../etc/passwd",
    "%",
    "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%a",
    "_",
    "title:",
    'title:"%',
    "(" * 400 + "a" + ")" * 400,
    "NOT " * 400 + "a",
    "a OR " * 400 + "a",
    "title:(a AND",
    ">= x",
    "> 2026-13-45",
    "< 99999-01-01",
    "!=",
    "=",
    "2026-02-30T25:61",
    "title",
    "-title,-title,portal_type,size",
    "view",
    "document_module/1",
    "acl_users/zope",
    "portal_categories",
    "__class__",
    "<script>",
    "None",
    "[]",
    "{}",
    "on",
    "publish_action",
    "text/html\r\nSet-Cookie: a=b",
    "bytes=0-",
)
HEADERS = {
    "Range": (
        "bytes=" + "9" * 5000 + "-",
        "bytes=-" + "9" * 30,
        "bytes=0-0,2-3",
        "bytes=٣-",
        "bytes=5-2",
        "items=1",
        "=",
    ),
    "If-Range": ('"a"', "W/", "Mon, 99 Foo 10000 25:00:00 GMT", "\xff"),
    "If-None-Match": ("*", '"a', "é", 'W/"x", "y"'),
    "If-Modified-Since": ("0", "Thu, 01 Jan 99999 00:00:00 GMT", "Thu, 01 Jan 0000 00:00:00 GMT", "x" * 300),
    "Content-Range": ("bytes */*", "bytes 0-1/" + "9" * 30, "bytes 5-1/2", "bytes ²-3/4"),
    "Content-Encoding": ("gzip", "br", "\xff"),
    "Accept": ("text/html", "*/*", "q=;;", "application/json"),
    "Accept-Language": ("de;q=x", "*" * 100),
    "Origin": ("http://localhost", "null", "http://[", "\xff", "http://localhost:99999999"),
    "Cookie": ("__ac=x", '__ac="', "a=b; " * 100, "csrf=\xff", "wendelin_session=AAAA", "known_device=.é"),
    "X-Access-Token": ("x", "wendelin_\xff_x", "wendelin__"),
    "Authorization": ("Basic", "Basic é", "Basic " + b64encode(b"zope").decode(), "Bearer \xff", "Digest x"),
    "Host": ("localhost", "[", "a" * 300, "x:y", ""),
    "Last-Event-ID": ("x", "9" * 5000),
    "X-Forwarded-For": ("x",),
    "X-Fluentd-Chunk-Id": ("x" * 300, "\xff"),
    "Expect": ("100-continue",),
}
TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nothing",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/json",
    "text/plain; charset=\xff",
    "",
)


@pytest.fixture
def users(web_database: Any) -> list[str | None]:  # noqa: F811
    """Nobody, a user without roles, and one for each role."""
    with as_user(SYSTEM), web_database.transaction() as connection:
        folder = get_site(connection).acl_users
        for role in ASSIGNABLE_ROLES:
            folder.add_user(role.lower(), None, [role])
            folder[role.lower()]._password_hash = hashed_password()
    return [None, "nobody", *(role.lower() for role in ASSIGNABLE_ROLES)]


@pytest.fixture
def targets(paths: Any, site: Any) -> list[tuple[str, str]]:  # noqa: F811
    """``(method, path)`` of every view, published method and dialog."""
    found = [(method, path) for _, method, path in addresses(paths)]
    names = [name for name in method_id_list(site) if find_method(site, name).published]
    for document, path in paths.values():
        found += [(method, f"{path}/{name}") for name in names for method in ("GET", "POST")]
        dialogs = [dialog.id for dialog in document.getTypeInfo().dialog_list]
        found += [(method, f"{path}/{dialog}") for dialog in dialogs for method in ("GET", "POST", "POST")]
    return [target for target in found if not target[1].endswith("/events")]  # those wait for something to tell


def field_names(paths: Any) -> list[str]:  # noqa: F811
    """Names of the fields of forms and dialogs."""
    found = set(NAMES.split())
    for document, _ in paths.values():
        found |= {f"field_{kind}_{id}" for id in document.getTypeInfo().property_dict for kind in ("my", "your")}
    return sorted(found)


def make_request(chance: random.Random, targets: Any, names: list[str], user: str | None) -> Request:
    method, path = chance.choice(targets)
    if chance.random() < 0.1:
        method = chance.choice(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"))
    if chance.random() < 0.05:
        path += "/" + quote(chance.choice(VALUES), safe="", encoding="latin-1", errors="replace")
    request = Request.blank(quote(path.removesuffix("//")) or "/")
    request.environ["QUERY_STRING"] = (
        pairs(chance, names) if chance.random() < 0.7 else chance.choice(("%", "a=%ff", "&&="))
    )
    request.method = method
    request.environ["REMOTE_ADDR"] = f"127.0.0.{chance.randrange(1, 255)}"
    if user is not None:
        request.authorization = ("Basic", b64encode(f"{user}:{PASSWORD}".encode()).decode())
    for name in chance.sample(sorted(HEADERS), chance.randrange(0, 3)):
        if name != "Authorization" or chance.random() < 0.1:
            request.environ["HTTP_" + name.upper().replace("-", "_")] = chance.choice(HEADERS[name])
    if method not in ("GET", "HEAD"):
        body, content_type = make_body(chance, names)
        request.environ |= {
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": content_type,
        }
    return request


def pairs(chance: random.Random, names: list[str]) -> str:
    chosen = [(chance.choice(names), chance.choice(VALUES)) for _ in range(chance.randrange(0, 8))]
    return urlencode(chosen, errors="replace")


def make_body(chance: random.Random, names: list[str]) -> tuple[bytes, str]:
    kind = chance.random()
    if kind < 0.5:
        return pairs(chance, names).encode(), TYPES[0]
    if kind < 0.8:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{chance.choice(names)}"{chance.choice(FILES)}\r\n\r\n'
            + chance.choice(VALUES)
            for _ in range(chance.randrange(0, 6))
        ]
        return "\r\n".join([*parts, "--x--\r\n"]).encode(), "multipart/form-data; boundary=x"
    return chance.choice(
        (b"", b"\xff\0" * 50, b"--x", b"{", b"\x1f\x8b\0", pairs(chance, names).encode())
    ), chance.choice(TYPES)


FILES = (
    "",
    '; filename="a.txt"',
    '; filename=""',
    '; filename="a\\"; b"\r\nContent-Type: text/x\x0b; charset=\x7f',
    '; filename="' + "a" * 500 + '"\r\nContent-Type: ' + "x" * 300,
    "; filename*=utf-8''%ff\r\nContent-Type: image/png",
)


def answer(application: Any, request: Request) -> tuple[int, bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = request.send(application)
        try:
            return response.status_int, b"".join(piece for piece, _ in zip(response.app_iter, range(100), strict=False))
        finally:
            close = getattr(response.app_iter, "close", None)
            if close is not None:
                close()


def test_no_request_makes_the_server_fail(application: Any, users: Any, targets: Any, paths: Any) -> None:  # noqa: F811
    chance, names = random.Random(SEED), field_names(paths)
    failures = []
    for _ in range(EXAMPLES):
        request = make_request(chance, targets, names, chance.choice(users))
        said = f"{request.method} {request.path_qs[:300]} {request.headers!r:.900}"
        status, body = answer(application, request)
        if status >= 500:
            failures.append((status, said, body[:300]))
    assert failures == []
