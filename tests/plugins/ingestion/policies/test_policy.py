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
    policy.edit(allowed_reference_list=["*"])
    for reference in ("other", "other.pydata"):
        with pytest.raises(NotFound, match="No relevant data ingestion line"):
            policy.ingest(reference, pack(b"x"))
    assert len(site.data_stream_module) == 0


@pytest.mark.parametrize("reference", ["", "  ", "a\nb", "x" * 201, ".a"])
def test_bad_tag_is_refused(policy: Any, reference: str) -> None:
    policy.edit(allowed_reference_list=["*"])
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
    policy.edit(script_id="IngestionPolicy_parseNothing")
    with pytest.raises(NotFound, match="IngestionPolicy_parseNothing"):
        policy.ingest("pydata", pack(b"x"))
    policy.edit(script_id="IngestionPolicy_parseSimpleFluentdTag")
    site.data_operation_module.wendelin_ingest_data_payload.edit(script_id="DataIngestionLine_gone")
    with pytest.raises(NotFound, match="DataIngestionLine_gone"):
        policy.ingest("pydata", pack(b"x"))


def test_custom_script_takes_the_place_of_a_shipped_one(site: Any, policy: Any) -> None:
    keys = ("resource_reference", "reference", "specialise_reference")
    source = f'# wendelin: parameters="reference"\nreturn {dict.fromkeys(keys, "pydata")!r}\n'.encode()
    site.portal_skins.custom.put_file("IngestionPolicy_parseSimpleFluentdTag.py", source)
    policy.edit(allowed_reference_list=["*"])
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


def test_a_policy_takes_its_own_tags_only_unless_it_says_otherwise(site: Any, policy: Any) -> None:
    other = site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata2", "Other")
    policy.manage_setLocalRoles("gateway", ["Author"])
    with as_user(User("gateway", frozenset())):
        for reference in ("pydata2", "pydata2.left", "pydat", "Pydata", "other"):
            with pytest.raises(Unauthorized, match="does not take the tag"):
                policy.ingest(reference, pack(b"x"))
        assert len(site.data_stream_module) == 0
        policy.ingest("pydata", pack(b"own"))
        with pytest.raises(Unauthorized):
            other.ingest("pydata", pack(b"x"))
    policy.edit(allowed_reference_list=["pydata*"])
    policy.ingest("pydata2", pack(b"said otherwise"))
    assert sorted(s.getData() for s in site.data_stream_module.objectValues()) == [b"own", b"said otherwise"]


def test_a_tag_below_goes_to_the_nearest_product(site: Any, policy: Any) -> None:
    policy.ingest("pydata.web.error", pack(b"1"))
    policy.ingest("pydata", pack(b"2"))
    assert [stream.getData() for stream in site.data_stream_module.objectValues()] == [b"12"]
    web = site.data_product_module.newContent(
        portal_type="Data Product", reference="pydata.web", aggregated_portal_type_list=["Data Stream"]
    )
    (ingestion,) = site.data_ingestion_module.objectValues()
    ingestion.newContent(portal_type="Data Ingestion Line", reference="out_stream", resource_value=web)
    policy.ingest("pydata.web.error", pack(b"3"))
    policy.ingest("pydata.db", pack(b"4"))
    assert [stream.getData() for stream in site.data_stream_module.objectValues()] == [b"124", b"3"]


@pytest.mark.parametrize(
    "name",
    ["Base_secret", "getTitle", "edit", "__class__", "__getattribute__", "setProperty", "portal_skins", "log", "plan"],
)
def test_only_scripts_that_are_made_for_it_can_be_named(site: Any, policy: Any, name: str) -> None:
    site.portal_skins.custom.put_file("Base_secret.py", b'# wendelin: parameters="reference"\nreturn "SECRET"\n')
    parser, operation = policy.getScriptId(), policy.getDataOperationScriptId()
    policy.edit(script_id=name)
    with pytest.raises(NotFound, match="cannot be a tag parser"):
        policy.ingest("pydata", pack(b"x"))
    policy.edit(script_id=parser, data_operation_script_id=name)
    with pytest.raises(NotFound, match="cannot be a data ingestion script"):
        policy.ingest("pydata", pack(b"x"))
    policy.edit(data_operation_script_id=operation)
    site.data_operation_module.wendelin_ingest_data_payload.edit(script_id=name)
    with pytest.raises(NotFound, match="cannot be a data operation script"):
        policy.ingest("pydata", pack(b"x"))


@pytest.mark.parametrize("found", ["'text'", "['SECRET']", "{'reference': 'SECRET'}", "{'reference': ['SECRET']}"])
def test_what_a_parser_gives_is_looked_at_and_never_shown(site: Any, policy: Any, found: str) -> None:
    source = f'# wendelin: parameters="reference"\nreturn {found}\n'.encode()
    site.portal_skins.custom.put_file("IngestionPolicy_parseOdd.py", source)
    policy.edit(script_id="IngestionPolicy_parseOdd")
    with pytest.raises(BadRequest, match="has to give a dictionary") as raised:
        policy.ingest("pydata", pack(b"x"))
    assert "SECRET" not in str(raised.value)


def test_a_policy_that_nobody_validated_takes_nothing(site: Any, policy: Any) -> None:
    """Else whoever may make a policy could write to the streams of all others."""
    draft = site.portal_ingestion_policies.newContent(
        "mine",
        portal_type="Ingestion Policy",
        script_id=policy.getScriptId(),
        data_operation_script_id=policy.getDataOperationScriptId(),
        allowed_reference_list=["*"],
    )
    with pytest.raises(NotFound, match="is draft"):
        draft.ingest("pydata", pack(b"x"))
    draft.validate()
    draft.ingest("pydata", pack(b"x"))
