"""Ingestion: what comes in from sensors and log forwarders, under an ingestion policy, into data streams.

Rooms, each of which imports only those before it:

- `formats`: what a chunk's bytes are. `documents`: the documents that data is kept in.
- `routing`: from a tag to the documents that its data goes to. `policies`: what may be sent, and what became of it.
- `intake`: how a chunk comes in; ``intake/reception.py`` is where all doors meet.
- `receivers`: programs that receive (forward protocol, MQTT). `sender`: the program that sends files.
- `pages`: pages on which one sees what came in.
- `views` (addresses for programs), `skins` (scripts of the pipeline); ``template/`` is the business template
  ``erp5_wendelin``, ``templates/`` and ``static/`` are what the pages are made of.

Everything that the plugin adds to the platform is registered here, and nowhere else. Modules are named by strings, so
that a process loads only what it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from wendelin.core.business_templates.offered_configurations import ConfigurationOption
from wendelin.core.instance.var_folder import Instance
from wendelin.core.registry import PluginConfig
from wendelin.plugins.ingestion.receivers.settings_file import is_enabled

HERE = Path(__file__).parent
PLUGIN = "wendelin.plugins.ingestion"
TEMPLATES = f"{PLUGIN}:templates"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def includeme(config: PluginConfig) -> None:
    """All that this plugin adds."""
    config.add_business_template(HERE / "template")
    config.add_static("ingestion", HERE / "static")
    config.add_main_page_panel("silent_streams", f"{PLUGIN}.pages.silent_streams:panel")
    config.add_main_page_panel("refused_chunks", f"{PLUGIN}.pages.refused_chunks:panel")
    _add_addresses_for_programs(config)
    _add_policy_pages(config)
    _add_stream_pages(config)
    _add_receivers(config)
    _add_commands(config)


def _add_addresses_for_programs(config: PluginConfig) -> None:
    # It asks for the permission and the token by itself, so that what it refuses stands in the policy's log.
    config.add_view(
        f"{PLUGIN}.views:ingest",
        "ingest",
        "Ingestion Policy",
        permission="",
        require_csrf=False,
        request_method=EVERY_METHOD,
    )
    config.add_entrance("ingestion", f"{PLUGIN}.intake.entrance:Entrance")
    for name in ("", "getData"):
        config.add_view(
            f"{PLUGIN}.intake.stream_uploads:put",
            name,
            "Data Stream",
            permission="Modify portal content",
            request_method="PUT",
        )
    config.add_view(f"{PLUGIN}.views:get_data", "getData", "Data Stream")


def _add_policy_pages(config: PluginConfig) -> None:
    pages = f"{PLUGIN}.pages.policy_pages"
    config.add_view(
        f"{pages}:try_it",
        "try_it",
        "Ingestion Policy",
        permission="Modify portal content",
        request_method=("GET", "POST"),
        renderer=f"{TEMPLATES}/trial.pt",
    )
    config.add_view(
        f"{pages}:log",
        "log",
        "Ingestion Policy",
        permission="Modify portal content",
        renderer=f"{TEMPLATES}/log.pt",
    )
    config.add_view(f"{pages}:clients", "clients", "Ingestion Policy", renderer=f"{TEMPLATES}/clients.pt")


def _add_stream_pages(config: PluginConfig) -> None:
    stream = f"{PLUGIN}.pages.stream_page"
    config.add_view(f"{stream}:preview", "preview", "Data Stream", renderer=f"{TEMPLATES}/preview.pt")
    for name in ("facts", "waveform"):
        config.add_view(f"{stream}:{name}", name, "Data Stream", renderer="json")
    for name in ("live", "listen"):
        config.add_view(f"{stream}:{name}", name, "Data Stream")
    content = f"{PLUGIN}.pages.content_pages"
    config.add_view(f"{content}:data_streams", "data_streams", "Data Set", renderer=f"{TEMPLATES}/data_streams.pt")
    config.add_view(f"{content}:buckets", "buckets", "Data Bucket Stream", renderer=f"{TEMPLATES}/buckets.pt")


def _add_receivers(config: PluginConfig) -> None:
    """Processes of the instances that have their settings files, and the business template of MQTT."""
    for name in ("forward", "mqtt"):
        config.add_process(name, _receiver(name), priority=40)
    config.add_business_template(HERE / "receivers" / "mqtt" / "template")
    config.add_configuration_option(
        ConfigurationOption(
            "mqtt",
            "Set up MQTT in Wendelin",
            ("erp5_mqtt",),
            description="MQTT Message documents, and the ingestion policy default_mqtt that makes them.",
        )
    )


def _add_commands(config: PluginConfig) -> None:
    for name, module, help in (
        ("forward", "receivers.forward.command", "receive Fluentd's forward protocol"),
        ("mqtt", "receivers.mqtt.command", "store what is published on an MQTT broker"),
        ("forward-config", "policies.client_settings", "print configurations of Fluentd and Fluent Bit"),
        ("send", "sender.command", "send files to a policy, and what is appended to them"),
    ):
        config.add_command(name, _command(f"{PLUGIN}.{module}"), help)


def _command(module: str) -> Callable[[list[str]], int]:
    """A subcommand whose module is imported when it runs: ``wendelin --help`` and the web server need none of it."""

    def run(argv: list[str]) -> int:
        return int(import_module(module).main(argv))

    return run


def _receiver(name: str) -> Callable[[Instance], list[str] | None]:
    """What the launcher runs: nothing, unless the instance has ``<name>.toml``, and that is not switched off."""

    def find_command(instance: Instance) -> list[str] | None:
        if not is_enabled(instance.var / f"{name}.toml"):
            return None
        return ["{python}", "-P", "{wendelin}", "--var", "{var}", name]

    return find_command
