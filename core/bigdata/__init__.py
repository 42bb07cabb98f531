"""Big files and big arrays: out-of-core data in the object database (docs/inside/big-data-engine.md).

- `bigfile`, `bigarray`: the two classes. `ramarray`: a BigArray's interface in plain memory.
- `extents`: where the bytes stand. `tail`: what was appended last. `arrays`: what makes an array of bytes.
- `memory`: pages in memory: views that follow a transaction, and snapshots.
- `transactions`: data managers and savepoints. `writing`: into a file's extents. `compaction`: few large runs of many.
- `fileobject`, `npy`, `npy_headers`, `zarr_store`, `handles`: as a Python file, as NPY, for zarr, for another process.

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
