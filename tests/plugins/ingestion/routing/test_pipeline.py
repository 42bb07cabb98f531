"""Which documents a chunk finds or makes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.plugins.ingestion.conftest import pack
from wendelin.core.database import Database
from wendelin.core.errors import NotFound
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.routing import lookup, pipeline


def test_first_chunk_makes_a_started_ingestion_and_a_validated_stream(site: Any, policy: Any, commit: Any) -> None:
    commit()
    policy.ingest("pydata", pack(b"one"))
    policy.ingest("pydata", pack(b"two", b"three"))
    commit()
    (stream,) = site.data_stream_module.objectValues()
    assert (stream.getId(), stream.getReference(), stream.getValidationState()) == ("1", "pydata.pydata", "validated")
    assert (stream.getTitle(), stream.getData()) == ("Pydata", b"onetwothree")
    (ingestion,) = site.data_ingestion_module.objectValues()
    assert ingestion.getId() == f"{datetime.now(UTC):%Y%m%d}-pydata"
    assert (ingestion.getReference(), ingestion.getSimulationState()) == ("pydata", "started")
    assert ingestion.getSpecialiseReference() == "pydata"
    lines = {line.getReference(): line for line in ingestion.objectValues()}
    assert lines["out_stream"].getAggregateDataStreamValue() is stream
    assert lines["out_stream"].getQuantity() == 1


def test_a_repeated_chunk_writes_only_records_of_the_stream(
    connection: Any, site: Any, policy: Any, commit: Any
) -> None:
    policy.ingest("pydata", pack(b"one"))
    commit()
    policy.ingest("pydata", pack(b"two"))
    changed = {type(obj).__name__ for obj in connection._registered_objects}
    assert changed and changed <= {"Tail", "BigFile", "InlineChunk", "ChunkMarks"}


def test_delivered_ingestion_is_followed_by_another_into_the_same_stream(site: Any, policy: Any) -> None:
    policy.ingest("pydata", pack(b"one"))
    (first,) = site.data_ingestion_module.objectValues()
    first.deliver()
    policy.ingest("pydata", pack(b"two"))
    ids = sorted(site.data_ingestion_module.objectIds())
    assert ids == [first.getId(), f"{first.getId()}-2"]
    (stream,) = site.data_stream_module.objectValues()
    assert stream.getData() == b"onetwo"


def test_default_supply_takes_a_second_chunk(site: Any, policy: Any) -> None:
    site.data_supply_module.objectValues()
    supply = pipeline.find_data_supply(site, "pydata")
    supply.default()
    policy.ingest("pydata", pack(b"one"))
    (ingestion,) = site.data_ingestion_module.objectValues()
    assert ingestion.getSimulationState() == "draft"
    policy.ingest("pydata", pack(b"two"))
    assert len(site.data_ingestion_module) == 1
    assert site.data_stream_module["1"].getData() == b"onetwo"


def test_a_draft_made_by_hand_takes_nothing(site: Any, policy: Any) -> None:
    site.data_ingestion_module.newContent(portal_type="Data Ingestion", reference="pydata")
    policy.ingest("pydata", pack(b"one"))
    assert len(site.data_ingestion_module) == 2


def test_percent_in_a_tag_is_no_wildcard(site: Any, policy: Any) -> None:
    policy.edit(allowed_reference_list=["*"])
    with pytest.raises(NotFound):
        policy.ingest("%data", pack(b"x"))


def test_shipped_supply_and_policy_store_the_body_as_it_is(site: Any) -> None:
    policy = site.portal_ingestion_policies["default"]
    policy.ingest("test_sensor.test_product", b"no msgpack\n")
    policy.ingest("test_sensor.test_product.more", b"second\n")
    assert site.data_stream_module["1"].getData() == b"no msgpack\nsecond\n"
    assert site.data_stream_module["1"].getReference() == "test_sensor.test_product"


def test_conversion_stores_records_as_text(site: Any, policy: Any) -> None:
    supply = pipeline.find_data_supply(site, "pydata")
    (line,) = [line for line in supply.objectValues() if line.getReference() == "ingestion_operation"]
    line.setResource("data_operation_module/wendelin_ingest_data_conversion")
    policy.ingest("pydata", pack(b"a"))
    assert site.data_stream_module["1"].getData() == b"{'message': b'a'}"


def test_supplies_of_one_sensor_share_its_stream(site: Any, policy: Any) -> None:
    sensor = site.sensor_module.newContent(portal_type="Sensor", reference="s1")
    product = lookup.find_document(site, "Data Product", "pydata")
    for reference in ("first", "second"):
        supply = site.data_supply_module.newContent(portal_type="Data Supply", reference=reference)
        operation = "data_operation_module/wendelin_ingest_data"
        supply.newContent(reference="ingestion_operation", resource=operation)
        supply.newContent(reference="out_stream", resource_value=product, aggregate_value=sensor)
        supply.validate()
    policy.edit(script_id="IngestionPolicy_parseSimpleIngestionTag", allowed_reference_list=["*"])
    policy.ingest("first.pydata", b"1")
    policy.ingest("second.pydata", b"2")
    (stream,) = site.data_stream_module.objectValues()
    assert stream.getData() == b"12"


def test_specialised_supply_brings_its_lines(site: Any, policy: Any) -> None:
    base = pipeline.find_data_supply(site, "pydata")
    supply = site.data_supply_module.newContent(portal_type="Data Supply", reference="child", specialise_value=base)
    supply.validate()
    composed = supply.asComposedDocument()
    assert {line.getReference() for line in composed.objectValues()} == {"ingestion_operation", "out_stream"}
    assert composed.getExpirationDate() == base.getExpirationDate()
    policy.edit(script_id="IngestionPolicy_parseSimpleIngestionTag", allowed_reference_list=["*"])
    policy.ingest("child.pydata", pack(b"x"))
    assert site.data_stream_module["1"].getReference() == "child.pydata"
    assert not any(id.startswith("composed") for id in supply)


def test_deleted_stream_is_made_anew(site: Any, policy: Any) -> None:
    policy.ingest("pydata", pack(b"one"))
    site.data_stream_module.deleteContent("1")
    policy.ingest("pydata", pack(b"two"))
    (stream,) = site.data_stream_module.objectValues()
    assert stream.getData() == b"two"


def test_missing_product_is_not_found(site: Any, policy: Any) -> None:
    product = lookup.find_document(site, "Data Product", "pydata")
    site.data_product_module.deleteContent(product.getId())
    with pytest.raises(NotFound):
        policy.ingest("pydata", pack(b"x"))


def test_first_chunks_at_the_same_moment_make_one_stream(database: Database) -> None:
    def add(connection: Any) -> None:
        get_site(connection).portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata")

    def send(number: int) -> None:
        def ingest(connection: Any) -> None:
            get_site(connection).portal_ingestion_policies.pydata.ingest("pydata", pack(b"%d;" % number))

        with as_user(SYSTEM):
            database.run(ingest, attempts=50)

    database.run(add)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(24)))
    with database.connect() as connection:
        site = get_site(connection)
        (stream,) = site.data_stream_module.objectValues()
        assert len(site.data_ingestion_module) == 1
        assert sorted(stream.getData().split(b";")[:-1], key=int) == [b"%d" % number for number in range(24)]


def parse_as(site: Any, policy: Any, **references: str) -> None:
    """Give the policy a tag parser that says these references beside those of pydata."""
    found = dict.fromkeys(("resource_reference", "reference", "specialise_reference"), "pydata") | references
    source = f'# wendelin: parameters="reference"\nreturn {found!r}\n'.encode()
    site.portal_skins.custom.put_file("IngestionPolicy_parseMore.py", source)
    policy.edit(script_id="IngestionPolicy_parseMore")


def set_operation(site: Any, reference: str, parameters: str, body: str) -> None:
    """Let chunks of a supply be stored by a script."""
    source = f'# wendelin: parameters="{parameters}"\n{body}\n'.encode()
    site.portal_skins.custom.put_file("DataIngestionLine_writeTest.py", source)
    site.data_operation_module.wendelin_ingest_data_payload.edit(script_id="DataIngestionLine_writeTest")


def test_the_operation_is_given_the_bucket_that_the_tag_parser_names(site: Any, policy: Any) -> None:
    product = lookup.find_document(site, "Data Product", "pydata")
    product.edit(aggregated_portal_type_list=["Data Bucket Stream"])
    body = "out_stream['Data Bucket Stream'].insertBucket(bucket_reference, data_chunk)"
    set_operation(site, "pydata", "data_chunk, out_stream, bucket_reference", body)
    for name, data in (("one", b"1"), ("two", b"2")):
        parse_as(site, policy, bucket_reference=name)
        policy.ingest("pydata", data)
    (stream,) = site.data_stream_module.objectValues()
    assert [(key, stream.getBucketByKey(key)) for key in stream.getKeyList()] == [("one", b"1"), ("two", b"2")]


def test_a_batch_is_made_once_and_is_an_item_of_the_line(site: Any, policy: Any) -> None:
    for number in range(3):
        parse_as(site, policy, aggregate_data_ingestion_batch_reference="monday" if number < 2 else "tuesday")
        policy.ingest("pydata", pack(b"%d" % number))
    assert sorted(b.getReference() for b in site.data_ingestion_batch_module.objectValues()) == ["monday", "tuesday"]
    (ingestion,) = site.data_ingestion_module.objectValues()
    lines = [line for line in ingestion.objectValues() if line.getReference() == "out_stream"]
    batches = lines[0].getAggregateDataIngestionBatchValueList()
    assert [batch.getReference() for batch in batches] == ["monday", "tuesday"]
    (stream,) = site.data_stream_module.objectValues()
    assert stream.getData() == b"012"


def test_a_batch_goes_on_where_it_went_before(site: Any, policy: Any) -> None:
    for reference in ("first", "second"):
        base = pipeline.find_data_supply(site, "pydata")
        site.data_supply_module.newContent(
            portal_type="Data Supply", reference=reference, specialise_value=base
        ).validate()
        parse_as(
            site,
            policy,
            reference=reference,
            specialise_reference=reference,
            aggregate_data_ingestion_batch_reference="b",
        )
        policy.ingest("pydata", pack(reference.encode()))
    (stream,) = site.data_stream_module.objectValues()
    assert stream.getData() == b"firstsecond"


def test_devices_of_the_operation_are_those_of_its_products(site: Any, policy: Any) -> None:
    sensors = [site.sensor_module.newContent(portal_type="Sensor", reference=name) for name in ("s1", "s2")]
    supply = pipeline.find_data_supply(site, "pydata")
    (line,) = [line for line in supply.objectValues() if line.getReference() == "ingestion_operation"]
    line.setAggregateValueList(sensors)
    policy.ingest("pydata", pack(b"x"))
    (ingestion,) = site.data_ingestion_module.objectValues()
    (product,) = [line for line in ingestion.objectValues() if line.getReference() == "out_stream"]
    assert product.getAggregateSensorValueList() == sensors
    assert product.getAggregateDataStreamValue().getData() == b"x"


def test_lines_are_in_the_state_of_their_ingestion_in_the_catalog(site: Any, policy: Any, commit: Any) -> None:
    policy.ingest("pydata", pack(b"x"))
    (ingestion,) = site.data_ingestion_module.objectValues()

    def find(state: str) -> set[str]:
        commit()
        found = site.portal_catalog(portal_type="Data Ingestion Line", simulation_state=state)
        return {brain.getObject().getReference() for brain in found}

    both = {"ingestion_operation", "out_stream"}
    assert find("started") == both and find("stopped") == set()
    assert {line.getSimulationState() for line in ingestion.objectValues()} == {"started"}
    ingestion.stop()
    assert find("started") == set() and find("stopped") == both
    ingestion.newContent(portal_type="Data Ingestion Line", reference="more")
    assert find("stopped") == {*both, "more"}
