"""Who may see what, in few numbers.

Most documents of a site are visible to one of a few sets of principals. Each different set gets a number; rows and
indexes hold the number. A user's numbers are those of the sets that share a principal with the user: a handful,
instead of a set of a million documents.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from BTrees.LLBTree import LLSet, LLTreeSet, multiunion
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent


class SecurityTable(Persistent):
    """principals (sorted tuple of text) <-> number; principal -> numbers."""

    def __init__(self) -> None:
        self._numbers: OOBTree[tuple[str, ...], int] = OOBTree()
        self._principals: LOBTree[tuple[str, ...]] = LOBTree()
        self._by_principal: OOBTree[str, LLTreeSet] = OOBTree()

    def number(self, principals: Iterable[str]) -> int:
        """The number of that set of principals, a new one at its first use."""
        key = tuple(sorted(set(principals)))
        number = self._numbers.get(key)
        if number is None:
            number = self._new_number()
            self._numbers[key] = number
            self._principals[number] = key
            for principal in key:
                self._by_principal.setdefault(principal, LLTreeSet()).insert(number)
        return number

    def _new_number(self) -> int:
        while True:
            number = 1 + secrets.randbelow((1 << 31) - 1)
            if number not in self._principals:
                return number

    def principals(self, number: int) -> tuple[str, ...]:
        """The set of principals that a number stands for, sorted; KeyError for a number that was never given."""
        return self._principals[number]

    def visible(self, principals: Iterable[str]) -> LLSet | None:
        """The numbers that share a principal with those given; None when these are all numbers."""
        known = [numbers for numbers in map(self._by_principal.get, principals) if numbers is not None]
        found = multiunion(known)
        return None if len(found) == len(self._principals) else found
