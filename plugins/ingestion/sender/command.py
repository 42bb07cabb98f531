"""``wendelin send PATH... --policy pydata``: send files, and what is appended to them."""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from wendelin.core.errors import BadRequest, InstanceNotFound
from wendelin.core.instance.var_folder import URL_VARIABLE, Credentials, Instance
from wendelin.core.instance.var_option import add_var, get_instance
from wendelin.plugins.ingestion.sender.positions import sole_sender
from wendelin.plugins.ingestion.sender.progress import ProgressBar
from wendelin.plugins.ingestion.sender.tailing import CHUNK_SIZE, Sender
from wendelin.plugins.ingestion.sender.transport import Transport

HELP = "send files to an ingestion policy, and what is appended to them"
USER_VARIABLE, PASSWORD_VARIABLE = "WENDELIN_USER", "WENDELIN_PASSWORD"
LARGEST_CHUNK = 64 << 20


def make_parser() -> argparse.ArgumentParser:
    """All options of the command."""
    parser = argparse.ArgumentParser(
        prog="wendelin send",
        description=f"{HELP}. After an interruption of whatever kind it goes on where it was; nothing is stored twice.",
        epilog=f"The password is read from --password-file, ${PASSWORD_VARIABLE}, or, for the instance's own site, its "
        "credentials.json.",
    )
    add_var(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, or patterns in quotes such as 'data/**/*.wav'")
    parser.add_argument("--policy", required=True, metavar="ID", help="the ingestion policy")
    parser.add_argument("--reference", metavar="TAG", help="the tag to send under (default: the policy's id)")
    parser.add_argument("--follow", action="store_true", help="wait for more, and for further files, until Ctrl-C")
    parser.add_argument("--url", help=f"address of the site (default: ${URL_VARIABLE}, else that of the instance)")
    parser.add_argument("--user", help=f"default: ${USER_VARIABLE}, else the instance's first user")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="a file whose first line is the password")
    parser.add_argument(
        "--position-file", type=Path, metavar="FILE", help="where it is kept how far each file was sent"
    )
    parser.add_argument("--chunk-size", type=int, default=CHUNK_SIZE, metavar="BYTES", help="default: 4 MiB")
    parser.add_argument("--give-up-after", type=float, metavar="SECONDS", help="default: try again for ever")
    parser.add_argument("--insecure", action="store_true", help="do not verify the certificate of an https site")
    return parser


def find_target(arguments: argparse.Namespace) -> tuple[str, Instance | None]:
    """The address of the site, and its instance where that is the one in ``--var``.

    What stands in the folder of an instance, its password above all, is for that instance's own site. Raises
    `InstanceNotFound` when there is neither an address nor an instance.
    """
    instance = get_instance(arguments)
    url = arguments.url or os.environ.get(URL_VARIABLE)
    if not url:
        if not instance.exists:
            raise InstanceNotFound(f"there is no instance in {instance.var}: say --var, or the site with --url")
        return instance.url, instance
    is_own = instance.exists and url.rstrip("/") == instance.url.rstrip("/")
    return url, instance if is_own else None


def find_login(arguments: argparse.Namespace, instance: Instance | None) -> Credentials | None:
    """User and password as the options, the environment and the instance say; None to send without."""
    user = arguments.user or os.environ.get(USER_VARIABLE)
    password = os.environ.get(PASSWORD_VARIABLE)
    if arguments.password_file:
        lines = arguments.password_file.read_text("utf-8").splitlines()
        password = lines[0] if lines else ""
    known = instance.read_credentials() if instance else None
    if user is None and password is None:
        return known
    user = user or (known.user if known else None)
    if password is None and known and known.user == user:
        password = known.password
    if not user or not password:
        raise BadRequest(f"say both user and password: --user, and --password-file or ${PASSWORD_VARIABLE}")
    return Credentials(user, password)


def find_position_file(arguments: argparse.Namespace, url: str, reference: str, instance: Instance | None) -> Path:
    """One for each target: in the instance's folder, else where programs of this user keep their state."""
    if arguments.position_file:
        return Path(arguments.position_file)
    target = hashlib.sha256(f"{url} {arguments.policy} {reference}".encode()).hexdigest()[:8]
    name = f"send-{''.join(c for c in arguments.policy if c.isalnum() or c in '-_')}-{target}.json"
    if instance is not None:
        return instance.run_folder / name
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "wendelin" / name


def main(argv: list[str]) -> int:
    """The command: 0 when all was acknowledged."""
    arguments = make_parser().parse_args(argv)
    if not 1 <= arguments.chunk_size <= LARGEST_CHUNK:
        raise BadRequest(f"--chunk-size has to be between 1 and {LARGEST_CHUNK}")
    url, instance = find_target(arguments)
    reference = arguments.reference or arguments.policy
    bar = ProgressBar()
    transport = Transport(
        url,
        arguments.policy,
        reference,
        find_login(arguments, instance),
        verify=not arguments.insecure,
        give_up_after=arguments.give_up_after,
        say=bar.say,
    )
    with sole_sender(find_position_file(arguments, url, reference, instance)) as positions:
        sender = Sender(positions, transport.send, arguments.chunk_size, bar)
        count = send(sender, arguments.paths, arguments.follow, bar, transport)
    if count is None:
        return 0 if arguments.follow else 1
    print(f"sent {count} files to {arguments.policy}", file=sys.stderr)
    return 0


def send(sender: Sender, paths: Sequence[str], follow: bool, bar: ProgressBar, transport: Transport) -> int | None:
    """The number of files that were sent; None when Ctrl-C or SIGTERM came before."""
    signal.signal(signal.SIGTERM, stop)
    try:
        if follow:
            sender.follow(paths)
        return sender.send_once(paths)
    except KeyboardInterrupt:
        bar.say("stopped; the next run goes on here")
        return None
    finally:
        bar.finish()
        transport.close()


def stop(number: int, frame: FrameType | None) -> NoReturn:
    """The handler of SIGTERM: ends the command as Ctrl-C does."""
    raise KeyboardInterrupt
