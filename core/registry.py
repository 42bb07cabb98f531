"""The one extension mechanism: what the code of plugins adds to the platform, and who added it.

Every entry point of the group ``wendelin.plugins`` names a module with a function ``includeme(config)``. It is called
once per process with a `PluginConfig`, whose methods only record: core's own parts, and later the web application,
the command line and the launcher, read what they need. So the object model can be used without a web server, and the
management interface can list every registration with its plugin, file and line.

The pattern (record with a discriminator, report a conflict with both places) is that of Pyramid's configurator.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from wendelin.core.errors import DatabaseConfigurationError, RegistrationError

GROUP = "wendelin.plugins"
DEEPEST_MODULE = 30  # dots in the name of a module; the interpreter imports each package inside of the one before
#: ``(module, class)`` that stands in old records -> where the class is now. The database asks for every record.
class_aliases: dict[tuple[str, str], tuple[str, str]] = {}


def set_class_alias(old_path: str, new_path: str) -> None:
    """Records that name ``old_path`` load as ``new_path``; both are written ``module:Class``."""
    old_module, _, old_name = old_path.partition(":")
    new_module, _, new_name = new_path.partition(":")
    if not (old_name and new_name):
        raise DatabaseConfigurationError(f"class alias {old_path!r} -> {new_path!r}: write both as 'module:Class'")
    class_aliases[old_module, old_name] = (new_module, new_name)


@dataclass(frozen=True)
class Registration:
    """One thing that a plugin added: ``(kind, name)`` is unique, ``file:line`` says where it was said."""

    kind: str
    name: str
    value: Any
    plugin: str
    file: str
    line: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Who registered it, and where: ``plugin (file:line)``."""
        return f"{self.plugin} ({self.file}:{self.line})"


class Registry:
    """All registrations of this process, by kind, in the order in which plugins were loaded."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Registration]] = {}
        self.plugin_list: list[str] = []
        self.package_list: list[str] = []

    def add(self, registration: Registration) -> None:
        """Record; raises `RegistrationError` when the kind and name are taken, naming both places."""
        taken = self._kinds.setdefault(registration.kind, {})
        other = taken.get(registration.name)
        if other is not None:
            raise RegistrationError(
                f"{registration.kind} {registration.name!r} is registered twice: "
                f"by {other.place} and by {registration.place}"
            )
        taken[registration.name] = registration

    def get(self, kind: str) -> dict[str, Registration]:
        """``{name: registration}`` of a kind; empty for a kind that nobody used."""
        return dict(self._kinds.get(kind, ()))

    def view(self, kind: str) -> Mapping[str, Registration]:
        """As `get`, without a copy: what is registered later shows in it."""
        return MappingProxyType(self._kinds.setdefault(kind, {}))

    def get_list(self, kind: str) -> Iterable[Registration]:
        """The registrations of a kind, in order, without a copy."""
        found = self._kinds.get(kind)
        return found.values() if found else ()

    def value(self, kind: str, name: str, default: Any = None) -> Any:
        """What was registered as ``name``, or ``default``."""
        found = self._kinds.get(kind, {}).get(name)
        return default if found is None else found.value

    def all(self) -> list[Registration]:
        """Every registration, sorted by kind, in order of registration within a kind."""
        return [entry for kind in sorted(self._kinds) for entry in self._kinds[kind].values()]

    def include(self, plugin: str, module_name: str) -> None:
        """Import a plugin's module and let it register."""
        module = importlib.import_module(module_name)
        includeme = getattr(module, "includeme", None)
        if includeme is None:
            raise RegistrationError(f"plugin {plugin!r}: module {module_name} has no function includeme(config)")
        self.plugin_list.append(plugin)
        self.package_list.append(module_name)
        includeme(PluginConfig(self, plugin))


class PluginConfig:
    """What a plugin's ``includeme(config)`` is given: methods that record, and do nothing else."""

    def __init__(self, registry: Registry, plugin: str) -> None:
        self.registry = registry
        self.plugin = plugin

    @property
    def registrations(self) -> list[Registration]:
        """What this plugin registered so far."""
        return [entry for entry in self.registry.all() if entry.plugin == self.plugin]

    def register(self, kind: str, name: str, value: Any, depth: int = 1, **options: Any) -> None:
        """Record a registration of any kind; plugins may agree on kinds of their own."""
        frame = sys._getframe(depth)
        self.registry.add(
            Registration(kind, name, value, self.plugin, frame.f_code.co_filename, frame.f_lineno, options)
        )

    def add_business_template(self, folder: Path | str, name: str | None = None) -> None:
        """A folder in business template format; ``name`` defaults to its manifest's title."""
        from tomllib import loads

        folder = Path(folder)
        title = name or loads((folder / "business_template.toml").read_text("utf-8"))["title"]
        self.register("business_template", title, folder, depth=2)

    def add_tool(self, id: str, class_path: str, portal_type: str, title: str) -> None:
        """A tool that every new site gets at its root. Plugins' tools come with their business template instead."""
        self.register("tool", id, (class_path, portal_type, title), depth=2)

    def add_subscriber(self, event_class: type, handler: Callable[[Any], None]) -> None:
        """Call ``handler(event)`` for events of that class (`wendelin.core.model.objects.events`)."""
        name = f"{event_class.__name__}: {handler.__module__}.{handler.__qualname__}"
        self.register("subscriber", name, (event_class, handler), depth=2)

    def add_view(
        self,
        view: Callable[[Any, Any], Any] | str,
        name: str,
        context: type | str | None = None,
        permission: str = "View",
        request_method: str | tuple[str, ...] = "GET",
        **options: Any,
    ) -> None:
        """A web view ``view(context, request)`` at ``<document>/<name>``, for a class, a portal type, or all."""
        what = context if isinstance(context, str) else getattr(context, "__name__", "*")
        methods = (request_method,) if isinstance(request_method, str) else tuple(request_method)
        value = {"view": view, "name": name, "context": context, "permission": permission, "request_method": methods}
        variant = "".join(f" {key}={options[key]}" for key in ("request_param", "header", "accept") if key in options)
        self.register("view", f"{what}/{name} {' '.join(methods)}{variant}", value | options, depth=2)

    def add_entrance(self, name: str, factory: str) -> None:
        """A WSGI application before the platform's: ``module:factory`` is called with the one behind it."""
        self.register("entrance", name, factory, depth=2)

    def add_web_part(self, name: str, module: str) -> None:
        """A further part of the web application: Pyramid includes the module (``config.include``) after core's own."""
        self.register("web_part", name, module, depth=2)

    def add_static(self, name: str, folder: Path | str) -> None:
        """Files served below ``/erp5/static/<name>/``."""
        self.register("static", name, Path(folder), depth=2)

    def add_main_page_panel(self, name: str, function: Callable[[Any, Any], Any] | str) -> None:
        """A panel of the main page: ``function(site, request)``, or its ``module:name``
        (core/management/frame/panels.py).
        """
        self.register("main_page_panel", name, function, depth=2)

    def add_configuration(self, configuration: Any) -> None:
        """A choice on the page "Configure your Site" (`wendelin.configurator`)."""
        self.register("configuration", configuration.title, configuration, depth=2)

    def add_configuration_option(self, option: Any) -> None:
        """A further option of a configuration that another plugin registered (`wendelin.configurator`)."""
        self.register("configuration_option", option.id, option, depth=2)

    def add_command(self, name: str, function: Callable[[list[str]], int], help: str) -> None:
        """A subcommand of ``wendelin``: ``function(argv)`` returns the exit status."""
        self.register("command", name, function, depth=2, help=help)

    def add_process(self, name: str, command: Any, **options: Any) -> None:
        """A process that the launcher keeps running beside the web server."""
        self.register("process", name, command, depth=2, **options)

    def add_catalog_column(self, name: str, kind: str, **options: Any) -> None:
        """A further column of the catalog (`wendelin.core.model.catalog`)."""
        self.register("catalog_column", name, kind, depth=2, **options)

    def add_class_alias(self, old_path: str, new_path: str) -> None:
        """``module:Class`` that stands in old records, and where the class is now."""
        self.register("class_alias", old_path, new_path, depth=2)
        set_class_alias(old_path, new_path)

    def add_evolution_step(self, number: int, function: Callable[[Any], None], description: str) -> None:
        """Bring a site of an older version up to date: ``function(site)``, in a transaction of its own.

        Each plugin numbers its own steps, upwards from 1. A step looks first: the site may be new to the plugin.
        """
        name = f"{self.plugin} {number:06d}"
        self.register("evolution_step", name, function, depth=2, description=description, number=number)

    def allow_module(self, name: str, names: Iterable[str] | None = None, module: str | None = None) -> None:
        """Let restricted scripts import a module, or only ``names`` of it.

        ``module`` is what it is really called, where scripts know it by another ``name``.
        """
        value = None if names is None else frozenset(names)
        self.register("allowed_module", name, value, depth=2, module=module)


_lock = threading.RLock()
_registry: Registry | None = None


@cache
def plugin_packages() -> frozenset[str]:
    """The packages that installed plugins, core among them, consist of."""
    return frozenset(entry.value.partition(":")[0] for entry in entry_points(group=GROUP))


def is_plugin_module(module_name: str) -> bool:
    """Whether a module belongs to an installed plugin."""
    return any(module_name == package or module_name.startswith(package + ".") for package in plugin_packages())


def import_named(module_name: str) -> ModuleType:
    """The module that data names, such as the class of a portal type.

    Importing runs code, so only modules of plugins are imported; others are found when they are loaded already.

    :raises ImportError: there is no such module.
    """
    if is_plugin_module(module_name) and module_name.count(".") < DEEPEST_MODULE:
        return importlib.import_module(module_name)
    try:
        return sys.modules[module_name]
    except KeyError as error:
        raise ImportError(f"no installed plugin has a module {module_name[:200]!r}") from error


def load_registry() -> Registry:
    """A registry with every installed plugin; core first, the others by name."""
    registry = Registry()
    found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name != "core", entry.name))
    for entry in found:
        registry.include(entry.name, entry.value)
    return registry


def get_registry() -> Registry:
    """The registry of this process, loaded at first use."""
    global _registry
    if _registry is None:
        with _lock:
            if _registry is None:
                _registry = load_registry()
    return _registry
