"""Checks of passwords that are made at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from wendelin.core.errors import Busy
from wendelin.core.model.accounts import passwords
from wendelin.core.model.accounts.passwords import hash_password, verify_password


@pytest.mark.parametrize("given", ["right", "wrong"])
def test_many_with_the_same_password_share_a_check(given: str) -> None:
    """As a sensor's many connections at its start: none is told that others are busy."""
    kept = hash_password("right")
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: verify_password(kept, given), range(40)))
    assert found == [given == "right"] * 40
    assert passwords._checks == {}


def test_many_with_different_passwords_are_told_to_come_later() -> None:
    kept = hash_password("right")

    def check(number: int) -> bool | None:
        try:
            return verify_password(kept, f"wrong {number}")
        except Busy:
            return None

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(check, range(20)))
    assert None in found and False in found and True not in found
