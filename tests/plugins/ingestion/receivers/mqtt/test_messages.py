"""MQTT without a broker: settings, sessions, documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.plugins.ingestion.forward_fixtures import stored
from tests.plugins.ingestion.mqtt_fixtures import *  # noqa: F403
from tests.plugins.ingestion.mqtt_fixtures import configure, messages
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user
from wendelin.plugins.ingestion.receivers.mqtt.broker_sessions import REMEMBERED, MQTTSession, get_session
from wendelin.plugins.ingestion.receivers.mqtt.configuration import Subscription, read_configuration
from wendelin.plugins.ingestion.receivers.mqtt.delivery import Message, MessageDelivery


@pytest.mark.parametrize(
    "pattern, topic, matches",
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "b", False),
        ("$share/group/a/+", "a/b", True),
    ],
)
def test_topics(pattern: str, topic: str, matches: bool) -> None:
    assert Subscription(pattern).matches(topic) is matches


def test_tags() -> None:
    assert Subscription("#", "pydata").tag("a/b") == "pydata"
    assert Subscription("#", "pydata", "plant.{topic}").tag("/a/b") == "plant.a.b"


def test_settings(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.toml"
    path.write_text(
        'user = "sensor"\n[tls]\n[[subscribe]]\ntopic = "a/+"\npolicy = "pydata"\n[[subscribe]]\ntopic = "#"\n'
    )
    found = read_configuration(path)
    assert found.subscriptions == (Subscription("a/+", "pydata"), Subscription("#", "default_mqtt"))
    assert (found.port, found.policy_ids, found.tls is not None) == (8883, ["default_mqtt", "pydata"], True)


@pytest.mark.parametrize(
    "text, problem",
    [
        ('user = "x"', "subscribe"),
        ('[[subscribe]]\ntopic = "#"', "user is missing"),
        ('user = "x"\n[[subscribe]]\ntopic = "a/#/b"', "no topic filter"),
        ('user = "x"\n[[subscribe]]\ntopic = "a+"', "no topic filter"),
        ('user = "x"\n[[subscribe]]\ntopic = "a"\nqos = 2', "qos"),
        ('user = "x"\n[[subscribe]]\ntopic = "a"\ncolour = 2', "colour"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mqtt.toml"
    path.write_text(text)
    with pytest.raises((BadRequest, NotFound), match=problem):
        read_configuration(path)


def test_a_message_that_is_sent_again_is_stored_once(allowed: Database) -> None:
    delivery = MessageDelivery(allowed, configure())
    delivery.store([Message("t", b"1", 1, 7), Message("t", b"1", 1, 8), Message("t", b"2")])
    delivery.store([Message("t", b"1", 1, 7, repeated=True), Message("t", b"3", 1, 9, repeated=True)])
    assert stored(allowed) == {"pydata.pydata": b"1123"}
    delivery.store([Message("t", b"1", 1, 7)])  # the number came round
    assert stored(allowed) == {"pydata.pydata": b"11231"}
    delivery.connected(has_session=False)  # a broker without a memory: it may have another 7 that looks the same
    delivery.store([Message("t", b"1", 1, 7, repeated=True)])
    assert stored(allowed) == {"pydata.pydata": b"112311"}


def test_a_session_remembers_enough_and_not_more() -> None:
    session = MQTTSession()
    for number in range(REMEMBERED + 10):
        session.remember(number, b"x")
    assert len(session.recent) == REMEMBERED
    assert session.is_stored(REMEMBERED, b"x") and not session.is_stored(9, b"x")
    assert not session.is_stored(REMEMBERED, b"y")


def test_only_what_the_broker_lacks_is_subscribed(allowed: Database) -> None:
    first = MessageDelivery(allowed, configure(Subscription("a", "pydata"), Subscription("b", "pydata")))
    assert first.connected(has_session=False) == ([("a", 1), ("b", 1)], [])
    first.subscribed()
    assert first.connected(has_session=True) == ([], [])
    second = MessageDelivery(allowed, configure(Subscription("b", "pydata"), Subscription("c", "pydata", qos=0)))
    assert second.connected(has_session=True) == ([("c", 0)], ["a"])
    assert second.connected(has_session=False) == ([("b", 1), ("c", 0)], [])


def test_a_payload_that_json_cannot_express(site: Any) -> None:
    body = msgpack.packb([0, {"topic": "a", "payload": {"n": float("nan"), "b": b"\xff"}}])
    site.portal_ingestion_policies["default_mqtt"].ingest("default_mqtt.default_mqtt", body)
    (message,) = site.mqtt_message_module.objectValues()
    assert message.getPayload() == '{"n": null, "b": {"base64": "/w=="}}'


def test_only_filters_that_no_other_contains_are_subscribed(allowed: Database) -> None:
    subscriptions = [Subscription("a/+", "pydata"), Subscription("a/#", "pydata", qos=0), Subscription("b", "pydata")]
    assert configure(*subscriptions).filters == [("a/#", 1), ("b", 1)]
    assert configure(*subscriptions).find("a/x") == subscriptions[0]


def test_documents(allowed: Database) -> None:
    delivery = MessageDelivery(allowed, configure(Subscription("#")))
    payloads = [b"21.5", "caf\u00e9".encode(), b"\xff\x00", b""]
    delivery.store([Message(f"plant/{number}", payload) for number, payload in enumerate(payloads)])
    assert messages(allowed) == [(f"plant/{number}", payload) for number, payload in enumerate(payloads)]
    with as_user(SYSTEM), allowed.connect() as connection:
        site = get_site(connection)
        found = site.portal_catalog(portal_type="MQTT Message", title="plant/1")
        assert [brain.getObject().getPayload() for brain in found] == ["caf\u00e9"]
        assert site.mqtt_message_module["3"].getPayload() == "\\xff\x00"
        assert site.mqtt_message_module["3"].getOwner() != "sensor"


def test_the_originals_form_of_a_message(site: Any) -> None:
    body = msgpack.packb([0, {"topic": "a", "payload": {"message1": "x", "n": 1}}])
    site.portal_ingestion_policies["default_mqtt"].ingest("default_mqtt.default_mqtt", body)
    (message,) = site.mqtt_message_module.objectValues()
    assert (message.getTitle(), message.getPayload()) == ("a", '{"message1": "x", "n": 1}')


def test_a_session_is_found_by_a_connection_that_has_nothing_loaded(allowed: Database) -> None:
    with as_user(SYSTEM), allowed.transaction() as connection:
        get_session(get_site(connection), "broker/client").filters = (("a/#", 1),)
    with as_user(SYSTEM), allowed.transaction() as connection:
        site = get_site(connection)
        site["portal_ingestion_policies"]._p_deactivate()
        assert get_session(site, "broker/client").filters == (("a/#", 1),)
