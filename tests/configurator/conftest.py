"""A site as the first start leaves it: erp5_core and the configurator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from wendelin.core.database import Database


@pytest.fixture(scope="session")
def new_site_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("new_site"), "erp5_wendelin_configurator")
    yield storage
    storage.close()


@pytest.fixture
def database(new_site_storage: FileStorage) -> Iterator[Database]:
    """A database with a site that has erp5_core and erp5_wendelin_configurator."""
    with layered_database(new_site_storage) as database:
        yield database
