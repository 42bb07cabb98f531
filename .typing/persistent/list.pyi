"""Types of `persistent.list`."""

from collections import UserList
from typing import Any

from persistent import Persistent

class PersistentList(UserList[Any], Persistent):
    """A list whose changes are noticed; all of it is one record."""
