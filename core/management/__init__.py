"""The web management interface: every page of it is registered here, by the same door as a plugin's (docs/web.md).

Views are named, not imported, so that processes without a web server pay nothing for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    pass


def _add_list(config: PluginConfig) -> None:
    pass


def _add_tools(config: PluginConfig) -> None:
    pass
