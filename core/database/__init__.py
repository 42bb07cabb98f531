"""The object database, the same way for every engine.

- `object_database`: connections, transactions, history. `engines`: from a ZConfig file to a ``ZODB.DB``.
- `object_ids`: ids of objects that are given out once, also when the server starts again.
- `own_faults`: is an error that of one object, or would all others meet it too?
- `retry`: trying again after a conflict, with pauses. `backup`: copies of a database, made while it is in use.
- `testing`: what every engine has to do, as tests that a new engine inherits; nothing else here imports it.
"""

from wendelin.core.database.engines import class_factory, is_away, is_broken, is_full, is_passing, translated_errors
from wendelin.core.database.object_database import (
    BOOKKEEPING,
    Database,
    Revision,
    open_database,
    sign_bookkeeping,
    sign_transaction,
)
from wendelin.core.database.own_faults import is_own_fault, reason_of
from wendelin.core.database.retry import OUTAGE, Retry

__all__ = [
    "BOOKKEEPING",
    "OUTAGE",
    "Database",
    "Retry",
    "Revision",
    "class_factory",
    "is_away",
    "is_broken",
    "is_full",
    "is_own_fault",
    "is_passing",
    "open_database",
    "reason_of",
    "sign_bookkeeping",
    "sign_transaction",
    "translated_errors",
]
