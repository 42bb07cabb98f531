"""Keys of the original's scripts: items by the movements that aggregate them, other spellings, queries in scripts."""

from __future__ import annotations

import pytest

from wendelin.core.errors import QueryError
from wendelin.core.model.catalog.search.options import limits


@pytest.fixture
def delivery(site, add_type, add_sheet):
    """A delivery with a source and a project, and a line that aggregates a device and a stream."""
    add_sheet(
        "Movement",
        property=[{"id": "quantity", "type": "float"}, {"id": "variation_text", "type": "string"}],
        category=[
            {"id": "aggregate", "multivalued": True},
            *({"id": name} for name in ("source", "destination_project", "resource")),
        ],
    )
    add_type("Product", module="product_module")
    add_type("Stream", module="stream_module", type_group_list=["item", "data_sink"])
    add_type("Sound Card", module="card_module", type_group_list=["item", "device"])
    add_type("Movement", property_sheet_list=["Movement"])
    add_type(
        "Delivery", module="delivery_module", property_sheet_list=["Movement"], allowed_content_type_list=["Movement"]
    )
    for id in ("product", "stream", "card"):
        site[f"{id}_module"].newContent(id="one")
        site[f"{id}_module"].newContent(id="two")
    delivery = site["delivery_module"].newContent(id="d")
    delivery.setSource("card_module/two")
    delivery.setDestinationProject("product_module/two")
    delivery.newContent(
        id="line",
        portal_type="Movement",
        aggregate_list=["stream_module/one", "card_module/one"],
        resource="product_module/one",
        quantity=1.0,
        variation_text="colour/red",
    )
    return delivery


def test_items_by_their_movements(site, catalog, delivery):
    uid = site["product_module"]["one"].getUid()
    own = {
        "item_device_relative_url": "card_module/one",
        "item_project_relative_url": "product_module/two",
        "item_resource_uid": uid,
        "item_source_relative_url": "card_module/two",
        "item_variation_text": "colour/red",
        "item_resource_portal_type": "Product",
    }

    def found(**kw):
        return [brain.relative_url for brain in catalog(portal_type="Stream", **kw)]

    assert found(**own) == ["stream_module/one"]
    for name, value in own.items():
        assert found(**{name: value}) == ["stream_module/one"], name
    other = {
        "item_device_relative_url": "card_module/two",
        "item_project_relative_url": "product_module/one",
        "item_resource_uid": uid + 10**9,
        "item_source_relative_url": "card_module/one",
        "item_variation_text": "colour/blue",
    }
    for name, value in other.items():
        assert found(**{name: value}) == [], name
    delivery["line"].setSource("card_module/one")  # its own comes beside that of the delivery
    assert found(item_source_relative_url="card_module/one") == ["stream_module/one"]
    with pytest.raises(QueryError):
        catalog(item_nonsense_uid=1)


def test_quantities_and_two_underscores(site, catalog, delivery):
    line = delivery["line"]
    assert [brain.getObject() for brain in catalog(**{"stock.quantity": ">0"})] == [line]
    assert list(catalog(portal_type="Movement", **{"stock.quantity": 2})) == []
    found = catalog(portal_type="Stream", aggregate__related__uid=line.getUid())
    assert [brain.relative_url for brain in found] == ["stream_module/one"]
    assert [b.getObject() for b in catalog(strict__aggregate__relative_url="stream_module/one")] == [line]


def test_no_limit():
    assert limits([]) == limits(()) == limits(None) == (0, None) and limits([2, 3]) == (2, 3)


def test_methods_for_every_type_of_items(site, delivery):
    line, stream, card = delivery["line"], site["stream_module"]["one"], site["card_module"]["one"]
    assert line.getAggregateSoundCardValue() == card and line.getAggregateStreamValueList() == [stream]
    line.setAggregateSoundCardValue(site["card_module"]["two"])
    assert line.getAggregateValueList() == [stream, site["card_module"]["two"]]
    assert "aggregate_sound_card" not in line.getPropertyIdList()
    assert not hasattr(card, "getAggregateStreamValue")


def test_related_objects_of_any_base_category(site, delivery):
    card = site["card_module"]["one"]
    assert card.Base_getRelatedObjectList() == [delivery["line"]]
    assert site["card_module"]["two"].Base_getRelatedObjectList(portal_type="Delivery") == [delivery]
    assert card.Base_getRelatedObjectList(portal_type="Delivery") == []


def test_type_groups_of_the_original(site, delivery):
    assert site.getPortalDataSinkTypeList() == ["Stream"]
    assert site.getPortalItemTypeList() == ["Sound Card", "Stream"]
    groups = "DataDescriptor DeviceConfiguration DataConfiguration Delivery DeliveryMovement Supply SupplyPath Resource"
    for group in groups.split():
        assert isinstance(getattr(delivery, f"getPortal{group}TypeList")(), list)


def test_indented_titles(site):
    use = site["portal_categories"]["use"]
    use.add_tree([{"id": "wind", "title": "Wind", "category": [{"id": "fast", "title": "Fast"}]}])
    pairs = use.getCategoryChildIndentedTitleItemList()
    assert ("Wind", "wind") in pairs and ("\u00a0" * 4 + "Fast", "wind/fast") in pairs
    assert ("Fast", "use/wind/fast") in use.getCategoryChildTitleItemList(base=True)
