"""Ready configurations of programs that send to a policy.

``wendelin forward-config --policy pydata`` prints them (`main`); the tab "Clients" of a policy shows them.

A program that reads lines changes every other file: it takes line breaks away, and what is no text. So each text names
files that its program sends as they are, and for others there is `wendelin send`, or Fluentd with fluent-plugin-bin.
"""

from __future__ import annotations

import argparse
import mimetypes
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from wendelin.core.errors import BadRequest
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.policies import client_texts
from wendelin.plugins.ingestion.policies.addresses import FORWARD_PORT, ingest_path, policy_path

HELP = "print ready configurations of Fluentd and Fluent Bit for an ingestion policy"
PASSWORD = "PASSWORD"  # stands for the password, which is nowhere to be shown
LINES, FILES = "/var/log/app/*.log", "/data/*.wav"
TEXT_SUFFIXES = frozenset({".log", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".out", ".err"})
ANY_HOST = frozenset({"0.0.0.0", "::"})


@dataclass(frozen=True)
class ClientSettings:
    """A text to copy. ``kind`` is what the options of ``wendelin forward-config`` choose by.

    ``takes`` is what its program sends as it is: lines of text, files of any kind, or either.
    """

    id: str
    kind: str
    takes: str
    title: str
    description: str
    text: str


@dataclass(frozen=True)
class ForwardReceiver:
    """Where the forward receiver listens, and what it asks for; None for what is not known."""

    host: str | None = None
    port: int = FORWARD_PORT
    has_key: bool | None = None
    has_tls: bool | None = None


def read_receiver(path: Path) -> ForwardReceiver:
    """What ``forward.toml`` says of it; nothing is known without the file."""
    if not path.is_file():
        return ForwardReceiver()
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read: {error}") from error
    host, port = settings.get("host"), settings.get("port")
    return ForwardReceiver(
        host if isinstance(host, str) and host not in ANY_HOST else None,
        port if isinstance(port, int) else FORWARD_PORT,
        "shared_key" in settings,
        "tls" in settings,
    )


def make_settings(
    url: str,
    policy_id: str,
    reference: str,
    user: str,
    lines: str = LINES,
    files: str = FILES,
    receiver: ForwardReceiver = ForwardReceiver(),
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
        "lines": lines,
        "files": files,
        "name": policy_id,
        "host": address.hostname if is_secure and address.hostname else _reachable(address.hostname),
        "port": address.port or (443 if is_secure else 80),
        "tls": "on" if is_secure else "off",
        "forward_port": receiver.port,
        "forward_host": _forward_host(receiver, address.hostname),
        "fluentd_tls": _part(receiver.has_tls, client_texts.FLUENTD_TLS, "[tls]"),
        "fluentd_key": _part(receiver.has_key, client_texts.FLUENTD_KEY, "a shared_key"),
        "fluent_bit_tls": _part(receiver.has_tls, client_texts.FLUENT_BIT_TLS, "[tls]"),
        "fluent_bit_key": _part(receiver.has_key, client_texts.FLUENT_BIT_KEY, "a shared_key"),
        "policy_url": origin + policy_path(address.path, policy_id),
        "ingest_url": origin + chunk_path,
        "ingest_path": chunk_path,
    }
    return [replace(each, text=_without_empty_lines(each.text.format(**values))) for each in TEXTS]


def _reachable(hostname: str | None) -> str:
    """Servers of this platform listen on 127.0.0.1; programs that take IPv6 first find nobody at ``localhost``."""
    return "127.0.0.1" if hostname is None or hostname == "localhost" else hostname


def _forward_host(receiver: ForwardReceiver, hostname: str | None) -> str:
    """With TLS the name by which the site is known, which has to stand in the receiver's certificate."""
    if receiver.has_tls:
        return hostname or "localhost"
    return receiver.host or _reachable(hostname)


def _part(is_there: bool | None, text: str, condition: str) -> str:
    """A part of a configuration; "" when it is not asked for, and as comments when that is not known."""
    if is_there is not None:
        return text if is_there else ""
    lines = text.splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    commented = [f"{line[:indent]}# {line[indent:]}" for line in lines]
    return "\n".join([f"{' ' * indent}# when forward.toml has {condition}:", *commented])


def _without_empty_lines(text: str) -> str:
    return re.sub(r"\n{2,}", "\n", text)


TEXTS = (
    ClientSettings(
        "send",
        "send",
        "files",
        "This platform's own sender",
        "Sends files byte for byte and what is appended to them, goes on after an interruption, stores nothing twice. "
        "For a policy that keeps bytes or text lines.",
        client_texts.SEND,
    ),
    ClientSettings(
        "fluentd_plugin",
        "fluentd",
        "files",
        "Fluentd with fluent-plugin-bin and fluent-plugin-wendelin",
        "Files of any kind byte for byte, over HTTP, for a policy that keeps bytes.",
        client_texts.FLUENTD_PLUGIN,
    ),
    ClientSettings(
        "fluentd_forward",
        "fluentd",
        "lines",
        "Fluentd",
        "Lines of text, for a policy that keeps text lines or JSON lines, to the forward receiver, which has to be "
        "switched on (docs/use/forward.md). Not for binary files: they would be changed.",
        client_texts.FLUENTD_FORWARD,
    ),
    ClientSettings(
        "fluentd_http",
        "fluentd",
        "lines",
        "Fluentd over HTTP",
        "Lines of text as JSON with time and tag; nothing has to be switched on. Not for binary files.",
        client_texts.FLUENTD_HTTP,
    ),
    ClientSettings(
        "fluent_bit_http",
        "fluent-bit",
        "lines",
        "Fluent Bit over HTTP",
        "Lines of text, for a policy that keeps text lines or JSON lines; nothing has to be switched on. Not for "
        "binary files.",
        client_texts.FLUENT_BIT_HTTP,
    ),
    ClientSettings(
        "fluent_bit_forward",
        "fluent-bit",
        "lines",
        "Fluent Bit",
        "Lines of text, for a policy that keeps text lines or JSON lines, to the forward receiver, acknowledged when "
        "they are committed. Not for binary files.",
        client_texts.FLUENT_BIT_FORWARD,
    ),
    ClientSettings(
        "curl",
        "curl",
        "either",
        "curl",
        "One chunk, to try things out: events of msgpack, JSON, or what else the policy's operation takes.",
        client_texts.CURL,
    ),
)


def holds_lines(path: str) -> bool:
    """Whether the files that a pattern names hold lines of text, as far as its end tells; rotated ones count."""
    name = re.sub(r"(\.\d+|\*)+$", "", path.rpartition("/")[2])
    suffix = Path(name).suffix.lower()
    guessed = mimetypes.guess_type(name)[0] or ""
    return suffix in TEXT_SUFFIXES or guessed.startswith("text/")


# -- the command


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="wendelin forward-config", description=HELP)
    add_var(parser)
    parser.add_argument("--policy", required=True, metavar="ID", help="the ingestion policy")
    parser.add_argument("--reference", metavar="TAG", help="the tag to send under (default: the policy's id)")
    parser.add_argument("--url", help="address of the site (default: that of the instance)")
    parser.add_argument("--user", help="who sends (default: the instance's first user)")
    parser.add_argument(
        "--path", metavar="PATTERN", help=f"the files (default: {LINES} where lines are sent, {FILES} where bytes are)"
    )
    parser.add_argument("--lines", action="store_true", help="the files of --path hold lines, whatever their names say")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--fluentd", dest="kind", action="store_const", const="fluentd", help="for Fluentd only")
    choice.add_argument(
        "--fluent-bit", dest="kind", action="store_const", const="fluent-bit", help="for Fluent Bit only"
    )
    return parser


def main(argv: list[str]) -> int:
    """The command: configurations that send the files as they are; `wendelin send` where no program asked for can."""
    arguments = make_parser().parse_args(argv)
    instance = get_instance(arguments)
    known = instance.read_credentials()
    settings = make_settings(
        arguments.url or instance.url,
        arguments.policy,
        arguments.reference or arguments.policy,
        arguments.user or (known.user if known else "USER"),
        arguments.path or LINES,
        arguments.path or FILES,
        read_receiver(instance.var / "forward.toml"),
    )
    kinds = {arguments.kind} if arguments.kind else {"fluentd", "fluent-bit"}
    chosen = [each for each in settings if each.kind in kinds]
    if arguments.path and not (arguments.lines or holds_lines(arguments.path)):
        chosen = [each for each in chosen if each.takes == "files"]
        print(f"# {arguments.path}: not known to hold lines of text (--lines says that they do), so byte for byte.")
        print("# Programs that read lines would change them. Without Fluentd:")
        print("\n".join(f"#   {line}" for line in settings[0].text.splitlines()))
    print("\n".join(each.text for each in chosen))
    return 0
