"""The web management interface: every page of it is registered here, by the same door as a plugin's (docs/web.md).

Views are named, not imported, so that processes without a web server pay nothing for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wendelin.core.registry import PluginConfig

HERE = "wendelin.core.management"
TEMPLATES = f"{HERE}:templates"


def includeme(config: PluginConfig) -> None:
    """Register static files and every view."""
    config.add_static("core", Path(__file__).parent / "static")
    for add in (_add_session, _add_site, _add_document, _add_list, _add_tools):
        add(config)


def _add_session(config: PluginConfig) -> None:
    for name in ("login_form", "login"):
        config.add_view(f"{HERE}.login:show_login", name, "ERP5 Site", permission="", renderer=f"{TEMPLATES}/login.pt")
    config.add_view(
        f"{HERE}.login:log_in",
        "login_form",
        "ERP5 Site",
        permission="",
        request_method="POST",
        renderer=f"{TEMPLATES}/login.pt",
    )
    config.add_view(f"{HERE}.login:log_out", "logout", "ERP5 Site", permission="", request_method="POST")
    config.add_view(
        f"{HERE}.login:ask_log_out", "logout", "ERP5 Site", permission="", renderer=f"{TEMPLATES}/confirm.pt"
    )
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.accounts:change_password",
            "password",
            "ERP5 Site",
            permission="Set own password",
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )


def _add_site(config: PluginConfig) -> None:
    for name in ("", "view"):
        config.add_view(f"{HERE}.main_page:main_page", name, "ERP5 Site", renderer=f"{TEMPLATES}/main_page.pt")
    config.add_view(f"{HERE}.main_page:favicon", "favicon.ico", "ERP5 Site", permission="")


def _add_document(config: PluginConfig) -> None:
    for name in ("", "view"):
        config.add_view(f"{HERE}.documents:view_document", name)
    modify: dict[str, Any] = {"permission": "Modify portal content", "request_method": "POST"}
    config.add_view(f"{HERE}.documents:save_document", "view", **modify)
    config.add_view(f"{HERE}.documents:metadata", "metadata")
    config.add_view(f"{HERE}.documents:metadata", "metadata", **modify)
    config.add_view(f"{HERE}.history:history", "history", renderer=f"{TEMPLATES}/history.pt")
    config.add_view(f"{HERE}.documents:clone", "clone", permission="Copy or Move", request_method="POST")
    for function, method in (("ask_delete", "GET"), ("delete", "POST")):
        config.add_view(
            f"{HERE}.documents:{function}",
            "delete",
            permission="Delete objects",
            request_method=method,
            renderer=f"{TEMPLATES}/confirm.pt",
        )
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.workflow_dialogs:workflow_dialog",
            "Base_viewWorkflowActionDialog",
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )


def _add_list(config: PluginConfig) -> None:
    from wendelin.core.folder import Folder

    config.add_view(
        f"{HERE}.documents:add_content", "add_content", Folder, permission="Add portal content", request_method="POST"
    )
    config.add_view(f"{HERE}.list_actions:list_action", "list_action", Folder, request_method="POST")
    config.add_view(
        f"{HERE}.list_actions:list_delete", "list_delete", Folder, permission="Delete objects", request_method="POST"
    )
    config.add_view(f"{HERE}.list_actions:list_workflow", "list_workflow", Folder, request_method="POST")
    config.add_view(f"{HERE}.list_actions:export_csv", "export.csv", Folder)


def _add_tools(config: PluginConfig) -> None:
    from wendelin.core.documents import File
    from wendelin.core.skin_items import SkinItem

    for function, method in (("ask_customise", "GET"), ("customise", "POST")):
        config.add_view(
            f"{HERE}.skins:{function}",
            "customise",
            SkinItem,
            permission="Manage portal",
            request_method=method,
            renderer=f"{TEMPLATES}/confirm.pt",
        )
    for name in ("getData", "download"):
        config.add_view(f"{HERE}.files:get_data", name, File)
    _add_site_tools(config)
    _add_templates(config)
    _add_users(config)
    for name in ("", "view"):
        config.add_view(
            f"{HERE}.activities:activity_list",
            name,
            "Activity Tool",
            permission="Manage portal",
            renderer=f"{TEMPLATES}/activities.pt",
        )
    config.add_view(
        f"{HERE}.activities:change_activities",
        "change_activities",
        "Activity Tool",
        permission="Manage portal",
        request_method="POST",
    )


def _add_site_tools(config: PluginConfig) -> None:
    config.add_view(f"{HERE}.search:search_site", "search", "ERP5 Site", renderer=f"{TEMPLATES}/search.pt")
    config.add_view(f"{HERE}.search:worklist", "worklist", "ERP5 Site", renderer=f"{TEMPLATES}/worklist.pt")
    config.add_view(f"{HERE}.search:relation_items", "relation_items", "ERP5 Site", renderer="json")
    config.add_view(
        f"{HERE}.plugins:registrations",
        "plugins",
        "ERP5 Site",
        permission="Manage portal",
        renderer=f"{TEMPLATES}/plugins.pt",
    )
    manage: dict[str, Any] = {"context": "ERP5 Site", "permission": "Manage portal"}
    config.add_view(f"{HERE}.undo:undo_list", "undo", renderer=f"{TEMPLATES}/undo.pt", **manage)
    config.add_view(f"{HERE}.undo:undo", "undo", request_method="POST", **manage)
    config.add_view(
        f"{HERE}.undo:undo_confirm",
        "undo_confirm",
        **manage,
        request_method="POST",
        renderer=f"{TEMPLATES}/confirm.pt",
    )


def _add_templates(config: PluginConfig) -> None:
    manage: dict[str, Any] = {"context": "Template Tool", "permission": "Manage portal"}
    for name in ("", "view"):
        config.add_view(
            f"{HERE}.business_templates:template_list",
            name,
            renderer=f"{TEMPLATES}/business_templates.pt",
            **manage,
        )
    config.add_view(
        f"{HERE}.business_templates:templates_preview",
        "templates_preview",
        request_method="POST",
        renderer=f"{TEMPLATES}/templates_preview.pt",
        **manage,
    )
    for name in ("templates_install", "templates_uninstall"):
        config.add_view(f"{HERE}.business_templates:{name}", name, request_method="POST", **manage)


def _add_users(config: PluginConfig) -> None:
    manage_users = "Manage users"
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.users:add_user",
            "add_user",
            "User Folder",
            permission=manage_users,
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )
    for name, function, method in (
        ("", "show_user", "GET"),
        ("view", "show_user", "GET"),
        ("view", "change_user", "POST"),
    ):
        config.add_view(
            f"{HERE}.users:{function}",
            name,
            "User",
            permission=manage_users,
            request_method=method,
            renderer=f"{TEMPLATES}/user.pt",
        )
