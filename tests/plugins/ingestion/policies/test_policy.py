"""The fast input's policy, and what `ingest` accepts and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.ingestion.conftest import pack
from wendelin.core.errors import BadRequest, DuplicateId, NotFound, Unauthorized
from wendelin.core.security import ANONYMOUS, VIEW, User, as_user, check_permission


def test_fast_input_makes_policy_product_and_supply(site: Any) -> None:
    add = site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy
    policy, supply, product = add(reference="pydata", title="Pydata", batch_mode=True)
    assert (policy.getId(), policy.getTitle(), policy.getReference()) == ("pydata", "Pydata", "pydata")
    assert policy.getVersion() == "001"
    assert policy.getScriptId() == "IngestionPolicy_parseSimpleFluentdTag"
    assert {document.getValidationState() for document in (policy, supply, product)} == {"validated"}
    assert product.getAggregatedPortalTypeList() == ["Data Stream"]
    assert product.isMemberOf("use/big_data/ingestion")
    lines = {line.getReference(): line for line in supply.objectValues(portal_type="Data Supply Line")}
    assert lines["out_stream"].getResourceValue() is product
    assert lines["ingestion_operation"].getResourceReference() == "wendelin_ingest_data_payload"
    assert (supply.getExpirationDate() - supply.getEffectiveDate()).days == 3650


@pytest.mark.parametrize("reference", ["", " ", None, "a b", "a/b", "a.b", "ä" * 300, "x\0"])
def test_fast_input_refuses_references_that_cannot_be_sent(site: Any, reference: str | None) -> None:
    with pytest.raises(BadRequest):
        site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy(reference, "Title")


def test_fast_input_refuses_a_reference_that_is_taken(site: Any, policy: Any) -> None:
    with pytest.raises(DuplicateId, match="pydata"):
        site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", "Other")
    with pytest.raises(DuplicateId, match="Data Supply"):
        site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("test_sensor", "Other")


def test_fast_input_needs_the_permission(site: Any) -> None:
    with as_user(ANONYMOUS), pytest.raises(Unauthorized):
        site["portal_ingestion_policies"].IngestionPolicyTool_addIngestionPolicy("other", "Other")


def test_shipped_documents_are_validated(site: Any) -> None:
    assert site.portal_ingestion_policies["default"].getValidationState() == "validated"
    for id in ("wendelin_ingest_data", "wendelin_ingest_data_conversion", "wendelin_ingest_data_payload"):
        assert site.data_operation_module[id].getValidationState() == "validated"


def test_unknown_tag_is_not_found_and_leaves_nothing(site: Any, policy: Any) -> None:
    for reference in ("other", "pydata.other"):
        with pytest.raises(NotFound, match="No relevant data ingestion line"):
            policy.ingest(reference, pack(b"x"))
    assert len(site.data_stream_module) == 0


@pytest.mark.parametrize("reference", ["", "  ", "a\nb", "x" * 201, ".a"])
def test_bad_tag_is_refused(policy: Any, reference: str) -> None:
    with pytest.raises(BadRequest):
        policy.ingest(reference, pack(b"x"))


def test_empty_chunk_makes_nothing(site: Any, policy: Any) -> None:
    policy.ingest("pydata", b"")
    assert len(site.data_ingestion_module) == len(site.data_stream_module) == 0


def test_torn_chunk_is_refused(policy: Any) -> None:
    with pytest.raises(BadRequest, match="torn"):
        policy.ingest("pydata", pack(b"first", b"second")[:-1])


def test_invalidated_policy_takes_nothing(policy: Any) -> None:
    policy.invalidate()
    with pytest.raises(NotFound, match="invalidated"):
        policy.ingest("pydata", pack(b"x"))


def test_missing_scripts_are_not_found(site: Any, policy: Any) -> None:
    policy.edit(script_id="IngestionPolicy_noSuchScript")
    with pytest.raises(NotFound, match="IngestionPolicy_noSuchScript"):
        policy.ingest("pydata", pack(b"x"))
    policy.edit(script_id="IngestionPolicy_parseSimpleFluentdTag")
    site.data_operation_module.wendelin_ingest_data_payload.edit(script_id="DataIngestionLine_gone")
    with pytest.raises(NotFound, match="DataIngestionLine_gone"):
        policy.ingest("pydata", pack(b"x"))


def test_custom_script_takes_the_place_of_a_shipped_one(site: Any, policy: Any) -> None:
    keys = ("resource_reference", "reference", "specialise_reference")
    source = f'# wendelin: parameters="reference"\nreturn {dict.fromkeys(keys, "pydata")!r}\n'.encode()
    site.portal_skins.custom.put_file("IngestionPolicy_parseSimpleFluentdTag.py", source)
    policy.ingest("whatever it is", pack(b"abc"))
    assert site.data_stream_module["1"].getData() == b"abc"


def test_the_policy_is_the_door_not_the_documents_behind_it(site: Any, policy: Any) -> None:
    sender = User("sensor-7", frozenset())
    policy.manage_setLocalRoles("sensor-7", ["Assignor"])
    with as_user(sender):
        policy.ingest("pydata", pack(b"abc"))
    stream = site.data_stream_module["1"]
    assert stream.getData() == b"abc"
    assert stream.getOwner() == policy.getOwner() != "sensor-7"
    assert not check_permission(VIEW, stream, sender)


def test_unpack(site: Any) -> None:
    tool = site.portal_ingestion_policies
    assert tool.unpack(pack(b"a"))[0][1] == {"message": b"a"}
    assert len(list(tool.unpackLazy(pack(b"a", b"b")))) == 2
