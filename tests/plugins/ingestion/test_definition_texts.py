"""The definitions of everything that the templates bring can be shown as text, and taken back unchanged."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("tool", ["portal_types", "portal_property_sheets", "portal_workflow"])
def test_every_definition_is_text_that_means_the_same(site: Any, tool: str) -> None:
    for document in site[tool].iterate():
        text = document.getDefinitionText()
        document.setDefinitionText(text)
        assert document.getDefinitionText() == text, document


def test_a_field_of_a_dialog_shows_what_differs_from_the_defaults(site: Any) -> None:
    text = site["portal_types"]["Data Stream"].getDefinitionText()
    assert "[[dialog.field]]" in text and "read_permission" not in text
