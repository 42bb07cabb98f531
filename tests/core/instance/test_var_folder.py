"""The folder of an instance: addresses, what is written when, and what stays the operator's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wendelin.core.database.engines import read_configuration
from wendelin.core.errors import DatabaseConfigurationError, LauncherError
from wendelin.core.instance.var_folder import GENERATED, Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path / "var")
    instance.make_folders()
    return instance


def test_the_generated_configuration_can_be_read(instance: Instance) -> None:
    assert instance.write_database_config("/tmp/some.sock")
    section = read_configuration(instance.database_config).config.storage.config
    assert section.server[0].address == "/tmp/some.sock"
    assert section.server_sync and section.shared_blob_dir and section.wait_timeout == 10


def test_the_generated_configuration_follows_the_address(instance: Instance) -> None:
    instance.write_database_config("/tmp/one.sock")
    instance.write_database_config("/tmp/two.sock")
    assert "two.sock" in instance.database_config.read_text()


def test_a_configuration_without_the_first_line_is_the_operator_s(instance: Instance) -> None:
    text = "<zodb>\n<mappingstorage/>\n</zodb>\n"
    instance.database_config.write_text(text)
    assert not instance.write_database_config("/tmp/two.sock")
    assert instance.database_config.read_text() == text


def test_an_operator_s_configuration_may_use_our_server(instance: Instance) -> None:
    instance.write_database_config("/tmp/one.sock")
    text = (
        instance.database_config.read_text().replace(GENERATED, "").replace("/tmp/one.sock", "$(WENDELIN_ZEO_ADDRESS)")
    )
    instance.database_config.write_text(text)
    assert instance.write_database_config("/tmp/two.sock")
    assert instance.database_config.read_text() == text


def test_credentials_are_made_once(instance: Instance) -> None:
    first = instance.make_credentials()
    assert (first.user, len(first.password)) == ("zope", 16)
    assert instance.make_credentials() == first
    assert instance.credentials_file.stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_whole(instance: Instance) -> None:
    instance.write_facts(port=1)
    inode = instance.facts_file.stat().st_ino
    instance.write_facts(port=2)
    assert instance.read_facts() == {"port": 2} and instance.facts_file.stat().st_ino != inode
    assert not list(instance.var.glob("*.tmp"))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/erp5/"),
        ("0.0.0.0", "http://127.0.0.1:80/erp5/"),
        ("::", "http://[::1]:80/erp5/"),
        ("::1", "http://[::1]:80/erp5/"),
        ("data.example.com", "http://data.example.com:80/erp5/"),
    ],
)
def test_the_url_is_one_that_can_be_opened(instance: Instance, host: str, url: str) -> None:
    instance.write_facts(host=host, port=80)
    assert instance.url == url


def test_configuration_files_of_the_instance_come_first(instance: Instance) -> None:
    assert instance.find_config("zeo.conf").parent != instance.var
    (instance.var / "zeo.conf").write_text("")
    assert instance.find_config("zeo.conf").parent == instance.var
    with pytest.raises(DatabaseConfigurationError, match=r"no-such\.conf"):
        instance.find_config("no-such.conf")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="there is no instance"):
        Instance(tmp_path).require()
    if os.getuid() != 0:  # root may write everywhere
        tmp_path.chmod(0o500)
        with pytest.raises(LauncherError, match="cannot be written to"):
            Instance(tmp_path / "var").make_folders()
