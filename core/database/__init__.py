"""The object database, the same way for every engine.

- `object_database`: connections, transactions, history. `engines`: from a ZConfig file to a ``ZODB.DB``.
- `object_ids`: ids of objects that are given out once, also when the server starts again.
- `retry`: trying again after a conflict, with pauses. `backup`: copies of a database, made while it is in use.
- `testing`: what every engine has to do, as tests that a new engine inherits; nothing else here imports it.
"""

from wendelin.core.database.engines import class_factory, is_away, is_broken, is_full, is_passing, translated_errors
from wendelin.core.database.object_database import Database, Revision, open_database, sign_transaction
from wendelin.core.database.retry import Retry

__all__ = [
    "Database",
    "Retry",
    "Revision",
    "class_factory",
    "is_away",
    "is_broken",
    "is_full",
    "is_passing",
    "open_database",
    "sign_transaction",
    "translated_errors",
]
