"""Fixtures that every test may use: a site with erp5_core, in a database of the test's own.

The site is made once per test process; each test works in a DemoStorage over it, so that nothing a test commits is
seen by another, and a new site costs a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage

from tests.example_plugin import installed_example  # noqa: F401

# Once for all tests: a second definition of `browser` would start a second driver in the same process.
from tests.web_fixtures import *  # noqa: F403
from wendelin.core.database import Database, class_factory
from wendelin.core.database.object_ids import ObjectDB
from wendelin.core.model.objects.site import Site, create_site, get_site
from wendelin.core.model.portal_types.property_sheets import PropertySheet
from wendelin.core.model.portal_types.types import PortalType
from wendelin.core.security import SYSTEM, as_user

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("wendelin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wendelin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests come first, so that at the end no process works alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def make_storage(folder: Any, *title_list: str) -> FileStorage:
    """A FileStorage with blobs that holds a site with erp5_core and the business templates named."""
    from wendelin.core.business_templates import bootstrap, install

    storage = FileStorage(str(folder / "Data.fs"), blob_dir=str(folder / "blobs"))
    database = Database(ObjectDB(storage, class_factory=class_factory))
    with as_user(SYSTEM), database.transaction() as connection:
        site = create_site(connection.root())
        bootstrap(site)
        install(site, title_list)
    return storage


def layered_database(base: FileStorage) -> Database:
    """A database of its own over ``base``, which it does not change."""
    return Database(ObjectDB(DemoStorage(base=base, close_base_on_close=False), class_factory=class_factory))


@pytest.fixture(scope="session")
def core_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("core"))
    yield storage
    storage.close()


@pytest.fixture
def database(core_storage: FileStorage) -> Iterator[Database]:
    """A database with a site that has erp5_core."""
    with layered_database(core_storage) as database:
        yield database


@pytest.fixture
def connection(database: Database) -> Iterator[Any]:
    """An open connection in a begun transaction; the current user is the system."""
    with as_user(SYSTEM), database.connect() as connection:
        yield connection


@pytest.fixture
def site(connection: Any) -> Site:
    """The site of `connection`."""
    return get_site(connection)


@pytest.fixture
def commit(connection: Any) -> Callable[[], None]:
    """Commit the test's transaction and begin the next one."""

    def commit_and_begin() -> None:
        connection.transaction_manager.commit()
        connection.transaction_manager.begin()

    return commit_and_begin


@pytest.fixture
def add_type(site: Site) -> Callable[..., PortalType]:
    """``add_type("Sample", property_sheet_list=[...], module="sample_module")`` makes a portal type, and its module."""

    def add(name: str, module: str = "", **data: Any) -> PortalType:
        portal_type = PortalType.from_data(name, data)
        site["portal_types"]._setObject(name, portal_type)
        if module:
            add(f"{name} Module", allowed_content_type_list=[name])
            root_type = site["portal_types"][site.portal_type]
            root_type.allowed_content_type_list = (*root_type.allowed_content_type_list, f"{name} Module")
            site.touch_types()
            site.newContent(module, portal_type=f"{name} Module")
        site.touch_types()
        return portal_type

    return add


@pytest.fixture
def add_sheet(site: Site) -> Callable[..., PropertySheet]:
    """``add_sheet("Sample", property=[...], category=[...])`` makes a property sheet."""

    def add(name: str, **data: Any) -> PropertySheet:
        sheet = PropertySheet.from_data(name, data)
        site["portal_property_sheets"]._setObject(name, sheet)
        site.touch_types()
        return sheet

    return add
