"""Messages of a broker, delivered to their policies, each once."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgpack

from wendelin.core.database import Database
from wendelin.core.model.objects.site import Site, get_site
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.intake.reception import Chunk, take_in
from wendelin.plugins.ingestion.receivers.batches import ATTEMPTS, run_as
from wendelin.plugins.ingestion.receivers.mqtt.broker_sessions import digest_message, get_session
from wendelin.plugins.ingestion.receivers.mqtt.configuration import MQTTConfiguration

Result = TypeVar("Result")


@dataclass(frozen=True)
class Message:
    """One that came from the broker: ``number`` is its packet id, ``repeated`` its DUP flag."""

    topic: str
    payload: bytes
    qos: int = 0
    number: int = 0
    repeated: bool = False
    retained: bool = False
    time: int = field(default_factory=time.time_ns)

    def __str__(self) -> str:
        return f"{len(self.payload)} bytes of topic {self.topic!r}"

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return len(self.payload)

    @property
    def digest(self) -> bytes:
        """What tells two messages with one number apart."""
        return digest_message(self.topic, self.payload)

    def pack(self) -> bytes:
        """The event: ``[EventTime, {"topic", "message": payload, "qos", "retain"}]``."""
        moment = msgpack.ExtType(0, struct.pack(">II", self.time // 10**9, self.time % 10**9))
        record = {"topic": self.topic, "message": self.payload, "qos": self.qos, "retain": self.retained}
        packed: bytes = msgpack.packb([moment, record], use_bin_type=True)
        return packed


class MessageDelivery:
    """Stores messages as the settings say."""

    def __init__(self, database: Database, configuration: MQTTConfiguration) -> None:
        self.database, self.configuration = database, configuration
        self.session_name = f"{configuration.host}:{configuration.port}/{configuration.client_id}"

    def store(self, messages: Sequence[Message]) -> None:
        """All of them in one transaction, or none. Raises what `receivers.batches.store_chunks` raises."""
        description = f"store {len(messages)} MQTT messages"
        run_as(self.database, self.configuration.user, lambda site: self._store(site, messages), description)

    def _store(self, site: Site, messages: Sequence[Message]) -> None:
        session = get_session(site, self.session_name)
        for message in messages:
            digest = message.digest
            if message.qos and message.repeated and session.is_stored(message.number, digest):
                continue
            take_in(site, self._chunk(message))
            if message.qos:
                session.remember(message.number, digest)

    def _chunk(self, message: Message) -> Chunk:
        """The message as a chunk without an id: the session knows repeats, sensors say the same thing many times."""
        subscription = self.configuration.find(message.topic)
        return Chunk(subscription.policy_id, subscription.tag(message.topic), Body(message.pack()), chunk_id="")

    def connected(self, has_session: bool) -> tuple[list[tuple[str, int]], list[str]]:
        """What to subscribe and what to unsubscribe now: ``([(filter, qos)], [filter])``.

        What the broker still has is left alone: subscribing again would bring all retained messages again.
        """
        wanted = self.configuration.filters

        def compare(site: Site) -> tuple[list[tuple[str, int]], list[str]]:
            session = get_session(site, self.session_name)
            if not has_session:
                session.begin_anew()
            topics = {topic for topic, _ in wanted}
            return (
                [each for each in wanted if each not in session.filters],
                [topic for topic, _ in session.filters if topic not in topics],
            )

        return self._run(compare, "connect to an MQTT broker")

    def subscribed(self) -> None:
        """The broker has agreed to all filters."""

        def remember(site: Site) -> None:
            get_session(site, self.session_name).filters = tuple(self.configuration.filters)

        self._run(remember, "subscribe to MQTT topics")

    def _run(self, function: Callable[[Site], Result], description: str) -> Result:
        """``function(site)`` in a transaction that is tried again: for the session, which asks for no right."""
        return self.database.run(
            lambda connection: function(get_site(connection)), ATTEMPTS, self.configuration.user, description
        )
