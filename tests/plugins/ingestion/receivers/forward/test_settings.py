"""The settings of the forward receiver: a file, options, and the rights of its user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.ingestion.forward_fixtures import *  # noqa: F403
from tests.plugins.ingestion.forward_fixtures import Receiver
from wendelin.core.database import Database
from wendelin.core.errors import BadRequest, NotFound, Unauthorized
from wendelin.plugins.ingestion.receivers.forward import configuration as configuration_module
from wendelin.plugins.ingestion.receivers.forward.command import check_users, find_configuration, make_parser
from wendelin.plugins.ingestion.receivers.forward.configuration import ForwardConfiguration, read_configuration
from wendelin.plugins.ingestion.receivers.forward.tag_patterns import Route


def test_settings_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "forward.toml"
    path.write_text(
        'host = "0.0.0.0"\nport = 1\nuser = "sensor"\nshared_key = "k"\n'
        '[[match]]\ntag = "a.**"\npolicy = "pydata"\nreference = "pydata"\n'
        '[[user_account]]\nname = "ada"\npassword = "p"\nsite_user = "zope"\n'
    )
    path.chmod(0o600)
    found = read_configuration(path)
    assert found.routes == (Route("a.**", "pydata", "pydata"),)
    assert (found.host, found.port, found.users["ada"].site_user) == ("0.0.0.0", 1, "zope")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "user is missing"),
        ('user = "x"\nhost = "0.0.0.0"', "shared_key"),
        ('user = "x"\nport = "1"', "port has to be int"),
        ('user = "x"\ncolour = 1', "colour"),
        ('user = "x"\n[[match]]\ntag = "a"', "policy is missing"),
        ('user = "x"\n[[match]]\ntag = "{"\npolicy = "a"', "pattern"),
        ('user = "x"\n[[user_account]]\nname = "a"\npassword = "b"', "shared_key"),
        ('user = "x"\n[tls]\nkey = "nothing.pem"', "nothing.pem"),
        ("user =", "TOML"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "forward.toml"
    path.write_text(text)
    with pytest.raises((BadRequest, NotFound), match=problem):
        read_configuration(path)


def test_without_a_key_only_this_machine_may_connect(receive: Callable[..., Receiver]) -> None:
    assert configuration_module.is_loopback("127.0.0.2") and configuration_module.is_loopback("::1")
    with pytest.raises(BadRequest, match="shared_key"):
        receive(host="0.0.0.0").__enter__()


def test_options_of_the_command(tmp_path: Path) -> None:
    options = ["--var", str(tmp_path), "--port", "7", "--match", "a.*=pydata"]
    with pytest.raises(BadRequest, match="--user"):
        find_configuration(make_parser().parse_args(options))
    found = find_configuration(make_parser().parse_args([*options, "--user", "sensor"]))
    assert (found.user, found.port, found.routes) == ("sensor", 7, (Route("a.*", "pydata"),))


def test_rights_are_looked_at_before_it_starts(policies: Database, caplog: pytest.LogCaptureFixture) -> None:
    check_users(policies, ForwardConfiguration("sensor", routes=(Route("a", "pydata"),)))
    check_users(policies, ForwardConfiguration("sensor", routes=(Route("a", "not_made_yet"),)))
    assert "not_made_yet" in caplog.text
    for user, policy in (("stranger", "pydata"), ("sensor", "other")):
        with pytest.raises(Unauthorized):
            check_users(policies, ForwardConfiguration(user, routes=(Route("a", policy),)))
