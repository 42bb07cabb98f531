"""What the site knows of a session with a broker: which messages it stored last, and what is subscribed.

A broker sends a message of QoS 1 again, marked as such and with its number, when it has not seen the acknowledgement.
The numbers of the messages stored last are kept in the database, in the transactions that store the messages: so one
that is sent again is known, also after a kill at any moment. A message that is not marked is always stored: sensors say
the same thing many times.
"""

from __future__ import annotations

import hashlib

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from wendelin.core.model.objects.site import Site
from wendelin.plugins.ingestion.policies.addresses import TOOL

REMEMBERED = 1000  # more than a broker sends without an acknowledgement (Mosquitto: 20, unless it is told otherwise)


class MQTTSession(Persistent):
    """``recent``: number of a message -> digest, the oldest first. ``filters``: the topic filters subscribed to."""

    def __init__(self) -> None:
        self.recent: dict[int, bytes] = {}
        self.filters: tuple[tuple[str, int], ...] = ()

    def is_stored(self, number: int, digest: bytes) -> bool:
        """Whether that message was among the last ones."""
        return self.recent.get(number) == digest

    def remember(self, number: int, digest: bytes) -> None:
        """A message is stored in this transaction."""
        self.recent.pop(number, None)
        self.recent[number] = digest
        while len(self.recent) > REMEMBERED:
            del self.recent[next(iter(self.recent))]
        self._p_changed = True

    def begin_anew(self) -> None:
        """The broker has forgotten the session: it will number from the beginning, and sends nothing again."""
        self.recent, self.filters = {}, ()


def get_session(site: Site, name: str) -> MQTTSession:
    """The session of that name (broker and client id), made at first use. Trusted code only: it asks for no right."""
    tool = site[TOOL]
    tool._p_activate()  # the __dict__ of an object that is not loaded is empty
    sessions = tool.__dict__.get("mqtt_sessions")
    if sessions is None:
        sessions = tool.mqtt_sessions = OOBTree()
    if name not in sessions:
        sessions[name] = MQTTSession()
    session: MQTTSession = sessions[name]
    return session


def digest_message(topic: str, payload: bytes) -> bytes:
    """What tells two messages with one number apart."""
    return hashlib.blake2b(payload, digest_size=8, key=hashlib.sha256(topic.encode()).digest()).digest()
