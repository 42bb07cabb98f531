"""Whose fault an error is: that of the one object that was looked at, or of something that holds for all.

Whatever looks at many documents (a list, a reindex, an export) goes on past one that cannot answer, and says which it
was. It must not go on past a conflict, a database that is away, a full disk or memory: the next document would fare
the same, and the answer would be wrong.
"""

from __future__ import annotations

from ZODB.POSException import POSKeyError

from wendelin.core.database.engines import is_passing

#: What a person reads of an error at most.
LONGEST_REASON = 200


def is_own_fault(error: Exception) -> bool:
    """True for an error of what was looked at, a lost record included; False for one that others would meet too."""
    if isinstance(error, POSKeyError):
        return True
    return not (is_passing(error) or isinstance(error, MemoryError))


def reason_of(error: Exception) -> str:
    """``IndexError: index 7 is out of bounds``, in one line of bounded length."""
    detail = " ".join(str(error).split())
    text = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "..."
