"""MQTT Message documents, and the data operation that makes one of each event."""

from __future__ import annotations

from typing import Any

from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, protected, trusted_method
from wendelin.plugins.ingestion.formats import event_stream
from wendelin.plugins.ingestion.formats.json_text import encode_text, to_json


class MQTTMessage(Document):
    """What was published under a topic. ``payload`` is its text; bytes that are not text are kept in ``data`` too."""

    data: bytes | None = None
    payload: str = ""

    @protected(ACCESS)
    def getData(self, default: object = None) -> bytes:
        """The payload exactly as it was published."""
        return self.data if self.data is not None else self.payload.encode("utf-8")


@trusted_method
def parse_mqtt_tag(policy: Document, reference: str) -> dict[str, str] | None:
    """``sensor.product``, or one word for both."""
    parts = reference.split(".")
    if not parts[0] or not parts[-1]:
        return None
    return {
        "reference": parts[0],
        "specialise_reference": parts[0],
        "resource_reference": ".".join(parts[1:]) or parts[0],
    }


@trusted_method
def write_mqtt_ingestion(policy: Document, data_chunk: bytes, out_stream: dict[str, Document]) -> None:
    """An MQTT Message for each event: ``{"topic", "payload"}`` as the original takes it, or ``message`` as payload."""
    module = policy.getPortalObject().getDefaultModule("MQTT Message")
    for _time, record in event_stream.iter_event(data_chunk):
        message = add_message(module, record if isinstance(record, dict) else {"payload": record})
        message.set_owner(policy.getOwner())  # who sends is not who owns, and need not be able to read


def add_message(module: Folder, record: dict[Any, Any]) -> MQTTMessage:
    """The document of one record."""
    payload = record.get("payload", record.get("message", b""))
    if not isinstance(payload, (bytes, str)):
        payload = to_json(payload, spaced=True)
    data = encode_text(payload) if isinstance(payload, str) else payload
    topic = record.get("topic")
    topic = topic if isinstance(topic, str) else ""
    message: MQTTMessage = module.newContent(
        portal_type="MQTT Message",
        title=topic,
        topic=topic,
        payload=data.decode("utf-8", "backslashreplace"),
        qos=as_number(record.get("qos")),
        retain=bool(record.get("retain")),
    )
    if message.payload.encode("utf-8") != data:
        message.data = data
    return message


def as_number(value: object) -> int:
    """The quality of service that a record tells; 0 for anything else."""
    return value if isinstance(value, int) and 0 <= value <= 2 else 0
