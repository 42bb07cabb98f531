from collections import UserDict
from typing import TypeVar

from persistent import Persistent

K = TypeVar("K")
V = TypeVar("V")

class PersistentMapping(Persistent, UserDict[K, V]): ...
