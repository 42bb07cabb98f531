"""Writes and registers business templates for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from wendelin.core.registry import Registration, get_registry

Files = Mapping[str, Any]
TemplateMaker = Callable[..., Path]


def write_template(folder: Path, title: str, files: Files, **manifest: Any) -> Path:
    """Write a template: mappings become TOML, text and bytes are written as they are."""
    head = {"title": title, "version": "1.0", "dependencies": ["erp5_core"], "changes": ["first"]} | manifest
    for name, content in {"business_template.toml": head, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Mapping):
            content = tomli_w.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


def register(title: str, folder: Path) -> None:
    """Let a folder be found like those of plugins."""
    templates = get_registry()._kinds.setdefault("business_template", {})
    templates[title] = Registration("business_template", title, folder, "test", __file__, 1)


def module_files(name: str, **type_data: Any) -> dict[str, Any]:
    """The files of a portal type ``<Name>`` with a module for it."""
    title = name.title()
    return {
        f"portal_types/{title}.toml": {"type_class": "wendelin.core.model.objects.folder.Folder"} | type_data,
        f"portal_types/{title} Module.toml": {
            "type_class": "wendelin.core.model.objects.folder.Folder",
            "allowed_content_type_list": [title],
        },
        "modules.toml": {"module": [{"id": f"{name}_module", "portal_type": f"{title} Module", "title": f"{title}s"}]},
    }
