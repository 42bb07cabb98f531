"""Types of `persistent`, which brings none: what this project uses."""

from typing import Any

class PersistentRecord:
    """What every record has; at run time this is `Persistent` itself."""

    _p_jar: Any
    _p_oid: Any
    _p_serial: bytes
    _p_changed: bool | None
    _p_mtime: float | None
    @property
    def _p_estimated_size(self) -> int: ...
    def _p_activate(self) -> None: ...
    def _p_deactivate(self) -> None: ...
    def _p_invalidate(self) -> None: ...
    def __getstate__(self) -> Any: ...
    def __setstate__(self, state: Any) -> None: ...

# Of Any too: records get attributes that no class declares (volatile ones, those of evolved classes), and what is read
# from a container is used as the class that the reader knows it has.
class Persistent(PersistentRecord, Any): ...  # type: ignore[misc, unused-ignore]
