"""Data Mappings: one number for each value, for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ZODB.POSException import ConflictError

from wendelin.core.database import Database
from wendelin.core.errors import BadRequest
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.documents.data_mapping import sort_key

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.dates(),
    st.datetimes(),
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@pytest.fixture
def mapping(site: Any) -> Any:
    return site.data_mapping_module.newContent("m", portal_type="Data Mapping")


def test_numbers_are_stable(mapping: Any, commit: Any) -> None:
    objects = ["wind", "sun", 1, 1.0, True, None, b"wind", ("a", 1), ("a", "1"), date(2026, 1, 1), datetime(2026, 1, 1)]
    numbers = [mapping.addObject(obj) for obj in objects]
    commit()
    assert numbers == list(range(len(objects)))
    assert [mapping.addObject(obj) for obj in objects] == numbers
    for number, obj in enumerate(objects):
        assert mapping.getValueFromObject(obj) == number
        found = mapping.getObjectFromValue(number)
        assert found == obj and type(found) is type(obj)
    assert mapping.getData() == list(enumerate(objects))
    assert mapping.getSize() == len(objects)


def test_what_is_not_there(mapping: Any) -> None:
    assert mapping.getValueFromObject("wind") is None
    assert mapping.getObjectFromValue(0) is None
    assert (mapping.getSize(), mapping.getData()) == (0, [])
    assert mapping


def test_elements_of_arrays_are_the_values_that_they_hold(mapping: Any) -> None:
    number = mapping.addObject(numpy.array(["wind"])[0])
    assert mapping.getValueFromObject("wind") == number
    assert type(mapping.getObjectFromValue(numpy.int64(number))) is str


def test_what_has_no_stable_value_is_refused(mapping: Any) -> None:
    for obj in (float("nan"), [], {}, object(), {1}, ("a", []), mapping):
        with pytest.raises(BadRequest):
            mapping.addObject(obj)
    assert mapping.getSize() == 0


@given(st.lists(VALUES, max_size=12))
def test_keys_have_an_order_and_tell_values_apart(values: list[Any]) -> None:
    keys = [sort_key(value) for value in values]
    assert sorted(keys, reverse=True) == sorted(keys)[::-1]
    for value, key in zip(values, keys, strict=True):
        for other, other_key in zip(values, keys, strict=True):
            if key == other_key:
                assert repr(value) == repr(other) or value == other
            else:
                assert repr(value) != repr(other)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(VALUES, max_size=20))
def test_any_values(mapping: Any, values: list[Any]) -> None:
    numbers = [mapping.addObject(value) for value in values]
    assert [mapping.getObjectFromValue(number) for number in numbers] == values
    assert sorted(set(numbers)) == [number for number, _ in mapping.getData() if number in set(numbers)]


def test_two_that_add_at_once_never_give_one_number_to_two(mapping: Any, commit: Any, database: Database) -> None:
    mapping.addObject("first")
    commit()
    with as_user(SYSTEM), database.connect() as one, database.connect() as two:
        get_site(one).data_mapping_module["m"].addObject("a")
        get_site(two).data_mapping_module["m"].addObject("b")
        one.transaction_manager.commit()
        with pytest.raises(ConflictError):
            two.transaction_manager.commit()
        two.transaction_manager.abort()


def test_moments_differ_by_their_zone(mapping: Any) -> None:
    assert mapping.addObject(datetime(2026, 1, 1)) != mapping.addObject(datetime(2026, 1, 1, tzinfo=UTC))
