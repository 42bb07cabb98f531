"""What can be chosen: configurations and options that plugins registered, against the templates that exist here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wendelin.core.business_templates.dependencies import resolve
from wendelin.core.business_templates.offered_configurations import Configuration, ConfigurationOption
from wendelin.core.business_templates.repository import available_manifests
from wendelin.core.errors import BadRequest, NotFound
from wendelin.core.model.objects.site import Site
from wendelin.core.registry import get_registry


@dataclass(frozen=True)
class Choice:
    """An option as it is here: ``missing`` are its templates that no installed plugin brings."""

    option: ConfigurationOption
    missing: tuple[str, ...]

    @property
    def is_available(self) -> bool:
        """Whether installed plugins bring all of its templates."""
        return not self.missing

    @property
    def reason(self) -> str:
        """Why it cannot be chosen; empty when it can."""
        return "" if self.is_available else f"Not available: no installed plugin brings {', '.join(self.missing)}."


def configuration_list() -> list[Configuration]:
    """Every configuration that a plugin registered."""
    return [entry.value for entry in get_registry().get_list("configuration")]


def get_configuration(title: str) -> Configuration:
    """The configuration of that title; `NotFound` when no plugin has it."""
    for configuration in configuration_list():
        if configuration.title == title:
            return configuration
    raise NotFound(f"there is no configuration {title!r}")


def option_list(configuration: Configuration) -> list[ConfigurationOption]:
    """The options of a configuration: its own, then those that other plugins added."""
    added = (entry.value for entry in get_registry().get_list("configuration_option"))
    return [*configuration.options, *(option for option in added if option.configuration == configuration.title)]


def choice_list(configuration: Configuration) -> list[Choice]:
    """The options that a user decides on, available or not."""
    return [Choice(option, _missing(option)) for option in option_list(configuration) if not option.fixed]


def default_options(configuration: Configuration) -> dict[str, bool]:
    """``{option id: on}`` as the plugins propose it; what is not available is off."""
    return {choice.option.id: choice.option.default and choice.is_available for choice in choice_list(configuration)}


def complete_options(configuration: Configuration, chosen: Mapping[str, bool]) -> dict[str, bool]:
    """The defaults with the user's decisions over them; raises `BadRequest` for what is unknown or not available."""
    choices = {choice.option.id: choice for choice in choice_list(configuration)}
    for id, is_on in chosen.items():
        if id not in choices:
            raise BadRequest(f"{configuration.title} has no option {id!r}; it has {', '.join(choices) or 'none'}")
        if is_on and not choices[id].is_available:
            raise BadRequest(f"{choices[id].option.title}: {choices[id].reason}")
    return default_options(configuration) | dict(chosen)


def plan(site: Site, configuration: Configuration, options: Mapping[str, bool]) -> list[str]:
    """The titles of the templates still to be installed, dependencies first."""
    available = available_manifests()
    wanted = [title for title in _wanted(configuration, options) if title in available]
    return resolve(wanted, available, site.portal_templates.installed_manifests())


def _wanted(configuration: Configuration, options: Mapping[str, bool]) -> Iterator[str]:
    yield from configuration.business_templates
    for option in option_list(configuration):
        if option.fixed or options.get(option.id):
            yield from option.business_templates


def _missing(option: ConfigurationOption) -> tuple[str, ...]:
    available = available_manifests()
    return tuple(title for title in option.business_templates if title not in available)
