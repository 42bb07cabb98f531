"""The platform, from the ground up (docs/inside/architecture.md).

- `errors`, `interfaces`, `registry`, `contracts`: what is raised, what others count on, what plugins add, what a lower
  room asks of a higher one.
- `database`, `instance`, `bigdata`: the object database, the folder ``var``, files and arrays larger than memory.
- `security`: who may do what. `model`: documents and all that can be done with them.
- `business_templates`: sets of types, scripts and documents, installed and removed as one.
- `web`: requests and answers. `management`: the pages of the management interface.
- `launcher`, `commands`, `cli`: the processes of an instance, and the command ``wendelin``.

``template/`` is the business template ``erp5_core``. This module registers it, as a plugin registers its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if __name__ != "wendelin.core":
    raise ImportError(
        f"this folder is the package 'wendelin.core', not {__name__!r}: install the project "
        "(bash wendelin-standalone, or pip install -e .) and import it under that name"
    )

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

TOOLS = (
    ("portal_types", "wendelin.core.model.portal_types.types.TypesTool", "Types Tool", "Portal Types"),
    (
        "portal_property_sheets",
        "wendelin.core.model.portal_types.property_sheets.PropertySheetTool",
        "Property Sheet Tool",
        "Property Sheets",
    ),
    ("portal_categories", "wendelin.core.model.portal_types.categories.CategoryTool", "Category Tool", "Categories"),
    ("portal_workflow", "wendelin.core.model.workflow.tool.WorkflowTool", "Workflow Tool", "Workflows"),
    ("portal_skins", "wendelin.core.model.scripting.skins.SkinsTool", "Skins Tool", "Skins"),
    ("portal_callables", "wendelin.core.model.scripting.skins.CallablesTool", "Callable Tool", "Callables"),
    ("portal_ids", "wendelin.core.model.scripting.site_tools.IdTool", "Id Tool", "Ids"),
    ("portal_url", "wendelin.core.model.scripting.site_tools.UrlTool", "Url Tool", "Addresses"),
    ("portal_catalog", "wendelin.core.model.catalog.tool.CatalogTool", "Catalog Tool", "Catalog"),
    ("portal_templates", "wendelin.core.business_templates.tool.TemplateTool", "Template Tool", "Business Templates"),
    ("portal_preferences", "wendelin.core.model.accounts.preferences.PreferenceTool", "Preference Tool", "Preferences"),
    ("portal_activities", "wendelin.core.model.activities.queue.ActivityTool", "Activity Tool", "Activities"),
    ("portal_alarms", "wendelin.core.model.activities.alarms.AlarmTool", "Alarm Tool", "Alarms"),
    ("portal_actions", "wendelin.core.model.portal_types.types.ActionTool", "Action Tool", "Actions"),
    ("portal_membership", "wendelin.core.model.accounts.membership.MembershipTool", "Membership Tool", "Membership"),
    ("acl_users", "wendelin.core.model.accounts.users.UserFolder", "User Folder", "Users"),
)


def includeme(config: PluginConfig) -> None:
    """Core registers through the same doors as any plugin."""
    from pathlib import Path

    config.add_business_template(Path(__file__).parent / "template")
    for id, class_path, portal_type, title in TOOLS:
        config.add_tool(id, class_path, portal_type, title)
    for module in (
        "wendelin.core.model.objects.copying",
        "wendelin.core.model.portal_types.types",
        "wendelin.core.model.accounts.preferences",
        "wendelin.core.model.scripting.skins",
        "wendelin.core.model.scripting.restricted.modules",
        "wendelin.core.model.workflow",
        "wendelin.core.model.activities.queue",
        "wendelin.core.model.catalog",
    ):
        _include(config, module)


def _include(config: PluginConfig, module_name: str) -> None:
    """Load a part of core, which fills its contracts; it registers what else it brings in its ``includeme``."""
    from importlib import import_module

    include = getattr(import_module(module_name), "includeme", None)
    if include is not None:
        include(config)
