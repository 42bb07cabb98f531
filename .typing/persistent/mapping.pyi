"""Types of `persistent.mapping`."""

from collections import UserDict
from typing import Any

from persistent import Persistent

class PersistentMapping(UserDict[Any, Any], Persistent):
    """A dictionary whose changes are noticed; all of it is one record."""
