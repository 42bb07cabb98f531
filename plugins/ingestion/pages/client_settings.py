"""Ready configurations of programs that send to a policy: `wendelin forward-config` prints, its page shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

FORWARD_PORT = 24224
PASSWORD = "PASSWORD"  # stands for the password, which is nowhere to be shown

FLUENTD_FORWARD = """\
# Fluentd, to `wendelin forward`: no plugin is needed
<source>
  @type tail
  path {path}
  pos_file /var/lib/fluentd/{name}.pos
  read_from_head true
  tag {reference}
  <parse>
    @type none
  </parse>
</source>
<match {reference}>
  @type forward
  require_ack_response true
  compress gzip
  <server>
    host {host}
    port {forward_port}
  </server>
  # when forward.toml has a shared_key:
  # <security>
  #   self_hostname this-machine
  #   shared_key KEY
  # </security>
  <buffer tag>
    @type file
    path /var/lib/fluentd/{name}.buffer
    flush_interval 1s
    retry_forever true
  </buffer>
</match>
"""
FLUENTD_PLUGIN = """\
# Fluentd with fluent-plugin-bin and fluent-plugin-wendelin: files byte for byte
<source>
  @type bin
  format none
  path {path}
  pos_file /var/lib/fluentd/{name}.pos
  enable_watch_timer false
  read_from_head true
  tag {reference}
</source>
<match {reference}>
  @type wendelin
  streamtool_uri {policy_url}
  user {user}
  password {password}
  <buffer tag>
    @type file
    path /var/lib/fluentd/{name}.buffer
    flush_interval 1s
    retry_forever true
  </buffer>
</match>
"""
FLUENT_BIT_INPUT = """\
[INPUT]
    Name                tail
    Path                {path}
    DB                  /var/lib/fluent-bit/{name}.db
    Read_from_Head      true
    Tag                 {reference}
"""
FLUENT_BIT_HTTP = (
    "# Fluent Bit over HTTP\n"
    + FLUENT_BIT_INPUT
    + """\
[OUTPUT]
    Name                http
    Match               {reference}
    Host                {host}
    Port                {port}
    URI                 {ingest_path}
    Format              msgpack
    HTTP_User           {user}
    HTTP_Passwd         {password}
    Retry_Limit         no_limits
    tls                 {tls}
"""
)
FLUENT_BIT_FORWARD = (
    "# Fluent Bit, to `wendelin forward`\n"
    + FLUENT_BIT_INPUT
    + """\
[OUTPUT]
    Name                forward
    Match               {reference}
    Host                {host}
    Port                {forward_port}
    Require_ack_response true
    Compress            gzip
    Retry_Limit         no_limits
    # when forward.toml has a shared_key:
    # Shared_Key        KEY
    # Self_Hostname     this-machine
"""
)
SEND = """\
WENDELIN_USER={user} WENDELIN_PASSWORD={password} \\
wendelin send '{path}' --policy {policy} --reference {reference} --url {url} --follow
"""
CURL = """\
curl -u {user}:{password} -H 'Content-Type: application/octet-stream' \\
    --data-binary @chunk.msgpack '{ingest_url}'
"""


@dataclass(frozen=True)
class ClientSettings:
    """A text to copy. ``kind`` is what the options of ``wendelin forward-config`` choose by."""

    id: str
    kind: str
    title: str
    description: str
    text: str


def make_settings(
    url: str, policy_id: str, reference: str, user: str, path: str = "/data/*.wav"
) -> list[ClientSettings]:
    """The texts for a policy of the site at ``url`` (with ``/erp5/`` at its end)."""
    address = urlsplit(url)
    policy_path = f"{address.path.rstrip('/')}/portal_ingestion_policies/{quote(policy_id, safe='')}"
    ingest_path = f"{policy_path}/ingest?reference={quote(reference, safe='')}"
    is_secure = address.scheme == "https"
    origin = f"{address.scheme}://{address.netloc}"
    values = {
        "url": url,
        "policy": policy_id,
        "reference": reference,
        "user": user,
        "password": PASSWORD,
        "path": path,
        "name": policy_id,
        "host": address.hostname or "127.0.0.1",
        "port": address.port or (443 if is_secure else 80),
        "tls": "on" if is_secure else "off",
        "forward_port": FORWARD_PORT,
        "policy_url": origin + policy_path,
        "ingest_url": origin + ingest_path,
        "ingest_path": ingest_path,
    }
    return [replace(each, text=each.text.format(**values)) for each in TEXTS]


TEXTS = (
    ClientSettings(
        "send",
        "send",
        "This platform's own sender",
        "Sends files byte for byte and what is appended to them, goes on after an interruption, stores nothing twice.",
        SEND,
    ),
    ClientSettings(
        "fluentd_forward",
        "fluentd",
        "Fluentd",
        "Lines of files, to the forward receiver, which has to be switched on (docs/use/forward.md).",
        FLUENTD_FORWARD,
    ),
    ClientSettings(
        "fluentd_plugin",
        "fluentd",
        "Fluentd with fluent-plugin-wendelin",
        "Files of any kind byte for byte, over HTTP.",
        FLUENTD_PLUGIN,
    ),
    ClientSettings(
        "fluent_bit_http",
        "fluent-bit",
        "Fluent Bit over HTTP",
        "Lines of files; nothing has to be switched on.",
        FLUENT_BIT_HTTP,
    ),
    ClientSettings(
        "fluent_bit_forward",
        "fluent-bit",
        "Fluent Bit",
        "Lines of files, to the forward receiver, acknowledged when they are committed.",
        FLUENT_BIT_FORWARD,
    ),
    ClientSettings("curl", "curl", "curl", "One chunk of msgpack, to try things out.", CURL),
)
