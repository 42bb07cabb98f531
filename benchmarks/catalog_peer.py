"""hypatia's own indexes over the same values: what the catalog's indexing cost is stated against."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import transaction
import ZODB
from hypatia.catalog import Catalog
from hypatia.field import FieldIndex
from hypatia.keyword import KeywordIndex
from hypatia.text import TextIndex
from ZODB.FileStorage import FileStorage

from wendelin.core.model.catalog.storage.columns import CORE_COLUMNS

LISTS = ("categories", "local_roles")


class Values:
    """A document's values as attributes, which is how hypatia reads them."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def make_catalog() -> Catalog:
    """One index per column that the catalog of a site indexes, of hypatia's kind for it."""
    catalog = Catalog()
    for column in CORE_COLUMNS:
        if column.kind == "text":
            catalog[column.name] = TextIndex(column.name)
        elif column.name in LISTS:
            catalog[column.name] = KeywordIndex(column.name)
        elif column.kind != "stored":
            catalog[column.name] = FieldIndex(column.name)
    return catalog


def measure_peer(folder: Path, values: dict[Any, dict[str, Any]], batch: int) -> dict[str, float]:
    """Index the values with hypatia, a batch per transaction: CPU time without the commit, and bytes written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "Data.fs"
    database = ZODB.DB(FileStorage(str(path)))
    connection = database.open()
    connection.root()["catalog"] = catalog = make_catalog()
    transaction.commit()
    size, cpu = path.stat().st_size, 0.0
    documents = [(uid, Values(row)) for uid, row in values.items() if isinstance(uid, int)]
    for first in range(0, len(documents), batch):
        started = time.process_time()
        for uid, document in documents[first : first + batch]:
            catalog.index_doc(uid, document)
        cpu += time.process_time() - started
        transaction.commit()
    database.close()
    return {
        "cpu_us_per_document": round(cpu * 1e6 / len(documents), 1),
        "bytes_per_document": round((path.stat().st_size - size) / len(documents)),
    }
