"""Ready configurations of programs that send to a policy.

``wendelin forward-config --policy pydata`` prints them (`main`); the tab "Clients" of a policy shows them.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.policies.addresses import FORWARD_PORT, ingest_path, policy_path

HELP = "print ready configurations of Fluentd and Fluent Bit for an ingestion policy"
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
    chunk_path = ingest_path(address.path, policy_id, reference)
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
        "policy_url": origin + policy_path(address.path, policy_id),
        "ingest_url": origin + chunk_path,
        "ingest_path": chunk_path,
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


# -- the command


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="wendelin forward-config", description=HELP)
    add_var(parser)
    parser.add_argument("--policy", required=True, metavar="ID", help="the ingestion policy")
    parser.add_argument("--reference", metavar="TAG", help="the tag to send under (default: the policy's id)")
    parser.add_argument("--url", help="address of the site (default: that of the instance)")
    parser.add_argument("--user", help="who sends (default: the instance's first user)")
    parser.add_argument("--path", default="/data/*.wav", metavar="PATTERN", help="the files (default: /data/*.wav)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--fluentd", dest="kind", action="store_const", const="fluentd", help="for Fluentd only")
    choice.add_argument(
        "--fluent-bit", dest="kind", action="store_const", const="fluent-bit", help="for Fluent Bit only"
    )
    return parser


def main(argv: list[str]) -> int:
    """The command."""
    arguments = make_parser().parse_args(argv)
    instance = get_instance(arguments)
    known = instance.read_credentials()
    settings = make_settings(
        arguments.url or instance.url,
        arguments.policy,
        arguments.reference or arguments.policy,
        arguments.user or (known.user if known else "USER"),
        arguments.path,
    )
    kinds = {arguments.kind} if arguments.kind else {"fluentd", "fluent-bit"}
    print("\n".join(each.text for each in settings if each.kind in kinds))
    return 0
