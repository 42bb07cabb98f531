"""Versions and dependencies, read and compared as Debian does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.business_templates.text.versions import (
    Dependency,
    compare_version_strings,
    compare_versions,
    is_version,
)

ASCENDING = ["0.9", "1.0~rc1", "1.0~rc2", "1.0", "1.0-1", "1.0-2", "1.0a", "1.0.1", "1.2", "1.10", "2", "1:0.1"]
versions = st.from_regex(r"([0-9]:)?[0-9][a-z0-9.+~-]{0,6}", fullmatch=True)


def test_order_of_versions() -> None:
    for index, left in enumerate(ASCENDING):
        for other, right in enumerate(ASCENDING):
            expected = (index > other) - (index < other)
            assert compare_versions(left, right) == expected, (left, right)


@pytest.mark.parametrize(("left", "right"), [("1.0", "1.00"), ("1.0", "01.0"), ("0:1.0", "1.0"), ("1.0-0", "1.0")])
def test_same_versions(left: str, right: str) -> None:
    assert compare_versions(left, right) == 0


@given(versions, versions, versions)
def test_is_a_total_order(a: str, b: str, c: str) -> None:
    assert is_version(a)
    assert compare_versions(a, a) == 0
    assert compare_versions(a, b) == -compare_versions(b, a)
    if compare_versions(a, b) <= 0 and compare_versions(b, c) <= 0:
        assert compare_versions(a, c) <= 0


@pytest.mark.parametrize(
    ("restriction", "accepted"),
    [
        (">= 1.0", {"1.0", "1.5"}),
        ("> 1.0", {"1.5"}),
        (">> 1.0", {"1.5"}),
        ("<= 1.0", {"0.5", "1.0"}),
        ("< 1.0", {"0.5"}),
        ("<< 1.0", {"0.5"}),
        ("= 1.0", {"1.0"}),
        ("== 1.0", {"1.0"}),
    ],
)
def test_restrictions(restriction: str, accepted: set[str]) -> None:
    assert {version for version in ("0.5", "1.0", "1.5") if compare_version_strings(version, restriction)} == accepted


def test_dependency_is_read_and_written() -> None:
    assert Dependency.parse("erp5_core") == Dependency("erp5_core")
    assert Dependency.parse(" erp5_core(>=1.0) ") == Dependency("erp5_core", ">=", "1.0")
    assert str(Dependency.parse("erp5_core(>=1.0)")) == "erp5_core (>= 1.0)"


def test_a_provision_without_version_satisfies_no_restriction() -> None:
    assert Dependency.parse("x").accepts("")
    assert not Dependency.parse("x (>= 1)").accepts("")


@pytest.mark.parametrize("text", ["", "1x", "a b", "a (1.0)", "a (>= )", "a (~> 1.0)", "a (>= one)", "a >= 1"])
def test_what_is_no_dependency(text: str) -> None:
    with pytest.raises(ValueError, match=r"dependency|version"):
        Dependency.parse(text)
