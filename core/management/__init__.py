"""The web management interface: every page of it is registered here, by the same door as a plugin's.

Each room uses those before it:

- `frame`: what every page has around its content; the main page; log in and out.
- `lists`: lists of documents, and the search of the site. `forms`: what is asked and what was sent.
- `documents`: the pages of a document. `administration`: pages of those who run the site.

docs/extend/web.md is for those who add pages.

Views are named, not imported, so that processes without a web server pay nothing for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wendelin.core.model.objects.files import File
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.scripting.skin_items import SkinItem
from wendelin.core.registry import PluginConfig

HERE = "wendelin.core.management"
TEMPLATES = f"{HERE}:templates"
CODE_EDITOR = Path(__file__).resolve().parents[2] / "node_modules" / "codemirror"


def includeme(config: PluginConfig) -> None:
    """Register static files and every view."""
    config.add_static("core", Path(__file__).parent / "static")
    if CODE_EDITOR.is_dir():  # front-end packages stand beside the sources; a wheel comes without them
        config.add_static("codemirror", CODE_EDITOR)
    config.add_web_part("layout", f"{HERE}.frame.layout")
    config.add_main_page_panel("unreadable_documents", f"{HERE}.lists.unreadable:panel")
    config.add_web_part("dialogs", f"{HERE}.documents.dialogs")
    for add in (_add_session, _add_site, _add_site_tools, _add_document, _add_list, _add_skins_and_files):
        add(config)
    for add in (_add_templates, _add_users, _add_activities):
        add(config)


def _add_session(config: PluginConfig) -> None:
    for name in ("login_form", "login"):
        config.add_view(
            f"{HERE}.frame.login:show_login", name, "ERP5 Site", permission="", renderer=f"{TEMPLATES}/login.pt"
        )
    config.add_view(
        f"{HERE}.frame.login:log_in",
        "login_form",
        "ERP5 Site",
        permission="",
        request_method="POST",
        renderer=f"{TEMPLATES}/login.pt",
    )
    config.add_view(f"{HERE}.frame.login:log_out", "logout", "ERP5 Site", permission="", request_method="POST")
    config.add_view(
        f"{HERE}.frame.login:ask_log_out", "logout", "ERP5 Site", permission="", renderer=f"{TEMPLATES}/confirm.pt"
    )
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.administration.own_account:change_password",
            "password",
            "ERP5 Site",
            permission="Set own password",
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )
        config.add_view(
            f"{HERE}.administration.own_preferences:own_preferences",
            "own",
            "Preference Tool",
            permission="Add portal content",
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )


def _add_site(config: PluginConfig) -> None:
    for name in ("", "view"):
        config.add_view(f"{HERE}.frame.main_page:main_page", name, "ERP5 Site", renderer=f"{TEMPLATES}/main_page.pt")
    config.add_view(f"{HERE}.frame.main_page:favicon", "favicon.ico", "ERP5 Site", permission="")


def _add_document(config: PluginConfig) -> None:
    for name in ("", "view"):
        config.add_view(f"{HERE}.documents.pages:view_document", name)
    modify: dict[str, Any] = {"permission": "Modify portal content", "request_method": "POST"}
    config.add_view(f"{HERE}.documents.pages:save_document", "view", **modify)
    config.add_view(f"{HERE}.documents.relations_page:relations", "relations", renderer=f"{TEMPLATES}/relations.pt")
    config.add_view(f"{HERE}.documents.metadata_page:metadata", "metadata")
    config.add_view(f"{HERE}.documents.metadata_page:metadata", "metadata", **modify)
    config.add_view(
        f"{HERE}.documents.history_page:history",
        "history",
        permission="View history",
        renderer=f"{TEMPLATES}/history.pt",
    )
    config.add_view(f"{HERE}.documents.pages:clone", "clone", permission="Copy or Move", request_method="POST")
    for function, method in (("ask_delete", "GET"), ("delete", "POST")):
        config.add_view(
            f"{HERE}.documents.pages:{function}",
            "delete",
            permission="Delete objects",
            request_method=method,
            renderer=f"{TEMPLATES}/confirm.pt",
        )
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.documents.workflow_dialogs:workflow_dialog",
            "Base_viewWorkflowActionDialog",
            request_method=method,
            renderer=f"{TEMPLATES}/form.pt",
        )


def _add_list(config: PluginConfig) -> None:
    config.add_view(
        f"{HERE}.documents.pages:add_content",
        "add_content",
        Folder,
        permission="Add portal content",
        request_method="POST",
    )
    config.add_view(f"{HERE}.documents.list_actions:list_action", "list_action", Folder, request_method="POST")
    config.add_view(
        f"{HERE}.documents.list_actions:list_delete",
        "list_delete",
        Folder,
        permission="Delete objects",
        request_method="POST",
    )
    config.add_view(f"{HERE}.documents.list_actions:list_workflow", "list_workflow", Folder, request_method="POST")
    config.add_view(f"{HERE}.documents.list_actions:export_csv", "export.csv", Folder)


def _add_skins_and_files(config: PluginConfig) -> None:
    for function, method in (("ask_customise", "GET"), ("customise", "POST")):
        config.add_view(
            f"{HERE}.documents.script_pages:{function}",
            "customise",
            SkinItem,
            permission="Manage portal",
            request_method=method,
            renderer=f"{TEMPLATES}/confirm.pt",
        )
    for name in ("getData", "download"):
        config.add_view(f"{HERE}.documents.content:get_data", name, File)


def _add_activities(config: PluginConfig) -> None:
    config.add_main_page_panel("failed_activities", f"{HERE}.administration.activity_queue:failed_panel")
    for name in ("", "view"):
        config.add_view(
            f"{HERE}.administration.activity_queue:activity_list",
            name,
            "Activity Tool",
            permission="Manage portal",
            renderer=f"{TEMPLATES}/activities.pt",
        )
    config.add_view(
        f"{HERE}.administration.activity_queue:change_activities",
        "change_activities",
        "Activity Tool",
        permission="Manage portal",
        request_method="POST",
    )


def _add_site_tools(config: PluginConfig) -> None:
    config.add_view(f"{HERE}.lists.search:search_site", "search", "ERP5 Site", renderer=f"{TEMPLATES}/search.pt")
    config.add_view(f"{HERE}.lists.search:worklist", "worklist", "ERP5 Site", renderer=f"{TEMPLATES}/worklist.pt")
    config.add_view(f"{HERE}.lists.search:relation_items", "relation_items", "ERP5 Site", renderer="json")
    config.add_view(
        f"{HERE}.administration.registrations:registrations",
        "plugins",
        "ERP5 Site",
        permission="Manage portal",
        renderer=f"{TEMPLATES}/plugins.pt",
    )
    manage: dict[str, Any] = {"context": "ERP5 Site", "permission": "Manage portal"}
    config.add_view(f"{HERE}.administration.undo:undo_list", "undo", renderer=f"{TEMPLATES}/undo.pt", **manage)
    config.add_view(f"{HERE}.administration.undo:undo", "undo", request_method="POST", **manage)
    config.add_view(
        f"{HERE}.administration.undo:undo_confirm",
        "undo_confirm",
        **manage,
        request_method="POST",
        renderer=f"{TEMPLATES}/confirm.pt",
    )


def _add_templates(config: PluginConfig) -> None:
    manage: dict[str, Any] = {"context": "Template Tool", "permission": "Manage portal"}
    for name in ("", "view"):
        config.add_view(
            f"{HERE}.administration.template_pages:template_list",
            name,
            renderer=f"{TEMPLATES}/business_templates.pt",
            **manage,
        )
    config.add_view(
        f"{HERE}.administration.template_pages:templates_preview",
        "templates_preview",
        request_method="POST",
        renderer=f"{TEMPLATES}/templates_preview.pt",
        **manage,
    )
    for name in ("templates_install", "templates_uninstall"):
        config.add_view(f"{HERE}.administration.template_pages:{name}", name, request_method="POST", **manage)


def _add_users(config: PluginConfig) -> None:
    manage_users = "Manage users"
    for method in ("GET", "POST"):
        config.add_view(
            f"{HERE}.administration.user_pages:add_user",
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
            f"{HERE}.administration.user_pages:{function}",
            name,
            "User",
            permission=manage_users,
            request_method=method,
            renderer=f"{TEMPLATES}/user.pt",
        )
