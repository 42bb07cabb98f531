"""The object database, the same way for every engine.

- `object_database`: connections, transactions, history. `engines`: from a ZConfig file to a ``ZODB.DB``.
- `backup`: copies of a database with its files, made while it is in use.
"""

from wendelin.core.database.engines import class_factory, is_away, is_broken, is_full, translated_errors
from wendelin.core.database.object_database import Database, Revision, open_database, sign_transaction

__all__ = [
    "Database",
    "Revision",
    "class_factory",
    "is_away",
    "is_broken",
    "is_full",
    "open_database",
    "sign_transaction",
    "translated_errors",
]
