"""The pages "Try it" and "Log" of a policy."""

from __future__ import annotations

from typing import Any

from webtest import TestApp, Upload

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import INGEST, PASSWORD, basic, post, stored
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.policies import policy_log

POLICY = INGEST.removesuffix("/ingest")
PARSE = (
    "return {'resource_reference': 'pydata', 'specialise_reference': 'pydata', 'reference': reference.split('-')[0]}"
)
WRITE = "out_stream['Data Stream'].appendData(data_chunk[-3:] + b'!')"


def try_it(app: TestApp, **fields: Any) -> str:
    app.authorization = ("Basic", ("zope", PASSWORD))
    form = next(form for form in app.get(f"{POLICY}/try_it").forms.values() if "chunk" in form.fields)
    for name, value in fields.items():
        form[name] = value
    return str(form.submit().text)


def test_the_last_chunk_is_tried_and_not_stored(app: TestApp, database: Database) -> None:
    post(app, pack(b"RIFFdata"))
    policy_log.flush()
    shown = try_it(app)
    assert "RIFFdata" in shown and "8 bytes more" in shown and "write_payload_to_data_stream" in shown
    assert stored(database) == {"1": b"RIFFdata"}


def test_a_file_for_a_policy_that_got_nothing_yet(app: TestApp, database: Database) -> None:
    shown = try_it(app, chunk=Upload("chunk", pack(b"first"), "application/octet-stream"))
    assert "5 bytes more" in shown and stored(database) == {}
    with as_user(SYSTEM), database.connect() as connection:
        assert len(get_site(connection).data_ingestion_module) == 0


def test_a_script_of_ones_own_and_its_error(app: TestApp, database: Database) -> None:
    post(app, pack(b"abc"))
    policy_log.flush()
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        for name, parameters, body in (
            ("IngestionPolicy_parseMine", "reference", PARSE),
            ("DataIngestionLine_writeMine", "data_chunk, out_stream", WRITE),
        ):
            script = f'# wendelin: parameters="{parameters}"\n{body}\n'.encode()
            site.portal_skins.layer("custom").put_file(f"{name}.py", script)
        site.portal_ingestion_policies["pydata"].edit(
            script_id="IngestionPolicy_parseMine", allowed_reference_list=["pydata*"]
        )
        site.data_operation_module["wendelin_ingest_data_payload"].setScriptId("DataIngestionLine_writeMine")
    shown = try_it(app, reference="pydata-7")
    assert "4 bytes more" in shown and "abc!" in shown
    post(app, pack(b"xyz"), "?reference=pydata-8", headers=basic("zope"), status=204)
    assert stored(database) == {"1": b"abcxyz!"}
    assert "BadRequest" in try_it(app, reference="x" * 300)


def test_who_may_only_send_may_not_try(app: TestApp) -> None:
    app.get(f"{POLICY}/try_it", headers=basic("sensor"), status=403)
    app.get(f"{POLICY}/log", headers=basic("sensor"), status=403)


def test_the_log_is_shown(app: TestApp) -> None:
    for reference in ("pydata", "pydata", "."):
        post(app, pack(b"x"), f"?reference={reference}", status="*")
    policy_log.flush()
    app.authorization = ("Basic", ("zope", PASSWORD))
    page = app.get(POLICY + "/view").click("^Log$")
    assert "repeated" in page.text and "bad tag" in page.text


def test_a_script_that_fails_is_told_to_the_manager_with_its_line(app: TestApp, database: Database) -> None:
    with as_user(SYSTEM), database.transaction() as connection:
        script = b'# wendelin: parameters="data_chunk, out_stream"\nsecret = "SECRET"\nraise KeyError(secret)\n'
        get_site(connection).portal_skins.layer("custom").put_file(
            "DataIngestionLine_writePayloadToDataStream.py", script
        )
    answer = post(app, pack(b"x"), headers=basic("sensor"), status=500)
    assert answer.json["kind"] == "script-error" and "'pydata'" in answer.json["message"]
    assert "SECRET" not in answer.text
    policy_log.flush()
    app.authorization = ("Basic", ("zope", PASSWORD))
    page = app.get(POLICY + "/log")
    assert "failed" in page.text and "KeyError" in page.text and "line 2" in page.text
    assert stored(database) == {}
