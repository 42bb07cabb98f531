"""A site with erp5_mqtt, and a user who may send: ``from ...mqtt_fixtures import *``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ZODB.FileStorage import FileStorage

from tests.conftest import layered_database, make_storage
from tests.plugins.ingestion.forward_fixtures import policies  # noqa: F401
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.receivers.mqtt.configuration import MQTTConfiguration, Subscription


@pytest.fixture(scope="session")
def mqtt_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStorage]:
    storage = make_storage(tmp_path_factory.mktemp("mqtt"), "erp5_wendelin", "erp5_mqtt")
    yield storage
    storage.close()


@pytest.fixture
def database(mqtt_storage: FileStorage) -> Iterator[Database]:
    """A site with erp5_mqtt."""
    with layered_database(mqtt_storage) as database:
        yield database


@pytest.fixture
def allowed(policies: Database) -> Database:  # noqa: F811
    """The user ``sensor`` may send to ``pydata`` and to ``default_mqtt``."""
    with as_user(SYSTEM), policies.transaction() as connection:
        tool = get_site(connection).portal_ingestion_policies
        tool["default_mqtt"].manage_setLocalRoles("sensor", ["Author"])
    return policies


def configure(*subscriptions: Subscription, **options: Any) -> MQTTConfiguration:
    return MQTTConfiguration("sensor", subscriptions or (Subscription("#", "pydata"),), **options)


def messages(database: Database) -> list[tuple[str, bytes]]:
    """``[(topic, payload)]`` of all MQTT Message documents, in order."""
    with as_user(SYSTEM), database.connect() as connection:
        found = get_site(connection).mqtt_message_module.objectValues()
        return [(each.getTopic(), each.getData()) for each in sorted(found, key=lambda each: int(each.getId()))]
