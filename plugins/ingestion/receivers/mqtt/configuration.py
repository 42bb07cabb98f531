"""The settings of the MQTT client, from ``var/mqtt.toml``.

::

    host = "127.0.0.1"        # the broker
    port = 1883               # 8883 with [tls]
    user = "mqtt"             # the user of the site with whose rights messages are stored
    client_id = "wendelin"    # the broker keeps what was not acknowledged under this name
    username = ""             # for the broker
    password = ""
    [tls]                     # ca (a PEM file; default: those of the system), certificate, key
    [[subscribe]]             # topic = "plant/+/temperature", qos = 1, policy = "pydata", reference = "{topic}"
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import topic_matches_sub

from wendelin.core.errors import BadRequest, NotFound
from wendelin.plugins.ingestion.receivers.mqtt.topic_filters import (
    SHARED,
    SHARED_LEVELS,
    check_filter,
    find_needed,
    find_overlaps,
)
from wendelin.plugins.ingestion.receivers.settings_file import Section, read_settings

FILE = "mqtt.toml"
DEFAULT_PORT, DEFAULT_TLS_PORT = 1883, 8883
DEFAULT_POLICY = "default_mqtt"
TOPIC_WORD = "{topic}"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subscription:
    """Topics of a filter (with ``+`` and ``#``) go to a policy, under a tag; ``{topic}`` in it has dots for slashes."""

    topic: str
    policy_id: str = DEFAULT_POLICY
    reference: str = ""
    qos: int = 1

    def matches(self, topic: str) -> bool:
        """Whether this subscription is one for that topic."""
        pattern = self.topic
        if pattern.startswith(SHARED):
            pattern = pattern.split("/", SHARED_LEVELS)[SHARED_LEVELS]
        return bool(topic_matches_sub(pattern, topic))

    def tag(self, topic: str) -> str:
        """The tag under which a message of that topic is stored; by default that of the policy."""
        return (self.reference or self.policy_id).replace(TOPIC_WORD, topic.strip("/").replace("/", "."))


@dataclass(frozen=True)
class MQTTConfiguration:
    """What the client needs to know."""

    user: str
    subscriptions: tuple[Subscription, ...]
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    client_id: str = "wendelin"
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    keepalive: int = 60

    @property
    def policy_ids(self) -> list[str]:
        """The policies that the subscriptions name."""
        return sorted({subscription.policy_id for subscription in self.subscriptions})

    @property
    def filters(self) -> list[tuple[str, int]]:
        """What is subscribed: the filters that no other contains, each with its QoS."""
        return find_needed((each.topic, each.qos) for each in self.subscriptions)

    def find(self, topic: str) -> Subscription:
        """The first subscription that matches; raises `NotFound`."""
        for subscription in self.subscriptions:
            if subscription.matches(topic):
                return subscription
        raise NotFound(f"no [[subscribe]] is for the topic {topic!r}")


def read_configuration(path: Path) -> MQTTConfiguration:
    """The settings of a file. Raises `BadRequest` or `NotFound`, with the place."""
    settings = read_settings(path)
    settings.take("enabled", bool, True)
    tls = _read_tls(settings, path.parent)
    configuration = MQTTConfiguration(
        user=settings.take("user", str),
        subscriptions=tuple(_read_subscription(section) for section in settings.sections("subscribe")),
        host=settings.take("host", str, "127.0.0.1"),
        port=settings.take("port", int, DEFAULT_TLS_PORT if tls else DEFAULT_PORT),
        client_id=settings.take("client_id", str, "wendelin"),
        username=settings.take("username", str, ""),
        password=settings.take("password", str, ""),
        keepalive=settings.take("keepalive", int, 60),
        tls=tls,
    )
    settings.finish()
    if not configuration.subscriptions:
        raise BadRequest(f"{path}: there is no [[subscribe]]")
    if not configuration.client_id:
        raise BadRequest(f"{path}: client_id has to be a name: the broker keeps messages for it")
    for one, other in find_overlaps(each.topic for each in configuration.subscriptions):
        log.warning(
            "%s: a broker may deliver twice what matches %r and %r: add a filter that contains both", path, one, other
        )
    return configuration


def _read_subscription(section: Section) -> Subscription:
    found = Subscription(
        section.take("topic", str),
        section.take("policy", str, DEFAULT_POLICY),
        section.take("reference", str, ""),
        section.take("qos", int, 1),
    )
    section.finish()
    if found.qos not in (0, 1):
        raise BadRequest(f"{section.place}: qos is 0 or 1 (each message is stored once with 1)")
    check_filter(found.topic, section.place)
    return found


def _read_tls(settings: Section, folder: Path) -> ssl.SSLContext | None:
    if "tls" not in settings.table:
        return None
    section = settings.section("tls")
    ca, certificate = section.take_path("ca", folder), section.take_path("certificate", folder)
    key = section.take_path("key", folder)
    section.finish()
    try:
        context = ssl.create_default_context(cafile=ca and str(ca))
        if certificate:
            context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise BadRequest(f"{section.place}: a certificate or key cannot be used: {error}") from error
    return context
