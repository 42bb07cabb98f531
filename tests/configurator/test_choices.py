"""What can be chosen follows what plugins bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wendelin.configurator import choices
from wendelin.core import registry as registry_module
from wendelin.core.business_templates.offered_configurations import WENDELIN, ConfigurationOption
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.registry import PluginConfig, Registry, load_registry


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry that a test may add to."""
    fresh = load_registry()
    monkeypatch.setattr(registry_module, "_registry", fresh)
    yield fresh


def add_template(registry: Registry, folder: Path, title: str, dependency: str = "erp5_core") -> None:
    folder.mkdir()
    text = f'title = "{title}"\nversion = "1.0"\ndependencies = ["{dependency}"]\n'
    (folder / "business_template.toml").write_text(text, "utf-8")
    PluginConfig(registry, "later").add_business_template(folder)


def test_wendelin_configuration_is_offered() -> None:
    configuration = choices.get_configuration(WENDELIN)
    assert configuration.description.startswith("The Wendelin Configuration will allow you to have quickly")
    options = {option.id: (option.title, option.default) for option in choices.option_list(configuration)}
    assert options["wendelin_tutorial"] == ("Set Wendelin tutorial", True)
    assert options["data_notebook"] == ("Set up Data Notebook module", True)
    assert options["data_sample"] == ("Sample data", False)


def test_unknown_configuration() -> None:
    with pytest.raises(NotFound, match="Other"):
        choices.get_configuration("Other")


def test_an_option_without_its_template_is_off_and_says_why(registry: Registry) -> None:
    PluginConfig(registry, "later").add_configuration_option(
        ConfigurationOption("later", "Later", ("erp5_later",), default=True)
    )
    configuration = choices.get_configuration(WENDELIN)
    (choice,) = [choice for choice in choices.choice_list(configuration) if choice.option.id == "later"]
    assert not choice.is_available
    assert "erp5_later" in choice.reason
    assert choices.default_options(configuration)["later"] is False
    with pytest.raises(BadRequest, match="erp5_later"):
        choices.complete_options(configuration, {"later": True})


def test_a_plugin_that_comes_later_is_found(registry: Registry, tmp_path: Path, site: Any) -> None:
    config = PluginConfig(registry, "later")
    add_template(registry, tmp_path / "a", "erp5_later", "erp5_base_of_later")
    add_template(registry, tmp_path / "b", "erp5_base_of_later")
    config.add_configuration_option(ConfigurationOption("later", "Later", ("erp5_later",), default=True))
    add_template(registry, tmp_path / "c", "erp5_always")
    config.add_configuration_option(ConfigurationOption("always", "Always", ("erp5_always",), fixed=True))
    configuration = choices.get_configuration(WENDELIN)
    options = choices.default_options(configuration)
    assert options["later"] is True
    assert "always" not in options
    titles = choices.plan(site, configuration, options)
    assert titles.index("erp5_base_of_later") < titles.index("erp5_later")
    assert {"erp5_wendelin", "erp5_always"} <= set(titles)
    assert "erp5_later" not in choices.plan(site, configuration, options | {"later": False})


def test_unknown_option() -> None:
    with pytest.raises(BadRequest, match="no option 'x'"):
        choices.complete_options(choices.get_configuration(WENDELIN), {"x": True})
