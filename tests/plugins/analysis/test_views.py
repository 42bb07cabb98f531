"""Data Arrays over HTTP: ranges, slices, formats, the preview, dialogs, and who may not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from webtest import Upload

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

URL = "/erp5/data_array_module/1"
VALUES = np.arange(3000, dtype="<f8").reshape(1000, 3)


@pytest.fixture
def client(make_client, web_database):
    with as_user(SYSTEM), web_database.transaction() as connection:
        module = get_site(connection).data_array_module
        module.newContent(title="Samples", reference="samples").setArray(VALUES)
        module.newContent(title="Nothing")
    return make_client("zope")


def test_whole_array_raw_and_npy(client):
    raw = client.get(f"{URL}/getData")
    assert raw.body == VALUES.tobytes()
    assert raw.headers["X-Array-Shape"] == "1000,3" and raw.headers["X-Array-Dtype"] == "float64"
    npy = client.get(f"{URL}?format=npy")
    assert np.array_equal(np.load(io.BytesIO(npy.body)), VALUES)
    assert client.get(f"{URL}?format=raw").body == VALUES.tobytes()


def test_ranges(client):
    answer = client.get(URL, headers={"Range": "bytes=24-47"}, status=206)
    assert np.frombuffer(answer.body).tolist() == [3, 4, 5]
    assert answer.headers["Content-Range"] == f"bytes 24-47/{VALUES.nbytes}"
    last = client.get(URL, headers={"Range": "bytes=-24"}, status=206)
    assert np.frombuffer(last.body).tolist() == [2997, 2998, 2999]
    client.get(f"{URL}/getData", headers={"Range": "bytes=999999-"}, status=416)
    npy = client.get(f"{URL}/getData?format=npy").body
    part = client.get(f"{URL}/getData?format=npy", headers={"Range": "bytes=100-200"}, status=206)
    assert part.body == npy[100:201]


def test_unchanged_arrays_are_not_sent_again(client, web_database):
    etag = client.get(f"{URL}/getData").headers["ETag"]
    client.get(f"{URL}/getData", headers={"If-None-Match": etag}, status=304)
    npy = client.get(f"{URL}/getData?format=npy").headers["ETag"]
    assert npy != etag
    client.get(f"{URL}/getData?format=npy", headers={"If-None-Match": npy}, status=304)
    with as_user(SYSTEM), web_database.transaction() as connection:
        get_site(connection).data_array_module["1"].getArray()[0, 0] = -1
    assert client.get(f"{URL}/getData", headers={"If-None-Match": etag}, status=200).headers["ETag"] != etag


def test_slices_and_columns(client):
    query = "slice_index.start:records:int=10&slice_index.stop:records:int=20&list_index:list=2&list_index:list=0"
    answer = client.get(f"{URL}?{query}")
    assert answer.body == np.ascontiguousarray(VALUES[10:20][:, [2, 0]]).tobytes()
    assert answer.headers["X-Array-Shape"] == "10,2"
    twice = "slice_index.start=0&slice_index.stop=4&slice_index.step=2&slice_index.start=1&slice_index.stop=3"
    assert client.get(f"{URL}/getData?{twice}").body == VALUES[0:4:2, 1:3].tobytes()


def test_csv(client):
    answer = client.get(f"{URL}?format=csv&slice_index.start:records:int=0&slice_index.stop:records:int=2")
    assert answer.text == "0,1,2\r\n0.0,1.0,2.0\r\n3.0,4.0,5.0\r\n"


@pytest.mark.parametrize(
    "query",
    ["format=exe", "slice_index.start=x", "list_index=9", "slice_index.start=0&" * 3 + "slice_index.stop=1&a=b"],
)
def test_bad_requests_say_why(client, query):
    answer = client.get(f"{URL}/getData?{query}", status=400)
    assert answer.json["kind"] == "bad-request" and answer.json["message"]


def test_a_document_without_an_array(client):
    client.get("/erp5/data_array_module/2/getData", status=404)
    assert "This Data Array is empty" in client.get("/erp5/data_array_module/2/preview").text


def test_preview_shows_the_newest_rows_and_a_plot(client):
    page = client.get(f"{URL}/preview")
    assert "<td>2999</td>" in page.text and "<polygon" in page.text and "<td>0</td>" not in page.text
    older = client.get(f"{URL}/preview?last=25")
    assert "<td>0</td>" in older.text and "Older" not in older.text
    client.get(f"{URL}/preview?last=x", status=400)


def test_nobody_reads_without_the_right(client, make_client):
    for path in (URL + "?format=raw", f"{URL}/getData", f"{URL}/preview"):
        make_client().get(path, status=401)
        make_client("nobody").get(path, status=403)


def dialog_of(browser, name):
    """The form of a dialog, among those that the layout has."""
    page = browser.get(f"/erp5/data_array_module/2/{name}")
    return next(form for form in page.forms.values() if (form.action or "").endswith(name))


def test_dialogs_initialise_and_import(client, browser_client, web_database):
    browser = browser_client("zope")
    form = dialog_of(browser, "DataArray_viewInitialiseDialog")
    form["field_your_shape"] = "4, 2"
    assert form.submit().status_int == 303
    form["field_your_shape"] = "4, x"
    form["field_your_replace"] = True
    assert "expected what stands between" in form.submit().text
    form = dialog_of(browser, "DataArray_viewImportFileDialog")
    stream = io.BytesIO()
    np.save(stream, np.arange(5))
    form["field_your_file"] = Upload("a.npy", stream.getvalue())
    assert "tick the box" in form.submit().text
    form["field_your_file"] = Upload("a.npy", stream.getvalue())
    form["field_your_replace"] = True
    assert form.submit().status_int == 303
    with web_database.connect() as connection:
        assert get_site(connection).data_array_module["2"].getArray()[:].tolist() == [0, 1, 2, 3, 4]


def test_the_list_has_shape_dtype_and_size(client, browser_client):
    page = browser_client("zope").get("/erp5/data_array_module/view")
    for text in ("1,000 x 3", "float64"):
        assert text in page.text
