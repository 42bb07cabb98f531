"""Working through a stream in activities, and appending a file."""

from __future__ import annotations

import io
from typing import Any

import pytest
from webtest import TestApp, Upload

from tests.plugins.ingestion.conftest import pack
from tests.plugins.ingestion.ingest_fixtures import *  # noqa: F403
from tests.plugins.ingestion.ingest_fixtures import PASSWORD, post, stored
from wendelin.core.business_templates import install
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, NotFound

CSV = b"time,value\n" + b"".join(b"%d,%d.5\n" % (number, number * 2) for number in range(100))


@pytest.fixture
def stream(site: Any) -> Any:
    return site.data_stream_module.newContent(portal_type="Data Stream")


@pytest.fixture
def array(site: Any) -> Any:
    install(site, "erp5_wendelin_analysis")
    return site.data_array_module.newContent(portal_type="Data Array", reference="rows")


def test_a_chunk_leaves_the_next_to_an_activity(site: Any, stream: Any, array: Any) -> None:
    stream.appendData(CSV)
    script = "DataStream_copyCSVToDataArray"
    stream.DataStream_readChunkListAndTransform(0, 100, 100, script, "rows")
    assert stream.hasActivity() and 0 < len(array.getArray()) < 100
    with pytest.raises(BadRequest, match="longer chunks"):
        stream.DataStream_readChunkListAndTransform(0, 3, 3, script, "rows")
    with pytest.raises(BadRequest):
        stream.DataStream_transform(chunk_length=0)


@pytest.mark.parametrize("parallelize, messages", [(0, 1), (1, 4)])
def test_transform_begins_one_activity_or_one_for_each_chunk(
    site: Any, stream: Any, parallelize: int, messages: int
) -> None:
    stream.appendData(bytes(350))
    stream.DataStream_transform(100, "DataStream_copyCSVToDataArray", "rows", parallelize)
    assert len(site.portal_activities.getMessageList()) == messages
    assert stream.DataStream_transformTail(0, 350) is None


def test_append_file(site: Any, stream: Any) -> None:
    stream.appendData(b"start")
    stream.DataStream_appendFile(io.BytesIO(bytes(3 << 20)))
    stream.DataStream_appendFile(b"end")
    assert stream.getSize() == 5 + (3 << 20) + 3 and stream.getData()[-4:] == b"\0end"
    with pytest.raises(BadRequest, match="choose a file"):
        stream.DataStream_appendFile(None)


def test_append_file_dialog(app: TestApp, database: Database) -> None:
    post(app, pack(b"abc"))
    app.authorization = ("Basic", ("zope", PASSWORD))
    page = app.get("/erp5/data_stream_module/1/DataStream_viewAppendFileDialog")
    form = next(form for form in page.forms.values() if any("append_file" in str(name) for name in form.fields))
    form["field_your_append_file"] = Upload("more.bin", b"\0more", "application/octet-stream")
    assert "File appended." in form.submit().follow().text
    assert stored(database) == {"1": b"abc\0more"}


def test_the_script_is_a_skin_method_and_never_an_attribute(site: Any) -> None:
    stream = site.data_stream_module.newContent(portal_type="Data Stream")
    stream.appendData(b"abc")
    for name in ("setData", "_content", "__reduce_ex__", "noSuchScript"):
        with pytest.raises(NotFound, match="no script"):
            stream.DataStream_readChunkListAndTransform(0, 3, 1, name)
