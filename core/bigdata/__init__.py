"""Big files and big arrays: out-of-core data in the object database (docs/big-data-engine.md)."""

from wendelin.core.bigdata.bigarray import BigArray
from wendelin.core.bigdata.bigfile import BigFile
from wendelin.core.bigdata.ramarray import RAMArray

__all__ = ["BigArray", "BigFile", "RAMArray"]
