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
from wendelin.plugins.ingestion.routing import pipeline


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
    product = pipeline.find_document(site, "Data Product", "pydata")
    for reference in ("first", "second"):
        supply = site.data_supply_module.newContent(portal_type="Data Supply", reference=reference)
        operation = "data_operation_module/wendelin_ingest_data"
        supply.newContent(reference="ingestion_operation", resource=operation)
        supply.newContent(reference="out_stream", resource_value=product, aggregate_value=sensor)
        supply.validate()
    policy.edit(script_id="IngestionPolicy_parseSimpleIngestionTag")
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
    policy.edit(script_id="IngestionPolicy_parseSimpleIngestionTag")
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
    product = pipeline.find_document(site, "Data Product", "pydata")
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
