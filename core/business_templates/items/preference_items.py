"""``preferences.toml``: preference documents that a template brings.

[[preference]]
id = "default_site_preference"
portal_type = "System Preference"
properties = {title = "Default Site Preference", priority = 1}
state = {preference_workflow = "global"}
"""

from __future__ import annotations

from collections.abc import Iterator

from wendelin.core.business_templates.items.item import Item
from wendelin.core.business_templates.items.path_items import PathItem
from wendelin.core.business_templates.text.source_files import SourceFile, tables

PREFERENCES = "portal_preferences/"


def read_preferences(source: SourceFile) -> Iterator[Item]:
    """The preferences of the file; each is a document as those of ``paths`` are."""
    for entry in tables(source.data, "preference"):
        data = {key: value for key, value in entry.items() if key != "id"}
        yield PathItem(source, PREFERENCES + str(entry.get("id", "")), data | {"side_files": {}})
