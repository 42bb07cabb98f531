"""Data Sets and the portal types that have no class of their own: they can be made, shown, found and related."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, User, as_user


@pytest.fixture
def streams(site: Any) -> list[Any]:
    add = site.data_stream_module.newContent
    return [add(portal_type="Data Stream", reference=f"s{number}") for number in range(4)]


def test_streams_of_a_set(site: Any, streams: list[Any]) -> None:
    """By its own items, and by ingestion lines that name the set; each once."""
    data_set = site.data_set_module.newContent(
        portal_type="Data Set", title="Campaign", language="en", version="001", aggregate_value_list=streams[:2]
    )
    ingestion = site.data_ingestion_module.newContent(portal_type="Data Ingestion")
    ingestion.newContent(portal_type="Data Ingestion Line", aggregate_value_list=[data_set, *streams[1:3]])
    assert data_set.DataSet_getDataStreamList() == streams[:3]
    assert data_set.DataSet_getDataStreamList(limit=2) == streams[:2]
    assert data_set.DataSet_getDataStreamCount() == data_set.getDataStreamCount() == 3
    with as_user(User("nobody")):
        assert data_set.DataSet_getDataStreamList() == []


def test_an_empty_set(site: Any) -> None:
    data_set = site.data_set_module.newContent(portal_type="Data Set")
    assert data_set.DataSet_getDataStreamList() == []
    assert data_set.DataSet_getDataStreamCount() == 0


@pytest.mark.parametrize(
    ("portal_type", "state"),
    [
        ("Data Ingestion Batch", None),
        ("Data Acquisition Unit", "draft"),
        ("Data Aggregation Unit", "draft"),
        ("Data Mapping", "draft"),
        ("Data Set", "draft"),
        ("Data Bucket Stream", "draft"),
    ],
)
def test_portal_types(site: Any, portal_type: str, state: str | None) -> None:
    module = site.getDefaultModule("Data Stream" if portal_type == "Data Bucket Stream" else portal_type)
    document = module.newContent(portal_type=portal_type, title="One", reference="one", version="001")
    assert site.portal_catalog.getResultValue(portal_type=portal_type, reference="one") is document
    if state is not None:
        document.validate()
        assert document.getValidationState() == "validated"
    assert "big_data" in (module.getBusinessApplication() or "")


def test_devices_of_a_line(site: Any) -> None:
    sensor = site.sensor_module.newContent(portal_type="Sensor", title="Vane")
    unit = site.data_acquisition_unit_module.newContent(
        portal_type="Data Acquisition Unit", aggregate_value_list=[sensor], source_value=sensor
    )
    above = site.data_aggregation_unit_module.newContent(
        portal_type="Data Aggregation Unit", aggregate_data_acquisition_unit_value_list=[unit]
    )
    batch = site.data_ingestion_batch_module.newContent(portal_type="Data Ingestion Batch", reference="b1")
    line = site.data_ingestion_module.newContent(portal_type="Data Ingestion").newContent(
        portal_type="Data Ingestion Line", aggregate_value_list=[sensor, unit, above, batch]
    )
    assert line.getAggregateDeviceValueList() == [sensor, unit, above]
    assert line.getAggregateDataIngestionBatchValue() is batch
    assert unit.getAggregateSensorTitleList() == ["Vane"]
    assert above.getAggregateDataAcquisitionUnitValue() is unit


def test_a_supply_in_state_default_is_used_where_none_matches(site: Any) -> None:
    supply = site.data_supply_module.newContent(portal_type="Data Supply", reference="anything")
    supply.default()
    assert supply.getValidationState() == "default"
    assert {action for action, _, _ in site.portal_workflow.getActionList(supply)} >= {"validate_action"}


# -- pages


@pytest.fixture
def filled(web_database: Any) -> None:
    with as_user(SYSTEM), web_database.transaction() as connection:
        site = get_site(connection)
        stream = site.data_stream_module.newContent("s", portal_type="Data Stream", title="Wind", reference="wind")
        stream.appendData(b"x" * 1500)
        site.data_set_module.newContent("1", portal_type="Data Set", title="Campaign", aggregate_value_list=[stream])
        site.data_set_module.newContent("2", portal_type="Data Set", title="Nothing yet")
        buckets = site.data_stream_module.newContent("b", portal_type="Data Bucket Stream", title="Parts")
        for number in range(120):
            buckets.insertBucket(f"key-{number:03d}", b"<%d>" % number)
        buckets.insertBucket("large", b"head" + bytes(100_000))
        site.data_stream_module.newContent("e", portal_type="Data Bucket Stream", title="Empty")


def test_the_streams_tab(filled: None, make_client: Any) -> None:
    client = make_client("zope", accept="text/html")
    page = client.get("/erp5/data_set_module/1/data_streams")
    assert "1.5 KB in 1 data stream." in page
    assert page.html.select_one("tbody a")["href"] == "/erp5/data_stream_module/s/view"
    assert "No data stream belongs to this set yet" in client.get("/erp5/data_set_module/2/data_streams")
    assert "Campaign" in client.get("/erp5/data_set_module/view")


def test_the_buckets_tab(filled: None, make_client: Any) -> None:
    client = make_client("zope", accept="text/html")
    page = client.get("/erp5/data_stream_module/b/buckets")
    rows = page.html.select("tbody tr")
    assert len(rows) == 50
    assert "100 KB" in rows[0].text and "head" in rows[0].text
    assert "<119>" in rows[1].text
    older = page.click("Older").click("Older")
    assert "key-000" in older and len(older.html.select("tbody tr")) == 21
    assert "There is no bucket here yet" in client.get("/erp5/data_stream_module/e/buckets")
    client.get("/erp5/data_stream_module/b/buckets?last=x", status=400)
    assert "100 KB" in client.get("/erp5/data_stream_module/view")
