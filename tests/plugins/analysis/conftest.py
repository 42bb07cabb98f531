"""A site with business template erp5_wendelin_analysis, and the one that it needs, in a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from wendelin.core.database import Database


@pytest.fixture(scope="session")
def analysis_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("analysis"), "erp5_wendelin", "erp5_wendelin_analysis")
    yield storage
    storage.close()


@pytest.fixture
def database(analysis_storage: FileStorage) -> Iterator[Database]:
    """A database with a site that has erp5_wendelin_analysis."""
    with layered_database(analysis_storage) as database:
        yield database


@pytest.fixture
def document(site: Any) -> Any:
    """A Data Array without an array."""
    return site.data_array_module.newContent(title="Samples", reference="samples")
