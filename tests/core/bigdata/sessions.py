"""Databases and connections as tests of big data use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import transaction
import ZODB
from ZODB.FileStorage import FileStorage


def open_database(folder: Path) -> ZODB.DB:
    """A FileStorage with blobs in ``folder``."""
    return ZODB.DB(FileStorage(str(folder / "Data.fs"), blob_dir=str(folder / "blobs")))


class Session:
    """A connection with its own transaction manager, as a thread or a request has it."""

    def __init__(self, db: ZODB.DB, explicit: bool = False, **arguments: Any) -> None:
        self.tm = transaction.TransactionManager(explicit=explicit)
        self.connection = db.open(self.tm, **arguments)

    @property
    def root(self) -> Any:
        return self.connection.root()

    def commit(self) -> None:
        self.tm.commit()

    def abort(self) -> None:
        self.tm.abort()

    def close(self) -> None:
        self.tm.abort()
        self.connection.close()
