"""Preferences: whose count, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from wendelin.core.errors import BadRequest, Unauthorized
from wendelin.core.security import (
    ANONYMOUS,
    AUDITOR,
    AUTHOR,
    MANAGER,
    User,
    as_user,
    check_attribute,
    check_permission,
    require_attribute,
)

EDITOR = "preferred_source_code_editor"
AMY = User("amy", frozenset({AUTHOR}))
BEN = User("ben", frozenset({AUDITOR}))
BOSS = User("boss", frozenset({MANAGER}))


@pytest.fixture
def tool(site: Any) -> Any:
    return site.portal_preferences


@pytest.fixture
def site_preference(tool: Any) -> Any:
    return tool["default_site_preference"]


def test_the_preferences_of_the_site_are_there_and_global(tool: Any, site_preference: Any) -> None:
    assert site_preference.getPreferenceState() == "global"
    assert tool["default_system_preference"].getPreferenceState() == "global"
    assert tool.getActiveSystemPreference() == tool["default_system_preference"]
    assert tool.getActiveUserPreference() is None


def test_the_property_has_the_last_word(tool: Any) -> None:
    assert tool.getPreference(EDITOR) == "codemirror"
    assert tool.getPreference("preferred_nonsense") is None
    assert tool.getPreference("preferred_nonsense", 3) == 3
    assert tool.getPreference(EDITOR, "vi") == "vi"


def test_user_before_site(tool: Any, site_preference: Any) -> None:
    site_preference.edit(preferred_source_code_editor="text_area")
    with as_user(AMY):
        assert tool.getPreference(EDITOR, "vi") == "text_area"
        tool.setPreference(EDITOR, "codemirror")
        assert tool.getPreference(EDITOR) == "codemirror"
    with as_user(BEN):
        assert tool.getPreference(EDITOR) == "text_area"


def test_site_before_system(tool: Any, site_preference: Any, add_sheet: Any, site: Any) -> None:
    add_sheet("SamplePreference", property=[{"id": "preferred_sample", "type": "boolean", "preference": True}])
    for portal_type in ("Preference", "System Preference"):
        data = site.portal_types[portal_type]
        data.edit(property_sheet_list=[*data.property_sheet_list, "SamplePreference"])
    assert not tool.getPreference("preferred_sample")
    tool["default_system_preference"].edit(preferred_sample=True)
    assert tool.isPreferredSample() is True
    site_preference.edit(preferred_sample=False)
    assert tool.isPreferredSample() is False


def test_the_getters(tool: Any, site_preference: Any) -> None:
    site_preference.edit(preferred_listbox_list_mode_line_count=7, preferred_html_style_access_tab=True)
    assert tool.getPreferredListboxListModeLineCount() == 7
    assert tool.isPreferredHtmlStyleAccessTab() is True
    with pytest.raises(AttributeError):
        _ = tool.getSomethingElse


def test_only_enabled_preferences_count(tool: Any) -> None:
    with as_user(AMY):
        tool.setPreference(EDITOR, "text_area")
        preference = tool.getActiveUserPreference()
        preference.disable()
        assert tool.getActiveUserPreference() is None
        assert tool.getPreference(EDITOR) == "codemirror"
        preference.enable()
        assert tool.getPreference(EDITOR) == "text_area"
        tool.setPreference(EDITOR, "codemirror")
        assert tool.getActiveUserPreference() == preference


def test_a_site_preference_that_is_disabled_counts_no_more(tool: Any, site_preference: Any) -> None:
    site_preference.edit(preferred_source_code_editor="text_area")
    site_preference.disable()
    assert tool.getPreference(EDITOR) == "codemirror"
    site_preference.enable()
    assert site_preference.getPreferenceState() == "global"
    assert tool.getPreference(EDITOR) == "text_area"


def test_a_removed_or_renamed_preference(tool: Any, site_preference: Any) -> None:
    site_preference.edit(preferred_source_code_editor="text_area")
    site_preference.setId("renamed")
    assert tool.getPreference(EDITOR) == "text_area"
    tool.manage_delObjects(["renamed"])
    assert tool.getPreference(EDITOR) == "codemirror"
    with as_user(AMY):
        tool.setPreference(EDITOR, "text_area")
    tool.manage_delObjects(list(tool._owned["amy"]))
    with as_user(AMY):
        assert tool.getPreference(EDITOR) == "codemirror"


def test_a_user_cannot_make_a_preference_global(tool: Any) -> None:
    with as_user(AMY):
        preference = tool.newContent(portal_type="Preference")
        assert not check_attribute(preference, "setPriority")
        preference.priority = 1
        preference.enable()
        assert preference.getPreferenceState() == "enabled"
    with as_user(BEN):
        assert tool.getPreference(EDITOR) == "codemirror"


def test_a_manager_can(tool: Any) -> None:
    with as_user(BOSS):
        preference = tool.newContent(portal_type="Preference", priority=1, preferred_source_code_editor="text_area")
        preference.enable()
    assert preference.getPreferenceState() == "global"
    with as_user(BEN):
        assert tool.getPreference(EDITOR) == "text_area"


def test_preferences_are_private(tool: Any) -> None:
    with as_user(AMY):
        tool.setPreference(EDITOR, "text_area")
        preference = tool.getActiveUserPreference()
    assert check_permission("View", preference, AMY) and check_permission("Modify portal content", preference, AMY)
    assert not check_permission("View", preference, BEN)
    assert check_permission("View", preference, BOSS)


@pytest.mark.parametrize("user", [ANONYMOUS, User("plain")], ids=lambda user: user.id)
def test_who_has_no_role_has_no_preferences(tool: Any, user: User) -> None:
    with as_user(user):
        with pytest.raises(Unauthorized):
            tool.setPreference(EDITOR, "text_area")
        for name in ("newContent", "default_site_preference", "edit"):
            assert not check_attribute(tool, name)
        require_attribute(tool, "getPreference")
        require_attribute(tool, "getPreferredSourceCodeEditor")
        assert tool.getPreferredSourceCodeEditor() == "codemirror"


def test_a_protected_preference_is_told_to_those_who_may_know(tool: Any, site: Any, add_sheet: Any) -> None:
    secret = {"id": "preferred_secret", "preference": True, "read_permission": "Manage portal"}
    add_sheet("SecretPreference", property=[secret])
    site.portal_types["System Preference"].edit(property_sheet_list=["SecretPreference"])
    tool["default_system_preference"].edit(preferred_secret="xyz")
    with as_user(AMY), pytest.raises(Unauthorized):
        tool.getPreference("preferred_secret")
    with as_user(BOSS):
        assert tool.getPreference("preferred_secret") == "xyz"


def test_unknown_and_bad_values_are_refused(tool: Any) -> None:
    with as_user(AMY):
        with pytest.raises(BadRequest):
            tool.setPreference("preferred_nonsense", 1)
        with pytest.raises(BadRequest):
            tool.setPreference("preferred_listbox_list_mode_line_count", "many")
