"""``POST <policy>/ingest`` and ``GET <stream>/getData``, as clients see them."""

from __future__ import annotations

import gzip
import hashlib
import os
from urllib.parse import quote_from_bytes

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import FORM, INGEST, PASSWORD, RAW, basic, post, stored
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.intake import request_forms

#: The full run: WENDELIN_FUZZ_EXAMPLES=5000.
EXAMPLES = int(os.environ.get("WENDELIN_FUZZ_EXAMPLES", "300"))


def test_a_chunk_is_stored_exactly(app: TestApp, database: Database) -> None:
    pieces = [bytes(range(256)) * 8, b"\r\n\x00", "é".encode("latin-1")]
    response = post(app, pack(*pieces))
    assert (response.status_int, response.body) == (204, b"")
    assert stored(database) == {"1": b"".join(pieces)}


@pytest.mark.parametrize(
    "query, body, content_type",
    [
        ("?reference=pydata", pack(b"\xff&="), RAW),
        ("?reference=pydata", pack(b"\xff&="), "application/msgpack"),
        ("?reference=pydata", b"data_chunk=" + quote_from_bytes(pack(b"\xff&=")).encode(), FORM),
        ("?reference=pydata&data_chunk=" + quote_from_bytes(pack(b"\xff&=")), b"", RAW),
        ("?reference=pydata", msgpack.packb([[[1, {}], {"log": b"\xff&="}]]), RAW),
    ],
)
def test_every_form_of_body(app: TestApp, database: Database, query: str, body: bytes, content_type: str) -> None:
    assert post(app, body, query, content_type=content_type).status_int == 204
    assert stored(database) == {"1": b"\xff&="}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post(app: TestApp, method: str) -> None:
    response = app.request(INGEST + "?reference=pydata", method=method, headers=basic("zope"), status=400)
    assert "Only POST request is allowed." in response.text


@pytest.mark.parametrize(
    "query, body, status",
    [
        ("", pack(b"x"), 400),
        ("?reference=", pack(b"x"), 400),
        ("?reference=%00", pack(b"x"), 400),
        ("?reference=%ff", pack(b"x"), 400),
        ("?reference=.", pack(b"x"), 400),
        ("?reference=" + "x" * 1000, pack(b"x"), 400),
        ("?reference=unknown", pack(b"x"), 403),
        ("?reference=unknown.pydata", pack(b"x"), 403),
        ("?reference=..%2F..%2Fx", pack(b"x"), 400),
        ("?reference=pydata", b"", 204),
        ("?reference=pydata", pack(b"first", b"second")[:-1], 400),
        ("?reference=pydata", b"\xc1", 400),
        ("?reference=pydata", b"hello", 400),
        ("?reference=pydata", b"\xdd\xff\xff\xff\xff", 400),
        ("?reference=pydata", b"\x91" * 5000, 400),
    ],
)
def test_answers_that_store_nothing(app: TestApp, database: Database, query: str, body: bytes, status: int) -> None:
    assert post(app, body, query, status=status).status_int == status
    assert stored(database) == {}
    with as_user(SYSTEM), database.connect() as connection:
        assert len(get_site(connection).data_ingestion_module) == 0


def test_unknown_policy(app: TestApp) -> None:
    url = "/erp5/portal_ingestion_policies/other/ingest?reference=pydata"
    assert app.post(url, pack(b"x"), headers=basic("zope"), status=404)


@pytest.mark.parametrize("headers", [{}, basic("zope", "wrong"), basic("stranger")])
def test_without_the_right_credentials_there_is_a_challenge(app: TestApp, headers: dict[str, str]) -> None:
    response = post(app, pack(b"x"), headers=headers, status=401)
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_without_the_permission_it_is_forbidden(app: TestApp, database: Database) -> None:
    post(app, pack(b"x"), headers=basic("nobody"), status=403)
    app.get(INGEST + "?reference=pydata", headers=basic("nobody"), status=403)
    assert stored(database) == {}


def test_a_sensor_may_send_and_nothing_else(app: TestApp, database: Database) -> None:
    for piece in (b"x", b"y"):
        post(app, pack(piece), headers=basic("sensor"), status=204)
    assert stored(database) == {"1": b"xy"}
    for path in ("data_stream_module", "data_stream_module/1", "data_stream_module/1/getData", "data_ingestion_module"):
        app.get(f"/erp5/{path}", headers=basic("sensor"), status=403)
    app.post("/erp5/portal_ingestion_policies/pydata/view", headers=basic("sensor"), status=403)
    app.post("/erp5/portal_ingestion_policies/default/ingest?reference=a.b", headers=basic("sensor"), status=403)


def test_a_body_beyond_the_limit(app: TestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_forms, "MAXIMUM_SIZE", 100)
    post(app, pack(bytes(200)), status=413)


def test_download_whole_by_range_and_conditionally(app: TestApp) -> None:
    data = hashlib.sha512(b"x").digest() * 1000
    post(app, pack(data))
    url = "/erp5/data_stream_module/1/getData"
    whole = app.get(url, headers=basic("zope"))
    assert whole.body == data
    assert "pydata.pydata" in whole.headers["Content-Disposition"]
    part = app.get(url, headers=basic("zope") | {"Range": "bytes=1000-1999"}, status=206)
    assert part.body == data[1000:2000]
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(data)}"
    assert app.get(url, headers=basic("zope") | {"Range": "bytes=-10"}, status=206).body == data[-10:]
    app.get(url, headers=basic("zope") | {"Range": f"bytes={len(data)}-"}, status=416)
    app.get(url, headers=basic("zope") | {"If-None-Match": whole.headers["ETag"]}, status=304)
    post(app, pack(b"more"))
    resumed = basic("zope") | {"Range": "bytes=10-", "If-Range": whole.headers["ETag"]}
    assert app.get(url, headers=resumed, status=200).body == data + b"more"


def test_download_needs_a_right(app: TestApp) -> None:
    post(app, pack(b"x"))
    for address in ("getData", "preview"):
        url = f"/erp5/data_stream_module/1/{address}"
        app.get(url, status=401)
        app.get(url, headers=basic("nobody"), status=403)


def test_pages_of_a_stream(app: TestApp) -> None:
    post(app, pack(b"RIFF" + bytes(3000) + b"tail"))
    app.authorization = ("Basic", ("zope", PASSWORD))
    view = app.get("/erp5/data_stream_module/1/view")
    assert "3008" in view.text
    preview = view.click("^Preview$")
    assert "RIFF" in preview.text and "tail" in preview.text and "3.0 KB" in preview.text
    assert preview.click("Download", index=0).body.startswith(b"RIFF")
    listing = app.get("/erp5/data_stream_module")
    assert "pydata.pydata" in listing.text and "3.0 KB" in listing.text


def test_fast_input_dialog(app: TestApp, database: Database) -> None:
    app.authorization = ("Basic", ("zope", PASSWORD))
    dialog = app.get("/erp5/portal_ingestion_policies").click("Add Ingestion Policy")
    assert "Create Ingestion Policy" in dialog.text
    form = next(form for form in dialog.forms.values() if any("reference" in str(name) for name in form.fields))
    fields = {name.rpartition("_")[2]: name for name in form.fields if name}
    form[fields["reference"]] = "pydata"
    assert "choose another reference" in form.submit().text
    form[fields["reference"]], form[fields["title"]] = "wind", "Wind"
    assert "Ingestion Policy added." in form.submit().follow().text
    app.post(INGEST.replace("pydata", "wind") + "?reference=wind", pack(b"1"), content_type=RAW, status=204)
    assert stored(database) == {"1": b"1"}


TAGS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="./\\'\"\0%&?#;*~ é\u202e", max_size=20),
    st.sampled_from(["pydata", "pydata.pydata", "test_sensor.test_product", "x" * 10_000, "..", "pydata.", ".pydata"]),
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Fluentd-Chunk-Id", "Content-Encoding", "Content-Range", "Accept", "X-Requested-With", "Range"]),
    st.one_of(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=300), st.just("gzip")),
    max_size=3,
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reference=TAGS,
    body=st.one_of(st.binary(max_size=60), st.builds(lambda message: pack(message), st.binary(max_size=20))),
    policy=st.sampled_from(["pydata", "default", "..", "a%00b"]),
    content_type=st.sampled_from([RAW, FORM, "multipart/form-data", "text/plain; charset=x", ""]),
    headers=HEADERS,
)
def test_whatever_comes_the_answer_is_stored_or_refused(
    app: TestApp,
    database: Database,
    reference: str,
    body: bytes,
    policy: str,
    content_type: str,
    headers: dict[str, str],
) -> None:
    query = "reference=" + quote_from_bytes(reference.encode("utf-8", "replace"))
    url = f"/erp5/portal_ingestion_policies/{policy}/ingest?{query}"
    before = sum(map(len, stored(database).values()))
    sent = headers | basic("zope") | {"Content-Type": content_type}
    status = app.post(url, body, headers=sent, status="*").status_int
    assert status in (204, 400, 403, 404, 413)
    if status != 204:
        assert sum(map(len, stored(database).values())) == before


@pytest.mark.parametrize(
    "header, name, content_type",
    [
        ("attachment; filename*=UTF-8''m%C3%A4rz.csv", "märz.csv", "text/csv"),
        ('attachment; filename="C:\\\\data\\\\a.txt"', "a.txt", "text/plain"),
        ('attachment; filename="../../page.html"', "page.html", None),
        ('attachment; filename="drawing.svg"', "drawing.svg", None),
        ("attachment", "", None),
    ],
)
def test_a_new_stream_is_called_as_the_file_that_begins_it(
    app: TestApp, database: Database, header: str, name: str, content_type: str | None
) -> None:
    post(app, pack(b"a"), headers=basic("sensor") | {"Content-Disposition": header}, status=204)
    later = {"Content-Disposition": 'attachment; filename="later.wav"'}
    post(app, pack(b"b"), headers=basic("sensor") | later, status=204)
    assert stored(database) == {"1": b"ab"}
    with as_user(SYSTEM), database.connect() as connection:
        stream = get_site(connection).data_stream_module["1"]
        assert ((stream.getFilename() or ""), stream.getContentType()) == (name, content_type)


@pytest.mark.parametrize("headers", [{}, {"Content-Range": "bytes 0-999/*"}])
def test_put_does_not_unpack_a_bomb(
    app: TestApp, database: Database, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(app, pack(b"kept")).status_int == 204
    monkeypatch.setattr(request_forms, "MAXIMUM_SIZE", 1000)
    headers = basic("zope") | headers | {"Content-Encoding": "gzip"}
    body = gzip.compress(bytes(1_000_000))
    app.put("/erp5/data_stream_module/1", body, headers=headers, content_type=RAW, status=413)
    assert stored(database) == {"1": b"kept"}


@pytest.mark.parametrize(
    "body",
    [
        b"\x92\x01\x82\x01\xc0\x02\xc0",
        b"\x92\x01\x81\xa7message\x81\xcb" + bytes(8) + b"\xc0",
        b"\x92\x01" + b"\xdd\x00\x10\x00\x00" * 500,
    ],
)
def test_msgpack_that_no_sender_sends(app: TestApp, database: Database, body: bytes) -> None:
    assert post(app, body, status="*").status_int in (400, 413)
    assert stored(database) == {}


def test_members_of_gzip_that_hold_nothing(app: TestApp, database: Database) -> None:
    headers = basic("zope") | {"Content-Encoding": "gzip"}
    assert post(app, gzip.compress(b"") * 100_000, headers=headers, status=400).json["kind"] == "bad-request"
    assert stored(database) == {}
