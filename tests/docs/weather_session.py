"""Runs what docs/extend/business-templates.md and docs/extend/plugins.md show of the plugin ``weather``.

A program of its own, because the plugin has to be installed before the platform looks for plugins. Its argument is an
empty folder.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.core.business_templates.template_factory import register
from tests.docs.code_blocks import BLOCKS
from tests.docs.test_shell_blocks import commands_of
from tests.example_plugin import SOURCE
from wendelin.core.business_templates import bootstrap, dump, install, uninstall
from wendelin.core.database import Database
from wendelin.core.model.objects.site import Site, create_site
from wendelin.core.registry import get_registry
from wendelin.core.security import SYSTEM, as_user

TEMPLATES, PLUGINS = "docs/extend/business-templates.md", "docs/extend/plugins.md"


def write_template(folder: Path) -> Path:
    """The plugin's business template, with the files that the page shows in place of its own."""
    shutil.copytree(SOURCE / "weather" / "template", folder)
    for block in BLOCKS:
        if block.page == TEMPLATES and "template" in block.options:
            path = folder / block.options["template"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
    return folder


def try_template(site: Site, folder: Path) -> None:
    """Install the template of the page: whatever is wrong with it is an error. Then remove it, without a trace."""
    templates = get_registry()._kinds["business_template"]
    own = templates.pop("weather")
    before = dump(site, documents=True)
    register("weather", write_template(folder))
    install(site, "weather")
    assert site.weather_station_module["zero"].getClimateTitle() == "Temperate"
    uninstall(site, "weather")
    assert dump(site, documents=True) == before
    templates["weather"] = own


def try_plugin_page(site: Site) -> None:
    """Run the Python of the page, and what it lets the reader give to ``wendelin shell``."""
    names: dict[str, object] = {"__name__": "documented"}
    for block in BLOCKS:
        if block.page == PLUGINS and block.language == "python" and not block.options:
            exec(compile(block.text, str(block), "exec"), names)
    for name, value in list(names.items()):
        if name.startswith("test_") and callable(value):
            value()
    install(site, "weather")
    programs = [
        words[3]
        for block in BLOCKS
        if block.page == PLUGINS and block.language == "shell"
        for words in commands_of(block)
        if words[1:3] == ["shell", "-c"]
    ]
    for program in programs:
        exec(compile(program, PLUGINS, "exec"), {"context": site})
    uninstall(site, "weather")


def main(folder: Path) -> None:
    with as_user(SYSTEM), Database.memory() as database, database.transaction() as connection:
        site = create_site(connection.root())
        bootstrap(site)
        try_template(site, folder / "template")
        try_plugin_page(site)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
