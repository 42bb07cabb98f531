"""What this plugin adds for programs that send: receivers that the launcher keeps running, and commands."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wendelin.core.business_templates.configuration import ConfigurationOption
from wendelin.plugins.ingestion.receivers.settings_file import is_enabled

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

HERE = Path(__file__).parent


def register(config: PluginConfig) -> None:
    """The commands, and the processes of instances that have their settings files."""
    config.add_command("forward", _command("receivers.forward.command"), "receive Fluentd's forward protocol")
    config.add_command("mqtt", _command("receivers.mqtt.command"), "store what is published on an MQTT broker")
    config.add_process("mqtt", _receiver("mqtt"), priority=40)
    config.add_business_template(HERE / "mqtt" / "template")
    config.add_configuration_option(
        ConfigurationOption(
            "mqtt",
            "Set up MQTT in Wendelin",
            ("erp5_mqtt",),
            description="MQTT Message documents, and the ingestion policy default_mqtt that makes them.",
        )
    )
    config.add_view(
        "wendelin.plugins.ingestion.pages.client_pages:clients",
        "clients",
        "Ingestion Policy",
        renderer="wendelin.plugins.ingestion:templates/clients.pt",
    )
    config.add_command(
        "forward-config", _command("receivers.client_configurations"), "print configurations of Fluentd and Fluent Bit"
    )
    config.add_command("send", _command("sender.command"), "send files to a policy, and what is appended to them")
    config.add_process("forward", _receiver("forward"), priority=40)


def _command(module: str) -> Callable[[list[str]], int]:
    """A subcommand whose module is imported when it runs: ``wendelin --help`` and the web server need none of it."""

    def run(argv: list[str]) -> int:
        return int(import_module(f"wendelin.plugins.ingestion.{module}").main(argv))

    return run


def _receiver(name: str) -> Callable[[Any], list[str] | None]:
    """What the launcher runs: nothing, unless the instance has ``<name>.toml``, and that is not switched off."""

    def find_command(instance: Any) -> list[str] | None:
        if not is_enabled(instance.var / f"{name}.toml"):
            return None
        return ["{python}", "-P", "{wendelin}", "--var", "{var}", name]

    return find_command
