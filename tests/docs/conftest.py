"""A site with everything that the documentation speaks of: data comes in, arrays, users, the policy ``pydata``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import ZODB
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from wendelin.core.database import Database, class_factory
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user


@pytest.fixture(scope="session")
def documented_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    folder = tmp_path_factory.mktemp("documented")
    storage = make_storage(folder, "erp5_wendelin", "erp5_wendelin_analysis")
    # Not closed: that would close the storage, which the tests' own databases lie over.
    database = Database(ZODB.DB(storage, class_factory=class_factory))
    with as_user(SYSTEM), database.transaction() as connection:
        get_site(connection).portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", "Pydata")
    yield storage
    storage.close()


@pytest.fixture
def database(documented_storage: FileStorage) -> Iterator[Database]:
    """A database with erp5_wendelin, erp5_wendelin_analysis and the policy ``pydata``."""
    with layered_database(documented_storage) as database:
        yield database
