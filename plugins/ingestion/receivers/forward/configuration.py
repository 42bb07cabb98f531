"""The settings of the forward receiver, from ``var/forward.toml``.

::

    host = "127.0.0.1"        # another address only with a shared key
    port = 24224
    user = "forwarder"        # the user of the site with whose rights data is stored
    shared_key = "..."
    [tls]                     # certificate, key, client_ca (PEM files; client_ca: clients must show a certificate)
    [[match]]                 # tag = "sensor.**", policy = "sensors"; reference = "{tag}"
    [[user_account]]          # name, password; site_user: with whose rights this one's data is stored
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.policies.addresses import FORWARD_PORT
from wendelin.plugins.ingestion.receivers.forward.protocol import MAXIMUM_SIZE
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import TAG_WORD, Route, compile_pattern
from wendelin.plugins.ingestion.receivers.settings_file import Section, read_settings

FILE = "forward.toml"
MAXIMUM_MEMORY = 512 << 20  # bytes of messages that are held at a time
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForwardUser:
    """Who may send, when users are set: ``site_user`` is the user of the site that this one's data is stored as."""

    password: str
    site_user: str


@dataclass(frozen=True)
class ForwardConfiguration:
    """What a receiver needs to know. ``hostname`` is what it calls itself in the handshake."""

    user: str
    host: str = "127.0.0.1"
    port: int = FORWARD_PORT
    shared_key: str = ""
    hostname: str = field(default_factory=lambda: f"wendelin-{socket.gethostname()}")
    routes: tuple[Route, ...] = ()
    users: dict[str, ForwardUser] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    maximum_size: int = MAXIMUM_SIZE
    maximum_connections: int = 512
    maximum_memory: int = MAXIMUM_MEMORY

    def check(self) -> None:
        """Raises `BadRequest` for what would let strangers in."""
        if not is_loopback(self.host) and not self.shared_key:
            raise BadRequest(
                f"everybody who reaches {self.host} could send: set a shared_key, or leave host at 127.0.0.1"
            )
        if self.users and not self.shared_key:
            raise BadRequest("users of the forward protocol need a shared_key as well")
        for route in self.routes:
            compile_pattern(route.pattern)


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_configuration(path: Path) -> ForwardConfiguration:
    """The settings of a file. Raises `BadRequest` or `NotFound`, with the place."""
    settings = read_settings(path)
    settings.take("enabled", bool, True)
    user = settings.take("user", str)
    configuration = ForwardConfiguration(
        user=user,
        host=settings.take("host", str, "127.0.0.1"),
        port=settings.take("port", int, FORWARD_PORT),
        shared_key=settings.take("shared_key", str, ""),
        hostname=settings.take("hostname", str, f"wendelin-{socket.gethostname()}"),
        maximum_size=settings.take("maximum_size", int, MAXIMUM_SIZE),
        maximum_connections=settings.take("maximum_connections", int, 512),
        maximum_memory=settings.take("maximum_memory", int, MAXIMUM_MEMORY),
        routes=tuple(_read_route(section) for section in settings.sections("match")),
        users=dict(_read_user(section, user) for section in settings.sections("user_account")),
        tls=_read_tls(settings.section("tls"), path.parent),
    )
    settings.finish()
    configuration.check()
    if configuration.shared_key and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s holds a key, and others on this machine can read it: chmod 600", path)
    return configuration


def _read_route(section: Section) -> Route:
    route = Route(section.take("tag", str), section.take("policy", str), section.take("reference", str, TAG_WORD))
    section.finish()
    return route


def _read_user(section: Section, default: str) -> tuple[str, ForwardUser]:
    name = section.take("name", str)
    user = ForwardUser(section.take("password", str), section.take("site_user", str, default))
    section.finish()
    return name, user


def _read_tls(section: Section, folder: Path) -> ssl.SSLContext | None:
    certificate = section.take_path("certificate", folder)
    key = section.take_path("key", folder)
    client_ca = section.take_path("client_ca", folder)
    section.finish()
    if certificate is None:
        if key or client_ca:
            raise BadRequest(f"{section.place}: certificate is missing")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca and str(client_ca))
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise BadRequest(f"{section.place}: the certificate or its key cannot be used: {error}") from error
    return context
