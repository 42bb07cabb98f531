"""The recipes of CONTRIBUTING.md, followed to the letter: what each makes is there and works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from tests.core.business_templates.template_factory import register, write_template
from tests.docs.code_blocks import BLOCKS
from tests.web_fixtures import PASSWORD, add_users
from wendelin.core import cli
from wendelin.core.business_templates import install
from wendelin.core.database import Database
from wendelin.core.model.objects.site import get_site
from wendelin.core.registry import PluginConfig, get_registry
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.web.application import make_application
from wendelin.core.web.requests.metrics import total

RECIPES = [block for block in BLOCKS if block.page == "CONTRIBUTING.md"]
TITLE = "recipes"


@pytest.fixture
def names() -> Iterator[dict[str, Any]]:
    """What the Python of the page leaves behind; its registrations are forgotten after the test."""
    registry = get_registry()
    before = {kind: dict(entries) for kind, entries in registry._kinds.items()}
    names: dict[str, Any] = {"config": PluginConfig(registry, "documented")}
    for block in RECIPES:
        if block.language == "python" and not block.options:
            exec(compile(block.text, str(block), "exec"), names)
    yield names
    registry._kinds.clear()
    registry._kinds.update(before)


@pytest.fixture
def installed_site(names: dict[str, Any], database: Database, tmp_path: Path) -> Database:
    """The site after the recipes: their files are a business template, which is installed."""
    files = {block.options["template"]: block.text for block in RECIPES if "template" in block.options}
    skins = {"skins": {TITLE: {"priority": 20}}}
    register(TITLE, write_template(tmp_path, TITLE, files, dependencies=["erp5_core", "erp5_wendelin"], **skins))
    add_users(database)
    with as_user(SYSTEM), database.transaction() as connection:
        site = get_site(connection)
        install(site, TITLE)
        site.wind_farm_module.newContent("1", portal_type="Wind Farm", title="North Sea", reference="ns")
    return database


def test_a_portal_type(installed_site: Database) -> None:
    with as_user(SYSTEM), installed_site.connect() as connection:
        farm = get_site(connection).wind_farm_module["1"]
        assert (farm.getPortalType(), farm.getReference(), farm.getValidationState()) == ("Wind Farm", "ns", "draft")


def test_a_view(installed_site: Database) -> None:
    client = TestApp(make_application(installed_site))
    client.authorization = ("Basic", ("zope", PASSWORD))
    assert client.get("/erp5/wind_farm_module/1/report").text == "North Sea (ns)"


def test_a_column(installed_site: Database) -> None:
    with as_user(SYSTEM), installed_site.connect() as connection:
        (brain,) = get_site(connection).portal_catalog(portal_type="Wind Farm", age=len("North Sea"))
        assert brain.age == len("North Sea")


def test_a_format(installed_site: Database) -> None:
    with as_user(SYSTEM), installed_site.connect() as connection:
        site = get_site(connection)
        operation = site.data_operation_module["write_upper_case"]
        assert (operation.getValidationState(), operation.getScriptId()) == (
            "validated",
            "DataIngestionLine_writeUpperCase",
        )
        stream = site.data_stream_module.newContent(portal_type="Data Stream")
        site.DataIngestionLine_writeUpperCase(data_chunk=b"wind", out_stream={"Data Stream": stream})
        assert stream.getData() == b"WIND"


def test_a_protocol(names: dict[str, Any], web_database: Database) -> None:
    from tests.plugins.ingestion.conftest import pack

    for _ in range(2):
        names["store"](web_database, "zope", pack(b"one"), 7)
    with as_user(SYSTEM), web_database.connect() as connection:
        (stream,) = get_site(connection).data_stream_module.objectValues()
        assert stream.getData() == b"one"


def test_a_command(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["greet", "--name", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"
    assert cli.find_help()["greet"] == "say hello"


def test_a_setting(installed_site: Database) -> None:
    with as_user(SYSTEM), installed_site.connect() as connection:
        assert get_site(connection).portal_preferences.getPreference("preferred_greeting") == "hello"


def test_a_number(names: dict[str, Any]) -> None:
    assert total("greetings_total", kind="formal") >= 1
