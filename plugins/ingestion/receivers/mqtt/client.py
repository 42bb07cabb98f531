"""The MQTT client: paho's thread receives, this one stores and acknowledges.

A message of QoS 1 is acknowledged when it is committed. What is refused is acknowledged too, and logged: the broker
would send it again for ever, and none of the messages after it.
"""

from __future__ import annotations

import logging

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from wendelin.plugins.ingestion.receivers.batches import BatchStorage, Stopping
from wendelin.plugins.ingestion.receivers.mqtt.configuration import MQTTConfiguration
from wendelin.plugins.ingestion.receivers.mqtt.delivery import Message, MessageDelivery
from wendelin.plugins.ingestion.receivers.mqtt.waiting import WaitingItems

FAILURE = 0x80
log = logging.getLogger(__name__)


class Connected:
    """The broker accepted the connection; ``has_session`` when it kept our session from last time."""

    size = 0

    def __init__(self, has_session: bool) -> None:
        self.has_session = has_session


class Subscribed:
    """The broker agreed to our subscriptions."""

    size = 0


class MQTTClient:
    """Receives and stores from `run` until `stop`."""

    def __init__(self, configuration: MQTTConfiguration, delivery: MessageDelivery) -> None:
        self.configuration, self.delivery = configuration, delivery
        self.batches = BatchStorage(f"mqtt {configuration.host}:{configuration.port}/{configuration.client_id}")
        self._waiting: WaitingItems[Message | Connected | Subscribed] = WaitingItems()
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        configuration = self.configuration
        client = mqtt.Client(CallbackAPIVersion.VERSION2, configuration.client_id, clean_session=False, manual_ack=True)
        if configuration.username:
            client.username_pw_set(configuration.username, configuration.password or None)
        if configuration.tls is not None:
            client.tls_set_context(configuration.tls)
        client.reconnect_delay_set(1, 30)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_subscribe = self._on_message, self._on_subscribe
        return client

    def run(self) -> None:
        """Receive and store. The broker may be away, also at the beginning: it is tried again and again."""
        self._client.connect_async(self.configuration.host, self.configuration.port, self.configuration.keepalive)
        self._client.loop_start()
        try:
            while not self.batches.stopping.is_set():
                self._work()
        except Stopping:
            log.warning("stopped while the database was away; the broker keeps what was not stored")
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def stop(self) -> None:
        """End `run`; what is not stored by then is not acknowledged, so that the broker keeps it."""
        self.batches.stopping.set()

    # -- the storing thread

    def _work(self) -> None:
        messages: list[Message] = []
        for item in self._waiting.take_batch():
            if isinstance(item, Message):
                messages.append(item)
                continue
            self._store(messages)
            messages = []
            self.batches.store_all([item], lambda items: self._settle(items[0]))
        self._store(messages)

    def _store(self, messages: list[Message]) -> None:
        if not messages:
            return
        self.batches.store_all(messages, self.delivery.store)
        for message in messages:
            if message.qos:
                self._client.ack(message.number, message.qos)

    def _settle(self, item: Connected | Subscribed) -> None:
        if isinstance(item, Subscribed):
            self.delivery.subscribed()
            log.info("subscribed")
            return
        wanted, unwanted = self.delivery.connected(item.has_session)
        if unwanted:
            self._client.unsubscribe(unwanted)
        if wanted:
            self._client.subscribe(wanted)
        elif unwanted:
            self.delivery.subscribed()

    # -- paho's thread

    def _put(self, item: Message | Connected | Subscribed) -> None:
        """Wait for room, which holds the broker back."""
        self._waiting.put(item, self.batches.stopping)

    def _on_message(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            log.warning("a message was dropped: its topic is not valid UTF-8")
            client.ack(message.mid, message.qos)
            return
        self._put(Message(topic, bytes(message.payload), message.qos, message.mid, message.dup, message.retain))

    def _on_connect(
        self,
        client: mqtt.Client,
        data: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses us: %s", reason)
            return
        log.info("connected to %s, port %d", self.configuration.host, self.configuration.port)
        self._put(Connected(flags.session_present))

    def _on_subscribe(
        self, client: mqtt.Client, data: object, number: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.value >= FAILURE]
        if refused:
            log.error("the broker refuses a subscription: %s", ", ".join(refused))
        else:
            self._put(Subscribed())

    def _on_disconnect(
        self,
        client: mqtt.Client,
        data: object,
        flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not self.batches.stopping.is_set():
            log.warning("the connection to the broker is gone: %s", reason)
