"""Categories and relations: generated methods, narrowed relations, reverse ones."""

from __future__ import annotations

import pytest

from wendelin.core.errors import BadRequest


@pytest.fixture
def module(site, add_type, add_sheet):
    for base in ("wheel", "owner_of", "colour"):
        if base not in site["portal_categories"]:
            site["portal_categories"].newContent(base, portal_type="Base Category")
    site["portal_categories"]["colour"].add_tree(
        [{"id": "warm", "title": "Warm", "category": [{"id": "red", "title": "Red"}]}, {"id": "cold"}]
    )
    site["portal_categories"]["owner_of"].acquisition_base_category_list = ("parent",)
    add_sheet(
        "Car",
        category=[
            {"id": "wheel", "multivalued": True},
            {"id": "wheel_car", "base_category": "wheel", "portal_type": ["Car"]},
            {"id": "colour"},
            {"id": "owner_of"},
        ],
    )
    add_type("Car", module="car_module", property_sheet_list=["Car"], allowed_content_type_list=["Car", "Wheel"])
    add_type("Wheel", module="wheel_module")
    return site["car_module"]


def test_relations_to_documents(site, module):
    wheels = [site["wheel_module"].newContent(title=f"w{n}") for n in range(2)]
    car = module.newContent(wheel_value_list=wheels)
    assert car.getWheel() == "wheel_module/1"
    assert car.getWheelList() == ["wheel_module/1", "wheel_module/2"]
    assert car.getWheelValue() is wheels[0] and car.getWheelValueList() == wheels
    assert car.getWheelTitleList() == ["w0", "w1"] and car.getWheelTitle() == "w0"
    assert car.getWheelUid() == wheels[0].getUid() and car.getWheelId() == "1"
    assert car.getWheelProperty("title") == "w0"
    assert car.categories == ("wheel/wheel_module/1", "wheel/wheel_module/2")
    car.setWheel(None)
    assert car.getWheel() is None and not car.hasWheel()


def test_a_new_default_goes_in_front_and_drops_nothing(site, module):
    """As in ERP5: assigning a Data Set to a line must not take its stream away."""
    wheels = [site["wheel_module"].newContent(title=f"w{n}") for n in range(4)]
    car = module.newContent(wheel_value_list=wheels[:2], colour="cold")
    car.setDefaultWheelValue(wheels[2])
    assert car.getWheelValueList() == [wheels[2], wheels[0], wheels[1]]
    car.setDefaultWheel(wheels[1].getRelativeUrl())
    assert car.getWheelValueList() == [wheels[1], wheels[2], wheels[0]]
    car._setDefaultWheelUid(wheels[3].getUid())
    assert car.getWheelValueList() == [wheels[3], wheels[1], wheels[2], wheels[0]]
    car.setDefaultWheelCarValue(other := module.newContent())
    assert car.getWheelValueList() == [other, wheels[3], wheels[1], wheels[2], wheels[0]]
    car.setDefaultWheelValue(None, portal_type="Wheel")
    assert car.getWheelValueList() == [other, wheels[1], wheels[2], wheels[0]]
    car.setDefaultWheelValue(None)
    assert car.getWheelValueList() == [wheels[1], wheels[2], wheels[0]] and car.getColour() == "cold"


def test_a_narrowed_setter_keeps_the_order_of_the_others(site, module):
    wheels = [site["wheel_module"].newContent() for _ in range(2)]
    first, second = module.newContent(), module.newContent()
    car = module.newContent(wheel_value_list=[first, *wheels])
    car.setWheelValueList([second], portal_type="Car")
    assert car.getWheelValueList() == [second, *wheels]
    car.setWheelValueList([], portal_type="Car")
    car.setWheelCarValue(first)
    assert car.getWheelValueList() == [*wheels, first]


def test_a_new_default_of_a_list_property_drops_nothing(site, add_type, add_sheet):
    add_sheet("Tagged", property=[{"id": "tag", "type": "tokens"}, {"id": "step_list", "type": "lines"}])
    add_type("Tagged", module="tagged_module", property_sheet_list=["Tagged"])
    tagged = site["tagged_module"].newContent(tag_list=["a", "b"], step_list=["x y"])
    tagged.setDefaultTag("c")
    tagged.setDefaultTag("b")
    assert tagged.getTagList() == ["b", "c", "a"] and tagged.getDefaultTag() == "b"
    tagged._setDefaultStep("v w")
    assert tagged.getStepList() == ["v w", "x y"]
    tagged.setDefaultTag(None)
    assert tagged.getTagList() == ["c", "a"]


def test_portal_type_filter_and_narrowed_relation(site, module):
    wheel, other = site["wheel_module"].newContent(), module.newContent(title="trailer")
    car = module.newContent(wheel_value_list=[wheel, other])
    assert car.getWheelValueList(portal_type="Car") == [other]
    assert car.getWheelCarValue() is other and car.getWheelCarTitle() == "trailer"
    third = module.newContent()
    car.setWheelCarValue(third)
    assert car.getWheelValueList() == [wheel, third]


def test_categories(site, module):
    car = module.newContent(colour="warm/red")
    assert car.getColour() == "warm/red"
    assert car.getColourValue().getPortalType() == "Category"
    assert car.getColourLogicalPath() == "Warm/Red" and car.getColourTitle() == "Red"
    assert car.isMemberOf("colour/warm") and car.isMemberOf("colour/warm/red") and not car.isMemberOf("colour/cold")
    car.setColourValue(site["portal_categories"]["colour"]["cold"])
    assert car.categories == ("colour/cold",)
    pairs = site["portal_categories"]["colour"].getCategoryChildLogicalPathItemList()
    assert ("Warm/Red", "warm/red") in pairs


def test_relation_to_what_is_gone_is_passed_over(site, module):
    wheel = site["wheel_module"].newContent()
    car = module.newContent(wheel_value=wheel)
    site["wheel_module"].manage_delObjects([wheel.getId()])
    assert car.getWheelValue() is None and car.getWheel() == "wheel_module/1"


def test_relation_acquired_from_the_container(site, module):
    wheel = site["wheel_module"].newContent()
    car = module.newContent(owner_of_value=wheel)
    part = car.newContent(portal_type="Car")
    assert part.getOwnerOfValue() is wheel and part.categories == ()


def test_reverse_relations(site, module):
    wheel = site["wheel_module"].newContent()
    car = module.newContent(title="c", wheel_value=wheel)
    assert wheel.getWheelRelatedValue() is car
    assert wheel.getWheelRelatedList() == [car.getRelativeUrl()]
    assert wheel.getWheelRelatedTitleList() == ["c"]
    assert wheel.getWheelRelatedValueList(portal_type="Wheel") == []


def test_relations_follow_a_rename(site, module):
    wheel = site["wheel_module"].newContent()
    car = module.newContent(wheel_value=wheel)
    wheel.setId("front")
    assert car.getWheel() == "wheel_module/front" and car.getWheelValue() is wheel
    site["portal_categories"]["colour"]["warm"].setId("hot")
    assert "hot" in site["portal_categories"]["colour"]


def test_a_category_keeps_its_members_when_renamed(site, module):
    car = module.newContent(colour="warm/red")
    site["portal_categories"]["colour"]["warm"].setId("hot")
    assert car.getColour() == "hot/red"


def test_wrong_targets_are_refused(module):
    with pytest.raises(BadRequest, match="expected a document"):
        module.newContent(wheel_value="text")
    with pytest.raises(BadRequest, match="relative URL"):
        module.newContent(wheel_list=[3])
