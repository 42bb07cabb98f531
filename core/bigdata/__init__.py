"""Big files and big arrays: out-of-core data in the object database (docs/inside/big-data-engine.md).

- `bigfile`, `bigarray`: the public classes. `ramarray`: the same interface in plain memory. `fileobject`: a big file as
  a Python file object.
- `writing`: extents written within a transaction. `transactions`: the views of a connection take part in its
  transactions. `compaction`: many small runs become few large ones.
- `npy`, `zarr_store`: arrays out and in. `handles`: arrays sent to other processes.
- Rooms, each above those named after it: `memory/` (pages in memory), `arrays/` (what makes an array of bytes), `tail/`
  (what was appended last), `extents/` (where the bytes stand).

The classes are imported when they are first asked for: a ZEO server that merges two appends needs no NumPy for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wendelin.core.bigdata.bigarray import BigArray
    from wendelin.core.bigdata.bigfile import BigFile
    from wendelin.core.bigdata.extents.file_parts import FilePart
    from wendelin.core.bigdata.ramarray import RAMArray

__all__ = ["BigArray", "BigFile", "FilePart", "RAMArray"]
_MODULES = {"BigArray": "bigarray", "BigFile": "bigfile", "FilePart": "extents.file_parts", "RAMArray": "ramarray"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"wendelin.core.bigdata.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
