"""A database with blobs in a temporary folder, and small limits where a test wants them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import ZODB

from tests.core.bigdata.sessions import Session, open_database
from wendelin.core.bigdata import BigArray, bigfile, writing

ROWS = 100_000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[ZODB.DB]:
    database = open_database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def session(db: ZODB.DB) -> Iterator[Session]:
    opened = Session(db)
    yield opened
    if opened.connection.opened:
        opened.close()


@pytest.fixture
def array(session: Session) -> BigArray:
    """Ones, committed."""
    made = session.root["array"] = BigArray((ROWS,), "i8")
    made[:] = 1
    session.commit()
    return made


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal and write directly from a few pages on, so that small tests walk every path."""
    monkeypatch.setattr(bigfile, "SEAL_SIZE", 16 << 10)
    monkeypatch.setattr(bigfile, "SEAL_CHUNKS", 2)
    monkeypatch.setattr(writing, "DIRECT_SIZE", 8 << 10)
