"""Pages in real Chromium, at desk and phone width, light and dark: nothing sticks out, and pictures to look at."""

from __future__ import annotations

import pytest

from tests.web_fixtures import log_in
from wendelin.core.model.objects.site import get_site
from wendelin.core.security import SYSTEM, as_user

PAGES = {
    "main": "/erp5/",
    "list": "/erp5/document_module/view",
    "document": "/erp5/document_module/1/view",
    "metadata": "/erp5/document_module/1/metadata",
    "history": "/erp5/document_module/1/history",
    "relations": "/erp5/document_module/1/relations",
    "own_preferences": "/erp5/portal_preferences/own",
    "search": "/erp5/search?text=turbine",
    "templates": "/erp5/portal_templates/view",
    "template": "/erp5/portal_templates/erp5_core/view",
    "users": "/erp5/acl_users/view",
    "user": "/erp5/acl_users/ada/view",
    "add_user": "/erp5/acl_users/add_user",
    "undo": "/erp5/undo",
    "activities": "/erp5/portal_activities/view",
    "plugins": "/erp5/plugins",
    "preferences": "/erp5/portal_preferences/view",
    "preference": "/erp5/portal_preferences/default_system_preference/view",
    "types": "/erp5/portal_types/view",
    "type": "/erp5/portal_types/File/view",
    "missing": "/erp5/nothing_here",
    "password": "/erp5/password",
    "workflow": "/erp5/document_module/1/Base_viewWorkflowActionDialog?workflow_action=share_action",
    "delete": "/erp5/document_module/1/delete",
}


def fill(database):
    """Some documents, so that lists have something to show."""
    with as_user(SYSTEM), database.transaction() as connection:
        module = get_site(connection).document_module
        for number in range(45):
            module.newContent(
                portal_type="File", title=f"Turbine {number} in the north sea", reference=f"turbine-{number}"
            )


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True), (390, True)])
def test_pages_fit(make_page, server, take_screenshot, width, dark):
    fill(server.database)
    page = make_page(width=width, dark=dark)
    page.goto("/erp5/")
    take_screenshot(page, f"login-{width}{'-dark' * dark}")
    log_in(page)
    for name, path in PAGES.items():
        response = page.goto(path)
        assert response.status == (404 if name == "missing" else 200), path
        take_screenshot(page, f"{name}-{width}{'-dark' * dark}")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} sticks out by {overflow} px at {width}"
