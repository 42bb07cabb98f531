"""``wendelin standalone --check``: proves over HTTP that the tutorial's path works, on real input.

A newcomer's way, as far as it needs no browser: the site gets configured if it is not, an ingestion policy is created
through its dialog's method, ten seconds of stereo sound are sent exactly as fluent-plugin-wendelin sends them, and
the Data Stream that results is downloaded and compared.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import math
import re
import struct
import time
import urllib.parse
import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgpack

from wendelin.core.business_templates.offered_configurations import WENDELIN
from wendelin.core.errors import LauncherError
from wendelin.core.instance.var_folder import Instance

RATE, SECONDS = 44100, 10
PIECE_SIZE = 2048  # what fluent-plugin-bin reads at a time
PIECES_PER_CHUNK = 100
POLICY = "wendelin_check"
OPTIONS = ("wendelin_tutorial", "data_notebook")  # what the page proposes
CONFIGURE_SECONDS = 300
ADD_POLICY = "portal_ingestion_policies/IngestionPolicyTool_viewAddIngestionPolicyActionDialog"


def make_wave() -> bytes:
    """A real WAV file: 10 s, 16 bit, stereo, a sweep on the left and a beat on the right; 1.8 MB."""
    samples = array("h")
    for number in range(RATE * SECONDS):
        moment = number / RATE
        sweep = math.sin(2 * math.pi * (220 + 40 * moment) * moment)
        beat = math.sin(2 * math.pi * 440 * moment) * math.cos(2 * math.pi * 3 * moment)
        samples.extend((int(24000 * sweep), int(24000 * beat)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return buffer.getvalue()


def event_time() -> msgpack.ExtType:
    """Fluentd's EventTime: extension type 0, seconds and nanoseconds, big-endian."""
    now = time.time_ns()
    return msgpack.ExtType(0, struct.pack(">II", now // 10**9, now % 10**9))


def make_chunks(data: bytes) -> Iterator[bytes]:
    """The bodies that Fluentd posts for a file: ``[time, {"message": piece}]`` after one another, many to a chunk."""
    pieces = [data[start : start + PIECE_SIZE] for start in range(0, len(data), PIECE_SIZE)]
    for start in range(0, len(pieces), PIECES_PER_CHUNK):
        events = ([event_time(), {"message": piece}] for piece in pieces[start : start + PIECES_PER_CHUNK])
        yield b"".join(msgpack.packb(event, use_bin_type=True) for event in events)


@dataclass(frozen=True)
class Client:
    """HTTP with Basic credentials, as a machine uses it."""

    url: str
    user: str
    password: str

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """``(status, body)`` for a path below the site's URL."""
        address = urllib.parse.urlsplit(self.url)
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        sent = {"Authorization": f"Basic {login}", "Accept": "*/*"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=120)
        try:
            connection.request(method, address.path + path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def expect(self, status: int, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """The body of an answer with that status; `LauncherError` for another."""
        found, answer = self.request(method, path, body, **headers)
        if found != status:
            raise LauncherError(
                f"check failed: {method} {path} answered {found} instead of {status}: {excerpt(answer)}"
            )
        return answer

    def post_form(self, path: str, **fields: str) -> tuple[int, bytes]:
        """A form as a script posts it."""
        body = urllib.parse.urlencode(fields).encode("ascii")
        return self.request("POST", path, body, Content_Type="application/x-www-form-urlencoded")


def check(instance: Instance, say: Callable[[str], None]) -> None:
    """Run the whole check against a running instance; `LauncherError` says what failed."""
    credentials = instance.read_credentials()
    if credentials is None:
        raise LauncherError("check failed: the instance has no credentials.json")
    client = Client(instance.url, credentials.user, credentials.password)
    reference = f"{POLICY}_{int(time.time())}"
    configure(client, say)
    say(f"Check: creating the ingestion policy {reference}")
    create_policy(client, reference)
    data = make_wave()
    say(f"Check: sending {len(data)} bytes of sound as Fluentd does")
    for chunk in make_chunks(data):
        path = f"portal_ingestion_policies/{reference}/ingest?reference={reference}"
        client.expect(204, "POST", path, chunk, Content_Type="application/octet-stream")
    stream = find_stream(client, reference)
    say(f"Check: downloading {stream}")
    compare(data, client.expect(200, "GET", f"{stream}/getData"), stream)
    say("Check: the sound came back byte for byte")


def configure(client: Client, say: Callable[[str], None]) -> None:
    """What the page "Configure your Site" does: the Wendelin configuration with the options that it proposes."""
    fields = {"configuration": WENDELIN} | dict.fromkeys(OPTIONS, "on")
    status, answer = client.post_form("portal_configurator/install", **fields)
    if status >= 400:
        raise LauncherError(f"check failed: portal_configurator/install answered {status}: {excerpt(answer)}")
    deadline = time.monotonic() + CONFIGURE_SECONDS
    told = ""
    while True:
        state = last_event(client.expect(200, "GET", "portal_configurator/events"))
        if state["title"] != told and state["state"] == "running":
            told = state["title"]
            say(f"Check: configuring, {state['percent']} %, {told}")
        if state["state"] == "finished":
            return
        if state["state"] != "running":
            raise LauncherError(f"check failed: the configuration stopped at {state['title']}: {state['error']}")
        if time.monotonic() > deadline:
            raise LauncherError(f"check failed: not configured after {CONFIGURE_SECONDS} s (at {state['title']})")


def last_event(stream: bytes) -> dict[str, Any]:
    """The data of the last ``progress`` event of a stream of server-sent events."""
    events = [block.splitlines() for block in stream.decode("utf-8").split("\n\n")]
    data = [lines[1] for lines in events if len(lines) > 1 and lines[0] == "event: progress"]
    if not data:
        raise LauncherError(f"check failed: portal_configurator/events told nothing: {excerpt(stream)}")
    found: dict[str, Any] = json.loads(data[-1].removeprefix("data: "))
    return found


def excerpt(body: bytes) -> str:
    """The start of an answer, for a sentence."""
    return body[:300].decode("utf-8", "replace")


def create_policy(client: Client, reference: str) -> None:
    """What the fast input "Create Ingestion Policy" does, with the names that its fields have in the page."""
    status, answer = client.post_form(ADD_POLICY, field_your_reference=reference, field_your_title=reference)
    if status != 303:  # with errors in it, the dialog comes back as an ordinary page
        raise LauncherError(f"check failed: {ADD_POLICY} answered {status}: {excerpt(answer)}")


def compare(sent: bytes, received: bytes, stream: str) -> None:
    """`LauncherError` unless both have one SHA-256."""
    digests = [hashlib.sha256(data).hexdigest() for data in (sent, received)]
    if digests[0] != digests[1]:
        raise LauncherError(
            f"check failed: {stream} holds {len(received)} bytes with SHA-256 {digests[1]}, "
            f"sent were {len(sent)} bytes with {digests[0]}"
        )


def find_stream(client: Client, reference: str) -> str:
    """The relative URL of the one Data Stream that the ingestion made, as the module's list finds it."""
    query = urllib.parse.urlencode({"s_reference": f"%{reference}%"})
    page = client.expect(200, "GET", f"data_stream_module/view?{query}").decode("utf-8")
    found: set[str] = set(re.findall(r"data_stream_module/\d+", page))
    if len(found) != 1:
        raise LauncherError(f"check failed: {len(found)} data streams have the reference {reference}, instead of one")
    return found.pop()
